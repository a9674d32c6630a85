"""
# What do duplicate boxes cost?

A detector that answers from every cell of a fine grid finds an object several times: neighbouring
cells all see it, and all say so. Each of those boxes fits. Yet whoever counts cars wants one box
for one car, so the first is right and each further one is a **false alarm**.

Two numbers tell that apart. *Recall* is the share of objects that are found. *Precision* is the
share of boxes that are right. Duplicates cost no recall at all. They cost precision.

Both depend on how sure a box must be to count. Go down the boxes by score, the surest first, and
draw precision over recall. The area under this curve is the **average precision** (AP) of a class:

    AP = Σ (Rᵢ − Rᵢ₋₁) · Pᵢ

Rᵢ is the recall after i boxes, Pᵢ the best precision from there on. Its mean over the classes is
called mAP. VOC asks for an IoU of .5, COCO takes the mean over .5, .55, ... .95.

**Non-maximum suppression** cleans up before one counts. Of each class keep the surest box, remove
all that overlap it by more than a threshold, go on with the surest that is left.

It is often said that no overlap remains, and one box an object. Neither is sure. Overlaps up to the
threshold stay, and so do duplicates that fit badly. And of two true objects that overlap more, one
is lost: suppression cannot tell a second object from a second opinion.

## Tomorrow

If precision is low and recall high, draw all raw boxes before you train again. Set the threshold on
your own crowded images, not on somebody's default. Compare AP only at the same IoU.
"""

import torch

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import objects
from dlplay.nn.detection import assigned, decoded, detection_loss, detector, iou

CELLS, PART = 12, 30  # a side of the grid; pixels of an image that are shown
SCENES = {"apart": {}, "crowd": {"least": 4, "most": 4, "overlap": True}}


