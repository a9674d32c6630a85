r"""
# A learning rate for each weight

One learning rate for all weights is too large for some and too small for others. Each weight can
have its own; the rules for it look at the sign of the gradient, or at its size. All work weight by
weight: they mend a ravine that lies along the axes, and hardly one that lies across them
(**rules**, *aligned* and *turned*, each rule at its best rate).

**Gains by sign.** Δθ = −α · gain · g. The gain starts at 1; + 0.05 while its sign stays, × 0.95
when it flips; kept within 0.1 and 10. At random signs it hovers about 1. *"Sharply reduced"*: at
gain 1 the two are equal, five hundredths; only a large gain falls sharply. Signs must mean
something: use large batches. Momentum is not tied to the axes, and goes well with gains.

**Rprop** (Riedmiller 1993) uses nothing but the sign: θ ← θ − sign(g) · Δ. It is a step *length* Δ
that adapts, not a rate: × 1.2 while the sign stays, × 0.5 at a flip (and torch skips that step),
within 1e-6 and 50. The size of g, or of the loss, is irrelevant. With all data as one batch it is
the quickest of all on the training loss (on unseen digits Adam reads a little more: left out, as
it is a difference of seven). **With small batches it fails**: nine gradients of +0.1 and one of
−0.9 cancel exactly, but nine signs outvote one, and meanwhile Δ grows (**nine and one**). Lion's
sign goes wrong the same way.

**RMSProp** (Hinton 2012) divides g by its own size like Rprop, but by a size that neighbouring
batches share, a moving average:

$$\theta \leftarrow \theta - \alpha \frac{g}{\sqrt{E[g^2]_t + \epsilon}}$$

with E[g²]ₜ = γ E[g²]ₜ₋₁ + (1 − γ) g². With γ = 0 it is the sign again. It cures the drift as far as
its memory is long: γ = 0.9 still loses 0.7 α in each ten, 0.999 next to nothing. The root matters:
without it the step shrinks as gradients grow. PyTorch has ε outside of the root; that matters only
for gradients as small as √ε.

**Adagrad** (2011) divides by the root of the *sum* of all g²: rare features, that have been seen
little, keep large steps (**rare features**: words are like that). *"No tuning, take 0.01"*: on the
digits that is several times worse than 0.1. *"In the end it cannot learn any more"*: under a
steady gradient its steps are α/√t, and their sum 2α√T grows without end (**steady gradient**).
It does suffer after a `burst` of early gradients.

**Adadelta** (Zeiler 2012) forgets, as RMSProp does (both arose at the same time, against
Adagrad's decay), and replaces α by the size of its own last steps, to give the step the units of θ:

$$\Delta\theta_t = - \frac{\text{RMS}[\Delta\theta]_{t-1}}{\text{RMS}[g]_t} g_t$$

where RMS[x] = √(E[x²] + ε). *"No learning rate"*: ε is one. The first step is √(ε/(1 − γ)) = 0.003,
whatever g, and it grows slowly from there: in the ravine
it is the last of all. *"Units cancel"*: ε spoils that too; with the loss
times 0.01 Adadelta fails, the others do not notice.

**One family.** Accumulator (sum or moving average) and numerator (α, or RMS[Δθ]): sum and α is
Adagrad, average and α RMSProp, average and RMS[Δθ] Adadelta. So RMSProp is Adadelta's first form,
before the units. A claim runs this one rule against torch's three.

## Watch

- **rules**: steps to a thousandth of the height in a ravine (κ = 100), and the loss of a digits net
  (64-64-10) as it is and with the loss multiplied by `loss_scale`.
- **gains**: steady signs climb by addition, alternating signs fall by multiplication.
- **nine and one**: where each rule drifts, in units of α; the right place is 0.

## Try

- `rotation=0`: aligned and turned are the same. `minority=5`: five against five, no drift.
- `gamma=0.5`: RMSProp with no memory is a sign rule.
- `batch=1400`: Rprop on the whole set. `growth=1.01`: its steps hardly grow.
- `loss_scale=1`: nothing to be invariant to. `loss_scale=1e-08`: below √ε even Adam fails.
- `root=off`: the family without its root. `epsilon=0.001`: Adadelta's hidden learning rate.
- `skew=0`: all features equally frequent; Adagrad has no advantage. `burst=1000`: it is paralysed.
- `increase=0`: gains that can only fall. `increase=0.2`: they run up on pure noise.
"""

