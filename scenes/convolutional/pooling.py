"""
# What does pooling make of a shift?

Move a digit by one pixel, and it is the same digit. What does the next layer see of the move?

The same filter is used at every place, so the feature map moves along, unchanged. That is
**equivariant**: the answer moves with the question. But *flatten* the map, which gives each place a
weight of its own: there nearly every number is another one. **Invariant** means no change at all. A
*global max*, the largest answer of a whole map, is that. It has forgotten all places.

A **pool** goes part of this way. It looks at small windows, keeps one number of each, the maximum
or the mean, and goes on by S pixels, the *stride*. Each map is pooled by itself, without weights.
Let the pooled map move along as well as it can. What is left is its
**change**,

    ‖after − before‖ / ‖before‖

*before* and *after* are all its numbers, ‖ ‖ the root of the sum of their squares.

With S = 2 a shift of 2 pixels moves the pooled map by one place, and nothing changes. A shift of 1
should move it by half a place, which it cannot. So its numbers change. With a stride alone, each
second number kept, the shift brings up the other half of the numbers, which nobody saw before. A
2×2 window softens this, whether by mean or by maximum. Windows that *overlap* soften it more.

You will hear that pooling makes a net ignore small shifts. It only makes them matter less. What a
pool keeps is what there was and about where. What it loses is the place within its window. And a
global max is invariant only if no stride came before it.

## Tomorrow

Do not expect invariance of a 2×2 pool. Where a shift must not matter, overlap or blur the windows
and end with a global pool. Then move your test pictures by one pixel and compare.
"""

import torch
from torch.nn.functional import conv2d, pad

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import images

WAYS = ("stride only", "mean", "max", "overlapping max", "blur", "max, blur")
MAPS = ("its map", "pooled", "before, moved along", "difference")
EDGES = torch.tensor([[[-1.0, 0, 1]] * 3, [[-1.0] * 3, [0.0] * 3, [1.0] * 3]])  # [2, 3, 3]
W, FAR = 36, 8  # width of the canvas, a ring; the longest way


