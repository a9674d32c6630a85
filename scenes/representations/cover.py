r"""
# How many points can a plane split?

A linear classifier says ȳ = sign(w·x + b). It cuts space with one hyperplane: a point in one
dimension, a line in two, a plane in three. Give P points in N dimensions a label by tossing a
coin for each: is there a hyperplane with all heads on one side and all tails on the other? There
are 2ᴾ labellings (*dichotomies*). Cover counted the separable ones in 1965, for points in general
position (no N of them in a hyperplane through the origin) and a hyperplane through the origin:

$$ C(P, N) = 2 \sum_{k=0}^{N-1} \binom{P-1}{k} $$

A bias b is one dimension more: put N + 1 in place of N. Divide by 2ᴾ for the probability.

Another reading of the same formula: hand out labelled points one after the other until they are no
longer separable. C(P, N)/2ᴾ is the probability that P−1 tosses of a coin show fewer than N heads.
So how many points a hyperplane can take, its *capacity*, is distributed as the number of tosses
until the N-th head: its mean is 2N, its variance 2N as well. Every step of this run does that: new
points, new labels, one more until it breaks.

## What is true, and what is only told

- *"Beyond P = N the probability is tiny."* No: up to P = N it is exactly 1, at P = 1.5N still 0.97
  (N = 20), at **P = 2N exactly ½**. Only then does it collapse, and the sharper the larger N is:
  the fall from 1 to 0 is about √(2/N) wide on the axis P/N.
- *"Only about N labellings are separable."* No: N, 2N points: half of all, 2ᴾ⁻¹. Counted one by one
  in **all labellings**, for small numbers.
- *"It did not converge, so it is not separable."* A perceptron that runs out of patience proves
  nothing: near 2N a separating plane may exist and be very hard to find. Here the question is
  decided exactly. By Gordan's theorem either some w has y·(w·x) > 0 for all points, or 0 lies in
  the convex hull of the points y·x. Walk to the point of that hull nearest to 0: it is one proof
  or the other. (A linear programme does as well.)
- *"So expand the dimension."* Yes, but not linearly: a linear map of two coordinates into eighty
  leaves all points in a plane. Non-linear features do it: with enough random ReLU units any
  labelling becomes separable. Cover's formula with D features for N is too hopeful, however. It
  needs general position, and ReLU features of points in the plane are far from it: points between
  which no unit has its kink still lie in one plane after the lift. The measured curve lies well to
  the right.

That coin-tossed labels become separable is no good news in itself: a classifier that can fit any
labels has learned nothing by fitting yours. What natural data give for free, and coins do not, is
that neighbours tend to have the same label.

## Watch

- **separable**: the measured share comes down on Cover's curve; what is *told* falls off at P = N.
- **collapse**: the same for 5, your own and 40 dimensions: steeper with N, all of them ½ at P = 2N.
- **in the plane**: points until the last straw (*heads!* or *tails!*), and the last line that
  worked.
- **lifted**: the same question for points in the plane, after D features.

## Try

- `position=flat`: the points lie in half as many dimensions. General position is gone, and with it
  the formula: N dimensions now separate like N/2.
- `dimensions=5`: a gentle slope. `dimensions=40`: a cliff.
- `patience=20`, then `patience=20000`: what a perceptron believes, and what it could find.
- `features=table`: each point gets its own random numbers, whatever its place. Now they are in
  general position, and the lift lies on the formula. Yet a table has nothing to say on a new point.
- `features=linear`: never. `points=2`: two points, and even a linear map will do.
"""

from itertools import product

import numpy as np

from dlplay import Choice, Int, Scene, claim
from dlplay.nn.separability import Separator, dichotomies, probability, separable

SMALL, LARGE, BIASED = 5, 40, 10  # dimensions of the arms beside the user's own
ENUMERATED = ((6, 3), (8, 3), (8, 4))  # points, dimensions
FLAT = {"position": "flat", "trials": 100}
LIFTS = (5, 10, 15, 20, 25, 30, 40, 50, 60, 80)  # numbers of features


