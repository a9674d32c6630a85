r"""
# Five ways to say "not so fast"

200 digits, of which 20 % have a wrong label (`label_noise`), and a net 64-128-10 with tanh units.
Left alone it learns every label by heart, the wrong ones too: it has fitted the noise. Meanwhile
the loss on 397 held-out digits has fallen and risen again. Eight such nets train side by side, one
left *plain*, the others held back.

**Early stopping.** Keep a copy of the net whenever the validation loss has a new minimum; if
`patience` checks in a row bring none, stop, and take the copy. It works like weight decay: the
weights start small and grow, so an early net has small ones. At the best step ‖θ‖ is half of
what it is in the end, and more hidden units are still in the nearly linear part of tanh
(|z| < 0.5). Two corrections: "the net starts out linear" is true of tanh and the sigmoid, not of
ReLU, whose kink is at 0. And "it has just one hyper-parameter" forgets how often one checks, what
one checks, and the held-out data. Validation loss and accuracy need not have their best at
the same step.

For a quadratic error the likeness can be computed: gradient descent from 0 with rate α gives each
eigendirection the share 1 − (1 − αλᵢ)ᵗ of its solution, ridge regression with price c/(αt) the
share λᵢ/(λᵢ + c/(αt)). For the best c the two solutions are within a few per cent of each other:
an analogy, no identity.

**Weight decay** adds λθ to the gradient, that of λ/2 ‖θ‖². The larger λ (λ.001 is 0.001), the
smaller the weights; but the test loss has its best in the middle. Too much, and the net learns
nothing. (That adding λθ to the gradient *is* the penalty holds for plain gradient descent and
momentum only; with Adam they part ways, which is what AdamW is about.)

**L1**, a price on Σ|w|, makes some weights exactly 0 and so chooses features. That is true of the
*minimum*. Gradient descent with autograd's sign(w) steps over 0 forever and not one
weight is ever 0; the **proximal** step does it, which after each gradient step moves w towards 0 by
αλ and stops there (*soft threshold*). `l1_step=subgradient` plays the usual mistake. And zeros are
not accuracy: L1 beats no price here because only 6 of the 30 inputs matter; with `relevant=30` its
zeros are mistakes, and it loses.

**Noise on the inputs.** Gaussian noise of variance σ² on the inputs of a *linear* model adds to
the output a noise of variance σ² Σ wᵢ² (the sum is often forgotten), and least squares on ever
more noisy copies of the data becomes ridge regression with λ = σ² for each example. In a
*nonlinear* net it is something else: the wrong labels are unlearned, the test loss falls as much
as with weight decay or more, while the weights hardly get smaller. What becomes small is ∂y/∂x,
the *slope* of the function: how far the outputs move, for a small move of the input.

All of them can be combined, and in practice are.

## Watch

- **validation loss**: the plain net's valley, and who has none. **eight nets**: on test digits,
  with the size of their weights and the slope of their outputs.
- **weight norm** and **linear units**: what early stopping has in common with weight decay.
- **stopped**: the plain net with early stopping, and its countdown.
- **linear model**: L1's zeros; and two ways to almost the same end, twice: noisy inputs and ridge,
  few steps and ridge.

## Try

- `label_noise=0`: nothing to hold back, and no one gains by it. `noise=0`, `noise=1`: too little,
  too much.
- `patience=1`: a mere wobble stops it. `patience=60`: it never stops, but the copy is the same.
- `l1_step=subgradient`: no zeros. `l1=0`: no price. `relevant=30`: nothing to leave out.
- `learning_rate=0.001`: all are still early. `check_every=1`: after one step, descent is not ridge.
- `noise_price=deviation`: what becomes of the equalities if one takes σ for σ².
"""

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear, accuracies, losses, side_by_side

NETS = ("plain", "λ.001", "λ.01", "λ.1", "σ", "σ/3", "3σ", "σ+λ")  # λ: weight decay, σ: noise
DECAY = (0, 0.001, 0.01, 0.1, 0, 0, 0, 0.001)
NOISE = (0, 0, 0, 0, 1, 1 / 3, 3, 1)
FEATURES = 30  # of the linear model


