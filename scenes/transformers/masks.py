"""
# What must attention not see?

A decoder writes letter by letter. To train it fast, you give it the whole right answer and ask at
each place for the letter that comes next. But attention looks everywhere: one place further on
stands just the letter that is asked for. Who may look there learns to copy it, and nothing else.

So what is not there yet when the net writes must be hidden when it learns. Attention has a score
for each pair of places i, j, and softmax turns the scores of a row into weights. Add to the scores

    M = 0   where i may look at j
    M = −∞  where it may not

    A = softmax(Q Kᵀ / √d + M)

before softmax. Q and K are queries and keys, d is their width, A the weights; e to the power of −∞
is 0, so what is hidden has exactly no weight. In the decoder j ≤ i is allowed: place i sees itself
and what came before it. As a picture that is a triangle.

A second mask hides **padding**, the empty places that make strings of one batch equally long. They
must stay unseen wherever the source is read: in the encoder, and in the decoder's cross-attention,
which looks into what the encoder has read.

Two nets learn to write a string from its end. One has both masks. The other may see *ahead*: fed
the right answer it makes no mistake, and its loss is even lower. Then it must write alone.

## Tomorrow

A loss too good to be true? Change a token that comes later and see whether an earlier prediction
moves. Judge a writer by what it writes alone. Append padding to an example: its answer must not
change.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Int, Scene, Text, Try
from dlplay.data import reversals
from dlplay.nn.transformer import EncoderDecoder

PAD, START, END, LETTERS, LONGEST = 0, 1, 2, "abcdefghijkl", 8
T = LONGEST + 1  # places of the longest answer: its letters, then END
NETS = ("masked", "sees ahead")


class Masks(Scene):
    covers = ("Decoder (masked self-attention, cross-attention)",)
    panels = {
        "exactly right": "share of 200 new strings that each net writes without a mistake",
        "who looks where": "row: a place of the answer; column: where it looks; empty: may not",
        "exchanged": "the middle letter of the answer is exchanged: how far predictions move",
        "your string": "what each net says for it, fed the right answer and alone",
    }
    claims = {
        "writes": "the masked net writes at least 0.9 of 200 new strings exactly right, alone",
        "leak": "the net that sees ahead has over 0.9 more strings right when fed than alone",
        "too_good": "over the second half of the steps its loss is below half of the masked net's",
        "found_out": "a later letter exchanged moves its earlier prediction by more than 0.5",
        "pads": "with empty places behind the strings the masked net still writes 0.9 right",
    }
    tries = (
        Try(
            "pads=seen",
            "One more empty place stands behind each string, and attention may see it. How many "
            "does the masked net write right?",
            ("nearly all", "about half", "hardly any"),
            right=3,
            breaks="pads",
            keeps=("writes", "leak"),
            why="To softmax an empty place is a place like others: it takes weight from the "
            "letters, and the string now seems to end elsewhere.",
        ),
        Try(
            "ahead=1",
            "The second net may see a single place ahead, not all. How many strings does it write "
            "alone?",
            ("nearly all", "about half", "none, as before"),
            right=3,
            keeps=("leak", "found_out"),
            why="The next place holds the very letter that is asked for: one is all it takes.",
        ),
        Try(
            "ahead=0",
            "The second net gets the mask too. What does it write alone?",
            ("the strings, as the first does", "nonsense, as before", "half of each string"),
            right=1,
            breaks=("leak", "too_good", "found_out"),
            why="Nothing else was wrong with it. Without a letter to copy it must read the source.",
        ),
    )
    quick = {"steps": 5}

    ahead = Int(8, min=0, max=8, help="places ahead that the second net may see")
    pads = Choice("hidden", ("hidden", "seen"), live=True, help="the extra empty places")
    extra_pads = Int(1, min=0, max=8, live=True, help="empty places put behind each new string")
    string = Text("feedback", live=True, help="yours: up to 8 letters, a to l")
    steps = Int(250, min=5, max=3000, log=True, help="steps of 64 strings, for each net")

    def run(self, stage):
        nets = [EncoderDecoder(3 + len(LETTERS), 32, heads=2, hidden=64) for _ in NETS]
        nets = nn.ModuleList(nets).to(stage.device)
        optimizer = torch.optim.AdamW(nets.parameters())
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=self.steps)

        # Which place of the answer may look at which: [T, T], row i at column j
        i, j = torch.arange(T)[:, None], torch.arange(T)
        pasts = [(j <= i + ahead).to(stage.device) for ahead in (0, self.ahead)]

        def letters_of(x):
            return (x != PAD)[:, None, None]  # [N, 1, 1, S]: for all heads, all places that look

        def fed(k, x, y):
            """What net k says at each place when given the right answer up to there: [N, T, V]."""
            given = torch.cat([torch.full_like(y[:, :1], START), y[:, :-1]], dim=1)
            seen, n = letters_of(x), y.shape[1]
            return nets[k].decode(given, nets[k].encode(x, seen), seen, pasts[k][:n, :n])

        def alone(k, x, seen=None):
            """What net k writes, going on from what it wrote: [N, T]."""
            seen = letters_of(x) if seen is None else seen
            source, written = nets[k].encode(x, seen), torch.full_like(x[:, :1], START)
            for t in range(1, T + 1):
                logits = nets[k].decode(written, source, seen, pasts[k][:t, :t])
                written = torch.cat([written, logits[:, -1:].argmax(dim=2)], dim=1)
            return written[:, 1:]

        x_new, y_new = reversals(200, LONGEST, device=stage.device)

        def right(written):
            return ((written == y_new) | (y_new == PAD)).all(dim=1).float().mean().item()

        def shares():
            """Right of new strings: fed, alone, alone with places behind; [3] of each net."""
            more = torch.cat([x_new, x_new.new_full((200, self.extra_pads), PAD)], dim=1)
            seen = letters_of(more)
            if self.pads == "seen":
                seen = seen | (torch.arange(more.shape[1], device=seen.device) >= LONGEST)
            said = [(fed(k, x_new, y_new).argmax(dim=2), alone(k, x_new)) for k in (0, 1)]
            behind = [alone(k, more, seen) for k in (0, 1)]
            return [[right(w) for w in (*said[k], behind[k])] for k in (0, 1)]

        def moved(k, x, y, place):
            """How far the probabilities move at each place when one letter given is another."""
            other = y.clone()
            other[:, place] = 3 + (y[:, place] - 2) % len(LETTERS)
            p, q = (fed(k, x, given).softmax(dim=2) for given in (y, other))
            return (p - q).abs().amax(dim=2)  # [N, T]

        def spelt(written):
            word = "".join("__$"[s] if s < 3 else LETTERS[s - 3] for s in written.tolist())
            return word.split("$")[0] or "(nothing)"

        @stage.look(25, nets)
        def look():
            found = shares()
            groups = "fed the answer", "alone", "alone, pads"
            stage.bars("exactly right", groups, dict(zip(NETS, found, strict=True)))
            stage.headline(
                f"right, writing alone: masked {found[0][1]:.0%} ({found[0][2]:.0%} with empty "
                f"places), sees ahead {found[1][1]:.0%}"
            )
            typed = [c for c in self.string.lower() if c in LETTERS][:LONGEST] or ["a", "b"]
            x = torch.tensor([[3 + LETTERS.index(c) for c in typed]], device=stage.device)
            y = torch.cat([x.flip(1), torch.full_like(x[:, :1], END)], dim=1)
            rows, maps, moves = [], {}, {}
            for k, name in enumerate(NETS):
                attention = nets[k].decoder[0].attention
                attention.keep_map = True
                said = fed(k, x, y).argmax(dim=2)
                weights = attention.map[0].mean(dim=0)  # [T, T], the mean over the heads
                maps[name] = weights.where(pasts[k][: len(weights), : len(weights)], torch.nan)
                attention.keep_map = False
                moves[name] = moved(k, x, y, len(typed) // 2)[0]
                rows.append((name, "".join(typed), spelt(said[0]), spelt(alone(k, x)[0])))
            stage.table("your string", ("net", "it reads", "fed", "alone"), rows)
            stage.matrices("who looks where", maps, scales=dict.fromkeys(NETS, (0, 1)))
            stage.bars("exchanged", [*typed[::-1], "END"], moves)

        trace = []
        for _ in stage.loop(self.steps):
            x, y = reversals(64, LONGEST, device=stage.device)
            said = [fed(k, x, y).flatten(0, 1) for k in (0, 1)]
            losses = torch.stack([cross_entropy(s, y.flatten(), ignore_index=PAD) for s in said])
            optimizer.zero_grad()
            losses.sum().backward()
            optimizer.step()
            cycle.step()
            trace.append(losses.detach())

        with stage.probe(nets):
            (_, masked, behind), (cheat, leaky, _) = shares()
            stage.claim("writes", masked, at_least=0.9)
            stage.claim("leak", cheat - leaky, above=0.9)
            hidden, ahead = torch.stack(trace[self.steps // 2 :]).mean(dim=0)
            stage.claim("too_good", ahead / hidden, below=0.5)
            long = y_new[:, 5] > END  # strings of which letter 6 of the answer is one
            before = moved(1, x_new[long], y_new[long], 5)[:, 5]
            stage.claim("found_out", before.mean(), above=0.5)
            stage.claim("pads", behind, at_least=0.9)
