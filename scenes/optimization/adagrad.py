r"""
# Adagrad and its family

*A learning rate for each weight* went by signs. The rules here go by sizes: each weight's gradient
g is divided by the size of the gradients that this weight has had.

**Adagrad** (2011) divides by the root of the *sum* of all g² so far:

$$\theta \leftarrow \theta - \alpha \frac{g}{\sqrt{\sum g^2} + \epsilon}$$

So rare features, that have been seen little, keep large steps (**rare features**: words are like
that; Adam does about as well there, left out). *"No tuning, take 0.01"*: on the digits that is
several times worse than 0.1. *"In the end it cannot learn any more"*: under a steady gradient its
steps are α/√t, and their sum 2α√T grows without end (**steady gradient**). It does suffer after a
`burst` of early gradients.

**RMSProp** (Hinton 2012) forgets: in place of the sum a moving average, E[g²]. With γ = 0 there is
no memory, and the step is α by sign. The root matters: without it the step shrinks as gradients
grow. With it gradients times 100 change nothing. PyTorch has ε outside of the root; that matters
only for gradients as small as √ε.

**Adadelta** (Zeiler 2012) forgets as well (both arose at the same time, against Adagrad's decay),
and replaces α by the size of its own last steps, to give the step the units of θ:

$$\Delta\theta_t = - \frac{\text{RMS}[\Delta\theta]_{t-1}}{\text{RMS}[g]_t} g_t$$

where RMS[x] = √(E[x²] + ε). *"No learning rate"*: ε is one. The first step is √(ε/(1 − γ)) = 0.003
for every g that is not tiny, after a hundred steady gradients it is 0.005, and in the ravine
Adadelta is the last of all. *"Units cancel"*: ε spoils that too; with the loss times 0.01 Adadelta
fails, and so does plain descent, while the others do not notice.

**One family.** Accumulator (sum or moving average) and numerator (α, or RMS[Δθ]): sum and α is
Adagrad, average and α RMSProp, average and RMS[Δθ] Adadelta. So RMSProp is Adadelta's first form,
before the units. A claim runs this one rule against torch's three.

## Watch

- **rules**: steps to a thousandth of the height in a ravine (κ = 100) across the axes, each rule at
  its best rate. Then the *loss* that a digits net (64-64-10) comes to, and, under *×.01*, that of
  one that descends its loss times `loss_scale`. (Adadelta has `epsilon` in all three. Claims take
  the median of the last five looks at a loss: it jumps.)
- **told and tuned**: the digits again. *Told* are Adagrad at `adagrad_rate` and Adadelta with
  `epsilon`; *tuned* are Adagrad at 0.1 and Adadelta with 0.001.
- **rare features**: the rate that is left to each weight, by how often its feature was seen.
- **steady gradient**: how far a gradient of 1 takes a weight. Adagrad's way is a root of the time.
  RMSProp's first steps are ten times α, as its average starts at 0; Adadelta's start tiny and grow.

## Try

- `skew=0`: all features equally frequent; Adagrad has no advantage.
- `burst=1000`: one early gradient of 1000, and Adagrad is paralysed.
- `adagrad_rate=0.1`: tuned after all.
- `epsilon=0.001`: Adadelta's hidden learning rate.
- `loss_scale=1`: nothing to be invariant to. `loss_scale=1e-08`: gradients as small as ε.
- `root=off`: the family without its root.
"""

import math
from copy import deepcopy
from functools import partial
from statistics import median

import torch
from torch import nn, optim
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from dlplay import Float, Int, Scene, Toggle, claim
from dlplay.data import digits

ALPHA = 0.01  # the rate wherever one weight meets gradients that are made up
KAPPA = 100
RATES = [1.95 * 10 ** (-k / 3) for k in range(8)]  # tried in the ravine: the first is almost 2/λ
FEATURES = 200
EXAMPLES = 12  # sparse examples for each step
STEADY = 400  # gradients of 1
TUNED = {"SGD": 0.3, "RMSProp": 0.003, "Adagrad": 0.1, "Adadelta": 1.0, "Adam": 0.01}  # digits


