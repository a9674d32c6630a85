r"""
# Momentum: speed, ringing and noise

Gradient descent forgets: Δθₜ = −α∇E(θₜ). The *heavy ball* (Polyak, 1964) keeps a part β of its
last step:

    Δθₜ = β Δθₜ₋₁ − α ∇E(θₜ),    θₜ₊₁ = θₜ + Δθₜ

Unrolled, Δθₜ = −α · Σₖ βᵏ ∇E(θₜ₋ₖ): a *sum* of past slopes with fading weights. On a steady slope g
it grows to −αg / (1−β): at β = 0.9 ten times a step of descent (**one step** shows it with the
numbers of this moment). *Nesterov's* variant (1983; brought to neural nets by Sutskever and
others, 2013) jumps first with the old velocity, measures the slope there, and corrects:

    Δθₜ = β Δθₜ₋₁ − α ∇E(θₜ + β Δθₜ₋₁)

All bowls here are ½ Σ λᵢθᵢ², where every number can be checked.

## What is true, and what is only told

- *"A running average of the gradients."* The weights βᵏ add up to 1/(1−β), not to 1. That factor
  is the **effective rate** α/(1−β), and most of what momentum seems to do at a fixed α is a
  larger rate. (`torch.optim.SGD` keeps velocity in units of the slope and multiplies by α when it
  steps. With a constant α that is the same path; change α under way and it is not.)
- *"β damps the oscillation."* The opposite: β is what friction leaves over. Larger β, *less*
  friction: in a steep direction the ball rings, and its swings shrink by no more than √β a step.
  What it cures is only the every-step flip of a descent whose α is too large.
- *"At β = 1 it blows up."* No: without friction it swings in the bowl for ever, no higher than at
  the start. It grows only above 1 (or, at 1, on a slope that never ends).
- *The more the better?* The steps to the bottom of a ravine, over β, have a minimum: to its left
  the flat direction is slow, to its right the ringing.
- *Why is it faster?* In a ravine κ times steeper across than along, the best descent needs about κ
  steps, and the best momentum about √κ. Proved for the whole way only for quadratics; but
  close to the minimum of any smooth, strongly convex function it is the same, and the bent bowl
  λ ln cosh θ in **steps by κ** shows it.
- *Nesterov* rings less: its slope already knows where the velocity leads. At the same α and β it
  is far faster. With the best α and β for each, the heavy ball is ahead in mild ravines and
  Nesterov in a steep one: the difference is small.
- *"Momentum averages the noise away."* Folklore. With noisy slopes and the same α, momentum
  scatters about 1/(1−β) times **wider** around the minimum than descent. With the same effective
  rate it scatters as wide as descent. What becomes smooth is the sequence of *steps* (each
  is much like the last), not the positions. To get rid of the scatter, lower α, or take
  the mean of the positions, which is still worth having. For σ² the variance of the slope's noise,

$$ \text{Var} = \frac{α σ^2 (1 + β)}{λ (1 - β) (2 (1 + β) - α λ)} $$

Exactly on level ground momentum does nothing either: no slope, no velocity. And from a small well
it *may* roll out, or into another one, as on the washboard of *The optimizer race*.

## Watch

- **path**: three ways down the ravine. Descent, at almost the largest rate that does not throw it
  out, flips at each step; momentum has the same effective rate.
- **phase**: position and velocity of a ball in a bowl: a spiral inwards; a ring at β = 1.
- **steps by β**: the valley of the best β. Missing points have not arrived.
- **steps by κ**: until the height is a millionth of the first, with each rule's best α and β; and
  the same in the bent bowl.
- **scatter**: how far 300 noisy walkers of each kind are from the minimum, mean square: descent,
  momentum at the *same α*, momentum *matched* in its effective rate, and descent at *α/10*.
  **spread** has it late in the run, beside the formula.

## Try

- `beta=1`, then `beta=1.01`, while you look at **phase**. Everything starts again.
- `beta=0`: momentum is descent, and most claims break. `beta=0.99`: a long spiral.
- `alpha=4.5 steps=300`: no β holds anything together if α is too large: α < 2(1+β)/λ.
- `alpha=0.001`: so small a rate that the walkers have hardly spread when the run ends.
- `kappa=1`: a round bowl. Nothing to gain. `kappa=10000`: now β = 0.99 is about right.
- `haste=1.2`: a fifth above the best rates, and descent is thrown out, and the
  heavy ball too. `driven=1`: a ring.
- `match=off`: the third cloud gets the rate of the second.
- `turn_rate=on`: α is halved after 100 steps, and PyTorch's path is no longer the formula's.
- `tuned=off beta=0`: without momentum the heavy ball needs κ steps as well.
"""

