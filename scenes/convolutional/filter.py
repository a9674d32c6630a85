"""
# What does a small filter answer to?

A net has no word for an edge. How does it find one with nothing but products and sums?

A **filter** (or kernel) is a small square of weights k. Lay it over the photo: that is the
**window**. Multiply each pixel by the weight above it, add up the products, move on by one pixel.
The sums make a new picture, the **feature map**:

    map(h, w) =
      Σᵢⱼ k(i, j) · x(h + i, w + j)

x is the photo, h and w are the window's row and column, i and j run over the filter. A unit of a
convolutional layer is this sum at one place, plus a **bias** b, with all below 0 cut off. So it is
on where the sum is above −b, its threshold. All its units share one filter.

The filter *vertical* has −1 at its left and 1 at its right. Where the photo is flat, the products
cancel. Where dark turns to bright from left to right the sum is large (orange), the other way round
it is as far below 0 (blue). The filter answers to what looks like itself.

But not to that alone. A sum of products is

    length of k · length of patch · c

The length of a patch, less its mean, is its *contrast*. The cosine c says how alike the two are:
1 is the same pattern, 0 nothing in common. A harsh edge that is not quite like the filter beats a
faint one that is. Bring each patch to mean 0 and length 1 first, and only likeness counts.

All this holds for weights that sum to 0. Otherwise the mean of the patch comes in as well: such a
filter answers to brightness.

## Tomorrow

Compare answers only after the patches were normalised, or use filters whose weights sum to 0. If a
detector is on everywhere, look at its bias before you look at its weights.
"""

from functools import cache

import torch

from dlplay import Choice, File, Float, Int, Scene, Text, Try
from dlplay.data import image

FILTERS = {
    "vertical": "-1 0 1 / -1 0 1 / -1 0 1",
    "horizontal": "-1 -1 -1 / 0 0 0 / 1 1 1",
    "edges": "-1 -1 -1 / -1 8 -1 / -1 -1 -1",
    "sharpen": "0 -1 0 / -1 5 -1 / 0 -1 0",
    "blur": ".06 .13 .06 / .13 .25 .13 / .06 .13 .06",
}
N = 64  # pixels of a side of the photo
photo = cache(image)  # a file is read once