class Adagrad(Scene):
    covers = {
        "RMSProp: A Mini-Batch Version of Rprop": (
            "rules",
            "no_memory",
            "scale_free",
            "sgd_notices",
            "root_matters",
        ),
        "Adagrad": (
            "rare features",
            "steady gradient",
            "told and tuned",
            "rare_learned",
            "rare_loss_lower",
            "never_stops",
            "needs_tuning",
        ),
        "Adadelta": (
            "steady gradient",
            "rules",
            "told and tuned",
            "first_step",
            "slow_start",
            "slowest",
            "epsilon_is_a_rate",
            "units_do_not_cancel",
        ),
        "RMSProp Analogies": ("steady gradient", "one_family"),
    }
    panels = ("rules", "told and tuned", "rare features", "steady gradient")
    quick = {"steps": 20}

    loss_scale = Float(0.01, min=1e-8, max=1e4, log=True, live=True, help="times five nets' loss")
    adagrad_rate = Float(0.01, min=1e-3, max=10, log=True, live=True, help="of the untuned Adagrad")
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
            "RMSProp": partial(optim.RMSprop, alpha=0.99),
            "Adagrad": optim.Adagrad,
            "Adadelta": partial(optim.Adadelta, rho=0.9, eps=self.epsilon),
            "Adam": optim.Adam,
        }
        stage.axes("told and tuned", y="loss", log="y", lines={"guessing": math.log(10)})
        stage.axes("rare features", x="times seen", y="rate", log="xy")
        stage.axes("steady gradient", x="step", y="way", log="xy")

        self.formulas(stage)
        self.steady_gradient(stage)
        self.begin_ravine()
        self.begin_rare()
        x, y, *_ = (part.to(stage.device) for part in digits())
        plain, scaled = self.nets()
        stage.watch(plain["Adagrad"][0])
        looks = []

        for step in stage.loop(self.steps):
            self.descend(step)
            self.see_examples(step)

            # One step of every net; all see the same digits
            i = torch.randperm(len(x), device=stage.device)[:64]
            plain["Adagrad told"][1].param_groups[0]["lr"] = self.adagrad_rate
            for nets, scale in ((plain, 1.0), (scaled, self.loss_scale)):
                for net, optimizer in nets.values():
                    optimizer.zero_grad()
                    (scale * cross_entropy(net(x[i]), y[i])).backward()
                    optimizer.step()

            if stage.every(10):
                with stage.probe(*(net for net, _ in [*plain.values(), *scaled.values()])):
                    loss = {name: cross_entropy(n(x), y).item() for name, (n, _) in plain.items()}
                    less = {name: cross_entropy(n(x), y).item() for name, (n, _) in scaled.items()}
                self.look(stage, loss, less)
                looks.append((loss, less))

        # At the end a loss may jump for a few steps: the median of the last five looks
        loss = {name: median(look[name] for look, _ in looks[-5:]) for name in plain}
        less = {name: median(look[name] for _, look in looks[-5:]) for name in scaled}
        changed = {name: less[name] / loss[name] for name in TUNED}
        stage.measure(
            adadelta_slow=self.needed("Adadelta") / self.needed("SGD"),
            scale_change=max(abs(changed[n] - 1) for n in ("RMSProp", "Adagrad", "Adam")),
            sgd_change=changed["SGD"],
            adadelta_change=changed["Adadelta"],
            adagrad_rates=loss["Adagrad told"] / loss["Adagrad"],
            adadelta_epsilons=loss["Adadelta"] / loss["Adadelta tuned"],
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
        first = walk(self.rules["Adadelta"], torch.tensor([[1.0, 100.0]], **self.here)).abs()
        stage.measure(
            family_gap=max(gaps),
            root_ratio=larger[-1].norm() / rmsprop[-1].norm(),
            no_memory=(no_memory - 1).abs().max(),
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

    # A ravine x² + y²/κ, turned by 45°: every rule with eight rates

    def begin_ravine(self):
        along, across = (1 + 1 / KAPPA) / 2, (1 - 1 / KAPPA) / 2
        self.ravine = torch.tensor([[along, across], [across, along]], **self.here)  # its Hessian
        self.walkers, self.arrivals = {}, {}
        for name, make in self.rules.items():
            walkers = [torch.tensor([0, 2**0.5], **self.here).requires_grad_() for _ in RATES]
            groups = [{"params": [w], "lr": rate} for w, rate in zip(walkers, RATES, strict=True)]
            self.walkers[name] = walkers, make(groups, lr=1.0)
            self.arrivals[name] = torch.full((len(RATES),), torch.inf)

    def descend(self, step):
        for name, (walkers, optimizer) in self.walkers.items():
            where = torch.stack(walkers).detach()  # [8 rates, 2]
            slopes = where @ self.ravine
            height = (where * slopes).sum(-1) / self.ravine.trace()  # 1 at the start, [8]
            there = (height < 1e-3).cpu() & self.arrivals[name].isinf()
            self.arrivals[name][there] = step
            for w, g in zip(walkers, slopes, strict=True):
                w.grad = g
            optimizer.step()

    def needed(self, name):
        """Steps to the goal at the best rate; at least all."""
        return min(self.arrivals[name].min().item(), self.steps)

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
        """Name: (net, optimizer), of those with the plain loss and with the scaled one."""
        first = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        tuned = {name: partial(self.rules[name], lr=rate) for name, rate in TUNED.items()}
        others = {
            "Adagrad told": partial(optim.Adagrad, lr=self.adagrad_rate),
            "Adadelta tuned": partial(tuned["Adadelta"], eps=1e-3),
        }

        def begin(make):
            net = deepcopy(first).to(self.here["device"])  # equal weights for all
            return net, make(net.parameters())

        plain = {name: begin(make) for name, make in (tuned | others).items()}
        scaled = {name: begin(make) for name, make in tuned.items()}
        return plain, scaled

    def look(self, stage, loss, less):
        curves = {
            "Adagrad told": loss["Adagrad told"],
            "Adagrad tuned": loss["Adagrad"],
            "Adadelta told": loss["Adadelta"],
            "Adadelta tuned": loss["Adadelta tuned"],
        }
        stage.curve("told and tuned", curves)

        rows = []
        for name, arrivals in self.arrivals.items():
            steps = "–" if arrivals.isinf().all() else int(arrivals.min())
            rows.append([name, steps, f"{loss[name]:.2f}", f"{less[name]:.2f}"])
        scale = f"×{self.loss_scale:g}".replace("0.", ".")
        stage.table("rules", ["rule", "ravine", "loss", scale], rows)

        w, adagrad = self.rare["Adagrad"]
        seen = self.examples[0][: EXAMPLES * (stage.step + 1)].sum(0)
        rates = 1 / (adagrad.state[w]["sum"][seen > 0].sqrt() + 1e-10)
        series = {"Adagrad": rates, "SGD": torch.full_like(rates, 0.3)}
        stage.plot("rare features", seen[seen > 0], series, scatter=True)

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

    @claim("plain descent's ends more than 3 times as high", breaks={"loss_scale": 1, "steps": 10})
    def sgd_notices(self, measured):
        return measured.sgd_change > 3

    @claim("and Adadelta's too: its units do not cancel", breaks={"loss_scale": 1, "steps": 10})
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
