r"""
# Mean, median and the grey edge

Networks that restore pictures are trained to hit the true pixels, and with MSE they tend to blur.
The usual story: MSE's slope 2r fades near r = 0, so small deviations go unpunished; L1's slope is
always ±1, hence its pictures are sharp. That is true of the slopes, and wrong as a reason.

**What really happens.** Where the input does not settle the answer, several answers are plausible,
and the best single output depends on the loss alone:

$$ \text{MSE: the mean of the plausible answers} \qquad \text{L1: their median} $$

Take an edge, black to white, of which the input says only that it lies at pixel 8, give or take 4.
The network here is the simplest possible: 16 free numbers, one a pixel. The mean of nine shifted
edges is a grey ramp, no matter how long one trains; it is *exactly* the share of answers in which
the pixel is white. The median at each pixel is black or white: a clean edge.

**SmoothL1 tells the stories apart.** It is r²/2β below β and |r| − β/2 above, so near 0 its slope
fades too, and with β = 1 it blurs. But shrink β to 0.01: within 0.01 of the target the slope still
fades, and the edge is clean. What matters is the slope for the *large* errors, and of an ambiguous
pixel all errors are large. Where it grows with the error, far answers get a say by their
distance (a mean); where it is constant, each answer has one vote (a median). Brightness lies
between 0 and 1, so at β = 1 every error is in the quadratic zone.

**The median has its own vice: it erases.** Let the answer be one white pixel on black, somewhere.
At every place most answers are black, so L1 paints all black: the line is gone. MSE leaves a faint
smear. Whether a clean error or a blurred truth is better is for the user of the picture to say.
"Sharper" also does not mean sharper than the truth: if the true edge is 8 pixels wide, L1's is too.

**On digits** two equal networks see pictures of which 60 % of the pixels are missing. L1's has
fewer grey pixels, closer to the truth's share; in the sum of brightness steps (*sharpness*) the two
hardly differ. Each wins by its own measure: MSE's net has the lower squared error, L1's the lower
absolute error. All this is milder than at the edge, because neighbours settle most of the answer.

**A loss is no regularisation.** *L1 loss* and *L1 regularisation* share no more than a name. A loss
compares outputs and never sees a weight: multiply one layer by 4 and divide the next by 4, a ReLU
between, and the output and any loss of it are the same to the last bit. With a penalty on weights
in the sum (`penalty=0.001`) they are not.

## Watch

- **edge**: from grey to a ramp (MSE, SmoothL1 on top of it), and to a step (L1). *An answer* is
  one of those that training shows; it keeps jumping.
- **thin line**: L1 goes to zero everywhere.
- **restored digits**: what the nets see, MSE's answer, L1's, and the truth.
- **grey pixels**: share of output pixels between 0.2 and 0.8, in pictures that no net has seen.
- **brightness**: how often each shade between 0.05 and 0.95 occurs. MSE's middle is fuller.
- **scores**: the last row is the loss after layers were rescaled, over the loss before.

## Try

- `ambiguity=0`: nothing is left open, every loss finds the edge, and L1 keeps the line.
- `beta=0.01`: SmoothL1 leaves MSE's side.
- `width=8`: L1 is as soft as the truth.
- `second=SmoothL1`: the second digit net too is MSE's twin at β = 1, and L1's at `beta=0.01`.
- `amount=0`: the networks see the whole picture, and both learn to copy it.
- `degrade=noise amount=0.4`: noise in place of gaps. L1's share of grey pixels is lower again.
- `learning_rate=0.0001`: too short a training to be at the mean.
- `penalty=0.001`: the weights enter.
"""

from copy import deepcopy

import torch
import torch.nn.functional as fn
from torch import nn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits

PIXELS = 16
SHOWN = 2  # digits in "restored digits"


