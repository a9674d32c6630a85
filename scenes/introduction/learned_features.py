"""
# Features: designed or learned?

People read a digit without effort and cannot say how they do it. So a *rule* for it, written down
by hand, is hopeless; the way out is to *learn* from examples. What should be learned, and what
designed? Seven pipelines answer at once, all on the same images: a handwritten digit of 8×8
pixels, pasted somewhere on an empty 16×16 canvas.

| pipeline | what people gave | what the data gave |
|---|---|---|
| drawn rule | ten drawings; the most similar one wins | nothing |
| pixels | a linear classifier on 256 pixels | 2,570 weights |
| hand-made | 8 measurements, made for this problem | 90 weights on them |
| one layer | 96 hidden units, fully connected | 25,642 weights |
| CNN | small filters, shared by all places, then a pool | 5,130 weights |
| averaging | the same CNN, with the mean for its pool | 5,130 weights |
| centred | pixels again, but every digit in the middle | 2,570 weights |

**Feature engineering.** The hand-made features measure the *shape*, not the place: total ink,
second and third moments about the centre of mass, and how much neighbouring pixels differ. Moving
the digit changes none of them, and a linear classifier on eight numbers beats one on all 256 pixels
by far. That is how machine learning was done for decades, one such invention for every kind of
data.

**Representation learning** makes the features trainable too. "Learned features are better than
designed ones" is told as a law, and it is none. The generic net in the middle, with 25 thousand
weights, *loses* to eight numbers that somebody thought about. The CNN wins, because its
architecture carries the same insight that the features had: a stroke is a stroke wherever it is.
And a detail of it decides: take the mean over all places instead of the maximum, and after the
same training the net loses as well, because most of the canvas is empty.

**A hierarchy.** *layer by layer* asks how well a *linear* classifier would do on each layer: on the
pixels, and on how strongly each filter responds at its best place. What took the whole stack to
work out is easy to read off at its end. Before training, depth alone adds next to nothing. For
photographs the levels are told as edges, then corners and parts, then objects. That is something
seen in CNNs on natural images, not a law: the layers of other nets need not match our words.

**MNIST**, 70,000 handwritten digits of 28×28 pixels, is everybody's first data set, and an easy
one. It is not shipped here. Ours is a smaller relative: 1,797 digits of 8×8, 1,400 of them for
training. Centred they are nearly linearly separable: see how high *centred* gets. A pipeline that
is good on such data has proved little; with jitter the problem begins.

**The rings.** Artificial intelligence holds machine learning, which holds representation learning,
which holds deep learning. In *rings* each pipeline stands in the innermost ring that it belongs to,
with its accuracy. One hidden layer already learns a representation; what makes a net *deep* is more
than one learned level. The border is a convention, so no claim is made of it.

## Watch

- **test accuracy**: the hand-made features are there at once and stay; the CNN starts late and
  wins.
- **answers**: test images as `watched` reads them, "3 not 8" where it is wrong.
- **crafted**: each digit's average features, in spreads above the average of all. Columns that look
  alike are digits that get confused.
- **filters**: the first layer's. On so small a problem some stay noise, others become strokes.

## Try

- `jitter=0`: centred, everything works, even the drawn rule often. There is nothing left to win.
- `jitter=2`: how little it takes to lose the rule and the pixels.
- `pool=average` or `pool=flat`: the wrong pool, and the learned features lose to the hand-made.
- `crafted=totals`: three badly chosen features. Engineering needs a good engineer.
- `examples=50`: too few for everyone; who suffers least?
- `watched=pixels` while it runs: whose mistakes would you make?
"""

import torch
from torch import nn
from torch.nn.functional import conv2d, cross_entropy, max_pool2d, pad

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits

# The rule: what the ten digits look like, drawn by hand, 6 by 8
DRAWN = """
..##.. ...##. ..###. .####. ...#.. .##### ...#.. ###### ..###. ..###.
.#..#. ..###. .#..#. ....#. ..#... .#.... ..#... ....#. .#...# .#..#.
#....# .####. ....#. ....#. .#.... .#.... .#.... ....#. .#..#. .#..#.
#....# ...##. ....#. ..##.. .#..#. .###.. .#.... ..#### ..##.. ..####
#....# ...##. ...#.. ....#. #...#. ....#. .####. ...#.. ..###. ....#.
#....# ...##. ..#... .....# ###### ....#. .#...# ..#... .#..#. ....#.
.#..#. ...##. .#.... ....#. ....#. ....#. .#..#. ..#... .#..#. ....#.
..##.. ...##. .##### .###.. ....#. .###.. ..###. ..#... ..##.. .###..
"""
FEATURES = ("ink", "var ↕", "var ↔", "cov", "skew ↕", "skew ↔", "edges ↕", "edges ↔")
TOTALS = [0, 6, 7]
RUNNERS = ("pixels", "hand-made", "one layer", "CNN")  # whose accuracy is drawn as a curve
# Learning rates, as multiples of the parameter: each about its pipeline's best
PACE = {"pixels": 1, "hand-made": 6, "one layer": 1, "CNN": 1, "averaging": 1, "centred": 4}


