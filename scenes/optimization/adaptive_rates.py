r"""
# A learning rate for each weight

One learning rate for all weights is too large for some and too small for others. Each weight can
have its own; the rules for it look at the sign of the gradient, or at its size. All work weight by
weight: they mend a ravine that lies along the axes, and pay for one that lies across them. Plain
descent and momentum do not notice the difference (**rules**, each at its best rate).

**Gains by sign.** Δθ = −α · gain · g. The gain starts at 1; + 0.05 while its sign stays, × 0.95
when it flips; kept within 0.1 and 10. At random signs it hovers about 1. *"Sharply reduced"*: at
gain 1 the two are equal, five hundredths; only a large gain falls sharply. Signs must mean
something: use large batches. Momentum is not tied to the axes, and goes well with gains.

**Rprop** (Riedmiller and Braun, 1993) uses nothing but the sign: θ ← θ − sign(g) · Δ. It is a step
*length* Δ that adapts, not a rate: × 1.2 while the sign stays, × 0.5 at a flip (and torch skips
that step), within 1e-6 and 50. The size of g, or of the loss, is irrelevant. With all data as one
batch it brings the training loss down far quicker than Adam does (on unseen digits Adam reads a
little more: left out, as it is a difference of seven). **With small batches it fails**: nine
gradients of +0.1 and one of −0.9 cancel exactly, but nine signs outvote one, and meanwhile Δ grows
(**nine and one**). Lion's sign goes wrong the same way.

**RMSProp** (Hinton 2012) divides g by its own size like Rprop, but by a size that neighbouring
batches share, a moving average:

$$\theta \leftarrow \theta - \alpha \frac{g}{\sqrt{E[g^2]_t + \epsilon}}$$

with E[g²]ₜ = γ E[g²]ₜ₋₁ + (1 − γ) g². With γ = 0 it is the sign again. It cures the drift as far as
its memory is long: γ = 0.9 still loses 0.7 α in each ten, 0.999 next to nothing. The root matters:
without it the step shrinks as gradients grow. PyTorch has ε outside of the root; that matters only
for gradients as small as √ε.

**Adagrad** (2011) divides by the root of the *sum* of all g²: rare features, that have been seen
little, keep large steps (**rare features**: words are like that; Adam does about as well there,
left out). *"No tuning, take 0.01"*: on the digits that is several times worse than 0.1. *"In the
end it cannot learn any more"*: under a steady gradient its steps are α/√t, and their sum 2α√T grows
without end (**steady gradient**). It does suffer after a `burst` of early gradients.

**Adadelta** (Zeiler 2012) forgets, as RMSProp does (both arose at the same time, against
Adagrad's decay), and replaces α by the size of its own last steps, to give the step the units of θ:

$$\Delta\theta_t = - \frac{\text{RMS}[\Delta\theta]_{t-1}}{\text{RMS}[g]_t} g_t$$

where RMS[x] = √(E[x²] + ε). *"No learning rate"*: ε is one. The first step is √(ε/(1 − γ)) = 0.003
for every g that is not tiny, after a hundred steady gradients it is 0.005, and in the ravine
Adadelta is the last of all. *"Units cancel"*: ε spoils that too; with the loss times 0.01 Adadelta
fails, and so does plain descent, while the others do not notice.

**One family.** Accumulator (sum or moving average) and numerator (α, or RMS[Δθ]): sum and α is
Adagrad, average and α RMSProp, average and RMS[Δθ] Adadelta. So RMSProp is Adadelta's first form,
before the units. A claim runs this one rule against torch's three.

## Watch

- **rules**: steps to a thousandth of the height in a ravine (κ = 100) along the axes, *0°*, and
  in the same one turned. Then the *loss* a digits net (64-64-10) ends at, tuned; and, without
  tuning, as it is *told* (Adagrad at `adagrad_rate`, not 0.1; Adadelta with `epsilon`, not 0.001).
  Last, a net that descends its loss times `loss_scale`.
- **nine and one**: how far each ten steps take a weight that should stay, in units of α. RMSProp
  with a short memory, γ = 0.9, and with a long one, `gamma`. Plain descent: 0, off the chart.
- **Rprop by batch**: a batch of all digits, of 32, or of a few (`batch`); the loss on all.
- **gains**: steady signs climb by addition, alternating signs fall by multiplication.

## Try

- `rotation=0`: aligned and turned are the same. `minority=5`: five against five, no drift.
- `gamma=0.5`: RMSProp with hardly a memory drifts. `batch=1400`: Rprop on the whole set.
- `boldness=0.01`: gains and Rprop's steps can only fall. `boldness=4`: gains run up on pure noise.
- `loss_scale=1`: nothing to be invariant to. `loss_scale=1e-08`: gradients as small as ε.
- `root=off`: the family without its root. `epsilon=0.001`: Adadelta's hidden learning rate.
- `adagrad_rate=0.1`: tuned after all.
- `skew=0`: all features equally frequent; Adagrad has no advantage. `burst=1000`: it is paralysed.
"""

