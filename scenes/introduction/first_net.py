"""
# Watch a small network learn

How do you get a rule that nobody can put into words? You let a machine learn it from examples.

Each **point** here belongs to one of two **classes**. The background shows what a small network
answers at every place. Where its answer changes runs the **border**.

Nobody drew this border. It follows from numbers inside the network, its **weights**, which start
at random. The **loss** is one number: how wrong the answers are. Each **step** changes every weight
a little, so that the loss falls. Nothing else happens, and yet the border bends, folds and closes
around the inner ring.

Your own points will do, too: `data=my.csv` takes a table of two columns and a third with two
values. What is claimed is claimed of the rings.

Now press `t`, and say what you expect before you see it.

## Tomorrow

Start every project with a problem so small that you can watch the border and the loss together. If
the loss does not fall there, it will not fall on the large problem either. If it falls and the
border looks wrong, trust the border.
"""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from dlplay import File, Float, Int, Scene, Try
from dlplay.data import examples, points
from dlplay.nn import grid

REACH = 1.5  # the part of the plane that is shown: from -1.5 to 1.5


class FirstNet(Scene):
    covers = ("Introduction to Deep Learning (why learn at all)",)
    panels = {
        "border": "the line is where the net changes its answer; it should part the two classes",
        "loss": "how wrong the net is on its 200 points; lower is better",
    }
    claims = {
        "learns": "after 200 steps the net is right for over 0.92 of 2,000 new points",
        "no_line": "that share is over 0.25 above the best straight line's (fitted to the 200)",
        "falls": "the loss after 200 steps is less than a third of the first",
        "calm": "in the last 100 steps the loss never rises by 0.01 from one step to the next",
    }
    tries = (
        Try(
            "units=2",
            "Two hidden units instead of eight. What will the border look like?",
            (
                "a closed ring, rougher than before",
                "a strip or wedge between two lines, left open",
                "one straight line",
            ),
            right=2,
            breaks=("learns", "no_line", "falls"),
            keeps="calm",
            why="Each hidden unit draws one soft straight line. Two lines fence in a strip or a "
            "wedge. To close a figure it takes three.",
        ),
        Try(
            "learning_rate=30",
            "Each step is thirty times as large. What happens?",
            (
                "the ring closes thirty times sooner",
                "nothing new: the best border stays the best",
                "the loss jumps up again and again, and the border flickers",
            ),
            right=3,
            breaks="calm",
            why="The slope says how the loss changes close by. A step that is too large lands "
            "where the slope was another, and may end up higher than it began.",
        ),
    )
    quick = {"steps": 20}
    pace = 10

    units = Int(8, min=1, max=16, help="hidden units of the net")
    learning_rate = Float(1.0, min=0.03, max=100, log=True, live=True, help="how large a step is")
    data = File("rings", kind="table", names=("rings", "moons", "quarters"),
                help="how classes lie; or a table: two columns and a class")  # fmt: skip
    steps = Int(200, min=10, max=5000, log=True, help="steps to train")

    def run(self, stage):
        x, y, x_new, y_new = two_classes(self.data, stage.device)  # the net never learns the new

        net = nn.Sequential(nn.Linear(2, self.units), nn.Tanh(), nn.Linear(self.units, 1))
        nn.init.normal_(net[0].weight, std=2)
        net.to(stage.device)
        optimizer = torch.optim.SGD(net.parameters(), lr=self.learning_rate)
        places = grid((-REACH, REACH), (-REACH, REACH), 60, stage.device)  # [60, 60, 2]

        def share_right():
            return ((net(x_new)[:, 0] > 0) == (y_new == 1)).float().mean()

        stage.axes("loss", y="loss", lines={"guessing": 0.693})

        @stage.look(1, net)
        def look():
            stage.headline(
                f"step {stage.step + 1}: loss {loss:.2f}, "
                f"right for {share_right():.0%} of {len(x_new):,} new points"
            )
            sureness = 2 * net(places)[..., 0].sigmoid() - 1  # [60, 60], -1 class 0, 1 class 1
            stage.plane(
                "border",
                x=(-REACH, REACH),
                y=(-REACH, REACH),
                field=sureness,
                kind="signed",
                low=-1,
                high=1,
                points=x,
                labels=y,
                x_label="x₁",
                y_label="x₂",
            )

        losses = []
        for _ in stage.loop(self.steps):
            loss = binary_cross_entropy_with_logits(net(x)[:, 0], y.float())
            optimizer.param_groups[0]["lr"] = self.learning_rate
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            stage.curve("loss", {f"its {len(x)} points": loss})

        with stage.probe(net):
            right = share_right()
            stage.claim("learns", right, above=0.92)
            stage.claim("no_line", right - straight_line(x, y, x_new, y_new), above=0.25)
            stage.claim("falls", losses[-1] / losses[0], below=0.33)
            stage.claim("calm", torch.tensor(losses[-101:]).diff().max(), below=0.01)


def two_classes(data, device):
    """Points [N, 2] and classes [N], 0 or 1, to learn from, and others; of a table, two thirds."""
    if data in ("rings", "moons", "quarters"):
        return *points(data, 200, device=device), *points(data, 2000, device=device)
    x, y = examples(data, features=2, classes=True, most=600, device=device)
    x, y, known = x / 2, y.long(), len(x) * 2 // 3  # most columns reach some 3 deviations
    return x[:known], y[:known], x[known:], y[known:]


def straight_line(x, y, x_new, y_new):
    """The share of the new points that the straight line gets right which is best on x, y.

    To find that line, 180 directions are tried, and in each a line through every point.
    """
    angle = torch.arange(180, device=x.device) * torch.pi / 180
    directions = torch.stack([angle.cos(), angle.sin()])  # [2, 180]
    along = x @ directions  # [N, 180]: how far each point lies in each direction
    beyond = along[:, None] > along[None]  # [N, N, 180]: is point i beyond the line through j?
    right = (beyond == (y == 1)[:, None, None]).float().mean(0)  # [N, 180]
    best = torch.maximum(right, 1 - right).argmax()  # a line may have class 1 on either side
    line, direction = best // 180, best % 180
    new = (x_new @ directions[:, direction] > along[line, direction]) == (y_new == 1)
    score = new.float().mean()
    return score if right[line, direction] > 0.5 else 1 - score