def paste(images, jitter):
    """Images [N, 1, 8, 8], each at its own place on a canvas: [N, 1, 16, 16]."""
    low = jitter // 2
    row, column = 4 - low + torch.randint(jitter + 1, (2, len(images)), device=images.device)
    eight = torch.arange(8, device=images.device)
    canvas = torch.zeros(len(images), 16, 16, device=images.device)
    n = torch.arange(len(images), device=images.device)[:, None, None]
    canvas[n, row[:, None, None] + eight[:, None], column[:, None, None] + eight] = images[:, 0]
    return canvas[:, None]


def rule(x):
    """The class of the drawing with the highest correlation: [N]. It has seen no data."""
    lines = [line.split() for line in DRAWN.split("\n") if line]
    drawn = [[[float(c == "#") for c in row[k]] for row in lines] for k in range(10)]
    canvas = torch.zeros(10, 1, 16, 16, device=x.device)
    canvas[:, 0, 4:12, 5:11] = torch.tensor(drawn, device=x.device)
    pen = torch.tensor([1.0, 2.0, 1.0], device=x.device) / 4  # strokes have soft edges
    drawn = conv2d(canvas, pen[:, None] * pen[None, None, None], padding=1).flatten(1)  # [10, 256]

    def standardised(v):
        v = v - v.mean(1, keepdim=True)
        return v / v.norm(dim=1, keepdim=True)

    return (standardised(x.flatten(1)) @ standardised(drawn).T).argmax(1)


def measurements(x):
    """Eight numbers of an image [N, 1, 16, 16] that do not depend on where its digit is: [N, 8]."""
    x = x[:, 0]
    ink = x.sum((1, 2))
    share = x / ink[:, None, None]  # a distribution over the canvas
    at = torch.arange(16.0, device=x.device)
    # Distances from the centre of mass, [N, 16, 1] and [N, 1, 16]
    down = at[:, None] - (share * at[:, None]).sum((1, 2))[:, None, None]
    right = at - (share * at).sum((1, 2))[:, None, None]

    def moment(a, b):
        return (share * down**a * right**b).sum((1, 2))

    x = pad(x, (1, 1, 1, 1))  # so that a digit at the border has an edge there too
    rough_down = x.diff(dim=1).abs().sum((1, 2))
    rough_right = x.diff(dim=2).abs().sum((1, 2))
    second = moment(2, 0), moment(0, 2), moment(1, 1)
    return torch.stack([ink, *second, moment(3, 0), moment(0, 3), rough_down, rough_right], 1)


class CNN(nn.Module):
    """Two layers of 3×3 filters, one pool over all places, ten logits."""

    def __init__(self, pool):
        super().__init__()
        self.filters_1 = nn.Conv2d(1, 16, 3, padding=1)
        self.filters_2 = nn.Conv2d(16, 32, 3, padding=1)
        self.readout = nn.Linear(32 * 64 if pool == "flat" else 32, 10)
        self.pool = pool

    def levels(self, x):
        low = self.filters_1(x).relu()  # [N, 16, 16, 16]
        high = self.filters_2(max_pool2d(low, 2)).relu()  # [N, 32, 8, 8]
        return low, high

    def forward(self, x):
        _, high = self.levels(x)
        if self.pool == "max":
            return self.readout(high.amax((2, 3)))
        return self.readout(high.mean((2, 3)) if self.pool == "average" else high.flatten(1))


def probe(x, y, x_test, y_test):
    """Test accuracy of the best linear classifier (ridge regression) on features [N, d]."""
    middle, spread = x.mean(0), x.std(0) + 1e-4
    x, x_test = (x - middle) / spread, (x_test - middle) / spread
    targets = nn.functional.one_hot(y, 10).to(x)
    ridge = 0.01 * len(x) * torch.eye(x.shape[1], device=x.device)
    weights = torch.linalg.solve(x.T @ x + ridge, x.T @ (targets - targets.mean(0)))
    answers = x_test @ weights + targets.mean(0)
    return (answers.argmax(1) == y_test).float().mean().item()


