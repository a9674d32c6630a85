"""
# Why are positions written as waves?

A place is a number, and a net needs D numbers for it, to add them to a word. The number itself, in
the hundreds, would drown the word. Binary digits are small and differ from place to place, but
jump: from 7 to 8 all change at once. What is wanted is small, different everywhere, alike for
neighbours, and such that "three back" means the same everywhere.

Clocks do all that. Take D/2 of them, each slower than the one before. Where the hands point at
place p is the code of p: for clock i, from 0 on,

    ωᵢ = base^(−2i/D)
    code(p) = [ sin ωᵢp, cos ωᵢp ]

ωᵢ is the angle by which hand i turns from one place to the next, base = 10,000. The fast hands tell
neighbours apart, the slow ones far places.

Two things follow. The dot product of two codes is a sum of cos ωᵢ(p − q): it depends on the
distance alone. And going k places further turns hand i by ωᵢk, *whatever p is*. A turn is a matrix.
So one matrix, which attention has in W_Q and W_K, can find the place three back from everywhere.

Can it be learned? Half of 256 places are drawn, and one matrix learns to find for each the place
three back. Then it is asked for the other half. With a row of random numbers a place, it has
learned a list. With waves, it has learned a rule: it holds for places in between. (Not for places
beyond: next page.)

The slowest hand takes 2π·base^((D−2)/D) places to go round: less than 2π·10,000, as is often said.

## Tomorrow

Bring words and places to the same size before you add them: the first Transformer multiplied its
embeddings by √D. Want the model to find things by distance? Give it a code in which a shift is one
matrix.
"""

import math

import torch
from torch.nn.functional import cross_entropy

from dlplay import Float, Int, Scene, Try

PLACES, MOST = 256, 4000  # that are learned; that are compared
CODES = ("waves", "binary digits", "random rows")


