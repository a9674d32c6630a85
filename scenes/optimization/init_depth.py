r"""
# Twenty layers deep

Before a net can learn, a signal must get through it, and an error must get back. Each layer
multiplies both by its weights. With fan_in inputs and weights of variance Var W, the
pre-activations' mean square q grows by fan_in · Var W a layer (forward), the gradient's by
fan_out · Var W (backward). A factor of 2, twenty times, is a million. So:

| initialization | Var W | made for |
|---|---|---|
| LeCun | 1/fan_in | keeps the signal of a linear net |
| Xavier (Glorot) | 2/(fan_in + fan_out) | a compromise with 1/fan_out |
| He | 2/fan_in | ReLU, which kills half of the signal |
| `nn.Linear` | 1/(3 fan_in) | PyTorch's default; history |

The same as uniform numbers from −a to a, whose variance is a²/3: a = √(6/(fan_in+fan_out)) for
Xavier, √(6/fan_in) for He. For ReLU, 2/fan_out would do as well: either one alone suffices.
Biases start at 0. `gain` multiplies all weights here.

Weights must also *differ*. Units with the same incoming and the same outgoing weights get the
same gradient, stay the same for ever, and a layer of them is one unit: random numbers break the
symmetry.

## What is true, and what is only told

- *ReLU halves the second moment* of a symmetric z, E[relu(z)²] = ½ E[z²], and **not** "the
  variance", which for a normal z falls to ½(1 − 1/π) = 0.341 of it. He's rule keeps the variance
  of *pre-activations*, which needs only that.
- *Xavier "averages the two variances"*: 2/(fan_in+fan_out) is their *harmonic* mean. For fans 100
  and 400 that is 0.0040, where the plain mean of 1/100 and 1/400 would be 0.0063.
- *"Xavier suits the sigmoid, which like tanh is symmetric around zero"*: no. Sigmoid's outputs
  are centred on ½, and its slope is ¼ at most: a layer leaves at most 1/16 of the gradient's
  variance with Xavier's weights, 1/8 with He's. Glorot and Bengio themselves advised against it.
- *tanh with Xavier is stable* only roughly: its activations lose nine tenths of their variance in
  twenty layers, as it bends every signal towards zero a little. That is harmless.
- *"The default is fine"*: a plain ReLU net of six layers, as PyTorch initializes it, learns next to
  nothing in 200 steps of SGD in which He's weights make it right on more than nine in ten.
  (Normalization layers or Adam would help it.)
- *Constant weights* W₁ alone are no trap: random W₂ above sends each unit another error. All zero
  is worse: no weight ever gets a gradient, only the last bias.

## Watch

- **layers over time**: log₁₀ of the size of signals and gradients in each layer of the chosen net
  (`activation`, `init`) as it trains. One colour from top to bottom is what you want.
- **signal by layer**, **gradient by layer**: random nets before training, powers of ten, cut at −12
  and 6. *He*, *Xavier*, *small* (0.01) and *big* (1) are ReLU nets, *linear* and *tanh* have
  Xavier's weights, σ is the sigmoid.
- **deep nets**: four of them, 20 layers, learning digits; and the chosen one.
- **test accuracy by depth**: ReLU nets with PyTorch's default and with He's weights.
- **same units?**: the cosine between the incoming weights of each two hidden units, trained from
  constant weights (left: all the same) and from random ones (right).

## Try

- Turn `init` and `activation`: the chosen net starts anew. `init=big`: gone in a step or two.
- `gain=1.5`: He explodes; and tanh, which has a brake, likes it. `gain=1.42`: Xavier's ReLU
  becomes He's. `gain=2.45`: so does PyTorch's default.
- `gain=0.3`: everything fades.
- `depth=3`: nothing matters much. `depth=2 learning_rate=1`: even a sigmoid net learns.
- `symmetry_noise=0.1`: a little noise on constant weights is enough.
- `above=constant`: now constant W₁ is a trap.
- `average=arithmetic`: the mean that Xavier's is not. `z_mean=1`: and with biases that shift its
  input ReLU does not halve anything.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize, relu

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits

FUNCTIONS = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "linear": nn.Identity,
}
NAMES = ("relu", "tanh", "sigmoid", "linear")
INITS = ("he", "xavier", "lecun", "torch", "small", "big", "constant")
WIDTH = 128  # of the random nets
HIDDEN = 64  # of the nets that learn digits
ARMS = (("relu", "he"), ("relu", "xavier"), ("tanh", "xavier"), ("sigmoid", "he"))
SURVEY = {  # random nets: activation and init, and their name in the panels
    ("relu", "he"): "He",
    ("relu", "xavier"): "Xavier",
    ("linear", "xavier"): "linear",
    ("tanh", "xavier"): "tanh",
    ("sigmoid", "xavier"): "σ Xav",
    ("sigmoid", "he"): "σ He",
    ("relu", "small"): "small",
    ("relu", "big"): "big",
}
DEPTHS = (2, 4, 6, 8)  # of PyTorch's default against He
DRAWS = 3  # a random net's numbers are the median over so many


class InitDepth(Scene):
    covers = {
        "A Bag of Tricks — 2. Initializing the Weights": (
            "layers over time",
            "signal by layer",
            "gradient by layer",
            "deep nets",
            "test accuracy by depth",
            "same units?",
            "he_keeps",
            "xavier_halves",
            "linear_keeps",
            "tanh_roughly",
            "sigmoid_vanishes",
            "small_underflows",
            "big_overflows",
            "second_moment",
            "variance",
            "harmonic",
            "constant_stays",
            "constant_costs",
            "zero_stays",
            "random_above",
            "he_learns",
            "tanh_learns",
            "sigmoid_fails",
            "torch_default",
            "torch_fails",
            "he_deep",
        )
    }
    panels = (
        "layers over time",
        "deep nets",
        "signal by layer",
        "gradient by layer",
        "test accuracy by depth",
        "same units?",
    )
    quick = {"steps": 30, "depth": 5}

    activation = Choice("relu", NAMES, live=True, help="of the chosen net")
    init = Choice("xavier", INITS, live=True, help="first weights of the chosen net")
    depth = Int(20, min=2, max=50, help="hidden layers of the deep nets")
    gain = Float(1.0, min=0.1, max=4, log=True, help="multiplies all first weights")
    learning_rate = Float(0.03, min=1e-3, max=3, log=True, live=True, help="of the deep nets")
    symmetry_noise = Float(0.0, min=0, max=1, help="noise added to the constant and zero weights")
    above = Choice("random", ("random", "constant"), help="W₂ over the second constant W₁")
    average = Choice(
        "harmonic", ("harmonic", "arithmetic"), help="the mean that Xavier's is held to be"
    )
    z_mean = Float(0.0, min=-2, max=2, help="mean of what ReLU gets, where it is measured")
    steps = Int(300, min=20, max=3000, log=True, help="steps of SGD")

    def run(self, stage):
        device = stage.device
        x, y, x_test, y_test = (part.to(device) for part in digits())
        x, x_test = x.flatten(1), x_test.flatten(1)  # [1400, 64], [397, 64]
        deep = {arm: self.net(self.depth, *arm).to(device) for arm in ARMS}
        shallow = {
            (init, depth): self.net(depth, "relu", init).to(device)
            for init in ("torch", "he")
            for depth in DEPTHS
        }
        flat = self.symmetric(device)
        self.jobs, self.found = [(*arm, d) for arm in SURVEY for d in range(DRAWS)], {}
        self.moments(stage)
        stage.axes(
            "deep nets", y="training loss", lines={"guessing": torch.log(torch.tensor(10.0))}
        )
        stage.axes("signal by layer", x="layer", y="log₁₀ q / q₁")
        stage.axes("gradient by layer", x="layer", y="log₁₀, last layer 0")

        for step in stage.loop(self.steps):
            if step == 0 or stage.changed("activation", "init"):
                chosen = self.net(self.depth, self.activation, self.init).to(device)
                stage.watch(chosen)
                signals, gradients = [], []
            if self.jobs:
                self.survey(stage)

            # One batch for all
            i = torch.randint(len(x), (64,), device=device)
            losses = {arm: train(net, x[i], y[i], self.learning_rate) for arm, net in deep.items()}
            if step < 200:
                for net in shallow.values():
                    train(net, x[i], y[i], 0.1)
            for net in flat.values():
                train(net, x[i], y[i], 0.5)
            loss = train(chosen, x[i], y[i], self.learning_rate)

            # What the user sees
            seen = {SURVEY[arm]: loss for arm, loss in losses.items()}
            stage.curve("deep nets", {**seen, "chosen": loss})
            if stage.every(max(1, self.steps // 60)):
                with stage.probe(chosen), torch.enable_grad():
                    signal, gradient = sizes(chosen, x[:256], y[:256])
                signals.append(signal)
                gradients.append(gradient)
                both = torch.stack([torch.stack(signals, 1), torch.stack(gradients, 1)])
                stage.heatmap(
                    "layers over time",
                    both.clamp(-12, 6),  # [2, depth, looks]
                    names=["signal, log₁₀", "gradient, log₁₀"],
                    rows=[str(n + 1) for n in range(self.depth)],
                    x="training →",
                    y="layer",
                )
            if stage.every(50):
                with stage.probe():
                    right = {k: accuracy(net, x_test, y_test) for k, net in shallow.items()}
                    stage.bars(
                        "test accuracy by depth",
                        [f"{d} layers" for d in DEPTHS],
                        {
                            title: [right[init, d] for d in DEPTHS]
                            for init, title in (("torch", "default"), ("he", "He"))
                        },
                    )
                    rows = {name: normalize(net[0].weight) for name, net in flat.items()}
                    alike = [rows[name] @ rows[name].T for name in ("constant", "random")]
                    gap = torch.zeros(32, 2, device=device)
                    stage.heatmap(
                        "same units?",
                        torch.cat([alike[0], gap, alike[1]], dim=1),  # [32, 66]
                        low=-1,
                        high=1,
                        diverging=True,
                        x="constant | random",
                    )
                    self.report(stage, deep, right, flat, x_test, y_test)
        for _ in stage.loop(len(self.jobs), "survey"):
            self.survey(stage)
        self.report_survey(stage)

    def weights(self, fan_out, fan_in, init, **where):
        """First weights [fan_out, fan_in]."""
        std = {
            "he": (2 / fan_in) ** 0.5,
            "xavier": (2 / (fan_in + fan_out)) ** 0.5,
            "lecun": (1 / fan_in) ** 0.5,
            "small": 0.01,
            "big": 1.0,
        }
        if init == "constant":
            return torch.full((fan_out, fan_in), 0.1 * self.gain, **where)
        if init == "torch":
            return nn.Linear(fan_in, fan_out).weight.detach().to(**where) * self.gain
        return torch.randn(fan_out, fan_in, **where) * std[init] * self.gain

    def net(self, depth, activation, init):
        """`depth` hidden layers of 64 units, then ten logits."""
        layers = []
        for k in range(depth + 1):
            layer = nn.Linear(64, HIDDEN if k < depth else 10)
            with torch.no_grad():
                layer.weight.copy_(self.weights(*layer.weight.shape, init))
                if init != "torch":
                    layer.bias.zero_()
            layers += [layer, FUNCTIONS[activation]()]
        return nn.Sequential(*layers[:-1])

    def symmetric(self, device):
        """Four nets 64-32-10: W₁ and W₂ constant, random, zero; and W₁ alone constant."""
        nets = {}
        for name in ("constant", "random", "zero", "constant W₁"):
            net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
            with torch.no_grad():
                for k in (0, 2):
                    layer = net[k]
                    layer.bias.zero_()
                    fixed = name in ("constant", "zero") or (
                        name == "constant W₁" and (k == 0 or self.above == "constant")
                    )
                    if fixed:
                        layer.weight.fill_(0.0 if name == "zero" else 0.05)
                        layer.weight += self.symmetry_noise * torch.randn_like(layer.weight)
            nets[name] = net.to(device)
        return nets

    def moments(self, stage):
        """Numbers about single layers."""
        z = torch.randn(400_000, device=stage.device) + self.z_mean
        a, b = 100, 400
        told = 2 / (a + b) if self.average == "harmonic" else (1 / a + 1 / b) / 2
        xavier = nn.init.xavier_normal_(torch.empty(b, a)).var()
        stage.measure(
            relu_moment=relu(z).square().mean() / z.square().mean(),
            relu_variance=relu(z).var() / z.var(),
            xavier_mean=xavier / told,
            torch_variance=self.weights(1000, 300, "torch").var() * 3 * 300,
        )

    def survey(self, stage):
        """The next random net: how signal and gradient fare in it, on random inputs."""
        activation, init, draw = self.jobs.pop(0)
        exact = torch.float32 if stage.device == "mps" else torch.float64
        where = {"dtype": exact, "device": stage.device}
        with stage.probe(), torch.enable_grad():
            torch.manual_seed(1000 * stage.seed + draw)
            h, zs = torch.randn(256, WIDTH, **where), []
            for _ in range(self.depth):
                z = h @ self.weights(WIDTH, WIDTH, init, **where).T  # [256, 128]
                z.requires_grad_()
                z.retain_grad()
                zs.append(z)
                h = FUNCTIONS[activation]()(z)
            (h * torch.randn_like(h)).sum().backward()
            q = torch.stack([z.square().mean() for z in zs]).detach()
            g = torch.stack([z.grad.square().mean() for z in zs])
            a = torch.stack([FUNCTIONS[activation]()(z).var() for z in (zs[0], zs[-1])]).detach()
        numbers = torch.cat([q / q[0], g / g[-1], a[1:] / a[0]]).cpu()
        self.found.setdefault((activation, init), []).append(numbers)
        signal, gradient = {}, {}
        for (f, i), draws in self.found.items():
            middle = torch.stack(draws).median(0).values.clamp(1e-60, 1e60).log10()
            signal[SURVEY[f, i]] = middle[: self.depth].clamp(-12, 6)
            gradient[SURVEY[f, i]] = middle[self.depth : -1].clamp(-12, 6)
        layers = range(1, self.depth + 1)
        stage.plot("signal by layer", layers, signal)
        stage.plot("gradient by layer", layers, gradient)

    def report_survey(self, stage):
        found = {k: torch.stack(draws).median(0).values for k, draws in self.found.items()}
        q = {k: numbers[self.depth - 1].item() for k, numbers in found.items()}
        g = {k: numbers[self.depth].item() for k, numbers in found.items()}
        halved = 0.5 ** (self.depth - 1)
        he, xavier = ("relu", "he"), ("relu", "xavier")
        stage.measure(
            he_factor=max(q[he], 1 / q[he], g[he], 1 / g[he]),
            xavier_factor=max(v for r in (q[xavier], g[xavier]) for v in (r / halved, halved / r)),
            linear_factor=max(q["linear", "xavier"], 1 / q["linear", "xavier"]),
            tanh_variance=found["tanh", "xavier"][-1],
            tanh_gradient=g["tanh", "xavier"],
            sigmoid_gradient=max(g["sigmoid", "xavier"], g["sigmoid", "he"]),
            small_signal=q["relu", "small"],
            big_signal=q["relu", "big"],
        )

    def report(self, stage, deep, right, flat, x, y):
        reached = {arm: accuracy(net, x, y) for arm, net in deep.items()}
        plain = {name: accuracy(net, x, y) for name, net in flat.items()}
        rows = {name: net[0].weight for name, net in flat.items()}
        spread = {name: (w - w[0]).abs().max().item() for name, w in rows.items()}
        stage.measure(
            he_lead=reached["relu", "he"] - reached["relu", "xavier"],
            tanh_accuracy=reached["tanh", "xavier"],
            sigmoid_accuracy=reached["sigmoid", "he"],
            torch_accuracy=right["torch", 6],
            he_accuracy=right["he", 6],
            constant_spread=spread["constant"],
            constant_loss=plain["random"] - plain["constant"],
            zero_accuracy=plain["zero"],
            above_spread=spread["constant W₁"],
        )

    @claim(
        "He keeps a ReLU net's signal and gradient: first and last layer differ by less than 10 "
        "times in mean square",
        breaks={"gain": 1.5, "steps": 20},
    )
    def he_keeps(self, measured):
        return measured.he_factor < 10

    @claim(
        "Xavier halves both in each ReLU layer: 2⁻ᴸ⁺¹ in all, to within 30 times",
        breaks={"gain": 1.5, "steps": 20},
    )
    def xavier_halves(self, measured):
        return measured.xavier_factor < 30

    @claim(
        "Xavier keeps the signal of a linear net to within 5 times",
        breaks={"gain": 1.5, "steps": 20},
    )
    def linear_keeps(self, measured):
        return measured.linear_factor < 5

    @claim(
        "tanh's activations with Xavier's weights keep only 2 to 30 per cent of their variance",
        breaks={"gain": 1.5, "steps": 20},
    )
    def tanh_roughly(self, measured):
        return measured.tanh_variance.between(0.02, 0.3)

    @claim(
        "a sigmoid net's gradient vanishes with Xavier's and with He's weights: mean square below "
        "10⁻¹⁰ of the last layer's",
        breaks={"depth": 3, "steps": 20},
    )
    def sigmoid_vanishes(self, measured):
        return measured.sigmoid_gradient < 1e-10

    @claim(
        "weights from N(0, 0.01²) lose the signal altogether: below 10⁻³⁰ of its mean square",
        breaks={"depth": 3, "steps": 20},
    )
    def small_underflows(self, measured):
        return measured.small_signal < 1e-30

    @claim(
        "weights from N(0, 1) blow it up, above 10³⁰",
        breaks={"depth": 3, "steps": 20},
    )
    def big_overflows(self, measured):
        return measured.big_signal > 1e30

    @claim(
        "ReLU halves the second moment of a symmetric input",
        breaks={"z_mean": 1.0, "average": "arithmetic", "above": "constant", "steps": 20},
    )
    def second_moment(self, measured):
        return measured.relu_moment.between(0.49, 0.51)

    @claim(
        "and leaves ½(1 − 1/π) = 0.341 of a normal input's variance, not half",
        breaks={"z_mean": 1.0, "average": "arithmetic", "above": "constant", "steps": 20},
    )
    def variance(self, measured):
        return measured.relu_variance.between(0.331, 0.351)

    @claim(
        "Xavier's variance is the harmonic mean of 1/fan_in and 1/fan_out (their ratio)",
        breaks={"z_mean": 1.0, "average": "arithmetic", "above": "constant", "steps": 20},
    )
    def harmonic(self, measured):
        return measured.xavier_mean.between(0.95, 1.05)

    @claim(
        "units with the same weights in and out stay the same: their rows differ by less than 10⁻⁶",
        breaks={"symmetry_noise": 0.1, "depth": 2, "steps": 80},
    )
    def constant_stays(self, measured):
        return measured.constant_spread < 1e-6

    @claim(
        "which costs more than 0.2 in accuracy against random weights",
        breaks={"symmetry_noise": 0.1, "depth": 2, "steps": 80},
    )
    def constant_costs(self, measured):
        return measured.constant_loss > 0.2

    @claim(
        "from all zero nothing is learnt: accuracy below 0.2",
        breaks={"symmetry_noise": 0.1, "depth": 2, "steps": 80},
    )
    def zero_stays(self, measured):
        return measured.zero_accuracy < 0.2

    @claim(
        "constant W₁ under random W₂ is no trap: its rows come to differ by more than 0.1",
        breaks={"z_mean": 1.0, "average": "arithmetic", "above": "constant", "steps": 20},
    )
    def random_above(self, measured):
        return measured.above_spread > 0.1

    @claim(
        "twenty ReLU layers learn with He's weights: test accuracy more than 0.3 above Xavier's",
        breaks={"gain": 1.42, "steps": 60},
    )
    def he_learns(self, measured):
        return measured.he_lead > 0.3

    @claim(
        "twenty tanh layers learn with Xavier's: accuracy above 0.8",
        breaks={"gain": 0.3, "steps": 150},
    )
    def tanh_learns(self, measured):
        return measured.tanh_accuracy > 0.8

    @claim(
        "twenty sigmoid layers do not, with He's weights either: below 0.2",
        breaks={"depth": 2, "learning_rate": 1.0, "steps": 200},
    )
    def sigmoid_fails(self, measured):
        return measured.sigmoid_accuracy < 0.2

    @claim(
        "PyTorch's default for nn.Linear has the variance 1/(3 fan_in) (their ratio)",
        breaks={"gain": 1.42, "steps": 60},
    )
    def torch_default(self, measured):
        return measured.torch_variance.between(0.97, 1.03)

    @claim(
        "with it a plain ReLU net of 6 layers is below 0.3 in test accuracy after 200 steps",
        breaks={"gain": 2.45, "depth": 2, "steps": 80},
    )
    def torch_fails(self, measured):
        return measured.torch_accuracy < 0.3

    @claim(
        "with He's weights above 0.85",
        breaks={"gain": 0.3, "steps": 150},
    )
    def he_deep(self, measured):
        return measured.he_accuracy > 0.85


def train(net, x, y, rate):
    """One step of SGD; the loss before it."""
    loss = cross_entropy(net(x), y)
    parameters = list(net.parameters())
    gradients = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for p, g in zip(parameters, gradients, strict=True):
            p -= rate * g
    return loss.detach()


def accuracy(net, x, y):
    return (net(x).argmax(1) == y).float().mean().item()


def sizes(net, x, y):
    """log₁₀ of the root mean square of each hidden layer's pre-activations and their gradients."""
    zs = []
    for layer in net:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            zs.append(x)
    zs.pop()  # the logits
    gradients = torch.autograd.grad(cross_entropy(x, y), zs)
    parts = [torch.stack([v.double().square().mean() for v in each]) for each in (zs, gradients)]
    return [part.detach().cpu().clamp(min=1e-60).log10() / 2 for part in parts]
