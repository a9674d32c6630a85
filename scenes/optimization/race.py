r"""
# The optimizer race

Twelve rules walk the same landscapes from the same places. All feel the slope g under their feet:

| runner | one step of each parameter |
|---|---|
| descent | θ ← θ − αg |
| momentum | v ← βv + g, θ ← θ − αv |
| Nesterov | the same, with the slope taken where v is about to lead |
| gains | θ ← θ − α · gain · g: the gain + 0.05 while the sign of g stays, × 0.95 when it flips |
| Rprop | a step length of its own: × 1.2 while the sign of g stays, × 0.5 when it flips |
| RMSProp | θ ← θ − αg / √(moving average of g²) |
| Adagrad | θ ← θ − αg / √(sum of all past g²) |
| Adadelta | θ ← θ − g · RMS(its own past steps) / RMS(past g) |
| Adam | momentum over RMSProp, both corrected for their start at zero |
| Lion | θ ← θ − α · sign(0.9m + 0.1g), m a slower average of g |
| Newton | θ ← θ − H⁻¹g: to where the parabola that fits here is level |
| CG | to the lowest point on a line; the next line conjugate, dᵢᵀHdⱼ = 0, to this one |

The last two feel the curvature H too, and pay for it: a step of CG looks several times how far to
go, and Newton needs all of H. So a step of theirs is dearer than a step of the others. CG has no
rate; its `rate` shortens or stretches the step that it found.

Six landscapes, one shown (`surface`), all run. **ellipse** is a ravine κ times steeper across
than along; **rotated** is the same ravine turned; **rosenbrock** is a bent one; **saddle** has a
flat middle that goes down sideways; **plateau** is all but level far out; **washboard** has
small wells on the way. Each runner has *one* rate for all six. Later in
this chapter, in *The race on a net*, they meet again.

## What is true, and what is only told

- *A convex bowl has one lowest level, and descent always gets there.* One level, yes; but not
  always one point (a gutter has a whole line of them), and descent gets there only with
  α < 2/λ, λ the steepest curvature. A net's surface is not convex: local minima, saddles where
  the gradient is zero and some ways go down, plateaus where it is nearly zero, ravines.
- *Momentum pays in a ravine.* Descent's α is limited by the steep direction and it starves in the
  flat one: steps ∝ κ. Momentum adds up the small consistent slopes, to 1/(1−β) times α: with the
  best α and β steps ∝ √κ. It does not "damp oscillation": across the ravine it rings where
  descent, with a small α, would not. Nesterov's correction damps the ringing.
- *A rate for each parameter* mends an ill-shaped ravine only if it lies along the axes. Turn it
  and the benefit is lost: descent, momentum, Nesterov and CG take the same path, turned, while
  Adagrad and Adam suddenly need many times the steps. Parameters are the axes, and nobody
  promised that the ravines of a deep net lie along them.
- *A saddle is slow, not final.* Descent leaves it in a time that grows with ln(1/distance from
  its ridge): for a start a hundred times closer, always the same number of steps more. RMSProp,
  for which a small slope is as good as a large one, takes no longer from closer by. *Newton* goes
  **to** the saddle: it looks for level ground, and that is level. On the plateau it walks uphill
  for the same reason: the ground curves the wrong way there.
- *Small wells*: momentum may roll through. May: with another β it stops in the first one, or
  overshoots the last. Exactly on level ground momentum does nothing either.
- *Adadelta needs no rate*, it is said. Its start does the rate's work: the first steps are
  √(ε/(1−γ)) = 0.003 whatever the slope, and it has to grow from there, so it is the slowest here.
- *Gains* are meant to be sharply reduced when the sign flips. × 0.95 is no more than 5 %: at a
  gain of 1 just the 0.05 that a step up adds. Only large gains fall sharply.

Which rule is best? Six toys in the plane prove no order among them; they show *why* each goes
wrong where it does.

## Watch

- **valley**: where everyone is and which way they came: zigzag, ringing, creeping, straight lines
  along the axes or at 45°. Momentum swings past the goal; Lion and RMSProp, whose steps do not
  shrink with the slope, never quite settle.
- **leaderboard**: first who has arrived on this surface, *in* how many steps; then the others, by
  how high *up* they still are. *turned*: steps in the turned ravine over those in the straight one.
- **loss**: the height of each, logarithmic; below 10⁻⁸ there is nothing to learn.

## Try

- Turn `surface` while it runs: the trails are all there, and the board is that surface's. Turn
  `rotation`: everyone starts again.
- `shown`: only these leave trails; the others run all the same.
- `whose` and `rate` turn one runner's rate as it runs. (Rprop's is its first step: later it makes
  its own.)
- `rotation=0`: the same ravine twice, and the two claims on turning break.
- `beta=0`: momentum is descent, and slower than descent, as its α is half. `beta=0.5`: no faster
  than descent, and it stays in the first well of the washboard.
- `whose=descent rate=2.5`: beyond 2/λ the very first walls throw it out.
- `rate=0.1`: everyone careful. Nesterov now rings nearly as far as momentum.
- `whose=Newton rate=0.5`: half of Newton's step is no longer one step. `rate=2.5`: thrown out.
- `whose=CG rate=0.5`: stopping half-way on each line, and conjugacy is lost.
- `whose=Adam rate=0.1`, `whose=RMSProp rate=0.01`: their steps have the length of their rate, and
  now they take long to leave the saddle. `whose=Rprop rate=0.001`: it must first grow its step.
- `whose=Adadelta rate=30`: so there *was* a rate to set.
"""

