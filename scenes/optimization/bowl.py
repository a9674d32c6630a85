r"""
# The shape of the bowl

Picture the error E as a height over the parameters. For one linear neuron with squared error,
E(w) = ½ mean (x·w − y)², the surface is exactly a bowl: cut it upright and you see a parabola,
cut it level and you see an ellipse. Its curvature is the same everywhere, the Hessian

$$H = \frac{1}{N} X^T X$$

so the *data* shape the bowl. Its condition number κ, the largest curvature over the smallest,
says how hard it is to descend. Descent at the best fixed rate, 2/(λmin + λmax), shrinks the
distance by (κ−1)/(κ+1) a step: steps ∝ κ.

Here a neuron predicts something from a person's height (decimetres) and platelets (hundreds per
µL), two numbers of very different size that lie far from zero and rise together (ρ = 0.9). Four
ways to prepare the same data, four bowls, and a walker in each:

- **raw**: as measured.
- **centred**: minus the mean μ of each feature.
- **z-scored**: data normalization proper, (x − μ)/σ.
- **whitened**: decorrelated. PCA turns the data onto the principal axes of the covariance, then
  each component is divided by √eigenvalue. Now H is the identity, the bowl is round, and the
  gradient points at the minimum: one step.

## What is true, and what is only told

- *Steepest is not straight.* On an ellipse the gradient is large across, where there is little
  to go, and small along. The angle between −∇E and the way to the minimum is up to
  arccos(2√κ/(1+κ)): 55° at κ = 10, 86° at κ = 1000. But "not aimed at the minimum unless the
  contours are circles" is too strong: from a principal axis it is aimed exactly, see both ends of
  **aim**. Say: from almost every point.
- *κ is a ratio of curvatures.* The ellipse's axes are in the ratio √κ. Mixing these up is common.
- *"Locally a bowl as long as the parameters are small"*: no. Taylor's theorem makes a smooth
  surface locally quadratic anywhere; it is the *step* that must be small. And all parameters at
  zero is a bad place in a deep net: a flat saddle, where no weight matrix has any gradient.
- *"Normalization makes all features contribute equally"*, and that is why it helps? On the
  digit images, where all pixels have one scale, centring alone saves a linear model more than
  nine steps in ten. Dividing by σ then saves less, and not always: it blows up the pixels that are
  almost always blank. At 1.8/λmax z-scored digits arrive first. At 2/(λmin+λmax), the best rate
  for the *worst* start, they come in behind centred ones: along the steepest direction that rate
  overshoots by all but as much as it corrects. "The best rate" is always best for some goal.
- *Means and deviations are the training set's*, also for test data. If test data are normalized
  by their own statistics, a shift of the instrument is wiped out, and with it any chance
  to notice: the predictions do not change at all.
- *Drop the smallest components?* They vary least, which is not to say that they tell least:
  with 20 of the 61 principal components a linear digit classifier gets worse.
- *Round for a linear neuron only.* A hidden layer's bowls are not round, whitened input or not:
  *What we descend is not what we want* measures that. Whitening is for structured data; from
  images, text and sound a net learns its own features.

## Watch

- **valley**: the two weights, level lines of E (at the best bias), the walker's path, and from
  where it stands −∇E and the way to the minimum. Raw, the lines are straight: the ellipse is a
  thousand times longer than the picture.
- **angle**: between these two, in degrees, for all four.
- **excess loss**: E − minimum, as a share of what it was.
- **slice**: E along the way from the start, 0, to the minimum, 1, and beyond; and the parabola that
  its slope and curvature at the start foretell. For the linear neuron they are one.
- **aim**: that angle over the direction from which the minimum is seen (0° is the long axis), for
  round and long bowls.
- **preparations**: κ, and steps to a millionth of the gap for the pair, to a hundredth for digits:
  at the rate 1.8/λmax, and at the *edge*, 2/(λmin+λmax).

## Try

- Turn `prep` while it runs, and look at **valley**.
- `rho=0.99`: z-scoring leaves the correlation, and κ = 199. Only whitening takes it out.
- `rho=0 scale_ratio=1 offset=0`: a pair that needs no preparation, and raw arrives at once; raw
  digits are centred ones now, and as quick.
- `rate=0.5`: half the best rate, and even the round bowl needs more than one step. `rate=1.2`:
  every bowl but the round one throws its walker out.
- `epsilon=1`: whitening no longer whitens, and z-scored digits are as slow as centred ones.
- `statistics=own`: the shifted test data look as if nothing had happened.
- `neuron=tanh`: the surface is no bowl, and Taylor's parabola fits it only near the start.
- `kappa_means=axes`: the formula with the ratio of the axes in it is wrong by up to 24°.
- `components=61`: nothing dropped, nothing lost.
"""

