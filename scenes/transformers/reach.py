"""
# What does a direct look back buy over a memory?

Sixty symbols come one after another, one of them is marked, and at the end you are to name it. A
recurrent net must carry it along: a symbol of d steps ago has passed through the state d times. And
so must the gradient, on its way back, when the net is to learn what to carry.

**Attention** skips the way. At the end one query looks at all symbols at once:

    αⱼ = softmax(q·kⱼ / √D)
    z = Σⱼ αⱼ vⱼ

q is made of the last symbol, key kⱼ and value vⱼ of symbol j, the weights α are positive and sum to
1; D numbers each. From any symbol to the answer it is *one* step.

The picture shows how much of the gradient of the right answer reaches the marked symbol, by its
distance. At the start attention's line is level: the farthest symbol teaches as well as the last.
For the loops it falls off a cliff. The plain recurrent net (RNN) multiplies by its matrix and by
slopes below 1 at each step. The GRU has gates that can keep a content, but at the start they keep
half.

Watch the GRU's line rise. From the nearest symbols, where there is gradient, its gates learn to
keep, and what they keep brings gradient from farther back. So it gets there, later. The plain net
does not.

The price: attention computes a score with every symbol, and between all pairs if each one looks, T²
for T symbols. It has become dominant all the same, though not everywhere: since 2023 new
recurrences without this price are back.

## Tomorrow

If something far away must be used, count the steps between it and the answer, and draw the gradient
over the distance before you train. If it falls by a factor at each step, shorten the way: a look, a
skip, a gate that starts open.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Choice, Float, Int, Scene, Try

SYMBOLS = "abcdefgh"
NETS = ("attention", "GRU", "RNN")
D = 32  # numbers of a vector and of a state
EARLY = 100  # steps after which a first account is taken


class Reach(Scene):
    covers = ("Attention",)
    panels = {
        "farthest": "share of new sequences answered, the farthest marked; who gets there when?",
        "gradient": "of the right answer, at the marked symbol; as a share of the net's largest",
        "example": "one sequence: the marked symbol, and what each net says at the end",
    }
    claims = {
        "way_back": "untrained, the share of its gradient that reaches the farthest symbol is over "
        "a million times that of the GRU, and of the RNN",
        "ahead": "after 100 steps attention names the farthest over 0.5 more often than the GRU",
        "not_yet": "then the GRU names it in below 0.35 of the sequences",
        "gates_learn": "in the end attention and the GRU name it in 0.9 or more each",
        "never": "in the end the RNN names it in below 0.35",
    }
    tries = (
        Try(
            "length=10",
            "Only 10 symbols. Who can name the farthest after 300 steps?",
            ("attention and the GRU", "all three", "attention alone"),
            right=2,
            breaks=("way_back", "ahead", "not_yet", "never"),
            keeps="gates_learn",
            why="Over ten steps some gradient is left even in the RNN. It is lost by a factor at "
            "each step: a sixth of the steps is no sixth of the loss.",
        ),
        Try(
            "start=orthogonal",
            "The RNN's matrix keeps the length of every state. How much gradient comes through?",
            ("as much as in attention", "next to none", "it explodes"),
            right=2,
            keeps=("way_back", "never"),
            why="The matrix keeps it, but each tanh has a slope below 1, and takes some at each "
            "step.",
        ),
        Try(
            "length=120",
            "Twice as many symbols, the same steps. Who names the farthest reliably?",
            ("attention alone", "attention and the GRU", "none"),
            right=1,
            breaks="gates_learn",
            keeps=("way_back", "ahead"),
            why="For the GRU the way is longer, and it must keep all along. For attention it is "
            "one step as before; there is only more to choose from.",
        ),
    )
    quick = {"steps": 2, "length": 12}
    pace = 30

    length = Int(60, min=10, max=120, log=True, help="T, symbols of a sequence")
    start = Choice("uniform", ("uniform", "orthogonal"), help="the RNN's matrix at the start")
    distance = Int(40, min=0, max=119, live=True, help="steps back to the mark, in the example")
    learning_rate = Float(0.003, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(300, min=2, max=2000, log=True, help="steps of 64 sequences, for each net")

    def run(self, stage):
        T = self.length
        nets = nn.ModuleList([Looking(T), Loop(nn.GRU), Loop(nn.RNN)])
        if self.start == "orthogonal":
            nn.init.orthogonal_(nets[2].loop.weight_hh_l0)
        nets = nets.to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)
        far = torch.linspace(0, T - 1, 12).long()  # the distances that are looked at

        def sequences(back):
            """Symbols and a mark so many steps from the end [N, T, 9]; the marked symbol [N]."""
            x, at = torch.randint(len(SYMBOLS), (len(back), T)), T - 1 - back
            y = x.gather(1, at[:, None])[:, 0]
            return encoded(x, at).to(stage.device), y.to(stage.device)

        backs = far.repeat_interleave(16)
        x_new, y_new = sequences(backs)
        x_far, y_far = sequences(torch.full((300,), T - 1))
        example = torch.randint(len(SYMBOLS), (T,))

        def slopes():
            """Of each net, by distance: how much gradient of the right answer is at the mark."""
            found = []
            for net in nets:
                with torch.enable_grad():
                    h = net.vectors(x_new)
                    right = net.answer(h).gather(1, y_new[:, None])
                    gradient = torch.autograd.grad(right.sum(), h)[0]
                at = torch.arange(len(h)), T - 1 - backs
                found.append(gradient[at].norm(dim=1).reshape(len(far), 16).mean(dim=1).cpu())
            return found

        def shares():
            """The share of sequences with the farthest symbol marked that each net has right."""
            return [(net(x_far).argmax(dim=1) == y_far).float().mean().item() for net in nets]

        before = slopes()
        way, *loops = (float(slope[-1] / slope[1].clamp(min=1e-30)) for slope in before)

        @stage.look(20)
        def look():
            lines = dict(zip((*NETS, "GRU at the start"), (*slopes(), before[1]), strict=True))
            lines = {name: (s / s.max()).clamp(min=1e-12) for name, s in lines.items()}
            stage.plot("gradient", far, lines)
            farthest = dict(zip(NETS, shares(), strict=True))
            stage.curve("farthest", farthest)
            told = ", ".join(f"{name} {share:.0%}" for name, share in farthest.items())
            stage.headline(f"the farthest symbol named: {told} (by lot 12%)")
            at = max(0, T - 1 - self.distance)
            x = encoded(example[None], torch.tensor([at])).to(stage.device)
            answers = [net(x).argmax().item() for net in nets]
            pieces = [SYMBOLS[n] for n in example]
            pieces += [f"{name}: {SYMBOLS[n]}" for name, n in zip(NETS, answers, strict=True)]
            marks = [0.5 + 0.5 * (t == at) for t in range(T)]
            marks += [float(n == example[at]) for n in answers]
            stage.tokens("example", pieces, marks, gap=True)

        stage.axes("gradient", x="steps back to the mark", y="gradient, 1e-12 or more", log="y")
        stage.axes("farthest", y="share", lines={"guessing": 1 / 8}, verticals={"early": EARLY})
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            x, y = sequences(torch.randint(T, (64,)))
            loss = sum(cross_entropy(net(x), y) for net in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step == min(EARLY, self.steps) - 1:
                with stage.probe():
                    early = shares()

        with stage.probe():
            late = shares()
            stage.claim("way_back", min(way / max(loop, 1e-30) for loop in loops), above=1e6)
            stage.claim("ahead", early[0] - early[1], above=0.5)
            stage.claim("not_yet", early[1], below=0.35)
            stage.claim("gates_learn", min(late[:2]), at_least=0.9)
            stage.claim("never", late[2], below=0.35)


def encoded(x, at):
    """Symbols [N, T] and the places of their marks [N], as ones among zeros: [N, T, 9]."""
    marks = one_hot(at, x.shape[1])[:, :, None]
    return torch.cat([one_hot(x, len(SYMBOLS)), marks], dim=2).float()


class Net(nn.Module):
    """Vectors of the symbols, the mark added; then what a kind of net makes of them."""

    def __init__(self):
        super().__init__()
        self.vectors = nn.Linear(len(SYMBOLS) + 1, D, bias=False)
        nn.init.normal_(self.vectors.weight)
        self.name = nn.Linear(D, len(SYMBOLS))

    def forward(self, x):  # [N, T, 9] -> logits [N, 8]
        return self.answer(self.vectors(x))


class Looking(Net):
    """One look of attention, from the last place at all."""

    def __init__(self, T):
        super().__init__()
        self.places = nn.Parameter(0.02 * torch.randn(T, D))
        self.q, self.k, self.v = (nn.Linear(D, D) for _ in range(3))

    def answer(self, h):  # [N, T, D]
        h = h + self.places
        scores = self.q(h[:, -1:]) @ self.k(h).mT / D**0.5  # [N, 1, T]
        return self.name((scores.softmax(dim=2) @ self.v(h))[:, 0])


class Loop(Net):
    """A recurrent net, read at the end."""

    def __init__(self, kind):
        super().__init__()
        self.loop = kind(D, D, batch_first=True)

    def answer(self, h):
        return self.name(self.loop(h)[0][:, -1])
