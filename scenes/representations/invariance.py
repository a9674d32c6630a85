r"""
# The digit that drifts

A feature is *invariant* to a change if it stays the same under it. Where a digit stands on the
canvas is a nuisance when all we want is its name; so are light, size and slant. The recipe has two
steps: *embed* the input non-linearly in a space of more dimensions, where what differs comes apart,
then *pool* over what belongs together, here over all the places where a stroke may lie.

Five small nets learn to read digits that always stand in the middle of the canvas. Then the digit
drifts. The nets differ only in what they do about place:

- **dense**: each pixel has weights of its own. Nothing learned at one place helps at another.
- **flat**: two convolutions and poolings, and then a weight for each place of the last map.
- **strided**: its pooling keeps every second pixel, and a global maximum ends it.
- **max** and **mean**: their first pooling moves pixel by pixel (stride 1), and the last map is
  pooled over the whole canvas, by a maximum or by a mean.

Two words that are often used for one another. Write T for a shift of the picture:

$$ \text{equivariant: } f(Tx) = T f(x), \quad \text{invariant: } f(Tx) = f(x) $$

A *convolution* is equivariant: move the picture, and the map moves along. A *global pooling*
on top of it makes that invariant: max and mean do not care where a value stands. The nets have
no biases in their convolutions, so that the zeros beyond the border look like the black canvas, and
up to a shift of 2 the border is nowhere to be seen. At 3 and 4 it is: views of a stroke that lie
beyond the edge of the map are cut off.

**"Pooling gives invariance"** is true of global pooling, after layers that do not skip pixels;
after layers that do, only for shifts by multiples of their stride. A pooling with stride 2 keeps
one of four grids of pixels, and a digit that moves by one pixel falls on another grid: *aliasing*.
See the saw-tooth in *accuracy*: shift 1 hurts, shift 2 does not. Strides break the equivariance,
and no pooling afterwards can mend it. Blurring before pixels are skipped (`blur=on`) softens it,
and does not end it.

**"A convolutional net does not care about place"** is wrong as long as its last map is flattened:
two pixels leave it next to nothing, as they do the dense net.

**What does invariance cost?** Not accuracy. It is told that the global mean pools too much, and
indeed without normalisation it lags far behind after these steps. But a digit covers a quarter
of the canvas, so a mean over all of it varies little from digit to digit, and Adam takes long to
blow up small numbers. Give each feature mean 0 and variance 1 before the last layer, and the mean
is as good as the maximum. The information was there; it was only badly scaled. What is truly
gone is the *place*: a linear map reads it from the flattened features, and not from global ones.
That is the point of invariance, and the reason why detectors do not pool globally.

Similarity is the cosine between a digit's features here and in the middle, each feature's mean over
the digits taken off first. Without that, features that are all positive look alike for any two
digits, and 0.99 would mean nothing.

## Watch

- *features*: a row for each shift. Columns that run straight down are invariant. Look at one net
  after another.
- *accuracy*: the saw-tooth of the strided net between the level and the falling lines.
- *verdict*: what each net takes the drifting digit for, and how sure it is of the right answer.
- *place kept*: how well a linear map reads from each net's features where the digit stands.

## Try

- `train_shift=2`: training digits stray too (augmentation). Now even the dense net reads the
  shifts that it was shown, if worse: invariance by example, not by construction. Look at
  *similarity*: flattened features still change with every shift, only the answer does not.
- `stride=2`: the global nets skip pixels too, and alias.
- `regions=4`: they pool 16 parts of the map, each for itself, and know the place again.
- `normalise=off`: the global mean falls behind.
- `blur=on`: the saw-tooth of the strided net gets smaller.
- `drift=off right=3 up=0`: put the digit somewhere.
"""

import math

import torch
from torch import nn
from torch.nn.functional import (
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    conv2d,
    cosine_similarity,
    cross_entropy,
    pad,
)

from dlplay import Int, Scene, Toggle, claim
from dlplay.data import digits

NETS = ("max", "mean", "strided", "flat", "dense")
SHIFTS = (0, 1, 2, 3, 4)  # pixels to the right and as many up
CHANNELS = 24  # of the last map
SHOWN = 12  # features of each net in the heatmap
STROLL = (0, 1, 2, 3, 2, 1, 0, -1, -2, -3, -2, -1)  # where the drifting digit goes


def paste(images, right=0, up=0):
    """Digits [N, 1, 8, 8] on a black canvas [N, 1, 16, 16], so far from its middle."""
    return pad(images, (4 + right, 4 - right, 4 - up, 4 + up))


