"""
# How often is the same pixel computed?

You have a net that tells a circle from a square in a small crop. To find shapes in a large image,
slide a window over it and ask the net at every place. It works, and it is called hopelessly slow: a
window of 16 pixels that moves by 2 sees each pixel 64 times, and each time all filters run anew.

But two windows side by side share nearly all of their pixels, and a filter answers the same
wherever the window begins. So run every layer over the **whole image once**. The last layer of the
small net, which looks at a whole K by K map, becomes a filter of size K. Out comes not one score,
but a map: one score for every place of the window. Nothing else changes, not even the numbers.

Multiply-adds of a layer with filters K × K on C channels, D filters, N places a side:

    N² · K² · C · D

The pass through a large image needs them once a place, the windows once a window.

The same thought separates three famous detectors. *R-CNN* took some 2,000 proposed regions, warped
each to one size and ran the net on each (its three parts were trained apart, too). *Fast R-CNN* ran
the layers once for the image, pooled each region of the map to a fixed size, and ran only the
head on it. *Faster R-CNN* lets the map propose its own regions: page *grid*.

The two ways agree to the last digits only while no layer pads. A window that ends at its border
sees zeros there, the same place in the image sees its neighbours.

## Tomorrow

Before you crop and loop, run the net once over everything and read off a map. Count multiply-adds
to compare, do not time them. Check that both ways agree: if they do not, look for padding.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, max_pool2d

from dlplay import Choice, Int, Scene, Toggle, Try
from dlplay.data import objects

WINDOW, NAMES = 16, ("circle", "square", "triangle")
SIZES = {"sides": (9, 15)}


class SlidingWindow(Scene):
    covers = ("Sliding window", "R-CNN", "Fast R-CNN")
    panels = {
        "scan": "the window, its scores so far, those of one pass: red circle, green square, blue "
        "triangle",
        "multiply-adds": "for this image; lower is better",
        "found": "shares of objects found and of named places that are right; higher is better",
    }
    claims = {
        "same": "both ways give the same scores: the largest difference is below .0001",
        "cheaper": "all windows take over 4 times the multiply-adds of the one pass",
        "regions": "running the layers once saves over half for the proposed regions",
        "finds": "of the objects over .6 have a peak of their class within 3 pixels",
        "precise": "of the peaks over .6 are right",
    }
    tries = (
        Try(
            "padding=on",
            "The net now pads its maps with zeros, as most do. Do both ways still agree?",
            ("yes: the same weights see the same pixels", "no", "only in the image's corners"),
            right=2,
            breaks="same",
            keeps="cheaper",
            why="Each window is padded at its own border, in the midst of the image. The one pass "
            "has its zeros only at the image's border.",
        ),
        Try(
            "stride=4",
            "The window moves by 4 pixels. How much does the one pass save now?",
            ("about a quarter of that", "as much as before", "more: there is less to do"),
            right=1,
            breaks="cheaper",
            keeps="same",
            why="The loop has a quarter of the windows. The pass computes its map all the same.",
        ),
        Try(
            "proposals=16",
            "16 regions instead of 64. What does sharing the layers save?",
            ("as much as before", "it costs ten times more", "nearly nothing"),
            right=3,
            breaks="regions",
            why="16 crops of 16 by 16 hold about as many pixels as the image. Sharing pays where "
            "regions overlap.",
        ),
        Try(
            "side=96",
            "An image of twice the side. The loop takes how many times the one pass?",
            ("half as many as before", "somewhat more than before", "four times as many"),
            right=2,
            keeps=("cheaper", "same"),
            why="Both grow with the area. Only the border, where windows share less, is now a "
            "smaller part.",
        ),
    )
    quick = {"steps": 10}
    pace = 30

    stride = Choice("2", ("2", "4", "8"), live=True, help="pixels from window to window")
    side = Choice("48", ("32", "48", "96"), live=True, help="side of the images that are scanned")
    proposals = Int(64, min=8, max=512, log=True, live=True, help="regions that are classified")
    padding = Toggle(False, help="whether layers pad their maps with zeros")
    shown = Int(0, min=0, max=99, live=True, help="which of the new images is shown")
    steps = Int(300, min=10, max=2000, log=True, help="steps of 64 crops")

    def run(self, stage):
        data = [part.to(stage.device) for part in objects(300, **SIZES)[:3]]
        tests = {side: [part.to(stage.device) for part in objects(100, size=int(side), **SIZES)[:3]]
                 for side in ("32", "48", "96")}  # fmt: skip
        pad, last = (1, 8) if self.padding else (0, 5)  # the last map of a window is 8 or 5 wide
        net = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=pad),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=pad),
            nn.ReLU(),
            nn.Conv2d(16, 16, last),  # on a crop: a layer that looks at all of the map
            nn.ReLU(),
            nn.Conv2d(16, 1 + len(NAMES), 1),  # background and three shapes
        ).to(stage.device)
        adam = torch.optim.Adam(net.parameters(), lr=0.004)
        rates = torch.optim.lr_scheduler.OneCycleLR(adam, 0.004, self.steps)

        def by_windows(image):
            """Scores of a classifier of crops at every place of the window: [4, N, N]."""
            step = int(self.stride)
            crops = image.unfold(1, WINDOW, step).unfold(2, WINDOW, step)  # [1, N, N, 16, 16]
            scores = [net(row[:, None])[:, :, 0, 0] for row in crops[0]]  # a row of windows at once
            return torch.stack(scores).permute(2, 0, 1)

        def in_one_pass(images):
            """The same scores, from every layer run once: [B, 4, N, N]."""
            every = int(self.stride) // 2  # the pool makes steps of 2 pixels
            return net(images)[:, :, ::every, ::every]

        def multiply_adds(side, layers=net):
            total = 0
            for layer in layers:
                if isinstance(layer, nn.MaxPool2d):
                    side //= 2
                elif isinstance(layer, nn.Conv2d):
                    side += 2 * layer.padding[0] - layer.kernel_size[0] + 1
                    total += side**2 * layer.weight.numel()
            return total

        def costs():
            side, step = int(self.side), int(self.stride)
            windows = ((side - WINDOW) // step + 1) ** 2
            layers, head = multiply_adds(side, net[:5]), multiply_adds(last, net[5:])
            return {
                f"{windows} windows": windows * multiply_adds(WINDOW),
                "one pass": multiply_adds(side),
                f"{self.proposals} crops": self.proposals * multiply_adds(WINDOW),
                f"one pass, {self.proposals} heads": layers + self.proposals * head,
            }

        def peaks():
            """Of the objects in the images those found, of the peaks those right, as shares."""
            images, boxes, kinds = tests[self.side]
            score, kind = in_one_pass(images).softmax(1)[:, 1:].max(1)  # [100, N, N]
            near = 2 * (6 // int(self.stride)) + 1
            top = (score == max_pool2d(score[:, None], near, 1, near // 2)[:, 0]) & (score > 0.5)
            image, row, column = top.nonzero(as_tuple=True)
            place = torch.stack([column, row], 1) * int(self.stride) + WINDOW / 2
            middles = (boxes[..., :2] + boxes[..., 2:]) / 2
            hit = (middles[image] - place[:, None]).norm(dim=2) <= 3  # [peaks, objects]
            hit &= kinds[image] == kind[top][:, None]
            found = torch.zeros(kinds.shape).to(hit.device).index_add(0, image, hit.float())
            return (found > 0).sum() / (kinds >= 0).sum(), hit.any(1).sum() / max(1, len(hit))

        stage.axes("found", y="share")

        @stage.look(10, net)
        def look():
            found, right = peaks()
            counted = costs()
            loop, once, *_ = counted.values()
            stage.headline(
                f"{loop / 1e6:.1f} million multiply-adds by windows, {once / 1e6:.1f} in one pass"
            )
            stage.curve("found", {"objects found": found, "places right": right})
            stage.bars("multiply-adds", list(counted), list(counted.values()), log=True)
            step, side = int(self.stride), int(self.side)
            image, truth = (part[self.shown] for part in tests[self.side][:2])
            scores = in_one_pass(image[None])[0].softmax(0)[1:]  # [3, N, N]
            count = scores.shape[1]
            now = (stage.step + 1) * count**2 // self.steps - 1  # where the window stands
            row, column = now // count, now % count
            so_far = by_windows(image).softmax(0)[1:].flatten(1)
            so_far = (so_far * (torch.arange(count**2).to(image.device) <= now)).reshape_as(scores)
            edge = (side - count * step) // 2
            maps = torch.zeros(2, 3, side, side).to(image.device)
            large = torch.stack([so_far, scores]).repeat_interleave(step, 2)
            large = large.repeat_interleave(step, 3)
            maps[:, :, edge : edge + count * step, edge : edge + count * step] = large
            corner = torch.tensor([column, row, column, row]) * step
            window = corner + torch.tensor([0, 0, WINDOW, WINDOW])
            stage.image(
                "scan",
                torch.cat([image.expand(1, 3, -1, -1), maps]),
                columns=3,
                captions=["the window", "window by window", "one pass"],
                boxes={"window": [window[None], [], []], "true box": [truth, [], truth]},
            )

        for _ in stage.loop(self.steps):
            crops, kinds = cut(*data)
            loss = cross_entropy(net(crops)[:, :, 0, 0], kinds)
            adam.zero_grad()
            loss.backward()
            adam.step()
            rates.step()

        with stage.probe(net):
            image = tests[self.side][0][self.shown]
            apart = (by_windows(image) - in_one_pass(image[None])[0]).abs().max()
            loop, once, crops, shared = costs().values()
            found, right = peaks()
            stage.claim("same", apart, below=1e-4)
            stage.claim("cheaper", loop / once, above=4)
            stage.claim("regions", crops / shared, above=2)
            stage.claim("finds", found, above=0.6)
            stage.claim("precise", right, above=0.6)


def cut(images, boxes, kinds):
    """64 crops [64, 1, 16, 16], about half of them around an object, and what is in their middle:
    0 for background, else the class + 1."""
    device, some = images.device, torch.randint(len(images), (64,)).to(images.device)
    which = (torch.rand(64).to(device) * (kinds[some] >= 0).sum(1)).long()  # one of its objects
    middles = (boxes[some, :, :2] + boxes[some, :, 2:]) / 2
    near = middles.gather(1, which[:, None, None].expand(-1, 1, 2))[:, 0] - WINDOW / 2
    near = (near + 4 * torch.rand(64, 2).to(device) - 2).round().clamp(0, 48 - WINDOW)
    anywhere = torch.randint(48 - WINDOW + 1, (64, 2)).to(device)
    far = (anywhere[:, None] + WINDOW / 2 - middles).norm(dim=2) > 6  # from each object
    empty = (far | (kinds[some] < 0)).all(1) & (torch.rand(64).to(device) < 0.6)
    corner = torch.where(empty[:, None], anywhere, near.long())
    windows = images[some, 0].unfold(1, WINDOW, 1).unfold(2, WINDOW, 1)  # [64, 33, 33, 16, 16]
    crops = windows[torch.arange(64).to(device), corner[:, 1], corner[:, 0]][:, None]
    return crops, torch.where(empty, 0, kinds[some].gather(1, which[:, None])[:, 0] + 1)
