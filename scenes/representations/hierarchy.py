"""
# Each layer knows more

Nobody writes down by hand what an eye is made of. A deep network is given pixels and answers, and
each of its layers builds features out of those of the layer before: the world is *composed*, and
so can its description be. The chains that one hopes for are

- pixel → edge → texton → motif → part → object
- character → word → word group → clause → sentence → story
- sample → spectral band → sound → phone → phoneme → word

In networks trained on a million photographs the first layers do hold edges and blobs of colour, and
late ones respond to faces, wheels, letters. Here is a network of three convolutions, 3x3 each, and
halving in between, that reads digits anywhere on a canvas of 16x16. It is too small for names like
*motif* or *part*: digits 8 pixels high have none. What can be measured is this:

**Probes.** Freeze a layer, take of each of its maps the greatest value, and ask how well a *linear*
classifier (ridge regression to the ten classes) can read the digit off these numbers. Not what a
layer *contains*: by the rules of information no layer contains more than the pixels do. What it has
made *explicit*, so that a hyperplane finds it. The pixels themselves are nearly useless for a
hyperplane, because each digit may be anywhere.

**Selectivity** of a unit, from its mean responses to the ten classes:

    (best − mean of the others) / (best + mean of the others)

0: it responds to all alike; 1: to one class only.

**The control** is the same network before training, with its filters drawn by lot. It has the same
shape: the same receptive fields, the same 12, 24, 48 numbers to read from. So a rise that it shows
too is no learning. With digits all over the place it shows hardly any. Put all digits in the
middle (`shift=0`), and a stack of random filters climbs steeply too: more maps and wider receptive
fields already help, as a random lift does. Whoever shows a rising curve of probes without this
control has shown little. (Pixels are at a disadvantage here: the maximum over a map forgets where,
256 pixels do not. So compare the layers with each other, and with the control.)

The first layer hardly changes by training: strokes in random directions are about as good as
learned ones. What training changes is what is made of them. And the rise is no law: a linear
read-out of *this* task gets better toward the layer that is read out for this task. For other
questions (where is the digit?) the order may be the other way round.

## Watch

- **probe accuracy**: the trained bars climb a stair, the untrained ones do not.
- **probes in training**: the late layers learn to be read; the first one is as good as it gets.
- **exciting patches**: for one unit a layer, the digit that excites it most, and below it (`3`
  enlarges) the next; what the unit cannot see is darkened: it sees 3 pixels across, then 8, then
  18, more than the canvas, though not all of it from near the edge.
- **selectivity**: the mean over the units of each layer.
- **answers**: the twelve most selective units of a layer and what they say to each
  class: a few bright cells in the last layer, all bright in the first.

## Try

- `unit=2`, `unit=3`: the next most selective unit of each layer. In the third both images
  are mostly the same digit, in the first the same bit of stroke in any digit.
- `shift=0`: the control rises with depth as well, and a hyperplane reads pixels.
- `learning_rate=0.00001`: the network stays what it was, and the stair is not built.
- `readout=average`: the mean of each map in place of its maximum. How often, not whether.
- `width=4`: fewer units, each more precious.
"""

from copy import deepcopy
from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot, pad

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits

CANVAS = 16  # pixels: an 8x8 digit lies somewhere on it
LAYERS = ("conv1", "conv2", "conv3")
FIELDS = (3, 8, 18)  # pixels that a unit of each layer sees, across
STRIDES = (1, 2, 4)  # pixels between two neighbouring units
SHOWN, WINDOW = 2, 11  # digits a layer, and pixels around each that are shown


class Net(nn.Module):
    """Three layers of 3x3 filters, halved in between; logits from the maximum of each last map."""

    def __init__(self, width):
        super().__init__()
        self.convs = nn.ModuleList(
            [
                nn.Conv2d(1, width, 3, padding=1),
                nn.Conv2d(width, 2 * width, 3, padding=1),
                nn.Conv2d(2 * width, 4 * width, 3, padding=1),
            ]
        )
        self.head = nn.Linear(4 * width, 10)
        for conv in self.convs:
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            nn.init.zeros_(conv.bias)

    def maps(self, x):
        """The maps of each layer: [N, width, 16, 16], [N, 2 width, 8, 8], [N, 4 width, 4, 4]."""
        found = []
        for conv in self.convs:
            x = conv(x).relu()
            found.append(x)
            x = nn.functional.max_pool2d(x, 2)
        return found

    def forward(self, x):
        return self.head(self.maps(x)[-1].amax((2, 3)))