class Filter(Scene):
    covers = ("Filters as Feature Detectors",)
    panels = {
        "window": "what is under the window, times the filter, summed: one pixel of the map",
        "favourites": "above: the largest answers, below: most like the filter; number: cosine",
        "answers": "how often each answer occurs; the unit is on where it is above −b",
    }
    claims = {
        "looks_like_it": "the 50 largest answers of vertical: mean cosine to the filter over 0.8",
        "contrast_decides": "of these 50 at most 30 are among the 50 with the highest cosine",
        "flat_is_silent": "the answer's correlation with the patch's brightness is within ±0.1",
        "rare": "at the threshold of 0.5 the detector is on at 0.5 % to 15 % of the places",
    }
    tries = (
        Try(
            "kernel=blur",
            "All weights of blur are above 0. Which patches excite it most?",
            ("soft round spots, like itself", "the brightest areas", "edges in any direction"),
            right=2,
            breaks=("looks_like_it", "flat_is_silent"),
            why="Its sum is a weighted brightness. The photo has patches that look like blur, but "
            "a plain white one gives more.",
        ),
        Try(
            "measure=normalised",
            "Each patch is brought to mean 0 and length 1 first. How many of the 50 favourites "
            "stay?",
            ("nearly all", "less than two thirds", "none"),
            right=2,
            breaks="contrast_decides",
            keeps="looks_like_it",
            why="Without contrast in the game the patch most like the filter wins, however faint.",
        ),
        Try(
            "bias=0",
            "The threshold falls to 0. At which share of the places is the detector on?",
            ("one in twenty, as before", "nearly half", "nearly all"),
            right=2,
            breaks="rare",
            keeps="looks_like_it",
            why="Noise and gentle shading have some direction too, and every second one is the "
            "filter's. A detector needs its threshold.",
        ),
        Try(
            "kernel=edges",
            "Eight in the middle, −1 around it. What does this filter like best?",
            ("single bright points", "long straight edges", "flat bright areas"),
            right=1,
            breaks="looks_like_it",
            why="It looks like one bright pixel on dark. Hardly any patch does, so even its "
            "favourites are only a little like it.",
        ),
    )
    quick = {"steps": 20}
    pace = 10

    photo = File("camera", kind="image", live=True, help="the picture to filter")
    kernel = Choice(
        "vertical",
        ("vertical", "horizontal", "edges", "sharpen", "blur", "own"),
        live=True,
        help="the filter's weights",
    )
    own = Text("1 2 1 / 0 0 0 / -1 -2 -1", live=True, help="weights of `own`, row by row")
    dilation = Int(1, min=1, max=4, live=True, help="pixels between the filter's weights, plus 1")
    measure = Choice("plain", ("plain", "normalised"), live=True, help="how patches are compared")
    bias = Float(-0.5, min=-3, max=0, live=True, help="b; the unit is on above −b")
    steps = Int(125, min=10, max=500, help="windows of the middle row, then whole rows")

    def run(self, stage):
        def answered():
            """All patches of the photo, the filter's answer to each, how alike they are."""
            x = photo(self.photo, size=N, grey=True, device=stage.device)[0]  # [N, N]
            k = weights(FILTERS.get(self.kernel, self.own)).to(stage.device)  # [K, K]
            seen = patches(x, len(k), self.dilation)  # [N', N', K, K]
            alike = (normalised(seen) * normalised(k)).sum(dim=(2, 3))  # [N', N'], the cosine
            answers = (seen * k).sum(dim=(2, 3)) if self.measure == "plain" else alike
            return x, k, seen, answers, alike

        @stage.look(1)
        def walk():
            x, k, seen, answers, _ = answered()
            side, reach = len(answers), self.dilation * (len(k) - 1) + 1
            # One window at a time along the middle row, then row by row, and on from the top
            done = min(stage.step + 1, side) + side * max(0, stage.step + 1 - side)
            first, place = side // 2 * side, torch.arange(side**2, device=x.device)
            known = answers.flatten().where((place - first) % side**2 < done, torch.nan)
            row, column = divmod((first + done - 1) % side**2, side)
            if done > side:  # of a whole row the place of the largest answer is shown
                column = int(answers[row].argmax())
            patch, total = seen[row, column], answers[row, column]
            if self.measure == "normalised":
                patch, k = normalised(patch), normalised(k)
            on = "above {:.2f}: on" if total > -self.bias else "not above {:.2f}: off"
            told = f"row {row}, column {column}: products sum to {total:.2f}, "
            empty = self.kernel == "own" and not k.any()
            wrong = "`own` is no filter: rows of numbers, as in 0 1 0 / 1 -4 1 / 0 1 0"
            stage.headline(wrong if empty else told + on.format(-self.bias))
            reached, heaviest = float(answers.abs().max()), float(k.abs().max())
            ends = dict.fromkeys(("feature map", "their sum"), (-reached, reached))
            ends |= {"× filter": (-heaviest, heaviest), "= products": (-heaviest, heaviest)}
            stage.matrices(
                "window",
                {
                    "photo": x,
                    "feature map": known.reshape(side, side),
                    "patch": patch,
                    "× filter": k,
                    "= products": patch * k,
                    "their sum": total[None, None],
                },
                windows={
                    "photo": {"window": (row, column, reach, reach)},
                    "feature map": {"its answer": (row, column, 1, 1)},
                },
                scales=ends | {"patch": (0, 1) if self.measure == "plain" else (-1, 1)},
                grey=("photo", "patch") if self.measure == "plain" else ("photo",),
            )

        @stage.look(25)
        def look():
            _, _, seen, answers, alike = answered()
            shown = torch.cat([answers.flatten().topk(6).indices, alike.flatten().topk(6).indices])
            named = [f"{c:.2f}" for c in alike.flatten()[shown].tolist()]
            stage.image("favourites", seen.flatten(0, 1)[shown], captions=named, columns=6)
            on = answers > -self.bias
            stage.histogram("answers", {"off": answers[~on], "on": answers[on]}, x="answer")

        for _ in stage.loop(self.steps):
            pass  # the window moves on

        with stage.probe():
            _, _, seen, answers, alike = answered()
            largest = answers.flatten().topk(50).indices
            both = torch.isin(largest, alike.flatten().topk(50).indices).sum()
            with_brightness = torch.stack([answers.flatten(), seen.mean(dim=(2, 3)).flatten()])
            stage.claim("looks_like_it", alike.flatten()[largest].mean(), above=0.8)
            stage.claim("contrast_decides", both, at_most=30)
            flat = torch.corrcoef(with_brightness)[0, 1]
            stage.claim("flat_is_silent", flat, within=(-0.1, 0.1))
            stage.claim("rare", (answers > -self.bias).float().mean(), within=(0.005, 0.15))


def weights(text):
    """A filter from its rows, with / between them: [K, K]; zero where that is no square."""
    try:
        rows = [[float(number) for number in row.split()] for row in text.split("/")]
    except ValueError:
        rows = []
    square = 1 <= len(rows) <= 7 and all(len(row) == len(rows) for row in rows)
    return torch.tensor(rows if square else [[0.0]])


def patches(x, k, dilation):
    """What lies under a K×K window at each place: [N, N] -> [N', N', K, K]."""
    side = len(x) - dilation * (k - 1)  # places along a side
    starts = range(0, k * dilation, dilation)
    shifted = [x[i : i + side, j : j + side] for i in starts for j in starts]
    return torch.stack(shifted, dim=2).reshape(side, side, k, k)


def normalised(a):
    """Mean 0 and length 1: [..., K, K]; what is flat becomes 0."""
    a = a - a.mean(dim=(-2, -1), keepdim=True)
    return a / a.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-6)
