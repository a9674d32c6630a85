r"""
# Outliers pull, medians stand

A cost function turns a mismatch between a prediction x and its target y into one number, and its
slope is all that learning ever sees. (*Cost* and *loss* mean the same.) With the error r = x − y,
the three losses for regression are

$$ \text{MSE} = r^2 \qquad \text{L1} = |r| $$

$$
\text{SmoothL1} = \frac{r^2}{2 \beta} \text{ where } |r| < \beta
\text{, and } |r| - \frac{\beta}{2} \text{ beyond}
$$

and their slopes are 2r, sign(r), and r/β cut off at ±1 (over n, if the loss is a mean of n). So
under MSE a point eight times as far off pulls eight times as hard; under L1 every point pulls
equally hard, however far away. The −β/2 joins SmoothL1's two parts: no jump in value or slope.

**nn.MSELoss** makes the *mean* the best constant, **nn.L1Loss** the *median*: in **one number**
they are asked for a single number in place of 1, 2, 3, 4 and 100. In **fits** a line is fitted to
points of which a fifth lie 8 too high. MSE's line is lifted, L1's stays. SmoothL1 lies between, and
β says where: it ignores outliers only if they are larger than β. At β = 10 it is MSE (scaled), and
as β goes to 0 it is L1. nn.HuberLoss(δ) is δ times SmoothL1 at β = δ, and equal only at 1.

**Where they break.** MSE: any far point. L1: at r = 0 there is no slope (PyTorch returns 0), and
just beside it the slope is as steep as anywhere, so constant steps never come to rest. SmoothL1 is
made to mend that. And L1 is robust to outliers *in y*, fewer than half of them. A few points
far out *in x* have leverage on a line, and ruin L1's just as MSE's (`view=leverage`).

**Likelihood.** Suppose y = f(x) + e with Gaussian noise of known σ. Then, over N points,

$$ -\log L = \frac{N}{2} \log(2 \pi \sigma^2) + \frac{N}{2 \sigma^2} \text{MSE} $$

so the f of greatest likelihood is the f of least MSE, straight or not. It is often written "min MSE
= max log L". Wrong: the *places* of the two agree, not the *values*; see the two curves in
**likelihood**. And the simple slope N/2σ² needs a fixed σ: if σ is fitted too, log σ comes back
into the sum, and −log L is no straight function of MSE any more (`likelihood=fitted`).
With Laplace noise the same argument gives L1 (`likelihood=laplace`). The right noise pays: for
Laplace noise the median has half the mean's variance, for Gaussian noise 1.57 times. So robustness
costs something when nothing is wrong with the data.

You may hear that the likelihood is one of few ways to tell that training progresses. Any error on
data held out tells it as well.

**One loss per sample?** With several outputs per sample, `reduction="none"` returns one number per
*element*, and `mean` divides by all of them: for 3 outputs the usual "loss per sample" is 3 times
what PyTorch reports.

**A perfect prediction costs nothing**, under every loss of this chapter. Three exceptions, all on
purpose or by accident: cross-entropy with soft targets (its floor is their entropy), and NLLLoss
and KLDivLoss fed with probabilities where logarithms are due, which go *below* zero.

**Your own table.** `data=points.csv` takes two columns with numbers, x and y, both scaled; the line
of least squares counts as the true one, before points are lifted. Of yours nothing is claimed.

## Watch

- **fits**: three lines part within the first hundred steps.
- **loss**: over the error. Look at how steep it is: near 0, and far out.
- **error by outliers**: distance from the true slope and intercept, for five shares of outliers.
- **one number**: MSE settles at the mean; L1 at the median, trembling.
- **likelihood**: costs per point as the line is moved up and down, each drawn from its lowest
  value. −log L and MSE touch the ground at the same place, at different heights; L1 elsewhere.
- **theory**: what the books say, and what this run measures. *var ratio*: the variance of the
  median over that of the mean, from thousands of samples. Then differences that should be 0; the
  loss per sample of 3 outputs over `mean`; the largest of 12 losses for a perfect prediction.

## Try

- `outliers=0`: everybody finds the line, and MSE is (a little) the best.
- `outliers=0.5`: no majority is left: L1's line gives up too.
- `size=20`: larger than any β here, and β = 10 is no longer MSE. `size=0.5`: too small for β = 1.
- `size=0.3`: errors of the noise's own size are no outliers, and L1 is no better than MSE.
- `beta=0.01`, `beta=10`: SmoothL1 becomes L1 and trembles; becomes MSE and follows the outliers.
- `far=5`: the mean of 1, 2, 3, 4 and 5 is the median.
- `likelihood=laplace`: the likelihood is no longer on MSE's side.
- `leverage=0`: no point far out in x, and L1 finds the slope.
- `sample=1`: the median of one number is its mean: both ratios are 1.
- `mistake=`: slips in **theory**. `huber` takes HuberLoss for SmoothL1, `offset` forgets the −β/2,
  with `reduction` `mean` divides by samples, `probabilities` are fed to NLLLoss.
"""