class Blur(nn.Module):
    """Every second pixel of a blurred map (Zhang, 2019): [N, C, H, W] -> [N, C, H/2, W/2]."""

    def forward(self, x):
        row = torch.tensor([0.25, 0.5, 0.25], device=x.device)
        kernel = (row[:, None] * row).expand(x.shape[1], 1, 3, 3)
        return conv2d(x, kernel, stride=2, padding=1, groups=x.shape[1])


class Pool(nn.Module):
    """The largest or the mean value in each of regions² parts: [N, C, H, W] -> [N, C·regions²]."""

    def __init__(self, pool, regions=1):
        super().__init__()
        self.pool, self.regions = pool, regions

    def forward(self, x):
        return self.pool(x, self.regions).flatten(1)


class Net(nn.Module):
    """Features of a canvas, and ten logits from them."""

    def __init__(self, *trunk, normalise=True):
        super().__init__()
        self.trunk = nn.Sequential(*trunk)  # [N, 1, 16, 16] -> [N, width]
        width = self.trunk(torch.zeros(1, 1, 16, 16)).shape[1]
        # Mean 0 and variance 1 for each feature, over the batch
        self.normalise = nn.BatchNorm1d(width, affine=False) if normalise else nn.Identity()
        self.readout = nn.Linear(width, 10)

    def features(self, canvas):
        return self.normalise(self.trunk(canvas))

    def forward(self, canvas):
        return self.readout(self.features(canvas))


def convolution(channels_in, channels_out, border):
    conv = nn.Conv2d(channels_in, channels_out, 3, padding=border, bias=False)
    return nn.Sequential(conv, nn.ReLU())


