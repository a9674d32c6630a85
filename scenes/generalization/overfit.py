r"""
# Signal, noise and a flexible ruler

A sample contains two things: what is true of all samples, and the accidents of this one. Here the
truth is sin 2πx, the accidents are noise of standard deviation σ (`noise`), and the ruler is a
polynomial (of Legendre's, in 2x − 1) whose degree says how flexible it is. It is fitted by least
squares and cannot tell the two apart: what it can bend to, it fits. That is **overfitting**: the
error on the training points goes on falling while the error on new ones rises.

Every step draws new samples of `points` points and fits them with all degrees from 0 to 19.

**Bias and variance.** Let f̄ be the mean of the fits over all samples. Then the expected squared
error on new points has three parts:

$$E = (\bar{f} - f)^2 + \text{variance} + \sigma^2$$

The first is *bias*²: what even the average fit gets wrong, because the ruler is too stiff. The
second says how much a fit depends on its sample: the wild lines of *fits*. The third is in the new
points themselves, and nobody can predict it. "Error = bias² + variance" forgets it
(`count_noise=off`).

**Use medians here, not means.** From degree 12 on, now and then a sample leaves a gap in which the
polynomial shoots up to thousands: the mean error is that of a few explosions, the median is that of
an ordinary sample.

## How to prevent it

**More data** is best: it takes away variance and costs no bias. Degree 15 is hopeless with 20
points and nearly perfect with 320, where the error is hardly above σ², the floor. No degree is too
high as such; it is too high *for so many points*.

**The right capacity** is the classical U: stiff rulers have bias, flexible ones variance, the best
is between. (The U is not the end of the story: see the next scene.)

**Weight decay**: keep the degree, but add a price on the squared coefficients, λ‖w‖², which makes
least squares *ridge regression*. It replaces the question "how many parameters?" by a knob without
steps. With λ near 0 the fit is wild, with λ large it is flat, and between them lies the same U,
now over λ: bias² goes up, variance goes down. The coefficients get small but not zero; those that
the data insist on stay. Among rulers of 16 coefficients, the right price gives an error not far
from the best degree's.

**Averaging** many models takes away variance too, and leaves the bias as it is: see *The
committee*.

## Watch

- **fits**: one degree, its last two fits, and the mean of all so far. With `degree=7` the mean is
  the truth, though no single fit is; with 15 a few explosions rule even the mean.
- **error by degree**: training falls for ever, new points do not agree. (Medians. What is above 10
  or below 0.001 is drawn there, here and in the next panels.)
- **bias, variance**: they cross near the degree at which the error, here the mean, is least.
- **more data**: both errors approach σ², one from above and one from below.
- **penalty**: the U over λ at this degree. **coefficients**: what the price does to them.

## Try

- `degree=1`: bias, and no amount of data helps. `degree=3`, `degree=19`.
- `penalty=1`: degree 15 is tame. `penalty=1000`: a flat line. The best fit of training data is not
  sought any longer, so its error may rise with the degree.
- `noise=0`: nothing to overfit; the more flexible, the better.
- `points=320`: all degrees from 3 on are almost equally good. `count_noise=off`: a part of the
  error is missing.
"""

import torch

from dlplay import Float, Int, Scene, Toggle, claim

DEGREES = range(20)
SIZES = (20, 40, 80, 160, 320)  # points, in the panel "more data"
PENALTIES = [10.0**k for k in range(-6, 4)]
SAMPLES = 5  # new samples a step
PLACES = torch.linspace(0, 1, 100, dtype=torch.float64)  # where fits are compared with the truth


def truth(x):
    return torch.sin(2 * torch.pi * x)


def legendre(x, degree):
    """Legendre's polynomials 0 to `degree` of 2x − 1: [..., N] -> [..., N, degree + 1]."""
    u = 2 * x - 1
    found = [torch.ones_like(u), u]
    for k in range(1, degree):
        found.append(((2 * k + 1) * u * found[-1] - k * found[-2]) / (k + 1))
    return torch.stack(found[: degree + 1], dim=-1)


def sample(points, noise):
    """New samples: a grid in which every point is moved by chance; x and y [SAMPLES, points]."""
    x = (torch.arange(points) + torch.rand(SAMPLES, points, dtype=torch.float64)) / points
    return x, truth(x) + noise * torch.randn(SAMPLES, points, dtype=torch.float64)


def fit(a, y, penalty):
    """The w that minimise ‖a w − y‖² + λ‖w‖²: least squares with rows √λ I and targets 0 added.

    a [SAMPLES, N, features], y [SAMPLES, N] -> [SAMPLES, features]
    """
    features = a.shape[-1]
    price = penalty**0.5 * torch.eye(features, dtype=a.dtype).expand(len(a), -1, -1)
    zeros = torch.zeros(len(a), features, dtype=a.dtype)
    targets = torch.cat([y, zeros], dim=1)[..., None]
    return torch.linalg.lstsq(torch.cat([a, price], dim=1), targets).solution[..., 0]


