r"""
# Downhill in fog

A model with parameters θ has a loss L(θ), the average over m examples. We stand somewhere on its
surface, in fog: all that we can feel is the slope under our feet. The gradient ∇L points to where
the loss grows fastest, so we take a small step the *other* way, and again:

$$\theta_{t+1} = \theta_t - \alpha \, \frac{1}{B} \sum_{i \in \text{batch}} \nabla L_i(\theta_t)$$

α is the learning rate, and B says how many examples we ask before each step. All m of them:
*full-batch* gradient descent. One, drawn at random: *stochastic* gradient descent. Some in
between: a *mini-batch*. The three walkers in **valley** start together and differ in B alone.
The model is a line through 512 points with two inputs, so the surface is an exact bowl, ten
times steeper one way than the other.

## What is true, and what is only told

- *Parameters move against the gradient*, not "in its direction", as one reads.
- *The batch gradient is unbiased*: right on average. The loss is the average of the examples'
  losses, so its gradient is the average of the per-example gradients, to the last digits: in
  **gradients** the cloud is wide and its middle is exact. An average over B examples drawn with
  replacement has 1/B of the variance.
- *The steepest way is not the way to the minimum.* In a bowl κ times steeper one way than the
  other the two differ by up to arccos(2√κ/(κ+1)): 55° at κ = 10. The path called −∇L shows it.
  "Steepest" holds for an infinitely short step only, and in one way of measuring distance.
- *Descent is local.* On `surface=double-well`, (x² − 1)² + 0.3x + ½y², a walker that starts to the
  right of the hump ends in the higher of two minima, and nothing that it can feel tells it so.
- *"Full batch always converges"* needs a condition: α below 2/λ, λ the largest curvature.
  **edge** shows two walkers just inside and just outside: one finds the minimum, the other is
  flung out of it. And where the surface is no bowl, what it finds may be any flat place: a
  saddle, or the wrong well.
- *"Stochastic steps never settle"* needs one too. At constant α the loss stalls above the
  minimum on a floor proportional to α/B. The floor sinks if α decays; and it is not there at all
  if the model can fit every example exactly, because then all the small gradients vanish at
  the minimum together. The walker *exact fit* in **excess loss** has the same inputs and
  labels without noise, and asks one example a step.
- *Sampling with replacement* is what the theory assumes. Without it the variance shrinks
  faster, by (m−B)/(m−1), to nothing at B = m. Data loaders shuffle: they put nothing back
  until the epoch is over.
- *Small batches win on samples*, not on steps. **digits** trains a softmax classifier three
  times, and counts examples used. From mini to full batch the number of steps falls little
  (four times, with a rate four times as large), the price of each grows 44 times, in proportion
  to the examples in it. One example a step uses the fewest examples and yet is slow: hardware
  computes 32 gradients in about the time of one. (Examples are counted here and not seconds:
  those depend on the machine, and for small batches on everything but the batch.)

The bowl is convex and small; a deep net's loss is neither. What carries over is the noise: its
1/B, and its floor.

## Watch

- **valley**: the full batch slides, the mini-batch trembles, one example staggers and never
  comes to rest.
- **excess loss**: what is left above the minimum. The floors lie in the order of the batches.
- **batch size**: the variance of the gradient and the height of the floor over B, both axes
  logarithmic. Straight lines of slope −1: ten times the batch, a tenth of both. Without
  replacement the line bends down.

## Try

- `noise=0`: every floor drops away, and all walkers go down to rounding error.
- `learning_rate=1.05`: over the edge, the full batch too. Turn it down in time.
- `decay=1/k`: the noisy walkers sink below their floors; *exact fit* loses its quick descent,
  so its claim breaks. A smaller step is a cure only for noise.
- `replacement=off`: the variance bends down at the right: steeper than slope −1.
- `edge=0.01`: one per cent from the limit, neither walker is decided after 300 steps.
- `slip=uphill`: along the gradient instead of against it. Only the sign of a step is wrong.
- `slip=sum`: gradients added up and not divided by B. The step now grows with the batch, larger
  batches fly off, and a batch of 64 no longer has the lower floor.
- `kappa=2`: nearly round. The steepest way is now almost the right one. `kappa=100`: a ravine.
- `surface=double-well`, then turn `tilt` up: past 1.54 the right well is gone, and both walkers
  meet.
- `batch=512`: on the digits it costs more examples than the full batch does. `batch=1`: then *mini*
  is one example a step too, at a larger rate.
"""