def place(images, shift):
    """Digits [N, 1, 8, 8] at random places, up to `shift` pixels off the middle: [N, 1, 16, 16]."""
    n, device = len(images), images.device
    canvas = pad(images, (4, 4, 4, 4))
    rows = torch.arange(CANVAS, device=device) - torch.randint(
        -shift, shift + 1, (n, 1), device=device
    )
    columns = torch.arange(CANVAS, device=device) - torch.randint(
        -shift, shift + 1, (n, 1), device=device
    )
    which = torch.arange(n, device=device)[:, None, None]
    return canvas[which, 0, rows[:, :, None] % CANVAS, columns[:, None, :] % CANVAS][:, None]


def probe(features, y, features_test, y_test):
    """Test accuracy of the best linear read-out of features [N, F]: ridge to the ten classes."""
    mean, scale = features.mean(0), features.std(0) + 1e-6
    x, x_test = (features - mean) / scale, (features_test - mean) / scale
    target = one_hot(y, 10).to(x) - 0.1
    gram = x.T @ x + 1e-2 * len(x) * torch.eye(x.shape[1], device=x.device)
    w = torch.linalg.solve(gram, x.T @ target)  # [F, 10]
    return ((x_test @ w).argmax(1) == y_test).float().mean().item()


def tuning(features, y):
    """The mean of each unit for each class: [units, 10]."""
    classes = one_hot(y, 10).to(features)
    return (features.T @ classes) / classes.sum(0)


def selectivity(tuned):
    """(best − mean of the others) / (best + that mean), 0 to 1, of each unit: [units]."""
    best = tuned.amax(1)
    others = (tuned.sum(1) - best) / 9
    return (best - others) / (best + others + 1e-9)


