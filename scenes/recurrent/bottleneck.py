"""
# How much fits into one vector?

An encoder reads a string, a decoder writes it in another form. The first translators of this kind
(Kalchbrenner and Blunsom, 2013; Cho et al. and Sutskever et al., 2014) hand over one vector, the
encoder's last state:

    h(t) = GRU(x(t), h(t−1))
    s(0) = h(T)
    s(i) = GRU(y(i−1), s(i−1))

x is what is read, T long, h the encoder's state, s the decoder's, y what it has written. In
training y is the right one; new strings it writes alone, each digit from its own last one.

Here digits are read and must be written from the end to the beginning, so nothing may be lost. A
string of 4 comes through, one of 12 does not. In the triangle each row is a length: the first
digits written are right, for they are what was read last. What was read long before fades.

Is the vector full? No. Twelve digits are 40 bits, and 48 numbers could hold them many times over.
But the net has to learn a code that keeps 10¹² strings apart, with a state that each new digit
stirs, and to read it back in order. With twice the numbers it does better, and slowly: at length 12
it is still wrong about every second digit. Longer training moves the fall outwards too; it stays a
fall. What has to pass grows with the text, what it passes through does not. This is the
**bottleneck**.

## Tomorrow

Plot quality against length before you make a model larger. If it falls with length, units buy
little: let the decoder look at all of the encoder's states (next page).
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, pad

from dlplay import Int, Scene, Text, Try

DIGITS = 10
LENGTHS = range(2, 17)


class Bottleneck(Scene):
    covers = ("RNN Applications - machine translation (encoder-decoder, bottleneck)",)
    panels = {
        "right by place": "row: length, 2 to 16; column: place in what is written; bright is right",
        "right by length": "share of digits of new strings; higher is better",
        "your string": "what each net makes of it; × is a wrong digit",
    }
    claims = {
        "short_fits": "of strings of 4 digits over 0.85 of the digits are right",
        "long_does_not": "of strings of 12 it is below 0.55 (guessing: 0.1)",
        "last_heard": "at 12 the first digit written is right over 0.4 more often than the last",
        "size_helps_slowly": "twice the numbers gain something at 12, but at most 0.25",
    }
    tries = (
        Try(
            "hidden=16",
            "A state of 16 numbers. How many of 4 digits are right?",
            ("nearly all: four digits are 14 bits", "about three in four", "one in ten"),
            right=2,
            breaks="short_fits",
            keeps="long_does_not",
            why="Sixteen numbers have room for 14 bits many times over. But the net must learn to "
            "tell 10,000 strings apart by them, in the same steps.",
        ),
        Try(
            "longest=4",
            "Training has strings of 3 and 4 digits only. What becomes of the first digits "
            "written at length 12?",
            (
                "they are right, the rest is lost",
                "all is lost: such strings are new",
                "all is right",
            ),
            right=1,
            keeps=("short_fits", "long_does_not"),
            why="At any length the state holds best what it has read last. That much the net has "
            "learned on short strings.",
        ),
    )
    quick = {"steps": 4}

    hidden = Int(48, min=16, max=128, log=True, help="numbers of the state; the rival has twice")
    longest = Int(12, min=4, max=16, help="digits of the longest string in training")
    source = Text("314159265358", live=True, help="a string of digits; yours")
    steps = Int(300, min=4, max=3000, log=True, help="steps of 32 strings, one-cycle rate")

    def run(self, stage):
        tests = {T: torch.randint(DIGITS, (200, T)).to(stage.device) for T in LENGTHS}
        names = [f"{self.hidden} numbers", f"{2 * self.hidden} numbers"]
        nets = nn.ModuleList([Translator(self.hidden), Translator(2 * self.hidden)])
        nets.to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters())
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=self.steps)

        def right(net, T):
            """The share of strings of length T that are right at each place: [T]."""
            return (net(tests[T]).argmax(dim=2) == tests[T].flip(1)).float().mean(dim=0)

        trained = {"training ends here": self.longest}
        stage.axes(
            "right by length", x="digits", y="share", lines={"guessing": 0.1}, verticals=trained
        )

        @stage.look(25, nets)
        def look():
            places = [[right(net, T) for T in LENGTHS] for net in nets]
            wide = [[pad(s, (0, 16 - len(s)), value=torch.nan) for s in each] for each in places]
            triangles = dict(zip(names, map(torch.stack, wide), strict=True))
            stage.matrices("right by place", triangles, scales=dict.fromkeys(names, (0, 1)))
            means = [[float(share.mean()) for share in each] for each in places]
            stage.plot("right by length", LENGTHS, dict(zip(names, means, strict=True)))
            told = (
                f"{names[0]}: digits right at length 4 {means[0][2]:.0%}, at 12 {means[0][10]:.0%}"
            )
            stage.headline(f"{told} ({names[1]}: {means[1][10]:.0%})")
            draw_string(stage, names, nets, self.source)

        for _ in stage.loop(self.steps):
            T = int(torch.randint(3, self.longest + 1, ()))
            x = torch.randint(DIGITS, (32, T), device="cpu").to(stage.device)
            y = x.flip(1)
            loss = sum(cross_entropy(net(x, y).flatten(0, 1), y.flatten()) for net in nets)
            optimizer.zero_grad()
            loss.backward()
            for net in nets:
                nn.utils.clip_grad_norm_(net.parameters(), 1)
            optimizer.step()
            cycle.step()

        with stage.probe(nets):
            at_12, rival = right(nets[0], 12), right(nets[1], 12)
            stage.claim("short_fits", right(nets[0], 4).mean(), above=0.85)
            stage.claim("long_does_not", at_12.mean(), below=0.55)
            stage.claim("last_heard", at_12[0] - at_12[-1], above=0.4)
            stage.claim("size_helps_slowly", rival.mean() - at_12.mean(), within=(0, 0.25))


class Translator(nn.Module):
    """Reads digits with a GRU and hands its last state to another, which writes."""

    def __init__(self, H):
        super().__init__()
        self.vectors = nn.Embedding(DIGITS + 1, 16)  # the last one starts the writing
        self.encoder = nn.GRU(16, H, batch_first=True)
        self.decoder = nn.GRU(16, H, batch_first=True)
        self.name = nn.Linear(H, DIGITS)

    def forward(self, x, given=None):
        """Digits [N, T] -> logits [N, T, DIGITS]. `given`: what the decoder is told to have
        written; else it goes on from what it wrote."""
        _, state = self.encoder(self.vectors(x))  # all that is handed over: [1, N, H]
        said = x.new_full((len(x), 1), DIGITS)
        if given is not None:
            s, _ = self.decoder(self.vectors(torch.cat([said, given[:, :-1]], dim=1)), state)
            return self.name(s)
        logits = []
        for _ in range(x.shape[1]):
            s, state = self.decoder(self.vectors(said), state)
            logits.append(self.name(s))
            said = logits[-1].argmax(dim=2)
        return torch.cat(logits, dim=1)


def draw_string(stage, names, nets, source):
    """The digits of `source`, and what each net makes of them."""
    digits = [int(c) for c in source if c in "0123456789"][:30]
    if not digits:
        stage.text("your string", "There are no digits in it: try 314159.")
        return
    x = torch.tensor([digits], device=stage.device)
    lines = [("read", digits), ("to write", digits[::-1])]
    for name, net in zip(names, nets, strict=True):
        said = net(x)[0].argmax(dim=1).tolist()
        right = zip(said, digits[::-1], strict=True)
        lines.append((name, [digit if digit == true else "×" for digit, true in right]))
    told = [f"{name:12}" + " ".join(map(str, what)) for name, what in lines]
    stage.text("your string", "\n".join(told))