class Sinusoids(Scene):
    covers = ("Positional Encoding (sinusoidal, learned)",)
    panels = {
        "never taught": "share of untaught places whose partner is found; higher is better",
        "clocks": "eight of the D/2 hands, fast to slow: at place p, and k places further on",
        "likeness": "dot product of two codes by how far apart they stand, over that with itself",
    }
    claims = {
        "waves_rule": "with waves, over 0.9 of the places never taught find the one three back",
        "waves_alone": "that is at least 0.6 more than with random rows, and with binary digits",
        "list_learned": "with random rows over 0.9 of the places that were taught find it",
        "near_is_alike": "at distance 10 the likeness is 0.6 to 0.75",
        "all_differ": "no two of 4,000 places have codes that are nearer than 0.8",
    }
    tries = (
        Try(
            "taught=25",
            "Only 25 places are taught, not 128. And the others, with waves?",
            ("found as well: it is one rule", "few are found", "half of them"),
            right=2,
            breaks=("waves_rule", "waves_alone"),
            keeps=("list_learned", "near_is_alike"),
            why="32 numbers a place: 25 places can be learned as a list even with waves. Only "
            "where there are more places than a list can hold, the rule is what is left.",
        ),
        Try(
            "base=100",
            "The slowest hand goes round in 470 places. Are 4,000 places still told apart?",
            ("barely", "no: the hands repeat", "yes, even better"),
            right=3,
            breaks="near_is_alike",
            keeps="all_differ",
            why="All hands together hardly ever repeat, and faster hands move neighbours further "
            "apart. What slow hands give is nearness over long distances.",
        ),
        Try(
            "width=4",
            "Two clocks are left. Do they tell 4,000 places apart?",
            ("yes: no two hands repeat together", "not all", "only up to six"),
            right=2,
            breaks="all_differ",
            why="Both hands must come back at once. With two that happens nearly; with every "
            "further hand it is rarer.",
        ),
    )
    quick = {"steps": 5}
    pace = 30

    place = Int(0, min=0, max=1000, live=True, help="p, whose hands are shown")
    shift = Int(10, min=0, max=300, live=True, help="k, places to the second hands")
    width = Int(32, min=4, max=512, step=2, help="D, numbers of a code")
    base = Float(1e4, min=2, max=1e6, log=True, help="of the speeds; greater makes hands slower")
    taught = Int(128, min=10, max=240, help="of 256 places, from how many the matrix learns")
    back = Int(3, min=1, max=30, help="how many places back it has to look")
    steps = Int(200, min=5, max=2000, log=True, help="steps of Adam, with all taught places")

    def run(self, stage):
        D, back = self.width, self.back
        speeds = self.base ** (-torch.arange(0, D, 2).double() / D)  # ω [D/2]

        def waves(p):
            """The codes of places p [...]: [..., D]; sines and cosines in turn."""
            angles = p[..., None] * speeds
            return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)

        every = waves(torch.arange(MOST).double())  # [MOST, D]
        digits = torch.arange(PLACES)[:, None] >> torch.arange(D) % 8 & 1  # [PLACES, D]
        # All three with numbers of mean square 1/2
        codes = torch.stack([every[:PLACES], digits * 2**0.5 - 0.5**0.5, random_rows(PLACES, D)])
        codes = codes.float().to(stage.device)  # [3, PLACES, D]
        order = back + torch.randperm(PLACES - back, device="cpu").to(stage.device)
        taught, others = order[: self.taught], order[self.taught :]

        W = torch.zeros(3, D, D, device=stage.device, requires_grad=True)
        adam = torch.optim.Adam([W], lr=0.03)

        def scores(p):
            """Of each code, how much each of these places looks at each place: [3, n, PLACES]."""
            return codes[:, p] @ W @ codes.transpose(1, 2)

        def found(p):
            return (scores(p).argmax(dim=2) == p - back).float().mean(dim=1)  # [3]

        likeness = every[:300] @ every[0] / (D / 2)  # [300]

        @stage.look(5)
        def look():
            p = self.place
            shares = found(others)
            stage.curve("never taught", dict(zip(CODES, shares, strict=True)))
            waves_share, _, rows_share = shares.tolist()
            stage.headline(
                f"places never taught: waves find {waves_share:.0%}, random rows {rows_share:.0%}"
            )
            shown = torch.linspace(0, D // 2 - 1, min(8, D // 2)).long()
            ends = torch.tensor([p, p + self.shift])[:, None] * speeds[shown]  # [2, clocks]
            stage.plane("clocks", **dials(ends))
            stage.plot("likeness", range(300), waves=likeness)

        stage.axes("never taught", y="share found")
        stage.axes("likeness", x="places apart", y="likeness", lines={"not alike": 0})
        for _ in stage.loop(self.steps):
            loss = sum(cross_entropy(s, taught - back) for s in scores(taught))
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe():
            waves_share, digits_share, rows_share = found(others)
            gaps = torch.cdist(every, every).fill_diagonal_(math.inf)
            stage.claim("waves_rule", waves_share, above=0.9)
            others_share = torch.maximum(digits_share, rows_share)
            stage.claim("waves_alone", waves_share - others_share, at_least=0.6)
            stage.claim("list_learned", found(taught)[2], above=0.9)
            stage.claim("near_is_alike", likeness[10], within=(0.6, 0.75))
            stage.claim("all_differ", gaps.min(), above=0.8)


def random_rows(places, width):
    """Independent normal numbers of mean square 1/2."""
    return torch.randn(places, width, device="cpu") / 2**0.5


def dials(ends):
    """Clocks in a row with two hands each, at the angles `ends` [2, clocks], 0 at the top."""
    clocks = ends.shape[1]
    middles = torch.stack([torch.arange(clocks) + 0.5, torch.full((clocks,), 0.5)], dim=1)

    def lines(points):  # [clocks, n, 2] -> one path with gaps between the clocks
        gaps = torch.full((clocks, 1, 2), torch.nan)
        return torch.cat([points, gaps], dim=1).flatten(0, 1)[:-1]

    def hand(angle, length=0.4):  # angle [clocks] or [n]
        return length * torch.stack([angle.sin(), angle.cos()], dim=1)

    rim = middles[:, None] + hand(torch.linspace(0, 2 * math.pi, 61).double(), 0.47)
    here, there = (torch.stack([middles, middles + hand(end)], dim=1) for end in ends)
    paths = {"dial": lines(rim), "k places on": lines(there), "place p": lines(here)}
    return {"x": (0, clocks), "y": (0, 1), "paths": paths, "x_label": "fast to slow"}