import math

import torch
import torch.nn.functional as fn

from dlplay import Choice, File, Float, Int, Scene, claim
from dlplay.data import examples

N = 200  # points
TRUTH = (2.0, 1.0)  # slope and intercept
LEVELS = (0.0, 0.1, 0.2, 0.3, 0.45)  # shares of outliers, a data set each
CHOSEN, LEVERAGE = 5, 6  # two more data sets: the user's share, and outliers in x
TWENTY = LEVELS.index(0.2)
REPEATS = 20  # samples a step, for the variance of mean and median


def points(data, device):
    """Inputs x [N], noise [N], and the slope and intercept of the true line y = ax + b + noise."""
    if data == "line":
        x = torch.rand(N, device=device) * 2 - 1
        return x, 0.1 * torch.randn(N, device=device), *TRUTH
    x, y = examples(data, features=1, most=N, device=device)
    x, y = x[:, 0] / 2, (y - y.mean()) / y.std()  # most columns reach some 3 deviations
    x = x - x.mean()  # of those that were drawn
    slope, intercept = ((x * y).sum() / x.square().sum()).item(), y.mean().item()
    return x, y - slope * x - intercept, slope, intercept


class RegressionLosses(Scene):
    covers = {
        "Cost Functions (introduction)": ("loss", "theory", "perfect", "reductions", "slopes"),
        "nn.MSELoss()": (
            "fits",
            "one number",
            "pulled",
            "mean_and_median",
            "reductions",
            "slopes",
        ),
        "Relationship Between MSE and MLE": (
            "likelihood",
            "theory",
            "same_place",
            "straight",
            "laplace",
        ),
        "nn.L1Loss()": (
            "fits",
            "error by outliers",
            "one number",
            "stands",
            "majority",
            "lever",
            "price",
            "slopes",
        ),
        "nn.SmoothL1Loss()": ("fits", "loss", "between", "ends", "settles", "huber", "joined"),
    }
    panels = ("fits", "loss", "error by outliers", "one number", "likelihood", "theory")
    quick = {"steps": 40}

    outliers = Float(0.2, min=0, max=0.5, live=True, help="share of points that lie too high")
    size = Float(8, min=0, max=30, live=True, help="how far too high the outliers lie")
    beta = Float(
        1.0, min=0.01, max=10, log=True, live=True, help="where SmoothL1 turns from square to line"
    )
    view = Choice("outliers", ("outliers", "leverage"), live=True, help="data shown in fits")
    leverage = Float(0.03, min=0, max=0.2, live=True, help="share of points far out in x")
    far = Float(100, min=5, max=500, live=True, help="the last of the five numbers")
    likelihood = Choice(
        "gaussian",
        ("gaussian", "fitted", "laplace"),
        live=True,
        help="noise that it assumes: σ = 1, σ fitted, Laplace",
    )
    sample = Int(201, min=1, max=1001, live=True, help="numbers behind each mean and median")
    mistake = Choice(
        "none",
        ("none", "huber", "offset", "reduction", "probabilities"),
        live=True,
        help="a popular slip, played in theory",
    )
    data = File(
        "line",
        kind="table",
        names=("line",),
        help="the points; your own: a column x and a column y",
    )
    steps = Int(800, min=20, max=5000, help="steps of Adam")

    def run(self, stage):
        device = stage.device
        inputs, noise, slope, intercept = points(self.data, device)
        n = len(inputs)
        rank = torch.rand(n, device=device).argsort().argsort() / n  # who is an outlier first
        truth = torch.tensor([slope, intercept], device=device)

        # Lines for each of 5 losses on each of 7 data sets: slope and intercept, [5, 7, 2]
        lines = torch.zeros(5, 7, 2, device=device, requires_grad=True)
        optimizer = torch.optim.Adam([lines], lr=0.05)
        # One number for each of 3 losses
        numbers = (10 + torch.rand(1, device=device)).repeat(3).requires_grad_()

        stage.axes("error by outliers", x="% outliers", y="error of the fit", log="y")
        squares = None
        for step in stage.loop(self.steps):
            if step == 0 or stage.changed("outliers", "size", "leverage", "beta", "far"):
                x = inputs.repeat(7, 1)  # [7, N]
                shares = torch.tensor([*LEVELS, self.outliers, 0.0], device=device)
                y = slope * x + intercept + noise + self.size * (rank < shares[:, None])
                distant = rank < self.leverage
                x[LEVERAGE, distant] = 30.0
                y[LEVERAGE, distant] = intercept + noise[distant]
                five = torch.tensor([1.0, 2.0, 3.0, 4.0, self.far], device=device)
                stage.axes("one number", y="its value", lines={"mean": five.mean(), "median": 3.0})
                begun = step

            # The lines. Steps shrink, or else L1's would never come to rest.
            optimizer.param_groups[0]["lr"] = 0.05 / (1 + (step - begun) / 100)
            guess = lines[..., :1] * x + lines[..., 1:]  # [5, 7, N]
            loss = (
                fn.mse_loss(guess[0], y)
                + fn.l1_loss(guess[1], y)
                + fn.smooth_l1_loss(guess[2], y, beta=self.beta)
                + fn.smooth_l1_loss(guess[3], y, beta=0.1)
                + fn.smooth_l1_loss(guess[4], y, beta=10.0)
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

            # The numbers: constant steps
            before = numbers.detach().clone()
            loss = (
                fn.mse_loss(numbers[0].expand(5), five)
                + fn.l1_loss(numbers[1].expand(5), five)
                + fn.smooth_l1_loss(numbers[2].expand(5), five, beta=self.beta)
            )
            numbers.grad = None
            loss.backward()
            with torch.no_grad():
                numbers -= 0.1 * numbers.grad
            moved = (numbers.detach() - before).abs()
            mse, l1, smooth = numbers.detach()
            stage.curve("one number", {"MSE": mse, "L1": l1, "SmoothL1": smooth})

            # Mean and median of samples of noise: both estimate 0
            if squares is None or stage.changed("sample"):
                squares, drawn = torch.zeros(2, 2, device=device), 0  # [noise, estimator]
            gauss = torch.randn(REPEATS, self.sample, device=device)
            sign = torch.randint(2, gauss.shape, device=device) * 2 - 1
            laplace = torch.empty_like(gauss).exponential_() * sign
            both = torch.stack([laplace, gauss])  # [2, REPEATS, sample]
            estimates = torch.stack([both.mean(-1), both.quantile(0.5, dim=-1)], 1)
            squares += (estimates**2).sum(-1)
            drawn += REPEATS
            ratio = squares[:, 1] / squares[:, 0]  # variance of median over variance of mean

            # What the user sees
            if stage.every(10):
                with stage.probe():
                    errors = (lines - truth).norm(dim=-1)  # [5, 7]
                    self.draw_fits(stage, x, y, lines)
                    stage.plot(
                        "error by outliers",
                        [100 * level for level in LEVELS],
                        dict(zip(("MSE", "L1", "SmoothL1"), errors[:3, :5], strict=True)),
                    )
                    place, bend = self.draw_likelihood(stage, x[CHOSEN], y[CHOSEN], truth)
            if step == 0 or stage.changed("beta"):
                self.draw_loss(stage)
            if step == 0 or stage.changed("mistake"):
                book = identities(self.mistake, device)
            if stage.every(20):
                stage.table(
                    "theory",
                    ["quantity", "here", "theory"],
                    [
                        ["var ratio, Laplace", ratio[0].item(), 0.5],
                        ["var ratio, Gauss", ratio[1].item(), math.pi / 2],
                        ["−log L − MSE form", bend, 0],
                        ["Huber − β·SmoothL1", book["huber"], 0],
                        ["SmoothL1's jump", book["jump"], 0],
                        ["gradient − slope/n", book["slopes"], 0],
                        ["sum/(mean·n) − 1", book["reduction"], 0],
                        ["per sample / mean", book["per_sample"], 3],
                        ["perfect, worst", book["perfect"], 0],
                    ],
                )
                stage.measure(
                    mse_error=errors[0, CHOSEN],
                    l1_error=errors[1, CHOSEN],
                    smooth_error=errors[2, CHOSEN],
                    near_half=errors[0, 4] / errors[1, 4],
                    large_beta=abs(errors[4, TWENTY] / errors[0, TWENTY] - 1),
                    small_beta=abs(errors[3, TWENTY] - errors[1, TWENTY]),
                    levered=(lines[:2, LEVERAGE, 0] - slope).abs().min(),
                    mean_minus_median=mse - l1,
                    trembling=moved[2] / moved[1].clamp(min=1e-9),
                    place=place,
                    bend=bend,
                    laplace_ratio=ratio[0],
                    gauss_ratio=ratio[1],
                    **book,
                )

    def draw_fits(self, stage, x, y, lines):
        which = CHOSEN if self.view == "outliers" else LEVERAGE
        reach = max(1.1, x[CHOSEN].abs().max().item())
        span = (-reach, reach) if which == CHOSEN else (-4.0, 32.0)
        ends = torch.tensor(span, device=x.device)
        heights = lines[:3, which, :1] * ends + lines[:3, which, 1:]  # [3, 2]
        stage.plane(
            "fits",
            x=span,
            y=(-5, 14),
            points={"data": torch.stack([x[which], y[which]], dim=1)},
            paths={
                name: torch.stack([ends, height], dim=1)
                for name, height in zip(("MSE", "L1", "SmoothL1"), heights, strict=True)
            },
            x_label="x",
            y_label="y",
        )

    def draw_loss(self, stage):
        r = torch.linspace(-2, 2, 201)
        zero = torch.zeros(201)
        curves = {
            "MSE": fn.mse_loss(r, zero, reduction="none"),
            "L1": fn.l1_loss(r, zero, reduction="none"),
            "SmoothL1": fn.smooth_l1_loss(r, zero, reduction="none", beta=self.beta),
        }
        stage.axes("loss", x="error r", y="loss")
        stage.plot("loss", r, curves)

    def draw_likelihood(self, stage, x, y, truth):
        """Costs per point over the intercept, the slope being right. How far apart −log L and
        MSE have their lowest places, and how far −log L is from ½ log 2πσ² + MSE/2σ²."""
        slope, intercept = truth
        b = intercept - 1 + torch.linspace(0, 4, 401, device=x.device)  # [401]
        guess = slope * x + b[:, None]  # [401, N]
        mse = fn.mse_loss(guess, y.expand_as(guess), reduction="none").mean(1)
        l1 = fn.l1_loss(guess, y.expand_as(guess), reduction="none").mean(1)
        if self.likelihood == "laplace":
            density = torch.distributions.Laplace(guess, 1.0)
        elif self.likelihood == "fitted":  # the σ of greatest likelihood, for each intercept
            density = torch.distributions.Normal(guess, mse.sqrt()[:, None])
        else:
            density = torch.distributions.Normal(guess, 1.0)
        cost = -density.log_prob(y).mean(1)  # [401]
        stage.axes("likelihood", x="intercept", y="above its lowest")
        curves = {"−log L": cost, "MSE": mse, "L1": l1}
        stage.plot("likelihood", b, {name: each - each.min() for name, each in curves.items()})
        place = (b[cost.argmin()] - b[mse.argmin()]).abs().item()
        bend = (cost - (0.5 * math.log(2 * math.pi) + mse / 2)).abs().max().item()
        return place, bend

    @claim(
        "with 20 % of the points 8 too high, MSE's fit is more than 1 away from the true line",
        breaks={"outliers": 0, "steps": 300},
    )
    def pulled(self, measured):
        return measured.mse_error > 1

    @claim("L1's fit is less than 0.1 away", breaks={"outliers": 0.5, "steps": 300})
    def stands(self, measured):
        return measured.l1_error < 0.1

    @claim(
        "with 45 % outliers MSE's fit is more than 5 times as far off as L1's",
        breaks={"size": 0.3, "steps": 300},
    )
    def majority(self, measured):
        return measured.near_half > 5

    @claim(
        "SmoothL1 with β = 1 lies between: it is 0.12 to 0.5 away",
        breaks={"beta": 0.01, "steps": 300},
    )
    def between(self, measured):
        return measured.smooth_error.between(0.12, 0.5)

    @claim(
        "β decides: at β = 10 SmoothL1's error is within 2 % of MSE's, at β = 0.1 within 0.02 of "
        "L1's (the two differences together < 0.04)",
        breaks={"size": 20, "steps": 300},
    )
    def ends(self, measured):
        return measured.large_beta + measured.small_beta < 0.04

    @claim(
        "3 % of the points far out in x ruin L1's slope as well as MSE's: both are more than "
        "1.5 off",
        breaks={"leverage": 0, "steps": 300},
    )
    def lever(self, measured):
        return measured.levered > 1.5

    @claim(
        "for 1, 2, 3, 4, 100 MSE finds the mean, 22, and L1 the median, 3: 19 apart (± 0.1)",
        breaks={"far": 5, "steps": 300},
    )
    def mean_and_median(self, measured):
        return measured.mean_minus_median.between(18.9, 19.1)

    @claim(
        "at a constant step size L1 trembles about its minimum and SmoothL1 settles: its last "
        "step is less than a hundredth of L1's",
        breaks={"beta": 0.01, "steps": 300},
    )
    def settles(self, measured):
        return measured.trembling < 0.01

    @claim(
        "the Gaussian likelihood is greatest where MSE is least: the same intercept of a grid",
        breaks={"likelihood": "laplace", "steps": 20},
    )
    def same_place(self, measured):
        return measured.place < 0.005

    @claim(
        "−log L per point is ½ log 2πσ² + MSE/2σ² within 1e-4, for a fixed σ",
        breaks={"likelihood": "fitted", "steps": 20},
    )
    def straight(self, measured):
        return measured.bend < 1e-4

    @claim(
        "under Laplace noise the median has less than 0.75 of the mean's variance (theory: 0.5)",
        breaks={"sample": 1, "steps": 300},
    )
    def laplace(self, measured):
        return measured.laplace_ratio < 0.75

    @claim(
        "under Gaussian noise it has more than 1.2 times the mean's (theory: 1.57)",
        breaks={"sample": 1, "steps": 300},
    )
    def price(self, measured):
        return measured.gauss_ratio > 1.2

    @claim(
        "HuberLoss(δ) is δ times SmoothL1Loss(β = δ), within 1e-5, at four δ",
        breaks={"mistake": "huber", "steps": 20},
    )
    def huber(self, measured):
        return measured.huber < 1e-5

    @claim(
        "SmoothL1's two parts join: at |r| = β neither its value nor its slope jumps (< 1e-6)",
        breaks={"mistake": "offset", "steps": 20},
    )
    def joined(self, measured):
        return measured.jump < 1e-6

    @claim(
        "over n elements the gradient of MSE is 2r/n, of L1 sign(r)/n (0 at 0), of SmoothL1 r/β "
        "cut off at ±1, over n: within 1e-6",
        breaks={"mistake": "reduction", "steps": 20},
    )
    def slopes(self, measured):
        return measured.slopes < 1e-6

    @claim(
        "for every elementwise loss sum = mean × count within 1e-5, counting all elements",
        breaks={"mistake": "reduction", "steps": 20},
    )
    def reductions(self, measured):
        return measured.reduction < 1e-5

    @claim(
        "a perfect prediction costs nothing (|loss| < 1e-6), in 12 losses of PyTorch",
        breaks={"mistake": "probabilities", "steps": 20},
    )
    def perfect(self, measured):
        return measured.perfect < 1e-6


def identities(mistake, device):
    """What the book says of PyTorch's losses: differences that should be 0, and how often the
    loss per sample is `mean`."""
    r = torch.linspace(-4, 4, 801, device=device)
    zero = torch.zeros_like(r)
    huber, jump = 0.0, 0.0
    for beta in (0.1, 0.5, 2.0, 10.0):
        smooth = fn.smooth_l1_loss(r, zero, reduction="none", beta=beta)
        factor = 1.0 if mistake == "huber" else beta
        gap = fn.huber_loss(r, zero, reduction="none", delta=beta) - factor * smooth
        huber = max(huber, gap.abs().max().item())

        # Just inside and just outside β: values and slopes
        sides = torch.tensor([beta - 1e-9, beta + 1e-9], dtype=torch.float64, requires_grad=True)
        value = fn.smooth_l1_loss(sides, torch.zeros_like(sides), reduction="none", beta=beta)
        (slope,) = torch.autograd.grad(value.sum(), sides)
        forgotten = beta / 2 if mistake == "offset" else 0.0
        gaps = ((value[1] + forgotten - value[0]).abs().item(), (slope[1] - slope[0]).abs().item())
        jump = max(jump, *gaps)

    x = torch.linspace(-2, 3, 24, device=device).reshape(8, 3)  # 8 samples, 3 outputs
    y = torch.linspace(1, 0, 24, device=device).reshape(8, 3)
    y[0, 0] = x[0, 0]  # an error of 0
    sign = torch.where(y > 0.5, 1.0, -1.0)
    count = len(x) if mistake == "reduction" else x.numel()
    reduction = 0.0
    for loss, target in (
        (fn.mse_loss, y),
        (fn.l1_loss, y),
        (fn.smooth_l1_loss, y),
        (fn.huber_loss, y),
        (fn.binary_cross_entropy_with_logits, y.clamp(0, 1)),
        (fn.soft_margin_loss, sign),
        (fn.hinge_embedding_loss, sign),
    ):
        assert loss(x, target, reduction="none").shape == x.shape  # one number per element
        whole, mean = loss(x, target, reduction="sum"), loss(x, target, reduction="mean")
        reduction = max(reduction, (whole / (mean * count) - 1).abs().item())
    per_sample = fn.mse_loss(x, y, reduction="sum") / len(x) / fn.mse_loss(x, y)

    free, error = x.clone().requires_grad_(), x - y
    slopes = 0.0
    for loss, slope in (
        (fn.mse_loss, 2 * error),
        (fn.l1_loss, error.sign()),
        (fn.smooth_l1_loss, error.clamp(-1, 1)),  # β = 1
    ):
        (gradient,) = torch.autograd.grad(loss(free, y), free)
        slopes = max(slopes, (gradient - slope / count).abs().max().item())

    hot = torch.eye(3, device=device)  # three samples, one of each class
    labels = torch.arange(3, device=device)
    log_p = hot if mistake == "probabilities" else torch.log_softmax(60 * hot, dim=1)
    sure = 60 * (2 * hot - 1)  # scores far on the right side
    unit = torch.ones(3, device=device)
    perfect = {
        "MSELoss": fn.mse_loss(y, y),
        "L1Loss": fn.l1_loss(y, y),
        "SmoothL1Loss": fn.smooth_l1_loss(y, y),
        "CrossEntropyLoss": fn.cross_entropy(sure, labels),
        "NLLLoss": fn.nll_loss(log_p, labels),
        "KLDivLoss": fn.kl_div(log_p, hot, reduction="batchmean"),
        "BCELoss": fn.binary_cross_entropy(hot, hot),
        "BCEWithLogitsLoss": fn.binary_cross_entropy_with_logits(sure, hot),
        "SoftMarginLoss": fn.soft_margin_loss(sure, 2 * hot - 1),
        "MultiMarginLoss": fn.multi_margin_loss(sure, labels),
        "MarginRankingLoss": fn.margin_ranking_loss(2 * unit, unit, unit, margin=1.0),
        "CosineEmbeddingLoss": fn.cosine_embedding_loss(hot, 2 * hot, unit),
    }
    return {
        "huber": huber,
        "jump": jump,
        "slopes": slopes,
        "reduction": reduction,
        "per_sample": per_sample.item(),
        "perfect": max(value.abs().item() for value in perfect.values()),
    }
