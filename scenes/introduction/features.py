"""
# Should features be designed or learned?

A new task lies on your desk. Do you sit down and invent measurements, or do you let a network find
its own? Here both compete: read digits that may stand anywhere on a canvas of 16×16 pixels.

A **feature** is a number that a model computes from the input before it decides. Three learners get
the same pictures and end in the same kind of classifier. They differ in their features:

- **Eight numbers**, made by hand: how much ink there is, how far it spreads about its centre, how
  it leans, how often it meets an edge. Moving the digit changes none of them. Only 90 weights are
  learnt.
- **Dense net**: 96 features, each a weighted sum of all 256 pixels, all 25,642 weights learnt.
- **CNN**: filters of 3×3 weights, learnt too. The same filter is laid on every place, and only its
  strongest answer counts. That leaves 5,130 weights.

"Learned features beat designed ones" is often told as a law. Look at the dense net: its learned
features lose to eight numbers that somebody thought about. It has to learn every stroke anew for
every place. The CNN wins, since somebody thought about it as well: a stroke is a stroke wherever
it is. There the thought sits in the architecture, and the details are left to the data.

So a representation wins by fitting the problem. It matters less whether a person or a training run
put it there.

## Tomorrow

Before you choose a larger net, ask what may change in the input without changing the answer, and
build that in. Always run a few hand-made numbers and a linear classifier as well. If your net does
not beat them, its architecture does not fit.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, pad

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits, scattered

FEATURES = ("ink", "spread ↕", "spread ↔", "leaning", "skew ↕", "skew ↔", "edges ↕", "edges ↔")
TOTALS = [0, 6, 7]  # those that are mere sums over the picture


class Features(Scene):
    covers = ("From Feature Engineering to Representation Learning",)
    panels = {
        "digits read": "share of 397 new digits that each learner reads; higher is better",
        "eight numbers": "average by digit, in spreads; digits with like columns get confused",
        "misread": "new digits that the watched learner gets wrong",
    }
    claims = {
        "crafted": "eight hand-made numbers and a linear classifier read 0.8 to 0.88 of new digits",
        "dense_loses": "the dense net, with 25,642 weights, reads over 0.2 less than these eight",
        "learned_wins": "the CNN reads over 0.04 more than the eight numbers",
        "reads": "after 400 steps the CNN reads over 0.88 of new digits",
    }
    tries = (
        Try(
            "crafted=totals",
            "Three of the eight numbers are left, plain sums of ink and edges. Who is ahead?",
            ("still the sums, as place does not matter to them", "the dense net", "the CNN alone"),
            right=3,
            breaks=("crafted", "dense_loses"),
            keeps="reads",
            why="Designed features are as good as the designer's idea. Sums do not depend on the "
            "place, but they do not know the shape either.",
        ),
        Try(
            "jitter=0",
            "Every digit stands in the middle. How far is the CNN ahead of the dense net?",
            ("hardly at all", "by about half as much as before", "as far as before"),
            right=1,
            breaks="dense_loses",
            keeps="reads",
            why="The CNN's idea pays where the same stroke turns up at different places. In the "
            "middle there is nothing to gain from it.",
        ),
        Try(
            "pool=mean",
            "A filter's mean over all places counts, not its maximum. How good is the CNN now?",
            ("about as good", "clearly below the eight numbers", "no better than guessing"),
            right=2,
            breaks=("learned_wins", "reads"),
            why="The means differ little from digit to digit, so learning from them is slow. It is "
            "a matter of time: the information is there.",
        ),
        Try(
            "examples=100",
            "Only 100 labelled digits, a fourteenth. Which learner loses least?",
            ("the dense net", "the eight numbers", "the CNN"),
            right=2,
            breaks="reads",
            keeps="dense_loses",
            why="Ninety weights need few examples. The more a learner has to find out by itself, "
            "the more examples that takes.",
        ),
    )
    quick = {"steps": 20}

    jitter = Int(8, min=0, max=8, help="places that a digit can be at, less one, each way")
    crafted = Choice("moments", ("moments", "totals"), help="which numbers are made by hand")
    pool = Choice("max", ("max", "mean"), help="how the CNN joins a filter's answers")
    examples = Int(1400, min=50, max=1400, log=True, help="digits to learn from")
    learning_rate = Float(0.005, min=1e-4, max=0.1, log=True, live=True, help="step size of Adam")
    watched = Choice("CNN", ("eight numbers", "dense net", "CNN"), live=True,
                     help="whose mistakes are shown")  # fmt: skip
    steps = Int(400, min=20, max=4000, log=True, help="steps to train")

    def run(self, stage):
        images, labels, images_new, y_new = digits(device=stage.device)  # [1400, 1, 8, 8], ...
        x = scattered(images[: self.examples], 16, self.jitter)  # [N, 1, 16, 16]
        x_new, y = scattered(images_new, 16, self.jitter), labels[: self.examples]

        numbers, numbers_new = measured(x), measured(x_new)  # [N, 8]
        mean, spread = numbers.mean(0), numbers.std(0) + 1e-6
        numbers, numbers_new = (numbers - mean) / spread, (numbers_new - mean) / spread
        by_digit = torch.stack([numbers[y == k].mean(0) for k in range(10)], dim=1)  # [8, 10]
        kept = TOTALS if self.crafted == "totals" else list(range(8))

        pool = nn.AdaptiveMaxPool2d(1) if self.pool == "max" else nn.AdaptiveAvgPool2d(1)
        low = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]  # [N, 16, 8, 8]
        high = [nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), pool]  # [N, 32, 1, 1]
        dense = [nn.Flatten(), nn.Linear(256, 96), nn.ReLU(), nn.Linear(96, 10)]
        layers = {
            "eight numbers": [nn.Linear(len(kept), 10)],
            "dense net": dense,
            "CNN": [*low, *high, nn.Flatten(), nn.Linear(32, 10)],
        }
        nets = nn.ModuleDict({name: nn.Sequential(*net) for name, net in layers.items()})
        nets.to(stage.device)
        inputs = dict.fromkeys(nets, x) | {"eight numbers": numbers[:, kept]}
        inputs_new = dict.fromkeys(nets, x_new) | {"eight numbers": numbers_new[:, kept]}
        paces = {"eight numbers": 6, "dense net": 1, "CNN": 1}  # each about its best
        optimizer = torch.optim.Adam([{"params": net.parameters()} for net in nets.values()])

        def exam():  # of each learner: its answers to the new digits [397], the share it reads
            said = {name: net(inputs_new[name]).argmax(1) for name, net in nets.items()}
            return said, {name: (a == y_new).float().mean().item() for name, a in said.items()}

        stage.axes("digits read", y="share read", lines={"guessing": 0.1})

        @stage.look(20, nets)
        def look():
            said, right = exam()
            stage.curve("digits read", right)
            stage.headline(", ".join(f"{name}: {share:.0%}" for name, share in right.items()))
            axes = {"rows": FEATURES, "columns": range(10), "x": "digit"}
            stage.heatmap("eight numbers", by_digit, diverging=True, **axes)
            wrong = (said[self.watched] != y_new).nonzero()[:12, 0]
            pairs = zip(y_new[wrong].tolist(), said[self.watched][wrong].tolist(), strict=True)
            stage.image("misread", x_new[wrong], captions=[f"{a} as {b}" for a, b in pairs])

        for _ in stage.loop(self.steps):
            i = torch.randint(len(x), (32,)).to(stage.device)
            loss = sum(cross_entropy(net(inputs[name][i]), y[i]) for name, net in nets.items())
            for group, pace in zip(optimizer.param_groups, paces.values(), strict=True):
                group["lr"] = self.learning_rate * pace
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            by_hand, dense, cnn = exam()[1].values()
            stage.claim("crafted", by_hand, within=(0.8, 0.88))
            stage.claim("dense_loses", by_hand - dense, above=0.2)
            stage.claim("learned_wins", cnn - by_hand, above=0.04)
            stage.claim("reads", cnn, above=0.88)


def measured(x):
    """Eight numbers of each image [N, 1, 16, 16] that do not depend on its place: [N, 8]."""
    x = x[:, 0]
    ink = x.sum((1, 2))
    share = x / ink[:, None, None]  # of the ink, in each pixel
    at = torch.arange(16.0, device=x.device)
    # How far each row and each column is from the centre of the ink: [N, 16, 1], [N, 1, 16]
    down = at[:, None] - (share * at[:, None]).sum((1, 2))[:, None, None]
    along = at - (share * at).sum((1, 2))[:, None, None]
    powers = ((2, 0), (0, 2), (1, 1), (3, 0), (0, 3))
    moments = [(share * down**a * along**b).sum((1, 2)) for a, b in powers]
    x = pad(x, (1, 1, 1, 1))  # so that a digit at the border has an edge there too
    edges = [x.diff(dim=dim).abs().sum((1, 2)) for dim in (1, 2)]
    return torch.stack([ink, *moments, *edges], dim=1)