from functools import partial
from math import cos, inf, isnan, radians, sin

import torch

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.nn import grid
from dlplay.nn.optimizers import FIRST_ORDER

# The rules that feel the slope alone; decay (AdamW) would pull everyone to the origin
RULES = {name: rule for name, rule in FIRST_ORDER.items() if name != "AdamW"}
WHOSE = (
    "everyone", "descent", "momentum", "Nesterov", "gains", "Rprop", "RMSProp", "Adagrad",
    "Adadelta", "Adam", "Lion", "Newton", "CG",
)  # fmt: skip
RUNNERS = WHOSE[1:]
# Learning rates (Rprop's: its first step), each about the best compromise for all six surfaces;
# Adadelta's is its paper's
RATES = {
    "descent": 1.0, "momentum": 0.5, "Nesterov": 0.5, "gains": 0.5, "Rprop": 0.03,
    "RMSProp": 0.015, "Adagrad": 1.0, "Adadelta": 1.0, "Adam": 0.15, "Lion": 0.015,
    "Newton": 1.0, "CG": 1.0,
}  # fmt: skip
FAMILIES = {
    "everyone": RUNNERS,
    "momentum": ("descent", "momentum", "Nesterov"),
    "a rate each": ("gains", "Rprop", "RMSProp", "Adagrad", "Adadelta", "Adam", "Lion"),
    "curvature": ("descent", "momentum", "Newton", "CG"),
}

SURFACES = ("ellipse", "rotated", "rosenbrock", "saddle", "plateau", "washboard")
# The saddle twice more, for starts farther from the ridge and closer to it
PLACES = (*SURFACES, "saddle far", "saddle close")
# How far above the minimum counts as there
GOALS = {
    "ellipse": 1e-4, "rotated": 1e-4, "rosenbrock": 2e-4,
    "saddle": 5e-3, "plateau": 5e-2, "washboard": 2e-2,
    "saddle far": 5e-3, "saddle close": 5e-3,
}  # fmt: skip


def height(surface, p, kappa, angle):
    """The height of each point p [..., 2] above the surface's minimum: [...]."""
    x, y = p[..., 0], p[..., 1]
    if surface == "rotated":
        x, y = x * cos(angle) + y * sin(angle), y * cos(angle) - x * sin(angle)
    if surface in ("ellipse", "rotated"):
        return 0.5 * (x**2 / kappa + y**2)
    if surface == "rosenbrock":
        return ((1 - x) ** 2 + 20 * (y - x**2) ** 2) / 120
    if surface.startswith("saddle"):
        return 0.5 * x**2 - 0.05 * y**2 + 0.025 * y**4 + 0.025
    if surface == "plateau":
        return 1 - torch.exp(-0.5 * (x**2 + y**2))
    return 0.05 * (x**2 + 4 * y**2) + 0.03 * (1 - torch.cos(4 * x))


def heights(p, kappa, angle):
    """The heights of walkers p [..., 8, 2], one on each of the eight places: [..., 8]."""
    return torch.stack([height(s, p[..., k, :], kappa, angle) for k, s in enumerate(PLACES)], -1)


