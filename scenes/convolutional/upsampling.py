"""
# Where does the chessboard come from?

A net that answers with an image has to enlarge small maps, and enlarged images often wear a fine
chessboard. Who draws it?

To enlarge is to invent pixels. You can copy each one into a block. You can put it on a **nail**,
with zeros around it. Or you let the layer learn it: in a **transposed convolution** every input
pixel x *writes* the whole filter k, times itself, into the output y, S pixels (the stride) after
its neighbour:

    y(Sh + i, Sw + j)
      += x(h, w) · k(i, j)

h and w are the pixel's row and column, i and j run over the K×K filter. Where writes overlap they
are summed, never averaged.

Now let x be flat, the same everywhere. An output pixel sums only those weights that land on it, and
which these are depends on where it lies in its S×S block. So the S·S places of a block have weights
of their own, and the chessboard is what their sums disagree about.

You may read that it is enough if S divides K. Then each place gets equally *many* writes. That is
flat as long as all weights are equal. Random weights have different sums all the same.

*Resize first* copies each pixel, then slides one 3×3 filter over the copies. All places use the
same weights, so nothing can disagree. A filter that slides over nails, though, is a transposed
convolution again.

Learning on photos takes the chessboard away, if the loss can see it.

The layer is named after its matrix, the transpose of a convolution's. The inverse it is not.

## Tomorrow

Resize, then convolve; or at least let S divide K. If you find a chessboard in a trained net's
images, ask whether its loss could see single pixels: a judge that strides or averages first is
blind to it.
"""

import torch
from torch.nn.functional import pad

from dlplay import Choice, File, Int, Scene, Try
from dlplay.data import image, images

N, STARTS = 48, 8  # pixels of a side of a photo, random starts
LAYERS = ("transposed", "resize first")