import math
from copy import deepcopy
from functools import partial

import torch
from torch import nn, optim
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from dlplay import Float, Int, Scene, Toggle, claim
from dlplay.data import digits
from dlplay.nn.optimizers import Lion

ALPHA = 0.01  # of the drifting weights
KAPPA = 100
FACTORS = [1.95 * 10 ** (-k / 3) for k in range(8)]  # rates tried in the ravine
FEATURES = 200
EXAMPLES = 12  # sparse examples for each step
BATCHES = (1400, 256, 32)

# The rules as torch has them, and about the best rate of each for the digits net
RULES = {
    "SGD": (optim.SGD, 0.3),
    "Rprop": (optim.Rprop, 0.01),
    "RMSProp": (partial(optim.RMSprop, alpha=0.99), 0.003),
    "Adagrad": (optim.Adagrad, 0.1),
    "Adadelta": (partial(optim.Adadelta, rho=0.9), 1.0),
    "Adam": (optim.Adam, 0.01),
}


def ratio(one, other):
    """How many times the steps: infinite where only the first never arrives, 1 where neither."""
    return 1.0 if one == other else float(one / other)


class Gains:
    """Learning rates with gains by sign, after Hinton's lecture 6 (2012)."""

    def __init__(self, theta, increase=0.05, decrease=0.95, least=0.1, most=10.0):
        self.last = torch.zeros_like(theta)
        self.gain = torch.ones_like(theta)
        self.change = increase, decrease
        self.limits = least, most

    def direction(self, g):
        """The step, as a multiple of −α."""
        increase, decrease = self.change
        agreement = g * self.last
        self.gain = torch.where(agreement > 0, self.gain + increase, self.gain)
        self.gain = torch.where(agreement < 0, self.gain * decrease, self.gain).clamp(*self.limits)
        self.last = g.clone()
        return self.gain * g


def family(gradients, accumulator, numerator, alpha, gamma, epsilon, root=True):
    """The path [T, n] of weights from 0 under gradients [T, n], by one rule with two switches."""
    theta = torch.zeros_like(gradients[0])
    squares, moves, path = torch.zeros_like(theta), torch.zeros_like(theta), []
    for g in gradients:
        if accumulator == "sum":
            squares = squares + g**2
        else:
            squares = gamma * squares + (1 - gamma) * g**2
        above = (moves + epsilon).sqrt() if numerator == "RMS[Δθ]" else alpha
        below = (squares + epsilon).sqrt() if root else squares + epsilon
        move = -above / below * g
        moves = gamma * moves + (1 - gamma) * move**2
        theta = theta + move
        path.append(theta)
    return torch.stack(path)


