"""
# What does the second layer build from the first?

You look into a trained network, and a unit seems to stand for something: an edge, an eye. Did
training build it step by step? Or do you see what you hope to see?

Here you can check. The task is to tell two spiral arms apart. Each **unit** gives one number for
every place of the plane. Put a threshold on that number, and the unit answers alone: blue or
orange. So you can ask how much of the task each unit has solved.

A unit of layer 1 adds up the two coordinates, each times a weight, and bends the sum:

    h = tanh(w₁ x₁ + w₂ x₂ + b)

The weights w₁, w₂ and the bias b are learnt. Wherever the threshold is, the border is a straight
line: an **edge**. A unit of layer 2 gets nothing but the edges of layer 1. It adds up a few, and
its border is a corner, a strip or a curve: a **part**. A unit of layer 3 gets nothing but parts.
Only there do you find one that knows a **whole** arm.

Before training, no unit of any layer knows much more than an edge. So it is not depth alone.

"Edges, parts, objects" was seen in networks for photographs. It is no law. Two of the tries show
good nets without such a ladder.

## Tomorrow

Before you believe a story about what a net sees, measure its units layer by layer, and an
untrained copy too. Do not expect one unit for each idea: often the answer is spread over many.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from dlplay import Choice, Int, Scene, Try
from dlplay.data import points
from dlplay.nn import grid
from dlplay.nn.batched import BatchedLinear, side_by_side

NETS = 5  # trained side by side, each from random weights of its own
BLUE, ORANGE = (0.34, 0.71, 0.91), (0.96, 0.65, 0.14)  # classes 0 and 1, as in all panels


class Composition(Scene):
    covers = ("Hierarchical representations (low, mid and high-level features)",)
    panels = {
        "best unit of each layer": "which class it tells alone, and for what share it is right",
        "all units": "one row a layer: edges, then parts, then whole arms",
        "right alone": "share that one unit gets right: median of 5 nets, and of the net drawn",
        "whole net": "the answer of all units together; the line should part the two classes",
    }
    claims = {
        "parts": "best unit of layer 2: right for 0.7 to 0.88 of 1,000 new points (median of 5)",
        "wholes": "best unit of the last layer: right for over 0.95 of new points (median of 5)",
        "learnt": "training adds over 0.2 to what the best unit of the last layer gets right",
        "whole_net": "the whole net is right for over 0.96 of the new points (median of 5 nets)",
    }
    tries = (
        Try(
            "activation=none",
            "No unit bends its sum any more. How good is the best unit of layer 3?",
            ("as good, but later", "as good as the best of layer 1", "no better than guessing"),
            right=2,
            breaks=("parts", "wholes", "whole_net"),
            why="A sum of straight edges is a straight edge again. Layers that do not bend add "
            "nothing to the first.",
        ),
        Try(
            "layers=1",
            "One layer of eight units. The net gets nine of ten right. What does its best unit do?",
            ("nearly as much as the net", "about three quarters", "no more than a line does"),
            right=3,
            breaks=("parts", "wholes"),
            why="Each unit is still one edge, and only the sum over all eight bends. A wide layer "
            "can solve the task without having any parts.",
        ),
        Try(
            "activation=relu",
            "With ReLU the net is as good. Is there still one unit that knows a whole arm?",
            ("mostly not, the answer is spread", "yes, as before", "yes, but in layer 2"),
            right=1,
            breaks="wholes",
            keeps="whole_net",
            why="A ReLU unit is silent on one side, so several share the work and the last sum "
            "joins them. A unit that means something is a habit of some nets, not a need.",
        ),
        Try(
            "data=rings",
            "A ring in a ring is easier. In which layer does a unit first get nine of ten right?",
            ("in the first", "in the second", "in the third"),
            right=2,
            breaks="parts",
            keeps="wholes",
            why="One edge cannot close a ring, but a handful of edges can, and a sum of edges is "
            "what layer 2 offers.",
        ),
    )
    quick = {"steps": 20}
    pace = 30

    layers = Int(3, min=1, max=4, help="hidden layers")
    width = Int(8, min=2, max=16, help="units in a layer")
    activation = Choice("tanh", ("tanh", "relu", "none"), help="what bends a unit's sum")
    data = Choice("spiral", ("spiral", "rings", "quarters"), help="how the two classes lie")
    shown = Int(1, min=1, max=NETS, live=True, help="which of the five nets is drawn")
    steps = Int(600, min=10, max=5000, log=True, help="steps of Adam")

    def run(self, stage):
        x, y = points(self.data, 400, device=stage.device)  # [400, 2] and [400], 0 or 1
        x_new, y_new = points(self.data, 1000, device=stage.device)

        sizes = pairwise([2] + [self.width] * self.layers)
        hidden = nn.ModuleList(BatchedLinear(NETS, a, b, gain=1) for a, b in sizes)
        nn.init.normal_(hidden[0].weight, std=2)
        nn.init.normal_(hidden[0].bias)
        readout = BatchedLinear(NETS, self.width, 1, gain=1)
        nets = nn.ModuleList([hidden, readout]).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.01)
        bend = {"tanh": torch.tanh, "relu": torch.relu, "none": lambda z: z}[self.activation]

        def units(x):  # [N, 2] -> what the units of each layer say, [N, nets, width] a layer
            h = side_by_side(x, NETS)
            return [h := bend(layer(h)) for layer in hidden]

        def shares_right():  # of each layer's best unit [layers], of the net: median over nets
            levels = units(x_new)
            best = torch.stack([alone(h, y_new)[0].amax(1).median() for h in levels])
            answers = readout(levels[-1])[..., 0] > 0  # [1000, nets]
            return best, (answers == (y_new == 1)[:, None]).float().mean(0).median()

        with stage.probe(nets):
            untrained, _ = shares_right()
        names = [f"layer {k + 1}" for k in range(self.layers)]
        places = grid((-1, 1), (-1, 1), 40, stage.device).reshape(-1, 2)

        @stage.look(10, nets)
        def look():
            net, best, every, captions, drawn = self.shown - 1, [], [], [], []
            levels = units(places)  # [1600, nets, width] a layer
            for name, h, h_new in zip(names, levels, units(x_new), strict=True):
                right, threshold, side = alone(h_new[:, net], y_new)  # [width] each
                sureness = side * (h[:, net] - threshold) / h[:, net].std(0)  # above 0: class 1
                every.append(painted(8 * sureness.T.reshape(-1, 40, 40)))
                best.append(every[-1][right.argmax()])
                drawn.append(right.max().item())
                captions.append(f"{name}: {drawn[-1]:.0%}")
            stage.image("best unit of each layer", torch.stack(best), captions=captions)
            stage.image("all units", torch.cat(every), columns=self.width)
            answer = 2 * readout(levels[-1])[:, net, 0].sigmoid() - 1  # -1 class 0, 1 class 1
            stage.plane(
                "whole net", x=(-1, 1), y=(-1, 1), field=answer.reshape(40, 40), kind="signed",
                points=x, labels=y, x_label="x₁", y_label="x₂",
            )  # fmt: skip
            alone_now, _ = shares_right()
            rows = list(zip(names, untrained.tolist(), alone_now.tolist(), drawn, strict=True))
            stage.table("right alone", ("best of", "start", "now", "drawn"), rows)
            shares = ", ".join(f"{name} {s:.0%}" for name, s in zip(names, drawn, strict=True))
            stage.headline(f"right with one unit alone, the best of {shares}")

        for _ in stage.loop(self.steps):
            logits = readout(units(x)[-1])[..., 0]  # [400, nets]
            targets = y.float()[:, None].expand_as(logits)
            loss = binary_cross_entropy_with_logits(logits, targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            best, whole = shares_right()
            stage.claim("parts", best[min(1, self.layers - 1)], within=(0.7, 0.88))
            stage.claim("wholes", best[-1], above=0.95)
            stage.claim("learnt", best[-1] - untrained[-1], above=0.2)
            stage.claim("whole_net", whole, above=0.96)


def alone(h, y):
    """Each unit of h [N, ...] as a classifier with one threshold, the best that there is.

    For each: the share it gets right, the threshold, and 1 if above it is class 1, else -1.
    """
    ordered, order = h.sort(dim=0)
    ones = y[order]  # [N, ...]: the labels, from the lowest value to the highest
    below = torch.ones_like(ones).cumsum(0)  # how many points lie below each threshold
    right = (below - 2 * ones.cumsum(0) + ones.sum(0)) / len(y)  # if above it is class 1
    apart = ordered.diff(dim=0, append=ordered[-1:] + 1) > 0  # equal values stay together
    right = torch.where(apart, right, 0.5)
    best = torch.maximum(right, 1 - right).argmax(0, keepdim=True)
    right, threshold = right.gather(0, best)[0], ordered.gather(0, best)[0]
    return torch.maximum(right, 1 - right), threshold, (right - 0.5).sign()


def painted(maps):  # [K, rows, columns], lowest row first -> pictures [K, 3, rows, columns]
    blue, orange = (torch.tensor(c).to(maps.device)[:, None, None] for c in (BLUE, ORANGE))
    maps = maps.flip(1)[:, None].clamp(-1, 1)
    return torch.where(maps > 0, orange, blue) * (0.2 + 0.8 * maps.abs())
