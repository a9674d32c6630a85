r"""
# Adam under the lens

Adam keeps two moving averages of a parameter's gradient g: its mean, and the mean of its square.

$$m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t$$

$$v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2$$

Each is corrected for its start at zero, and their ratio is the step:

$$\theta \leftarrow \theta - \alpha \frac{\hat{m}}{\sqrt{\hat{v}} + \epsilon}$$

with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ), β₁ = 0.9, β₂ = 0.999, ε = 1e-8. Without the first average
and the corrections it is RMSProp. Multiply the loss by 100: nothing changes, the ratio is the same
(*Adagrad and its family* measures that).

**Bias correction.** Both averages start at zero. After one step they are 0.1 g and 0.001 g²: too
small, both. v more so, and its root stands *below*: without correction the first steps are too
**large**, not too small, by (1 − β₁ᵗ)/√(1 − β₂ᵗ): 3.16 times at once, 6.57 times at step 12, still
1.26 times at step 1000. "Only the first few steps" means some 2400. At a small learning rate this
does no harm, and is even quicker; at α = 0.03 it throws the net out (**digits net**).

**v is no variance.** It estimates E[g²] = mean² + variance: the *uncentred* second moment, of the
last 1/(1 − β₂) gradients or so. Subtract the mean (`second_moment=centred`), and a steady gradient
has v = 0: the step explodes.

**The size of a step** depends on signal to noise alone, mean/std of the gradient. Steady: α. Pure
noise: not zero, but √((1 − β₁)/(1 + β₁)) √(2/π) = 0.18 α, up and down. *"Never more than α"* is
wrong: after long silence one spike moves the weight by (1 − β₁)/√(1 − β₂) = 3.16 α. And *"plain
descent where gradients are steady"* is wrong: the slope cancels, it is descent by *sign*.

**AdamW.** To shrink weights, add λθ to the gradient (L2), or shrink them outside of the rule:

$$\theta \leftarrow \theta
- \alpha \left( \frac{\hat{m}}{\sqrt{\hat{v}} + \epsilon} + \lambda \theta \right)$$

For plain SGD both are the same; with momentum not any more. In Adam the added λθ is divided by √v̂:
weights with large gradients are hardly shrunk (**decay**: three groups of weights under noise of
three sizes, and nothing else).
The paper shrinks by λ, whatever α; PyTorch, like the formula above, by αλ.

**Lion**, found by a search over programs (2023), keeps one average and steps by a sign:
c = β₁m + (1 − β₁)g, θ ← θ − α(sign(c) + λθ), m ← β₂m + (1 − β₂)g. Every weight moves by α, so that
α must be about a tenth of Adam's; half of Adam's state (**Adam and Lion**).

## Left out

That AdamW generalises better than Adam with L2, and that Lion catches up with larger batches, is
what their papers report. A thousand digits are too few to show either, so neither is claimed. Tuned
rates, and memory, are in *The race on a net*.

## Watch

- **moments**: a gradient g with your `signal`; m̂ follows its mean, √v̂ its size.
- **step by mean/std**: mean |step|/α, from steady gradients (∞) to pure noise (0).
- **correction**: how many times too large the step is without it.
- **decay**: what is left of weights that began at 1, and what the decay alone would leave.
- **Adam and Lion**: their losses are means over the last fifth of the net's steps so far.

## Try

- `bias_correction=off`: the first steps are wrong. `beta2=0.9`: both averages equally
  biased, so that the uncorrected step is too small, never too large.
- `second_moment=centred`: a steady gradient is shot to the moon.
- `beta1=0.99`: the noise floor falls to 0.06. `beta1=0`: RMSProp, that dances with 0.8 α.
- `learning_rate=0.003`: the missing correction does no harm. `weight_decay=0`: nothing shrinks.
- `decay=inside`: AdamW with its λθ in the gradient is Adam with L2.
- `momentum=0.9`: decay and L2 part ways in SGD. `lion_update=c`: Lion without its sign.
- `amsgrad=on`: Adam with a third number of state.
"""

import math
from copy import deepcopy

import torch
from torch import nn, optim
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Toggle, claim
from dlplay.data import digits
from dlplay.nn.optimizers import Lion

