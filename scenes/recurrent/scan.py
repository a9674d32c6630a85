"""
# Must a recurrence be computed step by step?

A recurrent net needs state t − 1 before it can begin with state t: for 2,048 words, 2,048 steps in
a row, however many processors stand idle. Attention compares each word with each other, all at the
same time: one step, but T² pairs for T words. Is there a way between?

There is, if the new state is *linear* in the old one:

    h(t) = a(t) · h(t−1) + b(t)

a says how much of the state is kept, b what is written. Two such steps in a row, first a₁ and b₁,
then a₂ and b₂, are again such a step:

    a = a₂ · a₁
    b = a₂ · b₁ + b₂

Join each step with the one before it, all at once: each now reaches 2 steps. Join each with the one
two before: 4. After log₂ T rounds each reaches back to the start, and every state is known. That is
a **parallel scan**. A tanh around each step forbids it: two such steps are no third one.

What does giving up the tanh cost? With a fixed a the state is a fading mixture of all that came.
Two nets, trained through the scan, read 40 letters, one of them flagged, and name that one at the
end. With a fixed, it is one of forty in the mixture. Now let a depend on what is read:

    a(t) = σ(A x(t) + c)
    b(t) = (1 − a(t)) · B x(t)

x is the letter with its flag; A, B and c are learned. The gate does not look at the state, so the
scan still works. It learns to write more under the flag, and to keep what it has elsewhere: it is
**selective**. So are today's state space models (Mamba, 2023).

## Tomorrow

On parallel hardware count the steps that must wait for each other, not the operations. If a model
that is linear in its state can't pick out what matters, let its gate see the input.
"""

import math
from functools import cache

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Float, Int, Scene, Toggle, Try

LETTERS = 4
PLACES = 16  # of the drawn scan
LENGTHS = [2**n for n in range(4, 13)]
NETS = ("fixed", "selective")