import math

import torch

from dlplay import Float, Int, Scene, Toggle, claim
from dlplay.nn import grid

RULES = ("descent", "heavy ball", "Nesterov")
BETAS = [n / 20 for n in range(19)] + [0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99]
RATES = (0.05, 0.1, 0.3, 1.0)
KAPPAS = (10, 100, 1000)
CLOUDS = ("descent", "same α", "matched", "α/10")
WALKERS = 300  # in each cloud
FLIPS = 60  # so many steps are watched for flips
DRAWN = 400  # and so many are drawn


class MomentumLab(Scene):
    covers = {
        "Momentum": ("path", "steps by κ", "flips", "ringing", "root_kappa", "kappa_law"),
        "The Equations of the Momentum": ("one step", "terminal", "same_as_torch"),
        "Role of β": ("phase", "steps by β", "best_beta", "too_much", "rests", "bounded", "grows"),
        "Nesterov Momentum": (
            "path",
            "phase",
            "steps by β",
            "overshoots_less",
            "nesterov_faster",
            "mild",
            "steep",
        ),
        "Why Does Momentum Work?": (
            "scatter",
            "spread",
            "steps by κ",
            "wider",
            "matched_same",
            "averaging",
            "theory",
            "smooth_steps",
            "rough_steps",
            "beyond_quadratic",
        ),
    }
    panels = ("path", "phase", "steps by β", "steps by κ", "scatter", "spread", "one step")
    quick = {"steps": 120}

    beta = Float(0.9, min=0, max=1.01, live=True, help="how much of the last step is kept")
    alpha = Float(
        0.1, min=1e-3, max=5, log=True, live=True, help="rate in the 1-D bowl and of the clouds"
    )
    kappa = Float(
        100, min=1, max=10000, log=True, live=True, help="how much steeper the ravine is across"
    )
    noise = Float(1, min=0, max=2, live=True, help="standard deviation of the slope's noise")
    match = Toggle(True, live=True, help="third cloud: effective rate of descent, not its rate")
    tuned = Toggle(True, live=True, help="best α and β in steps by κ; off: α = 1/λ and your β")
    haste = Float(1, min=0.1, max=2, live=True, help="times the best rates in steps by κ")
    driven = Float(1.01, min=0.9, max=1.1, live=True, help="β of a ball that is to be driven")
    turn_rate = Toggle(False, live=True, help="halve α after 100 steps, for formula and PyTorch")
    steps = Int(10000, min=40, max=50000, log=True, help="steps of everyone")

    def run(self, stage):
        device = stage.device
        exact = torch.float32 if device == "mps" else torch.float64
        stage.axes("steps by β", x="β", y="steps", log="y")
        stage.axes("scatter", log="xy")
        for step in stage.loop(self.steps):
            if step == 0 or stage.changed(
                "beta", "alpha", "kappa", "noise", "match", "tuned", "haste", "driven", "turn_rate"
            ):
                self.begin(device, exact)
                begun = step
            n = step - begun

            # Every walker in every bowl: one tensor [walkers, 2], its own λ, α and β for each
            ahead = self.theta + self.nesterov * self.b * self.v
            slope = self.curve * torch.where(self.bent, ahead.tanh(), ahead)
            self.v = self.b * self.v - self.a * slope
            before, self.theta = self.theta, self.theta + self.v
            height = (self.curve * self.theta**2).sum(dim=1)
            self.arrival[(height < 1e-6 * self.height) & self.arrival.isnan()] = n + 1
            self.lowest = torch.minimum(self.lowest, self.theta[:, 0])
            if n < FLIPS:
                self.flips += self.theta[:, 0] * before[:, 0] < 0
            if step >= 0.8 * self.steps:
                self.late = torch.maximum(self.late, self.theta[:, 0].abs())

            # A steady slope of 1: scalars
            self.before, self.speed = self.speed, self.beta * self.speed - self.alpha

            # The formula and PyTorch, a bowl of five dimensions
            if n < 200:
                self.beside_torch(n)

            # Noisy slopes: [4 kinds, walkers, 2]
            slope = self.places + self.noise * torch.randn_like(self.places)
            old, self.pace = self.pace, self.cloud_b * self.pace - self.cloud_a * slope
            self.places = self.places + self.pace
            if n >= (self.steps - begun) // 2:
                self.seen += 1
                self.squares += (self.places**2).mean(dim=(1, 2))
                self.mean += self.places
                self.products += (self.pace * old).mean(dim=(1, 2))
                self.powers += (self.pace**2).mean(dim=(1, 2))

            if n < DRAWN:
                self.trail.append(self.theta[:3])
                self.phases.append(torch.stack([self.theta[3:5, 0], self.v[3:5, 0]], dim=1))
                self.scattered.append((self.places**2).mean(dim=(1, 2)))
            if stage.every(5 if step < 200 else 40):
                self.look(stage, n)
            if stage.every(200 if step else 1):
                self.report(stage, n + 1)

    def begin(self, device, exact):
        """Everyone to the start."""
        beta, matched = self.beta, 1.9 * max(1 - self.beta, 0.01)
        flat, ravine = (1.0, 0.0), (1.0, 1 / self.kappa)  # λ of both directions
        walkers = [  # name, λ, α, β, Nesterov, bent
            (("path", "descent"), ravine, 1.9, 0.0, 0, 0),
            (("path", "heavy ball"), ravine, matched, beta, 0, 0),
            (("path", "Nesterov"), ravine, matched, beta, 1, 0),
            (("phase", "heavy ball"), flat, self.alpha, beta, 0, 0),
            (("phase", "Nesterov"), flat, self.alpha, beta, 1, 0),
        ]
        for rule in RULES:
            own, jumps = beta if rule != "descent" else 0.0, rule == "Nesterov"
            walkers.append((("own", rule), ravine, 1.0, own, jumps, 0))
            walkers.append((("bent", rule), ravine, *self.best(rule, self.kappa), jumps, 1))
            for kappa in KAPPAS:
                best = self.best(rule, kappa)
                walkers.append((("race", rule, kappa), (1.0, 1 / kappa), *best, jumps, 0))
            walkers += [(("bounce", rule, a), flat, a, own, jumps, 0) for a in RATES]
            walkers += [(("β", rule, b), ravine, 1.0, b, jumps, 0) for b in BETAS]
        rubbed = {"short": 0.9, "long": 0.99, "ever": 1.0, "driven": self.driven}
        walkers += [(("friction", n), flat, self.alpha, b, 0, 0) for n, b in rubbed.items()]
        self.names = {walker[0]: n for n, walker in enumerate(walkers)}

        def column(k):
            values = [walker[k] for walker in walkers]
            return torch.tensor(values, dtype=exact, device=device).view(len(walkers), -1)

        self.curve, self.a, self.b, self.nesterov = (column(k) for k in (1, 2, 3, 4))
        self.bent = column(5) > 0
        self.theta = torch.ones_like(self.curve)  # [walkers, 2]
        self.v = torch.zeros_like(self.theta)
        self.height = self.curve.sum(dim=1)
        self.arrival = torch.full_like(self.height, torch.nan)
        self.lowest = torch.ones_like(self.height)
        self.flips = torch.zeros_like(self.height)
        self.late = torch.zeros_like(self.height)
        self.trail, self.phases, self.scattered = [self.theta[:3]], [], []

        self.speed = self.before = 0.0

        self.hills = torch.tensor([1.0, 0.5, 0.2, 0.1, 0.05], dtype=exact, device=device)
        self.formula = torch.ones_like(self.hills), torch.zeros_like(self.hills)
        self.torchs = torch.ones_like(self.hills).requires_grad_()
        self.optimizer = torch.optim.SGD([self.torchs], lr=1, momentum=self.beta)
        self.apart = 0.0

        matched = self.alpha * (max(1 - beta, 0.01) if self.match else 1)
        rates, keeps = (self.alpha, self.alpha, matched, self.alpha / 10), (0, beta, beta, 0)
        self.cloud_a = torch.tensor(rates, device=device)[:, None, None]
        self.cloud_b = torch.tensor(keeps, device=device)[:, None, None]
        self.places = torch.zeros(len(CLOUDS), WALKERS, 2, device=device)
        self.pace = torch.zeros_like(self.places)
        self.mean = torch.zeros_like(self.places)
        self.squares, self.products, self.powers = torch.zeros(3, len(CLOUDS), device=device)
        self.seen = 0

    def best(self, rule, kappa):
        """The α and β for the fewest steps where curvatures lie between 1/κ and 1: Polyak's for
        the heavy ball, Nesterov's for his."""
        keep = (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1)
        if rule == "descent":
            return self.haste * 2 / (1 + 1 / kappa), 0.0
        if not self.tuned:
            return self.haste, self.beta
        if rule == "heavy ball":
            return self.haste * (1 + keep) ** 2, keep**2
        return self.haste, keep

    def beside_torch(self, n):
        rate = self.alpha * (0.5 if self.turn_rate and n >= 100 else 1)
        theta, step = self.formula
        step = self.beta * step - rate * self.hills * theta
        self.formula = theta + step, step
        self.optimizer.param_groups[0]["lr"] = rate
        self.torchs.grad = (self.hills * self.torchs).detach()
        self.optimizer.step()
        self.apart = max(self.apart, (self.formula[0] - self.torchs.detach()).abs().max().item())

    def look(self, stage, n):
        if n < DRAWN or stage.step == self.steps - 1:
            trail = torch.stack(self.trail).clamp(-9, 9).flip(2)  # [steps, 3 rules, along/across]
            phases = torch.stack(self.phases)  # [steps, 2 rules, position/velocity]
            scattered = torch.stack(self.scattered)  # [steps, 4 clouds]
            x, y = (-0.4, 1.15), (-1.0, 1.1)
            points = grid(x, y, 48, trail.device)  # x along the ravine, y across
            field = 0.5 * (points[..., 0] ** 2 / self.kappa + points[..., 1] ** 2)
            stage.plane(
                "path",
                x=x,
                y=y,
                field=(field + 0.003).log(),
                kind="contour",
                paths={rule: trail[:, k] for k, rule in enumerate(RULES)},
                x_label="along",
                y_label="across",
            )
            width = 1.2 * self.alpha**0.5
            stage.plane(
                "phase",
                x=(-1.2, 1.2),
                y=(-width, width),
                paths={rule: phases[:, k] for k, rule in enumerate(RULES[1:])},
                x_label="position",
                y_label="velocity",
            )
            kinds = {kind: scattered[:, k] for k, kind in enumerate(CLOUDS)}
            stage.plot("scatter", range(1, len(scattered) + 1), kinds)
        by_beta = {rule: [self.steps_of("β", rule, b) for b in BETAS] for rule in RULES[1:]}
        stage.plot("steps by β", BETAS, by_beta)
        self.say(stage, n)
        rows = [[*row] for row in zip(CLOUDS, self.variances(), self.formulas(), strict=True)]
        rows.append(["mean position", self.averaged(), "–"])
        stage.table("spread", ["cloud", "variance", "formula"], rows)
        rows = [[str(k), *(self.steps_or_dash("race", r, k) for r in RULES)] for k in KAPPAS]
        rows.append(["bent", *(self.steps_or_dash("bent", r) for r in RULES)])
        stage.table("steps by κ", ["κ", *RULES], rows)

    def say(self, stage, n):
        limit = f"{-self.alpha / (1 - self.beta):.6f}" if self.beta < 1 else "no limit"
        stage.text(
            "one step",
            f"step {n + 1}, on a steady slope of 1\n"
            f"Δθ = β Δθ − α g\n"
            f"   = {self.beta:g} · {self.before:.6f} − {self.alpha:g} · 1\n"
            f"   = {self.speed:.6f}\n"
            f"−αg / (1−β) = {limit}\n"
            f"for a mean of slopes: −αg = {-self.alpha:g}\n"
            f"and PyTorch differs by {self.apart:.1e}",
        )

    def steps_of(self, *name):
        return self.arrival[self.names[name]].item()

    def steps_or_dash(self, *name):
        needed = self.steps_of(*name)
        return "–" if math.isnan(needed) else int(needed)

    def variances(self):
        return (self.squares / max(self.seen, 1)).tolist()

    def averaged(self):
        """The variance of the mean position of descent."""
        return ((self.mean[0] / max(self.seen, 1)) ** 2).mean().item()

    def formulas(self):
        """The stationary variance of each cloud, λ = 1; infinite where there is none."""
        a, b = self.cloud_a.flatten().double().cpu(), self.cloud_b.flatten().double().cpu()
        below = (1 - b) * (2 * (1 + b) - a)
        return torch.where(below > 0, a * self.noise**2 * (1 + b) / below, torch.inf).tolist()

    def report(self, stage, walked):
        """The measures as they stand; who is not there has needed at least all steps so far."""

        def steps(*name):
            found = self.steps_of(*name)
            return walked if math.isnan(found) else found

        def beyond(*name):
            return max(-self.lowest[self.names[name]].item(), 0.0)

        def growth(rule):  # the exponent p of steps ∝ κᵖ
            return math.log10(steps("race", rule, 1000) / steps("race", rule, 10)) / 2

        by_beta = {b: steps("β", "heavy ball", b) for b in BETAS}
        least = min(by_beta.values())
        variance, theory = self.variances(), self.formulas()
        floor = 1e-12
        smooth = (self.products / self.powers.clamp(min=floor)).tolist()
        bounces = [(beyond("bounce", "Nesterov", r), beyond("bounce", "heavy ball", r))
                   for r in RATES]  # fmt: skip
        stage.measure(
            terminal=-self.speed / self.alpha * (1 - self.beta) if self.beta < 1 else walked,
            torch_apart=self.apart,
            flips=self.flips[0] / self.flips[1].clamp(min=1),
            ringing=beyond("bounce", "heavy ball", 0.1),
            descent_growth=growth("descent"),
            heavy_growth=growth("heavy ball"),
            u_left=by_beta[0.0] / least,
            u_right=by_beta[0.99] / least,
            resting=max(self.late[self.names["friction", name]] for name in ("short", "long")),
            frictionless=self.late[self.names["friction", "ever"]],
            driven=self.late[self.names["friction", "driven"]],
            overshoot=max(n / h if h > 0.01 else 1.0 for n, h in bounces),
            nesterov_speedup=steps("own", "heavy ball") / steps("own", "Nesterov"),
            mild=steps("race", "Nesterov", 10) / steps("race", "heavy ball", 10),
            steep=steps("race", "Nesterov", 1000) / steps("race", "heavy ball", 1000),
            bent_speedup=steps("bent", "descent") / steps("bent", "heavy ball"),
            wider=variance[1] / max(variance[0], floor),
            matched=variance[2] / max(variance[0], floor),
            averaging=variance[0] / max(self.averaged(), floor),
            off_theory=max(
                abs(v / max(t, floor) - 1) for v, t in zip(variance, theory, strict=True)
            ),
            smooth_steps=smooth[1],
            rough_steps=smooth[0],
        )

    @claim(
        "on a steady slope the step grows to α/(1−β) times the slope, within a millionth",
        breaks={"beta": 1.0, "steps": 300},
    )
    def terminal(self, measured):
        return measured.terminal.between(1 - 1e-6, 1 + 1e-6)

    @claim(
        "the formula and torch.optim.SGD take the same 200 steps, within 10⁻⁷",
        breaks={"turn_rate": True, "steps": 300},
    )
    def same_as_torch(self, measured):
        return measured.torch_apart < 1e-7

    @claim(
        "descent close to its largest rate flips across the ravine more than 3 times as often as "
        "momentum with the same effective rate",
        breaks={"beta": 0, "steps": 300},
    )
    def flips(self, measured):
        return measured.flips > 3

    @claim(
        "momentum rings: it swings through the bottom to more than 0.5 of its start (αλ = 0.1)",
        breaks={"beta": 0, "steps": 300},
    )
    def ringing(self, measured):
        return measured.ringing > 0.5

    @claim(
        "the best descent's steps grow like κ, exponent 0.9 to 1.1",
        breaks={"haste": 1.2, "steps": 4000},
    )
    def kappa_law(self, measured):
        return measured.descent_growth.between(0.9, 1.1)

    @claim(
        "the best momentum's like √κ, exponent 0.45 to 0.65",
        breaks={"tuned": False, "beta": 0, "steps": 4000},
    )
    def root_kappa(self, measured):
        return measured.heavy_growth.between(0.45, 0.65)

    @claim(
        "through the ravine the best β needs less than a third of the steps of β = 0 ...",
        breaks={"kappa": 1, "steps": 300},
    )
    def best_beta(self, measured):
        return measured.u_left > 3

    @claim("... and of β = 0.99", breaks={"kappa": 10000, "steps": 1000})
    def too_much(self, measured):
        return measured.u_right > 3

    @claim(
        "in a bowl β = 0.9 and β = 0.99 come to rest: at the end within a millionth of the start",
        breaks={"alpha": 4.5, "steps": 300},
    )
    def rests(self, measured):
        return measured.resting < 1e-6

    @claim(
        "β = 1 does not blow up: at the end it swings no higher than 1.1 times its start",
        breaks={"alpha": 4.5, "steps": 300},
    )
    def bounded(self, measured):
        return measured.frictionless < 1.1

    @claim(
        "β = 1.01 does: more than a million times its start",
        breaks={"driven": 1.0, "steps": 4000},
    )
    def grows(self, measured):
        return measured.driven > 1e6

    @claim(
        "at four rates Nesterov overshoots by less than 0.75 of what the heavy ball does",
        breaks={"beta": 0, "steps": 300},
    )
    def overshoots_less(self, measured):
        return measured.overshoot < 0.75

    @claim(
        "at the same α and β it is through the ravine in less than a third of the steps",
        breaks={"beta": 0, "steps": 300},
    )
    def nesterov_faster(self, measured):
        return measured.nesterov_speedup > 3

    @claim(
        "with the best α and β for each, at κ = 10 Nesterov needs more steps than the heavy ball",
        breaks={"tuned": False, "steps": 300},
    )
    def mild(self, measured):
        return measured.mild > 1

    @claim(
        "and at κ = 1000 fewer",
        breaks={"tuned": False, "beta": 0, "steps": 4000},
    )
    def steep(self, measured):
        return measured.steep < 1

    @claim(
        "beyond quadratics too: on λ ln cosh θ the best momentum needs less than a third of the "
        "best descent's steps",
        breaks={"tuned": False, "beta": 0, "steps": 4000},
    )
    def beyond_quadratic(self, measured):
        return measured.bent_speedup > 3

    @claim(
        "on noisy slopes, at the same α, momentum scatters 8 to 12 times as wide as descent "
        "(variance)",
        breaks={"beta": 0, "steps": 300},
    )
    def wider(self, measured):
        return measured.wider.between(8, 12)

    @claim(
        "at the same effective rate just as wide, 0.8 to 1.2 times",
        breaks={"match": False, "steps": 300},
    )
    def matched_same(self, measured):
        return measured.matched.between(0.8, 1.2)

    @claim(
        "the mean of the positions has less than a tenth of their variance",
        breaks={"alpha": 0.001, "steps": 1000},
    )
    def averaging(self, measured):
        return measured.averaging > 10

    @claim(
        "all four variances are those of the formula, within 10 %",
        breaks={"alpha": 0.001, "steps": 1000},
    )
    def theory(self, measured):
        return measured.off_theory < 0.1

    @claim(
        "momentum's steps are smooth: each correlates with the last by more than 0.7",
        breaks={"beta": 0, "steps": 300},
    )
    def smooth_steps(self, measured):
        return measured.smooth_steps > 0.7

    @claim(
        "descent's are not: −0.15 to 0",
        breaks={"alpha": 1.0, "steps": 300},
    )
    def rough_steps(self, measured):
        return measured.rough_steps.between(-0.15, 0)
