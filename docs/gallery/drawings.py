"""
# What can a stage draw?

Each panel is one drawing call, on data that anybody can follow. `python docs/make_pictures.py`
turns them into the pictures of the author's guide.

## Tomorrow

Choose the call by the question: curves for what changes, a plane for where, bars for how much.
"""

import math

import torch

from dlplay import Float, Int, Scene
from dlplay.data import objects, photo, points
from dlplay.nn import grid

SHAPES = ("circle", "square", "triangle")


class Drawings(Scene):
    panels = {
        "curve": "a point at each step, series by name",
        "plot": "whole curves at once",
        "plane": "a field, points with classes, paths",
        "image": "grey or colour, with captions and boxes",
        "heatmap": "a matrix, or several to leaf through",
        "matrices": "several, with their numbers, and windows on them",
        "bars": "one group a label",
        "histogram": "how numbers are distributed",
        "spread": "how the numbers of each group lie; of few numbers mean and range",
        "stack": "what each is made of",
        "events": "when something happened, a row a series",
        "graph": "nodes, edges, values, marked nodes",
        "table": "words and numbers; the best row stands out",
        "text": "plain text",
        "tokens": "text in pieces, each coloured by a value",
    }
    claims = {"drawn": "the loss at the end is below a tenth of the first one"}
    quick = {"steps": 20}
    rate = Float(0.1, min=0.01, max=1, live=True, help="share of the way that each step goes")
    steps = Int(60, min=10, max=500, help="steps")

    def run(self, stage):
        walker, path = torch.tensor([1.5, 1.0]), []
        x, y = points("moons", 120)
        places = grid((-2, 2), (-1.5, 1.5), 48)
        stage.axes("curve", x="step", y="loss", log="y", lines={"goal": 0.01})

        @stage.look(5)
        def look():
            stage.headline(f"step {stage.step + 1}: the walker is {walker.norm():.2f} away")
            stage.plane(
                "plane",
                x=(-2, 2),
                y=(-1.5, 1.5),
                field=places[..., 1] - 0.5 * (2 * places[..., 0]).sin(),
                kind="signed",
                points=x,
                labels=y,
                paths={"walker": torch.stack(path)},
                x_label="x₁",
                y_label="x₂",
            )

        for _ in stage.loop(self.steps):
            path.append(walker)
            walker = walker - self.rate * walker
            stage.curve("curve", train=walker.square().sum(), test=1.5 * walker.square().sum())

        t = torch.linspace(-3, 3, 80)
        stage.axes("plot", x="z", y="a")
        stage.plot("plot", t, tanh=t.tanh(), relu=t.relu())
        own = torch.Generator().manual_seed(5)
        scene = objects(2, size=24, least=2, most=2, sides=(7, 11), noise=0.05, generator=own)
        stage.image(
            "image",
            scene.images,
            captions=["one", "another"],
            boxes={"truth": scene.boxes, "predicted": scene.boxes + torch.tensor([-1, 1, 1, 2])},
            box_labels={"predicted": [[SHAPES[k] for k in kinds] for kinds in scene.classes]},
        )
        attention = torch.softmax(-((torch.arange(8)[:, None] - torch.arange(8)) ** 2) / 4, dim=1)
        words = ["the", "cat", "sat", "on", "the", "mat", "and", "slept"]
        stage.heatmap("heatmap", attention, rows=words, columns=words, x="looks at", y="word")
        picture = photo("camera")[0, 16:64, 40:88]  # [48, 48]
        patch, row, column = picture[20:23, 30:33], 20, 30
        edge = torch.tensor([[-1.0, 0, 1]] * 3)
        stage.matrices(
            "matrices",
            {"photo": picture, "patch": patch, "× filter": edge, "= product": patch * edge},
            windows={"photo": {"window": (row, column, 3, 3)}},
            scales={"patch": (0, 1), "× filter": (-1, 1), "= product": (-1, 1)},
            grey=("photo", "patch"),
        )
        stage.bars("bars", ["none", "L2", "dropout"], {"train": [0.99, 0.95, 0.93],
                                                       "test": [0.81, 0.88, 0.9]})  # fmt: skip
        stage.histogram("histogram", {"weights": torch.randn(2000), "slopes": torch.rand(2000)})
        groups = [torch.randn(80) * width for width in (0.5, 1, 2)]
        stage.spread("spread", ["narrow", "normal", "wide", "few"], [*groups, torch.rand(3)])
        memory = {"weights": [4, 4, 4], "state": [0, 4, 8]}
        stage.stack("stack", ["SGD", "momentum", "Adam"], memory, unit="MB")
        fired = {f"unit {i}": (torch.rand(90) < 0.1 * i).nonzero() for i in (1, 2, 3)}
        stage.events("events", fired, low=0, high=90)
        angle = torch.arange(6) * math.pi / 3
        ring = torch.stack([angle.cos(), angle.sin()], dim=1)
        stage.graph(
            "graph",
            ring,
            [(i, (i + 1) % 6) for i in range(6)] + [(0, 3)],
            values=torch.linspace(0, 1, 6),
            labels=list("abcdef"),
            marked=[0],
        )
        rows = [("SGD", 0.031, 1200), ("Adam", 0.012, 300), ("Lion", 0.017, 280)]
        stage.table("table", ("rule", "loss", "steps"), rows, best=[1])
        stage.text("text", f"A picture of {photo('camera').shape[-1]} columns would not fit here.")
        stage.tokens("tokens", words, torch.linspace(0.1, 1, 8), prompt=2, gap=True)

        first, last = path[0].square().sum(), walker.square().sum()
        stage.claim("drawn", last / first, below=0.1)
