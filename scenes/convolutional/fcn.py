"""
# What do skips bring back that pooling lost?

A net that classifies shrinks its maps, again and again, until it knows *what* is in the image. You
want its answer at every pixel. But after three poolings one unit stands for 8×8 of them. How do you
get the outline back?

A **fully convolutional net** (FCN) has no fully connected layer. No weight belongs to a place, so
images of any size may come in. At the end a 1×1 convolution gives each place of the coarse map a
score for each class, and a transposed convolution enlarges these score maps to full size. Pools are
allowed; it is the fully connected layer that had to go.

Enlarging invents smooth edges, but not the true ones: pooling has thrown those away. They are still
there in the earlier, finer maps. Give such a map a 1×1 convolution of its own and *add* its scores
to the enlarged coarse ones. That is a **skip**:

    y₄ = up(y₈) + score(map₄)

y₈ are the scores at stride 8, up doubles their sides, map₄ is the encoder's map at stride 4. What
is added are class scores, not features. The same again for stride 2, and for stride 1. Four nets
are trained here, each with one skip more. The coarse one knows roughly what lies where. Each skip
draws the border more sharply; only the last one's gain depends on how long you train.

The published nets are called by the stride of the finest map they use: FCN-32s has no skip, FCN-16s
one, FCN-8s two. On photographs, where outlines are a small part of all, the second skip brought
little: mean IoU 59.4, 62.4, 62.7 %.

## Tomorrow

If masks are right in the large and blunt at the edge, add a skip from a finer map before you add
depth. Report border accuracy: mean IoU of large objects hides the edge.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, interpolate, max_pool2d

from dlplay import Choice, Int, Scene, Toggle, Try
from dlplay.data import objects
from dlplay.nn.masks import in_colour, mean_iou, near_borders

N, SIDES = 32, (7, 13)  # of an image, and of the objects in it
NETS = ("stride 8 alone", "+ stride 4", "+ stride 2", "+ stride 1")


class Fcn(Scene):
    covers = ("Fully Convolutional Networks (FCNs)", "FCN-32s, FCN-16s, FCN-8s")
    panels = {
        "masks": "orange circles, blue squares, green triangles; each skip sharpens the outlines",
        "border accuracy": "share right among pixels near borders; higher is better",
        "mean IoU": "over the four classes; higher is better",
    }
    claims = {
        "ladder": "skips at stride 4 and 2 each raise the border accuracy by over 0.02",
        "total": "with the skip at stride 1 as well it is over 0.2 higher than without any",
        "its_own": "with that skip from another image it is over 0.02 lower",
        "knows_what": "even without skips mean IoU is above 0.3 (all background: 0.21)",
        "any_size": "trained on 32×32, the net with all skips has over 0.6 on 64×48",
    }
    tries = (
        Try(
            "foreign=on",
            "On new images the finest skip comes from another image. How is the last net's border?",
            (
                "as sharp as before",
                "blunter by about what this skip had brought, or more",
                "worse than the net without any skip",
            ),
            right=2,
            breaks="its_own",
            keeps=("ladder", "knows_what"),
            why="Its outlines belong to other objects now. The sum still holds the coarser scores, "
            "and these are right.",
        ),
        Try(
            "upsample=bilinear",
            "Maps are enlarged by a fixed rule instead of learned weights. What becomes of the "
            "ladder?",
            ("it stands as before", "only the net without skips suffers", "it collapses"),
            right=1,
            keeps=("ladder", "total"),
            why="What is not in the coarse map, no enlarging can invent, learned or not. The "
            "edges come through the skips. The fixed rule even does better here: it has nothing "
            "to learn.",
        ),
    )
    quick = {"steps": 4}
    pace = 10

    upsample = Choice("transposed", ("transposed", "bilinear"), help="how maps are enlarged")
    foreign = Toggle(False, live=True, help="the finest skip comes from another image")
    shown = Int(0, min=0, max=59, live=True, help="which new image is shown")
    steps = Int(150, min=4, max=2000, log=True, help="steps of 12 images, one-cycle rate")

    def run(self, stage):
        x, _, _, truth = objects(260, size=N, sides=SIDES)
        x, truth = x.to(stage.device), truth.to(stage.device)  # [260, 1, N, N], [260, N, N]
        x, truth, x_new, truth_new = x[:200], truth[:200], x[200:], truth[200:]
        border = near_borders(truth_new)
        large, _, _, truth_large = objects(40, size=64, sides=SIDES, least=4, most=8)
        large = large[..., :48].to(stage.device)  # [40, 1, 64, 48]
        truth_large = truth_large[..., :48].to(stage.device)

        nets = nn.ModuleList(Net(skips, self.upsample) for skips in range(4)).to(stage.device)
        adam = torch.optim.Adam(nets.parameters())
        cycle = torch.optim.lr_scheduler.OneCycleLR(adam, 1e-2, total_steps=self.steps)

        def answers(x, foreign=False):
            """The class at each pixel, of each net: [4, B, H, W]."""
            foreign = foreign or self.foreign
            return torch.stack([net(x, foreign).argmax(dim=1) for net in nets])

        def at_border(said):
            return (said == truth_new)[:, border].float().mean(dim=1)  # [4]

        stage.axes("border accuracy", y="share right")

        @stage.look(10, nets)
        def look():
            said = answers(x_new)
            sharp = dict(zip(NETS, at_border(said), strict=True))
            stage.curve("border accuracy", sharp)
            stage.bars("mean IoU", NETS, torch.stack([mean_iou(a, truth_new) for a in said]))
            one = self.shown
            pictures = x_new[one].expand(1, 3, -1, -1), in_colour(truth_new[one, None])
            stage.image(
                "masks",
                torch.cat([*pictures, in_colour(said[:, one])]),
                captions=("image", "truth", *NETS),
                columns=3,
            )
            stage.headline(
                f"right near borders: stride 8 alone {sharp[NETS[0]]:.0%}, "
                f"with all skips {sharp[NETS[3]]:.0%}"
            )

        for _ in stage.loop(self.steps):
            batch = torch.randint(len(x), (12,))
            loss = sum(cross_entropy(net(x[batch]), truth[batch]) for net in nets)
            adam.zero_grad()
            loss.backward()
            adam.step()
            cycle.step()

        with stage.probe(nets):
            said = answers(x_new)
            sharp = at_border(said)
            stage.claim("ladder", sharp[:3].diff().min(), above=0.02)
            stage.claim("total", sharp[3] - sharp[0], above=0.2)
            foreign = at_border(answers(x_new, foreign=True))
            stage.claim("its_own", sharp[3] - foreign[3], above=0.02)
            stage.claim("knows_what", mean_iou(said[0], truth_new), above=0.3)
            stage.claim("any_size", mean_iou(answers(large)[3], truth_large), above=0.6)
            stage.measure(**{f"border_{n}": value for n, value in enumerate(sharp)})


class Net(nn.Module):
    """An encoder of four maps, at strides 1, 2, 4, 8; the last `skips` below 8 have scores too."""

    def __init__(self, skips, upsample):
        super().__init__()
        widths = (8, 16, 24, 32)
        self.skips, self.upsample = skips, upsample
        self.encoder = nn.ModuleList(map(layer, (1, *widths), widths))
        self.score = nn.ModuleList(nn.Conv2d(width, 4, 1) for width in widths)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(4, 4, 4, stride=2, padding=1, bias=False) for _ in range(3)
        )

    def forward(self, x, foreign=False):  # [B, 1, H, W]
        maps = []
        for n, convolution in enumerate(self.encoder):
            x = convolution(max_pool2d(x, 2) if n else x)
            maps.append(x)
        y = self.score[3](x)  # [B, 4, H/8, W/8]
        for n in (2, 1, 0):  # strides 4, 2, 1
            if self.upsample == "transposed":
                y = self.up[n](y)
            else:
                y = interpolate(y, scale_factor=2, mode="bilinear")
            if self.skips >= 3 - n:
                scores = self.score[n](maps[n])
                y = y + (scores.roll(1, 0) if foreign and n == 0 else scores)
        return y  # [B, 4, H, W]


def layer(inputs, outputs):
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())
