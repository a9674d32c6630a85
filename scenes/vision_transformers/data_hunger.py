"""
# Why does a ViT need more images than a CNN?

A convolutional net (CNN) looks through windows of 3×3 pixels, and uses the same weights at all
places. Both are beliefs about images that were built in before it saw one: neighbours belong
together, and a stroke means the same wherever it is. Such a built-in belief is called an
**inductive bias**.

A vision Transformer (ViT) cuts the image into patches and lets every patch look at every other
one. Which places belong together is not built in: positions and attention have to learn it. So it
*can* learn relations that no window shows, and it *must* learn even those that a window has for
nothing. That takes examples.

Here both learn handwritten digits for as many steps, from 60 to 1,400 images. With few the CNN is
far ahead, with more the distance shrinks. The result of 2020 had this shape at another
scale: trained on the 1.3 million photos of ImageNet alone, ViT was behind good convolutional nets;
trained on 300 million before, it was ahead. Here it never is.

Move the new digits by one pixel, and both read far fewer, the ViT fewest: a stroke that crosses the
border of a patch makes two other patches. The CNN's windows move along, pixel by pixel; only its
last layer knows places.

Which belief earns the lead? Shuffle all pixels in one fixed way, and neighbours mean nothing to
anybody. The CNN keeps much of its lead with 60 images. These digits are small and stand in the
middle, and two layers of filters simply have less to find out than embedding, positions and
attention, which begin as chance. So a lead alone doesn't say what earned it. Take the belief
away, and measure again.

## Tomorrow

With a few thousand images take a CNN, or a ViT that was trained on many others before. Compare two
designs at two sizes of data at least: which is better often depends on it. Shift the test images
by a few pixels, too.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, pad

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits
from dlplay.nn.vision import VisionTransformer

SHIFTS = (-2, -1, 0, 1, 2)  # pixels to the right
NETS = ("CNN", "ViT")


class DataHunger(Scene):
    covers = ("Vision Transformer",)
    panels = {
        "digits read": "share of 397 new digits read, by the training images; higher is better",
        "a digit": "as the nets get it, and what each says, of few, some, all images",
        "shifted": "share read by the nets of 1,400 images, when the new digits are moved",
    }
    claims = {
        "few": "with 60 images the CNN reads over 0.12 more of the new digits than the ViT",
        "catches_up": "with 1,400 the CNN's lead is over 0.06 smaller than with 60",
        "both_learned": "with 1,400 images both read over 0.8",
        "moved": "moved a pixel to the right, the CNN of 1,400 images reads over 0.1 more",
    }
    tries = (
        Try(
            "patch=4",
            "Four patches of 4×4 pixels in place of sixteen of 2×2. What becomes of the ViT?",
            ("it reads fewer: less detail", "nothing changes", "it reads more"),
            right=3,
            keeps="both_learned",
            why="Inside a patch each pixel has a weight of its own, and four large patches leave "
            "little to be found out by attention.",
        ),
        Try(
            "order='pixels shuffled'",
            "The pixels of all images are shuffled in one fixed way, and all nets learn anew. Is "
            "the CNN still ahead with 60 images?",
            ("yes, clearly", "no, both read as many", "no, it falls behind"),
            right=1,
            keeps="both_learned",
            why="This CNN keeps weights for each place in its last layer, and has less to find out "
            "than attention has. That part of its lead never came from neighbours.",
        ),
        Try(
            "few=700",
            "The smallest set has 700 images in place of 60. How far is the CNN ahead there?",
            ("as far as with 60", "hardly further than with 1,400", "it is behind"),
            right=2,
            breaks="catches_up",
            keeps="both_learned",
            why="Half of the images show nearly all that the whole set does. What has to be "
            "learned, rather than being built in, is learned from these as well.",
        ),
        Try(
            "shift=1",
            "The digit shown moves by a pixel. Of all new digits, how many does the ViT of 1,400 "
            "images still read?",
            ("nine in ten, as before", "two thirds", "fewer than half"),
            right=3,
            keeps=("few", "moved"),
            why="Half of each patch goes to the next one. In training no digit ever stood there.",
        ),
    )
    quick = {"steps": 4}

    order = Choice("as it is", ("as it is", "pixels shuffled"), help="of pixels, for all images")
    few = Int(60, min=20, max=1000, log=True, help="images of the smallest of three sets")
    patch = Choice("2", ("1", "2", "4"), help="side of the ViT's patches, in pixels")
    shift = Int(0, min=-2, max=2, live=True, help="by how many pixels the digit shown is moved")
    shown = Int(5, min=0, max=396, live=True, help="the new digit that is shown")
    learning_rate = Float(0.002, min=1e-4, max=0.1, log=True, live=True, help="of AdamW")
    steps = Int(200, min=4, max=3000, log=True, help="steps of 64 digits, for each of six nets")

    def run(self, stage):
        sizes = self.few, round((self.few * 1400) ** 0.5), 1400
        x, y, x_test, y_test = digits(device=stage.device)  # [1400, 1, 8, 8], [1400]; 397 of test
        kept = torch.arange(64, device="cpu")
        chosen = torch.randperm(64, device="cpu") if self.order == "pixels shuffled" else kept
        chosen = chosen.to(stage.device)

        def seen(x, shift=0):
            """Images as the nets get them: moved to the right, then in the order of pixels."""
            moved = pad(x, (2, 2))[..., 2 - shift : 10 - shift]
            return moved.flatten(1)[:, chosen].reshape(x.shape)

        x = seen(x)
        views = {shift: seen(x_test, shift) for shift in SHIFTS}
        vits = [VisionTransformer(8, int(self.patch), 10, hidden=64) for _ in sizes]
        nets = nn.ModuleList([cnn() for _ in sizes] + vits).to(stage.device)
        adam = torch.optim.AdamW(nets.parameters(), fused=True)

        def read(net, shift=0):
            """The share of new digits that a net reads when they are moved."""
            return (net(views[shift]).argmax(dim=1) == y_test).float().mean()

        def by_size():
            """The same for each net, CNNs then ViTs: [2, 3]."""
            return torch.stack([read(net) for net in nets]).reshape(2, len(sizes))

        @stage.look(20, nets)
        def look():
            shares = by_size().cpu()
            stage.plot("digits read", sizes, dict(zip(NETS, shares, strict=True)))
            few, all_ = shares[:, 0].tolist(), shares[:, -1].tolist()
            stage.headline(
                f"{self.few} images: CNN {few[0]:.0%}, ViT {few[1]:.0%}; 1,400 images: "
                f"CNN {all_[0]:.0%}, ViT {all_[1]:.0%}"
            )
            moved = [[read(net, shift) for shift in SHIFTS] for net in (nets[2], nets[5])]
            moved = [torch.stack(each) for each in moved]
            stage.plot("shifted", SHIFTS, dict(zip(NETS, moved, strict=True)))
            one = views[self.shift][self.shown, None]
            said = [str(net(one).argmax().item()) for net in nets]
            lines = [f"{name} {', '.join(said[3 * i : 3 * i + 3])}" for i, name in enumerate(NETS)]
            stage.image("a digit", one, captions=["; ".join(lines)])

        stage.axes("digits read", x="training images", y="share", log="x", lines={"guessing": 0.1})
        stage.axes("shifted", x="pixels to the right", y="share", lines={"guessing": 0.1})
        for _ in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = self.learning_rate
            loss = 0
            for n, net in zip(2 * sizes, nets, strict=True):
                batch = torch.randint(n, (64,), device="cpu").to(stage.device)
                loss = loss + cross_entropy(net(x[batch]), y[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(nets):
            (few, _, many), (few_vit, _, many_vit) = by_size()
            stage.claim("few", few - few_vit, above=0.12)
            stage.claim("catches_up", (few - few_vit) - (many - many_vit), above=0.06)
            stage.claim("both_learned", torch.minimum(many, many_vit), above=0.8)
            stage.claim("moved", read(nets[2], 1) - read(nets[5], 1), above=0.1)
            stage.measure(few_cnn=few, few_vit=few_vit, many_cnn=many, many_vit=many_vit)
            stage.measure(moved_vit=read(nets[5], 1))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip
