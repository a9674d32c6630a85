"""
# What flows through a U-Net's skips?

A net that draws masks first shrinks its maps, then enlarges them again. A **U-Net** gives each
step up what the same step down had seen: the encoder's map of that size is laid beside the
decoder's, channel after channel (*concatenated*), before the next convolution. Drawn on paper the
net is a U: maps go down, through the narrow **bottleneck**, up again, and **skips** lead across.

    u = up(y)
    y ← conv([u, m])

y is the decoder's map, up doubles its sides, m the encoder's map of that size; [u, m] has the
channels of both. An FCN adds scores; from [u, m] the next convolution can compute a sum too, and
much else. A *residual* block also has a bypass, but around one block, and it adds.

What does each path carry? Cut it in the trained net. A path that is cut sends zeros, or the maps of
another image: nothing then looks unusual to the net but where it comes from.

One of the nets here draws masks, a second of the same form only copies its image. Both do without
the bottleneck: their objects are small enough for the maps at stride 4 to name. The copying net
needs hardly more than the finest skip, a wire from input to output.

So a U-Net is no autoencoder. It answers with what the skips bring, and its bottleneck is no code
of the image: nothing made it carry one.

The U-Net of 2015 became known for learning from few images. That took many invented variants of
each, not skips alone. It had no padding: from 572×572 pixels came masks of 388×388.

## Tomorrow

To see what a path carries, cut it in the trained net, and swap it between two inputs. Never take a
U-Net's bottleneck as a code of its input: train something that has no way around it.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy, max_pool2d, mse_loss

from dlplay import Choice, Int, Scene, Toggle, Try
from dlplay.data import objects
from dlplay.nn.masks import in_colour, mean_iou

N, WIDTHS = 32, (8, 16, 24, 32)  # pixels of a side; channels at strides 1, 2, 4, 8
SIDES = {"small": (7, 13), "large": (18, 26)}
PATHS = {  # what is cut: the encoder's maps by number; number 3 is the bottleneck
    "nothing": (),
    "stride 1 skip": (0,),
    "stride 2 skip": (1,),
    "stride 4 skip": (2,),
    "all skips": (0, 1, 2),
    "bottleneck": (3,),
}


class UNet(Scene):
    covers = (
        "U-Net",
        "Important Clarifications About U-Net (skip vs residual; U-Net vs autoencoder)",
    )
    panels = {
        "cut": "one net draws masks, one copies; without bottleneck both go on, without skips none",
        "mean IoU": "of the masks, by what is cut; higher is better",
        "copy error": "squared error ÷ variance of the pixels, by what is cut; lower is better",
    }
    claims = {
        "good": "whole, the first net's masks of new images have a mean IoU above 0.45",
        "skips_carry": "all its skips cut, it is below 0.3 (all background: 0.21)",
        "bottleneck_idle": "the bottleneck cut, it falls by less than 0.1",
        "follows": "with another image's bottleneck it keeps over 0.9 of its mean IoU",
        "wire": "without its bottleneck the copying net's error rises by less than a tenth",
    }
    tries = (
        Try(
            "sent='another image'",
            "On the trained nets: a cut path brings another image's maps. Whose objects are drawn, "
            "if all skips are swapped?",
            ("this image's, blurred", "a mixture of both", "the other image's"),
            right=3,
            keeps=("good", "follows", "bottleneck_idle"),
            why="All that the decoder draws comes over the skips. The bottleneck still holds this "
            "image, and nobody asks it.",
        ),
        Try(
            "objects=large steps=120",
            "One object of 18 to 26 pixels in each image. What does the bottleneck carry now?",
            ("still nothing", "part of what the masks need", "all of it"),
            right=2,
            breaks=("bottleneck_idle", "follows"),
            keeps="wire",
            why="To name a large object takes a wide view, which only the coarsest maps have. The "
            "outline still comes over the skips. To copy takes no view at all.",
        ),
        Try(
            "skips=off",
            "The nets are trained without skips, with the bottleneck as their only way. How good "
            "are masks?",
            ("as good: it has learned to do without", "clearly worse", "all background"),
            right=2,
            breaks=("skips_carry", "bottleneck_idle", "follows", "wire"),
            why="All must now go through 4×4 places. They tell what lies where, roughly. Here the "
            "bottleneck is a code, because there is no way around it.",
        ),
    )
    quick = {"steps": 4}
    pace = 10

    sent = Choice("zeros", ("zeros", "another image"), live=True, help="what a cut path brings")
    skips = Toggle(True, help="whether the nets are trained with skips")
    objects = Choice("small", tuple(SIDES), help="7 to 13 pixels wide, or 18 to 26")
    shown = Int(0, min=0, max=59, live=True, help="which new image is shown")
    steps = Int(200, min=4, max=2000, log=True, help="steps of 12 images, one-cycle rate")

    def run(self, stage):
        most = 3 if self.objects == "small" else 1
        x, _, _, truth = objects(260, size=N, most=most, sides=SIDES[self.objects])
        x, truth = x.to(stage.device), truth.to(stage.device)  # [260, 1, N, N], [260, N, N]
        x, truth, x_new, truth_new = x[:200], truth[:200], x[200:], truth[200:]
        nobody = mean_iou(torch.zeros_like(truth_new), truth_new)

        mask, copy = nets = nn.ModuleList(Net(outputs, self.skips) for outputs in (4, 1))
        nets.to(stage.device)
        adam = torch.optim.Adam(nets.parameters())
        cycle = torch.optim.lr_scheduler.OneCycleLR(adam, 1e-2, total_steps=self.steps)

        def masks(path, swap):
            return mask(x_new, PATHS[path], swap).argmax(dim=1)  # [60, N, N]

        def error(path, swap):
            return mse_loss(copy(x_new, PATHS[path], swap), x_new) / x_new.var()

        @stage.look(10, nets)
        def look():
            swap, one = self.sent == "another image", self.shown
            ious = [mean_iou(masks(path, swap), truth_new) for path in PATHS]
            stage.bars("mean IoU", list(PATHS), ious, lines={"all background": nobody})
            errors = [error(path, swap) for path in PATHS]
            stage.bars("copy error", list(PATHS), errors, lines={"one grey for all": 1})
            cuts = "nothing", "bottleneck", "all skips"
            drawn = [in_colour(masks(path, swap)[one, None]) for path in cuts]
            copied = [copy(x_new, PATHS[path], swap)[one].expand(1, 3, -1, -1) for path in cuts]
            image = x_new[one].expand(1, 3, -1, -1)
            ways = (
                ("no bottleneck", "no skips") if not swap else ("other bottleneck", "other skips")
            )
            stage.image(
                "cut",
                torch.cat([in_colour(truth_new[one, None]), *drawn, image, *copied]),
                captions=("truth", "masks", *ways, "image", "copy", *ways),
                columns=4,
            )
            stage.headline(
                f"mean IoU {ious[0]:.2f}; bottleneck cut: {ious[5]:.2f}, skips cut: {ious[4]:.2f}"
            )

        for _ in stage.loop(self.steps):
            batch = torch.randint(len(x), (12,))
            loss = cross_entropy(mask(x[batch]), truth[batch]) + mse_loss(copy(x[batch]), x[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
            cycle.step()

        with stage.probe(nets):
            whole = mean_iou(masks("nothing", False), truth_new)
            without = mean_iou(masks("bottleneck", False), truth_new)
            stage.claim("good", whole, above=0.45)
            stage.claim("skips_carry", mean_iou(masks("all skips", False), truth_new), below=0.3)
            stage.claim("bottleneck_idle", whole - without, below=0.1)
            others = mean_iou(masks("bottleneck", True), truth_new)
            stage.claim("follows", others / whole, above=0.9)
            wire = error("bottleneck", False) / error("nothing", False)
            stage.claim("wire", wire, below=1.1)
            stage.measure(copy_error=error("nothing", False), no_skips=error("all skips", False))


class Net(nn.Module):
    """Four maps down, at strides 1, 2, 4, 8, three up; `cut` paths bring zeros, or swapped maps."""

    def __init__(self, outputs, skips):
        super().__init__()
        self.skips, levels = skips, pairwise(WIDTHS)
        self.down = nn.ModuleList(map(layer, (1, *WIDTHS), WIDTHS))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in levels)
        self.join = nn.ModuleList(layer(2 * a if skips else a, a) for a in WIDTHS[:3])
        self.end = nn.Conv2d(WIDTHS[0], outputs, 1)

    def forward(self, x, cut=(), swap=False):  # [B, 1, N, N]
        maps = []
        for n, convolution in enumerate(self.down):
            x = convolution(max_pool2d(x, 2) if n else x)
            maps.append(x)
        for n in cut:
            maps[n] = maps[n].roll(1, 0) if swap else torch.zeros_like(maps[n])
        y = maps[3]  # [B, 32, N/8, N/8]
        for n in (2, 1, 0):  # strides 4, 2, 1
            y = self.up[n](y)
            y = self.join[n](torch.cat([y, maps[n]], dim=1) if self.skips else y)
        return self.end(y)  # [B, outputs, N, N]


def layer(inputs, outputs):
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())