class Pooling(Scene):
    covers = ("Pooling Layer",)
    panels = {
        "one digit": "its map, pooled, beside what was pooled before the move; bright: they differ",
        "by shift": "change for the next layer, 100 digits together; 0: it notices nothing",
        "by way": "change at the shown shift for each way to pool; lower is calmer",
    }
    claims = {
        "softer": "at a shift of 1, max 2×2 changes less than 0.8 of what a stride alone does",
        "not_nothing": "yet it changes by 0.5 or more of the pooled map's own size",
        "overlap": "maxima of windows 3×3, which overlap, change less, by 0.07 or more",
        "max_or_mean": "mean 2×2 changes more than max 2×2, but only by 0.02 to 0.1",
        "flattened": "the map itself, compared place by place, changes by 0.7 or more",
        "after_a_stride": "behind a bare stride even the global max changes by 0.15 or more",
    }
    tries = (
        Try(
            "shift=2",
            "The digit has moved by 2 pixels, the stride is 2. How much do the pooled maps change?",
            ("more than at 1", "as much as at 1", "not at all, they only move along"),
            right=3,
            breaks=("softer", "not_nothing", "overlap", "max_or_mean", "after_a_stride"),
            keeps="flattened",
            why="Two pixels are exactly one place of the pooled map. So the change goes up and "
            "down with the shift, like the teeth of a saw.",
        ),
        Try(
            "enlarge=2",
            "The digits are twice as large. How much does the move of one pixel change max 2×2?",
            ("as much as before", "less, a third or so", "nothing"),
            right=2,
            breaks=("not_nothing", "flattened"),
            why="A pixel is half as far now, measured by the strokes. The smoother a map, the less "
            "its numbers differ from their neighbours.",
        ),
        Try(
            "stride=3",
            "Windows and stride are 3 now. At which shifts does nothing change?",
            ("at 2, 4, 6 and 8", "at 3 and 6", "at none"),
            right=2,
            keeps="flattened",
            why="A whole place of the pooled map is as many pixels as the stride.",
        ),
    )
    quick = {"steps": 3}
    pace = 2

    way = Choice("max", WAYS, live=True, help="how the map that is shown is pooled")
    shift = Int(1, min=0, max=8, live=True, help="pixels to the right, once the walk is over")
    stride = Int(2, min=2, max=4, live=True, help="S, and the side of a window")
    noise = Float(0.0, min=0, max=0.5, step=0.05, live=True, help="noise on every pixel, moved too")
    enlarge = Int(1, min=1, max=2, help="how many times larger the digits are")
    steps = Int(10, min=2, max=10, help="steps of the walk, a pixel each")

    def run(self, stage):
        side = 8 * self.enlarge
        x, _ = images("digits", size=side, grey=True, device=stage.device)
        x = x[torch.randperm(len(x))[:100]]  # [100, 1, side, side]
        x = pad(x, (2, W - side - 2, 2, 2))  # [100, 1, side + 4, W]
        starts = torch.randint(12, (100,)).tolist()  # each digit begins at a place of its own
        x = torch.stack([one.roll(start, dims=2) for one, start in zip(x, starts, strict=True)])
        grain = torch.randn(x.shape).to(stage.device)
        edges = EDGES[:, None].to(stage.device)  # [2, 1, 3, 3]

        def moved(shift):
            return (x + self.noise * grain).roll(shift, dims=3)

        def maps(shift):
            """What two edge filters and ReLU make of the moved digits: [100, 2, side + 4, W]."""
            return conv2d(pad(moved(shift), (1, 1, 1, 1), mode="circular"), edges).relu()

        def pair(shift, way):
            """Pooled before the shift, moved along as well as it can; and pooled after it."""
            before, after = pooled(maps(0), way, self.stride), pooled(maps(shift), way, self.stride)
            down, up = shift // self.stride, -(-shift // self.stride)  # whole places
            along = before.roll(down, dims=3), before.roll(up, dims=3)
            return min(along, key=lambda a: change(a, after)), after

        def by_shift(shift):
            """The change of the flattened map, of two ways to pool, of the global max."""
            whole = maps(0), maps(shift)
            return {
                "flattened": change(*whole),
                "stride only": change(*pair(shift, "stride only")),
                f"{self.way}, stride": change(*pair(shift, self.way)),
                "global max": change(*(m.amax(dim=(2, 3)) for m in whole)),
            }

        @stage.look(1)
        def look():
            walking = stage.step <= FAR
            shift = stage.step if walking else self.shift
            before, after = (m[0, 0] for m in pair(shift, self.way))
            shown = maps(shift)[0, 0]
            stage.matrices(
                "one digit",
                {
                    "moved digit": moved(shift)[0, 0],
                    "its map": shown,
                    "pooled": after,
                    "before, moved along": before,
                    "difference": (after - before).abs(),
                },
                scales=dict.fromkeys(MAPS, (0, float(shown.max()))),
                grey=("moved digit",),
            )
            shifts = range(shift + 1 if walking else FAR + 1)
            curves = [by_shift(s) for s in shifts]
            stage.axes("by shift", x="pixels to the right", y="change")
            stage.plot("by shift", shifts, {n: [c[n] for c in curves] for n in curves[0]})
            stage.bars("by way", WAYS, [change(*pair(shift, way)) for way in WAYS])
            whole, _, part, top = (f"{value:.2f}" for value in by_shift(shift).values())
            stage.headline(
                f"shift {shift} changes: map {whole}, {self.way} {part}, global max {top}"
            )

        for _ in stage.loop(self.steps):
            pass  # the digit moves on

        with stage.probe():
            at = {way: change(*pair(self.shift, way)) for way in WAYS}
            stage.claim("softer", (at["max"] + 1e-6) / (at["stride only"] + 1e-6), below=0.8)
            stage.claim("not_nothing", at["max"], at_least=0.5)
            stage.claim("overlap", at["max"] - at["overlapping max"], at_least=0.07)
            stage.claim("max_or_mean", at["mean"] - at["max"], within=(0.02, 0.1))
            stage.claim("flattened", by_shift(self.shift)["flattened"], at_least=0.7)
            left = (pooled(maps(s), "stride only", self.stride) for s in (0, self.shift))
            stage.claim(
                "after_a_stride", change(*(m.amax(dim=(2, 3)) for m in left)), at_least=0.15
            )


def pooled(maps, way, S):
    """Each S-th of the windows' numbers, both ways: [M, 2, H, W] -> [M, 2, H / S, W / S]."""
    if way in ("max", "max, blur"):
        maps = windows(maps, S).amax(dim=4)
    if way == "overlapping max":
        maps = windows(maps, S + 1).amax(dim=4)
    if way == "mean":
        maps = windows(maps, S).mean(dim=4)
    if way in ("blur", "max, blur"):
        bell = torch.tensor([1.0, 2, 1, 2, 4, 2, 1, 2, 1], device=maps.device) / 16
        maps = (windows(maps, 3) * bell).sum(dim=4)
    return maps[:, :, ::S, ::S]


def windows(maps, K):
    """The K×K numbers from each place on: [M, 2, H, W] -> [M, 2, H, W, K · K]."""
    ring = pad(maps, (0, K - 1, 0, K - 1), mode="circular")
    return ring.unfold(2, K, 1).unfold(3, K, 1).flatten(4)


def change(before, after):
    return ((after - before).norm() / before.norm()).item()