import math
from copy import deepcopy
from functools import partial

import torch
from torch import nn, optim
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from dlplay import Float, Int, Scene, Toggle, claim
from dlplay.data import digits
from dlplay.nn.optimizers import Lion, SignGains

ALPHA = 0.01  # the rate wherever one weight meets gradients that are made up
KAPPA = 100
RATES = [1.95 * 10 ** (-k / 3) for k in range(8)]  # tried in the ravine: the first is almost 2/λ
BY_WEIGHT = ("gains", "Rprop", "RMSProp", "Adagrad", "Adadelta", "Adam")
FEATURES = 200
EXAMPLES = 12  # sparse examples for each step
STEADY = 400  # gradients of 1
TUNED = {"SGD": 0.3, "RMSProp": 0.003, "Adagrad": 0.1, "Adadelta": 1.0, "Adam": 0.01}  # digits


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
            "no_memory",
            "rmsprop_works",
            "scale_free",
            "sgd_notices",
            "root_matters",
        ),
        "Adagrad": (
            "rare features",
            "steady gradient",
            "rules",
            "rare_learned",
            "rare_loss_lower",
            "never_stops",
            "needs_tuning",
        ),
        "Adadelta": (
            "steady gradient",
            "rules",
            "first_step",
            "slow_start",
            "slowest",
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
    boldness = Float(
        1, min=0.01, max=5, help="while the sign stays: gains + 0.05 · this, Rprop × 1.2 ^ this"
    )
    loss_scale = Float(0.01, min=1e-8, max=1e4, log=True, help="multiplies the loss of five nets")
    adagrad_rate = Float(0.01, min=1e-3, max=10, log=True, help="Adagrad's rate, if not tuned")
    epsilon = Float(1e-6, min=1e-10, max=0.1, log=True, help="Adadelta's ε")
    skew = Float(1, min=0, max=2, help="feature number k is seen in proportion to 1/k^skew")
    burst = Float(1, min=1, max=1e6, log=True, help="first of the steady gradients, times this")
    root = Toggle(True, help="whether the family divides by the root of the squares")
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
            "Adadelta": partial(optim.Adadelta, rho=0.9, eps=self.epsilon),
            "Adam": optim.Adam,
        }
        stage.axes("nine and one", x="cycle", y="α", log="y")
        stage.axes("gains", y="gain", lines={"start": 1})
        stage.axes("Rprop by batch", y="loss", log="y", lines={"guessing": math.log(10)})
        stage.axes("rare features", x="times seen", y="rate", log="xy")
        stage.axes("steady gradient", x="step", y="way", log="xy")

        self.formulas(stage)
        self.steady_gradient(stage)
        self.begin_drift()
        self.begin_gains()
        self.begin_rare()
        x, y, *_ = (part.to(stage.device) for part in digits())
        nets = self.nets()
        stage.watch(nets["RMSProp"][0])

        for step in stage.loop(self.steps):
            if step == 0 or stage.changed("rotation"):
                self.begin_ravines(step)
            self.descend(step)
            self.drift(stage, step)
            self.follow_signs(stage, step)
            self.see_examples(step)

            # One step of every net; those with the same size of batch see the same digits
            order = torch.randperm(len(x), device=stage.device)
            for net, optimizer, size, scale in nets.values():
                i = order[: size or self.batch]
                optimizer.zero_grad()
                (scale * cross_entropy(net(x[i]), y[i])).backward()
                optimizer.step()

            if stage.every(10):
                with stage.probe(*(net for net, *_ in nets.values())):
                    losses = {name: cross_entropy(n(x), y).item() for name, (n, *_) in nets.items()}
                self.look(stage, losses)

        self.measure(stage, losses)

    def measure(self, stage, losses):
        needed = {name: self.needed(name) for name in self.rules}  # name: (aligned, turned)
        cost = {name: turned / aligned for name, (aligned, turned) in needed.items()}
        drift = {
            name: (w.item() - self.halfway[name]) / ALPHA / (self.steps - self.steps // 2)
            for name, (w, _) in self.drifting.items()
        }
        changed = {name: losses[name, "scaled"] / losses[name] for name in TUNED}
        second = self.arrivals["SGD"][1, 1], self.arrivals["gains"][1, 1]  # turned, second rate
        stage.measure(
            turned_cost=cost["Adagrad"] / cost["momentum"],
            least_cost=min(cost[name] for name in ("Rprop", "RMSProp", "Adam")),
            adadelta_slow=needed["Adadelta"][1] / needed["SGD"][1],
            gains_gain=(second[0] / second[1]).nan_to_num(1.0, math.inf),  # neither arrives: 1
            gain_ratio=self.climb / self.fall,
            gain_mean=self.gains[2:].mean(),
            rprop_full=losses["Rprop", 1400] / losses["Adam", 1400],
            rprop_small=losses["Rprop", "small"],
            rprop_worse=losses["Rprop", "small"] / losses["RMSProp", "small"],
            sign_drift=drift["Lion"] - drift["SGD"],
            rprop_drift=drift["Rprop"],
            long_drift=max(abs(drift["RMS long"]), abs(drift["Adam"])),
            short_drift=drift["RMS short"],
            scale_change=max(abs(changed[n] - 1) for n in ("RMSProp", "Adagrad", "Adam")),
            sgd_change=changed["SGD"],
            adadelta_change=changed["Adadelta"],
            adagrad_rates=losses["Adagrad", "untuned"] / losses["Adagrad"],
            adadelta_epsilons=losses["Adadelta"] / losses["Adadelta", "ε 0.001"],
            rare_ratio=self.rare_share("Adagrad") / self.rare_share("SGD"),
            rare_loss_ratio=self.rare_loss("SGD") / self.rare_loss("Adagrad"),
        )

    # What a few gradients can tell

    def formulas(self, stage):
        g = torch.randn(100, 10, **self.here)
        pairs = [
            ("sum", "α", 0, partial(optim.Adagrad, lr=ALPHA, eps=0)),
            ("average", "α", 0, partial(optim.RMSprop, lr=ALPHA, alpha=0.9, eps=0)),
            ("average", "RMS[Δθ]", 1e-6, partial(optim.Adadelta, lr=1, rho=0.9, eps=1e-6)),
        ]
        gaps = [
            (family(g, sort, above, 0.9, epsilon, self.root) - walk(make, g)).abs().max()
            for sort, above, epsilon, make in pairs
        ]
        rmsprop, larger = (family(k * g, "average", "α", 0.9, 0, self.root) for k in (1, 100))
        no_memory = family(g, "average", "α", 0, 0, self.root).diff(dim=0).abs() / ALPHA

        # Rprop on + + + − −, for three sizes of gradient; its steps in units of the first
        signs = torch.tensor([1, 1, 1, -1, -1], **self.here)[:, None]  # [5, 1]
        sizes = torch.tensor([1e-3, 1.0, 1e3], **self.here)
        path = walk(partial(self.rules["Rprop"], lr=ALPHA), signs * sizes)  # [5, 3]
        moves = path.diff(dim=0, prepend=torch.zeros_like(path[:1])).abs() / ALPHA
        expected = torch.tensor([1, 1.2, 1.44, 0, 0.72], **self.here)[:, None]

        first = walk(self.rules["Adadelta"], torch.tensor([[1.0, 100.0]], **self.here)).abs()
        stage.measure(
            family_gap=max(gaps),
            root_ratio=larger[-1].norm() / rmsprop[-1].norm(),
            no_memory=(no_memory - 1).abs().max(),
            rprop_error=(moves - expected).abs().max(),
            first_error=(first / math.sqrt(1e-6 / 0.1) - 1).abs().max(),
        )

    def steady_gradient(self, stage):
        g = torch.ones(STEADY, 1, **self.here)
        g[0] = self.burst
        rates = {"Adagrad": ALPHA, "RMSProp": ALPHA, "Adadelta": 1.0}
        ways = {n: -walk(partial(self.rules[n], lr=rate), g)[:, 0] for n, rate in rates.items()}
        stage.plot("steady gradient", range(1, STEADY + 1), ways)
        stage.measure(
            way_share=ways["Adagrad"][-1] / (2 * ALPHA * math.sqrt(STEADY)),
            hundredth_step=ways["Adadelta"][99] - ways["Adadelta"][98],
        )

    # Two ravines, x² + y²/κ and the same turned: every rule with eight rates in both

    def begin_ravines(self, step):
        angle = math.radians(self.rotation)
        turn = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        self.turn = torch.tensor([[[1, 0], [0, 1]], turn], **self.here)  # [2 ravines, 2, 2]
        start = self.turn.sum(1)  # (1, 1) on the ravine's own axes, [2 ravines, 2]
        self.walkers, self.arrivals, self.begun = {}, {}, step
        for name, make in self.rules.items():
            walkers = [start.clone().requires_grad_() for _ in RATES]
            groups = [{"params": [w], "lr": rate} for w, rate in zip(walkers, RATES, strict=True)]
            self.walkers[name] = walkers, make(groups, lr=1.0)
            self.arrivals[name] = torch.full((len(RATES), 2), torch.inf)

    def descend(self, step):
        stiff = self.turn.new_tensor([1.0, 1 / KAPPA])
        for name, (walkers, optimizer) in self.walkers.items():
            where = torch.stack(walkers).detach()  # [8 rates, 2 ravines, 2]
            own = torch.einsum("kij,rki->rkj", self.turn, where)  # on the ravine's own axes
            height = (stiff * own**2).sum(-1) / stiff.sum()  # 1 at the start, [8, 2]
            there = (height < 1e-3).cpu() & self.arrivals[name].isinf()
            self.arrivals[name][there] = step - self.begun
            slopes = torch.einsum("kij,rkj->rki", self.turn, stiff * own)
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

    # Examples of 0 and 1: feature k in proportion to 1/k^skew, true weights ± 3

    def begin_rare(self):
        share = 1 / torch.arange(1, FEATURES + 1).float() ** self.skew
        share = (10 * share / share.sum()).clamp(max=0.5)
        truth = 6.0 * torch.randint(0, 2, (FEATURES,)) - 3
        count = EXAMPLES * self.steps
        x = (torch.rand(count + 2000, FEATURES) < share).float()
        y = (torch.rand(len(x)) < (x @ truth).sigmoid()).float()
        x, y = x.to(self.here["device"]), y.to(self.here["device"])
        self.examples, self.unseen = (x[:count], y[:count]), (x[count:], y[count:])
        self.rare = {}
        for name, rate in (("Adagrad", 1.0), ("SGD", 0.3)):
            w = torch.zeros(FEATURES, device=x.device, requires_grad=True)
            self.rare[name] = w, self.rules[name]([w], lr=rate)

    def see_examples(self, step):
        x, y = self.examples
        for i in range(step * EXAMPLES, (step + 1) * EXAMPLES):
            for w, optimizer in self.rare.values():
                w.grad = ((x[i] @ w.detach()).sigmoid() - y[i]) * x[i]
                optimizer.step()

    def rare_share(self, name):
        """How large the weights of the rarer half are, compared with the others'."""
        w = self.rare[name][0].detach().abs()
        return w[FEATURES // 2 :].mean() / w[: FEATURES // 2].mean()

    def rare_loss(self, name):
        x, y = self.unseen
        return binary_cross_entropy_with_logits(x @ self.rare[name][0].detach(), y)

    # Digits

    def nets(self):
        """Name: (net, optimizer, digits in a batch, what multiplies the loss). Equal weights."""
        first = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        nets = {}

        def add(name, optimizer, size=64, scale=1.0):
            net = deepcopy(first).to(self.here["device"])
            nets[name] = net, optimizer(net.parameters()), size, scale

        tuned = {name: partial(self.rules[name], lr=rate) for name, rate in TUNED.items()}
        for name, optimizer in tuned.items():
            add(name, optimizer)
            add((name, "scaled"), optimizer, scale=self.loss_scale)
        add(("Adagrad", "untuned"), partial(optim.Adagrad, lr=self.adagrad_rate))
        add(("Adadelta", "ε 0.001"), partial(tuned["Adadelta"], eps=1e-3))
        for size in (1400, 32):
            add(("Rprop", size), self.rules["Rprop"], size)
        add(("Adam", 1400), tuned["Adam"], 1400)
        add(("Rprop", "small"), self.rules["Rprop"], None)  # None: the user's `batch`
        add(("RMSProp", "small"), tuned["RMSProp"], None)
        return nets

    def look(self, stage, losses):
        by_batch = {
            "all": losses["Rprop", 1400],
            "32": losses["Rprop", 32],
            "few": losses["Rprop", "small"],
            "RMSProp few": losses["RMSProp", "small"],
        }
        stage.curve("Rprop by batch", {name: max(loss, 1e-4) for name, loss in by_batch.items()})

        tuned = {**losses, "Adadelta": losses["Adadelta", "ε 0.001"]}
        told = {"Adagrad": losses["Adagrad", "untuned"], "Adadelta": losses["Adadelta"]}
        rows = []
        for name in self.rules:
            fastest = self.arrivals[name].amin(0).tolist()
            steps = ["–" if n == math.inf else int(n) for n in fastest]
            found = tuned.get(name), told.get(name), losses.get((name, "scaled"))
            rows.append([name, *steps, *("–" if loss is None else f"{loss:.2f}" for loss in found)])
        scaled = f"×{self.loss_scale:g}".replace("0.", ".")
        columns = ["rule", "0°", f"{self.rotation:g}°", "loss", "told", scaled]
        stage.table("rules", columns, rows)

        w, adagrad = self.rare["Adagrad"]
        seen = self.examples[0][: EXAMPLES * (stage.step + 1)].sum(0)
        rates = 1 / (adagrad.state[w]["sum"][seen > 0].sqrt() + 1e-10)
        series = {"Adagrad": rates, "SGD": torch.full_like(rates, 0.3)}
        stage.plot("rare features", seen[seen > 0], series, scatter=True)

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
        "with all data as one batch Rprop's loss ends below a tenth of Adam's",
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

    @claim(
        "RMSProp with γ = 0 moves by α, whatever the gradient (largest relative difference)",
        breaks={"root": False, "steps": 10},
    )
    def no_memory(self, measured):
        return measured.no_memory < 1e-6

    @claim(
        "loss times 0.01: RMSProp, Adagrad and Adam end at the same loss, within a tenth "
        "(largest relative change)",
        breaks={"loss_scale": 1e-8, "steps": 20},
    )
    def scale_free(self, measured):
        return measured.scale_change < 0.1

    @claim(
        "plain descent's ends more than 3 times as high",
        breaks={"loss_scale": 1, "steps": 10},
    )
    def sgd_notices(self, measured):
        return measured.sgd_change > 3

    @claim(
        "and Adadelta's too: its units do not cancel",
        breaks={"loss_scale": 1, "steps": 10},
    )
    def units_do_not_cancel(self, measured):
        return measured.adadelta_change > 3

    @claim(
        "gradients times 100 change RMSProp's way by nothing (ratio of the two)",
        breaks={"root": False, "steps": 10},
    )
    def root_matters(self, measured):
        return measured.root_ratio.between(0.999, 1.001)

    @claim(
        "one rule with two switches is torch's Adagrad, RMSProp and Adadelta (largest distance "
        "in 100 steps)",
        breaks={"root": False, "steps": 10},
    )
    def one_family(self, measured):
        return measured.family_gap < 1e-6

    @claim(
        "Adagrad at the famous 0.01 ends with more than 3 times its loss at 0.1",
        breaks={"adagrad_rate": 0.1, "steps": 10},
    )
    def needs_tuning(self, measured):
        return measured.adagrad_rates > 3

    @claim(
        "under a steady gradient Adagrad goes on: as far as 2α√T, within a tenth",
        breaks={"burst": 1000, "steps": 10},
    )
    def never_stops(self, measured):
        return measured.way_share.between(0.9, 1.1)

    @claim(
        "Adagrad does more for rare features: the weights of the rarer half, compared with the "
        "others', are more than 1.1 times SGD's",
        breaks={"skew": 0, "steps": 30},
    )
    def rare_learned(self, measured):
        return measured.rare_ratio > 1.1

    @claim(
        "and predicts unseen examples better: SGD's loss is at least 1.05 times Adagrad's",
        breaks={"skew": 0, "steps": 30},
    )
    def rare_loss_lower(self, measured):
        return measured.rare_loss_ratio > 1.05

    @claim(
        "Adadelta's first step is √(1e-6 / 0.1) = 0.00316, for g = 1 and 100 (relative error)",
        breaks={"epsilon": 1e-3, "steps": 100},
    )
    def first_step(self, measured):
        return measured.first_error < 1e-4

    @claim(
        "under a steady gradient its hundredth step is still below 0.006",
        breaks={"epsilon": 1e-3, "steps": 100},
    )
    def slow_start(self, measured):
        return measured.hundredth_step < 0.006

    @claim(
        "through the turned ravine it needs more than twice the steps of plain descent, at the "
        "best rates",
        breaks={"epsilon": 1e-3, "steps": 100},
    )
    def slowest(self, measured):
        return measured.adadelta_slow > 2

    @claim(
        "Adadelta needs no rate, they say: with ε = 1e-6 its loss ends more than 1.5 times as "
        "high as with 0.001",
        breaks={"epsilon": 1e-3, "steps": 100},
    )
    def epsilon_is_a_rate(self, measured):
        return measured.adadelta_epsilons > 1.5


def walk(make, gradients):
    """The path [T, n] of weights from 0 under gradients [T, n], by an optimizer of torch's."""
    w = torch.zeros_like(gradients[0]).requires_grad_()
    optimizer, path = make([w]), []
    for g in gradients:
        w.grad = g
        optimizer.step()
        path.append(w.detach().clone())
    return torch.stack(path)


def family(gradients, accumulator, numerator, gamma, epsilon, root=True):
    """The same path by one rule with two switches: Adagrad, RMSProp or Adadelta."""
    theta = torch.zeros_like(gradients[0])
    squares, moves, path = torch.zeros_like(theta), torch.zeros_like(theta), []
    for g in gradients:
        if accumulator == "sum":
            squares = squares + g**2
        else:
            squares = gamma * squares + (1 - gamma) * g**2
        above = (moves + epsilon).sqrt() if numerator == "RMS[Δθ]" else ALPHA
        below = (squares + epsilon).sqrt() if root else squares + epsilon
        move = -above / below * g
        moves = gamma * moves + (1 - gamma) * move**2
        theta = theta + move
        path.append(theta)
    return torch.stack(path)