class LearnedFeatures(Scene):
    covers = {
        "Introduction to Deep Learning (why learn at all)": ("test accuracy", "rule_fails"),
        "From Feature Engineering to Representation Learning": (
            "test accuracy",
            "crafted",
            "pixels_fail",
            "crafted_works",
            "crafted_beats_generic",
            "learned_wins",
            "learned_beats_crafted",
            "pool_decides",
        ),
        "Hierarchical representations (low, mid and high-level features)": (
            "layer by layer",
            "filters",
            "hierarchy",
            "training_makes_it",
        ),
        "Example: The MNIST Dataset": ("answers", "easy_when_centred"),
        "Where deep learning sits (the Venn diagram)": ("rings",),
    }
    panels = ("rings", "test accuracy", "answers", "layer by layer", "crafted", "filters")
    quick = {"steps": 20}

    watched = Choice(
        "CNN",
        ("drawn rule", "pixels", "hand-made", "one layer", "CNN", "averaging"),
        live=True,
        help="whose answers are shown",
    )
    jitter = Int(8, min=0, max=8, help="places that a digit can be at, less one, each way")
    crafted = Choice("moments", ("moments", "totals"), help="the features made by hand")
    pool = Choice("max", ("max", "average", "flat"), help="how the CNN joins all places")
    examples = Int(1400, min=50, max=1400, log=True, help="images to learn from")
    batch = Int(32, min=1, max=256, log=True, live=True, help="images in a step")
    learning_rate = Float(0.005, min=1e-4, max=0.1, log=True, live=True, help="step size of Adam")
    steps = Int(400, min=20, max=4000, log=True, help="steps of training")

    def run(self, stage):
        images, labels, test_images, y_test = (part.to(stage.device) for part in digits())
        images, y = images[: self.examples], labels[: self.examples]
        x, x_test = paste(images, self.jitter), paste(test_images, self.jitter)  # [N, 1, 16, 16]
        x = x.contiguous(memory_format=torch.channels_last)

        numbers, numbers_test = measurements(x), measurements(x_test)  # [N, 8]
        middle, spread = numbers.mean(0), numbers.std(0) + 1e-6
        numbers, numbers_test = (numbers - middle) / spread, (numbers_test - middle) / spread
        by_digit = torch.stack([numbers[y == k].mean(0) for k in range(10)])  # [10, 8]
        if self.crafted == "totals":
            numbers, numbers_test = numbers[:, TOTALS], numbers_test[:, TOTALS]

        # What each pipeline sees, in training and in the test
        seen = dict.fromkeys(PACE, (x, x_test))
        seen["hand-made"] = numbers, numbers_test
        seen["centred"] = paste(images, 0), paste(test_images, 0)
        nets = {
            "pixels": nn.Sequential(nn.Flatten(), nn.Linear(256, 10)),
            "hand-made": nn.Linear(numbers.shape[1], 10),
            "one layer": nn.Sequential(
                nn.Flatten(), nn.Linear(256, 96), nn.ReLU(), nn.Linear(96, 10)
            ),
            "CNN": CNN(self.pool),
            "averaging": CNN("average"),
            "centred": nn.Sequential(nn.Flatten(), nn.Linear(256, 10)),
        }
        for net in nets.values():
            net.to(stage.device, memory_format=torch.channels_last)
        optimizers = {
            name: torch.optim.Adam(net.parameters(), fused=True) for name, net in nets.items()
        }
        stage.watch(nets["CNN"])

        answers = {"drawn rule": rule(x_test)}
        accuracy = {"drawn rule": (answers["drawn rule"] == y_test).float().mean().item()}
        stage.heatmap(
            "crafted", by_digit.T, rows=FEATURES, columns=range(10), x="digit", diverging=True
        )

        on_pixels = probe(x.flatten(1), y, x_test.flatten(1), y_test)

        def probes():
            """Of the pixels, and of each filter's strongest response in two layers."""
            found = [on_pixels]
            for low, low_test in zip(
                nets["CNN"].levels(x), nets["CNN"].levels(x_test), strict=True
            ):
                found.append(probe(low.amax((2, 3)), y, low_test.amax((2, 3)), y_test))
            return found

        for _ in stage.loop(self.steps):
            if stage.step == 0:
                with stage.probe(*nets.values()):
                    untrained = probes()

            i = torch.randint(len(x), (min(self.batch, len(x)),), device=stage.device)
            for name, net in nets.items():
                optimizers[name].param_groups[0]["lr"] = self.learning_rate * PACE[name]
                loss = cross_entropy(net(seen[name][0][i]), y[i])
                optimizers[name].zero_grad()
                loss.backward()
                optimizers[name].step()

            if stage.every(20) or stage.changed("watched"):
                with stage.probe(*nets.values()):
                    for name, net in nets.items():
                        answers[name] = net(seen[name][1]).argmax(1)
                        accuracy[name] = (answers[name] == y_test).float().mean().item()
                stage.text("rings", rings(accuracy))
                stage.curve("test accuracy", {name: accuracy[name] for name in RUNNERS})
                lines = {name: accuracy[name] for name in ("drawn rule", "centred")}
                stage.axes("test accuracy", lines=lines)
                shown = zip(answers[self.watched][:12].tolist(), y_test.tolist(), strict=False)
                stage.image(
                    "answers",
                    x_test[:12],
                    captions=[f"{a}" if a == b else f"{a} not {b}" for a, b in shown],
                    columns=4,
                )
            if stage.every(50):
                with stage.probe(*nets.values()):
                    trained = probes()
                    filters = nets["CNN"].filters_1.weight  # [16, 1, 3, 3]
                    reach = filters.abs().max()
                stage.bars(
                    "layer by layer",
                    ["pixels", "layer 1", "layer 2"],
                    {"at the start": untrained, "now": trained},
                )
                stage.image(
                    "filters",
                    filters,
                    captions=range(1, 17),
                    low=-reach,
                    high=reach,
                    columns=8,
                )
                stage.measure(
                    rule=accuracy["drawn rule"],
                    pixels=accuracy["pixels"],
                    crafted=accuracy["hand-made"],
                    generic=accuracy["one layer"],
                    cnn=accuracy["CNN"],
                    averaging=accuracy["averaging"],
                    centred=accuracy["centred"],
                    smallest_rise=min(trained[1] - trained[0], trained[2] - trained[1]),
                    trained_depth=trained[2] - trained[1],
                    untrained_depth=untrained[2] - untrained[1],
                )

    @claim(
        "a rule written by hand reads under 0.25 of the digits, once they may stand anywhere",
        breaks={"jitter": 0, "steps": 100},
    )
    def rule_fails(self, measured):
        return measured.rule < 0.25

    @claim(
        "a linear classifier on the pixels reads under 0.35 of them",
        breaks={"jitter": 0, "steps": 100},
    )
    def pixels_fail(self, measured):
        return measured.pixels < 0.35

    @claim(
        "the same kind of classifier on eight hand-made features reads over 0.7",
        breaks={"crafted": "totals", "steps": 300},
    )
    def crafted_works(self, measured):
        return measured.crafted > 0.7

    @claim(
        "a fully connected net on the pixels stays over 0.1 below the hand-made features",
        breaks={"jitter": 0, "steps": 100},
    )
    def crafted_beats_generic(self, measured):
        return measured.crafted - measured.generic > 0.1

    @claim(
        "a CNN that takes the maximum over all places reads over 0.88",
        breaks={"pool": "flat", "steps": 300},
    )
    def learned_wins(self, measured):
        return measured.cnn > 0.88

    @claim(
        "its learned features beat the hand-made ones by more than 0.03",
        breaks={"pool": "flat", "steps": 300},
    )
    def learned_beats_crafted(self, measured):
        return measured.cnn - measured.crafted > 0.03

    @claim(
        "the same CNN with an average for its pool loses to the hand-made features",
        breaks={"crafted": "totals", "steps": 300},
    )
    def pool_decides(self, measured):
        return measured.crafted - measured.averaging > 0

    @claim(
        "each layer of the trained CNN is easier to read off than the one before, by over 0.1",
        breaks={"jitter": 0, "steps": 100},
    )
    def hierarchy(self, measured):
        return measured.smallest_rise > 0.1

    @claim(
        "it is training that makes the second layer better than the first: the step is over 0.1 "
        "higher than before",
        breaks={"steps": 20},
    )
    def training_makes_it(self, measured):
        return measured.trained_depth - measured.untrained_depth > 0.1

    @claim(
        "centred digits are nearly linearly separable: a linear classifier reads over 0.92",
        breaks={"examples": 50, "steps": 100},
    )
    def easy_when_centred(self, measured):
        return measured.centred > 0.92


def rings(accuracy):
    """The four rings, each pipeline in the innermost one that it belongs to."""

    def line(depth, name):
        filled = round(10 * accuracy[name])
        bar = "█" * filled + "·" * (10 - filled)
        return f"{'│ ' * depth}{name:<{20 - 2 * depth}}{bar} {accuracy[name]:.2f}"

    return "\n".join(
        [
            "ARTIFICIAL INTELLIGENCE",
            line(1, "drawn rule"),
            "│ MACHINE LEARNING",
            line(2, "pixels"),
            line(2, "hand-made"),
            "│ │ REPRESENTATION LEARNING",
            line(3, "one layer"),
            "│ │ │ DEEP LEARNING",
            line(4, "CNN"),
            line(4, "averaging"),
        ]
    )
