"""
# Is reading digits a hard problem?

Somebody shows you a network that reads 96 of 100 handwritten digits. Is that a feat, or is the task
so easy that anything would do?

You can only tell by running something trivial on the same data. Here four methods read the same
digits, one from each ring of a well-known picture. Each ring lies inside the one before it:

- **artificial intelligence**: ten digits drawn by hand as templates. The most similar one wins.
  Nothing is learnt.
- **machine learning**: a linear model. It learns one weight for each pixel and digit.
- **representation learning**: one hidden layer first learns 96 features of the picture.
- **deep learning**: a CNN learns features of features.

In the middle of the canvas even the drawings read two of three, and the others are hardly apart:
there the task is nearly linear. Then the same digits are **moved**, each to its own place. You read
them as before. A linear model cannot: it has one weight for a pixel, and now any stroke may lie on
any pixel. The same data has become a hard problem, and only the deep net gets through. Not by depth
alone: its filters are the same at every place. (Where "representation" ends and "deep" begins is a
convention: more than one learned level counts as deep.)

**MNIST**, with 70,000 digits of 28×28 pixels, is everybody's first data set. All of it is centred,
so the same doubt applies. It is not shipped here. These are 1,797 other digits, of 8×8 pixels, on a
canvas of 16×16.

## Tomorrow

Run a linear model before anything else, and report both numbers. If your network is ahead by one
point, the data was easy or the network is not needed. If it is behind, suspect its training. Then
ask what your users will do to the input that your test data does not.
"""

import torch
from torch import nn
from torch.nn.functional import conv2d, cross_entropy

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits, scattered

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
RINGS = ("drawn templates", "linear model", "hidden layer", "CNN")  # from the outermost on


