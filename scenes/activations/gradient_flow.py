"""
# Where does the gradient go?

To train the first layer of a deep network, the error must travel back through all the others.
Write zₗ for the pre-activations of layer l, f for the activation, and δₗ = ∂C/∂zₗ for the error
there. Then

    δₗ = f′(zₗ) ⊙ Wₗ₊₁ᵀ δₗ₊₁

(f′ at z, the unit's input, not at the network's input x.) A product of L such factors shrinks or
grows exponentially with L: the gradient *vanishes* or *explodes*. "Most factors below 1" is no
test, for they are matrices, W among them: what counts is how much they stretch. Here six networks
that differ in f alone train side by side on 128 digits, and beside them a survey measures the
ratio of the first hidden layer's gradient to the last one's, for every activation and several
depths (the median over five draws of the weights).

**Sigmoid.** Its slope is at most ¼, and at the start, where z is near 0, it is 0.22 on average. So
the gradient does not vanish because the units are saturated; it vanishes because 0.25²⁰ is 10⁻¹²,
and saturation comes on top. After twenty layers nothing arrives, and the network learns only how
frequent each digit is (the dashed line in *loss*), which the last bias can do alone.

**"A sigmoid cannot explode, its slope is below 1"** is wrong. The factor is slope times weight,
and weights have no bound. Centre the pre-activations and multiply Xavier's weights by 16: the
first layer's gradient is thousands of times the last one's. With 24 times it explodes uncentred
too.

**The initialisation decides as much as the activation.** ReLU passes the gradient on unshrunk,
they say. Along one active path, yes; but half of the units are silent, so a layer halves the
variance of δ unless the weights make up for it. He's initialisation, standard deviation √(2/n),
does exactly that. Xavier's √(1/n) loses a factor 1/√2 a layer (see it with `gradient=error`; the
gradient of the *weights* hides it, because the activations shrink at the same rate in the other
direction). And PyTorch's default for `nn.Linear`, √(1/(3n)), loses a factor 1/√6: at depth 20
ReLU's gradient is gone, by the initialisation alone, and so is everybody else's.

**Tanh** is said to suffer like the sigmoid. Its slope at 0 is 1, and with Xavier's weights twenty
layers keep their gradient. It vanishes only when it is badly scaled. The often-quoted reason for
tanh's lead, its zero mean, matters much less than that slope.

**Saturating or not.** Sigmoid and tanh go flat on both sides, ReLU, ELU, GELU and SiLU on the
left side only. Not going flat protects against vanishing. It does not protect against exploding,
on the contrary: with weights that are too large, ReLU explodes further than tanh, whose flat ends
act as a brake. And *saturating* describes a function, *saturated* a unit: look at the histogram
of z. Where |z| > 3, tanh's slope is below 0.01. With Xavier's weights hardly any z is there, with
five times those weights about half are.

A ratio near 1 is needed for learning, and is not all. SiLU's weights get equal gradients in the
first and the last layer, but all are small: signal and error shrink at the same rate, in opposite
directions (`gradient=error` shows it), so it starts slowly at this depth. Real networks this deep
use normalisation and residual connections, which make most of these differences small.

## Watch

- *gradient by layer*: the norm of every layer's gradient, layer 1 first, as the networks train.
- *ratio by depth*: powers of ten; 0 means that first and last layer get equal gradients.
- *pre-activations*: z in the first, a middle and the last hidden layer of the chosen network.
- *loss*: all six networks. The X-ray shows the chosen one, layer by layer.

## Try

- `initialisation=torch`: ReLU stops learning at depth 20, though nothing about ReLU has changed.
- `initialisation=torch gain=2.45`: the default times √6 is He's scale, and ReLU is back.
- `gain=16 centre=on`: the sigmoid explodes; so does tanh, with most units saturated.
- `initialisation=xavier gain=1.5 gradient=error`: ReLU's factor per layer rises above 1.
- `depth=5`: a product of five factors, and nothing vanishes or explodes for long.
- `depth=2 learning_rate=0.03`: a shallow sigmoid network learns.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Toggle, claim
from dlplay.data import digits

ACTIVATIONS = ("sigmoid", "tanh", "relu", "elu", "gelu", "silu")
MODULES = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}
WIDTH = 64
DRAWS = 5  # a ratio is the median over so many draws of the weights
FLOOR = 1e-44  # the smallest number that float32 can hold


class Net(nn.Module):
    """`depth` hidden layers of 64 units, then ten logits."""

    def __init__(self, activation, depth, initialisation, gain, centre, x):
        super().__init__()
        self.hidden = nn.ModuleList()
        for _ in range(depth):
            self.hidden.append(nn.Linear(WIDTH, WIDTH))
            self.hidden.append(MODULES[activation]())
        self.readout = nn.Linear(WIDTH, 10)
        with torch.no_grad():
            for layer in self.hidden[::2]:
                if initialisation == "he":  # standard deviation √(2/64)
                    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                elif initialisation == "xavier":  # standard deviation √(1/64)
                    nn.init.xavier_normal_(layer.weight)
                if initialisation != "torch":  # torch: uniform, standard deviation √(1/(3·64))
                    layer.bias.zero_()
                layer.weight *= gain
            self.to(x.device)
            if centre:  # biases that put the pre-activations of every unit around 0
                for layer in self.hidden:
                    if isinstance(layer, nn.Linear):
                        layer.bias -= layer(x).mean(dim=0)
                    x = layer(x)

    def forward(self, x):
        self.z = []  # pre-activations of each hidden layer, [128, 64]
        for layer in self.hidden:
            x = layer(x)
            if isinstance(layer, nn.Linear):
                x.retain_grad()  # δ = ∂C/∂z
                self.z.append(x)
        return self.readout(x)

    def gradients(self, kind):
        """The norm of each hidden layer's gradient after a backward pass: [depth]."""
        if kind == "weights":
            grads = [layer.weight.grad for layer in self.hidden[::2]]
        else:
            grads = [z.grad for z in self.z]
        return torch.stack([norm(g) for g in grads])