class Cover(Scene):
    covers = {
        "Linear Classifiers and their Limitations": (
            "in the plane",
            "separable",
            "patience_is_no_proof",
            "linear_lift",
        ),
        "Cover's Theorem on Pattern Separability": (
            "separable",
            "collapse",
            "all labellings",
            "lifted",
            "up_to_n",
            "formula",
            "beyond_n",
            "twice_n",
            "width",
            "sharpens",
            "counted",
            "bias",
            "relu_lift",
            "not_general",
        ),
    }
    panels = ("separable", "collapse", "in the plane", "lifted", "all labellings")
    quick = {"trials": 20, "dimensions": 10}

    dimensions = Int(20, min=2, max=40, live=True, help="N: coordinates of a point")
    position = Choice(
        "general", ("general", "flat"), live=True, help="flat: points in half the dimensions"
    )
    patience = Int(
        100, min=10, max=20000, log=True, live=True, help="corrections before a perceptron gives up"
    )
    points = Int(40, min=2, max=60, live=True, help="labelled points in the plane, to be lifted")
    features = Choice("relu", ("relu", "table", "linear"), live=True, help="what lifts them")
    trials = Int(200, min=10, max=2000, log=True, help="samples of points and labels")

    def run(self, stage):
        self.rng = np.random.default_rng(stage.seed)
        stage.axes("separable", x="P / N", y="probability", lines={"½": 0.5})
        stage.axes("collapse", x="P / N", y="probability", lines={"½": 0.5})
        stage.axes("lifted", x="features D", y="probability")

        for trial in stage.loop(self.trials):
            if trial == 0 or stage.changed("dimensions", "position"):
                N = self.dimensions
                arms = {"yours": [], "small": [], "large": [], "biased": []}  # capacities found
                believed = []  # by a perceptron
                counts = {}
            if trial == 0 or stage.changed("points", "features"):
                needed, needed_linear = [], []  # the least D that separates

            # One more sample for everybody
            sample = self.sample(N, 6 * N + 50)
            arms["yours"].append(capacity(sample))
            believed.append(self.perceptron(sample))
            arms["small"].append(capacity(self.sample(SMALL, 100)))
            arms["biased"].append(capacity(self.sample(BIASED, 150, bias=True)))
            if trial % 2 == 0:
                arms["large"].append(capacity(self.sample(LARGE, 300)))
                lift = self.lift(self.features)
                needed.append(least(lift))
                needed_linear.append(least(self.lift("linear")))
            for P, dim in ENUMERATED:  # all labellings of P points, one setting a step
                if (P, dim) not in counts:
                    x = self.sample(dim, P)
                    signs = product((1, -1), repeat=P)
                    counts[P, dim] = sum(separable(np.array(s)[:, None] * x) for s in signs)
                    break

            if stage.every(20):
                self.example(stage)
            if stage.every(4):
                P = np.arange(1, 4 * N + 1)
                measured = survival(arms["yours"], P)  # [4N]
                theory = np.array([probability(int(p), N) for p in P])
                told = np.where(P <= N, 1.0, 0.0)
                stage.plot(
                    "separable",
                    P / N,
                    {
                        "measured": measured,
                        "Cover": theory,
                        "perceptron": survival(believed, P),
                        "told": told,
                    },
                )
                ratios = np.linspace(0.5, 4, 71)  # P/N
                stage.plot(
                    "collapse",
                    ratios,
                    {
                        f"N = {SMALL}": survival(arms["small"], ratios * SMALL),
                        f"N = {N}, yours": survival(arms["yours"], ratios * N),
                        f"N = {LARGE}": survival(arms["large"], ratios * LARGE),
                    },
                )
                lifted = np.array([np.mean(np.array(needed) <= D) for D in LIFTS])
                linear = np.array([np.mean(np.array(needed_linear) <= D) for D in LIFTS])
                hoped = np.array([probability(self.points, D) for D in LIFTS])
                series = {self.features: lifted, "linear": linear, "Cover, N = D": hoped}
                stage.plot("lifted", LIFTS, series)
                rows = [
                    (f"{P} in {dim}-D", 2**P, counts[P, dim], dichotomies(P, dim), dim)
                    for P, dim in counts
                ]
                columns = ("points", "2ᴾ", "counted", "Cover", "told")
                stage.table("all labellings", columns, rows)

        mean, spread = np.mean(arms["yours"]), np.std(arms["yours"])
        sizes = {"yours": N, "small": SMALL, "large": LARGE}
        stage.measure(
            up_to_n=min(np.mean(np.array(arms[arm]) >= dim) for arm, dim in sizes.items()),
            formula_gap=np.abs(measured - theory).max(),
            beyond_n=np.mean(np.array(arms["yours"]) >= 1.5 * N),
            mean_over_n=mean / N,
            variance_over_n=spread**2 / N,
            sharpening=np.std(arms["small"]) / SMALL / (spread / N),
            miscounted=sum(abs(counts[key] - dichotomies(*key)) for key in counts),
            mean_with_bias=np.mean(arms["biased"]) / (2 * (BIASED + 1)),
            believed=np.mean(believed) / mean,
            linear_lift=linear[-1],
            lifted_60=lifted[LIFTS.index(60)],
            lift_gap=(hoped - lifted).max(),
        )

    def sample(self, N, P, bias=False):
        """Points times their labels, y·x: [P, N], or [P, N + 1] with a bias."""
        x = self.rng.normal(size=(P, N))
        if self.position == "flat":
            half = max(1, N // 2)
            x = x[:, :half] @ self.rng.normal(size=(half, N))
        if bias:
            x = np.concatenate([x, np.ones((P, 1))], 1)
        return x * self.rng.choice((-1, 1), size=(P, 1))

    def perceptron(self, sample):
        """The capacity that a perceptron believes in: w ← w + y·x for the worst point, until none
        is wrong or patience ends."""
        w = sample[0].copy()
        for P in range(1, len(sample)):
            for _ in range(self.patience):
                products = sample[: P + 1] @ w
                worst = products.argmin()
                if products[worst] > 0:
                    break
                w += sample[worst]
            else:
                return P
        return len(sample)

    def lift(self, kind):
        """Features of labelled points in the plane, times their labels: [points, 80]."""
        x = self.rng.normal(size=(self.points, 2))
        h = x @ self.rng.normal(size=(2, LIFTS[-1])) + self.rng.normal(size=LIFTS[-1])
        if kind == "relu":
            h = np.maximum(h, 0)
        elif kind == "table":
            h = self.rng.normal(size=h.shape)
        return h * self.rng.choice((-1, 1), size=(self.points, 1))

    def example(self, stage):
        """Points in the plane until no line separates them, and the last line that did."""
        x, y = self.rng.uniform(-1, 1, size=(40, 2)), self.rng.choice((-1, 1), size=40)
        separator = Separator(3)
        for last in range(40):
            before = separator.w
            if not separator.add(y[last] * np.array([*x[last], 1.0])):
                break
        # The line w·x + b = 0: the point nearest to the origin, and far both ways from there
        w, b = before[:2], before[2]
        foot, along = -b * w / (w @ w), np.array([-w[1], w[0]]) / np.linalg.norm(w)
        line = foot + np.linspace(-3, 3, 61)[:, None] * along
        stage.plane(
            "in the plane",
            x=(-1.1, 1.1),
            y=(-1.1, 1.1),
            points={
                "heads": x[:last][y[:last] > 0],
                "tails": x[:last][y[:last] < 0],
                "heads!" if y[last] > 0 else "tails!": x[last][None],
            },
            paths={"line": line[(np.abs(line) < 1.1).all(1)]},
            x_label="x₁",
        )

    @claim("up to P = N every labelling of every sample is separable", breaks=FLAT)
    def up_to_n(self, measured):
        return measured.up_to_n == 1

    @claim("the measured share lies within 0.15 of Cover's formula, at every P", breaks=FLAT)
    def formula(self, measured):
        return measured.formula_gap < 0.15

    @claim("at P = 1.5 N more than 85 % of all labellings are still separable", breaks=FLAT)
    def beyond_n(self, measured):
        return measured.beyond_n > 0.85

    @claim("a hyperplane takes 2N points on average, within 6 %", breaks=FLAT)
    def twice_n(self, measured):
        return measured.mean_over_n.between(1.88, 2.12)

    @claim("the variance of that number is 2N as well, within 40 %", breaks=FLAT)
    def width(self, measured):
        return measured.variance_over_n.between(1.2, 2.8)

    @claim(
        "the collapse sharpens with N: on the axis P/N it is half as wide at 20 as at 5",
        breaks={"dimensions": 5, "trials": 60},
    )
    def sharpens(self, measured):
        return measured.sharpening.between(1.5, 2.7)

    @claim(
        "counted one by one, 32 of 64, 58 of 256 and 128 of 256 labellings are separable, as Cover "
        "says to the last one",
        breaks=FLAT,
    )
    def counted(self, measured):
        return measured.miscounted == 0

    @claim("with a bias ten dimensions take 2 (N + 1) = 22 points, within 6 %", breaks=FLAT)
    def bias(self, measured):
        return measured.mean_with_bias.between(0.94, 1.06)

    @claim(
        "a perceptron that gives up after 100 corrections finds less than 0.9 of the true capacity",
        breaks={"patience": 20000, "trials": 20},
    )
    def patience_is_no_proof(self, measured):
        return measured.believed < 0.9

    @claim(
        "40 points in the plane, labelled by coin, are never separable after a linear lift, not "
        "even to 80 dimensions",
        breaks={"points": 2, "trials": 20},
    )
    def linear_lift(self, measured):
        return measured.linear_lift == 0

    @claim(
        "after 60 random ReLU features at least 90 % of the labellings of 40 points are separable",
        breaks={"features": "linear", "trials": 20},
    )
    def relu_lift(self, measured):
        return measured.lifted_60 >= 0.9

    @claim(
        "ReLU features are not in general position: their curve falls more than 0.2 below Cover's",
        breaks={"features": "table", "trials": 100},
    )
    def not_general(self, measured):
        return measured.lift_gap > 0.2


def capacity(sample):
    """How many of the points y·x [P, N] in their order are separable, from the first."""
    separator = Separator(sample.shape[1])
    for P, point in enumerate(sample):
        if not separator.add(point):
            return P
    return len(sample)


def survival(capacities, P):
    """The share of the samples that were still separable at P points: the shape of P."""
    return (np.array(capacities)[:, None] >= P).mean(0)


def least(lifted):
    """The least D in LIFTS at which the first D features separate; infinite if none does.

    More features never hurt, so halving finds it.
    """
    low, high = 0, len(LIFTS)
    while low < high:
        middle = (low + high) // 2
        if separable(lifted[:, : LIFTS[middle]]):
            high = middle
        else:
            low = middle + 1
    return LIFTS[low] if low < len(LIFTS) else np.inf
