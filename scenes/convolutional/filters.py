"""
# Filters: picked by hand, and learned

A **filter** (kernel) is a small grid of weights. Slide it over an image, at every place multiply
what lies under it with the weights, and add up: the answers form a **feature map**.

    map(h, w) = Σᵢⱼ k(i, j) · x(h + i, w + j)

*photo* and *feature map* let you do this to a photograph. *vertical* answers where dark turns into
bright from left to right, negatively where bright turns into dark, and not at all to flat areas, as
its weights add up to 0. *blur* and *sharpen* add up to 1 and keep flat areas as they are. A unit of
a network adds a bias and a ReLU, which cuts the negative half away.

**This is not a convolution.** What deep learning calls convolution is *cross-correlation*: nothing
is flipped. A true convolution turns the filter by 180° first (`operation=convolution`), which
makes it commute: x over k is k over x. Correlation has no such symmetry. Networks do not care,
a learned filter simply comes out the other way round, and for a symmetric filter like *blur* both
are one.

**"A filter answers most to what looks like itself"** holds among patches of equal length only. The
answer is a dot product and grows with brightness: a plain white patch excites *blur* more (1.0)
than blur's own pattern does (0.5625). Filters that add up to 0 do not have that weakness.

**Size.** N pixels, filter K, padding P, stride S give ⌊(N + 2P − K) / S⌋ + 1. You may read that a
stride which does not divide cannot be used. It can: every framework rounds down, and what is lost
are pixels that no window ever reads. Of 7×7 pixels under a 3×3 filter at stride 3 these are 13 of
49. One ring of padding brings them back.

**Padding** is not neutral. Zeros make every border darker: blur a constant picture, and its edges
fall to 12/16, its corners to 9/16. So a network can tell where the border is, which a sliding
window alone cannot. Reflecting the image at the border avoids the dip.

**Learned filters.** Nobody has to draw filters. Eight filters of 7×7 start as noise, and a network
of just these, a ReLU, the maximum of every map and one linear layer learns to tell the four angles
of noisy bars. The filters become smooth and *oriented*. How oriented is the selectivity: 0 for a
filter whose Fourier power points in all directions alike, 1 for a single direction.

Is that the data's doing or the task's? Shuffle the labels: the same bars go in, and the filters
stay as shapeless as they were. And a warning about a popular picture: the patches that excite a
filter most look like it, here with a cosine of 0.9, but some of that is selection. Filters that
have learned nothing reach 0.6, with what they picked.

Filters like these are the first layer's. On photographs, which need more than this little task,
the first layers of large networks also find pairs of opposing colours. Deeper layers combine them.

## Watch

- *feature map*: the answer to the photo, mid-grey for 0, and the same after a ReLU.
- *reads per pixel*: how many windows read each pixel of a 7×7 image.
- *filters*: the eight learned filters, mid-grey for 0.
- *selectivity*: every filter's, at the start and now.

## Try

- `kernel=learned`: the eight filters look at the photo, as they learn.
- `kernel=blur`: now the white patch wins.
- `stride=3`: pixels that nobody reads; `stride=3 border=zeros`: none.
- `border=reflect`: no dark rim. `operation=convolution`: the vertical edges change their sign.
- `labels=shuffled`: nothing to learn, no oriented filters.
- `noise=3`: the bars drown, and with them smoothness and accuracy.
"""

import math

import torch
from torch import nn
from torch.nn.functional import conv2d, cosine_similarity, cross_entropy, pad

from dlplay import Choice, File, Float, Int, Scene, claim
from dlplay.data import bars, image

KERNELS = {
    "vertical": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "horizontal": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "edges": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "blur": [[1 / 16, 2 / 16, 1 / 16], [2 / 16, 4 / 16, 2 / 16], [1 / 16, 2 / 16, 1 / 16]],
}
FILTERS = 8
K = 7  # the side of a learned filter