def curvature(f, p):
    """The Hessian of f at each point of p [..., 2], which must not mix them: [..., 2, 2]."""
    p = p.detach().requires_grad_()
    (g,) = torch.autograd.grad(f(p).sum(), p, create_graph=True)
    rows = [torch.autograd.grad(g[..., i].sum(), p, retain_graph=True)[0] for i in (0, 1)]
    return torch.stack(rows, dim=-2)


def newton_step(g, hessian):
    """H⁻¹g for each walker: g [N, 2], hessian [N, 2, 2]. Where H cannot be inverted: no step."""
    (a, b), (_, d) = hessian[:, 0].T, hessian[:, 1].T
    inverse = torch.stack([d * g[:, 0] - b * g[:, 1], a * g[:, 1] - b * g[:, 0]], dim=1)
    return (inverse / (a * d - b * b)[:, None]).nan_to_num(0, 0, 0)


class ConjugateGradient:
    """Non-linear conjugate gradient with the factor of Polak and Ribière (1969), started afresh
    where that is negative."""

    def __init__(self, f):
        self.f = f
        self.direction = self.last = None

    def step(self, p, g, hessian):
        """How far each walker goes: p and its gradient g [N, 2], hessian [N, 2, 2] -> [N, 2]."""
        if self.last is None:
            self.direction = -g
        else:
            dot = (g * (g - self.last)).sum(dim=1)
            keep = (dot / (self.last**2).sum(dim=1).clamp(min=1e-300)).clamp(min=0)
            self.direction = -g + keep[:, None] * self.direction
        self.last = g.clone()
        d = self.direction
        slope = (g * d).sum(dim=1)
        d[slope >= 0] = -g[slope >= 0]  # not downhill: start afresh
        slope = (g * d).sum(dim=1)
        bend = torch.einsum("ni,nij,nj->n", d, hessian, d)
        # To the lowest point of the parabola along the line; where it opens downwards, one unit
        far = torch.where(bend > 0, -slope / bend, 1 / d.norm(dim=1).clamp(min=1e-12))
        far = far.nan_to_num(0, 0, 0)
        for _ in range(10):  # as long as that does not go down: half as far
            high = self.f(p + far[:, None] * d) > self.f(p) + 1e-4 * far * slope + 1e-15
            if not high.any():
                break
            far = torch.where(high, far / 2, far)
        return far[:, None] * d


def start(surface, angle):
    """Where everyone starts: (x, y)."""
    x, y = -2.6, 0.8
    return {
        "ellipse": (x, y),
        "rotated": (x * cos(angle) - y * sin(angle), y * cos(angle) + x * sin(angle)),
        "rosenbrock": (-1.5, 1.8),
        "saddle": (2.0, 1e-4),  # a hair's breadth beside the ridge
        "plateau": (-3.0, 2.2),
        "washboard": (-2.7, 1.0),
        "saddle far": (2.0, 1e-2),
        "saddle close": (2.0, 1e-6),
    }[surface]


def window(surface, angle):
    """The part of the plane that is shown: the ends of x and of y."""
    if surface in ("ellipse", "rotated"):
        turn = 0.0 if surface == "ellipse" else angle
        x, y = (place / 2 for place in start(surface, angle))
        x, y = x + 0.3 * sin(turn), y - 0.3 * cos(turn)  # they overshoot that way
        return (x - 2.2, x + 2.2), (y - 1.6, y + 1.6)
    return {
        "rosenbrock": ((-2.4, 2.2), (-0.6, 2.6)),
        "saddle": ((-2.2, 2.4), (-1.8, 1.8)),
        "plateau": ((-3.6, 1.9), (-1.4, 2.6)),
        "washboard": ((-3.2, 1.8), (-1.6, 1.6)),
    }[surface]