EPSILON = 1e-8
RATIOS = [math.inf, 10, 3, 1, 0.3, 0.1, 0]  # mean/std of the streams of gradients
SCALES = [0.1, 1, 10]  # std of the noise on the weights that decay
RATES = [3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1]
ALPHA = 1e-3  # the rate of the weights that decay
COPIES = 1000


def average(state, g, beta1, beta2, centred=False):
    """One step of Adam's averages, kept in `state` with the powers of β that correct them."""
    if not state:
        state.update(m=torch.zeros_like(g), v=torch.zeros_like(g), power1=1.0, power2=1.0)
    state["power1"] *= beta1
    state["power2"] *= beta2
    state["m"] = beta1 * state["m"] + (1 - beta1) * g
    corrected = state["m"] / (1 - state["power1"])
    square = (g - corrected) ** 2 if centred else g**2
    state["v"] = beta2 * state["v"] + (1 - beta2) * square


def direction(state, corrected=True):
    """The step that follows from the averages, as a multiple of α."""
    m, v = state["m"], state["v"]
    if corrected:
        m, v = m / (1 - state["power1"]), v / (1 - state["power2"])
    return m / (v.sqrt() + EPSILON)


def mean_step(ratio, beta1):
    """Mean |step|/α for gradients with mean/std = ratio: that of a folded normal number."""
    if ratio == math.inf:
        return 1.0
    s = math.sqrt((1 - beta1) / (1 + beta1))  # what averaging leaves of noise with std 1
    folded = s * math.sqrt(2 / math.pi) * math.exp(-(ratio**2) / (2 * s**2))
    folded += ratio * math.erf(ratio / (s * math.sqrt(2)))
    return folded / math.sqrt(ratio**2 + 1)


