"""
# When do two boxes agree?

A detector answers with a rectangle. It is never exactly the true one, so you need a number that
says how near it is. Overlapping area alone will not do: a box as large as the image overlaps
everything. *Intersection over union* (IoU) charges for that. Of all the area that box A or box B
covers, it is the share that both cover:

    IoU = |A ∩ B| / |A ∪ B|

It is 1 for equal boxes and 0 for boxes that do not touch. Usually .5 counts as found, and that is
stricter than it sounds. A square moved aside by a third of its width has IoU .5. So has a box that
contains the target and has twice its area. And IoU measures in units of the box: the same three
pixels cost a small box more than a large one.

Now use it the other way round, as a **loss**: let Adam move the four sides of a box so that 1 − IoU
falls. Below one box starts beside its target, under three losses at once. Where the boxes do not
touch, IoU is 0 all around: no direction is better, the slope is 0, and the box stands still.
What is a good judge may be a blind guide.

Two ways out. *Generalised IoU* also charges for the gap, the part of the smallest rectangle H
around both boxes that neither covers:

    IoU − |H \\ (A ∪ B)| / |H|

Growing is one way to close a gap, so on its way the box swells. *Smooth L1* forgets areas and
compares the four sides, squared when they are near, plainly when they are far.

## Tomorrow

Judge by IoU, train by smooth L1 or generalised IoU. If boxes do not improve at all, count
those that touch their targets. Report IoU by size of object: small ones fail first.
"""

import torch
from torch.nn.functional import smooth_l1_loss

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import objects

COUNT, SIZE = 200, 32  # pairs of boxes; pixels of an image
GUIDES = ("IoU", "generalised IoU", "smooth L1")


def inner(a, b):
    """|A ∩ B| and |A ∪ B| of boxes [..., 4]: left, top, right, bottom."""
    corners = torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])
    both = corners.clamp(min=0).prod(-1)
    return both, area(a) + area(b) - both


def area(box):
    return (box[..., 2:] - box[..., :2]).clamp(min=0).prod(-1)


def iou(a, b):
    both, either = inner(a, b)
    return both / either.clamp(min=1e-9)


