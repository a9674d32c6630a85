r"""
# A learning rate for each weight

One learning rate for all weights is too large for some and too small for others. Each weight can
have its own; the rules for it look at the sign of the gradient, or at its size. This scene is about
signs, and about the memory that a sign lacks. *Adagrad and its family* is about sizes.

**Along the axes only.** All such rules work weight by weight: they mend a ravine that lies along
the axes, and pay for one that lies across them. Plain descent and momentum do not notice the
difference (**rules**, each at its best rate).

**Gains by sign.** Δθ = −α · gain · g. The gain starts at 1; + 0.05 while its sign stays, × 0.95
when it flips; kept within 0.1 and 10. At random signs it hovers about 1. *"Sharply reduced"*: at
gain 1 the two are equal, five hundredths; only a large gain falls sharply. Signs must mean
something: use large batches. Momentum is not tied to the axes, and goes well with gains.

**Rprop** (Riedmiller and Braun, 1993) uses nothing but the sign:

$$\theta \leftarrow \theta - \text{sign}(g) \Delta$$

It is a step *length* Δ that adapts, not a rate: × 1.2 while the sign stays, × 0.5 at a flip (and
torch skips that step), within 1e-6 and 50. The size of g, or of the loss, is irrelevant. With all
data as one batch it brings the training loss down far quicker than Adam does (on unseen digits Adam
reads a little more: left out, as it is a difference of seven).

**With small batches it fails**: nine gradients of +0.1 and one of −0.9 cancel exactly, but nine
signs outvote one, and meanwhile Δ grows (**nine and one**). Lion's sign goes wrong the same way.

**RMSProp** (Hinton 2012) divides g by its own size like Rprop, but by a size that neighbouring
batches share, a moving average:

$$\theta \leftarrow \theta - \alpha \frac{g}{\sqrt{E[g^2]_t + \epsilon}}$$

with E[g²]ₜ = γ E[g²]ₜ₋₁ + (1 − γ) g². With γ = 0 it is the sign again. It cures the drift as far as
its memory is long: γ = 0.9 still loses 0.7 α in each ten, 0.999 next to nothing. What its root is
for is measured in *Adagrad and its family*.

## Watch

- **rules**: steps to a thousandth of the height in a ravine (κ = 100) along the axes, *0°*, and
  in the same one turned; *times* is the second by the first.
- **nine and one**: how far each ten steps take a weight that should stay, in units of α. RMSProp
  with a short memory, γ = 0.9, and with a long one, `gamma`. Plain descent: 0, off the chart.
- **Rprop by batch**: a digits net (64-64-10) by Rprop with a batch of all digits, of 32, or of a
  few (`batch`), and by RMSProp with the same few; the loss on all. Even with all digits it may
  jump once its steps have grown large, and comes back.
- **gains**: steady signs climb by addition, alternating signs fall by multiplication.

## Try

- `rotation=0`: aligned and turned are the same. Turn it during the run: all start again.
- `minority=5`: five against five, no drift.
- `gamma=0.5`: RMSProp with hardly a memory drifts.
- `batch=1400`: Rprop on the whole set.
- `boldness=0.01`: gains and Rprop's steps can only fall. `boldness=4`: gains run up on pure noise.
"""

import math
from copy import deepcopy
from functools import partial

import torch
from torch import nn, optim
from torch.nn.functional import cross_entropy

from dlplay import Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn.optimizers import Lion, SignGains

ALPHA = 0.01  # the rate wherever one weight meets gradients that are made up
KAPPA = 100
RATES = [1.95 * 10 ** (-k / 3) for k in range(8)]  # tried in the ravine: the first is almost 2/λ


