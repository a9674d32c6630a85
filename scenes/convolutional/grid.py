"""
# Can one pass propose all boxes?

One output box cannot serve three objects. Early detectors tried boxes from outside instead: some
two thousand *proposals* an image, each classified by itself. But a convolutional net already looks
at every place of the image. So let every place answer.

Lay a grid over the image, one cell for each place of the last map. Each **cell** gives eight
numbers: is there something (one score), how far its sides reach left, up, right and down, and of
which class it is (three scores). The whole map costs one pass.

**Who answers for what?** In training, the cell that has an object's middle. It alone is to say yes,
and only it is charged for box and class:

    loss = yes or no, in all cells
         + box + class, in yes cells

Every question now has one right answer, because the objects were parted by *place*.

After training the score sorts the cells, and a few of the boxes hold all objects.

**By the book.** The *region proposal network* of Faster R-CNN is such a map without the classes: it
proposes, and a second stage classifies. YOLO asks for everything at once, 7·7 cells with
2·5 + 20 numbers: 1,470. SSD and EfficientDet do so on several maps, coarse ones for large objects.

**Where does it fail?** One cell holds one box, so two middles in one cell are one too many. And
where objects hide each other, it may never have seen such a thing. The chart tells number from
overlap: four objects apart, four that overlap.

## Tomorrow

Choose the map's resolution by the smallest distance between two objects, not by their size. Put
crowded images into training if you expect them. Report average precision for crowded images apart.
"""

import torch
from torch import nn
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    smooth_l1_loss,
    softplus,
)

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import objects
from dlplay.nn.detection import iou, mean_average_precision, middles, suppressed, trunk

NAMES, KINDS = ("circle", "square", "triangle"), 3
SCENES = {
    "few": {},  # 1 to 3 objects, apart
    "four": {"least": 4, "most": 4},
    "crowd": {"least": 4, "most": 4, "overlap": True},
}


