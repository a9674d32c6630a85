"""
# Why shake while climbing?

You know the slope of log p at every place (its score s), and want points that lie as p has it. Let
1,000 walkers climb: x ← x + η s(x), with a small step η. Each climbs to the top of its own hill and
stays. Two points are left of a whole density. The top is where p is greatest, but hardly any data
lie there: they lie around it.

So give every step a push, normal noise ε of just the right size:

    x ← x + η s(x) + √(2η) ε

This is **Langevin's** walk. The slope pulls the walkers together, the noise drives them apart, and
where both balance they lie as p does. In a round heap of spread S the slope is −x/S². The squared
spread v then obeys

    v = (1 − η/S²)² v + 2η
    v = S² / (1 − η/2S²)

For small η that is S². Half of the noise, and the heap becomes half as wide; a long step, and it
becomes too wide.

That is right *within* a heap. How many walkers belong to each heap is another matter. Between the
heaps p is so small that nobody crosses, so each keeps those that were nearest at the start. In
theory the walk forgets its start; here it would take longer than you will wait. Move the heaps
together, and the shares come right: the gap was the obstacle, not the slope.

## Tomorrow

Check a sampler on a density that you know: first the spread within a heap, then the shares of the
heaps, from different starts. If the shares depend on the start, more steps will not save you.
"""

import math

import torch

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import two_heaps
from dlplay.nn import grid

VIEW = (-4.0, 4.0)


class Langevin(Scene):
    covers = ("Sampling from a Score-Based Model (Langevin)",)
    panels = {
        "walkers": "250 of each, on the density; those that only climb end in two points",
        "spread": "of walkers around their heap's centre; at the line it is right",
        "share": "of walkers in the small heap; 0.2 is right",
    }
    claims = {
        "spread": "Langevin's walkers have a spread of 0.46 to 0.57 in their heaps; true: 0.5",
        "tops": "those that only climb end within 0.01 of a top",
        "stuck": "from even starts, over 0.38 of Langevin's walkers sit in the heap of 0.2",
        "gap": "with heaps half as far apart, 0.13 to 0.27 do: right",
    }
    tries = (
        Try(
            "shake=0",
            "Langevin's noise is left out. Where do its 1,000 walkers end?",
            ("spread over both heaps", "all at the higher top", "at the two tops"),
            right=3,
            breaks="spread",
            keeps="stuck",
            why="Without noise nothing drives walkers apart. Each goes up its own hill, and no "
            "path leads down again to the other.",
        ),
        Try(
            "shake=2",
            "Twice the noise in every step. How wide are the heaps then?",
            ("√2 times as wide", "twice as wide", "four times as wide"),
            right=2,
            breaks="spread",
            why="Pull and push balance where the spread has grown in proportion to the noise. You "
            "sample p to the power of ¼: the heaps of a higher temperature.",
        ),
        Try(
            "eta=0.2",
            "Ten times the step, with its noise √(2η). How wide are the heaps?",
            ("the same, it is only faster", "wider", "narrower"),
            right=2,
            breaks="spread",
            keeps="stuck",
            why="A long step overshoots the centre, and brings much noise at once, which is pulled "
            "back only in the next step. The rule is exact for small steps alone.",
        ),
        Try(
            'start="big heap"',
            "All walkers start in the big heap. How many are in the small one after 2,000 steps?",
            ("none", "a tenth", "a fifth, as it should be"),
            right=1,
            breaks="stuck",
            keeps="spread",
            why="Nobody crosses the gap. The shares are those of the start, whatever the density.",
        ),
        Try(
            "apart=1.2",
            "The heaps come nearer, to ±1.2. What becomes of the share of Langevin's walkers?",
            ("it stays where it began", "it sinks slowly", "it is right at once"),
            right=2,
            breaks="stuck",
            keeps="spread",
            why="A few walkers cross in each hundred steps, more of them out of the heap that has "
            "too many. How long it takes grows exponentially with the depth of the gap.",
        ),
    )
    quick = {"steps": 20}
    pace = 100

    shake = Float(1, min=0, max=3, live=True, help="the noise, times √(2η)")
    eta = Float(0.02, min=1e-3, max=0.3, log=True, live=True, help="η, the step size")
    apart = Float(2, min=0.5, max=3, help="the heaps' centres are at ± this, in both coordinates")
    start = Choice("even", ("even", "big heap"), help="where walkers start: all over, or there")
    steps = Int(2000, min=20, max=10_000, log=True, help="steps of all walkers")

    def run(self, stage):
        far = two_heaps(self.apart).to(stage.device)
        near = two_heaps(self.apart / 2).to(stage.device)

        def starts(heaps):
            """Where 1,000 walkers begin: [1000, 2]."""
            even = 8 * torch.rand(1000, 2) - 4
            around = heaps.centres[:1].cpu() + heaps.spread * torch.randn(1000, 2)
            return (even if self.start == "even" else around).to(stage.device)

        climbers = walkers = starts(far)
        neighbours = starts(near)  # walkers on the heaps that are half as far apart

        def step(x, heaps, shake):
            ε = torch.randn(1000, 2).to(stage.device)
            return x + self.eta * heaps.slope(x) + shake * math.sqrt(2 * self.eta) * ε

        def spread(x, heaps):
            """How far walkers lie from the centre of the heap that is nearest, along one axis."""
            return (x - heaps.centres[heaps.nearest(x)]).square().mean().sqrt()

        def share(x, heaps):
            return (heaps.nearest(x) == 1).float().mean()

        places = grid(VIEW, VIEW, 48, stage.device).reshape(-1, 2)

        @stage.look(5)
        def look():
            p = far.log_density(places).exp().sqrt().reshape(48, 48)
            points = {"Langevin": walkers[:250], "climbing": climbers[:250]}
            stage.plane("walkers", x=VIEW, y=VIEW, field=p, points=points)
            wide, narrow = spread(walkers, far), spread(climbers, far)
            apart, close = share(walkers, far), share(neighbours, near)
            stage.curve("spread", {"Langevin": wide, "climbing": narrow})
            stage.curve("share", {"Langevin": apart, "heaps half as far": close})
            stage.headline(
                f"spread {wide:.2f} (true 0.50), climbing {narrow:.2f}; in the small heap "
                f"{apart:.2f} (true 0.20)"
            )

        stage.axes("spread", x="step", y="standard deviation", lines={"true": 0.5})
        stage.axes("share", x="step", y="share of walkers", lines={"true": 0.2})
        for _ in stage.loop(self.steps):
            walkers = step(walkers, far, self.shake)
            neighbours = step(neighbours, near, self.shake)
            climbers = step(climbers, far, 0)

        with stage.probe():
            stage.claim("spread", spread(walkers, far), within=(0.46, 0.57))
            stage.claim("tops", spread(climbers, far), below=0.01)
            stage.claim("stuck", share(walkers, far), above=0.38)
            stage.claim("gap", share(neighbours, near), within=(0.13, 0.27))