class Regularizers(Scene):
    covers = {
        "Overfitting": ("validation loss", "fits_the_noise"),
        "Weight Decay": (
            "weight norm",
            "eight nets",
            "linear model",
            "decay_shrinks",
            "decay_helps",
            "decay_hurts",
            "l1_zeros",
            "l1_bets",
        ),
        "Early Stopping": (
            "validation loss",
            "weight norm",
            "linear units",
            "stopped",
            "valley",
            "right_too",
            "norm_grows",
            "leaves_linear",
            "like_ridge",
        ),
        "Noise as a Regularizer": (
            "eight nets",
            "linear model",
            "noise_helps",
            "not_by_norm",
            "flatter",
            "noise_is_ridge",
            "noise_adds_up",
        ),
    }
    panels = (
        "validation loss",
        "eight nets",
        "weight norm",
        "linear units",
        "stopped",
        "linear model",
    )
    quick = {"steps": 40}

    label_noise = Float(0.2, min=0, max=0.5, step=0.05, help="share of wrong labels")
    noise = Float(0.3, min=0, max=1, step=0.05, live=True, help="σ, noise on the inputs")
    patience = Int(8, min=1, max=100, log=True, live=True, help="checks without gain, then stop")
    check_every = Int(10, min=1, max=100, log=True, help="steps between two checks")
    l1 = Float(0.2, min=0, max=1, step=0.05, live=True, help="price of Σ|w| in the linear model")
    l1_step = Choice("proximal", ("proximal", "subgradient"), live=True, help="how L1 is descended")
    relevant = Int(6, min=1, max=30, help="of the linear model's 30 features, those that matter")
    noise_price = Choice(
        "variance", ("variance", "deviation"), live=True, help="what noise costs: σ² or σ"
    )
    learning_rate = Float(0.05, min=1e-4, max=0.5, log=True, live=True, help="of SGD with momentum")
    steps = Int(1000, min=40, max=5000, log=True, help="training steps, of 64 examples")

    def run(self, stage):
        device = stage.device
        x, y, rest, labels = digits(200)
        x, rest = x.flatten(1).to(device), rest.flatten(1).to(device)
        x_valid, y_valid = rest[:397], labels[:397].to(device)
        x_test, y_test = rest[397:], labels[397:].to(device)
        wrong = torch.rand(len(y)) < self.label_noise
        y = torch.where(wrong, (y + torch.randint(1, 10, y.shape)) % 10, y).to(device)

        copies = len(NETS)
        hidden = BatchedLinear(copies, 64, 128, gain=1)
        net = nn.Sequential(hidden, nn.Tanh(), BatchedLinear(copies, 128, 10, gain=1)).to(device)
        stage.watch(net)
        sgd = torch.optim.SGD(net.parameters(), lr=self.learning_rate, momentum=0.9)
        decay = torch.tensor(DECAY, device=device)
        spread = torch.tensor(NOISE, device=device)[:, None]
        line = Line(self.relevant)
        stage.axes("validation loss", y="cross-entropy")
        stage.axes("weight norm", y="‖θ‖")
        stage.axes("linear units", y="with |z| < 0.5")

        history = []  # of the plain net: (step, validation loss, accuracy, norm, linear share)
        stopped = None  # the check at which patience ran out
        for step in stage.loop(self.steps):
            if step % self.check_every == 0 or step == self.steps - 1:
                with stage.probe(net):
                    logits = net(side_by_side(x_valid, copies))
                    loss, right = losses(logits, y_valid), accuracies(logits, y_valid)
                    norm = sum(p.flatten(1).square().sum(1) for p in net.parameters()).sqrt()
                    linear = (hidden(side_by_side(x, copies)).abs() < 0.5).float().mean((0, 2))
                stage.curve("validation loss", named(loss, 5))
                stage.curve("weight norm", named(norm, 5))
                stage.curve("linear units", named(linear, 5))
                history.append((step, *(v[0].item() for v in (loss, right, norm, linear))))
                best = min(range(len(history)), key=lambda k: history[k][1])
                waited = len(history) - 1 - best
                if stopped is None and waited >= self.patience:
                    stopped = history[best]
                self.show_stop(stage, history, best, stopped)
            if stage.every(50):
                with stage.probe(net):
                    logits = net(side_by_side(x_test, copies))
                    test, test_right = losses(logits, y_test), accuracies(logits, y_test)
                    moved = net(side_by_side(x_test + 0.01 * torch.randn_like(x_test), copies))
                    slope = (moved - logits).norm(dim=2).mean(dim=0) / 0.08  # √64 pixels
                facts = torch.stack([test, test_right, norm, slope], dim=1)  # [8, 4]
                rows = [
                    [n, *(f"{v:.3g}" for v in row)]
                    for n, row in zip(NETS, facts.tolist(), strict=True)
                ]
                columns = ["net", "loss", "right", "‖θ‖", "slope"]
                stage.table("eight nets", columns, rows, best=[int(test.argmin())])

            for _ in range(2):
                line.step(self.l1, self.l1_step)
            if stage.every(50):
                with stage.probe():
                    line.draw(stage, self.noise, self.check_every)

            i = torch.randint(len(x), (64,))
            seen = side_by_side(x[i], copies)
            seen = seen + self.noise * spread * torch.randn(seen.shape).to(device)
            sgd.param_groups[0]["lr"] = self.learning_rate
            sgd.zero_grad()
            losses(net(seen), y[i]).sum().backward()
            for p in net.parameters():  # ∇(λ/2 ‖θ‖²) = λθ
                p.grad += decay.reshape(-1, *[1] * (p.dim() - 1)) * p.data
            sgd.step()

        with stage.probe(net):
            known = accuracies(net(side_by_side(x, copies)), y)
        kept, last = stopped or history[best], history[-1]
        stage.measure(
            known=known[0],
            valley=last[1] / kept[1],
            right_lost=kept[2] - last[2],
            norm_growth=last[3] / kept[3],
            linear_lost=kept[4] - last[4],
            norm_order=(norm[1:4] / norm[:3]).max(),
            decay_gain=test[1:3].min() / test[0],
            decay_harm=test[3] / test[1:3].min(),
            noise_gain=test[4] / test[0],
            noise_norm=norm[4] / norm[0],
            noise_slope=slope[4] / slope[0],
            **line.measure(self.noise, self.noise_price, self.check_every),
        )

    def show_stop(self, stage, history, best, stopped):
        waited = len(history) - 1 - best
        rows = [
            [name, str(check[0]), f"{check[1]:.2f}", f"{check[2]:.2f}", f"{check[3]:.1f}"]
            for name, check in (
                ("now", history[-1]),
                ("best loss", history[best]),
                ("most right", max(history, key=lambda check: check[2])),
                (f"patience {max(self.patience - waited, 0)}", stopped or history[-1]),
            )
        ]
        if stopped:
            rows[-1][0] = "kept copy"
        stage.table("stopped", ["plain net", "step", "loss", "right", "‖θ‖"], rows, best=[3])

    @claim(
        "the plain net learns over 99 % of its labels, the wrong ones included",
        breaks={"learning_rate": 0.001, "steps": 100},
    )
    def fits_the_noise(self, measured):
        return measured.known > 0.99

    @claim(
        "without stopping, its validation loss ends over 1.5 times as high as that of the copy",
        breaks={"label_noise": 0, "steps": 400},
    )
    def valley(self, measured):
        return measured.valley > 1.5

    @claim(
        "and over 5 points of accuracy are lost",
        breaks={"label_noise": 0, "steps": 400},
    )
    def right_too(self, measured):
        return measured.right_lost > 0.05

    @claim(
        "early stopping has small weights: in the end ‖θ‖ is over 1.4 times that of the copy",
        breaks={"label_noise": 0, "steps": 400},
    )
    def norm_grows(self, measured):
        return measured.norm_growth > 1.4

    @claim(
        "and a more linear net: the share of |z| < 0.5 falls by over 0.05 until the end",
        breaks={"label_noise": 0, "steps": 400},
    )
    def leaves_linear(self, measured):
        return measured.linear_lost > 0.05

    @claim(
        "on a quadratic, descent after 1, 3, 10, 30 checks is a ridge solution within 10 %",
        breaks={"check_every": 1, "steps": 40},
    )
    def like_ridge(self, measured):
        return measured.descent_gap < 0.1

    @claim(
        "the more weight decay, the smaller ‖θ‖: to 0.95 or less for each λ in the ladder",
        breaks={"learning_rate": 0.001, "steps": 100},
    )
    def decay_shrinks(self, measured):
        return measured.norm_order < 0.95

    @claim(
        "a moderate λ brings the test loss below 0.85 of the plain net's",
        breaks={"label_noise": 0, "steps": 400},
    )
    def decay_helps(self, measured):
        return measured.decay_gain < 0.85

    @claim(
        "λ = 0.1 is too much: over 1.5 times the test loss of the better λ",
        breaks={"learning_rate": 0.001, "steps": 100},
    )
    def decay_hurts(self, measured):
        return measured.decay_harm > 1.5

    @claim(
        "proximal steps make at least 10 of 30 weights exactly 0, L2 none",
        breaks={"l1_step": "subgradient", "steps": 100},
    )
    def l1_zeros(self, measured):
        return measured.zeros >= 10

    @claim(
        "where few inputs matter, L1 has a smaller error than no price (their ratio)",
        breaks={"relevant": 30, "steps": 100},
    )
    def l1_bets(self, measured):
        return measured.l1_over_none < 0.95

    @claim(
        "noise on the inputs brings the test loss below 0.7 of the plain net's",
        breaks={"label_noise": 0, "steps": 400},
    )
    def noise_helps(self, measured):
        return measured.noise_gain < 0.7

    @claim(
        "and not by small weights: ‖θ‖ within 20 % of the plain net's",
        breaks={"noise": 1.0, "steps": 400},
    )
    def not_by_norm(self, measured):
        return measured.noise_norm.between(0.8, 1.2)

    @claim(
        "but by a flatter function: its outputs' slope is below half of the plain net's",
        breaks={"label_noise": 0, "steps": 400},
    )
    def flatter(self, measured):
        return measured.noise_slope < 0.5

    @claim(
        "least squares with noisy inputs is ridge regression with λ = σ², within 3 %",
        breaks={"noise_price": "deviation", "steps": 40},
    )
    def noise_is_ridge(self, measured):
        return measured.ridge_gap < 0.03

    @claim(
        "noise on a linear model's inputs adds the variance σ² Σ wᵢ² to its output, within 3 %",
        breaks={"noise_price": "deviation", "steps": 40},
    )
    def noise_adds_up(self, measured):
        return measured.output_gap < 0.03