import torch

from dlplay import Choice, Float, Int, Scene, Toggle, claim
from dlplay.data import digits
from dlplay.nn import grid

M = 512  # examples
SIZES = (1, 4, 16, 64, 256, 480)  # batch sizes of the "batch size" panel
COPIES = 16  # walkers per batch size: their mean shows a floor, one alone shows noise
REACH = 2.0  # of the map, from its middle
SIDES = ("from the left", "from the right")
TARGET = 0.25  # cross-entropy at which a digit classifier has arrived


class GradientDescent(Scene):
    covers = {
        "Loss Function": ("gradients", "unbiased"),
        "Model Optimization with Gradient Descent": (
            "valley",
            "edge",
            "converges",
            "diverges",
            "steepest",
            "local",
        ),
        "Full Batch Gradient Descent": ("valley", "edge", "digits", "converges", "diverges"),
        "Stochastic Gradient Descent": (
            "excess loss",
            "gradients",
            "unbiased",
            "rate_floor",
            "decay_sinks",
            "exact",
        ),
        "Mini-Batch Gradient Descent": (
            "batch size",
            "digits",
            "variance",
            "no_replacement",
            "floor",
            "samples",
            "fewest",
        ),
    }
    panels = ("valley", "excess loss", "batch size", "gradients", "edge", "digits")
    quick = {"steps": 320}

    batch = Int(32, min=1, max=512, log=True, live=True, help="examples in a mini-batch")
    learning_rate = Float(
        0.08, min=0.001, max=1.2, log=True, live=True, help="step size; 1 is the edge of stability"
    )
    decay = Choice("none", ["none", "1/k"], live=True, help="how the step size shrinks")
    noise = Float(0.5, min=0, max=1, live=True, help="spread of the noise in the labels")
    replacement = Toggle(True, live=True, help="drawn examples are put back at once")
    surface = Choice(
        "bowl", ["bowl", "double-well"], live=True, help="the landscape that is shown in valley"
    )
    kappa = Float(10, min=1, max=100, log=True, help="how much steeper the bowl is one way")
    tilt = Float(0.3, min=0, max=3, live=True, help="slope that the double well lies on")
    slip = Choice("none", ["none", "sum", "uphill"], live=True, help="a mistake to play")
    edge = Float(0.1, min=0.01, max=0.5, log=True, help="the edge walkers' distance from the edge")
    steps = Int(3000, min=20, max=20000, log=True, help="updates of every walker")

    def run(self, stage):
        device = stage.device
        exact = torch.float32 if device == "mps" else torch.float64

        # 512 inputs whose covariance has eigenvalues κ and 1, turned by 30°
        turn = torch.tensor([[0.866, -0.5], [0.5, 0.866]], dtype=exact, device=device)
        axes = turn * torch.tensor([1.0, self.kappa**0.5], dtype=exact, device=device)
        x = torch.randn(M, 2, dtype=exact, device=device) @ axes.T  # [M, 2]
        clean = x @ torch.tensor([1.0, -0.5], dtype=exact, device=device)  # [M]
        static = torch.randn(M, dtype=exact, device=device)

        # L(w) = mean (x·w − y)² is a bowl: its Hessian 2 xᵀx/M does not depend on w
        hessian = 2 * x.T @ x / M
        limit = 2 / torch.linalg.eigvalsh(hessian)[-1].item()  # the critical learning rate
        start = torch.tensor([-1.2, 1.3], dtype=exact, device=device)
        target = torch.tensor([1.0, -0.5], dtype=exact, device=device)  # the truth

        def batch_gradient(w, x, y):
            """w [R, 2]; x [R, B, 2], y [R, B]: a batch for each of R walkers -> [R, 2]."""
            error = (x @ w[:, :, None])[..., 0] - y  # [R, B]
            total = 2 * (error[:, None, :] @ x)[:, 0]  # [R, 2]
            return total if self.slip == "sum" else total / y.shape[1]

        def draw(walkers, size):
            """Indices of a batch for each walker: [walkers, size]."""
            if self.replacement:
                return torch.randint(M, (walkers, size), device=device)
            return torch.rand(walkers, M, device=device).topk(size, 1).indices

        arms = {size: start.repeat(COPIES, 1) for size in SIZES}  # each [R, 2]
        mini, full, fitted = (start.repeat(1, 1) for _ in range(3))  # each [1, 2]
        inside, outside = start.repeat(1, 1), start.repeat(1, 1)
        arms[1] = start.repeat(4 * COPIES, 1)  # also at α/2, at α/4, and at an α that decays
        shores = torch.tensor([[-0.3, 0.9], [0.4, 0.9]], dtype=exact, device=device)
        wells = shores  # two walkers on the double well, [2, 2]
        well_trails = torch.zeros(2, self.steps, 2, device=device)
        trails = torch.zeros(3, self.steps, 2, device=device)
        slopes, shares = [], []  # of log variance against log B, one a look; see there
        race = Race(device)

        stage.axes("excess loss", x="update", y="loss − minimum", log="y")
        stage.axes("batch size", x="B", y="variance, floor", log="xy")
        stage.axes("edge", x="update", y="loss − minimum", log="y", lines={"solved": 1e-10})
        stage.axes("digits", x="examples", y="loss", log="x", lines={"target": TARGET})

        for step in stage.loop(self.steps):
            if step == 0 or stage.changed("noise"):
                y = clean + self.noise * static
                best = torch.linalg.lstsq(x, y[:, None]).solution[:, 0]  # the minimum [2]
                middle = (start + target) / 2
                field = bowl(hessian, best, middle)
            if step in (0, self.steps // 2) or stage.changed(*self.parameters):
                floors, counted = dict.fromkeys(SIZES, 0.0), 0
                lower = torch.zeros(4, dtype=exact, device=device)  # those of batch 1
            if step == 0 or stage.changed("tilt"):
                wells, landed = shores, step

            critical = -limit if self.slip == "uphill" else limit
            rate = self.learning_rate * critical
            decayed = rate / (1 + step / 100)
            if self.decay == "1/k":
                rate = decayed

            # One update of everybody
            rates = torch.tensor([rate, rate / 2, rate / 4, decayed], dtype=exact, device=device)
            rates = rates.repeat_interleave(COPIES)[:, None]  # of batch 1: [4 R, 1]
            for size, w in arms.items():
                i = draw(len(w), size)
                arms[size] = w - (rates if size == 1 else rate) * batch_gradient(w, x[i], y[i])
            i = draw(1, self.batch)
            mini = mini - rate * batch_gradient(mini, x[i], y[i])
            full = full - rate * batch_gradient(full, x[None], y[None])
            i = draw(1, 1)
            fitted = fitted - rate * batch_gradient(fitted, x[i], clean[i])  # no noise
            if step < 300:
                # Full-batch steps: the gradient of the bowl is H (w − best)
                inside = inside - (1 - self.edge) * critical * (inside - best) @ hessian
                outside = outside - (1 + self.edge) * critical * (outside - best) @ hessian
            # Full-batch steps on the double well, where the largest curvature is about 8
            wells = wells - self.learning_rate * 0.25 * well_slope(wells, self.tilt)
            race.step(self.batch)

            # Excess loss: L(w) − L(best) = ½ (w − best)ᵀ H (w − best)
            def excess(w, best, groups=1):
                each = 0.5 * (((w - best) @ hessian) * (w - best)).sum(1)  # [R]
                return each.mean() if groups == 1 else each.reshape(groups, -1).mean(1)

            def seen(w, best):
                return excess(w, best).clamp(min=1e-12)  # below that there is nothing to learn

            counted += 1
            lower += excess(arms[1], best, groups=4)
            for size in SIZES[1:]:
                floors[size] += excess(arms[size], best).item()
            stage.curve(
                "excess loss",
                {
                    "one": seen(arms[1][:1], best),
                    "mini": seen(mini, best),
                    "full": seen(full, best),
                    "exact fit": seen(fitted, target),
                },
            )
            if step < 300:
                stage.curve("edge", inside=excess(inside, best), outside=excess(outside, best))
            if step % 10 == 0:
                race.draw(stage)

            trails[:, step] = torch.stack([arms[1][0], mini[0], full[0]]).clamp(-99, 99)
            well_trails[:, step] = wells.clamp(-99, 99)
            if stage.every(10 if step < 200 else 50) or stage.changed("surface", "tilt"):
                if self.surface == "bowl":
                    paths = dict(zip(Race.RATES, trails[:, : step + 1], strict=True))
                    down = -batch_gradient(full, x[None], y[None])[0]  # at the full batch
                    if excess(full, best) > 1e-3:
                        paths["−∇L"] = torch.stack([full[0], full[0] + 0.7 * down / down.norm()])
                    self.map(stage, middle, field, paths, {"minimum": best[None]})
                else:
                    paths = dict(zip(SIDES, well_trails[:, landed : step + 1], strict=True))
                    self.map(stage, 0 * middle, well_field(self.tilt, device), paths, {})

            if stage.every(100):
                floors[1] = lower[0].item()
                with stage.probe():
                    # The variance of a batch gradient at the start, from 400 batches of each size
                    here = start.repeat(400, 1)
                    variance = []
                    for size in SIZES:
                        i = draw(400, size)
                        variance.append(batch_gradient(here, x[i], y[i]).var(0).sum().item())
                    slopes.append(slope(SIZES, variance))
                    # Without replacement, as a share of what it would be with: (m−B)/(m−1)
                    shuffled = torch.rand(100, M, device=device).argsort(1)
                    single = batch_gradient(start.repeat(M, 1), x[:, None], y[:, None])  # [M, 2]
                    spread = ((single - single.mean(0)) ** 2).mean(0).sum().item()
                    bare = []
                    for size in SIZES:
                        i = shuffled[:, :size]
                        bare.append(batch_gradient(here[:100], x[i], y[i]).var(0).sum().item())
                    shares.append(bare[SIZES.index(256)] * 256 / spread)
                    stage.plot(
                        "batch size",
                        SIZES,
                        {
                            "gradient's variance": variance,
                            "no replacement": bare,
                            "1/B": [variance[0] / size for size in SIZES],
                            "loss floor": [floors[size] / counted for size in SIZES],
                        },
                    )

                    # Where batch 1 stands: each example's gradient, mini-batches', the full one
                    here = arms[1][:1]
                    single = batch_gradient(here.repeat(M, 1), x[:, None], y[:, None])  # [M, 2]
                    i = draw(64, self.batch)
                    several = batch_gradient(here.repeat(64, 1), x[i], y[i])  # [64, 2]
                    whole = batch_gradient(here, x[None], y[None])  # [1, 2]
                    reach = single.abs().quantile(0.98).item() + 1e-12
                    stage.plane(
                        "gradients",
                        x=(-reach, reach),
                        y=(-reach, reach),
                        points={"one": single[:200], "mini": several, "full": whole},
                        x_label="∂L/∂w₁",
                        y_label="∂L/∂w₂",
                    )
                    gap = (single.mean(0) - whole[0]).abs().max()
                    stage.measure(
                        unbiased_gap=gap,
                        variance_slope=sum(slopes) / len(slopes),
                        excess_inside=excess(inside, best),
                        excess_outside=excess(outside, best),
                        exact_fit=excess(fitted, target),
                        worst_angle=worst_angle(hessian),
                        well_distance=(wells[0, 0] - wells[1, 0]).abs(),
                        bare_share=sum(shares) / len(shares),
                        sample_ratio=race.ratio("full", "mini"),
                        one_ratio=race.ratio("mini", "one"),
                    )
                    if step >= self.steps // 2:
                        stage.measure(
                            floor_ratio=floors[1] / floors[64],
                            rate_ratio=lower[0] / lower[2],
                            decay_ratio=lower[3] / lower[0],
                        )

    def map(self, stage, middle, field, paths, points):
        x, y = ("w₁", "w₂") if self.surface == "bowl" else ("x", "y")
        stage.plane(
            "valley",
            x=(middle[0] - REACH, middle[0] + REACH),
            y=(middle[1] - REACH, middle[1] + REACH),
            field=field,
            kind="contour",
            paths=paths,
            points=points,
            x_label=x,
            y_label=y,
        )

    @claim(
        "the mean of all one-example gradients is the full gradient, within 1e-10",
        breaks={"slip": "sum", "steps": 20},
    )
    def unbiased(self, measured):
        return measured.unbiased_gap < 1e-10

    @claim(
        "the gradient's variance falls as 1/B: the slope of its logarithm is −1 ± 0.1",
        breaks={"replacement": False, "steps": 20},
    )
    def variance(self, measured):
        return measured.variance_slope.between(-1.1, -0.9)

    @claim(
        "just inside the edge of stability, full-batch descent is at the minimum after 300 steps "
        "(excess loss < 1e-10)",
        breaks={"slip": "uphill", "steps": 320},
    )
    def converges(self, measured):
        return measured.excess_inside < 1e-10

    @claim(
        "just outside the edge, the excess loss passes 1e10 within 300 steps",
        breaks={"edge": 0.01, "steps": 320},
    )
    def diverges(self, measured):
        return measured.excess_outside > 1e10

    @claim(
        "in a bowl of κ = 10 the steepest way down can be more than 45° off the way to the minimum",
        breaks={"kappa": 2, "steps": 20},
    )
    def steepest(self, measured):
        return measured.worst_angle > 45

    @claim(
        "two starts, two minima: from both sides of a hump, descent ends more than 1.5 apart",
        breaks={"tilt": 2, "steps": 320},
    )
    def local(self, measured):
        return measured.well_distance > 1.5

    @claim(
        "a batch of half the examples, drawn without replacement, has half of that variance: the "
        "share (m−B)/(m−1), within 0.1",
        breaks={"slip": "sum", "steps": 20},
    )
    def no_replacement(self, measured):
        return measured.bare_share.between(0.4, 0.6)

    @claim(
        "the floor is proportional to the step: at α/4 it is 2.5 to 6.5 times lower",
        breaks={"noise": 0, "steps": 800},
    )
    def rate_floor(self, measured):
        return measured.rate_ratio.between(2.5, 6.5)

    @claim(
        "an α that decays as 1/k ends below half of the floor of a constant one",
        breaks={"decay": "1/k", "steps": 600},
    )
    def decay_sinks(self, measured):
        return measured.decay_ratio < 0.5

    @claim(
        "at equal learning rates, one example a step stalls more than 20 times as high above the "
        "minimum as 64 do",
        breaks={"noise": 0, "steps": 800},
    )
    def floor(self, measured):
        return measured.floor_ratio > 20

    @claim(
        "where the model can fit every example, one example a step at a constant rate reaches the "
        "minimum (excess loss < 1e-10)",
        breaks={"decay": "1/k", "steps": 600},
    )
    def exact(self, measured):
        return measured.exact_fit < 1e-10

    @claim(
        "on digits, the full batch needs more than 4 times the examples that mini-batches need",
        breaks={"batch": 512, "steps": 320},
    )
    def samples(self, measured):
        return measured.sample_ratio > 4

    @claim(
        "and mini-batches need more than twice the examples that one example a step needs",
        breaks={"batch": 1, "steps": 2000},
    )
    def fewest(self, measured):
        return measured.one_ratio > 2


def bowl(hessian, best, middle, size=64):
    """√(excess loss) on a grid around `middle` [size, size]: level lines evenly spread."""
    x, y = (((c - REACH).item(), (c + REACH).item()) for c in middle)
    away = grid(x, y, size, str(best.device)).to(best.dtype) - best  # [size, size, 2]
    return (0.5 * ((away @ hessian) * away).sum(-1)).sqrt()


def worst_angle(hessian):
    """Between −∇L and the way to the minimum, at the worst place of a bowl: degrees."""
    angle = torch.linspace(0, torch.pi, 3601, dtype=hessian.dtype, device=hessian.device)
    away = torch.stack([angle.cos(), angle.sin()], 1)  # from the minimum, [3601, 2]
    gradient = away @ hessian
    cosine = (gradient * away).sum(1) / gradient.norm(dim=1)
    return cosine.clamp(-1, 1).acos().max().item() * 180 / torch.pi


def well_slope(w, tilt):
    """The gradient of (x² − 1)² + tilt·x + ½y² at points [..., 2]."""
    x, y = w[..., 0], w[..., 1]
    return torch.stack([4 * x * (x**2 - 1) + tilt, y], -1)


def well_field(tilt, device, size=64):
    """Its height on a grid, as a root: level lines reach into both wells. [size, size]"""
    places = grid((-REACH, REACH), (-REACH, REACH), size, device)
    x, y = places[..., 0], places[..., 1]
    height = (x**2 - 1) ** 2 + tilt * x + 0.5 * y**2
    return (height - height.min()).sqrt()


def slope(sizes, values):
    """Of the straight line that fits log values against log sizes best."""
    x = torch.tensor(sizes, dtype=torch.float64).log()
    y = torch.tensor(values, dtype=torch.float64).log()
    return (((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()).item()


class Race:
    """Three softmax classifiers of digits (64 pixels and a bias, 10 classes), three batches."""

    RATES = {"one": 0.1, "mini": 0.5, "full": 2.0}  # the less noise, the larger

    def __init__(self, device):
        images, labels, _, _ = (part.to(device) for part in digits())
        ones = torch.ones(len(images), 1, device=device)
        self.x = torch.cat([images.reshape(-1, 64), ones], 1)  # [1400, 65]
        self.y = labels
        self.hot = torch.eye(10, device=device)[labels]  # [1400, 10]
        self.weights = {name: torch.zeros(65, 10, device=device) for name in self.RATES}
        self.used = dict.fromkeys(self.RATES, 0)  # examples
        self.arrived = dict.fromkeys(self.RATES, False)

    def step(self, mini):
        for (name, rate), size in zip(self.RATES.items(), (1, mini, len(self.x)), strict=True):
            if self.arrived[name]:
                continue
            if name == "full":
                x, hot = self.x, self.hot
            else:
                i = torch.randint(len(self.x), (size,), device=self.x.device)
                x, hot = self.x[i], self.hot[i]
            # The gradient of the cross-entropy with respect to the logits is p − onehot
            p = (x @ self.weights[name]).softmax(1)  # [B, 10]
            self.weights[name] -= rate * x.T @ (p - hot) / len(x)
            self.used[name] += size

    def draw(self, stage):
        """Loss on all 1,400 against examples used; whoever is at the target stops."""
        for name, w in self.weights.items():
            if not self.arrived[name]:
                loss = torch.nn.functional.cross_entropy(self.x @ w, self.y).item()
                stage.curve("digits", {name: loss}, x=self.used[name])
                self.arrived[name] = loss < TARGET

    def ratio(self, this, that):
        """Examples that one has used, for each that the other needed; 0 before it is there."""
        return self.used[this] / self.used[that] if self.arrived[that] else 0.0