class Duplicates(Scene):
    covers = ("mean Average Precision (mAP)", "Non-Maximum Suppression (NMS)")
    panels = {
        "boxes": "a part of a new image; left all boxes over the least score, right those kept",
        "precision over recall": "all classes; the area under a curve is its AP, larger is better",
        "boxes per object": "one is right; what is above it are false alarms",
    }
    claims = {
        "many": "without suppression there are over 4 boxes for an object",
        "cleaned": "with it .9 or more of the boxes over the least score are right",
        "precision": "that is .6 or more above the share without it",
        "recall": "it costs at most .02 of the recall",
        "area": "it raises mean average precision by .3 or more",
        "precise": "with it mean average precision is .93 or more",
    }
    tries = (
        Try(
            "suppress=1",
            "No box is removed any more. What happens to the recall?",
            ("it stays", "it falls", "it doubles"),
            right=1,
            breaks=("cleaned", "precision", "area"),
            keeps="recall",
            why="Whatever was found is still found, several times. Precision pays for it.",
        ),
        Try(
            "suppress=0.9",
            "Only boxes that are nearly the same are removed. How many of an object's boxes stay?",
            ("one", "nearly all", "one or two"),
            right=3,
            breaks="cleaned",
            why="Boxes of neighbouring cells fit the same object, but seldom each other to 90 %.",
        ),
        Try(
            "scene=crowd",
            "Objects overlap now. Does the default threshold of .5 still clean up?",
            (
                "yes, as well as before",
                "no, objects are lost and false boxes stay",
                "better: there is more to remove",
            ),
            right=2,
            breaks=("cleaned", "precise"),
            keeps="many",
            why="A true neighbour may overlap more than a bad duplicate does. No threshold parts "
            "them.",
        ),
        Try(
            "at=0.9",
            "A box is right only from an IoU of .9 on. What becomes of AP?",
            ("the same: they are good boxes", "it rises: fewer false alarms", "it falls"),
            right=3,
            breaks="precise",
            why="A box that fits to .8 was right and is now a false alarm, and its object is "
            "missed. One number moves both precision and recall.",
        ),
    )
    quick = {"steps": 6}

    suppress = Float(0.5, min=0.05, max=1, live=True, help="IoU over which a lesser box goes")
    score = Float(0.3, min=0.02, max=0.95, live=True, help="least score of a box that counts")
    at = Float(0.5, min=0.3, max=0.95, live=True, help="least IoU of a box that is right")
    scene = Choice("apart", ("apart", "crowd"), live=True, help="what the new images hold")
    shown = Int(0, min=0, max=99, live=True, help="which of the new images is shown")
    steps = Int(200, min=6, max=3000, log=True, help="steps of 32 images")

    def run(self, stage):
        images, boxes, kinds, _ = (part.to(stage.device) for part in objects(600))
        tests = {
            name: [part.to(stage.device) for part in objects(100, **what)[:3]]
            for name, what in SCENES.items()
        }
        answers = assigned(boxes, kinds, CELLS, share=0.8)  # [600, 144]: several cells an object
        net = detector(CELLS).to(stage.device)
        adam = torch.optim.Adam(net.parameters(), lr=0.006)
        rates = torch.optim.lr_scheduler.OneCycleLR(adam, 0.006, self.steps)

        def raw(images):
            """Boxes [B, M, 4], scores [B, M] and classes [B, M], of each image the surest first."""
            box, there, scores = decoded(net(images))
            score, order = (there.sigmoid() * scores.softmax(2).amax(2)).sort(1, descending=True)
            box = box.gather(1, order[..., None].expand(-1, -1, 4))
            return box, score, scores.argmax(2).gather(1, order)

        def judged():
            """Of the scene shown: all boxes, those kept [100, M], those right among each of both,
            and how many objects there are of each class."""
            images, true, classes = tests[self.scene]
            box, score, kind = raw(images)
            kept = suppressed(box, kind, self.suppress)
            every = torch.ones_like(kept)
            right = [found(box, kind, some, true, classes, self.at) for some in (every, kept)]
            total = (classes[..., None] == torch.arange(3, device=true.device)).sum((0, 1))
            return box, score, kind, (every, kept), right, total

        @stage.look(20, net)
        def look():
            box, score, _, chosen, right, total = judged()
            sure, objects_there = score >= self.score, total.sum()
            share = [(some & sure).sum() / objects_there for some in chosen]
            fit = [
                (good & sure).sum() / (some & sure).sum().clamp(min=1)
                for good, some in zip(right, chosen, strict=True)
            ]
            stage.headline(
                f"{share[0]:.1f} boxes an object, {fit[0]:.0%} of them right; "
                f"kept {share[1]:.1f}, {fit[1]:.0%} right"
            )
            images, true, _ = tests[self.scene]
            k = self.shown
            left, top = (true[k, 0, :2] - 6).clamp(0, 48 - PART).int().tolist()
            corner = torch.tensor([left, top, left, top], device=box.device)
            box, true = box[k] - corner, true[k][true[k, :, 2] > 0] - corner
            stage.image(
                "boxes",
                images[k, :, top : top + PART, left : left + PART].expand(2, -1, -1, -1),
                columns=2,
                captions=["all boxes", "kept"],
                boxes={
                    "all boxes": [box[sure[k]], []],
                    "kept": [[], box[sure[k] & chosen[1][k]]],
                    "true box": [true, true],
                },
            )
            recall, curves = torch.linspace(0, 1, 51, device=box.device), {}
            for name, some, good in zip(("all boxes", "kept"), chosen, right, strict=True):
                reached, precision = curve(good[some], score[some], objects_there)
                there = reached[None] >= recall[:, None]  # [51, boxes]
                curves[name] = (precision * there).amax(1) if len(precision) else 0 * recall
            stage.axes("precision over recall", x="recall", y="precision")
            stage.plot("precision over recall", recall, curves)
            stage.curve("boxes per object", {"all boxes": share[0], "kept": share[1]})

        stage.axes("boxes per object", y="boxes", lines={"one each": 1})
        for _ in stage.loop(self.steps):
            i = torch.randint(600, (32,)).to(stage.device)
            loss = detection_loss(net(images[i]), boxes[i], kinds[i], answers[i])
            adam.zero_grad()
            loss.backward()
            adam.step()
            rates.step()

        with stage.probe(net):
            _, score, kind, (every, kept), (first, right), total = judged()
            sure = score >= self.score
            stage.claim("many", sure.sum() / total.sum(), above=4)
            before = (first & sure).sum() / sure.sum().clamp(min=1)
            after = (right & sure).sum() / (kept & sure).sum().clamp(min=1)
            stage.claim("cleaned", after, at_least=0.9)
            stage.claim("precision", after - before, at_least=0.6)
            lost = ((first & sure).sum() - (right & sure).sum()) / total.sum()
            stage.claim("recall", lost, at_most=0.02)
            areas = []
            for some, good in ((every, first), (kept, right)):
                each = [
                    area(good[some & (kind == k)], score[some & (kind == k)], total[k])
                    for k in range(3)
                ]
                areas.append(torch.stack(each).mean())
            stage.claim("area", areas[1] - areas[0], at_least=0.3)
            stage.claim("precise", areas[1], at_least=0.93)


def suppressed(box, kind, above):
    """Which boxes are kept [B, M], of boxes [B, M, 4] of which the surest come first."""
    rivals = (iou(box, box) > above) & (kind[:, :, None] == kind[:, None])  # [B, M, M]
    kept = torch.ones_like(kind, dtype=torch.bool)
    for i in range(kind.shape[1]):
        worse = torch.arange(kind.shape[1], device=kind.device) > i
        kept = kept & ~(rivals[:, i] & worse & kept[:, i, None])  # only a box that is kept removes
    return kept


def found(box, kind, some, true, classes, at):
    """Which of `some` boxes [B, M] are the first to find an object [B, M]: each object once."""
    agree = iou(box, true) * (kind[:, :, None] == classes[:, None]) * some[..., None]
    free, right = classes >= 0, []
    for i in range(kind.shape[1]):
        value, which = (agree[:, i] * free).max(1)
        right.append(value >= at)
        taken = torch.arange(free.shape[1], device=free.device) == which[:, None]
        free = free & ~(taken & right[i][:, None])
    return torch.stack(right, 1)


def curve(right, score, total):
    """Recall and precision after the surest box, after the two surest, and so on."""
    hits = right[score.argsort(descending=True)].cumsum(0)
    count = torch.arange(1, len(hits) + 1, device=hits.device)
    return hits / total, hits / count


def area(right, score, total):
    """The average precision: precision made to fall only, over the steps of recall."""
    recall, precision = curve(right, score, total)
    best = precision.flip(0).cummax(0).values.flip(0)
    return (recall.diff(prepend=recall.new_zeros(1)) * best).sum()
