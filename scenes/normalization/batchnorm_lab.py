r"""
# Normalize inside the net

Inputs with mean 0 and variance 1 are easier to learn from. So why not do the same for every hidden
layer? Because its inputs move whenever the weights below it move: what was standardized once does
not stay so. The standardization must be part of the forward pass, a *layer*, done again for every
batch. That is **batch normalization** (Ioffe and Szegedy, 2015). For unit j, over the N examples of
a batch:

$$ \hat{z}_{ij} = \frac{z_{ij} - \mu_j}{\sqrt{\sigma_j^2 + \epsilon}} $$

μⱼ is the mean of zᵢⱼ over i, σⱼ² the mean of (zᵢⱼ − μⱼ)², and ε, about 10⁻⁵, keeps the root away
from 0. Then the layer returns **γⱼẑᵢⱼ + βⱼ**, and f is applied to that. γ and β are learned. They
have an index: one pair for each unit, and not one for the layer, as they are often printed.

Nine nets of twenty hidden layers train here side by side: three activations, each plain, with
LayerNorm (over a layer's units instead of the batch) and with BatchNorm. PyTorch's default weights,
SGD.

**Two things cancel.** Whatever constant is added to z is in μ too: the linear layer's *bias* before
a BatchNorm is redundant, leave it out. And a factor is in σ: weights × 10 give the same output, up
to ε.

**Does scale and shift undo it?** γ and β can: with γ = √(σ² + ε) and β = μ the layer is the
identity, so nothing that a plain net can say is lost. But they do not undo the *purpose*. Without
the layer the mean and the spread of a unit's input come from all weights below, entangled. With it
they are two numbers of that unit's own, β and γ. **kick** shows it: push all weights below at
random, and the normalized unit's mean and spread stay where they were, the plain one's do not
(here in the third layer; higher up, a plain sigmoid unit has hardly any spread to speak of).
("Easier to learn" is not measured by that. It is what the separation is good for.)

**Does it cure vanishing gradients?** It depends, and the usual sentence is too broad. See
*gradient by layer*: log₁₀ of each layer's gradient over the last one's, plain, with LN, with BN.

- Plain, all three vanish: with these weights, even ReLU's.
- BatchNorm brings the *sigmoid* back. LayerNorm does not: within a layer nearly all sigmoids say ½
  plus a constant of their own, the same for every image, and LayerNorm keeps these. Only a mean
  over images takes them out.
- With BatchNorm and *ReLU* the gradient is not level, it **grows** on the way down: about 40 times
  over 20 layers at the start. That is a mild explosion, which makes very deep nets hard to start.

## Watch

- **stacks**: first layer's gradient over the last's, before training; and right answers so far.
- **loss**: the chosen activation's three nets. **one unit**: z of a unit in the middle of the
  BatchNorm net, and what comes out of its norm, for 350 images; **γ and β** of that unit. They
  hardly leave 1 and 0 in so few steps: what is learned is in the weights.

## Try

- `activation=relu` or `tanh` while it runs: all nine are training anyway.
- `statistics=once`: the first batch's mean and variance are kept. Right at the start only: now the
  kick arrives, the bias counts, and a mean is 0 no more.
- `undo=variance`: γ = σ² instead of √(σ² + ε). Mixing the two up is common; no identity.
- `epsilon=1`: ε is no longer small beside σ², and weights × 10 matter.
- `kick=0`: nobody moves. `kick=10`: the plain unit is thrown far, the normalized one feels nothing.
- `depth=4`: four layers need no help, and no one explodes.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear, accuracies, losses, side_by_side
from dlplay.nn.normalization import BatchedNorm

NORMS = ("none", "layer", "batch")
ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
UNIT = 5  # the unit that is shown
LOW = 2  # the layer whose unit is kicked, counted from 0


class Stacks(nn.Module):
    """Three deep nets, one for each activation, with the same kind of normalization."""

    def __init__(self, norm, depth, eps, statistics):
        super().__init__()
        self.hidden, self.norms = nn.ModuleList(), nn.ModuleList()
        for _ in range(depth):
            self.hidden.append(BatchedLinear(3, 64, 64, gain=3**-0.5))  # std √(1/(3·64))
            self.norms.append(BatchedNorm(norm, 3, 64, eps=eps, statistics=statistics))
        self.readout = BatchedLinear(3, 64, 10, gain=3**-0.5)
        for linear in self.hidden:
            nn.init.uniform_(linear.bias, -1 / 8, 1 / 8)  # ±1/√64, PyTorch's default too

    def forward(self, x, upto=None):
        """x [N, 64] -> logits [N, 3, 10]; or z and the norm's output in layer `upto`, both
        [N, 3, 64]."""
        x = side_by_side(x, 3)  # [N, 3, 64]
        for layer, (linear, norm) in enumerate(zip(self.hidden, self.norms, strict=True)):
            z = linear(x)
            x = norm(z)
            if layer == upto:
                return z, x
            x = torch.stack([f(x[:, i]) for i, f in enumerate(ACTIVATIONS.values())], 1)
        return self.readout(x)

    def gradients(self):
        """The norm of each hidden layer's weight gradient: [3, depth]."""
        return torch.stack([norm(linear.weight.grad) for linear in self.hidden], 1)