class AdamAnatomy(Scene):
    covers = {
        "Adam": ("moments", "digits net", "same_as_torch", "by_ratio"),
        "A closer look to Adam — 1. Why is Bias Correction Necessary?": (
            "correction",
            "digits net",
            "starts",
            "first_step",
            "at_once",
            "too_large",
            "twelfth",
            "lasting",
            "over",
            "thrown_out",
        ),
        "A closer look to Adam — 2. Interpreting the Second Moment (Uncentered Variance)": (
            "moments",
            "uncentred",
            "variance",
        ),
        "A closer look to Adam — 3. How Adam Adapts Step Sizes": (
            "step by mean/std",
            "by_ratio",
            "floor",
            "spike",
        ),
        "AdamW": ("decay", "l2_uneven", "adamw_even", "sgd_same", "momentum_differs"),
        "Lion": ("Adam and Lion", "lion_even", "lion_rate", "lion_state", "adam_steps"),
    }
    panels = (
        "moments",
        "step by mean/std",
        "correction",
        "digits net",
        "decay",
        "Adam and Lion",
    )
    quick = {"steps": 100}

    signal = Float(
        1, min=0, max=10, live=True, help="mean/std of the gradient in the panel moments"
    )
    beta1 = Float(0.9, min=0, max=0.999, live=True, help="memory of the mean")
    beta2 = Float(0.999, min=0, max=0.9999, live=True, help="memory of the mean square")
    bias_correction = Toggle(True, live=True, help="whether the averages are corrected")
    second_moment = Choice(
        "uncentred", ("uncentred", "centred"), live=True, help="v averages g², or (g − m̂)²"
    )
    learning_rate = Float(0.03, min=1e-4, max=1, log=True, live=True, help="of the two digits nets")
    weight_decay = Float(0.1, min=0, max=1, help="λ, of the decaying weights and of SGD")
    decay = Choice("outside", ("outside", "inside"), help="where AdamW puts its λθ")
    momentum = Float(0, min=0, max=0.99, help="of the SGD for which decay and L2 are the same")
    lion_update = Choice("sign(c)", ("sign(c)", "c"), help="what Lion steps by")
    amsgrad = Toggle(False, help="Adam also keeps the largest v so far")
    steps = Int(3000, min=100, max=20000, log=True, help="gradients; the nets see a tenth as many")

    def run(self, stage):
        device = stage.device
        exact = torch.float32 if device == "mps" else torch.float64
        centred = self.second_moment == "centred"
        self.begin(stage, exact)

        # Streams of gradients, a row each: seven ratios of signal to noise, the user's, a spike
        rows = len(RATIOS)
        mean = torch.tensor([float(r > 0) for r in RATIOS], dtype=exact, device=device)[:, None]
        std = torch.tensor([1 / r if r else 1.0 for r in RATIOS], dtype=exact, device=device)
        streams, slow, steps_by_row = {}, {}, 0

        # Weights under pure noise of three sizes, shrunk by AdamW or by L2 within Adam
        scales = torch.tensor(SCALES, dtype=exact, device=device)[:, None]
        weights = {
            name: torch.ones(3, COPIES, dtype=exact, device=device) for name in ("AdamW", "L2")
        }
        noise_states = {name: {} for name in weights}

        nets = self.nets(stage)
        images, labels, *_ = (part.to(device) for part in digits())
        stage.watch(nets["corrected"][0])

        ratios = []  # of uncorrected to corrected steps
        losses = {name: [] for name in nets}  # of all net steps
        smooth = {"corrected": math.log(10), "uncorrected": math.log(10)}  # guessing
        sizes = {}  # |step|/α of Adam's and Lion's weights, at the first step and the last
        stage.axes("moments", y="gradient")
        stage.axes("digits net", x="net step", y="loss, smoothed", log="y")
        stage.axes("correction", x="step", y="times α m̂/√v̂", log="x", lines={"right": 1})

        for step in stage.loop(self.steps):
            centred = self.second_moment == "centred"

            # One gradient more on every stream
            z = torch.randn(rows + 2, COPIES, dtype=exact, device=device)
            g = torch.cat([mean + std[:, None] * z[:rows], self.signal + z[rows:-1], 0 * z[-1:]])
            if step == self.steps - 1:
                g[-1] = 1.0  # the spike, after silence
            average(streams, g, self.beta1, self.beta2, centred)
            average(slow, g, self.beta2, self.beta2)
            move = direction(streams, self.bias_correction)  # [9, COPIES]
            if step >= self.steps // 2:
                steps_by_row = steps_by_row + move[:rows].abs().mean(1)
            ratio = direction(streams, False)[0, 0] / direction(streams)[0, 0]
            ratios.append(ratio.item())

            # One step more of the weights that decay
            noise = scales * torch.randn(3, COPIES, dtype=exact, device=device)
            for name, state in noise_states.items():
                w = weights[name]
                pull = self.weight_decay * w  # λθ
                if name == "AdamW" and self.decay == "outside":
                    average(state, noise, self.beta1, self.beta2)
                    weights[name] = w - ALPHA * (direction(state) + pull)
                else:
                    average(state, noise + pull, self.beta1, self.beta2)
                    weights[name] = w - ALPHA * direction(state)

            # One step of every net
            if step % 10 == 0:
                i = torch.randint(len(images), (32,), device=device)
                for name, loss in self.train(nets, images[i], labels[i], sizes, step).items():
                    losses[name].append(loss)
                smooth = {n: 0.8 * old + 0.2 * losses[n][-1] for n, old in smooth.items()}
                stage.curve("digits net", smooth, x=step // 10)

            # What the user sees
            if step % 5 == 0:
                m = streams["m"][rows, 0] / (1 - streams["power1"])
                v = (streams["v"][rows, 0] / (1 - streams["power2"])).sqrt()
                stage.curve("moments", {"g": g[rows, 0], "m": m, "√v": v})
            if stage.every(100):
                theory = [mean_step(r, self.beta1) for r in RATIOS]
                now = move[:rows].abs().mean(1).clamp(max=10)
                names = [f"{r:g}" if r < math.inf else "∞" for r in RATIOS]
                stage.bars(
                    "step by mean/std", names, {"measured": now, "formula": theory}, unit="α"
                )
                stage.plot("correction", range(1, step + 2), {"uncorrected step": ratios})
                left = {name: w.mean(1) for name, w in weights.items()}  # [3] each
                left["decay alone"] = [math.exp(-self.weight_decay * ALPHA * (step + 1))] * 3
                stage.bars("decay", [f"noise {scale:g}" for scale in SCALES], left)
                columns, cells, best = self.comparison(sizes, losses)
                stage.table("Adam and Lion", columns, cells, best=best)

        # What the claims need
        measured = steps_by_row / (self.steps - self.steps // 2)
        theory = torch.tensor([mean_step(r, self.beta1) for r in RATIOS], dtype=exact)
        v = (streams["v"] / (1 - streams["power2"]))[:rows].mean(1)
        if not self.bias_correction:
            v = streams["v"][:rows].mean(1)
        m = (slow["m"] / (1 - slow["power1"]))[:rows]
        centre = (slow["v"] / (1 - slow["power2"]))[:rows] - m**2  # [7, COPIES]
        best = {name: self.best(name, losses) for name in ("Adam", "Lion")}
        first = {name: sum(losses[name][:60]) for name in smooth}
        late = [t + 1 for t, r in enumerate(ratios) if r >= 1.05]
        stage.measure(
            first_ratio=ratios[0],
            largest_ratio=max(ratios),
            largest_at=ratios.index(max(ratios)) + 1,
            ratio_later=ratios[min(999, self.steps - 1)],
            ratio_over=late[-1] + 1 if late else 1,
            step_error=(measured.cpu() - theory).abs().max(),
            noise_step=measured[-1],
            spike=move[-1].abs().max(),
            square_error=(v / (mean[:, 0] ** 2 + std**2) - 1).abs().max(),
            variance_error=(centre.mean(1)[1:] / std[1:] ** 2 - 1).abs().max(),
            early_ratio=first["uncorrected"] / first["corrected"],
            l2_spread=left["L2"][2] / left["L2"][0],
            adamw_error=(left["AdamW"] - left["decay alone"][0]).abs().max(),
            state_ratio=sizes["Lion"][2] / sizes["Adam"][2],
            rate_ratio=best["Adam"] / best["Lion"],
            lion_error=sizes["Lion"][1],
            adam_first=sizes["Adam first"][0],
            adam_later=sizes["Adam"][0],
        )

    def begin(self, stage, exact):
        """All that one step, or a few, can tell: measured before the streams begin."""
        g = torch.tensor([100.0, 1e-3, -5.0], dtype=exact, device=stage.device)
        state = {}
        average(state, g, self.beta1, self.beta2, self.second_moment == "centred")
        first = direction(state, self.bias_correction)
        starts = torch.stack([state["m"] / (0.1 * g), state["v"] / (0.001 * g**2)])

        # Our rule and torch's, on the same hundred gradients; and RMSProp as Adam's special case
        torques = torch.randn(100, 20, dtype=exact, device=stage.device)
        adam = torch.zeros(20, dtype=exact, device=stage.device, requires_grad=True)
        rmsprop = adam.detach().clone().requires_grad_()
        optimizers = [
            optim.Adam([adam], lr=0.01, betas=(self.beta1, self.beta2)),
            optim.RMSprop([rmsprop], lr=0.01, alpha=self.beta2),
        ]
        ours, ours_rms, one, two = torch.zeros_like(g[:1]), torch.zeros_like(g[:1]), {}, {}
        for g in torques:
            adam.grad = rmsprop.grad = g
            for optimizer in optimizers:
                optimizer.step()
            average(one, g, self.beta1, self.beta2, self.second_moment == "centred")
            average(two, g, 0.0, self.beta2)
            ours = ours - 0.01 * direction(one, self.bias_correction)
            ours_rms = ours_rms - 0.01 * direction(two, corrected=False)
        gap = max((ours - adam).abs().max().item(), (ours_rms - rmsprop).abs().max().item())

        # L2 and decay for SGD, with gradients that pull the weights to 3
        spread = {}
        for momentum in (self.momentum, 0.9):
            l2 = torch.ones(20, dtype=exact, device=stage.device, requires_grad=True)
            decay = l2.detach().clone().requires_grad_()
            inside = optim.SGD([l2], lr=0.05, momentum=momentum, weight_decay=self.weight_decay)
            outside = optim.SGD([decay], lr=0.05, momentum=momentum)
            gaps = []
            for g in torques:
                l2.grad, decay.grad = l2.detach() - 3 + g, decay.detach() - 3 + g
                with torch.no_grad():
                    decay.mul_(1 - 0.05 * self.weight_decay)
                inside.step()
                outside.step()
                gaps.append(((l2 - decay).norm() / l2.norm()).item())
            spread[momentum] = max(gaps)
        stage.measure(
            start_error=(starts - 1).abs().max(),
            first_error=(first - g.new_tensor([1.0, 1.0, -1.0])).abs().max(),
            torch_gap=gap,
            sgd_gap=spread[self.momentum],
            momentum_gap=spread[0.9],
        )

    def nets(self, stage):
        """Name: (net, optimizer). Two of Adam's, and Adam and Lion at six rates; equal weights."""
        first = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        nets = {}
        for name in ("corrected", "uncorrected"):
            net = deepcopy(first).to(stage.device)
            nets[name] = net, optim.Adam(net.parameters(), betas=(self.beta1, self.beta2))
        for rate in RATES:
            net = deepcopy(first).to(stage.device)
            betas = (self.beta1, self.beta2)
            adam = optim.Adam(net.parameters(), lr=rate, betas=betas, amsgrad=self.amsgrad)
            nets[f"Adam {rate}"] = net, adam
            net = deepcopy(first).to(stage.device)
            if self.lion_update == "sign(c)":
                nets[f"Lion {rate}"] = net, Lion(net.parameters(), lr=rate)
            else:  # without the sign Lion is SGD with momentum
                sgd = optim.SGD(net.parameters(), lr=rate, momentum=0.9, dampening=0.9)
                nets[f"Lion {rate}"] = net, sgd
        self.states = [{} for _ in first.parameters()]  # of the uncorrected net
        return nets

    def train(self, nets, x, y, sizes, step):
        """One step of every net on the same batch; the losses before it."""
        losses = {}
        for name, (net, optimizer) in nets.items():
            loss = cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            losses[name] = loss.item()
            before = net[1].weight.detach().clone()
            if name == "corrected":
                optimizer.param_groups[0]["lr"] = self.learning_rate
            if name == "uncorrected":
                with torch.no_grad():
                    for p, state in zip(net.parameters(), self.states, strict=True):
                        average(state, p.grad, self.beta1, self.beta2)
                        p -= self.learning_rate * direction(state, corrected=False)
            else:
                optimizer.step()
            for kind, rate in (("Adam", RATES[2]), ("Lion", RATES[2])):
                if name == f"{kind} {rate}":
                    move = (net[1].weight.detach() - before).abs() / rate
                    moved = move[move > 0]  # pixels that are always black have no gradient
                    rms = (move**2).mean().sqrt().item()
                    sizes[kind] = rms, (moved - 1).abs().max().item(), self.state(net, optimizer)
                    if step == 0:
                        sizes[kind + " first"] = sizes[kind]
        return losses

    def state(self, net, optimizer):
        """How many numbers the optimizer keeps for each weight."""
        kept = optimizer.state[net[1].weight].values()
        return sum(t is not None and t.numel() > 1 for t in kept)

    def late(self, losses, name):
        """Mean loss over the last fifth of the net's steps so far."""
        last = losses[name][-max(1, len(losses[name]) // 5) :]
        return sum(last) / len(last)

    def best(self, kind, losses):
        """The rate with the least of these."""
        return min(RATES, key=lambda rate: self.late(losses, f"{kind} {rate}"))

    def comparison(self, sizes, losses):
        """Columns, rows and the best rows of the table."""
        rows = [
            ["state per weight", sizes["Adam"][2], sizes["Lion"][2]],
            ["first RMS step/α", sizes["Adam first"][0], sizes["Lion first"][0]],
            ["RMS step/α now", sizes["Adam"][0], sizes["Lion"][0]],
        ]
        rows += [
            [f"loss, α = {rate:g}", *(self.late(losses, f"{k} {rate}") for k in ("Adam", "Lion"))]
            for rate in RATES
        ]
        best = {3 + RATES.index(self.best(kind, losses)) for kind in ("Adam", "Lion")}
        return ["", "Adam", "Lion"], rows, sorted(best)

    @claim(
        "the rule above and torch's Adam take the same hundred steps, and with β₁ = 0 and "
        "uncorrected so do RMSProp's (largest distance)",
        breaks={"bias_correction": False, "steps": 100},
    )
    def same_as_torch(self, measured):
        return measured.torch_gap < 1e-5

    @claim(
        "after one gradient m is 0.1 g and v 0.001 g² (largest relative error)",
        breaks={"beta1": 0.99, "steps": 200},
    )
    def starts(self, measured):
        return measured.start_error < 1e-4

    @claim(
        "the first corrected step is α · sign(g), for g = 100, 0.001 and −5 alike",
        breaks={"bias_correction": False, "steps": 100},
    )
    def first_step(self, measured):
        return measured.first_error < 1e-4

    @claim(
        "uncorrected steps are too large, the first one √10 = 3.16 times",
        breaks={"beta2": 0.9, "steps": 100},
    )
    def at_once(self, measured):
        return measured.first_ratio.between(3.15, 3.17)

    @claim("the worst one 6.57 times", breaks={"beta2": 0.9, "steps": 100})
    def too_large(self, measured):
        return measured.largest_ratio.between(6.56, 6.58)

    @claim("that is the twelfth", breaks={"beta2": 0.9, "steps": 100})
    def twelfth(self, measured):
        return measured.largest_at == 12

    @claim(
        "at step 1000 they are still 1.26 times too large",
        breaks={"beta2": 0.9, "steps": 100},
    )
    def lasting(self, measured):
        return measured.ratio_later.between(1.24, 1.28)

    @claim(
        "and from step 2375 on by less than a twentieth (the step since when)",
        breaks={"beta2": 0.9, "steps": 100},
    )
    def over(self, measured):
        return measured.ratio_over.between(2365, 2385)

    @claim(
        "at α = 0.03 the uncorrected net's loss over the first 60 steps is more than 1.2 times the "
        "corrected one's",
        breaks={"learning_rate": 0.003, "steps": 600},
    )
    def thrown_out(self, measured):
        return measured.early_ratio > 1.2

    @claim(
        "v is mean² + variance of the gradient, within a tenth (largest relative error)",
        breaks={"second_moment": "centred", "steps": 300},
    )
    def uncentred(self, measured):
        return measured.square_error < 0.1

    @claim(
        "subtract the square of a mean with the same memory and the variance is left, within a "
        "tenth",
        breaks={"beta2": 0.5, "steps": 100},
    )
    def variance(self, measured):
        return measured.variance_error < 0.1

    @claim(
        "mean |step|/α is the formula's for all seven ratios of mean to std, within 0.05",
        breaks={"second_moment": "centred", "steps": 300},
    )
    def by_ratio(self, measured):
        return measured.step_error < 0.05

    @claim(
        "pure noise still moves the weights by 0.15 to 0.22 α at each step",
        breaks={"beta1": 0.99, "steps": 200},
    )
    def floor(self, measured):
        return measured.noise_step.between(0.15, 0.22)

    @claim(
        "one spike after silence moves a weight by more than 3 α",
        breaks={"beta1": 0.99, "steps": 200},
    )
    def spike(self, measured):
        return measured.spike > 3

    @claim(
        "L2 within Adam leaves more than 5 times as much of the weights with noise 10 as of those "
        "with noise 0.1",
        breaks={"weight_decay": 0, "steps": 100},
    )
    def l2_uneven(self, measured):
        return measured.l2_spread > 5

    @claim(
        "AdamW shrinks all three groups to e^(−λα · steps), as if there were no gradient, within "
        "0.02",
        breaks={"decay": "inside", "steps": 300},
    )
    def adamw_even(self, measured):
        return measured.adamw_error < 0.02

    @claim(
        "for plain SGD decay and L2 are the same (largest relative difference)",
        breaks={"momentum": 0.9, "steps": 100},
    )
    def sgd_same(self, measured):
        return measured.sgd_gap < 1e-5

    @claim(
        "for SGD with momentum 0.9 they are not: more than 5 per cent apart",
        breaks={"weight_decay": 0, "steps": 100},
    )
    def momentum_differs(self, measured):
        return measured.momentum_gap > 0.05

    @claim(
        "Lion moves every weight that it moves by α (largest relative difference)",
        breaks={"lion_update": "c", "steps": 300},
    )
    def lion_even(self, measured):
        return measured.lion_error < 0.01

    @claim(
        "Adam's steps shrink as gradients turn to noise: their RMS falls below half of the first "
        "step's",
        breaks={"beta1": 0, "beta2": 0, "steps": 300},
    )
    def adam_steps(self, measured):
        return measured.adam_later / measured.adam_first < 0.5

    @claim(
        "the best rate for Lion is less than half of Adam's (Adam's / Lion's)",
        breaks={"lion_update": "c", "steps": 300},
    )
    def lion_rate(self, measured):
        return measured.rate_ratio > 2

    @claim("Lion keeps half of Adam's state", breaks={"amsgrad": True, "steps": 100})
    def lion_state(self, measured):
        return measured.state_ratio == 0.5