class Scan(Scene):
    covers = ("RNNs Limitations",)
    panels = {
        "rounds": "time steps, upwards round by round; orange: it knows all that came before it",
        "steps in a row": "how many must wait for each other; lower is better",
        "work": "counted at the chosen length: what takes few steps costs more products",
        "written": "share of the state that each letter of one text replaces; one is flagged",
    }
    claims = {
        "same": "over 2,048 steps scan and loop differ by less than 1e-4",
        "rounds": "for 2,048 steps the scan goes 11 rounds",
        "fixed_fails": "with a fixed a 0.2 to 0.42 of flagged letters are named (guessing: 0.25)",
        "selective_works": "with a gate that sees the input 0.95 or more are",
        "picks": "its gate replaces over 1.3 times as much of the state under the flag",
    }
    tries = (
        Try(
            "nonlinear=on",
            "A tanh around every step, and around every join of the scan. How far are they apart?",
            ("as before: less than 1e-4", "far: other numbers altogether", "a little: about 0.001"),
            right=2,
            breaks="same",
            keeps="rounds",
            why="tanh of a tanh is not a tanh. Two steps can't be replaced by one that was "
            "computed without knowing the state.",
        ),
        Try(
            "letters=5",
            "Five letters, one of them flagged, instead of forty. What does the fixed net name?",
            ("about one in four, as before", "about half", "nearly all"),
            right=2,
            breaks="fixed_fails",
            keeps="selective_works",
            why="The flagged letter is one of five in the mixture, so it weighs more. But nothing "
            "picks it out.",
        ),
        Try(
            "length=4096",
            "Look at `work`: the text is twice as long. What does the scan need?",
            ("twice as many rounds", "as many rounds", "one round more"),
            right=3,
            keeps=("rounds", "same"),
            why="Each round doubles the reach. The loop needs twice the steps, attention four "
            "times the pairs.",
        ),
    )
    quick = {"steps": 5}

    length = Int(2048, min=16, max=4096, log=True, live=True, help="time steps, for `work`")
    traced = Int(16, min=1, max=PLACES, live=True, help="time step whose way through is drawn")
    letters = Int(40, min=5, max=80, help="letters of a text, one of them flagged")
    nonlinear = Toggle(False, help="a tanh around every step of loop and scan")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(200, min=5, max=3000, log=True, help="steps of 64 texts, for each net")

    def run(self, stage):
        squash = torch.tanh if self.nonlinear else lambda h: h
        a, b = torch.rand(1, 2048, 8).to(stage.device), torch.randn(1, 2048, 8).to(stage.device)
        by_loop, _, _ = loop(a, b, squash)
        by_scan, rounds, _ = scan(a, b, squash)
        apart = (by_loop - by_scan).abs().max()

        nets = nn.ModuleList(Net(name == "selective") for name in NETS).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)
        with stage.probe():
            x_new, y_new, at_new = (t.to(stage.device) for t in texts(1000, self.letters))
            waits = {way: [price(T)[way][0] for T in LENGTHS] for way in price(16)}
        stage.axes("steps in a row", x="length", y="steps", log="xy")
        stage.axes("written", x="letter", y="share", verticals={"flagged": int(at_new[0])})

        def named():
            return [(net(x_new)[0].argmax(1) == y_new).float().mean().item() for net in nets]

        @stage.look(10, nets)
        def look():
            fixed, selective = named()
            stage.headline(
                f"2,048 steps by scan: {rounds} in a row; named: "
                f"fixed {fixed:.0%}, selective {selective:.0%}"
            )
            draw_rounds(stage, self.traced - 1, stage.step // 10)
            stage.plot("steps in a row", LENGTHS, waits)
            rows = [(way, f"{n:,}", f"{work:,}") for way, (n, work) in price(self.length).items()]
            stage.table("work", ("way", f"steps for {self.length:,}", "products"), rows)
            shares = [1 - net(x_new[:1])[1][0].mean(dim=1) for net in nets]  # [letters] each
            stage.plot("written", range(self.letters), dict(zip(NETS, shares, strict=True)))

        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            x, y, _ = (t.to(stage.device) for t in texts(64, self.letters))
            loss = sum(cross_entropy(net(x)[0], y) for net in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            fixed, selective = named()
            share = 1 - nets[1](x_new)[1].mean(dim=2)  # [1000, letters]
            flagged = one_hot(at_new, self.letters) == 1
            stage.claim("same", apart, below=1e-4)
            stage.claim("rounds", rounds, equal=11)
            stage.claim("fixed_fails", fixed, within=(0.2, 0.42))
            stage.claim("selective_works", selective, at_least=0.95)
            stage.claim("picks", share[flagged].mean() / share[~flagged].mean(), above=1.3)


class Net(nn.Module):
    """A recurrence that is linear in its state of 32 numbers; the last one names the letter."""

    def __init__(self, selective, H=32):
        super().__init__()
        self.A = nn.Linear(LETTERS + 1, H, bias=False) if selective else None
        self.c = nn.Parameter(torch.linspace(1, 5, H))  # at first a is from 0.73 to 0.993
        self.B = nn.Linear(LETTERS + 1, H, bias=False)
        self.name = nn.Sequential(nn.Linear(H, 64), nn.ReLU(), nn.Linear(64, LETTERS))

    def forward(self, x):  # [N, T, LETTERS + 1]
        seen = self.A(x) if self.A else torch.zeros(*x.shape[:2], 1, device=x.device)
        a = (seen + self.c).sigmoid()  # [N, T, H]
        h, _, _ = scan(a, (1 - a) * self.B(x))
        return self.name(h[:, -1]), a


def loop(a, b, squash=lambda h: h):
    """States [N, T, H] of h = a · h + b one by one; steps in a row, products for each number."""
    h, states = torch.zeros_like(b[:, 0]), []
    for t in range(a.shape[1]):
        h = squash(a[:, t] * h + b[:, t])
        states.append(h)
    return torch.stack(states, dim=1), len(states), len(states)


def scan(a, b, squash=lambda h: h):
    """The same in rounds: each joins every step with what `reach` steps before it reached."""
    reach, rounds, products = 1, 0, 0
    b = squash(b)
    while reach < a.shape[1]:
        before_a = torch.cat([torch.ones_like(a[:, :reach]), a[:, :-reach]], dim=1)
        before_b = torch.cat([torch.zeros_like(b[:, :reach]), b[:, :-reach]], dim=1)
        a, b = a * before_a, squash(a * before_b + b)
        products += 2 * (a.shape[1] - reach)
        reach, rounds = 2 * reach, rounds + 1
    return b, rounds, products


@cache
def price(T):
    """For T steps: how many wait for each other, and products for each number of the state."""
    ones = torch.ones(1, T, 1)
    return {
        "loop": loop(ones, ones)[1:],
        "scan": scan(ones, ones)[1:],
        "attention": (1, 2 * T * T),  # T scores for each of T steps, then T weights times values
    }


def texts(N, T):
    """Letters with a flag bit [N, T, LETTERS + 1], the flagged ones [N], and where they are [N]."""
    letters, at = torch.randint(LETTERS, (N, T)), torch.randint(T, (N,))
    flag = one_hot(at, T)[..., None]
    x = torch.cat([one_hot(letters, LETTERS), flag], dim=2).float()
    return x, letters[torch.arange(N), at], at


def draw_rounds(stage, last, done):
    """Time steps from left to right, rounds upwards; drawn: what `last` is joined from."""
    rounds = int(math.log2(PLACES))
    places = [(t, r) for r in range(rounds + 1) for t in range(PLACES)]
    knows = [min(2 ** min(r, done), t + 1) / (t + 1) if r <= done else 0 for t, r in places]
    edges, needed = [], {last}
    for r in range(rounds, 0, -1):
        reach = 2 ** (r - 1)
        for t in needed:
            edges += [((r - 1) * PLACES + s, r * PLACES + t) for s in (t, t - reach) if s >= 0]
        needed |= {t - reach for t in needed if t >= reach}
    stage.graph("rounds", places, edges, values=knows, marked=[rounds * PLACES + last])