def norm(g):
    """Of each copy [3, ...]. Squaring 1e-30 would give 0, so the largest is taken out first."""
    g = g.flatten(1)
    scale = g.abs().amax(1, keepdim=True).clamp(min=1e-44)
    return (g / scale).norm(dim=1) * scale[:, 0]


class BatchNormLab(Scene):
    covers = {
        "Normalization Layers (introduction)": (
            "gradient by layer",
            "stacks",
            "loss",
            "plain_vanishes",
            "layer_vanishes",
            "batch_keeps",
            "tanh_keeps",
            "relu_grows",
            "sigmoid_learns",
            "others_do_not",
            "plain_fails",
            "batch_learns",
            "layer_learns",
        ),
        "Batch Normalization": (
            "one unit",
            "γ and β",
            "mean_zero",
            "variance",
            "bias_redundant",
            "scale_free",
        ),
        "Does Scale and Shift Undo Normalization?": (
            "kick",
            "γ and β",
            "identity",
            "kick_batch",
            "kick_plain",
        ),
    }
    panels = ("loss", "gradient by layer", "stacks", "one unit", "γ and β", "kick")
    quick = {"steps": 10, "depth": 4}

    activation = Choice(
        "sigmoid", ("sigmoid", "tanh", "relu"), live=True, help="the nets that are looked into"
    )
    depth = Int(20, min=2, max=30, help="hidden layers")
    learning_rate = Float(0.05, min=1e-4, max=10, log=True, live=True, help="step size")
    statistics = Choice(
        "recomputed",
        ("recomputed", "no gradient", "once"),
        help="how batch norm gets its mean and variance; the last two are mistakes",
    )
    epsilon = Float(1e-5, min=1e-8, max=10, log=True, help="added to the variance, in both norms")
    undo = Choice(
        "deviation", ("deviation", "variance"), live=True, help="what γ is set to, to undo the norm"
    )
    kick = Float(
        1.0, min=0, max=10, live=True, help="random push of all weights below, in their own sizes"
    )
    steps = Int(150, min=10, max=1000, help="updates of every net")

    def run(self, stage):
        device = stage.device
        x, y, _, _ = (part.to(device) for part in digits())
        x = x.flatten(1)  # [1400, 64]
        mean, std = x.mean(0), x.std(0)
        std[std == 0] = 1  # pixels that are always black
        x = (x - mean) / std
        some_x, some_y = x[:350], y[:350]

        nets = {}
        for name in NORMS:
            wrong = self.statistics if name == "batch" else "recomputed"
            nets[name] = Stacks(name, self.depth, self.epsilon, wrong).to(device)
        trainers = {
            name: torch.optim.SGD(net.parameters(), lr=self.learning_rate)
            for name, net in nets.items()
        }
        stage.watch(nets["batch"])
        names = list(ACTIVATIONS)
        history = {name: [] for name in NORMS}  # losses [3] by step
        unit = {"γ − 1": [], "β": []}  # [3] by step
        stage.axes("loss", y="training loss")
        stage.axes("γ and β", y="from the start", lines={"start": 0})
        layer = self.depth // 2

        for step in stage.loop(self.steps):
            i = torch.randint(len(x), (64,)).to(device)
            for name, net in nets.items():
                trainers[name].param_groups[0]["lr"] = self.learning_rate
                each = losses(net(x[i]), y[i])
                trainers[name].zero_grad()
                each.sum().backward()
                history[name].append(each.tolist())
            gradients = {name: net.gradients() for name, net in nets.items()}
            if step == 0:  # first layer over last, before training
                ratio = {name: (g[:, 0] / g[:, -1]).tolist() for name, g in gradients.items()}
            for trainer in trainers.values():
                trainer.step()
            between = nets["batch"].norms[layer]
            unit["γ − 1"].append((between.weight[:, UNIT] - 1).tolist())
            unit["β"].append(between.bias[:, UNIT].tolist())

            chosen = names.index(self.activation)
            if stage.every(3):
                now = range(step + 1)
                stage.plot("loss", now, {n: [v[chosen] for v in h] for n, h in history.items()})
                stage.plot("γ and β", now, {n: [v[chosen] for v in h] for n, h in unit.items()})
                self.draw_gradients(stage, gradients)
            if stage.every(10) or stage.changed("activation", "kick"):
                with stage.probe():
                    z, out = nets["batch"](some_x, upto=layer)
                    self.draw_kick(stage, nets, some_x, min(LOW, layer), chosen)
                shown = {"z": z[:, chosen, UNIT], "γẑ + β": out[:, chosen, UNIT]}
                stage.histogram("one unit", shown, bins=24, x="value")
            if stage.every(25):
                right = self.draw_table(stage, nets, some_x, some_y, ratio)

        with stage.probe():
            self.check(stage, nets["batch"], some_x, layer, chosen)
        stage.measure(
            plain_sigmoid=ratio["none"][0],
            layer_sigmoid=ratio["layer"][0],
            batch_sigmoid=ratio["batch"][0],
            tanh=max(abs(math.log10(ratio[name][1])) for name in ("layer", "batch")),
            batch_relu=ratio["batch"][2],
            batch_right=right["batch"][0],
            other_right=max(right["none"][0], right["layer"][0]),
            plain_best=max(right["none"]),
            batch_others=min(right["batch"][1:]),
            layer_tanh=right["layer"][1],
        )

    def draw_gradients(self, stage, gradients):
        """Nine rows: log₁₀ of each layer's gradient over the last one's."""
        rows, values = [], []
        for k, activation in enumerate(ACTIVATIONS):
            for name, g in gradients.items():
                plain = "σ" if activation == "sigmoid" else activation
                rows.append({"none": plain, "layer": "+LN", "batch": "+BN"}[name])
                values.append((g[k] / g[k, -1]).clamp(1e-6, 1e6).log10())
        stage.heatmap("gradient by layer", torch.stack(values), rows=rows, low=-6, high=6,
                      x="layer, first to last", diverging=True)  # fmt: skip

    def draw_table(self, stage, nets, x, y, ratio):
        """The right answers of all nine, [3] by norm; each batch net sees x as one batch."""
        with stage.probe():
            right = {name: accuracies(net(x), y).tolist() for name, net in nets.items()}
        rows = [
            [activation, name, ratio[name][k], right[name][k]]
            for k, activation in enumerate(ACTIVATIONS)
            for name in NORMS
        ]
        good = [n for n, row in enumerate(rows) if row[3] > 0.9]
        columns = ["activation", "norm", "first/last", "right"]
        stage.table("stacks", columns, rows, best=good)
        return right

    def draw_kick(self, stage, nets, x, layer, chosen):
        """Push all weights below a layer, and compare mean and spread of the input of its f."""
        rows = []
        self.moved = {}
        for name in ("none", "batch"):
            net = nets[name]
            below = [linear.weight for linear in net.hidden[: layer + 1]]
            kept = [weight.clone() for weight in below]
            _, before = net(x, upto=layer)  # [350, 3, 64]
            for weight in below:
                weight += self.kick * weight.std() * torch.randn_like(weight)
            _, after = net(x, upto=layer)
            for weight, was in zip(below, kept, strict=True):
                weight.copy_(was)
            before, after = before[:, chosen], after[:, chosen]  # [350, 64]
            std, mean = torch.std_mean(before, 0, correction=0)
            new_std, new_mean = torch.std_mean(after, 0, correction=0)
            # The larger of both changes, in units of the spread before: the average over units
            moved = torch.maximum((new_mean - mean).abs(), (new_std - std).abs()) / std
            self.moved[name] = moved.mean().item()
            rows.append([name, f"{mean[UNIT]:.3f}", f"{std[UNIT]:.3f}", ""])
            now = f"{new_mean[UNIT]:.3f}", f"{new_std[UNIT]:.3f}", f"{self.moved[name]:.2g}"
            rows.append([f"{name} + kick", *now])
        stage.table("kick", [f"unit {UNIT}", "mean", "spread", "moved"], rows)

    def check(self, stage, net, x, layer, chosen):
        """The layer's algebra, at the trained net's own numbers."""
        linear, between = net.hidden[layer], net.norms[layer]
        z, out = net(x, upto=layer)
        normal = (out - between.bias) / between.weight  # ẑ [350, 3, 64]
        variance, mean = torch.var_mean(z, 0, correction=0)  # [3, 64] each
        shrunk = variance / (variance + self.epsilon)

        linear.bias += 3
        _, shifted = net(x, upto=layer)
        linear.bias -= 3
        linear.weight *= 10
        linear.bias *= 10
        _, scaled = net(x, upto=layer)
        linear.weight /= 10
        linear.bias /= 10

        weight, bias = between.weight.clone(), between.bias.clone()
        between.bias.copy_(mean)
        if self.undo == "variance":
            between.weight.copy_(variance)
        else:
            between.weight.copy_((variance + self.epsilon).sqrt())
        _, same = net(x, upto=layer)
        between.weight.copy_(weight)
        between.bias.copy_(bias)

        size = out[:, chosen].std()
        stage.measure(
            mean=normal[:, chosen].mean(0).abs().max(),
            variance=(normal.var(0, correction=0) - shrunk)[chosen].abs().max(),
            bias=(shifted - out)[:, chosen].abs().max() / size,
            scale=(scaled - out)[:, chosen].abs().max() / size,
            identity=((same - z)[:, chosen].abs().max() / z[:, chosen].std()),
            kick_batch=self.moved["batch"],
            kick_plain=self.moved["none"],
        )

    @claim(
        "before training, a plain sigmoid net's first gradient is under 10⁻¹⁰ of its last",
        breaks={"depth": 4, "steps": 10},
    )
    def plain_vanishes(self, measured):
        return measured.plain_sigmoid < 1e-10

    @claim("with layer norm it is under 10⁻⁵", breaks={"depth": 4, "steps": 10})
    def layer_vanishes(self, measured):
        return measured.layer_sigmoid < 1e-5

    @claim("with batch norm it is 0.1 to 10 times the last", breaks={"epsilon": 10, "steps": 10})
    def batch_keeps(self, measured):
        return measured.batch_sigmoid.between(0.1, 10)

    @claim(
        "both norms keep tanh's gradient, within a factor 30 (log₁₀ of the worse ratio)",
        breaks={"epsilon": 10, "steps": 10},
    )
    def tanh_keeps(self, measured):
        return measured.tanh < 1.5

    @claim(
        "with batch norm and ReLU the gradient grows on the way down, over 5 times",
        breaks={"depth": 4, "steps": 10},
    )
    def relu_grows(self, measured):
        return measured.batch_relu > 5

    @claim(
        "with batch norm twenty sigmoid layers learn: over 90 % right",
        breaks={"epsilon": 10, "steps": 10},
    )
    def sigmoid_learns(self, measured):
        return measured.batch_right > 0.9

    @claim(
        "plain, or with layer norm, they do not: under 20 %",
        breaks={"depth": 2, "learning_rate": 1, "steps": 50},
    )
    def others_do_not(self, measured):
        return measured.other_right < 0.2

    @claim(
        "nor does a plain net learn with tanh or ReLU: the best is under 20 %",
        breaks={"depth": 2, "learning_rate": 1, "steps": 50},
    )
    def plain_fails(self, measured):
        return measured.plain_best < 0.2

    @claim(
        "with batch norm those two learn as well: over 80 %",
        breaks={"epsilon": 10, "steps": 10},
    )
    def batch_learns(self, measured):
        return measured.batch_others > 0.8

    @claim("and with layer norm tanh does: over 80 %", breaks={"epsilon": 10, "steps": 10})
    def layer_learns(self, measured):
        return measured.layer_tanh > 0.8

    @claim(
        "the mean of each normalized unit over the batch is 0, within 0.00001",
        breaks={"statistics": "once", "steps": 30},
    )
    def mean_zero(self, measured):
        return measured.mean < 1e-5

    @claim(
        "its variance is σ² / (σ² + ε), within 0.0001",
        breaks={"statistics": "once", "steps": 30},
    )
    def variance(self, measured):
        return measured.variance < 1e-4

    @claim(
        "adding 3 to the bias before the norm changes nothing (under 0.001 of the output's spread)",
        breaks={"statistics": "once", "steps": 30},
    )
    def bias_redundant(self, measured):
        return measured.bias < 1e-3

    @claim(
        "nor do weights × 10, up to ε (under 0.01)",
        breaks={"statistics": "once", "steps": 30},
    )
    def scale_free(self, measured):
        return measured.scale < 0.01

    @claim(
        "γ = √(σ² + ε) and β = μ give z back, within 0.0001 of its spread",
        breaks={"undo": "variance", "steps": 10},
    )
    def identity(self, measured):
        return measured.identity < 1e-4

    @claim(
        "kick all weights below: a batch-normed unit keeps mean and spread, within 0.001 of it",
        breaks={"statistics": "once", "steps": 30},
    )
    def kick_batch(self, measured):
        return measured.kick_batch < 1e-3

    @claim("a plain unit's move by more than half of its spread", breaks={"kick": 0, "steps": 10})
    def kick_plain(self, measured):
        return measured.kick_plain > 0.5