import torch
from torch.func import hessian

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn import grid

PREPS = ("raw", "centred", "z-scored", "whitened")
KAPPAS = (1.0, 10.0, 100.0, 1000.0)  # of the plain ellipses
N = 500


class Bowl(Scene):
    covers = {
        "Error Surface": (
            "valley",
            "angle",
            "slice",
            "aim",
            "taylor_exact",
            "worst_angle",
            "round_bowl",
            "steps_grow",
        ),
        "A Bag of Tricks — 1. Data Normalization": (
            "valley",
            "excess loss",
            "preparations",
            "raw_fails",
            "raw_angle",
            "zscore_arrives",
            "digits_centred",
            "centring_saves",
            "zscore_helps",
            "zscore_hurts",
            "shift_seen",
        ),
        "A Bag of Tricks — 3. Decorrelate the Input Components": (
            "valley",
            "preparations",
            "white_round",
            "white_one_step",
            "white_angle",
            "dropping",
        ),
    }
    panels = ("valley", "angle", "excess loss", "slice", "aim", "preparations")
    quick = {"steps": 200}

    prep = Choice("raw", PREPS, live=True, help="the preparation that valley and slice show")
    rate = Float(
        1.0, min=0.05, max=1.2, live=True, help="learning rate, in units of each bowl's best"
    )
    rho = Float(0.9, min=0, max=0.99, step=0.01, live=True, help="correlation of the two features")
    scale_ratio = Float(
        800, min=1, max=10000, log=True, live=True, help="how much wider platelets vary than height"
    )
    offset = Float(
        1.0, min=0, max=2, live=True, help="times the true means, of the pair and of the digits"
    )
    epsilon = Float(
        1e-12, min=1e-12, max=1, log=True, live=True, help="added to every variance divided by"
    )
    statistics = Choice(
        "training", ("training", "own"), live=True, help="whose μ and σ normalize the test data"
    )
    neuron = Choice("linear", ("linear", "tanh"), live=True, help="the neuron in slice")
    kappa_means = Choice(
        "curvatures", ("curvatures", "axes"), live=True, help="the ratio put into the angle formula"
    )
    components = Int(20, min=5, max=61, help="principal components of the digits that are kept")
    steps = Int(4000, min=10, max=20000, log=True, help="steps of gradient descent")

    def run(self, stage):
        exact = torch.float32 if stage.device == "mps" else torch.float64
        here = {"dtype": exact, "device": stage.device}
        z, noise = torch.randn(N, 2, **here), torch.randn(N, **here)
        elsewhere = torch.randn(64, 3, **here)  # where Taylor's parabola is put to the test

        # Digits without the pixels that are blank in all of them; a linear model by least squares
        x, labels, x_test, labels_test = (part.to(stage.device) for part in digits())
        x, x_test = x.flatten(1).to(exact), x_test.flatten(1).to(exact)
        used = x.std(0) > 0
        x, x_test = x[:, used], x_test[:, used]  # [1400, 61], [397, 61]
        targets = torch.eye(10, **here)[labels] - 0.1  # [1400, 10]
        self.accuracy = {
            k: kept_accuracy(x, targets, x_test, labels_test, k) for k in (self.components, 61)
        }

        stage.axes("angle", x="step + 1", y="degrees", log="x", lines={"right angle": 90})
        stage.axes("excess loss", x="step + 1", y="share of the start's", log="xy")
        self.draw_aim(stage, here)

        for step in stage.loop(self.steps):
            if step == 0 or stage.changed(
                "rate", "rho", "scale_ratio", "offset", "epsilon", "statistics"
            ):
                # The pair, four times prepared, and everyone at the start
                other = self.rho * z[:, 0] + (1 - self.rho**2) ** 0.5 * z[:, 1]
                height = z[:, 0] + 17.5 * self.offset
                platelets = (other + 3.75 * self.offset) * self.scale_ratio
                pair = torch.stack([height, platelets], 1)  # [N, 2]
                y = z[:, 0] - 0.5 * other + 0.3 * noise  # [N]
                y = (y - y.mean())[:, None]  # [N, 1]
                data = {name: prepare(name, pair, pair, self.epsilon) for name in PREPS}
                bowls = [Walker(features, y, self.rate) for features in data.values()]
                pixels = x - (1 - self.offset) * x.mean(0)  # [1400, 61]
                images = []  # first at 1.8/λmax, then at 2/(λmin+λmax)
                for edge in (False, True):
                    for name in PREPS:
                        features = prepare(name, pixels, pixels, self.epsilon)
                        centred = targets - targets.mean(0)
                        images.append(Walker(features, centred, self.rate, edge))
                ellipses = Ellipses(self.rate, here)
                shift = self.shift(pair, y)
                arrived = {}  # (what, which) -> steps to the goal
                trails, begun = [], step

            walked = step - begun
            gaps = [bowl.gap() for bowl in bowls]
            gaps_images = [walker.gap() for walker in images] if walked < 1200 else []
            for n, gap in enumerate(gaps):
                if gap < 1e-6:
                    arrived.setdefault(("pair", n), walked)
            for n, gap in enumerate(gaps_images):
                if gap < 1e-2:
                    arrived.setdefault(("digits", n), walked)
            for n, gap in enumerate(ellipses.gaps()):
                if gap < 1e-6:
                    arrived.setdefault(("ellipse", n), walked)
            if walked == 0:
                first_angles = [bowl.angle() for bowl in bowls]
            trails.append(torch.stack([bowl.w[:2, 0] for bowl in bowls]))  # [4, 2]

            # What the user sees: densely at first
            if walked < 100 or stage.every(10):
                seen = {n: max(g, 1e-12) for n, g in zip(PREPS, gaps, strict=True)}
                stage.curve("excess loss", seen, x=walked + 1)
                angles = {n: b.angle() for n, b in zip(PREPS, bowls, strict=True)}
                stage.curve("angle", angles, x=walked + 1)
            if walked < 20 or stage.every(50) or stage.changed("prep"):
                self.draw_valley(stage, bowls[PREPS.index(self.prep)], trails)
            if walked == 0 or stage.changed("prep", "neuron"):
                best = bowls[PREPS.index(self.prep)].best
                self.draw_slice(stage, data[self.prep], y, best)
                taylor = self.taylor_error(data["z-scored"], y, elsewhere)
            if walked == 0 or stage.changed("kappa_means"):
                worst = self.draw_aim(stage, here)
            if stage.every(200) or walked == 1:
                self.report(stage, bowls, images, gaps, first_angles, arrived, walked)
                stage.measure(taylor_error=taylor, worst_angle_error=worst, shift_seen=shift)

            # One step of everybody
            for walker in bowls:
                walker.step()
            if walked < 1200:
                for walker in images:
                    walker.step()
            ellipses.step()

    def report(self, stage, bowls, images, gaps, first_angles, arrived, walked):
        """Measures and table; who is not there has needed at least all steps so far."""

        def needed(what):
            return [arrived.get((what, n), max(walked, 1)) for n in range(8)]

        pair, image, ellipse = needed("pair"), needed("digits"), needed("ellipse")
        stage.measure(
            round_steps=ellipse[0],
            growth=(ellipse[3] / max(ellipse[1], 1)) ** 0.5,
            raw_gap=min(gaps[0], gaps[1]),
            raw_angle=first_angles[0],
            zscore_steps=pair[2],
            white_kappa=max(bowls[3].kappa, images[3].kappa),
            white_steps=max(pair[3], image[7]),
            white_angle=first_angles[3],
            digits_centred=image[1],
            centring_ratio=image[0] / image[1],
            tuned_ratio=image[1] / image[2],
            edge_ratio=image[6] / image[5],
            dropped=self.accuracy[61] - self.accuracy[self.components],
        )
        rows = [[f"pair {n}", bowls[k].kappa, "–", arrived.get(("pair", k), "–")]
                for k, n in enumerate(PREPS)]  # fmt: skip
        for k, name in enumerate(PREPS):
            steps = (arrived.get(("digits", n), "–") for n in (k, k + 4))
            rows.append([f"digits {name}", images[k].kappa, *steps])
        stage.table("preparations", ["data", "κ", "1.8/λ", "edge"], rows)

    def shift(self, pair, y):
        """How far predictions move, at most, if the test features move by one σ each."""
        train, test = pair[:250], pair[250:]
        w = Walker(prepare("z-scored", train, train, self.epsilon), y[:250], 1.0).best
        moved = test + pair.std(0)
        fit, fit_moved = (train, train) if self.statistics == "training" else (test, moved)
        before = prepare("z-scored", test, fit, self.epsilon) @ w
        after = prepare("z-scored", moved, fit_moved, self.epsilon) @ w
        return (after - before).abs().max().item()

    def error(self, w, features, y):
        """E of a neuron with weights w [3]."""
        z = features @ w
        return 0.5 * ((torch.tanh(z) if self.neuron == "tanh" else z) - y[:, 0]).square().mean()

    def taylor(self, w, features, y):
        """E(w + d) to second order in d, as a function of d [3]; and the Hessian."""
        w = w.clone().requires_grad_()
        e = self.error(w, features, y)
        (slope,) = torch.autograd.grad(e, w)
        curvature = hessian(self.error)(w, features, y).detach()
        e = e.detach()
        return lambda d: e + slope @ d + 0.5 * d @ curvature @ d, curvature

    def taylor_error(self, features, y, places):
        """The largest error of the Taylor expansion at 0, over `places`, and of H = XᵀX/N."""
        expansion, curvature = self.taylor(torch.zeros_like(places[0]), features, y)
        off = [abs(expansion(w) - self.error(w, features, y)).item() for w in places]
        product = features.T @ features / len(features)
        return max(*off, (curvature - product).abs().max().item())

    def draw_slice(self, stage, features, y, best):
        ts = torch.linspace(-0.5, 2.5, 61)
        expansion, _ = self.taylor(torch.zeros_like(best[:, 0]), features, y)
        way = best[:, 0]  # from the start, 0, to the minimum
        true = [self.error(t * way, features, y).item() for t in ts]
        told = [expansion(t * way).item() for t in ts]
        stage.axes("slice", x="way to 1", y="E")
        stage.plot("slice", ts, {"E": true, "Taylor at start (0)": told})

    def draw_valley(self, stage, bowl, trails):
        """The bowl over its first two weights, the third (the bias) at its best for them."""
        k = PREPS.index(self.prep)
        start, best, now = trails[0][k], bowl.best[:2, 0], bowl.w[:2, 0]
        reach = 1.3 * (start - best).abs().max().item()
        x, y = ((c - reach, c + reach) for c in best.tolist())
        places = grid(x, y, 48, bowl.w.device) - best  # [48, 48, 2]
        c = bowl.H  # [3, 3]
        profile = c[:2, :2] - c[:2, 2:] @ c[2:, :2] / c[2, 2]
        field = 0.5 * ((places.to(c.dtype) @ profile) * places).sum(-1)
        field = (field / field.max() + 1e-3).log()  # level lines close to the minimum too
        down = -bowl.gradient()[:2, 0]
        length = 0.6 * reach
        paths = {"path": torch.stack([t[k] for t in trails[-2000:]])}
        if (now - best).norm() > 0.02 * reach:
            paths["−∇E"] = torch.stack([now, now + length * down / down.norm().clamp(min=1e-30)])
            paths["way"] = torch.stack([now, best])
        stage.plane(
            "valley",
            x=x,
            y=y,
            field=field,
            kind="contour",
            points={"minimum": best[None]},
            paths=paths,
            x_label="w₁",
            y_label="w₂",
        )

    def draw_aim(self, stage, here):
        """Draw the angles and return the formula's largest error, in degrees."""
        phi = torch.linspace(0, torch.pi / 2, 10001, **here)
        place = torch.stack([phi.cos(), phi.sin()])  # seen from the minimum, [2, 10001]
        curves, off = {}, []
        for kappa in (4.0, 10.0, 100.0, 1000.0):
            slope = place * torch.tensor([[1.0], [kappa]], **here)
            cosine = (slope * place).sum(0) / slope.norm(dim=0)
            found = cosine.clamp(max=1).acos().rad2deg()
            ratio = kappa if self.kappa_means == "curvatures" else kappa**0.5
            told = torch.tensor(2 * ratio**0.5 / (1 + ratio)).acos().rad2deg().item()
            # At both ends, on the principal axes, the gradient is aimed exactly
            off += [abs(found.max().item() - told), found[0].item(), found[-1].item()]
            curves[f"κ={kappa:.0f}"] = found[::100]
        stage.axes("aim", x="direction", y="°")
        stage.plot("aim", phi[::100].rad2deg(), curves)
        return max(off)

    @claim(
        "the linear neuron's surface is its own second-order Taylor expansion, with H = XᵀX/N, "
        "to 10⁻¹⁰ at 64 random places",
        breaks={"neuron": "tanh", "steps": 10},
    )
    def taylor_exact(self, measured):
        return measured.taylor_error < 1e-10

    @claim(
        "the worst angle between −∇E and the way to the minimum is arccos(2√κ/(1+κ)), and on the "
        "principal axes it is 0 (largest error, in degrees)",
        breaks={"kappa_means": "axes", "steps": 10},
    )
    def worst_angle(self, measured):
        return measured.worst_angle_error < 0.1

    @claim(
        "in a round bowl, κ = 1, one step of 1/λ lands on the minimum",
        breaks={"rate": 0.5, "steps": 300},
    )
    def round_bowl(self, measured):
        return measured.round_steps <= 1

    @claim(
        "at the best fixed rate steps grow in proportion to κ: 10 times κ costs 10 times the "
        "steps, give or take one",
        breaks={"rate": 1.2},
    )
    def steps_grow(self, measured):
        return measured.growth.between(9, 11)

    @claim(
        "neither raw nor centred features get within a millionth of the gap in all the steps",
        breaks={"rho": 0, "scale_ratio": 1, "offset": 0, "steps": 300},
    )
    def raw_fails(self, measured):
        return measured.raw_gap > 1e-6

    @claim(
        "raw, the first step is more than 85° off the way to the minimum",
        breaks={"rho": 0, "scale_ratio": 1, "offset": 0, "steps": 300},
    )
    def raw_angle(self, measured):
        return measured.raw_angle > 85

    @claim(
        "z-scored, the same data arrive within 100 steps",
        breaks={"rho": 0.99, "steps": 300},
    )
    def zscore_arrives(self, measured):
        return measured.zscore_steps <= 100

    @claim(
        "whitened, the bowl is round: κ is below 1.01, for the pair and for digits",
        breaks={"epsilon": 1, "steps": 300},
    )
    def white_round(self, measured):
        return measured.white_kappa < 1.01

    @claim(
        "and one step is enough, for both",
        breaks={"rate": 0.5, "steps": 300},
    )
    def white_one_step(self, measured):
        return measured.white_steps <= 1

    @claim(
        "whitened, the gradient points at the minimum to within 1°",
        breaks={"epsilon": 1, "steps": 300},
    )
    def white_angle(self, measured):
        return measured.white_angle < 1

    @claim(
        "digits, only centred, are within a hundredth of the gap in less than 150 steps",
        breaks={"rate": 0.1, "steps": 300},
    )
    def digits_centred(self, measured):
        return measured.digits_centred < 150

    @claim(
        "raw, they need more than 5 times as many",
        breaks={"rho": 0, "scale_ratio": 1, "offset": 0, "steps": 300},
    )
    def centring_saves(self, measured):
        return measured.centring_ratio > 5

    @claim(
        "z-scored digits are quicker than centred ones by more than 1.5 times at 1.8/λmax",
        breaks={"epsilon": 1, "steps": 300},
    )
    def zscore_helps(self, measured):
        return measured.tuned_ratio > 1.5

    @claim(
        "but slower by more than 1.2 times at 2/(λmin+λmax), the best rate for the worst start",
        breaks={"epsilon": 1, "steps": 300},
    )
    def zscore_hurts(self, measured):
        return measured.edge_ratio > 1.2

    @claim(
        "normalized by the training set's statistics, test data shifted by one σ give predictions "
        "that differ by more than 0.1",
        breaks={"statistics": "own", "steps": 10},
    )
    def shift_seen(self, measured):
        return measured.shift_seen > 0.1

    @claim(
        "keeping 20 of 61 principal components costs a linear digit classifier more than 0.5 "
        "points of test accuracy",
        breaks={"components": 61, "steps": 10},
    )
    def dropping(self, measured):
        return measured.dropped > 0.005