class Hierarchy(Scene):
    covers = {
        "Learning Hierarchical Representations": (
            "probe accuracy",
            "probes in training",
            "selectivity",
            "exciting patches",
            "answers",
            "pixels",
            "stair",
            "learned",
            "control",
            "selective",
            "where_it_grows",
            "reads",
        ),
    }
    panels = (
        "probe accuracy",
        "probes in training",
        "exciting patches",
        "answers",
        "selectivity",
        "loss",
    )
    quick = {"steps": 20, "width": 6}

    unit = Int(1, min=1, max=12, live=True, help="whose patches: its rank in selectivity")
    learning_rate = Float(5e-3, min=1e-6, max=0.1, log=True, live=True, help="step size of Adam")
    shift = Int(4, min=0, max=4, help="how far off the middle a digit may lie, in pixels")
    readout = Choice(
        "maximum", ("maximum", "average"), live=True, help="what a probe reads of a map"
    )
    width = Int(12, min=4, max=24, help="maps in the first layer; then twice, four times as many")
    steps = Int(350, min=10, max=3000, log=True, help="training steps")

    def run(self, stage):
        images, self.y, images_test, self.y_test = (part.to(stage.device) for part in digits())
        self.x = place(images, self.shift)  # [1400, 1, 16, 16]: what the probes see
        self.x_test = place(images_test, self.shift)  # [397, 1, 16, 16]
        net = Net(self.width).to(stage.device)
        control = deepcopy(net)  # the same filters, never trained
        optimizer = torch.optim.Adam(net.parameters(), lr=self.learning_rate)
        stage.watch(net)
        stage.axes("loss", y="cross-entropy", log="y")
        stage.axes("probes in training", y="accuracy", lines={"chance": 0.1})

        for step in stage.loop(self.steps):
            if step == 0:
                self.from_pixels = probe(
                    self.x.flatten(1), self.y, self.x_test.flatten(1), self.y_test
                )
            if step == 0 or stage.changed("readout"):
                with stage.probe():
                    before, tuned_before, _ = self.examine(control)
            if stage.every(25) or stage.changed("unit", "readout"):
                with stage.probe(net):
                    after, tuned, maps = self.examine(net)
                    accuracy = (net(self.x_test).argmax(1) == self.y_test).float().mean()
                    stage.curve("probes in training", {"net": accuracy})
                    self.draw(stage, before, after, tuned_before, tuned, maps)
                    self.report(stage, before, after, tuned_before, tuned, accuracy)

            for group in optimizer.param_groups:
                group["lr"] = self.learning_rate
            i = torch.randint(len(images), (64,), device=stage.device)
            loss = cross_entropy(net(place(images[i], self.shift)), self.y[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            stage.curve("loss", train=loss)

    def report(self, stage, before, after, tuned_before, tuned, accuracy):
        after_training = [selectivity(t).mean().item() for t in tuned]
        at_first = [selectivity(t).mean().item() for t in tuned_before]
        gains = [b / a for a, b in zip(at_first, after_training, strict=True)]
        stage.measure(
            pixels=self.from_pixels,
            least_rise=min(b - a for a, b in pairwise(after)),
            last_gain=after[-1] - before[-1],
            control_rise=before[-1] - before[0],
            selectivity_ratio=after_training[-1] / after_training[0],
            last_over_first=gains[-1] / gains[0],
            accuracy=accuracy,
        )

    def examine(self, net):
        """Probe accuracies, tunings [units, 10] and maps (on the test images), layer by layer."""
        read = self.readout == "maximum"
        train, test = net.maps(self.x), net.maps(self.x_test)
        accuracies, tuned = [], []
        for a, b in zip(train, test, strict=True):
            a, b = (m.amax((2, 3)) if read else m.mean((2, 3)) for m in (a, b))  # [N, units]
            accuracies.append(probe(a, self.y, b, self.y_test))
            tuned.append(tuning(b, self.y_test))
        return accuracies, tuned, test

    def draw(self, stage, before, after, tuned_before, tuned, maps):
        bars = {"trained": [self.from_pixels, *after], "untrained": [self.from_pixels, *before]}
        stage.bars("probe accuracy", ("pixels", *LAYERS), bars)
        stage.curve("probes in training", dict(zip(LAYERS, after, strict=True)))
        means = {
            name: [selectivity(t).mean().item() for t in layers]
            for name, layers in (("trained", tuned), ("untrained", tuned_before))
        }
        stage.bars("selectivity", LAYERS, means)

        ranks = [selectivity(t).argsort(descending=True) for t in tuned]
        units = min(12, self.width)
        shares = torch.stack(  # from the last layer to the first
            [
                t[r[:units]] / (t[r[:units]].amax(1, keepdim=True) + 1e-9)
                for t, r in zip(tuned[::-1], ranks[::-1], strict=True)
            ]
        )  # [3, units, 10]
        stage.heatmap(
            "answers",
            shares,
            names=LAYERS[::-1],
            columns=range(10),
            x="digit",
            y="unit",
            low=0,
            high=1,
        )
        patches = []
        for rank in range(SHOWN):
            for layer in range(3):
                unit = ranks[layer][min(self.unit, len(ranks[layer])) - 1]
                patches.append(self.patch(maps[layer][:, unit], rank, layer))
        captions = [f"{name}, {field}px" for name, field in zip(LAYERS, FIELDS, strict=True)]
        stage.image("exciting patches", torch.stack(patches), columns=3, captions=captions * SHOWN)

    def patch(self, responses, rank, layer):
        """The test digit that excites a unit most (or second most, ...), of its responses
        [N, h, w]: [11, 11] pixels around that digit, dark where the unit does not look."""
        value, where = responses.flatten(1).max(1)
        i = value.argsort(descending=True)[rank]
        image = self.x_test[i, 0]  # [16, 16]
        unit = torch.tensor(divmod(where[i].item(), responses.shape[-1]))  # row and column
        looks_at = STRIDES[layer] * unit + (STRIDES[layer] - 1) / 2  # in pixels
        pixels = torch.arange(CANVAS)
        rows, columns = (((pixels - m).abs() <= FIELDS[layer] / 2).to(image) for m in looks_at)
        seen = rows[:, None] * columns  # [16, 16]
        shown = image * (0.3 + 0.7 * seen) + 0.15 * seen * (1 - image)
        ink = image.nonzero()  # rows and columns of the digit
        top, left = ((ink.amin(0) + ink.amax(0) + 1 - WINDOW) // 2 + WINDOW).tolist()
        return pad(shown, (WINDOW,) * 4)[top:, left:][:WINDOW, :WINDOW]

    @claim(
        "a hyperplane reads off the pixels fewer than 35 % of the digits that may be anywhere",
        breaks={"shift": 0, "steps": 10},
    )
    def pixels(self, measured):
        return measured.pixels < 0.35

    @claim(
        "after training each layer can be read better than the one before, by 0.03 or more",
        breaks={"learning_rate": 1e-6, "steps": 10},
    )
    def stair(self, measured):
        return measured.least_rise > 0.03

    @claim(
        "training raises the last layer's probe by more than 0.2",
        breaks={"learning_rate": 1e-6, "steps": 10},
    )
    def learned(self, measured):
        return measured.last_gain > 0.2

    @claim(
        "without training depth alone gives less than 0.2, from the first layer to the last",
        breaks={"shift": 0, "steps": 10},
    )
    def control(self, measured):
        return measured.control_rise < 0.2

    @claim(
        "trained, the last layer's units are more than twice as selective as the first one's",
        breaks={"learning_rate": 1e-6, "steps": 10},
    )
    def selective(self, measured):
        return measured.selectivity_ratio > 2

    @claim(
        "training multiplies the last layer's selectivity by more than twice what it does to the "
        "first one's",
        breaks={"learning_rate": 1e-6, "steps": 10},
    )
    def where_it_grows(self, measured):
        return measured.last_over_first > 2

    @claim(
        "the network names over 80 % of the test digits, wherever they lie",
        breaks={"learning_rate": 1e-6, "steps": 10},
    )
    def reads(self, measured):
        return measured.accuracy > 0.8