class Detector(nn.Module):
    """Eight filters, ReLU, the maximum of every map, four logits: 436 parameters."""

    def __init__(self):
        super().__init__()
        self.filters = nn.Conv2d(1, FILTERS, K)
        self.relu = nn.ReLU()
        self.readout = nn.Linear(FILTERS, 4)

    def forward(self, x):
        maps = self.relu(self.filters(x))  # [N, 8, 14, 14]
        return self.readout(maps.amax(dim=(2, 3)))  # [N, 4]


def extend(x, border):
    """One ring of pixels more, or none: x [N, 1, H, W]."""
    modes = {"zeros": "constant", "reflect": "reflect", "circular": "circular"}
    return x if border == "none" else pad(x, (1, 1, 1, 1), mode=modes[border])


def slide(x, k, operation, stride=1):
    """The sliding window, step by step: x [N, 1, H, W], k [K, K] -> [N, 1, H', W']."""
    if operation == "convolution":
        k = k.flip(0, 1)
    windows = x.unfold(2, len(k), stride).unfold(3, len(k), stride)  # [N, 1, H', W', K, K]
    return (windows * k).sum(dim=(4, 5))


def selectivity(filters):
    """How one-sided the directions of a filter's Fourier power are: [F, 1, K, K] -> [F]."""
    power = torch.fft.fft2(filters[:, 0].cpu(), s=(32, 32)).abs() ** 2  # [F, 32, 32]
    frequency = torch.fft.fftfreq(32)
    down, right = torch.meshgrid(frequency, frequency, indexing="ij")
    radius, angle = torch.hypot(down, right), torch.atan2(down, right)
    power = power * ((radius > 0) & (radius < 0.5))
    # An angle and its opposite are one orientation, so angles count twice.
    x, y = (power * torch.cos(2 * angle)).sum((1, 2)), (power * torch.sin(2 * angle)).sum((1, 2))
    return torch.hypot(x, y) / power.sum((1, 2))


def smoothness(filters):
    """The correlation of weights that are neighbours: 0 for noise, near 1 for smooth filters."""
    left, right = filters[..., :-1].flatten(), filters[..., 1:].flatten()
    above, below = filters[..., :-1, :].flatten(), filters[..., 1:, :].flatten()
    pairs = torch.stack([torch.cat([left, above]), torch.cat([right, below])])
    return torch.corrcoef(pairs)[0, 1]


def favourites(filters, x):
    """The mean of the 50 patches of x that excite each filter most: [F, 1, K, K]."""
    answers = conv2d(x, filters)  # [N, F, 14, 14]
    windows = x.unfold(2, K, 1).unfold(3, K, 1).reshape(-1, K, K)  # [N·14·14, K, K]
    best = answers.transpose(0, 1).flatten(1).topk(50).indices  # [F, 50]
    return windows[best].mean(dim=1, keepdim=True)


