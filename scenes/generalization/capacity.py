r"""
# The U that comes down again

"Too many parameters overfit, so use few." The first half of that is a U-shaped curve: test error
falls with capacity, then rises. Here is what comes after.

**Random features.** Each of 200 digits x (`label_noise` of the labels replaced by chance) becomes
p numbers max(0, wᵀx) with random w that are never trained, and least squares finds the readout:
ten outputs against the one-hot labels. So p is the number of parameters for each output, and
nothing else changes. With p = N (as many features as examples) the training error becomes exactly
0: the **interpolation threshold**.

- Below it, the classical U: some features are too few, then more and more of them are spent on the
  noise.
- **At it, disaster.** There is just one solution that fits everything, however large the weights
  that it takes; the error is hundreds of times the best.
- Beyond it, there are many solutions with training error 0, and least squares takes the one with
  the smallest ‖w‖. The more features, the smaller that norm can be, and the error **falls again**
  (*double descent*: Belkin et al. 2019). With 25 times as many features as examples it is below the
  best of the small models. That they are passed is no law either: the more labels are wrong, the
  closer it gets (`label_noise=0.5`).

So an unregularised model of middling size is the worst of all choices, and counting parameters says
nothing once they are more than the examples: the norm says it.

**The peak is no law.** A little ridge penalty λ removes it (`ridge`), and stopping gradient descent
early does nearly the same. All three come from one eigendecomposition of the matrix of inner
products, K = FFᵀ = UΛUᵀ: they differ in what becomes of an eigenvalue,

    least squares 1/λᵢ      ridge 1/(λᵢ + λ)      t steps of descent (1 − (1 − ηλᵢ)ᵗ)/λᵢ

At p = N some λᵢ are nearly 0, and 1/λᵢ explodes. Even the tolerance of a pseudo-inverse is a
regulariser in disguise: it leaves out all λᵢ below `cutoff` times the largest.

**"Limit the number of units"** is bad advice for nets, too. Seven nets with one hidden layer of 1
to 512 units learn the same noisy digits, all in one batched model. The narrow ones cannot even
fit. From about 32 units on they fit the wrong labels also, and still the widest has the least test
loss. What to limit instead (weights, time, noise) is the next scene's matter; the units that you
save are saved for the computer only.

What is weak in this toy: the nets show no peak of their own. A thousand small steps from small
weights are an early stop, and that removes it. The random features show it clearly.

## Watch

- **random features**: the test error, squared and summed over the ten outputs. Saying 0 to
  everything has an error of 1; the dashed line.
- **training error** is 0 exactly where the peak stands. **weight norm** has the same peak.
- **net loss**, **net right**: over the width of the hidden layer, while they train.

## Try

- `ridge=1e-6`: too little to help. `ridge=10`: the U is gone, and so is much of the fit.
- `cutoff=0.05`: least squares without its peak. `descent=1000000`: not so early, and the peak is
  back.
- `label_noise=0`: a smaller peak; but it is still there. `label_noise=0.5`: half of the labels, and
  the best small model is not beaten.
- `most_features=400`: the second descent has not come far enough.
- `examples=100`: the peak moves with N.
"""

import torch
from torch import nn
from torch.nn.functional import one_hot

from dlplay import Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear, accuracies, losses, side_by_side

WIDTHS = (1, 4, 8, 16, 32, 128, 512)
# Features, as multiples of the number of examples
MULTIPLES = (0.05, 0.125, 0.25, 0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 2, 4, 8, 25, 50, 100)
SOLVERS = ("least squares", "ridge", "stopped early")


class Widths(nn.Module):
    """Nets 64-width-10, one of each width: all have 512 hidden units, most of them cut off."""

    def __init__(self):
        super().__init__()
        most = WIDTHS[-1]
        self.hidden = BatchedLinear(len(WIDTHS), 64, most)
        self.readout = BatchedLinear(len(WIDTHS), most, 10, gain=1)
        alive = torch.arange(most) < torch.tensor(WIDTHS)[:, None]  # [copies, 512]
        self.register_buffer("alive", alive.float())
        with torch.no_grad():  # as if the layer had been made for so many inputs
            self.readout.weight *= (most / torch.tensor(WIDTHS))[:, None, None] ** 0.5

    def forward(self, x):
        h = self.hidden(side_by_side(x, len(WIDTHS))).relu() * self.alive
        return self.readout(h)