class Walker:
    """Gradient descent for a linear model: features [N, D], targets [N, K], weights [D, K]."""

    def __init__(self, features, targets, rate, edge=True):
        self.H = features.T @ features / len(features)  # [D, D]
        pull = features.T @ targets / len(features)  # [D, K]
        values = torch.linalg.eigvalsh(self.H)
        self.kappa = (values[-1] / values[0]).item()
        self.alpha = rate * (2 / (values[0] + values[-1]) if edge else 1.8 / values[-1])
        self.best = torch.linalg.solve(self.H, pull)
        self.w = torch.zeros_like(self.best)
        self.first = 1.0
        self.first = self.gap()

    def gradient(self):
        return self.H @ (self.w - self.best)

    def gap(self):
        """E − minimum, as a share of what it was at the start."""
        off = self.w - self.best
        return (0.5 * (off * (self.H @ off)).sum() / self.first).item()

    def angle(self):
        """Between −∇E and the way to the minimum, in degrees."""
        down, way = -self.gradient(), self.best - self.w
        cosine = (down * way).sum() / (down.norm() * way.norm()).clamp(min=1e-300)
        # Once it stands on the minimum, up to rounding, there is no way to go
        return cosine.clamp(-1, 1).acos().rad2deg().item() if self.gap() > 1e-20 else 0.0

    def step(self):
        self.w = (self.w - self.alpha * self.gradient()).clamp(-1e9, 1e9)