class Line:
    """A linear model of 30 features, of which a few matter, trained in several ways on 100 rows.

    float64 on the CPU: the ways are compared to the last digits.
    """

    def __init__(self, relevant):
        self.x = torch.randn(100, FEATURES, dtype=torch.float64)
        self.truth = torch.zeros(FEATURES, 1, dtype=torch.float64)
        self.truth[:relevant] = torch.randn(relevant, 1, dtype=torch.float64)
        self.y = self.x @ self.truth + torch.randn(100, 1, dtype=torch.float64)
        self.H = self.x.T @ self.x / 100
        self.b = self.x.T @ self.y / 100
        self.rate = 1 / torch.linalg.eigvalsh(self.H)[-1]
        self.w = 0.1 * torch.randn(FEATURES, 1, dtype=torch.float64)
        self.none = self.ridge(0)

    def step(self, price, way):
        """One step of descent on ‖y − Xw‖²/2N + price · Σ|w|."""
        gradient = self.H @ self.w - self.b
        if way == "proximal":
            w = self.w - self.rate * gradient
            self.w = w.sign() * (w.abs() - self.rate * price).clamp(min=0)
        else:
            self.w = self.w - self.rate * (gradient + price * self.w.sign())

    def error(self, w):
        """The expected squared error on new inputs, without their noise."""
        return (w - self.truth).square().sum().item()

    def ridge(self, price):
        return torch.linalg.solve(self.H + price * torch.eye(FEATURES), self.b)

    def noisy(self, noise):
        """Least squares on 1,000 noisy copies of the data."""
        gram, moment = torch.zeros_like(self.H), torch.zeros_like(self.b)
        for _ in range(10):
            x = self.x + noise * torch.randn(100, *self.x.shape, dtype=torch.float64)
            flat = x.flatten(0, 1)
            gram += flat.T @ flat / len(flat) / 10
            moment += x.mean(dim=0).T @ self.y / 100 / 10
        return torch.linalg.solve(gram, moment)

    def early(self, t):
        """t steps of descent from 0, and the nearest solution of ridge regression."""
        values, vectors = torch.linalg.eigh(self.H)
        shares = 1 - (1 - self.rate * values) ** t  # of the least-squares solution
        descent = vectors @ (shares[:, None] / values[:, None] * (vectors.T @ self.b))
        prices = torch.logspace(-2, 1, 60, dtype=torch.float64) / (self.rate * t)
        return descent, min((self.ridge(price) for price in prices), key=lambda w: gap(w, descent))

    def draw(self, stage, noise, check):
        steps, nearest = self.early(check)
        solutions = {
            "L1": self.w,
            "L2, λ = 0.2": self.ridge(0.2),
            "no price": self.none,
            f"noise {noise:.2g}": self.noisy(noise),
            f"ridge {noise**2:.2g}": self.ridge(noise**2),
            f"{check} steps": steps,
            "nearest ridge": nearest,
        }
        rows = [
            [name, int((w == 0).sum()), f"{w.norm().item():.2f}", f"{self.error(w):.3f}"]
            for name, w in solutions.items()
        ]
        stage.table("linear model", ["linear model", "zeros", "‖w‖", "error"], rows)

    def measure(self, noise, price, check):
        """σ² Σ wᵢ² and so on; `price` is "variance", or by mistake "deviation"."""
        price = noise**2 if price == "variance" else noise
        added = noise * torch.randn(50_000, FEATURES, dtype=torch.float64) @ self.none
        expected = price * self.none.square().sum()
        return {
            "zeros": (self.w == 0).sum() - (self.ridge(0.2) == 0).sum(),
            "l1_over_none": self.error(self.w) / self.error(self.none),
            "ridge_gap": gap(self.noisy(noise), self.ridge(price)),
            "output_gap": (added.var() / expected.clamp(min=1e-12) - 1).abs(),
            "descent_gap": max(gap(*self.early(k * check)) for k in (1, 3, 10, 30)),
        }


def gap(w, other):
    return (w - other).norm() / other.norm()


def named(values, count):
    """The first `count` nets' values by name."""
    return dict(zip(NETS[:count], values.tolist(), strict=False))