class Capacity(Scene):
    covers = {
        "Limit the Capacity of a Neural Net": (
            "random features",
            "training error",
            "weight norm",
            "net loss",
            "net right",
            "peak_place",
            "peak_height",
            "second_descent",
            "interpolates",
            "norm_peak",
            "ridge_flattens",
            "early_flattens",
            "wider_is_better",
            "wide_fits_noise",
        ),
    }
    panels = ("random features", "training error", "weight norm", "net loss", "net right")
    quick = {"steps": 20, "most_features": 1000}

    examples = Int(200, min=50, max=400, help="N, training digits")
    label_noise = Float(0.1, min=0, max=1, step=0.05, help="share of labels replaced by chance")
    most_features = Int(5000, min=100, max=20000, log=True, help="where the curve ends")
    ridge = Float(0.1, min=1e-9, max=100, log=True, live=True, help="λ of the ridge curve")
    cutoff = Float(
        1e-12, min=1e-12, max=0.5, log=True, live=True, help="least squares ignores λᵢ below this"
    )
    descent = Int(
        300,
        min=1,
        max=1000000000,
        log=True,
        live=True,
        help="t, steps of the curve that stops early",
    )
    learning_rate = Float(0.005, min=1e-5, max=0.1, log=True, live=True, help="Adam's, of the nets")
    steps = Int(1000, min=10, max=5000, log=True, help="training steps of the nets, of 64 examples")

    def run(self, stage):
        x, y, x_test, y_test = digits(self.examples)
        x, x_test = x.flatten(1), x_test.flatten(1)
        spread = x.std(dim=0).clamp(min=0.1)
        x, x_test = (x - x.mean(dim=0)) / spread, (x_test - x.mean(dim=0)) / spread
        replaced = torch.rand(len(y)) < self.label_noise
        y = torch.where(replaced, torch.randint(10, y.shape), y)

        N = self.examples
        counts = sorted({round(m * N) for m in MULTIPLES if m * N <= self.most_features})
        self.counts = sorted({*counts, self.most_features})
        self.x, self.x_test = x.double(), x_test.double()  # least squares stays on the CPU
        self.targets, self.wanted = one_hot(y, 10).double(), one_hot(y_test, 10).double()
        self.random = torch.randn(64, self.most_features, dtype=torch.float64) / 8
        self.spectra, self.found = {}, {}
        for panel, what in (
            ("random features", "test error"),
            ("training error", "training error"),
            ("weight norm", "norm of w"),
        ):
            lines = {"say 0": 1.0} if panel == "random features" else {}
            stage.axes(panel, x="features p", y=what, log="xy", lines=lines)
        stage.axes("net loss", x="units", y="cross-entropy", log="x")
        stage.axes("net right", x="units", y="right answers", log="x")

        x, y = x.to(stage.device), y.to(stage.device)
        x_test, y_test = x_test.to(stage.device), y_test.to(stage.device)
        net = Widths().to(stage.device)
        stage.watch(net)
        adam = torch.optim.Adam(net.parameters(), fused=True)
        pause = max(1, self.steps // (len(self.counts) + 1))  # steps between two sizes
        for step in stage.loop(self.steps):
            if step % pause == 0 and len(self.spectra) < len(self.counts):
                self.measure_features(self.counts[len(self.spectra)])
                self.draw_features(stage)
            if stage.changed("ridge", "cutoff", "descent"):
                self.found = {p: self.solve(*parts) for p, parts in self.spectra.items()}
                self.draw_features(stage)
            adam.param_groups[0]["lr"] = self.learning_rate
            i = torch.randint(len(x), (64,))
            loss = losses(net(x[i]), y[i])  # [7]
            adam.zero_grad()
            loss.sum().backward()
            adam.step()
            if stage.every(20):
                with stage.probe(net):
                    train, test = net(x), net(x_test)
                    fit, loss = losses(train, y), losses(test, y_test)
                    known, right = accuracies(train, y), accuracies(test, y_test)
                stage.plot("net loss", WIDTHS, {"training": fit, "test": loss})
                stage.plot("net right", WIDTHS, {"training": known, "test": right})
        self.report(stage)
        stage.measure(
            wide_over_narrow=loss[-1] / loss[WIDTHS.index(8)],
            wide_known=known[-1],
        )

    def measure_features(self, p):
        """The eigenvalues of K = FFᵀ, and what makes predictions of them, for p features."""
        random = self.random[:, :p]
        f = (self.x @ random).relu() / p**0.5  # [N, p]
        f_test = (self.x_test @ random).relu() / p**0.5
        values, vectors = torch.linalg.eigh(f @ f.T)  # K = U Λ Uᵀ
        values = values.clamp(min=0)
        parts = values, vectors, vectors.T @ self.targets, f_test @ (f.T @ vectors)
        self.spectra[p] = parts
        self.found[p] = self.solve(*parts)

    def solve(self, values, vectors, projected, to_test):
        """By solver: test error, training error, ‖w‖. Each has a gain for every eigenvalue."""
        large = values > max(self.cutoff, 1e-13) * values[-1]
        rate = 1 / values[-1]
        gains = {
            "least squares": torch.where(large, 1 / values.clamp(min=1e-300), 0.0),
            "ridge": 1 / (values + self.ridge),
            "stopped early": (1 - (1 - rate * values) ** self.descent) / values.clamp(min=1e-12),
        }
        found = {}
        for name, gain in gains.items():
            dual = gain[:, None] * projected  # w = Fᵀ U dual
            test = (to_test @ dual - self.wanted).square().sum(dim=1).mean().item()
            fitted = vectors @ (values[:, None] * dual)
            train = (fitted - self.targets).square().sum(dim=1).mean().item()
            norm = (values[:, None] * dual.square()).sum().sqrt().item()
            found[name] = test, train, norm
        return found

    def draw_features(self, stage):
        counts = sorted(self.found)
        for k, panel in enumerate(("random features", "training error", "weight norm")):
            curves = {name: [max(self.found[p][name][k], 1e-6) for p in counts] for name in SOLVERS}
            stage.plot(panel, counts, curves)

    def report(self, stage):
        N, counts = self.examples, self.counts
        test = {name: [self.found[p][name][0] for p in counts] for name in SOLVERS}
        plain = test["least squares"]
        peak = max(plain)
        small = [e for p, e in zip(counts, plain, strict=True) if p <= N / 4]
        norms = [self.found[p]["least squares"][2] for p in counts]
        beyond = [self.found[p]["least squares"][1] for p in counts if p >= 1.25 * N]
        flat = {}
        for name in SOLVERS:
            part = [e for p, e in zip(counts, test[name], strict=True) if p >= N / 4]
            flat[name] = max(part) / min(part)
        stage.measure(
            peak_place=counts[plain.index(peak)] / N,
            peak_height=peak / max(min(small), plain[-1]),
            second=plain[-1] / min(small),
            beyond=max(beyond, default=1.0),
            norm_peak=max(norms) / norms[-1],
            ridge_range=flat["ridge"],
            early_range=flat["stopped early"],
        )

    @claim(
        "least squares is worst where features are about as many as examples: p / N of the peak",
        breaks={"cutoff": 0.05, "steps": 40},
    )
    def peak_place(self, measured):
        return measured.peak_place.between(0.75, 1.25)

    @claim(
        "there its test error is over 5 times that of the best small and of the largest model",
        breaks={"cutoff": 0.05, "steps": 40},
    )
    def peak_height(self, measured):
        return measured.peak_height > 5

    @claim(
        "the largest model errs less than 0.95 times as much as any with N / 4 features or fewer",
        breaks={"label_noise": 0.5, "steps": 40},
    )
    def second_descent(self, measured):
        return measured.second < 0.95

    @claim(
        "from 1.25 N features on, every label is fitted: training error below 10⁻⁶",
        breaks={"cutoff": 0.05, "steps": 40},
    )
    def interpolates(self, measured):
        return measured.beyond < 1e-6

    @claim(
        "the weights peak too: their norm is over 5 times that of the largest model",
        breaks={"cutoff": 0.05, "steps": 40},
    )
    def norm_peak(self, measured):
        return measured.norm_peak > 5

    @claim(
        "with ridge the peak is gone: from N / 4 on, largest and least error within a factor 3",
        breaks={"ridge": 1e-6, "steps": 40},
    )
    def ridge_flattens(self, measured):
        return measured.ridge_range < 3

    @claim(
        "stopping early removes it as well (factor between largest and least error)",
        breaks={"descent": 1000000000, "steps": 40},
    )
    def early_flattens(self, measured):
        return measured.early_range < 3

    @claim(
        "of the nets, that with 512 hidden units has less than 0.8 of the test loss of that with 8",
        breaks={"learning_rate": 1e-5, "steps": 40},
    )
    def wider_is_better(self, measured):
        return measured.wide_over_narrow < 0.8

    @claim(
        "although it has learned its wrong labels by heart: over 99 % of all labels",
        breaks={"learning_rate": 1e-5, "steps": 40},
    )
    def wide_fits_noise(self, measured):
        return measured.wide_known > 0.99
