"""
# How does one pass train every place of a sentence?

Alone, a decoder writes one symbol, reads it back, writes the next: a pass through the net for each.
In training the right answer is known before. So it need not wait for its own words. Give it the
answer as its past, and each place has an exercise of its own:

    it is fed      it must say
    START          k
    START k        c
    START k c      a
    ...            END

The mask keeps each place from what comes after it, so all these exercises are solved side by side,
in one pass. That is **teacher forcing**. What is fed is the answer shifted by one place, with START
in front: place i holds symbol i − 1 and must say symbol i. The loss is

    L = − 1/n · Σᵢ ln p(yᵢ)

yᵢ is the symbol that place i must say, p(yᵢ) the probability that the net gives it, n the number
of places. Where it gives 1/2, −ln 1/2 = 0.69. Shorter answers of a batch are filled up with
**padding**. These places are ignored: they stand neither in the sum nor in n.

Two nets learn to write strings from their end. From each string one learns all places at once, up
to nine; the other only *few*, one unless you say more, chosen by chance. That net has six or seven
times fewer exercises, but needs only some three times the steps: the places of one string teach
much the same. They come at no cost, though.

The first Transformer learned so, with dropout, smoothed labels, and a learning rate that rose for
4,000 steps and then fell as 1/√step. Here it rises for 50.

## Tomorrow

Before a first run print three rows under each other: what is fed, what must be said, what is
ignored. A loss near 0 within minutes means that the answer is fed unshifted. Let it write alone
before you believe it.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Int, Scene, Text, Toggle, Try
from dlplay.data import reversals
from dlplay.nn.transformer import EncoderDecoder

PAD, START, END, LETTERS, LONGEST = 0, 1, 2, "abcdefghijkl", 8
T = LONGEST + 1  # places of the longest answer: its letters, then END
NETS = ("all places", "few places")


class TeacherForcing(Scene):
    covers = ("Training an Encoder–Decoder Transformer",)
    panels = {
        "each place": "what it is fed last → what it must say; how probable it holds that",
        "exactly right": "share of 200 new strings that each net writes alone; higher is better",
        "one string": "of your string: the rows that go in and come out, and what is in the loss",
    }
    claims = {
        "writes": "after 300 steps the net that learns all places writes 0.85 of strings right",
        "behind": "that is at least 0.3 more than the net that learns one place of each string",
        "slower": "to a loss of 1 on new strings this one needs 1.8 to 3.6 times the steps",
        "learns": "it does learn: over 0.4 of its symbols are right, guessing gives 0.08",
    }
    tries = (
        Try(
            "places=3",
            "The second net learns three places of each string, not one, of up to nine. How far "
            "does it get?",
            ("about a third of the way", "most of the way", "as far as before"),
            right=2,
            breaks=("behind", "slower"),
            keeps="writes",
            why="Places of one string ask for much the same: find a place, copy its letter. The "
            "first few teach most of it.",
        ),
        Try(
            "shift=off",
            "The answer is fed unshifted: each place holds what it must say. What comes out?",
            (
                "the loss stays high",
                "the loss falls sooner, and it writes as well",
                "the loss falls to nearly 0 at once, and alone it writes nonsense",
            ),
            right=3,
            breaks=("writes", "behind"),
            why="Each place copies what it is fed. Alone, it is fed its own last symbol and so "
            "goes on repeating it.",
        ),
        Try(
            "string=badge",
            "Five letters, not eight. For how many places is there a loss?",
            ("5, one for each letter", "6, END is one of them", "9, as for every string"),
            right=2,
            keeps="writes",
            why="That the answer is over must be learnt as well, so END is asked for. What stands "
            "behind it is padding, and padding is ignored.",
        ),
    )
    quick = {"steps": 10}

    places = Int(1, min=1, max=9, help="places of each string that the second net learns")
    shift = Toggle(True, help="whether the answer is shifted by one place before it is fed")
    string = Text("feedback", live=True, help="yours: up to 8 letters, a to l")
    steps = Int(300, min=10, max=3000, log=True, help="steps of 64 strings, for each net")

    def run(self, stage):
        nets = [EncoderDecoder(3 + len(LETTERS), 32, heads=2, hidden=64) for _ in NETS]
        nets[1].load_state_dict(nets[0].state_dict())  # both begin alike
        nets = nn.ModuleList(nets).to(stage.device)
        optimizer = torch.optim.AdamW(nets.parameters())
        x_new, y_new = reversals(200, LONGEST, device=stage.device)

        def fed(y):
            """What the decoder is given for the answers y [N, T]."""
            if not self.shift:
                return y
            return torch.cat([torch.full_like(y[:, :1], START), y[:, :-1]], dim=1)

        def said(net, x, given):
            """At each place, logits of what comes after it: [N, T, V]."""
            seen = (x != PAD)[:, None, None]
            return net.decode(given, net.encode(x, seen), seen)

        def asked(y, count):
            """The answers with PAD at all but `count` places of each, drawn by lot."""
            order = torch.rand(y.shape, device="cpu").to(y.device).masked_fill(y == PAD, 2)
            return y.where(order.argsort(dim=1).argsort(dim=1) < count, PAD)

        def loss_of(net, x, y, asked):
            logits = said(net, x, fed(y))
            return cross_entropy(logits.flatten(0, 1), asked.flatten(), ignore_index=PAD)

        def alone(net, x):
            """Written one by one, each from what the net wrote: [N, T], in T passes."""
            written = torch.full_like(x[:, :1], START)
            for _ in range(T):
                last = said(net, x, written)[:, -1:].argmax(dim=2)
                written = torch.cat([written, last], dim=1)
            return written[:, 1:]

        def right(net):
            """Shares of new strings and of their symbols that it writes alone."""
            same = (alone(net, x_new) == y_new).float()
            return same.where(y_new != PAD, 1).amin(dim=1).mean(), same[y_new != PAD].mean()

        def spelt(symbols):
            names = ["_", "START", "END", *LETTERS]
            return [names[symbol] for symbol in symbols.tolist()]

        @stage.look(25, nets)
        def look():
            shares = [right(net)[0] for net in nets]
            stage.curve("exactly right", dict(zip(NETS, shares, strict=True)))
            every, few = shares
            stage.headline(f"right, writing alone: all places {every:.0%}, few places {few:.0%}")
            typed = [c for c in self.string.lower() if c in LETTERS][:LONGEST] or ["a", "b"]
            x = torch.tensor([[3 + LETTERS.index(c) for c in typed]], device=stage.device)
            y = torch.cat([x.flip(1), torch.full_like(x[:, :1], END)], dim=1)
            given = fed(y)
            p = [said(net, x, given)[0].softmax(dim=1).gather(1, y.T)[:, 0] for net in nets]
            before, after = spelt(given[0]), spelt(y[0])
            pasts = ["".join(before[: i + 1]).replace("START", "·") for i in range(len(after))]
            ends = [f"…{past[-2:]}" if len(past) > 2 else past for past in pasts]
            labels = [f"{end}→{word}" for end, word in zip(ends, after, strict=True)]
            stage.bars("each place", labels, dict(zip(NETS, p, strict=True)))
            pads = ["_"] * (T - len(after))
            wrote = ["".join(spelt(alone(net, x)[0])).split("END")[0] for net in nets]
            rows = [
                ("it reads", "".join(typed)),
                ("it is fed", " ".join(before + pads)),
                ("it must say", " ".join(after + pads)),
                ("in the loss", f"{len(after)} places, without {len(pads)} of padding (_)"),
                *((f"alone: {name}", word) for name, word in zip(NETS, wrote, strict=True)),
            ]
            stage.table("one string", ("", ""), rows)

        reached = [self.steps, self.steps]  # steps to a loss of 1 on new strings
        stage.axes("exactly right", y="share")
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = 0.01 * min((step + 1) / 50, (50 / (step + 1)) ** 0.5)
            x, y = reversals(64, LONGEST, device=stage.device)
            targets = y, asked(y, self.places)
            loss = sum(loss_of(net, x, y, z) for net, z in zip(nets, targets, strict=True))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 10 == 9:
                with stage.probe(nets):
                    for k, net in enumerate(nets):
                        if loss_of(net, x_new, y_new, y_new) < 1:
                            reached[k] = min(reached[k], step + 1)

        with stage.probe(nets):
            (every, _), (few, letters) = right(nets[0]), right(nets[1])
            stage.claim("writes", every, at_least=0.85)
            stage.claim("behind", every - few, at_least=0.3)
            stage.claim("slower", reached[1] / reached[0], within=(1.8, 3.6))
            stage.claim("learns", letters, above=0.4)