class Overlap(Scene):
    covers = ("Intersection over Union (IoU)",)
    panels = {
        "one pair": "the same box on its way to the same target, under each of the three losses",
        "found": "share of 200 boxes, all started beside their targets, with IoU over .5: higher "
        "is better",
        "strictness": "what is left of the IoU when a box is moved aside; higher is better",
    }
    claims = {
        "stuck": "as a loss, IoU brings at most 5 % of the boxes beside their targets to IoU .5",
        "touching": "of 200 boxes that start touching their targets it brings over 95 %",
        "guided": "generalised IoU brings over 92 % of those that start beside them",
        "swells": "on the way (median) it makes boxes twice as large as smooth L1 or more",
        "strict": "moved by `shift`, boxes up to 7 wide lose over .14 more IoU than those over 9",
    }
    tries = (
        Try(
            "start=touching",
            "Now every box starts a little over its target. How many does plain IoU bring home?",
            ("none, as before", "about half of them", "all of them"),
            right=3,
            breaks=("stuck", "swells"),
            keeps="guided",
            why="Where boxes overlap, IoU has a slope: each side that moves changes the overlap. "
            "It is blind only where there is none.",
        ),
        Try(
            "learning_rate=5",
            "Ten times the step. Do the boxes get free that IoU left standing?",
            ("yes, a large step reaches the target", "some of them", "none of them"),
            right=3,
            keeps=("stuck", "swells"),
            why="A step is a rate times a slope, and ten times 0 is 0.",
        ),
        Try(
            "gap=0.001",
            "Generalised IoU charges a thousandth for the gap. How many boxes does it bring home?",
            ("nearly all", "about half", "none: it is too weak to notice"),
            right=1,
            keeps=("guided", "stuck"),
            why="Adam divides by the size of the slope. However small, a slope has a direction, "
            "and that was all that was missing.",
        ),
        Try(
            "shift=1",
            "Boxes are off by one pixel instead of three. Does size still matter much?",
            ("as much as before", "less", "more"),
            right=2,
            breaks="strict",
            why="IoU is (width − shift) / (width + shift). For a shift much smaller than either "
            "width it is near 1 for both.",
        ),
    )
    quick = {"steps": 20}
    pace = 10

    start = Choice("beside", ("beside", "touching"), help="where boxes start from their targets")
    gap = Float(1.0, min=0, max=10, live=True, help="weight of the gap in generalised IoU")
    learning_rate = Float(0.5, min=0.01, max=20, log=True, live=True, help="Adam's step in pixels")
    pair = Int(4, min=0, max=199, live=True, help="which of the pairs is shown")
    shift = Int(3, min=0, max=12, live=True, help="pixels by which boxes are moved aside")
    steps = Int(200, min=10, max=2000, log=True, help="steps of all boxes")

    def run(self, stage):
        images, true, *_ = objects(COUNT, size=SIZE, most=1, sides=(6, 11))
        images, target = images.to(stage.device), true[:, 0].to(stage.device)  # [200, 4]
        first = beginning(true[:, 0], self.start == "touching").to(stage.device)
        boxes = first.repeat(3, 1, 1).requires_grad_()  # [3 losses, 200, 4]
        control = beginning(true[:, 0], True).to(stage.device).requires_grad_()
        adam = torch.optim.Adam([boxes, control], lr=self.learning_rate)

        def losses():
            """Of all boxes, the three kinds each by its own loss."""
            plain, general, sides = boxes
            both, either = inner(general, target)
            low = torch.minimum(general[:, :2], target[:, :2])
            high = torch.maximum(general[:, 2:], target[:, 2:])
            hull = area(torch.cat([low, high], dim=1))  # |H|
            return (
                (1 - iou(plain, target)).sum()
                + (1 - both / either + self.gap * (hull - either) / hull).sum()
                + smooth_l1_loss(sides, target, beta=3, reduction="sum")
            )

        stage.axes("found", y="share found", lines={"all": 1})
        moved, line = torch.linspace(0, 12, 61), {"found": 0.5}
        left_over = {f"{w} wide": ((w - moved) / (w + moved)).clamp(min=0) for w in (6, 8, 11)}

        @stage.look(1)
        def look():
            now = iou(boxes, target)  # [3, 200]
            home = dict(zip(GUIDES, (now > 0.5).float().mean(1).tolist(), strict=True))
            said = ", ".join(f"{name} {share:.0%}" for name, share in home.items())
            stage.headline(f"brought to their targets by {said}")
            stage.curve("found", home)
            shown, alone = boxes[:, self.pair], torch.eye(3, device=stage.device)[..., None]
            own = {name: (shown * alone[i])[:, None] for i, name in enumerate(GUIDES)}
            stage.image(
                "one pair",
                images[self.pair].expand(3, -1, -1, -1),
                columns=3,
                captions=[f"IoU {agree:.2f}" for agree in now[:, self.pair].tolist()],
                boxes={"target": target[self.pair].expand(3, 1, 4), **own},
            )
            place = {"shift": self.shift}
            stage.axes("strictness", x="moved (pixels)", y="IoU", lines=line, verticals=place)
            stage.plot("strictness", moved, left_over)

        largest = area(boxes.detach())
        for _ in stage.loop(self.steps):
            loss = losses() + (1 - iou(control, target)).sum()
            adam.param_groups[0]["lr"] = self.learning_rate
            adam.zero_grad()
            loss.backward()
            adam.step()
            largest = torch.maximum(largest, area(boxes.detach()))

        with stage.probe():
            home = (iou(boxes, target) > 0.5).float().mean(1)
            stage.claim("stuck", home[0], at_most=0.05)
            stage.claim("touching", (iou(control, target) > 0.5).float().mean(), above=0.95)
            stage.claim("guided", home[1], above=0.92)
            swollen = (largest / torch.maximum(area(first), area(target))).median(1).values
            stage.measure(by_sides=home[2], largest_general=swollen[1], largest_sides=swollen[2])
            stage.claim("swells", swollen[1] / swollen[2], at_least=2)
            aside = torch.tensor([self.shift, 0, self.shift, 0]).to(target)
            left, width = iou(target, target + aside), target[:, 2] - target[:, 0]
            stage.claim("strict", left[width > 9].mean() - left[width <= 7].mean(), above=0.14)


def beginning(target, touching):
    """A box for each target that touches it, or stands beside it: [200, 4]."""
    boxes, missing = torch.zeros_like(target), torch.ones(COUNT, dtype=torch.bool)
    while missing.any():
        side = 6 + 5 * torch.rand(COUNT, 1)
        corner = torch.rand(COUNT, 2) * (SIZE - side)
        some = torch.cat([corner, corner + side], dim=1)
        fits = missing & ((iou(some, target) > 0) == touching)
        boxes[fits], missing = some[fits], missing & ~fits
    return boxes