class AdaptiveRates(Scene):
    covers = {
        "Separate Adaptive Learning Rates": ("rules", "axes_only"),
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
            "scale_free",
            "root_matters",
        ),
        "Adagrad": (
            "rare features",
            "steady gradient",
            "rare_learned",
            "rare_loss_lower",
            "never_stops",
            "needs_tuning",
        ),
        "Adadelta": (
            "steady gradient",
            "rules",
            "first_step",
            "epsilon_is_a_rate",
            "units_do_not_cancel",
        ),
        "RMSProp Analogies": ("steady gradient", "one_family"),
    }
    panels = (
        "rules",
        "nine and one",
        "Rprop by batch",
        "gains",
        "rare features",
        "steady gradient",
    )
    quick = {"steps": 20}

    rotation = Float(45, min=0, max=90, live=True, unit="°", help="how far the ravine is turned")
    minority = Int(1, min=1, max=5, live=True, help="of ten gradients, how many point back")
    gamma = Float(0.999, min=0, max=0.9999, help="memory of the RMSProp that is to cure the drift")
    batch = Int(8, min=1, max=1400, log=True, live=True, help="the smallest batch, for two nets")
    growth = Float(1.2, min=1.001, max=2, help="factor on Rprop's steps while the sign stays")
    increase = Float(0.05, min=0, max=1, help="added to a gain while the sign stays")
    loss_scale = Float(0.01, min=1e-8, max=1e4, log=True, help="multiplies the loss in one column")
    epsilon = Float(1e-6, min=1e-10, max=0.1, log=True, help="Adadelta's ε")
    skew = Float(1, min=0, max=2, help="feature number k is seen in proportion to 1/k^skew")
    burst = Float(1, min=1, max=1e6, log=True, help="first of the steady gradients, times this")
    root = Toggle(True, help="whether the family divides by the root of the squares")
    steps = Int(200, min=20, max=5000, log=True, help="steps of the digits nets")

    def run(self, stage):
        self.exact = torch.float32 if stage.device == "mps" else torch.float64
        self.device = stage.device
        x, y, *_ = (part.to(stage.device) for part in digits())
        self.identities(stage)
        self.begin_drift()
        self.begin_rare()
        nets = self.nets()
        stage.watch(nets["RMSProp", 1.0][0])
        losses, least = {}, math.inf  # least: Rprop's, on the whole set

        # Gains: one weight with a steady sign, one that alternates (from the top), 2000 at random
        gains = Gains(torch.zeros(2002, device=stage.device), self.increase)
        gains.gain[1] = 10.0
        climb, fall, spread = math.nan, math.nan, []

        # A steady gradient of 1 for the three of the family, ten steps to one of the nets
        steady = {}
        for name in ("Adagrad", "RMSProp", "Adadelta"):
            w = torch.zeros(1, dtype=self.exact, device=stage.device, requires_grad=True)
            extra = {"eps": self.epsilon} if name == "Adadelta" else {}
            make, rate = {"Adagrad": (optim.Adagrad, ALPHA)}.get(name, RULES[name])
            steady[name] = w, make([w], lr=rate, **extra)
        travelled = {name: [] for name in steady}

        stage.axes("nine and one", x="cycle of ten", y="distance from 0, in α", log="y")
        stage.axes("gains", y="gain", lines={"start": 1})
        stage.axes("Rprop by batch", y="loss on the set", log="y", lines={"guessing": math.log(10)})
        stage.axes("rare features", x="times seen", y="rate of the feature", log="xy")
        stage.axes("steady gradient", x="step", y="way from the start", log="xy")

        for step in stage.loop(self.steps):
            # Two ravines
            if step == 0 or stage.changed("rotation"):
                self.begin_ravines(step)
            self.descend(step)

            # Ten gradients: + + + ... and − for the minority
            self.drift()
            shown = {n: max(abs(w.item()) / ALPHA, 0.01) for n, (w, _) in self.drifting.items()}
            stage.curve("nine and one", shown)

            # Gains
            sign = torch.randn(2002, device=stage.device).sign()
            sign[0], sign[1] = 1, 1 - 2 * (step % 2)
            gains.direction(sign)
            steady_gain, falling_gain = gains.gain[:2].tolist()
            climb = step if math.isnan(climb) and steady_gain > 9.99 else climb
            fall = step if math.isnan(fall) and falling_gain < 1 else fall
            spread.append(gains.gain[2:].mean().item())
            stage.curve(
                "gains",
                {
                    "steady sign": steady_gain,
                    "alternating": falling_gain,
                    "random, mean of 2000": spread[-1],
                },
            )

            # Sparse examples, one by one
            self.see_examples(step)

            # A steady gradient
            for k in range(10):
                for name, (w, optimizer) in steady.items():
                    w.grad = torch.full_like(w, self.burst if step == k == 0 else 1.0)
                    optimizer.step()
                    travelled[name].append(-w.item())

            # Digits
            self.train(nets, x, y)
            if stage.every(10):
                with stage.probe(*(net for net, *_ in nets.values())):
                    losses = {key: cross_entropy(n(x), y).item() for key, (n, *_) in nets.items()}
                least = min(least, losses["Rprop", "B=1400"])
                by_batch = {
                    f"{rule}, {size}": losses[rule, f"B={size}"]
                    for rule, size in [("Rprop", b) for b in BATCHES]
                }
                by_batch[f"Rprop, {self.batch}"] = losses["Rprop", "B=small"]
                by_batch[f"RMSProp, {self.batch}"] = losses["RMSProp", "B=small"]
                seen = {name: max(loss, 1e-4) for name, loss in by_batch.items()}
                stage.curve("Rprop by batch", seen)
                self.look(stage, losses)
                t = range(1, len(travelled["Adagrad"]) + 1)
                ways = {name: [max(w, 1e-9) for w in way] for name, way in travelled.items()}
                stage.plot("steady gradient", t, ways)

        cycles = self.steps - self.steps // 2
        drift = {
            name: (w.item() - self.halfway[name]) / ALPHA / cycles
            for name, (w, _) in self.drifting.items()
        }
        arrival = {name: self.arrived(name) for name in self.ravines}
        cost = {name: ratio(turned, aligned) for name, (aligned, turned) in arrival.items()}
        scaled = {
            name: abs(losses[name, "scaled"] / losses[name, 1.0] - 1)
            for name in ("RMSProp", "Adagrad", "Adam")
        }
        stage.measure(
            turned_cost=cost["Adagrad"] / cost["SGD"],
            gains_gain=ratio(self.arrivals["SGD"][1, 1], self.arrivals["gains"][1, 1]),
            gain_ratio=climb / fall if climb == climb and fall == fall else math.inf,
            gain_mean=spread[-1],
            rprop_full=least,
            rprop_small=losses["Rprop", "B=small"],
            rmsprop_small=losses["RMSProp", "B=small"],
            lion_drift=drift["Lion"],
            rprop_drift=drift["Rprop"],
            long_drift=abs(drift["RMSProp, γ long"]),
            short_drift=drift["RMSProp, γ 0.9"],
            scale_change=max(scaled.values()),
            adadelta_change=losses["Adadelta", "scaled"] / losses["Adadelta", 1.0],
            adagrad_rates=losses["Adagrad", "0.01"] / losses["Adagrad", 1.0],
            adadelta_epsilons=losses["Adadelta", "ε 1e-08"] / losses["Adadelta", "ε 0.001"],
            way_share=travelled["Adagrad"][-1] / (2 * ALPHA * math.sqrt(10 * self.steps)),
            rare_ratio=self.rare_share("Adagrad") / self.rare_share("SGD"),
            rare_loss_ratio=self.rare_loss("SGD") / self.rare_loss("Adagrad"),
        )

    # Ravines

    def begin_ravines(self, step):
        """Walkers [8 rates, 2 ravines, 2] for every rule, on x² + y²/κ and on the same, turned."""
        angle = math.radians(self.rotation)
        turn = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        self.turn = torch.tensor([[[1, 0], [0, 1]], turn], dtype=self.exact, device=self.device)
        start = torch.einsum("kij,j->ki", self.turn, self.turn.new_ones(2))  # [2 ravines, 2]
        self.ravines, self.arrivals, self.begun = {}, {}, step
        for name in ("SGD", "gains", *list(RULES)[1:]):
            walkers = [start.clone().requires_grad_() for _ in FACTORS]
            if name == "gains":
                rule = Gains(torch.stack(walkers).detach(), self.increase)
            else:
                groups = [{"params": [w], "lr": f} for w, f in zip(walkers, FACTORS, strict=True)]
                rule = RULES[name][0](groups, lr=1.0)
            self.ravines[name] = walkers, rule
            self.arrivals[name] = torch.full((len(FACTORS), 2), torch.inf)

    def descend(self, step):
        stiff = self.turn.new_tensor([1.0, 1 / KAPPA])
        for name, (walkers, rule) in self.ravines.items():
            where = torch.stack(walkers).detach()  # [8, 2, 2]
            own = torch.einsum("kij,rki->rkj", self.turn, where)  # along the ravine's own axes
            height = (stiff * own**2).sum(-1) / stiff.sum()  # 1 at the start
            there = (height < 1e-3).cpu() & self.arrivals[name].isinf()
            self.arrivals[name][there] = step - self.begun
            g = torch.einsum("kij,rkj->rki", self.turn, stiff * own)
            if name == "gains":
                move = rule.direction(g)
                with torch.no_grad():
                    for w, m, f in zip(walkers, move, FACTORS, strict=True):
                        w -= f * m
            else:
                for w, slope in zip(walkers, g, strict=True):
                    w.grad = slope
                rule.step()

    def arrived(self, name):
        """Steps to the goal at the best rate, (aligned, turned); inf where nobody arrived."""
        return self.arrivals[name].min(0).values.tolist()

    # Nine gradients of one sign

    def begin_drift(self):
        makers = {
            "SGD": optim.SGD,
            "Lion": Lion,
            "Rprop": partial(optim.Rprop, etas=(0.5, self.growth), step_sizes=(1e-6, 100 * ALPHA)),
            "RMSProp, γ 0.9": partial(optim.RMSprop, alpha=0.9),
            "RMSProp, γ long": partial(optim.RMSprop, alpha=self.gamma),
            "Adam": optim.Adam,
        }
        self.drifting, self.halfway = {}, {}
        for name, make in makers.items():
            w = torch.zeros(1, dtype=self.exact, device=self.device, requires_grad=True)
            self.drifting[name] = w, make([w], lr=ALPHA)
        self.cycle = 0

    def drift(self):
        if self.cycle == self.steps // 2:
            self.halfway = {name: w.item() for name, (w, _) in self.drifting.items()}
        self.cycle += 1
        few = self.minority
        for k in range(10):
            g = 0.1 if k < 10 - few else -0.1 * (10 - few) / few
            for w, optimizer in self.drifting.values():
                w.grad = torch.full_like(w, g)
                optimizer.step()

    # Rare features

    def begin_rare(self):
        """Examples of 0 and 1, feature k present in proportion to 1/k^skew; true weights ± 3."""
        share = 1 / torch.arange(1, FEATURES + 1).float() ** self.skew
        share = (10 * share / share.sum()).clamp(max=0.5)
        truth = 6.0 * torch.randint(0, 2, (FEATURES,)) - 3
        count = EXAMPLES * self.steps
        x = (torch.rand(count + 2000, FEATURES) < share).float()
        y = (torch.rand(len(x)) < (x @ truth).sigmoid()).float()
        self.examples = x[:count].to(self.device), y[:count].to(self.device)
        self.unseen = x[count:].to(self.device), y[count:].to(self.device)
        self.rare = {}
        for name, make, rate in (("Adagrad", optim.Adagrad, 1.0), ("SGD", optim.SGD, 0.3)):
            w = torch.zeros(FEATURES, device=self.device, requires_grad=True)
            self.rare[name] = w, make([w], lr=rate)

    def see_examples(self, step):
        x, y = self.examples
        for i in range(step * EXAMPLES, (step + 1) * EXAMPLES):
            for w, optimizer in self.rare.values():
                w.grad = ((x[i] @ w.detach()).sigmoid() - y[i]) * x[i]
                optimizer.step()

    def rare_share(self, name):
        """How large the weights of the rarer half are, compared with the others'."""
        w = self.rare[name][0].detach().abs()
        return (w[FEATURES // 2 :].mean() / w[: FEATURES // 2].mean()).item()

    def rare_loss(self, name):
        x, y = self.unseen
        with torch.no_grad():
            return binary_cross_entropy_with_logits(x @ self.rare[name][0], y).item()

    # Digits

    def nets(self):
        """(rule, setting): net, optimizer, what multiplies its loss, its batch."""
        first = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        nets = {}

        def add(rule, setting, scale=1.0, batch=64, **changes):
            net = deepcopy(first).to(self.device)
            make, rate = RULES[rule]
            if rule == "Adadelta":
                changes = {"eps": self.epsilon, **changes}
            if rule == "Rprop":
                changes = {"etas": (0.5, self.growth), **changes}
            optimizer = make(net.parameters(), **{"lr": rate, **changes})
            nets[rule, setting] = net, optimizer, scale, batch

        for rule in RULES:
            if rule != "Rprop":
                add(rule, 1.0)
                add(rule, "scaled", scale=self.loss_scale)
        add("Adagrad", "0.01", lr=0.01)
        add("Adagrad", "1", lr=1.0)
        add("Adadelta", "ε 1e-08", eps=1e-8)
        add("Adadelta", "ε 0.001", eps=1e-3)
        for size in BATCHES:
            add("Rprop", f"B={size}", batch=size)
        add("Rprop", "B=small", batch=None)
        add("RMSProp", "B=small", batch=None)
        return nets

    def train(self, nets, x, y):
        """One step of every net; nets with the same size of batch see the same examples."""
        order = torch.randperm(len(x), device=x.device)
        for net, optimizer, scale, size in nets.values():
            i = order[: size or self.batch]
            loss = cross_entropy(net(x[i]), y[i])
            optimizer.zero_grad()
            (scale * loss).backward()
            optimizer.step()

    # Formulas

    def identities(self, stage):
        """What a few steps can tell: the family against torch, Rprop's lengths, no root."""
        gradients = torch.randn(100, 10, dtype=self.exact, device=stage.device)

        def torchs(make):
            w = torch.zeros(10, dtype=self.exact, device=stage.device, requires_grad=True)
            optimizer, path = make([w]), []
            for g in gradients:
                w.grad = g
                optimizer.step()
                path.append(w.detach().clone())
            return torch.stack(path)

        pairs = [
            ("sum", "α", partial(optim.Adagrad, lr=0.01, eps=0)),
            ("average", "α", partial(optim.RMSprop, lr=0.01, alpha=0.9, eps=0)),
            ("average", "RMS[Δθ]", partial(optim.Adadelta, lr=1, rho=0.9, eps=1e-6)),
        ]
        gaps = []
        for accumulator, numerator, make in pairs:
            epsilon = 1e-6 if numerator == "RMS[Δθ]" else 0.0
            ours = family(gradients, accumulator, numerator, 0.01, 0.9, epsilon, self.root)
            gaps.append((ours - torchs(make)).abs().max().item())

        ours = family(gradients, "average", "α", 0.01, 0.9, 0.0, self.root)
        larger = family(100 * gradients, "average", "α", 0.01, 0.9, 0.0, self.root)

        # Rprop's moves on + + + − −, in units of the first, for three sizes of gradient
        found = []
        for size in (1e-3, 1.0, 1e3):
            w = torch.zeros(1, dtype=self.exact, device=stage.device, requires_grad=True)
            rprop = optim.Rprop([w], lr=0.01, etas=(0.5, self.growth))
            for sign in (1, 1, 1, -1, -1):
                before = w.item()
                w.grad = torch.full_like(w, size * sign)
                rprop.step()
                found.append(abs(w.item() - before) / 0.01)
        expected = [1, 1.2, 1.44, 0, 0.72] * 3

        # Adadelta's first step
        first = []
        for size in (1.0, 100.0):
            w = torch.zeros(1, dtype=self.exact, device=stage.device, requires_grad=True)
            adadelta = optim.Adadelta([w], lr=1, rho=0.9, eps=self.epsilon)
            w.grad = torch.full_like(w, size)
            adadelta.step()
            first.append(abs(w.item()))
        theory = math.sqrt(1e-6 / (1 - 0.9))
        stage.measure(
            family_gap=max(gaps),
            root_ratio=larger[-1].norm() / ours[-1].norm(),
            rprop_error=max(abs(a - b) for a, b in zip(found, expected, strict=True)),
            first_error=max(abs(step / theory - 1) for step in first),
        )

    # Looks

    def look(self, stage, losses):
        def steps(value):
            return "…" if value == math.inf else int(value)

        rows = []
        for name in self.ravines:
            aligned, turned = map(steps, self.arrived(name))
            plain, scaled = losses.get((name, 1.0), "–"), losses.get((name, "scaled"), "–")
            if name == "Rprop":
                plain = losses["Rprop", "B=1400"]
            rows.append([name, aligned, turned, plain, scaled])
        for rule, setting in [("Adagrad", "0.01"), ("Adagrad", "1")]:
            rows.append([f"{rule}, α {setting}", "", "", losses[rule, setting], ""])
        for rule, setting in [("Adadelta", "ε 1e-08"), ("Adadelta", "ε 0.001")]:
            rows.append([f"{rule}, {setting}", "", "", losses[rule, setting], ""])
        columns = ["rule", "aligned", "turned", "loss", f"× {self.loss_scale:g}"]
        stage.table("rules", columns, rows)

        w, adagrad = self.rare["Adagrad"]
        squares = adagrad.state[w]["sum"]
        seen = self.examples[0][: EXAMPLES * (stage.step + 1)].sum(0)
        known = seen > 0
        rates = (1.0 / (squares.sqrt() + 1e-10))[known]
        series = {"Adagrad": rates, "SGD": torch.full_like(rates, 0.3)}
        stage.plot("rare features", seen[known], series, scatter=True)

    @claim(
        "a turned ravine costs Adagrad 5 times the steps of an aligned one, or more, measured by "
        "what it costs plain descent",
        breaks={"rotation": 0, "steps": 60},
    )
    def axes_only(self, measured):
        return measured.turned_cost > 5

    @claim(
        "in the turned ravine, at half the best rate, gains by sign arrive in less than two thirds "
        "of plain descent's steps",
        breaks={"increase": 0},
    )
    def gains_help(self, measured):
        return measured.gains_gain > 1.5

    @claim(
        "a gain takes 4 times as many steps from 1 to 10 as back, or nearly",
        breaks={"increase": 0},
    )
    def gain_speeds(self, measured):
        return measured.gain_ratio.between(3.5, 4.5)

    @claim(
        "under random signs gains stay about 1: their mean lies within 0.9 and 1.1",
        breaks={"increase": 0},
    )
    def gain_noise(self, measured):
        return measured.gain_mean.between(0.9, 1.1)

    @claim(
        "Rprop's moves on + + + − − are 1, 1.2, 1.44, 0, 0.72, for gradients of any size (largest "
        "difference)",
        breaks={"growth": 1.01, "steps": 60},
    )
    def rprop_lengths(self, measured):
        return measured.rprop_error < 1e-6

    @claim(
        "with all data as one batch Rprop brings the loss below 0.0001",
        breaks={"growth": 1.01, "steps": 60},
    )
    def rprop_full(self, measured):
        return measured.rprop_full < 1e-4

    @claim("with batches of 8 its loss ends above 1", breaks={"batch": 1400, "steps": 40})
    def rprop_fails(self, measured):
        return measured.rprop_small > 1

    @claim(
        "with the same small batches Rprop's loss is more than 3 times RMSProp's",
        breaks={"batch": 1400, "steps": 40},
    )
    def rmsprop_works(self, measured):
        return measured.rprop_small / measured.rmsprop_small > 3

    @claim(
        "nine against one: Lion's sign drifts by 8 α in each ten steps (α in ten)",
        breaks={"minority": 5, "steps": 20},
    )
    def sign_drift(self, measured):
        return measured.lion_drift.between(-8.5, -7.5)

    @claim(
        "Rprop drifts by more than 100 times its first step in each ten",
        breaks={"minority": 5, "steps": 20},
    )
    def rprop_drift(self, measured):
        return measured.rprop_drift < -100

    @claim(
        "RMSProp with γ = 0.9 still drifts, by 0.55 to 0.8 α in ten",
        breaks={"minority": 5, "steps": 20},
    )
    def short_memory(self, measured):
        return measured.short_drift.between(-0.8, -0.55)

    @claim(
        "with γ = 0.999 by less than 0.05 α",
        breaks={"gamma": 0.5, "steps": 20},
    )
    def memory_cures(self, measured):
        return measured.long_drift < 0.05

    @claim(
        "loss times 0.01: RMSProp, Adagrad and Adam end at the same loss, within a tenth "
        "(largest relative change)",
        breaks={"loss_scale": 1e-8, "steps": 30},
    )
    def scale_free(self, measured):
        return measured.scale_change < 0.1

    @claim(
        "Adadelta's loss ends more than 3 times as high: its units do not cancel",
        breaks={"loss_scale": 1, "steps": 30},
    )
    def units_do_not_cancel(self, measured):
        return measured.adadelta_change > 3

    @claim(
        "gradients times 100 change RMSProp's way by nothing (ratio of the two)",
        breaks={"root": False, "steps": 20},
    )
    def root_matters(self, measured):
        return measured.root_ratio.between(0.999, 1.001)

    @claim(
        "one rule with two switches is torch's Adagrad, RMSProp and Adadelta (largest distance "
        "after 100 steps)",
        breaks={"root": False, "steps": 20},
    )
    def one_family(self, measured):
        return measured.family_gap < 1e-6

    @claim(
        "Adagrad at the famous 0.01 ends with more than 3 times its loss at 0.1",
        breaks={"steps": 20},
    )
    def needs_tuning(self, measured):
        return measured.adagrad_rates > 3

    @claim(
        "under a steady gradient Adagrad goes on: as far as 2α√T, within a tenth",
        breaks={"burst": 1000, "steps": 20},
    )
    def never_stops(self, measured):
        return measured.way_share.between(0.9, 1.1)

    @claim(
        "Adagrad does more for rare features: the weights of the rarer half, compared with the "
        "others', are more than 1.1 times SGD's",
        breaks={"skew": 0, "steps": 50},
    )
    def rare_learned(self, measured):
        return measured.rare_ratio > 1.1

    @claim(
        "and predicts unseen examples better: SGD's loss is at least 1.05 times Adagrad's",
        breaks={"skew": 0, "steps": 50},
    )
    def rare_loss_lower(self, measured):
        return measured.rare_loss_ratio > 1.05

    @claim(
        "Adadelta's first step is √(1e-6 / 0.1) = 0.00316, for g = 1 and 100 (relative error)",
        breaks={"epsilon": 1e-3, "steps": 20},
    )
    def first_step(self, measured):
        return measured.first_error < 1e-4

    @claim(
        "Adadelta needs no rate, they say: with ε = 1e-8 its loss ends more than 3 times as high "
        "as with 0.001",
        breaks={"steps": 20},
    )
    def epsilon_is_a_rate(self, measured):
        return measured.adadelta_epsilons > 3