class Grid(Scene):
    covers = ("Faster R-CNN", "YOLO", "SSD and EfficientDet")
    panels = {
        "detections": "new images; the lighter a cell, the surer it is that an object's middle is "
        "in it",
        "average precision": "few: 1 to 3 objects; four: apart; crowd: four that overlap; higher "
        "is better",
        "proposals": "share of objects that are in so many boxes: the surest ones, or random ones",
    }
    claims = {
        "finds": "mean average precision at IoU .5 on the scenes shown is over .93",
        "few_suffice": "the 5 surest of all boxes hold over 95 % of the objects (IoU .5)",
        "not_luck": "that is 70 points or more above 5 boxes of the right sizes at random places",
        "crowd_hurts": "four that overlap cost .15 more average precision than four apart",
        "tight": "at IoU .9 instead of .5 average precision is lower by .4 or more",
    }
    tries = (
        Try(
            "scene=crowd",
            "Four shapes that may overlap, where it learned from one to three apart. What is lost?",
            ("nothing: each has its cell", "a few per cent", "a quarter or more"),
            right=3,
            breaks="finds",
            keeps="crowd_hurts",
            why="Every seventh object shares a cell and may be lost. The rest is hidden parts: the "
            "net never saw any.",
        ),
        Try(
            "train=crowd",
            "Now it learns from crowded images. What is left of what the crowd costs?",
            ("all of it", "a part", "nothing"),
            right=2,
            keeps="few_suffice",
            why="Hidden parts can be learned. Two middles in one cell cannot: a cell has one box.",
        ),
        Try(
            "scene=four",
            "Four shapes apart, one more than in any image that it learned from. What is lost?",
            ("almost nothing", "about a quarter: the fourth", "half: it is confused"),
            right=1,
            keeps=("finds", "few_suffice"),
            why="No cell knows how many objects there are. Each looks at its own surroundings.",
        ),
        Try(
            "cells=3",
            "A map of 3 by 3 cells, each 16 pixels wide. What happens?",
            (
                "nothing: nine cells are enough for three objects",
                "average precision falls, boxes are looser and middles share cells",
                "it finds nothing any more",
            ),
            right=2,
            breaks="finds",
            why="A cell has one answer, so of two middles in a cell one is lost. And each cell has "
            "to place its box within a larger area.",
        ),
        Try(
            "cells=12",
            "A finer map, 12 by 12 cells. Are the boxes tighter?",
            ("no, four times as many cells to confuse", "yes", "the same"),
            right=2,
            breaks="tight",
            keeps=("finds", "few_suffice"),
            why="A cell is nearer to the middle of its object and sees finer maps, so its four "
            "numbers vary less.",
        ),
    )
    quick = {"steps": 6}

    cells = Choice("6", ("3", "6", "12"), help="cells a side of the grid")
    scene = Choice("few", ("few", "four", "crowd"), live=True, help="what the new images hold")
    train = Choice("few", ("few", "crowd"), help="what the images hold that it learns from")
    threshold = Float(0.3, min=0.05, max=0.95, live=True, help="least score of a box that is shown")
    shown = Int(0, min=0, max=97, live=True, help="the first of the images that are shown")
    steps = Int(300, min=6, max=3000, log=True, help="steps of 32 images")

    def run(self, stage):
        cells = int(self.cells)
        images, boxes, kinds, _ = (
            part.to(stage.device) for part in objects(600, **SCENES[self.train])
        )
        tests = {name: [part.to(stage.device) for part in objects(100, **what)[:3]]
                 for name, what in SCENES.items()}  # fmt: skip
        net = nn.Sequential(trunk(cells), nn.Conv2d(48, 5 + KINDS, 1)).to(stage.device)
        adam = torch.optim.Adam(net.parameters(), lr=0.006)
        rates = torch.optim.lr_scheduler.OneCycleLR(adam, 0.006, self.steps)
        place = middles(cells, device=stage.device)  # [M, 2], M = cells · cells

        def answers(images):
            """Boxes [B, M, 4], scores of something [B, M] and of the classes [B, M, 3]."""
            flat = net(images).flatten(2).transpose(1, 2)  # [B, M, 8]
            reach = 8 * softplus(flat[..., 1:5])  # left, up, right, down: above 0
            box = torch.cat([place - reach[..., :2], place + reach[..., 2:]], dim=2)
            return box, flat[..., 0], flat[..., 5:]

        def asked(boxes, kinds):
            """The object that each cell answers for [B, M], -1 for none."""
            away = (place[:, None] - (boxes[:, None, :, :2] + boxes[:, None, :, 2:]) / 2).abs()
            inside = (away.amax(3) <= 24 / cells) & (kinds >= 0)[:, None]  # [B, M, objects]
            return torch.where(inside.any(2), inside.int().argmax(2), -1)

        def detected(images):
            """Boxes, scores and classes of the cells, each object's best box kept."""
            box, there, scores = answers(images)
            score, kind = there.sigmoid() * scores.softmax(2).amax(2), scores.argmax(2)
            return box, suppressed(box, score * (score > 0.02), kind, above=0.5), kind

        def precision(name, at=0.5):
            images, *truth = tests[name]
            return mean_average_precision(*detected(images), *truth, at)

        def held(few, among, truth):
            """The share of objects that are in one of the `few` surest boxes."""
            best = among[1].topk(few).indices[..., None].expand(-1, -1, 4)
            agree = iou(truth[0], among[0].gather(1, best)).amax(2)  # [100, objects]
            return (agree >= 0.5)[truth[1] >= 0].float().mean()

        side = 9 + 8 * torch.rand(100, 36, 1)
        corner = torch.rand(100, 36, 2) * (48 - side)
        anywhere = [part.to(stage.device) for part in
                    (torch.cat([corner, corner + side], 2), torch.rand(100, 36))]  # fmt: skip

        stage.axes("proposals", x="boxes asked for", y="share of objects")

        @stage.look(20, net)
        def look():
            areas = {name: precision(name) for name in tests}
            said = ", ".join(f"{name} {area:.2f}" for name, area in areas.items())
            stage.headline(f"average precision (of 1): {said}")
            stage.curve("average precision", areas)
            images, *truth = tests[self.scene]
            guess = answers(images)
            count = (1, 2, 3, 4, 5, 6, 9)
            stage.plot("proposals", count, surest=[held(k, guess, truth) for k in count],
                       random=[held(k, anywhere, truth) for k in count])  # fmt: skip
            some = slice(self.shown, self.shown + 3)
            box, score, kind = (part[some] for part in detected(images))
            sure = guess[1].sigmoid()[some].reshape(-1, 1, cells, cells)
            lit = sure.repeat_interleave(48 // cells, 2).repeat_interleave(48 // cells, 3)
            said = [[NAMES[k] for k in each] for each in kind.tolist()]
            kept = box * (score > self.threshold)[..., None]
            stage.image(
                "detections",
                0.7 * images[some].clamp(0, 1) + 0.3 * lit,
                columns=3,
                boxes={"true box": truth[0][some], "answer": kept},
                box_labels={"answer": said},
            )

        for _ in stage.loop(self.steps):
            i = torch.randint(600, (32,)).to(stage.device)
            box, there, scores = answers(images[i])
            which = asked(boxes[i], kinds[i])
            yes, which = which >= 0, which.clamp(min=0)
            true = boxes[i].gather(1, which[..., None].expand(-1, -1, 4))[yes]
            loss = (
                binary_cross_entropy_with_logits(there, yes.float(), reduction="sum") / yes.sum()
                + smooth_l1_loss(box[yes], true)
                + cross_entropy(scores[yes], kinds[i].gather(1, which)[yes])
            )
            adam.zero_grad()
            loss.backward()
            adam.step()
            rates.step()

        with stage.probe(net):
            images, *truth = tests[self.scene]
            guess = answers(images)
            stage.claim("finds", precision(self.scene), above=0.93)
            stage.claim("few_suffice", held(5, guess, truth), above=0.95)
            stage.claim("not_luck", held(5, guess, truth) - held(5, anywhere, truth), at_least=0.7)
            stage.claim("crowd_hurts", precision("four") - precision("crowd"), above=0.15)
            stage.claim("tight", precision(self.scene) - precision(self.scene, 0.9), at_least=0.4)