def norm(g):
    """‖g‖. Squaring 1e-30 would give 0 in float32, so the largest number is taken out first."""
    scale = g.abs().max().clamp(min=FLOOR)
    return (g / scale).norm() * scale


def ratios(x, y, seed, *setting):
    """First hidden layer's gradient over the last one's, for weights and for δ; the share of
    pre-activations beyond ±3, where tanh is saturated; and the sigmoid's mean slope there, as a
    share of its greatest, ¼."""
    found = {"weights": [], "error": [], "beyond": [], "steepness": []}
    for draw in range(DRAWS):
        torch.manual_seed(1000 * seed + draw)
        net = Net(*setting, x)
        cross_entropy(net(x), y).backward()
        for kind in ("weights", "error"):
            norms = net.gradients(kind).clamp(min=FLOOR)
            found[kind].append((norms[0] / norms[-1]).item())
        z = torch.stack(net.z)  # [depth, 128, 64]
        found["beyond"].append((z.abs() > 3).float().mean().item())
        found["steepness"].append((4 * z.sigmoid() * (1 - z.sigmoid())).mean().item())
    return {kind: sorted(values)[DRAWS // 2] for kind, values in found.items()}


class GradientFlow(Scene):
    covers = {
        "Vanishing and Exploding Gradients": (
            "gradient by layer",
            "ratio by depth",
            "geometric",
            "sigmoid_factor",
            "sigmoid_is_steep",
            "default_vanishes",
            "sigmoid_explodes",
            "sigmoid_explodes_uncentred",
        ),
        "Sigmoid - nn.Sigmoid()": (
            "gradient by layer",
            "loss",
            "sigmoid_vanishes",
            "sigmoid_learns_nothing",
        ),
        "Tanh - nn.Tanh()": ("gradient by layer", "tanh_keeps"),
        "ReLU- nn.ReLU()": (
            "gradient by layer",
            "loss",
            "relu_keeps",
            "relu_factor",
            "half_variance",
            "relu_learns",
        ),
        "SiLU – nn.SiLU": ("gradient by layer", "silu_shrinks"),
        "Saturating functions vs non-saturating functions": (
            "pre-activations",
            "not_saturated",
            "saturated",
            "no_brake",
        ),
    }
    panels = ("gradient by layer", "ratio by depth", "pre-activations", "loss")
    quick = {"steps": 25, "depth": 5}

    activation = Choice("sigmoid", ACTIVATIONS, live=True, help="the network that you look into")
    depth = Int(20, min=2, max=40, help="hidden layers")
    initialisation = Choice(
        "he", ("he", "xavier", "torch"), live=True, help="scale of the first weights; starts afresh"
    )
    gain = Float(
        1.0, min=0.25, max=24, log=True, live=True, help="times the first weights; starts afresh"
    )
    centre = Toggle(False, live=True, help="biases that centre pre-activations; starts afresh")
    gradient = Choice(
        "weights", ("weights", "error"), live=True, help="gradient of the weights, or the error δ"
    )
    learning_rate = Float(0.002, min=1e-5, max=1, log=True, live=True, help="step size")
    steps = Int(150, min=10, max=2000, help="training steps")

    def run(self, stage):
        x, y, _, _ = digits()
        x, y = x[:128].flatten(1).to(stage.device), y[:128].to(stage.device)  # [128, 64], [128]
        x = (x - x.mean()) / x.std()
        frequencies = y.bincount(minlength=10) / len(y)
        entropy = -(frequencies * frequencies.log()).sum()  # the loss of knowing only frequencies
        stage.axes("loss", y="cross-entropy", lines={"frequencies": entropy})
        stage.axes("ratio by depth", x="depth", y="log₁₀ first/last", lines={"equal": 0})

        stage.axes("gradient by layer", x="layer", y="norm", log="y")

        self.start(stage, x)
        fresh = True  # whether the networks have trained since step 0
        for _ in stage.loop(self.steps):
            if stage.changed("initialisation", "gain", "centre"):
                self.start(stage, x)
                fresh = False
            if stage.changed("activation"):
                stage.watch(self.nets[self.activation])
            losses = {name: cross_entropy(net(x), y) for name, net in self.nets.items()}
            for group in self.optimizer.param_groups:
                group["lr"] = self.learning_rate
            self.optimizer.zero_grad()
            sum(losses.values()).backward()
            self.survey(stage, x, y)
            if stage.every(4):
                self.look(stage)
            stage.curve("loss", losses)
            for net in self.nets.values():
                nn.utils.clip_grad_norm_(net.parameters(), 1.0)  # a steep spot throws no one out
            self.optimizer.step()
        for _ in stage.loop(len(self.jobs), "survey"):
            self.survey(stage, x, y)

        self.report(stage)
        if fresh:
            stage.measure(
                sigmoid_learned=entropy - losses["sigmoid"],
                relu_learned=entropy - losses["relu"],
            )

    def start(self, stage, x):
        """Fresh networks, all from the same draw of weights, and a fresh survey."""
        self.setting = self.initialisation, self.gain, self.centre
        self.nets = {}
        for name in ACTIVATIONS:
            torch.manual_seed(stage.seed)
            self.nets[name] = Net(name, self.depth, *self.setting, x)
        parameters = [p for net in self.nets.values() for p in net.parameters()]
        self.optimizer = torch.optim.SGD(
            parameters, lr=self.learning_rate, momentum=0.9, fused=True
        )
        stage.watch(self.nets[self.activation])

        self.depths = [*range(5, self.depth, 5), self.depth]
        self.found = {}
        self.jobs = [(name, d, *self.setting) for d in self.depths for name in ACTIVATIONS]
        self.jobs += [
            *((name, self.depth, "torch", self.gain, False) for name in ACTIVATIONS),
            ("tanh", self.depth, "xavier", self.gain, False),
            ("relu", self.depth, "xavier", self.gain, False),
            ("sigmoid", self.depth, "xavier", 16.0, True),
            ("sigmoid", self.depth, "xavier", 24.0, False),
            ("tanh", self.depth, "xavier", 5 * self.gain, False),
            ("relu", self.depth, "xavier", 2.0, False),
            ("tanh", self.depth, "xavier", 2.0, False),
        ]
        self.jobs = list(dict.fromkeys(self.jobs))  # none twice

    def survey(self, stage, x, y):
        """Measure the next ratio of the survey, and draw those known so far."""
        if self.jobs:
            job = self.jobs.pop(0)
            with stage.probe(), torch.enable_grad():
                self.found[job] = ratios(x, y, stage.seed, *job)
        elif not stage.changed("gradient"):
            return
        curves = {name: [0.0] for name in ACTIVATIONS}  # one layer is first and last: log₁₀ 1
        for name, curve in curves.items():
            for d in self.depths:
                ratio = self.found.get((name, d, *self.setting), {}).get(self.gradient, torch.nan)
                curve.append(torch.tensor(ratio).log10().item())
        stage.plot("ratio by depth", [1, *self.depths], curves)

    def look(self, stage):
        norms = {name: net.gradients(self.gradient) for name, net in self.nets.items()}
        stage.plot("gradient by layer", range(1, self.depth + 1), norms)
        net = self.nets[self.activation]
        chosen = {f"layer {i}": net.z[i - 1] for i in (1, (self.depth + 1) // 2, self.depth)}
        stage.histogram("pre-activations", chosen, x="z")

    def report(self, stage):
        """The survey's answers to the claims."""
        L, setting, gain = self.depth, self.setting, self.setting[1]

        def found(kind, name, initialisation, gain, centre=False):
            return self.found[name, L, initialisation, gain, centre][kind]

        def per_layer(ratio):
            return ratio ** (1 / (L - 1))

        depths = [1, *self.depths]
        sigmoid = [1.0] + [self.found["sigmoid", d, *setting]["weights"] for d in self.depths]
        # How many times smaller the sigmoid's ratio gets for five more layers: at the least.
        falls = [
            (sigmoid[i] / sigmoid[i + 1]) ** (5 / (depths[i + 1] - depths[i]))
            for i in range(len(depths) - 1)
        ]
        stage.measure(
            relu_ratio=found("weights", "relu", *setting),
            relu_factor=per_layer(found("error", "relu", *setting)),
            silu_factor=per_layer(found("error", "silu", *setting)),
            sigmoid_ratio=sigmoid[-1],
            sigmoid_fall=min(falls),
            sigmoid_factor=per_layer(found("error", "sigmoid", *setting)),
            sigmoid_steepness=found("steepness", "sigmoid", *setting),
            default_ratio=max(found("weights", name, "torch", gain) for name in ACTIVATIONS),
            xavier_tanh_ratio=found("weights", "tanh", "xavier", gain),
            xavier_tanh_beyond=found("beyond", "tanh", "xavier", gain),
            xavier_relu_factor=per_layer(found("error", "relu", "xavier", gain)),
            loud_tanh_beyond=found("beyond", "tanh", "xavier", 5 * gain),
            loud_sigmoid_ratio=found("weights", "sigmoid", "xavier", 16.0, True),
            louder_sigmoid_ratio=found("weights", "sigmoid", "xavier", 24.0),
            double_relu_ratio=found("error", "relu", "xavier", 2.0),
            double_tanh_ratio=found("error", "tanh", "xavier", 2.0),
        )

    @claim(
        "with He's initialisation ReLU's first layer gets as much gradient as its last, within 5x",
        breaks={"initialisation": "torch", "steps": 100},
    )
    def relu_keeps(self, measured):
        return measured.relu_ratio.between(0.2, 5)

    @claim(
        "with He's initialisation ReLU's error δ keeps its size from layer to layer: a mean factor "
        "between 0.9 and 1.1",
        breaks={"initialisation": "torch", "steps": 100},
    )
    def relu_factor(self, measured):
        return measured.relu_factor.between(0.9, 1.1)

    @claim(
        "the sigmoid's gradient vanishes: less than a millionth reaches the first layer",
        breaks={"gain": 16.0, "centre": True, "steps": 10},
    )
    def sigmoid_vanishes(self, measured):
        return measured.sigmoid_ratio < 1e-6

    @claim(
        "every five layers more cost the sigmoid at least a factor 10",
        breaks={"gain": 16.0, "centre": True, "steps": 10},
    )
    def geometric(self, measured):
        return measured.sigmoid_fall > 10

    @claim(
        "in each layer the sigmoid's error is multiplied by its slope, at most ¼, and by He's gain "
        "√2: a mean factor between 0.25 and 0.354",
        breaks={"gain": 16.0, "centre": True, "steps": 10},
    )
    def sigmoid_factor(self, measured):
        return measured.sigmoid_factor.between(0.25, 0.354)

    @claim(
        "the sigmoid's units need not be saturated for that: over all layers their mean slope is "
        "more than 0.8 of ¼",
        breaks={"gain": 16.0, "centre": True, "steps": 10},
    )
    def sigmoid_is_steep(self, measured):
        return measured.sigmoid_steepness > 0.8

    @claim(
        "with PyTorch's default initialisation nobody's gradient survives: of all six the best "
        "first / last is below 0.01",
        breaks={"gain": 2.45, "steps": 10},
    )
    def default_vanishes(self, measured):
        return measured.default_ratio < 0.01

    @claim(
        "tanh with Xavier's initialisation keeps its gradient through all layers, within 5x",
        breaks={"gain": 16.0, "centre": True, "steps": 10},
    )
    def tanh_keeps(self, measured):
        return measured.xavier_tanh_ratio.between(0.2, 5)

    @claim(
        "with Xavier's initialisation ReLU's error shrinks by about 1/√2 = 0.71 in each layer",
        breaks={"gain": 16.0, "centre": True, "steps": 10},
    )
    def half_variance(self, measured):
        return measured.xavier_relu_factor.between(0.64, 0.77)

    @claim(
        "a sigmoid can explode: centred, with 16 times Xavier's weights, first / last is over 100",
        breaks={"depth": 5, "steps": 10},
    )
    def sigmoid_explodes(self, measured):
        return measured.loud_sigmoid_ratio > 100

    @claim(
        "uncentred too a sigmoid can explode: with 24 times Xavier's weights first / last is over "
        "100",
        breaks={"depth": 5, "steps": 10},
    )
    def sigmoid_explodes_uncentred(self, measured):
        return measured.louder_sigmoid_ratio > 100

    @claim(
        "with He's initialisation SiLU's error shrinks by a factor of about 0.8 in each layer",
        breaks={"initialisation": "torch", "steps": 100},
    )
    def silu_shrinks(self, measured):
        return measured.silu_factor.between(0.7, 0.9)

    @claim(
        "saturating is not saturated: with Xavier's weights under 1 per cent of tanh's "
        "pre-activations lie beyond ±3",
        breaks={"gain": 16.0, "centre": True, "steps": 10},
    )
    def not_saturated(self, measured):
        return measured.xavier_tanh_beyond < 0.01

    @claim(
        "with five times Xavier's weights 40 to 65 per cent of tanh's pre-activations lie "
        "beyond ±3",
        breaks={"gain": 16.0, "centre": True, "steps": 10},
    )
    def saturated(self, measured):
        return measured.loud_tanh_beyond.between(0.4, 0.65)

    @claim(
        "with twice Xavier's weights ReLU's error explodes five times further than tanh's, or more",
        breaks={"depth": 5, "steps": 10},
    )
    def no_brake(self, measured):
        return measured.double_relu_ratio / measured.double_tanh_ratio > 5

    @claim(
        "trained, the sigmoid network learns under 0.02 nats more than how frequent each digit is",
        breaks={"depth": 2, "learning_rate": 0.03},
    )
    def sigmoid_learns_nothing(self, measured):
        return measured.sigmoid_learned < 0.02

    @claim(
        "trained, the ReLU network learns more than 1 nat beyond how frequent each digit is",
        breaks={"initialisation": "torch", "steps": 100},
    )
    def relu_learns(self, measured):
        return measured.relu_learned > 1