class AdaptiveRates(Scene):
    covers = {
        "Separate Adaptive Learning Rates": ("rules", "axes_only", "all_pay"),
        "Separate Adaptive Learning Rates based on Gradient Sign": (
            "gains",
            "rules",
            "gain_speeds",
            "gain_noise",
            "gains_help",
        ),
        "Rprop: Using Only the Sign of the Gradient": (
            "Rprop by batch",
            "rprop_lengths",
            "rprop_full",
        ),
        "Why Rprop Does Not Work Well with Mini-Batches?": (
            "nine and one",
            "Rprop by batch",
            "sign_drift",
            "rprop_drift",
            "rprop_fails",
        ),
        "RMSProp: A Mini-Batch Version of Rprop": (
            "nine and one",
            "Rprop by batch",
            "memory_cures",
            "short_memory",
            "rmsprop_works",
        ),
    }
    panels = ("rules", "nine and one", "Rprop by batch", "gains")
    quick = {"steps": 20}

    rotation = Float(45, min=0, max=90, live=True, unit="°", help="how far the ravine is turned")
    minority = Int(1, min=1, max=5, live=True, help="of ten gradients, how many point back")
    gamma = Float(0.999, min=0, max=0.9999, help="memory of the RMSProp that is to cure the drift")
    batch = Int(8, min=1, max=1400, log=True, live=True, help="the smallest batch, for two nets")
    boldness = Float(
        1, min=0.01, max=5, help="while the sign stays: gains + 0.05 · this, Rprop × 1.2 ^ this"
    )
    steps = Int(200, min=10, max=5000, log=True, help="steps of the digits nets")

    def run(self, stage):
        exact = torch.float32 if stage.device == "mps" else torch.float64
        self.here = {"dtype": exact, "device": stage.device}
        self.rules = {
            "SGD": optim.SGD,
            "momentum": partial(optim.SGD, momentum=0.9),
            "gains": partial(SignGains, up=0.05 * self.boldness),
            "Rprop": partial(optim.Rprop, etas=(0.5, 1.2**self.boldness)),
            "RMSProp": partial(optim.RMSprop, alpha=0.99),
            "Adagrad": optim.Adagrad,
            "Adam": optim.Adam,
        }
        stage.axes("nine and one", x="cycle", y="α", log="y")
        stage.axes("gains", y="gain", lines={"start": 1})
        stage.axes("Rprop by batch", y="loss", log="y", lines={"guessing": math.log(10)})

        stage.measure(rprop_error=self.rprop_error())
        self.begin_drift()
        self.begin_gains()
        x, y, *_ = (part.to(stage.device) for part in digits())
        nets = self.nets()
        stage.watch(nets["RMSProp few"][0])
        looks = []  # losses of all nets on all digits, every ten steps

        for step in stage.loop(self.steps):
            if step == 0 or stage.changed("rotation"):
                self.begin_ravines(step)
            self.descend(step)
            self.drift(stage, step)
            self.follow_signs(stage, step)

            # One step of every net; those with the same size of batch see the same digits
            order = torch.randperm(len(x), device=stage.device)
            for net, optimizer, size in nets.values():
                i = order[: size or self.batch]
                optimizer.zero_grad()
                cross_entropy(net(x[i]), y[i]).backward()
                optimizer.step()

            if stage.every(10):
                with stage.probe(*(net for net, *_ in nets.values())):
                    losses = {name: cross_entropy(n(x), y).item() for name, (n, *_) in nets.items()}
                looks.append(losses)
                self.look(stage, losses)

        # With all data Rprop's loss may jump once its steps have grown large: the lowest of each
        full = {name: min(look[name] for look in looks) for name in ("all", "Adam all")}
        needed = {name: self.needed(name) for name in self.rules}  # name: (aligned, turned)
        cost = {name: turned / aligned for name, (aligned, turned) in needed.items()}
        second = self.arrivals["SGD"][1, 1], self.arrivals["gains"][1, 1]  # turned, second rate
        cycles = self.steps - self.steps // 2
        drift = {
            name: (w.item() - self.halfway[name]) / ALPHA / cycles
            for name, (w, _) in self.drifting.items()
        }
        stage.measure(
            turned_cost=cost["Adagrad"] / cost["momentum"],
            least_cost=min(cost[name] for name in ("Rprop", "RMSProp", "Adam")),
            gains_gain=(second[0] / second[1]).nan_to_num(1.0, math.inf),  # neither arrives: 1
            gain_ratio=self.climb / self.fall,
            gain_mean=self.gains[2:].mean(),
            rprop_full=full["all"] / full["Adam all"],
            rprop_small=losses["few"],
            rprop_worse=losses["few"] / losses["RMSProp few"],
            sign_drift=drift["Lion"] - drift["SGD"],
            rprop_drift=drift["Rprop"],
            long_drift=max(abs(drift["RMS long"]), abs(drift["Adam"])),
            short_drift=drift["RMS short"],
        )

    def rprop_error(self):
        """Rprop on + + + − −, for three sizes of gradient: its moves in units of the first."""
        w = torch.zeros(3, **self.here).requires_grad_()
        optimizer = self.rules["Rprop"]([w], lr=ALPHA)
        errors = []
        for sign, expected in zip((1, 1, 1, -1, -1), (1, 1.2, 1.44, 0, 0.72), strict=True):
            before = w.detach().clone()
            w.grad = sign * w.new_tensor([1e-3, 1.0, 1e3])
            optimizer.step()
            moved = (w.detach() - before).abs() / ALPHA
            errors.append((moved - expected).abs().max())
        return max(errors)

    # Two ravines, x² + y²/κ and the same turned: every rule with eight rates in both

    def begin_ravines(self, step):
        angle = math.radians(self.rotation)
        turned = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        turn = torch.tensor([[[1, 0], [0, 1]], turned], **self.here)  # [2 ravines, 2, 2]
        stiff = torch.tensor([1.0, 1 / KAPPA], **self.here)
        self.ravines = turn @ stiff.diag() @ turn.mT  # their Hessians, [2 ravines, 2, 2]
        start = turn.sum(-1)  # (1, 1) on the ravine's own axes, [2 ravines, 2]
        self.walkers, self.arrivals, self.begun = {}, {}, step
        for name, make in self.rules.items():
            walkers = [start.clone().requires_grad_() for _ in RATES]
            groups = [{"params": [w], "lr": rate} for w, rate in zip(walkers, RATES, strict=True)]
            self.walkers[name] = walkers, make(groups, lr=1.0)
            self.arrivals[name] = torch.full((len(RATES), 2), torch.inf)

    def descend(self, step):
        for name, (walkers, optimizer) in self.walkers.items():
            where = torch.stack(walkers).detach()  # [8 rates, 2 ravines, 2]
            slopes = torch.einsum("kij,rkj->rki", self.ravines, where)
            height = (where * slopes).sum(-1) / (1 + 1 / KAPPA)  # 1 at the start, [8, 2]
            there = (height < 1e-3).cpu() & self.arrivals[name].isinf()
            self.arrivals[name][there] = step - self.begun
            for w, g in zip(walkers, slopes, strict=True):
                w.grad = g
            optimizer.step()

    def needed(self, name):
        """Steps to the goal at the best rate, (aligned, turned); at least all so far."""
        return self.arrivals[name].amin(0).clamp(max=self.steps - self.begun).tolist()

    # One weight under nine gradients of +0.1 and one of −0.9, again and again

    def begin_drift(self):
        makers = {
            "SGD": optim.SGD,
            "Lion": Lion,
            "Rprop": partial(self.rules["Rprop"], step_sizes=(1e-6, 100 * ALPHA)),
            "RMS short": partial(optim.RMSprop, alpha=0.9),
            "RMS long": partial(optim.RMSprop, alpha=self.gamma),
            "Adam": optim.Adam,
        }
        self.drifting = {}
        for name, make in makers.items():
            w = torch.zeros(1, **self.here).requires_grad_()
            self.drifting[name] = w, make([w], lr=ALPHA)

    def drift(self, stage, step):
        before = {name: w.item() for name, (w, _) in self.drifting.items()}
        if step == self.steps // 2:
            self.halfway = before
        back = self.minority
        for g in [0.1] * (10 - back) + [-0.1 * (10 - back) / back] * back:
            for w, optimizer in self.drifting.values():
                w.grad = torch.full_like(w, g)
                optimizer.step()
        shown = ("Rprop", "Lion", "RMS short", "RMS long")
        moved = {n: abs(self.drifting[n][0].item() - before[n]) / ALPHA for n in shown}
        stage.curve("nine and one", {name: max(way, 1e-3) for name, way in moved.items()})

    # Gains of weights whose signs are steady, alternate (from the top), or are random (2000)

    def begin_gains(self):
        self.signed = torch.zeros(2002, **self.here).requires_grad_()
        self.gain_rule = self.rules["gains"]([self.signed])
        self.gains = torch.ones_like(self.signed).detach()
        self.gains[1] = 10.0
        self.gain_rule.state[self.signed] = {
            "gain": self.gains,  # changed in place
            "last": torch.zeros_like(self.gains),
        }
        self.climb = self.fall = self.steps  # steps to 10, and to 1: at least all

    def follow_signs(self, stage, step):
        sign = torch.randn_like(self.gains).sign()
        sign[0], sign[1] = 1, 1 - 2 * (step % 2)
        self.signed.grad = sign
        self.gain_rule.step()
        steady, alternating = self.gains[:2].tolist()
        if steady > 9.99:
            self.climb = min(self.climb, step)
        if alternating < 1:
            self.fall = min(self.fall, step)
        mean = self.gains[2:].mean().item()
        stage.curve("gains", {"steady": steady, "alternating": alternating, "random": mean})

    # Digits

    def nets(self):
        """Name: (net, optimizer, digits in a batch; None: the user's `batch`). Equal weights."""
        first = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        makers = {
            "all": (self.rules["Rprop"], 1400),
            "32": (self.rules["Rprop"], 32),
            "few": (self.rules["Rprop"], None),
            "RMSProp few": (partial(self.rules["RMSProp"], lr=0.003), None),
            "Adam all": (partial(self.rules["Adam"], lr=0.01), 1400),
        }
        nets = {}
        for name, (make, size) in makers.items():
            net = deepcopy(first).to(self.here["device"])
            nets[name] = net, make(net.parameters()), size
        return nets

    def look(self, stage, losses):
        shown = {name: max(loss, 1e-4) for name, loss in losses.items() if name != "Adam all"}
        stage.curve("Rprop by batch", shown)

        rows = []
        for name in self.rules:
            aligned, turned = self.arrivals[name].amin(0).tolist()
            steps = ["–" if n == math.inf else int(n) for n in (aligned, turned)]
            rows.append([name, *steps, "–" if turned == math.inf else f"{turned / aligned:.1f}"])
        stage.table("rules", ["rule", "0°", f"{self.rotation:g}°", "times"], rows)

    @claim(
        "turning the ravine costs Adagrad more than 5 times the steps, measured by what it costs "
        "momentum: nothing",
        breaks={"rotation": 0, "steps": 30},
    )
    def axes_only(self, measured):
        return measured.turned_cost > 5

    @claim(
        "and Rprop, RMSProp and Adam each more than twice the steps (the least of the three)",
        breaks={"rotation": 0, "steps": 30},
    )
    def all_pay(self, measured):
        return measured.least_cost > 2

    @claim(
        "in the turned ravine, at half the best rate, gains by sign arrive in less than two thirds "
        "of plain descent's steps",
        breaks={"boldness": 0.01, "steps": 60},
    )
    def gains_help(self, measured):
        return measured.gains_gain > 1.5

    @claim(
        "a gain takes 4 times as many steps from 1 to 10 as back, or nearly",
        breaks={"boldness": 4, "steps": 50},
    )
    def gain_speeds(self, measured):
        return measured.gain_ratio.between(3.5, 4.5)

    @claim(
        "under random signs gains stay about 1: their mean lies within 0.9 and 1.1",
        breaks={"boldness": 4, "steps": 50},
    )
    def gain_noise(self, measured):
        return measured.gain_mean.between(0.9, 1.1)

    @claim(
        "Rprop's moves on + + + − − are 1, 1.2, 1.44, 0, 0.72, for gradients of any size (largest "
        "difference)",
        breaks={"boldness": 0.01, "steps": 60},
    )
    def rprop_lengths(self, measured):
        return measured.rprop_error < 1e-6

    @claim(
        "with all data as one batch Rprop's lowest loss is below a tenth of Adam's",
        breaks={"boldness": 0.01, "steps": 60},
    )
    def rprop_full(self, measured):
        return measured.rprop_full < 0.1

    @claim("with batches of 8 its loss ends above 1", breaks={"batch": 1400, "steps": 20})
    def rprop_fails(self, measured):
        return measured.rprop_small > 1

    @claim(
        "with the same small batches Rprop's loss is more than 3 times RMSProp's",
        breaks={"batch": 1400, "steps": 20},
    )
    def rmsprop_works(self, measured):
        return measured.rprop_worse > 3

    @claim(
        "nine against one: Lion's sign drifts by 8 α further than plain descent in each ten steps",
        breaks={"minority": 5, "steps": 10},
    )
    def sign_drift(self, measured):
        return measured.sign_drift.between(-8.5, -7.5)

    @claim(
        "Rprop drifts by more than 100 times its first step in each ten",
        breaks={"minority": 5, "steps": 10},
    )
    def rprop_drift(self, measured):
        return measured.rprop_drift < -100

    @claim(
        "RMSProp with γ = 0.9 still drifts, by 0.55 to 0.8 α in ten",
        breaks={"minority": 5, "steps": 10},
    )
    def short_memory(self, measured):
        return measured.short_drift.between(-0.8, -0.55)

    @claim(
        "RMSProp with γ = 0.999, and Adam, by less than 0.05 α",
        breaks={"gamma": 0.5, "steps": 10},
    )
    def memory_cures(self, measured):
        return measured.long_drift < 0.05