class Upsampling(Scene):
    covers = ("Up-sampling (unpooling, transposed convolution)",)
    panels = {
        "enlarged": "above: flat grey, which should come out flat; below: a photo",
        "chessboard": "share of the flat image that is pattern, median of 8; lower is better",
        "writes": "nine pixels of 1, one after another, write the filter into the output",
        "filter size": "the chessboard before training; 0 is flat",
    }
    claims = {
        "for_every_size": "before training the pattern is over 0.6, for each K from 2 to 6",
        "resize_first": "resize first starts with a pattern below 0.001, from such weights as well",
        "learned_away": "after 200 steps on photos the transposed one's pattern is below 0.03",
        "no_copy": "its error on a photo that it never saw is below 0.95 of a plain copy's",
    }
    tries = (
        Try(
            "kernel=4",
            "The stride 2 divides the filter's size now. How does the layer start?",
            ("flat", "with a faint chessboard", "with as strong a chessboard"),
            right=3,
            keeps=("for_every_size", "learned_away"),
            why="Each output pixel now sums four weights. But there are still four kinds of "
            "pixels, with four different weights each.",
        ),
        Try(
            "start=equal",
            "All weights start equal instead of random. Which sizes K start without a chessboard?",
            ("all", "2, 4 and 6", "none"),
            right=2,
            breaks="for_every_size",
            keeps="learned_away",
            why="With equal weights only the number of writes counts: for K = 3 it is 1, 2 or 4, "
            "for even K the same everywhere.",
        ),
        Try(
            "enlarge=nails",
            "Resize first puts each pixel on a nail, zeros around it, then filters. Chessboard?",
            ("yes", "no, one filter serves all places", "only at the border"),
            right=1,
            breaks="resize_first",
            why="Which of the nine weights meets the nail depends on the place in the block. It "
            "is a transposed convolution in other words.",
        ),
        Try(
            "compares='block means'",
            "The loss compares only the means of 2×2 blocks. What becomes of the chessboard?",
            ("it goes away as before", "it goes away more slowly", "much of it stays"),
            right=3,
            breaks=("learned_away", "no_copy"),
            why="The four sums of a block need only be right on average. The loss cannot see how "
            "they differ, so no gradient evens them out.",
        ),
        Try(
            "kernel=2",
            "With K = 2 nothing overlaps. What does the layer learn on photos?",
            ("to copy each pixel", "to blend with the neighbours", "to sharpen edges"),
            right=1,
            breaks="no_copy",
            keeps="learned_away",
            why="Each output pixel sees one input pixel. The best guess for all four is its value.",
        ),
    )
    quick = {"steps": 10}
    pace = 10

    kernel = Int(3, min=2, max=6, help="K, side of the transposed filter")
    stride = Int(2, min=2, max=4, help="S, how many times larger the output is")
    start = Choice("random", ("random", "equal"), help="weights at the start")
    enlarge = Choice("copies", ("copies", "nails"), help="how `resize first` resizes")
    compares = Choice("pixels", ("pixels", "block means"), live=True, help="what the loss compares")
    photo = File("camera", kind="image", help="the photo that is enlarged")
    steps = Int(200, min=10, max=2000, log=True, help="steps of Adam at rate 0.05")

    def run(self, stage):
        S, K = self.stride, self.kernel
        x = image(self.photo, size=N, grey=True, device=stage.device)  # [1, N, N]
        photos, names = images("photos", size=N, grey=True, device=stage.device)
        photos = photos[[n for n, name in enumerate(names) if name != self.photo], 0]
        flat = torch.ones(1, 24 // S, 24 // S, device=stage.device)

        def weights(starts, K):
            drawn = torch.randn(starts, K, K) / K
            drawn = drawn if self.start == "random" else torch.full_like(drawn, S / K**2)
            return drawn.to(stage.device)

        def transposed(x, k):
            """Every pixel of x writes the filter, S pixels apart: the middle of the canvas."""
            first = max(0, (k.shape[-1] - S) // 2)
            return written(x, k, S)[..., first:, first:][..., : S * len(x[0]), : S * len(x[0])]

        def resized(x, k):
            """Every pixel becomes a block of S×S, and the filter slides over the blocks."""
            block = torch.ones(1, S, S, device=stage.device)
            if self.enlarge == "nails":
                block = pad(block[:, :1, :1], (0, S - 1, 0, S - 1))
            return slid(written(x, block, S)[..., : S * len(x[0]), : S * len(x[0])], k)

        def halved(x):
            return x.unflatten(-1, (-1, S)).unflatten(-3, (-1, S)).mean(dim=(-3, -1))

        def error(seen):
            return (seen - x)[..., 4:-4, 4:-4].square().mean(dim=(1, 2)).median()

        k, ours = weights(STARTS, K).requires_grad_(), weights(STARTS, 3).requires_grad_()
        optimizer = torch.optim.Adam([k, ours], lr=0.05)
        sizes = [pattern(transposed(flat, weights(64, size))).median() for size in range(2, 7)]
        before = pattern(resized(flat, ours)).median().detach()
        stage.axes("chessboard", y="pattern / all", log="y")

        @stage.look(1)
        def writes():
            pixels = torch.ones(1, 9, device=stage.device)
            pixels[:, stage.step + 1 :] = 0
            h, w = divmod(min(stage.step, 8), 3)
            side = 2 * S + K
            stage.matrices(
                "writes",
                {
                    "input": pixels.reshape(3, 3),
                    "filter": k[0],
                    "output": written(pixels.reshape(1, 3, 3), k[:1], S)[0, :side, :side],
                },
                windows={
                    "input": {"pixel": (h, w, 1, 1)},
                    "output": {"writes here": (S * h, S * w, K, K)},
                },
            )

        @stage.look(5)
        def look():
            both = (transposed, k[:1]), (resized, ours[:1])
            # 16 pixels of a side of the flat one, each shown as 3×3
            grey = [f(flat, k)[:, 4:20, 4:20] / 2 for f, k in both]
            grey = [y.repeat_interleave(3, 1).repeat_interleave(3, 2) for y in grey]
            large = [f(halved(x), k) for f, k in both]
            shares = pattern(transposed(flat, k)).median(), pattern(resized(flat, ours)).median()
            stage.image("enlarged", torch.cat(grey + large), captions=LAYERS * 2, columns=2)
            stage.curve(
                "chessboard",
                {n: s.clamp(min=1e-4) for n, s in zip(LAYERS, shares, strict=True)},
            )
            stage.headline(
                f"of the flat image {shares[0]:.1%} is chessboard; resized first {shares[1]:.1%}"
            )
            stage.bars("filter size", [f"K = {n}" for n in range(2, 7)], {"transposed": sizes})

        for _ in stage.loop(self.steps):
            target = photos[torch.randint(len(photos), (1,))]  # [1, N, N]
            seen = halved if self.compares == "block means" else torch.clone
            loss = 0
            for large in (transposed(halved(target), k), resized(halved(target), ours)):
                loss = loss + (seen(large) - seen(target)).square().mean(dim=(1, 2)).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe():
            plain = halved(x).repeat_interleave(S, 1).repeat_interleave(S, 2)
            stage.claim("for_every_size", torch.stack(sizes).min(), above=0.6)
            stage.claim("resize_first", before, below=0.001)
            stage.claim("learned_away", pattern(transposed(flat, k)).median(), below=0.03)
            stage.claim("no_copy", error(transposed(halved(x), k)) / error(plain), below=0.95)


def written(x, k, stride):
    """A transposed convolution, uncropped: [1, n, n] and [R, K, K] -> [R, nS + K, nS + K]."""
    n, size = x.shape[-1], k.shape[-1]
    y = x.new_zeros(len(k), n * stride + size, n * stride + size)
    for i in range(size):
        for j in range(size):
            places = slice(i, i + n * stride, stride), slice(j, j + n * stride, stride)
            y[:, *places] += x * k[:, i, j, None, None]
    return y


def slid(x, k):
    """A convolution with 3×3 filters, border included: [1, N, N], [R, 3, 3] -> [R, N, N]."""
    n, x = x.shape[-1], pad(x, (1, 1, 1, 1))
    places = [(i, j) for i in range(3) for j in range(3)]
    return sum(x[:, i : i + n, j : j + n] * k[:, i, j, None, None] for i, j in places)


def pattern(y):
    """The share of a flat image's root mean square that is deviation from its mean: [R]."""
    y = y[:, 6:-6, 6:-6]
    return y.std(dim=(1, 2), correction=0) / y.square().mean(dim=(1, 2)).sqrt()