def restorer():
    """A picture in, a picture out: four 3x3 convolutions, 4,945 numbers."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 1, 3, padding=1),
    )


def edges(places, width):
    """Black to white around each place [B], over `width` pixels: [B, 16]."""
    pixel = torch.arange(PIXELS, device=places.device)
    return ((pixel - places[:, None]) / width + 0.5 + 0.5 / width).clamp(0, 1)


def thin_lines(places):
    """One white pixel at each place [B]: [B, 16]."""
    return fn.one_hot(places, PIXELS).float()


def grey(pictures):
    return ((pictures > 0.2) & (pictures < 0.8)).float().mean().item()


def sharpness(pictures):
    """Mean difference of neighbours, across and down."""
    return (pictures.diff(dim=2).abs().mean() + pictures.diff(dim=3).abs().mean()).item()


class Blur(Scene):
    covers = {
        "L1 vs. L2 for Computer Vision": (
            "edge",
            "thin line",
            "restored digits",
            "grey pixels",
            "scores",
            "ramp",
            "step",
            "mean",
            "quadratic_zone",
            "erases",
            "less_grey",
            "alike",
            "own_mse",
            "own_mae",
            "weights_unseen",
        ),
        "nn.MSELoss()": ("edge", "ramp", "mean", "own_mse"),
        "nn.L1Loss()": ("edge", "thin line", "step", "erases", "own_mae"),
        "nn.SmoothL1Loss()": ("edge", "quadratic_zone"),
    }
    panels = ("edge", "restored digits", "thin line", "grey pixels", "brightness", "scores")
    quick = {"steps": 12}

    ambiguity = Int(4, min=0, max=7, live=True, help="how far the edge may lie from pixel 8")
    width = Int(1, min=1, max=8, live=True, help="pixels from black to white in the true edge")
    beta = Float(
        1.0, min=0.01, max=10, log=True, live=True, help="where SmoothL1 turns from square to line"
    )
    degrade = Choice("mask", ("mask", "noise"), live=True, help="what is done to the digits")
    amount = Float(
        0.6, min=0, max=0.95, live=True, help="share of missing pixels, or spread of the noise"
    )
    second = Choice("L1", ("L1", "SmoothL1"), help="loss of the second digit net")
    penalty = Float(
        0.0, min=0, max=0.01, live=True, help="times squared weights, added to the loss"
    )
    learning_rate = Float(
        0.02, min=1e-4, max=0.2, log=True, live=True, help="step size for the edge and the line"
    )
    steps = Int(250, min=5, max=5000, log=True, help="training steps")

    def run(self, stage):
        device = stage.device
        pictures, _, unseen, _ = (part.to(device) for part in digits())  # [N, 1, 8, 8]

        # 16 free pixels for each of three losses, and of two pictures: edge and thin line
        free = torch.full((3, 2, PIXELS), 0.5, device=device, requires_grad=True)
        mse_net = restorer().to(device)
        second = deepcopy(mse_net)
        optimizer = torch.optim.Adam([*mse_net.parameters(), *second.parameters()], lr=3e-3)
        stage.watch(mse_net)
        stage.axes("edge", x="pixel", y="brightness")
        stage.axes("thin line", x="pixel", y="brightness")
        stage.axes("grey pixels", y="% of pixels", lines={"truth": 100 * grey(unseen)})

        for _ in stage.loop(self.steps):
            # Edge and line: 10 small batches of plausible answers, 10 small steps
            for _ in range(10):
                shift = torch.randint(-self.ambiguity, self.ambiguity + 1, (64,), device=device)
                places = 8 + shift
                answers = torch.stack(
                    [edges(places, self.width), thin_lines(places)]
                )  # [2, 64, 16]
                guess = free[:, :, None].expand(-1, -1, 64, -1)  # [3, 2, 64, 16]
                loss = (
                    fn.mse_loss(guess[0], answers)
                    + fn.l1_loss(guess[1], answers)
                    + fn.smooth_l1_loss(guess[2], answers, beta=self.beta)
                )
                free.grad = None
                (loss * 2 * PIXELS).backward()  # so that each pixel's slope is its own loss's
                with torch.no_grad():
                    free -= self.learning_rate * free.grad

            # Digits: the same damaged pictures for both nets
            x = pictures[torch.randint(len(pictures), (64,), device=device)]
            damaged = self.damage(x)
            l2 = fn.mse_loss(mse_net(damaged), x) + self.penalty * squares(mse_net)
            other = self.second_loss(second(damaged), x) + self.penalty * squares(second)
            optimizer.zero_grad()
            (l2 + other).backward()
            optimizer.step()

            if stage.every(5):
                with stage.probe():
                    possible = 8 + torch.arange(-self.ambiguity, self.ambiguity + 1, device=device)
                    share = edges(possible, self.width).mean(0)  # the mean of all answers [16]
                    names = ("MSE", "L1", "SmoothL1")
                    pixels = range(PIXELS)
                    for k, panel in enumerate(("edge", "thin line")):
                        shown = free[:, k].detach().round(decimals=3)
                        curves = dict(zip(names, shown, strict=True))
                        stage.plot(panel, pixels, {**curves, "an answer": answers[k, 0]})
            if stage.every(25):
                with stage.probe(mse_net, second):
                    torch.manual_seed(0)  # the same damage at every look
                    damaged = self.damage(unseen)
                    restored = {"MSE": mse_net(damaged), self.second: second(damaged)}
                self.show(stage, unseen, damaged, restored)
                scores = self.score(stage, unseen, damaged, restored, mse_net, second)
                # The largest step between neighbours, for each loss [3]
                rises = free[:, 0].diff(dim=1).abs().amax(1)
                stage.measure(
                    mse_rise=rises[0],
                    l1_rise=rises[1],
                    smooth_rise=rises[2],
                    from_mean=(free[0, 0] - share).abs().max(),
                    l1_line=free[1, 1].max(),
                    **scores,
                )

    def second_loss(self, out, x):
        if self.second == "L1":
            return fn.l1_loss(out, x)
        return fn.smooth_l1_loss(out, x, beta=self.beta)

    def damage(self, x):
        if self.degrade == "noise":
            return x + self.amount * torch.randn_like(x)
        return x * (torch.rand_like(x) >= self.amount)

    def show(self, stage, unseen, damaged, restored):
        columns = torch.stack([damaged.clamp(0, 1), *restored.values(), unseen])[:, :SHOWN]
        # Digits one above the other, with a grey line between
        columns = fn.pad(columns, (0, 0, 0, 1), value=0.4).reshape(4, 9 * SHOWN, 8)[:, :-1]
        stage.image(
            "restored digits", columns, columns=4, captions=["input", "MSE", self.second, "truth"]
        )
        stage.curve("grey pixels", {name: 100 * grey(out) for name, out in restored.items()})
        shades = {**restored, "truth": unseen}
        inner = {name: out[(out > 0.05) & (out < 0.95)] for name, out in shades.items()}
        stage.histogram("brightness", inner, low=0, high=1, bins=18, x="brightness")

    def score(self, stage, unseen, damaged, restored, mse_net, second):
        """Both nets by both measures, drawn; and as measures for the claims."""
        two = list(restored.values())
        mae = [fn.l1_loss(out, unseen).item() for out in two]
        mse = [fn.mse_loss(out, unseen).item() for out in two]
        sharp = [sharpness(out) / sharpness(unseen) for out in two]
        greys = [100 * grey(out) for out in two]
        same = [self.rescaled(mse_net, fn.mse_loss, damaged, unseen)]
        same.append(self.rescaled(second, self.second_loss, damaged, unseen))
        rows = [
            ["absolute error", *mae],
            ["squared error", *mse],
            ["% grey", *greys],
            ["sharpness / truth's", *sharp],
            ["loss rescaled / loss", *same],
        ]
        stage.table("scores", ["on unseen digits", "MSE net", f"{self.second} net"], rows)
        return {
            "mae_ratio": mae[1] / mae[0],
            "mse_ratio": mse[0] / mse[1],
            "grey_gap": greys[0] - greys[1],
            "sharp_gap": abs(sharp[1] - sharp[0]),
            "rescaling": max(abs(ratio - 1) for ratio in same),
        }

    def rescaled(self, net, loss, damaged, unseen):
        """The loss after the first layer was multiplied by 4 and the second divided by 4, over
        the loss before."""
        other = deepcopy(net)
        with torch.no_grad():
            other[0].weight *= 4
            other[0].bias *= 4
            other[2].weight /= 4
            before = loss(net(damaged), unseen) + self.penalty * squares(net)
            after = loss(other(damaged), unseen) + self.penalty * squares(other)
        return (after / before).item()

    @claim(
        "MSE makes a ramp of an edge of unknown place: its largest step is below 0.2",
        breaks={"ambiguity": 0, "amount": 0, "steps": 40},
    )
    def ramp(self, measured):
        return measured.mse_rise < 0.2

    @claim(
        "L1 makes it a clean step, above 0.9",
        breaks={"width": 8, "steps": 40},
    )
    def step(self, measured):
        return measured.l1_rise > 0.9

    @claim(
        "MSE's output is the mean of the plausible answers, within 0.1 at every pixel",
        breaks={"learning_rate": 0.0001, "steps": 40},
    )
    def mean(self, measured):
        return measured.from_mean < 0.1

    @claim(
        "SmoothL1 at β = 1 sides with MSE: its largest step is below 0.2",
        breaks={"beta": 0.01, "steps": 150},
    )
    def quadratic_zone(self, measured):
        return measured.smooth_rise < 0.2

    @claim(
        "L1 erases a thin line of unknown place: no pixel is brighter than 0.1",
        breaks={"ambiguity": 0, "amount": 0, "steps": 40},
    )
    def erases(self, measured):
        return measured.l1_line < 0.1

    @claim(
        "on damaged digits L1's net paints at least 3 points of grey pixels fewer than MSE's",
        breaks={"second": "SmoothL1", "steps": 40},
    )
    def less_grey(self, measured):
        return measured.grey_gap > 3

    @claim(
        "their sharpness differs by less than 0.12 of the truth's",
        breaks={"amount": 0.95, "steps": 60},
    )
    def alike(self, measured):
        return measured.sharp_gap < 0.12

    @claim(
        "MSE's net has the lower squared error, by 3 % at least",
        breaks={"second": "SmoothL1", "steps": 40},
    )
    def own_mse(self, measured):
        return measured.mse_ratio < 0.97

    @claim(
        "L1's net has the lower absolute error, by 3 % at least",
        breaks={"second": "SmoothL1", "steps": 40},
    )
    def own_mae(self, measured):
        return measured.mae_ratio < 0.97

    @claim(
        "a loss does not see weights: rescaling layers in a way that keeps the output changes it "
        "by less than a millionth",
        breaks={"penalty": 0.001, "steps": 40},
    )
    def weights_unseen(self, measured):
        return measured.rescaling < 1e-6


def squares(net):
    return sum((p**2).sum() for p in net.parameters())