class Ellipses:
    """Plain ellipses ½(x² + κy²), a walker on each, at its best rate times `rate`."""

    def __init__(self, rate, here):
        kappas = torch.tensor(KAPPAS, **here)
        self.curvature = torch.stack([torch.ones_like(kappas), kappas], 1)  # [4, 2]
        self.alpha = (rate * 2 / (1 + kappas))[:, None]
        self.p = torch.ones_like(self.curvature)

    def gaps(self):
        return ((self.curvature * self.p**2).sum(1) / self.curvature.sum(1)).tolist()

    def step(self):
        self.p = (self.p - self.alpha * self.curvature * self.p).clamp(-1e9, 1e9)


def prepare(name, x, fit, epsilon):
    """Features x [N, D] prepared with the statistics of `fit`, and a 1 for the bias: [N, D + 1]."""
    mean = fit.mean(0)
    if name != "raw":
        x, fit = x - mean, fit - mean
    if name == "z-scored":
        x = x / (fit.square().mean(0) + epsilon).sqrt()
    if name == "whitened":
        values, axes = torch.linalg.eigh(fit.T @ fit / len(fit))
        x = x @ axes / (values + epsilon).sqrt()
    return torch.cat([x, torch.ones_like(x[:, :1])], 1)


def kept_accuracy(x, targets, x_test, labels_test, k):
    """Test accuracy of a linear classifier (least squares) on the first k principal components."""
    mean = x.mean(0)
    _, axes = torch.linalg.eigh((x - mean).T @ (x - mean))
    axes = axes[:, -k:]
    a, a_test = (torch.cat([(v - mean) @ axes, torch.ones_like(v[:, :1])], 1) for v in (x, x_test))
    w = torch.linalg.lstsq(a, targets).solution
    return ((a_test @ w).argmax(1) == labels_test).double().mean().item()