class Baseline(Scene):
    covers = ("Example: The MNIST Dataset", "Where deep learning sits (the Venn diagram)")
    panels = {
        "digits read": "share of new digits read, one method from each ring; longer is better",
        "misread in the middle": "new digits that the watched method gets wrong",
        "misread when moved": "the same method, trained and tested on moved digits",
    }
    claims = {
        "easy": "in the middle a linear model on the pixels reads over 0.92 of new digits",
        "no_lead": "in the middle the CNN has no real lead over the linear model: -0.04 to 0.06",
        "templates": "when the digits are moved, the templates read over 0.45 less of them",
        "linear_falls": "trained and tested on moved digits, the linear model reads over 0.6 less",
        "deep_stays": "trained and tested on moved digits, the CNN reads at most 0.1 less",
    }
    tries = (
        Try(
            "jitter=2",
            "Moved by a pixel at most: 9 places, not 81. How many does the linear model read?",
            ("nearly as many as in the middle", "about three in five", "one in five, as before"),
            right=2,
            breaks=("linear_falls", "templates"),
            keeps="easy",
            why="Each weight was learnt for one place of the picture. One pixel to the side, a "
            "stroke meets the weights of its neighbour.",
        ),
        Try(
            "examples=50",
            "Five examples a digit. Which method reads most digits in the middle?",
            ("the linear model", "the templates, as they need no examples", "the CNN"),
            right=1,
            breaks=("easy", "deep_stays"),
            why="The fewer examples there are, the more it helps to choose among few answers. But "
            "even five a digit tell more than a drawing does.",
        ),
        Try(
            "learning_rate=0.0003",
            "The step size is a bad guess, a sixteenth of ours. What do you see in the middle?",
            ("all three learners equally worse", "the linear model worst", "the CNN far behind it"),
            right=3,
            breaks="no_lead",
            keeps="templates",
            why="The deep net is the hardest to train, so it suffers most. A network below its "
            "baseline is no sign of a hard problem: it is a sign of a fault in the training.",
        ),
    )
    quick = {"steps": 20}

    jitter = Int(8, min=0, max=8, help="places that a moved digit can be at, less one, each way")
    examples = Int(1400, min=50, max=1400, log=True, help="digits to learn from")
    watched = Choice("linear", ("templates", "linear", "hidden", "CNN"), live=True,
                     help="whose mistakes are shown")  # fmt: skip
    learning_rate = Float(0.005, min=1e-4, max=0.1, log=True, live=True, help="step size of Adam")
    steps = Int(400, min=20, max=4000, log=True, help="steps to train")

    def run(self, stage):
        x, y, x_new, y_new = digits(device=stage.device)  # [1400, 1, 8, 8], [1400], [397, ...]
        x, y = x[: self.examples], y[: self.examples]
        places = {"in the middle": 0, "moved": self.jitter}
        seen = {at: (scattered(x, 16, by), scattered(x_new, 16, by)) for at, by in places.items()}

        def learners():
            linear = [nn.Flatten(), nn.Linear(256, 10)]
            hidden = [nn.Flatten(), nn.Linear(256, 96), nn.ReLU(), nn.Linear(96, 10)]
            low = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]  # [N, 16, 8, 8]
            high = [nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1)]
            cnn = [*low, *high, nn.Flatten(), nn.Linear(32, 10)]
            layers = {"linear": linear, "hidden": hidden, "CNN": cnn}
            return nn.ModuleDict({name: nn.Sequential(*net) for name, net in layers.items()})

        nets = nn.ModuleDict({place: learners() for place in places}).to(stage.device)
        every = [net for place in places for net in nets[place].values()]
        optimizer = torch.optim.Adam([{"params": net.parameters()} for net in every])
        drawn = templates(stage.device)  # [10, 256]

        def answers(place):  # of each method to the new digits: [397] by name
            new = seen[place][1]
            found = {"templates": (standardised(new.flatten(1)) @ drawn.T).argmax(1)}
            return found | {name: net(new).argmax(1) for name, net in nets[place].items()}

        def shares(said):
            return [(answer == y_new).float().mean().item() for answer in said.values()]

        def misread(place, said):  # by the watched method: pictures, and "right as wrong"
            said = said[place][self.watched]
            wrong = (said != y_new).nonzero()[:8, 0]
            pairs = zip(y_new[wrong].tolist(), said[wrong].tolist(), strict=True)
            captions = [f"{right} as {answer}" for right, answer in pairs]
            return {"images": seen[place][1][wrong], "captions": captions}

        @stage.look(20, nets)
        def look():
            said = {place: answers(place) for place in places}
            right = {place: shares(said[place]) for place in places}
            stage.bars("digits read", RINGS, right)
            middle, away = right.values()
            stage.headline(
                f"linear {middle[1]:.0%} in the middle, {away[1]:.0%} moved; "
                f"CNN {middle[3]:.0%} and {away[3]:.0%}"
            )
            stage.image("misread in the middle", **misread("in the middle", said))
            stage.image("misread when moved", **misread("moved", said))

        for _ in stage.loop(self.steps):
            i = torch.randint(len(y), (32,)).to(stage.device)
            both = [(seen[p][0][i], net) for p in places for net in nets[p].values()]
            loss = sum(cross_entropy(net(x), y[i]) for x, net in both)
            for group, pace in zip(optimizer.param_groups, (4, 1, 1) * 2, strict=True):
                group["lr"] = self.learning_rate * pace  # each about its best
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            middle, away = (shares(answers(place)) for place in places)
            stage.claim("easy", middle[1], above=0.92)
            stage.claim("no_lead", middle[3] - middle[1], within=(-0.04, 0.06))
            stage.claim("templates", middle[0] - away[0], above=0.45)
            stage.claim("linear_falls", middle[1] - away[1], above=0.6)
            stage.claim("deep_stays", middle[3] - away[3], at_most=0.1)


def templates(device):
    """The drawings with soft edges, in the middle of the canvas, standardised: [10, 256]."""
    lines = [line.split() for line in DRAWN.split("\n") if line]
    drawn = [[[float(c == "#") for c in row[k]] for row in lines] for k in range(10)]
    canvas = torch.zeros(10, 1, 16, 16)
    canvas[:, 0, 4:12, 5:11] = torch.tensor(drawn)
    pen = torch.tensor([1.0, 2.0, 1.0]) / 4
    canvas = conv2d(canvas, torch.outer(pen, pen)[None, None], padding=1)
    return standardised(canvas.flatten(1)).to(device)


def standardised(v):  # [N, 256] with mean 0 and length 1, so that products are correlations
    v = v - v.mean(1, keepdim=True)
    return v / v.norm(dim=1, keepdim=True)
