r"""
# Turn it down, but not yet

Steps of a noisy gradient do not settle. At a constant learning rate α the error stalls on a floor
above its minimum, and the floor is proportional to α:

$$E - E_{\min} \approx \frac{\alpha}{4B} \sigma^2 \sum_i \lambda_i$$

for least squares with curvatures λᵢ, noise σ in the targets and batches of B. (The formula leaves
out the noise of the inputs, and so is good while α Σλ/B is small.) So turn the rate
down: the floor sinks with it. But a small rate also crosses the flat directions slowly, at αλmin
a step, so whoever turns it down too soon freezes far from home. Start high, stay high while the
error falls, and decay when it stalls: watch the learning curve.

| schedule | rate after a share f of all steps |
|---|---|
| constant | α |
| late drop, early drop | α, and from `late_at` or `early_at` on α · `drop` |
| linear | α (1 − f) |
| cosine | α (1 + cos πf)/2 |
| exponential | α · 0.001ᶠ |
| power | α / (1 + 100 f) |
| small | α/10 from the start |

All of them walk here at once on a noisy bowl of 20 dimensions, 100 times as steep one way as the
other; each line is the mean of 32 walkers, all walkers get the same noise. **yours** follows
`schedule` and `learning_rate`, and you can turn both while it runs. Four nets, 64-64-10, learn
digits at 2.5 times these rates.

## What is true, and what is only told

- *"Decay makes the net better"*: on the noisy bowl a late drop ends at a fifth of the constant
  rate's error. On the digits, which the net can fit exactly, noise vanishes at the minimum by
  itself, and a late drop gains nothing: the constant rate even ends a little lower.
- *Too soon costs more than too late.* Dropped after 5 per cent of the steps, the bowl's error ends
  up some two hundred times that of a drop after 70 per cent. On the digits it is several times.
- *The formula of a schedule matters less than its sum*: what counts for the flat directions is
  the sum of all rates, for the floor the last ones. Exponential and power decay spend too little
  in the middle.
- *"Early on one wants large steps, for the space is vast"*: often the contrary. In the first
  steps a large rate throws a deep net out: of eight plain nets of six layers a rate of 1 ruins
  several. Whether a slow start (warm-up) helps depends on the net; no such claim is made here, it
  belongs to Transformers.

## Watch

- **noisy bowl**: error above the minimum, logarithmic. *constant* stalls first; *late drop* falls
  off a cliff; *early drop* and *small* creep.
- **rate**: what each schedule does.
- **floor**: walkers that start *at* the minimum and are driven up to their floors: α, α/2, and α
  that is *cut* to a tenth half-way. The dashed line is the formula for α.
- **in the end**: where each schedule stands now.
- **digits**: the nets' loss on all training images.
- **six layers**: eight nets each with rate 0.1 and with `high_rate`: the share that is worse than
  guessing, or no longer a number.

## Try

- Press `learning_rate` down when **yours** stalls, and see it fall.
- `early_at=0.7`: the early drop is late, and good.
- `noise=0`: no floor; nothing is gained by turning down.
- `noise=3`: a floor so high that even *small* does better than *constant*.
- `batch=64`: an eighth of the floor. `batch=1`: above the formula, by the noise of the inputs.
- `high_rate=0.1`: all eight learn.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear, losses, side_by_side

SCHEDULES = (
    "constant", "late drop", "early drop", "linear", "cosine", "exponential", "power", "small",
)  # fmt: skip
NETS = ("constant", "late drop", "early drop", "yours")
D, WALKERS = 20, 32
NET_RATE = 2.5  # times the learning rate of the bowl
COPIES = 8


class LearningRateSchedule(Scene):
    covers = {
        "A Bag of Tricks — 4. Be Careful about Turning Down the Learning Rate": (
            "noisy bowl",
            "rate",
            "floor",
            "in the end",
            "digits",
            "six layers",
            "floor_formula",
            "floor_rate",
            "cut_sinks",
            "decay_pays",
            "late_drop_pays",
            "too_soon",
            "frozen",
            "digits_too_soon",
            "high_rate_ruins",
        )
    }
    panels = ("noisy bowl", "rate", "digits", "floor", "in the end", "six layers")
    quick = {"steps": 150}

    schedule = Choice("linear", SCHEDULES, live=True, help="the schedule of yours")
    learning_rate = Float(
        0.2, min=0.001, max=0.6, log=True, live=True, help="α that yours begins with"
    )
    late_at = Float(0.7, min=0.02, max=0.95, help="when the late drop comes, as a share of the run")
    early_at = Float(0.05, min=0.02, max=0.95, help="when the early drop comes")
    drop = Float(0.05, min=0.001, max=1, log=True, help="what both drops multiply the rate by")
    batch = Int(8, min=1, max=256, log=True, live=True, help="examples in a batch, on the bowl")
    noise = Float(0.5, min=0, max=5, live=True, help="σ of the bowl's targets")
    high_rate = Float(1.0, min=0.05, max=5, log=True, help="the higher rate of the six-layer nets")
    steps = Int(2000, min=50, max=20000, log=True, help="steps on the bowl; nets: half as many")

    def run(self, stage):
        device = stage.device
        exact = torch.float32 if device == "mps" else torch.float64
        here = {"dtype": exact, "device": device}
        curvature = torch.logspace(-2, 0, D, **here)  # κ = 100
        far = torch.full((len(SCHEDULES) + 1, WALKERS, D), 5.0, **here)
        home = torch.zeros(3, WALKERS, D, **here)  # at α, α/2, and cut half-way
        w = torch.cat([far, home])  # [12, 32, 20]
        floors = torch.zeros(4, **here)  # sums of excess: α, α/2, before the cut, at the end

        images, labels, _, _ = (part.to(device) for part in digits())
        images = images.flatten(1)  # [1400, 64]
        nets = {}
        for name in NETS:
            torch.manual_seed(stage.seed)
            nets[name] = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).to(device)
        stage.watch(nets["yours"])
        six = deep(2 * COPIES).to(device)
        six_rates = torch.tensor([0.1, self.high_rate], device=device).repeat_interleave(COPIES)

        stage.axes("noisy bowl", y="E − min", log="y")
        stage.axes("rate", log="y")
        stage.axes("digits", x="update", log="y")
        stage.axes("six layers", x="update", y="share lost")

        for step in stage.loop(self.steps):
            f = step / self.steps
            base = 0.2
            rates = {name: base * self.factor(name, f) for name in SCHEDULES}
            rates["yours"] = self.learning_rate * self.factor(self.schedule, f)
            cut = base * (1 if f < 0.5 else 0.1)
            if step == 0 or stage.changed("batch", "noise"):
                theory = base / (4 * self.batch) * self.noise**2 * curvature.sum().item()
                lines = {"formula": theory} if theory else {}
                stage.axes("floor", y="E − min", log="y", lines=lines)
            alpha = torch.tensor([*rates.values(), base, base / 2, cut], **here)[:, None, None]

            # Least squares: x of covariance diag(λ), targets σ·noise, so the minimum is w = 0
            x = torch.randn(WALKERS, self.batch, D, **here) * curvature.sqrt()
            static = self.noise * torch.randn(WALKERS, self.batch, **here)
            error = torch.einsum("swd,wbd->swb", w, x) - static  # [12, 32, B]
            slope = torch.einsum("swb,wbd->swd", error, x) / self.batch  # [12, 32, 20]
            w = (w - alpha * slope).clamp(-1e6, 1e6)
            excess = 0.5 * (w.square() * curvature).sum(-1).mean(1)  # [12]

            # The floors: of α and α/2 in the second half, of the cut before it and at the end
            if f >= 0.5:
                floors[:2] += excess[-3:-1] / (self.steps / 2)
            if 0.25 <= f < 0.5:
                floors[2] += excess[-1] / (self.steps / 4)
            if f >= 0.8:
                floors[3] += excess[-1] / (self.steps / 5)

            seen = dict(zip(rates, excess.clamp(min=1e-9).tolist(), strict=False))
            if step % 4 == 0:
                stage.curve("noisy bowl", seen)
                stage.curve("rate", {n: max(r, 1e-4) for n, r in rates.items()})
                high, low, halved = excess[-3:].clamp(min=1e-9)
                stage.curve("floor", {"α": high, "α/2": low, "cut": halved})

            # The nets, on the same batches
            if step % 2 == 0:
                i = torch.randint(len(images), (32,), device=device)
                for name, net in nets.items():
                    ps = list(net.parameters())
                    slopes = torch.autograd.grad(cross_entropy(net(images[i]), labels[i]), ps)
                    with torch.no_grad():
                        for p, g in zip(ps, slopes, strict=True):
                            p -= NET_RATE * rates[name] * g
                if step < 200:
                    self.train_six(stage, six, six_rates, images[i], labels[i], step)
            if stage.every(40):
                with stage.probe(*nets.values()):
                    on_all = {n: cross_entropy(net(images), labels) for n, net in nets.items()}
                stage.curve("digits", on_all, x=step // 2)
                ends = list(seen.values())
                stage.bars("in the end", list(seen), {"E − minimum": ends}, log=True)
        self.report(stage, seen, floors.clamp(min=1e-12).tolist(), theory, on_all)

    def factor(self, schedule, f):
        """What a schedule makes of α after a share f of all steps."""
        if schedule == "late drop":
            return self.drop if f >= self.late_at else 1.0
        if schedule == "early drop":
            return self.drop if f >= self.early_at else 1.0
        return {
            "constant": 1.0,
            "linear": 1 - f,
            "cosine": 0.5 * (1 + math.cos(math.pi * f)),
            "exponential": 0.001**f,
            "power": 1 / (1 + 100 * f),
            "small": 0.1,
        }[schedule]

    def train_six(self, stage, six, rates, x, y, step):
        """One step of all sixteen six-layer nets, and how many of them are lost."""
        loss = losses(six(side_by_side(x, 2 * COPIES)), y)  # [16]
        ps = list(six.parameters())
        gradients = torch.autograd.grad(loss.sum(), ps)
        with torch.no_grad():
            for p, g in zip(ps, gradients, strict=True):
                p -= rates.reshape(-1, *[1] * (p.dim() - 1)) * g
        lost = ~(loss.detach() < math.log(10) + 0.1)  # a NaN is lost too
        low, high = lost.float().reshape(2, COPIES).mean(1)
        stage.curve("six layers", {"rate 0.1": low, "high rate": high}, x=step // 2)
        stage.measure(lost_high=high, lost_low=low)

    def report(self, stage, seen, floors, theory, on_all):
        stage.measure(
            floor_formula=floors[0] / max(theory, 1e-12),
            floor_ratio=floors[0] / floors[1],
            cut_ratio=floors[2] / floors[3],
            late=seen["late drop"] / seen["constant"],
            decayed=max(seen["late drop"], seen["linear"], seen["cosine"]) / seen["constant"],
            too_soon=seen["early drop"] / seen["late drop"],
            frozen=min(seen["exponential"], seen["power"], seen["small"]) / seen["constant"],
            digits_too_soon=on_all["early drop"] / on_all["late drop"],
            digits_late=on_all["late drop"] / on_all["constant"],
        )

    @claim(
        "a constant rate's floor is the formula's, ασ²Σλ/4B, to within 40 % (their ratio)",
        breaks={"batch": 1, "steps": 400},
    )
    def floor_formula(self, measured):
        return measured.floor_formula.between(0.6, 1.4)

    @claim(
        "the floor is proportional to the rate: at α it is 1.5 to 3 times that at α/2",
        breaks={"noise": 0, "steps": 400},
    )
    def floor_rate(self, measured):
        return measured.floor_ratio.between(1.5, 3)

    @claim(
        "cutting α to a tenth half-way sinks the floor by more than 5 times",
        breaks={"noise": 0, "steps": 400},
    )
    def cut_sinks(self, measured):
        return measured.cut_ratio > 5

    @claim(
        "with noise, late drop, linear and cosine decay all end below 0.85 of a constant rate's "
        "error",
        breaks={"noise": 0, "steps": 400},
    )
    def decay_pays(self, measured):
        return measured.decayed < 0.85

    @claim(
        "a late drop ends below a quarter of a constant rate's error",
        breaks={"noise": 0, "steps": 400},
    )
    def late_drop_pays(self, measured):
        return measured.late < 0.25

    @claim(
        "dropped too soon, the rate leaves more than 20 times the error of a late drop",
        breaks={"early_at": 0.7, "steps": 400},
    )
    def too_soon(self, measured):
        return measured.too_soon > 20

    @claim(
        "exponential and power decay, and a small rate, freeze: they end above twice a constant "
        "rate's error",
        breaks={"noise": 5, "steps": 1000},
    )
    def frozen(self, measured):
        return measured.frozen > 2

    @claim(
        "on digits too, dropped too soon, the loss ends more than 3 times that of a late drop",
        breaks={"early_at": 0.7, "steps": 400},
    )
    def digits_too_soon(self, measured):
        return measured.digits_too_soon > 3

    @claim(
        "a rate of 1 ruins at least one of eight plain six-layer nets in 100 updates (share lost)",
        breaks={"high_rate": 0.1, "steps": 200},
    )
    def high_rate_ruins(self, measured):
        return measured.lost_high > 0.1


def deep(copies):
    """Plain nets of six layers, with He's weights."""
    layers = []
    for k in range(6):
        last = k == 5
        layers += [
            BatchedLinear(copies, 64, 10 if last else 64, gain=1.0 if last else math.sqrt(2)),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers[:-1])