class Filters(Scene):
    covers = {
        "Filters as Feature Detectors": ("photo", "feature map", "likes_itself"),
        "Convolution and Cross-Correlation": (
            "feature map",
            "conv2d_correlates",
            "does_not_commute",
        ),
        "Padding": ("feature map", "dark_edge", "dark_corner"),
        "Strided Convolutions": ("reads per pixel", "unread"),
        "On the Applicability of Stride": ("reads per pixel", "unread"),
        "What Do Convolutional Filters Learn?": (
            "filters",
            "selectivity",
            "loss",
            "oriented",
            "most_oriented",
            "smooth",
            "favourite",
            "accurate",
        ),
    }
    panels = ("photo", "feature map", "reads per pixel", "filters", "selectivity", "loss")
    quick = {"steps": 40}

    photo = File("camera", kind="image", live=True, help="the picture to filter")
    kernel = Choice(
        "vertical",
        ("vertical", "horizontal", "edges", "sharpen", "blur", "learned"),
        live=True,
        help="the filter for the photo",
    )
    operation = Choice(
        "correlation",
        ("correlation", "convolution"),
        live=True,
        help="convolution turns the filter by 180° first",
    )
    border = Choice(
        "none",
        ("none", "zeros", "reflect", "circular"),
        live=True,
        help="what a ring of padding is filled with",
    )
    stride = Int(1, min=1, max=4, live=True, help="pixels from one window to the next")
    noise = Float(0.25, min=0, max=3, step=0.05, live=True, help="noise on the bars")
    labels = Choice("true", ("true", "shuffled"), live=True, help="shuffled: nothing to learn")
    steps = Int(2000, min=5, max=10000, help="training steps on the bars")

    def run(self, stage):
        net = Detector().to(stage.device)
        stage.watch(net)
        optimizer = torch.optim.Adam(net.parameters(), lr=0.003, weight_decay=0.005, fused=True)
        before = net.filters.weight.detach().clone()
        stage.axes("loss", y="cross-entropy", lines={"guessing": math.log(4)})

        for _ in stage.loop(self.steps):
            x, y = self.batch(stage, 64)
            loss = cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            stage.curve("loss", train=loss)
            turned = stage.changed("photo", "kernel", "operation", "border", "stride")
            if turned or stage.every(50):
                with stage.probe(net):
                    self.show_filters(stage, net.filters.weight, before)
                    self.show_photo(stage, net.filters.weight)
                    self.report_exact(stage, net.filters.weight)

        with stage.probe(net):
            x, y = self.batch(stage, 1000)
            filters = net.filters.weight
            patches = favourites(filters, x[:256])
            stage.measure(
                accuracy=(net(x).argmax(dim=1) == y).float().mean(),
                selectivity_before=selectivity(before).mean(),
                selectivity_after=selectivity(filters).mean(),
                oriented_share=(selectivity(filters) > 0.5).float().mean(),
                smoothness_gained=smoothness(filters) - smoothness(before),
                favourite_cosine=cosine_similarity(filters.flatten(1), patches.flatten(1)).mean(),
            )

    def batch(self, stage, count):
        x, y = bars(count, noise=self.noise)  # [count, 1, 20, 20], [count]
        if self.labels == "shuffled":
            y = y[torch.randperm(count)]
        return x.to(stage.device), y.to(stage.device)

    def show_photo(self, stage, learned):
        x = image(self.photo, grey=True)[None].to(stage.device)  # [1, 1, 128, 128]
        name = self.photo.rstrip("/").split("/")[-1]
        stage.image("photo", x[0], captions=[f"{name}, {x.shape[-1]}×{x.shape[-1]}"])
        if self.kernel == "learned":
            kernels = list(learned[:, 0])
        else:
            kernels = [torch.tensor(KERNELS[self.kernel], device=stage.device)]
        wide = extend(x, self.border)
        maps = torch.cat([slide(wide, k, self.operation, self.stride) for k in kernels])
        captions = [f"filter {i + 1}" for i in range(len(kernels))]
        if self.kernel != "learned":
            maps = torch.cat([maps, maps.relu()])
            captions = [f"{maps.shape[-1]}×{maps.shape[-1]}", "after ReLU"]
        reach = maps.abs().amax()
        low = 0.0 if self.kernel in ("blur", "sharpen") else -reach  # else mid-grey is 0
        stage.image("feature map", maps, captions=captions, low=low, high=reach)
        reads = self.reads(stage, self.stride).cpu()
        stage.heatmap("reads per pixel", reads, low=0.0, high=9.0, x="column", y="row")

    def show_filters(self, stage, filters, before):
        reach = filters.abs().amax(dim=(1, 2, 3), keepdim=True)
        names = [f"{i + 1}" for i in range(FILTERS)]
        stage.image("filters", filters / reach, captions=names, low=-1.0, high=1.0)  # grey: 0
        both = {"start": selectivity(before), "now": selectivity(filters)}
        stage.bars("selectivity", names, both)

    def reads(self, stage, stride):
        """How often each pixel of a 7×7 image is read, by the gradient: [7, 7]."""
        with torch.enable_grad():
            x = torch.zeros(1, 1, 7, 7, device=stage.device, requires_grad=True)
            ones = torch.ones(3, 3, device=stage.device)
            total = slide(extend(x, self.border), ones, self.operation, stride).sum()
            return torch.autograd.grad(total, x)[0][0, 0]

    def report_exact(self, stage, learned):
        """The measures that need no training."""
        draw = torch.Generator().manual_seed(stage.seed)
        x, k = torch.randn(1, 1, 9, 9, generator=draw), torch.randn(3, 3, generator=draw)
        a, b = torch.randn(2, 5, 5, generator=draw)
        a_over_b = slide(pad(b[None, None], (4, 4, 4, 4)), a, self.operation)
        b_over_a = slide(pad(a[None, None], (4, 4, 4, 4)), b, self.operation)
        border = "zeros" if self.border == "none" else self.border
        flat = extend(torch.ones(1, 1, 9, 9), border)
        blurred = slide(flat, torch.tensor(KERNELS["blur"]), self.operation)[0, 0]
        unread = (self.reads(stage, stride=3) == 0).sum()
        if self.kernel == "learned":
            chosen = learned[0, 0]
        else:
            chosen = torch.tensor(KERNELS[self.kernel], dtype=torch.float32)
        pattern = chosen / chosen.abs().max()  # the filter itself as a patch, at most 1
        stage.measure(
            conv2d_difference=(slide(x, k, self.operation) - conv2d(x, k[None, None])).abs().max(),
            swap_difference=(a_over_b - b_over_a).abs().max(),
            unread_pixels=unread,
            blurred_edge=blurred[0, 4],
            blurred_corner=blurred[0, 0],
            own_answer=(chosen * pattern).sum(),
            white_answer=chosen.sum(),
        )

    @claim(
        "PyTorch's conv2d is the chosen operation, to 1e-5: what it computes is a correlation",
        breaks={"operation": "convolution", "steps": 5},
    )
    def conv2d_correlates(self, measured):
        return measured.conv2d_difference < 1e-5

    @claim(
        "the chosen operation does not commute: image and filter swapped give another map",
        breaks={"operation": "convolution", "steps": 5},
    )
    def does_not_commute(self, measured):
        return measured.swap_difference > 0.1

    @claim(
        "of 7×7 pixels, a 3×3 filter at stride 3 with the chosen border leaves exactly 13 unread",
        breaks={"border": "zeros", "steps": 5},
    )
    def unread(self, measured):
        return measured.unread_pixels == 13

    @claim(
        "with the chosen padding (or zeros) a constant picture, blurred, falls to 3/4 at its edges",
        breaks={"border": "reflect", "steps": 5},
    )
    def dark_edge(self, measured):
        return measured.blurred_edge.between(0.749999, 0.750001)

    @claim(
        "and to 9/16 in its corners",
        breaks={"border": "circular", "steps": 5},
    )
    def dark_corner(self, measured):
        return measured.blurred_corner.between(0.562499, 0.562501)

    @claim(
        "the chosen filter answers its own pattern more strongly than a white patch",
        breaks={"kernel": "blur", "steps": 5},
    )
    def likes_itself(self, measured):
        return measured.own_answer - measured.white_answer > 0

    @claim(
        "learning orients the filters: their mean selectivity rises by 0.25 or more",
        breaks={"labels": "shuffled", "steps": 300},
    )
    def oriented(self, measured):
        return measured.selectivity_after - measured.selectivity_before >= 0.25

    @claim(
        "at least half of the learned filters have a selectivity above 0.5",
        breaks={"labels": "shuffled", "steps": 300},
    )
    def most_oriented(self, measured):
        return measured.oriented_share >= 0.5

    @claim(
        "learning makes filters smooth: neighbouring weights' correlation rises by 0.4 or more",
        breaks={"noise": 3.0, "steps": 300},
    )
    def smooth(self, measured):
        return measured.smoothness_gained >= 0.4

    @claim(
        "the mean of the 50 most exciting patches resembles its filter: cosine 0.8 or more",
        breaks={"labels": "shuffled", "steps": 300},
    )
    def favourite(self, measured):
        return measured.favourite_cosine >= 0.8

    @claim(
        "the network tells the four angles apart: accuracy 0.95 or more",
        breaks={"noise": 3.0, "steps": 300},
    )
    def accurate(self, measured):
        return measured.accuracy >= 0.95
