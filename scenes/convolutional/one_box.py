"""
# Can one output box serve several objects?

A classifier says *what* is in an image. Two other tasks ask *where*: segmentation, pixel by pixel,
and **detection**, with a rectangle around each object. For an image with a single object, detection
looks easy. Let the net's last layer give three scores, one a class, and four numbers more, the
box: left, top, right, bottom. Scores are trained by cross-entropy, the box by *smooth L1*: the
squared error where it is small, the plain one where it is large.

That works. Now put three objects into every image and ask for one of them, whichever. Watch where
the box goes: to none of them. It settles **between**, on empty ground.

The net is not too small. It was asked a question with three right answers, and the loss charges for
the distance from the one that was drawn this time. Over many draws the cheapest reply is the middle
of the answers. For squared errors that is their mean:

    E(z − b)² is least at b = E(z)

where z is the side that was asked for and b the side that is answered. The mean of three boxes is a
box, and nothing has to be inside it.

So what fails is not the number of objects. Ask for the leftmost, always, and there is one right
answer again. A detector's way out is to give each answer a place of its own: page *grid*.

## Tomorrow

Before you regress a target, ask whether the input determines it. If two people could label it
differently and both be right, the net will answer with their average. Split the answer, or let
the net give several with a score each.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, smooth_l1_loss

from dlplay import Choice, Int, Scene, Try
from dlplay.data import objects
from dlplay.nn.detection import iou, trunk

SIZE, TEST = 48, 300  # pixels of an image; images that no net learns


class OneBox(Scene):
    covers = (
        "Other Computer Vision Tasks",
        "Object Detection (bounding boxes, single-object head)",
    )
    panels = {
        "answers": "one answer for each image; left with one object, right with several",
        "agreement": "mean IoU of the answer with the nearest object; higher is better",
        "where": "is the middle of the answer in the box of an object?",
    }
    claims = {
        "one_works": "with one object, over half of 300 new answers reach an IoU of .5",
        "several_fail": "with several at most .15 of them do, even held against the nearest object",
        "middle": "there the answer is at most .75 as far from the mean of all middles as from any",
        "background": "over .45 of those middles lie in no object's box",
    }
    tries = (
        Try(
            "target=leftmost",
            "Still three objects, but the one that is asked for is always the leftmost. And now?",
            (
                "no better: one box, three objects",
                "the answer goes to the leftmost, and often fits",
                "it goes to the left border, where the objects are on average",
            ),
            right=2,
            breaks=("several_fail", "middle", "background"),
            keeps="one_works",
            why="The image now determines the answer. What failed was never the number of objects, "
            "but a question with several right answers.",
        ),
        Try(
            "objects=2",
            "Two objects in an image instead of three. How much better is the answer?",
            ("much better: a coin is right half the time", "a little better", "no better"),
            right=3,
            keeps=("several_fail", "middle", "background"),
            why="The middle between two objects lies in neither. Choosing one would be right half "
            "the time, but the loss prefers a middling error to a large one.",
        ),
        Try(
            "loss=squared",
            "Squared error in place of smooth L1. Where do the answers with three objects go?",
            ("to the largest object", "between the objects", "out of the image"),
            right=2,
            keeps=("several_fail", "middle", "background"),
            why="The squared error's best answer is the mean. For large errors smooth L1's is the "
            "median of each side: a middle of another kind, and on no object either.",
        ),
        Try(
            "objects=1",
            "The second net gets one object an image as well. What becomes of its boxes?",
            ("they fit like the first net's", "they still end between", "they fit worse"),
            right=1,
            breaks=("several_fail", "middle", "background"),
            why="It was the same net all along.",
        ),
    )
    quick = {"steps": 10}

    objects = Int(3, min=1, max=4, help="objects in an image of the second net")
    target = Choice("random", ("random", "leftmost", "largest"), help="which of them is asked for")
    loss = Choice("smooth L1", ("smooth L1", "squared"), help="what charges for the four sides")
    shown = Int(0, min=0, max=299, live=True, help="the first of the images that are shown")
    steps = Int(200, min=10, max=2000, log=True, help="steps of both nets, 32 images each")

    def run(self, stage):
        names = {"one object": 1, "several objects": self.objects}
        data = {}
        for name, count in names.items():
            images, boxes, kinds, _ = objects(900, least=count, most=count)
            data[name] = [part.to(stage.device) for part in (images, boxes, kinds)]

        heads = [nn.Linear(48 * 9, 3 + 4) for _ in names]  # three scores, four sides
        nets = nn.ModuleList([nn.Sequential(trunk(3), nn.Flatten(), head) for head in heads])
        nets.to(stage.device)
        adam = torch.optim.Adam(nets.parameters(), lr=0.006)
        rates = torch.optim.lr_scheduler.OneCycleLR(adam, 0.006, self.steps)

        def asked(boxes, kinds):
            """The box [B, 4] and the class [B] that each image is asked for."""
            there = kinds >= 0
            if self.target == "random":
                worth = torch.rand(kinds.shape).to(stage.device)
            else:
                left, _, right, _ = boxes.unbind(-1)
                worth = -left if self.target == "leftmost" else right - left
            which = worth.masked_fill(~there, -torch.inf).argmax(1)[:, None]
            box = boxes.gather(1, which[..., None].expand(-1, 1, 4))
            return box[:, 0], kinds.gather(1, which)[:, 0]

        def test():
            """For each net its boxes of new images [300, 4], and how they lie: [4, 300]."""
            for (images, boxes, kinds), net in zip(data.values(), nets, strict=True):
                box = SIZE * net(images[600:])[:, 3:]
                yield box, lies(box, boxes[600:], kinds[600:])

        stage.axes("agreement", y="IoU", lines={"found": 0.5})

        @stage.look(20, nets)
        def look():
            boxes, lying = zip(*test(), strict=True)
            first, second = ((lie[0] > 0.5).float().mean() for lie in lying)
            stage.headline(
                f"answers that fit an object: {first:.0%} with one, "
                f"{second:.0%} with {self.objects} in the image"
            )
            some = [600 + (self.shown + i) % TEST for i in (0, 1)]  # of each net's images
            both = list(zip(data.values(), boxes, strict=True))
            stage.image(
                "answers",
                torch.cat([images[some] for (images, *_), _ in both]),
                columns=4,
                boxes={
                    "true box": [true[i] for (_, true, _), _ in both for i in some],
                    "answer": [box[i - 600, None] for _, box in both for i in some],
                },
            )
            agree, inside, *_ = torch.stack(lying).mean(2).T  # of both nets
            stage.curve("agreement", dict(zip(names, agree, strict=True)))
            stage.stack("where", list(names), {"in a box": inside, "on the ground": 1 - inside})

        for _ in stage.loop(self.steps):
            total = 0
            for (images, boxes, kinds), net in zip(data.values(), nets, strict=True):
                i = torch.randint(600, (32,)).to(stage.device)
                box, kind = asked(boxes[i], kinds[i])
                out = net(images[i])  # [32, 7]
                scores, guess = out[:, :3], SIZE * out[:, 3:]
                if self.loss == "squared":
                    error = (guess - box).square().mean() / 10
                else:
                    error = smooth_l1_loss(guess, box, beta=2)
                total = total + cross_entropy(scores, kind) + error / 4
            adam.zero_grad()
            total.backward()
            adam.step()
            rates.step()

        with stage.probe(nets):
            (_, single), (_, several) = test()
            agree, inside, nearest, mean = several
            stage.claim("one_works", (single[0] > 0.5).float().mean(), above=0.5)
            stage.claim("several_fail", (agree > 0.5).float().mean(), at_most=0.15)
            stage.claim("middle", mean.mean() / nearest.mean(), at_most=0.75)
            stage.claim("background", 1 - inside.mean(), above=0.45)


def lies(box, boxes, kinds):
    """How answers [B, 4] lie to the objects [B, M, 4]: IoU with the nearest, is the middle in one,
    how far is it from the nearest middle, and from the mean of all middles: [4, B]."""
    there = kinds >= 0
    middle, middles = (box[:, :2] + box[:, 2:]) / 2, (boxes[..., :2] + boxes[..., 2:]) / 2
    inside = ((middle[:, None] > boxes[..., :2]) & (middle[:, None] < boxes[..., 2:])).all(-1)
    away = (middle[:, None] - middles).norm(dim=-1).masked_fill(~there, torch.inf)
    mean = (middles * there[..., None]).sum(1) / there.sum(1, keepdim=True)
    agree = (iou(box[:, None], boxes)[:, 0] * there).amax(1)
    return torch.stack([agree, inside.any(1).float(), away.amin(1), (middle - mean).norm(dim=1)])
