"""
# Where does the decoder look?

An encoder reads a text, a decoder writes another: a translation, or here a string of digits from
its end to its beginning. If all that passes between them is the encoder's last state, long strings
get lost. But the encoder had a state at every digit, h₁ to h_T. Why throw them away?

**Attention** hands all of them to the decoder, mixed anew for each digit that it writes. Before
digit i, from its own state s, it gives each encoder state a score, and makes weights of the scores:

    eⱼ = v · tanh(W s + U hⱼ)
    α = softmax(e)
    c = Σⱼ αⱼ hⱼ

s and all h are vectors of 48 numbers; W, U and v are learned. The score is a small net with a sum
in it, so this is *additive* attention (Bahdanau et al., 2014). The mixture c goes into the
decoder's next state and into its answer. Nobody tells the net where to look: the weights α learn
from the digits alone.

In the picture each row is a digit that is written, with its weights over the digits that were read.
A falling strip from the upper right: it walks backwards. But look closely. The weight mostly stands
one column *after* the digit that is written. The weights are over states, not over words, and the
state one step on still holds that digit. So an alignment may be off by one, and the net be right.

The other net is the same in all but its weights: they stay on the last state. That was the first
way (Cho et al., 2014).

## Tomorrow

Plot accuracy against length: where it falls, let the decoder look. Read attention maps as weights
over states, and measure their offset on examples whose alignment you know. Test beyond the trained
length before you promise any.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Int, Scene, Text, Try

DIGITS = 10
LENGTHS = (4, 8, 12, 16, 20)  # of new strings
NETS = ("attention", "last state")


class Alignment(Scene):
    covers = ("Attention in the encoder-decoder",)
    panels = {
        "weights": "a row for each digit to write, a column for each digit read: where it looks",
        "right by length": "share of digits of new strings; higher is better",
        "offset": "share of rows whose largest weight stands so many columns after the digit",
    }
    claims = {
        "gains": "at length 12 attention gets over 0.2 more of the digits than the last state does",
        "gains_with_length": "at length 4 it gains at least 0.15 less than at 12",
        "aligned": "at length 12 over 0.6 of the largest weights are on the digit or one after it",
        "one_after": "there, they are more often one column after the digit than on it, by 0.2",
    }
    tries = (
        Try(
            "attention=even",
            "All states get the same weight. How much is right at length 12?",
            ("as much as before", "hardly more than with the last state", "half-way"),
            right=2,
            breaks=("gains", "aligned"),
            why="The mean of all states is one vector of fixed size too. It is choosing that pays.",
        ),
        Try(
            "source=3141592653589793238462643383",
            "A string of 28 digits, and training ended at 12. How does the strip look?",
            ("as straight as for eight", "it is empty", "it frays: at places it looks anywhere"),
            right=3,
            keeps="aligned",
            why="It learned where to look from strings of up to 12 digits, not the rule itself.",
        ),
    )
    quick = {"steps": 4}

    attention = Choice("learned", ("learned", "even"), help="how the first net weighs the states")
    source = Text("31415926", live=True, help="digits to be read; yours")
    hidden = Int(48, min=16, max=96, log=True, help="numbers of a state")
    longest = Int(12, min=4, max=16, help="digits of the longest string in training")
    steps = Int(300, min=4, max=3000, log=True, help="steps of 32 strings, one-cycle rate")

    def run(self, stage):
        tests = {T: torch.randint(DIGITS, (200, T)).to(stage.device) for T in LENGTHS}
        ways = self.attention, "last"
        nets = nn.ModuleList(Translator(self.hidden, way) for way in ways).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters())
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.015, total_steps=self.steps)

        def right(net, T):
            """The share of digits of new strings of length T that the net writes."""
            said, _ = net(tests[T])
            return (said.argmax(dim=2) == tests[T].flip(1)).float().mean().item()

        def offsets(T=12):
            """By how many columns the largest weight stands after the digit: [200, T]."""
            _, α = nets[0](tests[T])
            return α.argmax(dim=2) - torch.arange(T - 1, -1, -1, device=α.device)

        trained = {"training ends here": self.longest}
        stage.axes(
            "right by length", x="digits", y="share", lines={"guessing": 0.1}, verticals=trained
        )

        @stage.look(10, nets)
        def look():
            digits = [int(c) for c in self.source if c in "0123456789"][:40]
            if not digits:
                stage.text("weights", "There are no digits in your text: try 31415926.")
                return
            x = torch.tensor([digits], device=stage.device)
            named = [str(digit) for digit in digits]
            stage.heatmap(
                "weights",
                nets[0](x)[1][0],
                rows=named[::-1],
                columns=named,
                x="digit read",
                y="to write",
                low=0,
                high=1,
            )

        @stage.look(50, nets)
        def look_longer():
            shares = [[right(net, T) for T in LENGTHS] for net in nets]
            stage.plot("right by length", LENGTHS, dict(zip(NETS, shares, strict=True)))
            attending, last = (each[LENGTHS.index(12)] for each in shares)
            stage.headline(
                f"digits right at length 12: attention {attending:.0%}, last state {last:.0%}"
            )
            places, off = range(-2, 4), offsets()
            values = [(off == place).float().mean().item() for place in places]
            stage.bars("offset", [f"{place:+d}" if place else "0" for place in places], values)

        for _ in stage.loop(self.steps):
            T = int(torch.randint(3, self.longest + 1, ()))
            x = torch.randint(DIGITS, (32, T), device="cpu").to(stage.device)
            y = x.flip(1)
            loss = sum(cross_entropy(net(x, y)[0].flatten(0, 1), y.flatten()) for net in nets)
            optimizer.zero_grad()
            loss.backward()
            for net in nets:
                nn.utils.clip_grad_norm_(net.parameters(), 1)
            optimizer.step()
            cycle.step()

        with stage.probe(nets):
            gain = {T: right(nets[0], T) - right(nets[1], T) for T in (4, 12)}
            off = offsets()
            on, after = (off == 0).float().mean(), (off == 1).float().mean()
            stage.claim("gains", gain[12], above=0.2)
            stage.claim("gains_with_length", gain[12] - gain[4], at_least=0.15)
            stage.claim("aligned", on + after, above=0.6)
            stage.claim("one_after", after - on, above=0.2)


class Translator(nn.Module):
    """Reads digits with a GRU, writes digits with another that looks at the first one's states."""

    def __init__(self, H, attention):
        super().__init__()
        self.attention = attention
        self.vectors = nn.Embedding(DIGITS + 1, 16)  # the last one starts the writing
        self.encoder = nn.GRU(16, H, batch_first=True)
        self.decoder = nn.GRUCell(16 + H, H)
        self.W, self.U = nn.Linear(H, H), nn.Linear(H, H, bias=False)
        self.v = nn.Linear(H, 1, bias=False)
        self.name = nn.Linear(2 * H, DIGITS)

    def weights(self, s, h, keys):  # state [N, H], the encoder's [N, T, H] -> α [N, T]
        if self.attention == "learned":
            e = self.v((self.W(s)[:, None] + keys).tanh())[..., 0]
            return e.softmax(dim=1)
        α = torch.zeros_like(h[..., 0])
        if self.attention == "last":
            α[:, -1] = 1
            return α
        return α + 1 / h.shape[1]

    def forward(self, x, given=None):
        """Digits [N, T] -> logits [N, T, DIGITS] and weights [N, T, T]. `given`: what the decoder
        is told to have written; else it goes on from what it wrote."""
        h, last = self.encoder(self.vectors(x))
        s, keys = last[0], self.U(h)
        said, logits, looked = x.new_full((len(x),), DIGITS), [], []
        for i in range(x.shape[1]):
            α = self.weights(s, h, keys)
            c = torch.einsum("nt,nth->nh", α, h)
            s = self.decoder(torch.cat([self.vectors(said), c], dim=1), s)
            logits.append(self.name(torch.cat([s, c], dim=1)))
            looked.append(α)
            said = logits[-1].argmax(dim=1) if given is None else given[:, i]
        return torch.stack(logits, dim=1), torch.stack(looked, dim=1)