class Tally:
    """What is known of a model so far, over all samples."""

    def __init__(self):
        self.train, self.test, self.fits = [], [], []

    def add(self, a, y, w, noise):
        """Judge the fits w [SAMPLES, features] on their own points and on new ones."""
        fits = w @ legendre(PLACES, w.shape[1] - 1).T  # [SAMPLES, 100]
        new = truth(PLACES) + noise * torch.randn(fits.shape, dtype=fits.dtype)
        self.train += ((a @ w[..., None])[..., 0] - y).square().mean(dim=1).tolist()
        self.test += (fits - new).square().mean(dim=1).tolist()
        self.fits.append(fits)

    def median(self, which):
        values = sorted(getattr(self, which))
        return values[len(values) // 2]

    def mean_test(self):
        return sum(self.test) / len(self.test)

    def bias_and_variance(self):
        fits = torch.cat(self.fits)  # [samples, 100]
        bias = (fits.mean(dim=0) - truth(PLACES)).square().mean().item()
        return bias, fits.var(dim=0, unbiased=False).mean().item()


def parts(tallies):
    bias, variance = zip(*(t.bias_and_variance() for t in tallies.values()), strict=True)
    errors = [t.mean_test() for t in tallies.values()]
    return {"bias²": drawn(bias), "variance": drawn(variance), "mean error": drawn(errors)}


def drawn(values):
    """From 0.001 to 10: beyond 10 all is hopeless, and the U should be seen."""
    return [min(max(v, 1e-3), 10.0) for v in values]


class Overfit(Scene):
    covers = {
        "Overfitting": (
            "fits",
            "error by degree",
            "bias, variance",
            "train_falls",
            "u_shape",
            "too_flexible",
            "explosions",
            "decomposition",
        ),
        "Preventing Overfitting": ("more data", "more_data", "data_floor"),
        "Weight Decay": (
            "penalty",
            "coefficients",
            "penalty_low",
            "penalty_high",
            "right_penalty",
            "bias_rises",
            "variance_falls",
            "shrinks",
        ),
    }
    panels = ("fits", "error by degree", "bias, variance", "more data", "penalty", "coefficients")
    quick = {"steps": 6}

    degree = Int(15, min=0, max=19, live=True, help="of the polynomial that you look at")
    points = Int(20, min=20, max=320, log=True, live=True, help="points in a sample")
    noise = Float(0.3, min=0, max=1, step=0.05, live=True, help="σ, standard deviation of noise")
    penalty = Float(1e-9, min=1e-9, max=1000, log=True, live=True, help="λ, price of squared w")
    count_noise = Toggle(True, live=True, help="count σ² among the parts of the error")
    steps = Int(80, min=5, max=1000, log=True, help="steps, of five new samples each")

    def run(self, stage):
        stage.axes("error by degree", x="degree", y="squared error", log="y")
        stage.axes("bias, variance", x="degree", y="squared error", log="y")
        stage.axes("more data", x="points", y="squared error", log="xy")
        stage.axes("penalty", x="λ", y="squared error", log="xy")
        stage.axes("coefficients", x="k", y="|w|", log="y")
        self.start()
        for _ in stage.loop(self.steps):
            if stage.changed("degree", "points", "noise", "penalty"):
                self.start()
            x, y = sample(self.points, self.noise)
            every = legendre(x, DEGREES[-1])  # [SAMPLES, points, 20]
            for d, tally in self.by_degree.items():
                a = every[..., : d + 1]
                tally.add(a, y, fit(a, y, self.penalty), self.noise)
            mine = every[..., : self.degree + 1]
            for price, tally in self.by_penalty.items():
                tally.add(mine, y, fit(mine, y, price), self.noise)
            for size, tally in self.by_size.items():
                xs, ys = sample(size, self.noise)
                a = legendre(xs, self.degree)
                tally.add(a, ys, fit(a, ys, self.penalty), self.noise)
            if stage.every(4) or stage.changed("count_noise"):
                self.look(stage, x, y, mine)
        self.report(stage)

    def start(self):
        self.by_degree = {d: Tally() for d in DEGREES}
        self.by_penalty = {price: Tally() for price in PENALTIES}
        self.by_size = {size: Tally() for size in SIZES}

    def look(self, stage, x, y, mine):
        fits = torch.cat(self.by_degree[self.degree].fits)  # [samples, 100]
        lines = {"truth": truth(PLACES), "mean fit": fits.mean(dim=0)}
        lines |= {"one fit": fits[-1], "another": fits[-2]}
        stage.plane(
            "fits",
            x=(0, 1),
            y=(-2, 2),
            points={"points": torch.stack([x[-1], y[-1]], dim=1)},
            paths={n: torch.stack([PLACES, v.clamp(-2, 2)], 1) for n, v in lines.items()},
            x_label="x",
            y_label="y",
        )
        stage.plot("error by degree", DEGREES, self.errors(self.by_degree))
        stage.plot("more data", SIZES, self.errors(self.by_size))
        stage.plot("bias, variance", DEGREES, parts(self.by_degree))
        stage.plot("penalty", PENALTIES, parts(self.by_penalty))
        w = {price: fit(mine, y, price)[-1].abs() for price in (self.penalty, 1.0)}
        curves = {f"λ = {price:g}": drawn(values.tolist()) for price, values in w.items()}
        stage.plot("coefficients", range(self.degree + 1), curves)
        self.shrunk = w[1.0].norm() / fit(mine, y, PENALTIES[0])[-1].norm()

    def errors(self, tallies):
        return {
            "training": drawn(t.median("train") for t in tallies.values()),
            "new points": drawn(t.median("test") for t in tallies.values()),
            "σ²": drawn([self.noise**2] * len(tallies)),
        }

    def report(self, stage):
        train = [t.median("train") for t in self.by_degree.values()]
        test = [t.median("test") for t in self.by_degree.values()]
        best = min(test)
        gaps = []
        for tally in list(self.by_degree.values())[:10]:
            known = sum(tally.bias_and_variance()) + self.noise**2 * self.count_noise
            gaps.append(abs(known / tally.mean_test() - 1))
        ladder = [t.median("test") for t in self.by_penalty.values()]
        pairs = [t.bias_and_variance() for t in self.by_penalty.values()]
        bias, variance = zip(*pairs, strict=True)
        data = [t.median("test") for t in self.by_size.values()]
        mine = self.by_degree[15]
        stage.measure(
            train_rise=max(train[d] / train[d - 1] - 1 for d in DEGREES[1:]),
            best_degree=test.index(best),
            flexible_ratio=test[15] / best,
            explosion=mine.mean_test() / mine.median("test"),
            parts_gap=max(gaps),
            data_gain=data[0] / data[-1],
            data_excess=data[-1] / max(self.noise**2, 1e-9),
            least_penalty=ladder[0] / min(ladder),
            most_penalty=ladder[-1] / min(ladder),
            right_penalty=min(ladder) / best,
            bias_growth=bias[-1] / bias[4],  # λ = 1000 over λ = 0.01
            variance_fall=variance[4] / variance[-1],
            shrunk=self.shrunk,
        )

    @claim(
        "every further degree lowers the training error, by 0.2 % at the very least",
        breaks={"penalty": 1000.0, "steps": 20},
    )
    def train_falls(self, measured):
        return measured.train_rise < -0.002

    @claim(
        "the error on new points is least for a degree from 3 to 6",
        breaks={"noise": 0, "steps": 20},
    )
    def u_shape(self, measured):
        return measured.best_degree.between(3, 6)

    @claim(
        "degree 15 is over 10 times worse than the best (medians)",
        breaks={"penalty": 1.0, "steps": 20},
    )
    def too_flexible(self, measured):
        return measured.flexible_ratio > 10

    @claim(
        "its mean error is over twice its median: a few samples explode",
        breaks={"penalty": 1.0, "steps": 20},
    )
    def explosions(self, measured):
        return measured.explosion > 2

    @claim(
        "bias² + variance + σ² is the mean error on new points, within 5 %, for degrees 0 to 9",
        breaks={"count_noise": False, "steps": 20},
    )
    def decomposition(self, measured):
        return measured.parts_gap < 0.05

    @claim(
        "from 20 to 320 points the error of degree 15 falls by more than a factor 10",
        breaks={"penalty": 1.0, "steps": 20},
    )
    def more_data(self, measured):
        return measured.data_gain > 10

    @claim(
        "with 320 points it is less than 1.15 σ²",
        breaks={"degree": 1, "steps": 20},
    )
    def data_floor(self, measured):
        return measured.data_excess < 1.15

    @claim(
        "too small a penalty: λ = 10⁻⁶ is over twice as bad as the best λ",
        breaks={"degree": 1, "steps": 20},
    )
    def penalty_low(self, measured):
        return measured.least_penalty > 2

    @claim(
        "too large a penalty: λ = 1000 is over twice as bad as the best λ",
        breaks={"noise": 1.0, "steps": 20},
    )
    def penalty_high(self, measured):
        return measured.most_penalty > 2

    @claim(
        "the best λ gives degree 15 less than 1.5 times the error of the best degree",
        breaks={"degree": 1, "steps": 20},
    )
    def right_penalty(self, measured):
        return measured.right_penalty < 1.5

    @claim(
        "from λ = 0.01 to 1000 bias² grows by more than a factor 10",
        breaks={"degree": 1, "steps": 20},
    )
    def bias_rises(self, measured):
        return measured.bias_growth > 10

    @claim(
        "and the variance falls by more than a factor 10",
        breaks={"noise": 0, "points": 320, "degree": 9, "steps": 20},
    )
    def variance_falls(self, measured):
        return measured.variance_fall > 10

    @claim(
        "λ = 1 makes the coefficients less than half as long",
        breaks={"degree": 1, "steps": 20},
    )
    def shrinks(self, measured):
        return measured.shrunk < 0.5
