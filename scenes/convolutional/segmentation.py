"""
# When is 85 % of the pixels right a failure?

A net colours every pixel by what it shows, and 85 % of its pixels are right. Is that good? Ask
first what an answer would score that has not looked.

To **segment** an image is to give each pixel a class. The net's output is as high and as wide as
the image, with a channel for each class: at each pixel a score (*logit*) for each class. Softmax
over the channels makes them probabilities; the largest is the answer. The loss is the mean of all
pixels' cross-entropies.

In these images most pixels are ground. So the **constant answer** *background* gets most of them
right, without eyes. *Pixel accuracy* says above all how empty the images are.

Two measures are harder to please. For each class, take the pixels where answer and truth agree on
it, and divide by the pixels where either of them says it:

    IoU = |A ∩ T| / |A ∪ T|

A are the pixels answered so, T those that truly are; the name is intersection over union. *Mean
IoU* averages over the classes, so a class counts the same however rare it is. An object that is
missed costs a class its IoU; one that is invented does, too. *Border accuracy* counts only
pixels that have a pixel of another class beside them: there the outlines are drawn.

Watch the first steps. Pixel accuracy is high at once, when the net has learned nothing but that
ground is common.

This is *semantic* segmentation: two squares that touch become one patch. To tell them apart is
*instance* segmentation.

## Tomorrow

Before you train, score the constant answer by the measure that you mean to report. Report mean IoU,
each class's IoU, and accuracy near borders. If pixel accuracy is high and mean IoU is low, the rare
classes are missing.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, interpolate, max_pool2d

from dlplay import Choice, Int, Scene, Try
from dlplay.data import objects
from dlplay.nn.masks import in_colour, near_borders

N, CLASSES = 32, ("background", "circle", "square", "triangle")
MEASURES = ("pixel accuracy", "mean IoU", "border accuracy")


class Segmentation(Scene):
    covers = ("Image Segmentation",)
    panels = {
        "masks": "orange circles, blue squares, green triangles; white: where it is wrong",
        "three measures": "on 60 new images; lines: the constant answer's; higher is better",
        "by class": "IoU of each class; higher is better",
    }
    claims = {
        "constant_looks_good": "the constant answer is right for 0.8 to 0.9 of the pixels",
        "soon": "within 40 steps the net gets more pixels right than that",
        "praised": "when it first does, its mean IoU is over 0.35 below its pixel accuracy",
        "learns": "after 120 steps mean IoU on new images is above 0.9",
        "border": "and over 0.9 of the pixels near borders are right",
    }
    tries = (
        Try(
            "object_size=6",
            "Smaller objects. What happens to the constant answer's pixel accuracy?",
            ("it falls", "it rises", "it stays"),
            right=2,
            breaks="constant_looks_good",
            why="The rarer the objects are, the better an answer looks that denies them.",
        ),
        Try(
            "weights='inverse frequency'",
            "A rare class counts more in the loss. When does the net get more pixels right than "
            "the constant answer?",
            ("sooner", "at the same time", "later"),
            right=3,
            breaks="soon",
            keeps="learns",
            why="An unsure pixel is now called an object rather than ground. Most of those are "
            "ground, so more pixels are wrong.",
        ),
        Try(
            "most=6",
            "Up to six objects in an image. What becomes of the constant answer's accuracy?",
            ("it falls", "it stays: the answer is the same", "it rises"),
            right=1,
            breaks="constant_looks_good",
            keeps="learns",
            why="Its accuracy is the share of ground. It says how full the images are, nothing "
            "of the answer.",
        ),
    )
    quick = {"steps": 4}
    pace = 10

    object_size = Int(10, min=5, max=14, help="mean side of an object in pixels")
    most = Int(3, min=1, max=6, help="objects in an image, at most")
    weights = Choice("equal", ("equal", "inverse frequency"), help="of the classes in the loss")
    shown = Int(0, min=0, max=58, live=True, help="the first of the images shown")
    steps = Int(120, min=4, max=2000, log=True, help="steps of 16 images, one-cycle rate")

    def run(self, stage):
        sides = (self.object_size - 2, self.object_size + 2)
        x, _, _, truth = objects(260, size=N, most=self.most, sides=sides)
        x, truth = x.to(stage.device), truth.to(stage.device)  # [260, 1, N, N], [260, N, N]
        x, truth, x_new, truth_new = x[:200], truth[:200], x[200:], truth[200:]
        border = near_borders(truth_new)
        weight = torch.ones(4, device=stage.device)
        if self.weights == "inverse frequency":
            weight = truth.numel() / 4 / truth.flatten().bincount(minlength=4).clamp(min=1)

        net = Net().to(stage.device)
        adam = torch.optim.Adam(net.parameters())
        cycle = torch.optim.lr_scheduler.OneCycleLR(adam, 1e-2, total_steps=self.steps)

        def measured(answer):
            """The three measures, and the IoU of each class, of masks [60, N, N]."""
            right = answer == truth_new
            ious = []
            for kind in range(4):
                a, t = answer == kind, truth_new == kind
                ious.append((a & t).sum() / (a | t).sum().clamp(min=1))
            ious = torch.stack(ious)
            return torch.stack(
                [right.float().mean(), ious.mean(), right[border].float().mean()]
            ), ious

        constant, _ = measured(torch.zeros_like(truth_new))
        stage.axes(
            "three measures",
            y="share",
            lines={"constant: pixel accuracy": constant[0], "constant: mean IoU": constant[1]},
        )

        @stage.look(5, net)
        def look():
            logits = net(x_new)
            scores, ious = measured(logits.argmax(dim=1))
            stage.curve("three measures", dict(zip(MEASURES, scores, strict=True)))
            stage.bars("by class", CLASSES, ious)
            some = slice(self.shown, self.shown + 2)
            image, true, said = x_new[some], truth_new[some], logits[some].argmax(dim=1)
            wrong = (said != true)[:, None].expand(-1, 3, -1, -1)
            rows = image.expand(-1, 3, -1, -1), in_colour(true), in_colour(said), wrong
            stage.image(
                "masks",
                torch.stack(rows, dim=1).flatten(0, 1),
                captions=("image", "truth", "answer", "wrong") * 2,
                columns=4,
            )
            stage.headline(
                f"pixels right {scores[0]:.0%} (constant answer {constant[0]:.0%}), "
                f"mean IoU {scores[1]:.2f}"
            )

        passed, then = self.steps, constant  # when accuracy first passed the constant, the measures
        for step in stage.loop(self.steps):
            batch = torch.randint(len(x), (16,))
            loss = cross_entropy(net(x[batch]), truth[batch], weight)
            adam.zero_grad()
            loss.backward()
            adam.step()
            cycle.step()
            if step % 5 == 4 and passed == self.steps:
                with stage.probe(net):
                    then, _ = measured(net(x_new).argmax(dim=1))
                passed = step + 1 if then[0] > constant[0] else passed

        with stage.probe(net):
            scores, _ = measured(net(x_new).argmax(dim=1))
            stage.claim("constant_looks_good", constant[0], within=(0.8, 0.9))
            stage.claim("soon", passed, at_most=40)
            stage.claim("praised", then[0] - then[1], above=0.35)
            stage.claim("learns", scores[1], above=0.9)
            stage.claim("border", scores[2], above=0.9)


class Net(nn.Module):
    """Convolutions at three scales, brought back to full size, then a vote at each pixel."""

    def __init__(self):
        super().__init__()
        self.scales = nn.ModuleList(layer(*widths) for widths in ((1, 8), (8, 16), (16, 24)))
        self.join, self.vote = layer(48, 16), nn.Conv2d(16, 4, 1)

    def forward(self, x):  # [B, 1, N, N]
        seen = []
        for n, scale in enumerate(self.scales):
            x = scale(max_pool2d(x, 2) if n else x)
            seen.append(interpolate(x, scale_factor=2**n))
        return self.vote(self.join(torch.cat(seen, dim=1)))  # [B, 4, N, N]


def layer(inputs, outputs):
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())