class OptimizerRace(Scene):
    covers = {
        "Challenges in Neural Network Optimization": (
            "valley",
            "leaderboard",
            "saddle",
            "saddle_time",
            "saddle_sign",
            "newton_saddle",
            "plateau",
            "plateau_momentum",
        ),
        "Momentum": ("valley", "momentum", "bent"),
        "Role of β": ("valley", "washboard"),
        "Nesterov Momentum": ("valley", "nesterov"),
        "Separate Adaptive Learning Rates": ("leaderboard", "axes", "adam_axes"),
        "Separate Adaptive Learning Rates based on Gradient Sign": ("leaderboard", "gains"),
        "Rprop: Using Only the Sign of the Gradient": ("leaderboard", "plateau"),
        "RMSProp: A Mini-Batch Version of Rprop": ("leaderboard", "saddle_sign"),
        "Adagrad": ("leaderboard", "axes"),
        "Adadelta": ("leaderboard", "adadelta"),
        "Adam": ("leaderboard", "adam_axes"),
        "Newton's method": ("valley", "newton", "newton_saddle"),
        "Conjugate Gradient": ("valley", "conjugate"),
    }
    panels = ("valley", "leaderboard", "loss")
    quick = {"steps": 40}

    surface = Choice("rotated", SURFACES, live=True, help="the landscape that is shown")
    shown = Choice(
        "everyone",
        ("everyone", "momentum", "a rate each", "curvature"),
        live=True,
        help="who leaves a trail on the map",
    )
    kappa = Float(
        100,
        min=1,
        max=1000,
        log=True,
        live=True,
        help="how much steeper the ravines are across than along",
    )
    rotation = Float(
        45, min=0, max=90, live=True, unit="°", help="how far the second ravine is turned"
    )
    whose = Choice("everyone", WHOSE, live=True, help="whose rate the next parameter turns")
    rate = Float(1, min=0.001, max=100, log=True, live=True, help="multiplies that learning rate")
    beta = Float(
        0.9, min=0, max=0.999, live=True, help="how much velocity momentum and Nesterov keep"
    )
    steps = Int(600, min=20, max=5000, log=True, help="updates of every runner")

    def run(self, stage):
        device = stage.device
        exact = torch.float32 if device == "mps" else torch.float64

        factors = dict.fromkeys(RUNNERS, 1.0)
        trails = torch.zeros(len(RUNNERS), len(PLACES), self.steps, 2, device=device)

        for step in stage.loop(self.steps):
            if step == 0 or stage.changed("kappa", "rotation"):
                # To the start: a walker of each runner on each surface. The rules treat every
                # number on its own, so that one optimizer moves eight walkers at once.
                angle = radians(self.rotation)
                ground = partial(heights, kappa=self.kappa, angle=angle)
                starts = torch.tensor([start(s, angle) for s in PLACES], dtype=exact, device=device)
                walkers = {name: starts.clone().requires_grad_() for name in RUNNERS}  # each [8, 2]
                movers = {
                    name: rule([walkers[name]], lr=RATES[name]) for name, rule in RULES.items()
                }
                conjugate = ConjugateGradient(ground)
                goals = torch.tensor([GOALS[s] for s in PLACES], device=device)
                arrival = torch.full((len(RUNNERS), len(PLACES)), torch.nan)  # in steps
                overshoot = torch.zeros(len(RUNNERS))
                begun = step

            if step == 0 or stage.changed("rate"):
                for name in RUNNERS if self.whose == "everyone" else (self.whose,):
                    factors[name] = self.rate
            for name, mover in movers.items():
                group = mover.param_groups[0]
                group["lr"] = RATES[name] * factors[name]
                if name in ("momentum", "Nesterov"):
                    group["momentum"] = self.beta

            where = torch.stack(list(walkers.values()))  # [12 runners, 8 places, 2]
            gap = ground(where)  # [12, 8]
            for walker in walkers.values():
                walker.grad = None
            gap.sum().backward()
            for mover in movers.values():
                mover.step()
            with torch.no_grad():
                newton, walker = walkers["Newton"], walkers["CG"]
                with torch.enable_grad():
                    hessian = curvature(ground, torch.stack([newton, walker]))  # [2, 8, 2, 2]
                newton -= factors["Newton"] * newton_step(newton.grad, hessian[0])
                walker += factors["CG"] * conjugate.step(walker, walker.grad, hessian[1])
            gap, where = gap.detach(), where.detach()
            arrival[((gap < goals).cpu()) & arrival.isnan()] = step - begun
            # How far beyond the ellipse's floor, as a share of the height of the start
            overshoot = torch.maximum(overshoot, (-where[:, 0, 1] / starts[0, 1]).cpu())
            trails[:, :, step] = where.clamp(-9, 9)

            # What the user sees
            k = SURFACES.index(self.surface)
            if step == 0 or stage.changed("surface", "kappa", "rotation"):
                x, y = window(self.surface, angle)
                field = height(self.surface, grid(x, y, 96, device), self.kappa, angle)
                field = (field + 0.003).log()  # level lines close to the minimum too
                stage.axes("loss", y="height", log="y", lines={"goal": GOALS[self.surface]})
            seen = gap[:, k].clamp(min=1e-8)  # below that there is nothing to learn
            stage.curve("loss", dict(zip(RUNNERS, seen, strict=True)))
            if stage.every(5):
                paths = {}
                for n, name in enumerate(RUNNERS):
                    since = begun if name in FAMILIES[self.shown] else step
                    paths[name] = trails[n, k, since : step + 1]
                stage.plane("valley", x=x, y=y, field=field, kind="contour", paths=paths)
            if stage.every(20):
                rates = {name: RATES[name] * factors[name] for name in RUNNERS}
                self.board(stage, arrival.tolist(), gap[:, k].tolist(), k, rates)
                self.report(stage, arrival, step + 1 - begun, gap, overshoot, walkers)

    def board(self, stage, arrival, gap, k, rates):
        """Everyone in the order of arrival on surface k; those still on their way by height."""
        order = sorted(
            range(len(RUNNERS)), key=lambda n: (nan_last(arrival[n][k]), nan_last(gap[n]))
        )
        rows = []
        for n in order:
            name, there = RUNNERS[n], arrival[n][k]
            goal = f"{gap[n]:.2g} up" if isnan(there) else f"in {there:.0f}"
            slower = arrival[n][1] / max(arrival[n][0], 1)  # rotated over straight
            rows.append(
                [name, f"{rates[name]:.3g}", goal, "–" if isnan(slower) else f"×{slower:.1f}"]
            )
        first = arrival[order[0]][k]
        best = [place for place, n in enumerate(order) if arrival[n][k] == first]
        stage.table("leaderboard", ["runner", "rate", "goal", "turned"], rows, best=best)

    def report(self, stage, arrival, walked, gap, overshoot, walkers):
        """The measures as they stand; who is not there has needed at least all steps so far."""
        needed = torch.where(arrival.isnan(), walked, arrival).clamp(min=1)
        steps = {  # runner -> place -> steps to the goal
            name: dict(zip(PLACES, row, strict=True))
            for name, row in zip(RUNNERS, needed.tolist(), strict=True)
        }
        turned = {name: row["rotated"] / row["ellipse"] for name, row in steps.items()}
        beyond = dict(zip(RUNNERS, overshoot.tolist(), strict=True))
        caught = dict(zip(RUNNERS, gap[:, SURFACES.index("washboard")].tolist(), strict=True))
        descent, rms = steps["descent"], steps["RMSProp"]
        others = [name for name in RUNNERS if name != "Adadelta"]
        stage.measure(
            adagrad_turned=turned["Adagrad"] / turned["momentum"],
            adam_turned=turned["Adam"] / turned["momentum"],
            momentum_speedup=descent["ellipse"] / steps["momentum"]["ellipse"],
            momentum_bent=descent["rosenbrock"] / steps["momentum"]["rosenbrock"],
            overshoot_ratio=beyond["Nesterov"] / max(beyond["momentum"], 1e-9),
            saddle_speedup=descent["saddle"] / steps["Adam"]["saddle"],
            saddle_second=descent["saddle close"] - descent["saddle"],
            saddle_first=max(descent["saddle"] - descent["saddle far"], 1),
            descent_close=descent["saddle close"] / descent["saddle far"],
            rms_close=rms["saddle close"] / rms["saddle far"],
            newton_off_saddle=walkers["Newton"][SURFACES.index("saddle")].norm(),
            newton_steps=max(steps["Newton"][s] for s in ("ellipse", "rotated")),
            conjugate_steps=max(steps["CG"][s] for s in ("ellipse", "rotated")),
            plateau_speedup=descent["plateau"] / steps["Rprop"]["plateau"],
            plateau_momentum=descent["plateau"] / steps["momentum"]["plateau"],
            gains_speedup=descent["ellipse"] / steps["gains"]["ellipse"],
            adadelta_behind=steps["Adadelta"]["ellipse"]
            / max(steps[name]["ellipse"] for name in others),
            well=caught["descent"] - caught["momentum"],
        )

    @claim(
        "turning the ravine by 45° costs Adagrad more than 10 times the steps, and momentum none "
        "(their slow-downs, divided)",
        breaks={"rotation": 0, "steps": 60},
    )
    def axes(self, measured):
        return measured.adagrad_turned > 10

    @claim(
        "it costs Adam more than 3 times the steps (divided by momentum's slow-down)",
        breaks={"rotation": 0, "steps": 60},
    )
    def adam_axes(self, measured):
        return measured.adam_turned > 3

    @claim(
        "momentum is through the ravine in less than a third of the steps of gradient descent",
        breaks={"beta": 0.5, "kappa": 30, "steps": 200},
    )
    def momentum(self, measured):
        return measured.momentum_speedup > 3

    @claim(
        "and through the bent one (Rosenbrock's) in less than a third",
        breaks={"beta": 0.5, "kappa": 30, "steps": 200},
    )
    def bent(self, measured):
        return measured.momentum_bent > 3

    @claim(
        "at the same rate and β, Nesterov overshoots the ravine's floor by less than 0.6 of what "
        "momentum does",
        breaks={"rate": 0.1, "steps": 100},
    )
    def nesterov(self, measured):
        return measured.overshoot_ratio < 0.6

    @claim(
        "from a point close to a saddle's ridge, Adam is down in less than a third of the steps "
        "of gradient descent",
        breaks={"whose": "Adam", "rate": 0.1, "steps": 120},
    )
    def saddle(self, measured):
        return measured.saddle_speedup > 3

    @claim(
        "descent's time on the saddle grows like ln(1/distance from the ridge): from 10⁻⁶ instead "
        "of 10⁻⁴ it takes as many steps more (within 15 %) as from 10⁻⁴ instead of 10⁻²",
        breaks={"whose": "descent", "rate": 2.5, "steps": 150},
    )
    def saddle_time(self, measured):
        return (measured.saddle_second / measured.saddle_first).between(0.85, 1.15)

    @claim(
        "a start at 10⁻⁶ instead of 10⁻² multiplies descent's steps more than twice as much as "
        "RMSProp's",
        breaks={"whose": "descent", "rate": 2.5, "steps": 150},
    )
    def saddle_sign(self, measured):
        return measured.descent_close / measured.rms_close > 2

    @claim(
        "Newton ends on the saddle, within 10⁻⁶",
        breaks={"whose": "Newton", "rate": 2.5, "steps": 20},
    )
    def newton_saddle(self, measured):
        return measured.newton_off_saddle < 1e-6

    @claim(
        "Newton needs one step in both ravines",
        breaks={"whose": "Newton", "rate": 0.5, "steps": 20},
    )
    def newton(self, measured):
        return measured.newton_steps == 1

    @claim(
        "the conjugate gradient needs two, the number of dimensions",
        breaks={"whose": "CG", "rate": 0.5, "steps": 20},
    )
    def conjugate(self, measured):
        return measured.conjugate_steps == 2

    @claim(
        "on a plateau the sign of the slope says enough: Rprop crosses in less than a third of "
        "the steps of gradient descent",
        breaks={"whose": "Rprop", "rate": 0.001, "steps": 100},
    )
    def plateau(self, measured):
        return measured.plateau_speedup > 3

    @claim(
        "momentum, which adds up the small slopes, in less than half",
        breaks={"beta": 0.5, "kappa": 30, "steps": 200},
    )
    def plateau_momentum(self, measured):
        return measured.plateau_momentum > 2

    @claim(
        "gains at half of descent's rate are through the straight ravine in less than half of its "
        "steps",
        breaks={"whose": "gains", "rate": 0.1, "kappa": 20, "steps": 100},
    )
    def gains(self, measured):
        return measured.gains_speedup > 2

    @claim(
        "Adadelta, which is said to need no rate, is the last in the straight ravine",
        breaks={"whose": "Adadelta", "rate": 30, "kappa": 30, "steps": 100},
    )
    def adadelta(self, measured):
        return measured.adadelta_behind > 1

    @claim(
        "momentum at β = 0.9 rolls out of a well of the washboard in which gradient descent stays "
        "(it ends lower by more than 0.05)",
        breaks={"beta": 0.5, "kappa": 30, "steps": 200},
    )
    def washboard(self, measured):
        return measured.well > 0.05


def nan_last(value):
    return inf if isnan(value) else value