class Invariance(Scene):
    covers = {
        "Invariant Feature Learning": (
            "features",
            "accuracy",
            "similarity",
            "verdict",
            "place kept",
            "dense_fails",
            "flattened_fails",
            "equivariant",
            "recognises",
            "invariant",
            "aliasing",
            "same_features",
            "other_features",
            "mean_too",
            "mean_stays",
            "place_lost",
        ),
    }
    panels = ("digit", "verdict", "accuracy", "similarity", "features", "place kept")
    quick = {"steps": 10}

    train_shift = Int(0, min=0, max=4, live=True, unit="px", help="how far training digits stray")
    stride = Int(1, min=1, max=4, help="stride of the pooling inside the two global nets")
    regions = Int(1, min=1, max=4, help="parts a side that the global nets pool, each for itself")
    blur = Toggle(False, help="the strided net blurs its map before it skips pixels")
    normalise = Toggle(True, help="features get mean 0 and variance 1 before the last layer")
    drift = Toggle(True, live=True, help="the digit wanders; off: it stands where you put it")
    right = Int(2, min=-4, max=4, live=True, unit="px", help="where it stands while drift is off")
    up = Int(2, min=-4, max=4, live=True, unit="px", help="where it stands while drift is off")
    steps = Int(200, min=10, max=2000, help="training steps of each net")

    def run(self, stage):
        images, labels, test_images, test_labels = (part.to(stage.device) for part in digits())
        self.nets = {name: net.to(stage.device) for name, net in self.build().items()}
        stage.watch(self.nets["max"])
        parameters = [p for net in self.nets.values() for p in net.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=0.01)
        star = int((test_labels == 5).nonzero()[0])  # the digit that drifts
        self.star, self.label = test_images[star : star + 1], int(test_labels[star])
        self.accuracy = {name: [math.nan] * len(SHIFTS) for name in NETS}
        self.cosine = {name: [math.nan] * len(SHIFTS) for name in (*NETS, "pixels")}
        stage.axes("accuracy", x="shift (px)", y="right answers")
        stage.axes("similarity", x="shift (px)", y="cosine")

        for step in stage.loop(self.steps):
            i = torch.randint(len(images), (48,), device=stage.device)
            canvas = self.stray(images[i])  # [48, 1, 16, 16]
            loss = sum(cross_entropy(net(canvas), labels[i]) for net in self.nets.values())
            optimizer.zero_grad()
            loss.backward()
            optimizer.param_groups[0]["lr"] = 0.01 * (1 - step / self.steps)
            optimizer.step()
            if stage.every(4):
                self.follow(stage, step // 4)
            if stage.every(25):
                for name in NETS:
                    for shift in SHIFTS:
                        self.test(stage, name, shift, test_images[:48], test_labels[:48])
                self.draw(stage)
                self.keep(stage, images[:400])

        rounds = [(name, shift) for name in NETS for shift in SHIFTS]
        for step in stage.loop(len(rounds), "all test digits"):
            self.test(stage, *rounds[step], test_images, test_labels)
            self.follow(stage, step)
            self.draw(stage)
        for _ in stage.loop(1, "measures"):
            self.report(stage, images, test_images)

    def build(self):
        smooth = nn.Sequential(nn.MaxPool2d(2, stride=1), Blur())
        halve = smooth if self.blur else nn.MaxPool2d(2)
        trunks = {
            "max": (
                convolution(1, 8, 1),
                nn.MaxPool2d(2, stride=self.stride),
                convolution(8, CHANNELS, 2),
                Pool(adaptive_max_pool2d, self.regions),
            ),
            "mean": (
                convolution(1, 8, 1),
                nn.MaxPool2d(2, stride=self.stride),
                convolution(8, CHANNELS, 2),
                Pool(adaptive_avg_pool2d, self.regions),
            ),
            "strided": (
                convolution(1, 8, 1),
                halve,
                convolution(8, CHANNELS, 2),
                Pool(adaptive_max_pool2d),
            ),
            "flat": (
                convolution(1, 8, 1),
                nn.MaxPool2d(2),
                convolution(8, CHANNELS, 2),
                nn.MaxPool2d(2),
                nn.Flatten(),
            ),
            "dense": (nn.Flatten(), nn.Linear(256, 64), nn.ReLU()),
        }
        return {name: Net(*trunk, normalise=self.normalise) for name, trunk in trunks.items()}

    def stray(self, images):
        """The batch on its canvases, each digit at a random place of its own."""
        if self.train_shift == 0:
            return paste(images)
        places = (len(images), 1)
        right, up = torch.randint(
            -self.train_shift, self.train_shift + 1, (2, *places), device=images.device
        )
        around = pad(images, (8, 8, 8, 8))[:, 0]  # [N, 24, 24], of which we cut out 16 x 16
        line = torch.arange(4, 20, device=images.device)
        rows, columns = (line + up)[:, :, None], (line - right)[:, None, :]
        each = torch.arange(len(images), device=images.device)[:, None, None]
        return around[each, rows, columns][:, None]

    def test(self, stage, name, shift, images, labels):
        """A net's accuracy on shifted digits, and how like the unshifted ones its features are."""
        net = self.nets[name]
        with stage.probe(net):
            here, there = net.features(paste(images)), net.features(paste(images, shift, shift))
            answers = net.readout(there).argmax(1)
        self.accuracy[name][SHIFTS.index(shift)] = (answers == labels).float().mean().item()
        self.cosine[name][SHIFTS.index(shift)] = likeness(here, there)
        if name == NETS[-1]:
            here, there = paste(images).flatten(1), paste(images, shift, shift).flatten(1)
            self.cosine["pixels"][SHIFTS.index(shift)] = likeness(here, there)

    def follow(self, stage, time):
        """The digit where it is now, and what the nets take it for."""
        right, up = self.right, self.up
        if self.drift:
            right, up = STROLL[time % 12], STROLL[(2 * time + 3) % 12]
        canvas = paste(self.star, right, up)
        captions = ["trained here", f"now {right:+d}, {up:+d}"]
        stage.image("digit", torch.cat([paste(self.star), canvas]), captions=captions)
        rows = []
        with stage.probe(*self.nets.values()):
            for name, net in self.nets.items():
                p = net(canvas)[0].softmax(0)
                rows.append([name, int(p.argmax()), p[self.label].item()])
        best = [row for row, (_, answer, _) in enumerate(rows) if answer == self.label]
        stage.table("verdict", ["net", "says", f"p(it is a {self.label})"], rows, best=best)

    def draw(self, stage):
        stage.plot("accuracy", SHIFTS, self.accuracy)
        stage.plot("similarity", SHIFTS, self.cosine)
        canvases = torch.cat([paste(self.star, shift, shift) for shift in SHIFTS])
        with stage.probe(*self.nets.values()):
            maps = []
            for net in self.nets.values():
                features = net.features(canvases)  # [5, width]
                maps.append(features[:, :: features.shape[1] // SHOWN][:, :SHOWN])
        stage.heatmap(
            "features",
            torch.stack(maps),
            names=NETS,
            rows=[f"shift {shift}" for shift in SHIFTS],
            x="feature",
            low=-3,
            high=3,
            diverging=True,
        )

    def keep(self, stage, images):
        """How well a digit's place can be read from each net's features: R² by name."""
        with stage.probe(*self.nets.values()):
            kept = {name: self.place(net, images).item() for name, net in self.nets.items()}
        stage.bars("place kept", NETS, list(kept.values()), unit="R²")
        return kept

    def report(self, stage, images, test_images):
        kept = self.keep(stage, images[:1000])
        with stage.probe(*self.nets.values()):
            error = self.equivariance(self.nets["max"], test_images[:100])
        best = self.accuracy["max"][0]
        stage.measure(
            dense_shifted=self.accuracy["dense"][2],
            flattened_shifted=self.accuracy["flat"][2],
            equivariance_error=error,
            max_accuracy=best,
            max_shifted=self.accuracy["max"][2],
            strided_one=self.accuracy["strided"][1],
            strided_two=self.accuracy["strided"][2],
            max_cosine=self.cosine["max"][2],
            other_cosine=max(self.cosine["flat"][2], self.cosine["pixels"][2]),
            mean_accuracy=self.accuracy["mean"][0],
            mean_cosine=self.cosine["mean"][2],
            place_flattened=kept["flat"],
            place_max=kept["max"],
        )

    def place(self, net, images):
        """How well a linear map reads a digit's place from its features: R², 1 for perfectly.

        Ridge regression on the first half of the digits, judged on the second.
        """
        places = torch.randint(-2, 3, (20, 2))  # each for a twentieth of the digits
        canvases = [paste(images[k::20], *places[k].tolist()) for k in range(20)]
        x = torch.cat([net.features(canvas) for canvas in canvases])  # [N, width]
        x = torch.cat([x, torch.ones_like(x[:, :1])], 1)
        y = places.repeat_interleave(len(images) // 20, 0).to(x)  # [N, 2]
        order = torch.randperm(len(x))
        a, b = order.chunk(2)
        ridge = torch.eye(x.shape[1], device=x.device)
        weights = torch.linalg.solve(x[a].T @ x[a] + ridge, x[a].T @ y[a])
        missed = (x[b] @ weights - y[b]).square().sum()
        return 1 - missed / (y[b] - y[a].mean(0)).square().sum()

    def equivariance(self, net, images):
        """How far the last map of a picture shifted by 1 is from the shifted map, or from the map
        unshifted, whichever is nearer; as a share of its length."""
        maps = net.trunk[:-1]
        before, after = maps(paste(images)), maps(paste(images, 1, 0))
        moved = (before.roll(1, 3) - after).norm()
        stayed = (before - after).norm()
        return torch.minimum(moved, stayed) / after.norm()

    @claim(
        "shifted by (2, 2), digits that were learned in the middle are lost on the dense net: it "
        "gets under 30 % right",
        breaks={"train_shift": 2, "steps": 60},
    )
    def dense_fails(self, measured):
        return measured.dense_shifted < 0.3

    @claim(
        "and on a convolutional net whose last map is flattened: under 30 % too",
        breaks={"train_shift": 2, "steps": 60},
    )
    def flattened_fails(self, measured):
        return measured.flattened_shifted < 0.3

    @claim(
        "convolution and stride-1 pooling are equivariant: the map of a digit shifted by 1 is the "
        "shifted map, within 1e-5 of its length",
        breaks={"stride": 2, "steps": 10},
    )
    def equivariant(self, measured):
        return measured.equivariance_error < 1e-5

    @claim(
        "with global max pooling on top, more than 90 % of the digits shifted by (2, 2) are right",
        breaks={"regions": 4, "steps": 40},
    )
    def recognises(self, measured):
        return measured.max_shifted > 0.9

    @claim(
        "that is the accuracy on unshifted digits, within 1 point",
        breaks={"regions": 4, "steps": 40},
    )
    def invariant(self, measured):
        return (measured.max_accuracy - measured.max_shifted).between(-0.01, 0.01)

    @claim(
        "strided pooling is no invariance: a shift of 1 costs the strided net over 10 points more "
        "than a shift of 2",
        breaks={"train_shift": 2, "steps": 60},
    )
    def aliasing(self, measured):
        return measured.strided_two - measured.strided_one > 0.1

    @claim(
        "a shift of (2, 2) hardly changes globally pooled maxima: cosine above 0.99",
        breaks={"regions": 4, "steps": 40},
    )
    def same_features(self, measured):
        return measured.max_cosine > 0.99

    @claim(
        "it changes flattened features and the pixels beyond recognition: both cosines are more "
        "than 0.8 lower",
        breaks={"regions": 4, "steps": 40},
    )
    def other_features(self, measured):
        return measured.max_cosine - measured.other_cosine > 0.8

    @claim(
        "normalised, the net with global means is right about over 85 % of the digits in the "
        "middle, where it learned",
        breaks={"normalise": False, "steps": 90},
    )
    def mean_too(self, measured):
        return measured.mean_accuracy > 0.85

    @claim(
        "global means stay the same as well: cosine above 0.99",
        breaks={"regions": 4, "steps": 40},
    )
    def mean_stays(self, measured):
        return measured.mean_cosine > 0.99

    @claim(
        "what invariance costs is the place: a linear map reads it from flattened features with an "
        "R² that is over 0.5 higher than from globally pooled ones",
        breaks={"regions": 4, "steps": 40},
    )
    def place_lost(self, measured):
        return measured.place_flattened - measured.place_max > 0.5


def likeness(here, there):
    """The mean cosine between two sets of features [N, F], less the mean of `here`."""
    mean = here.mean(0)
    return cosine_similarity(here - mean, there - mean).mean().item()
