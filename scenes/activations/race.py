"""
# Same net, different squash

Ten copies of one network, eight hidden layers of 32 units, learn to tell two interleaved spirals
apart. Same data, same scale of weights (He: standard deviation √(2/n)), same optimizer. They
differ in the activation f alone. (One more runs SiLU with Adam, and arrives as well.)

**Without f there is no depth.** Eight linear layers multiply to one matrix, and the net
*identity* separates the spirals as well as a straight line does, no better. (It trains with Adam;
under the rule of the others it blows up.) With f = z² it blows up in any case: eight squarings
make a power of 256.

**The binary step** has slope 0 wherever it has one: differentiable almost everywhere, and nothing
to follow. So no hidden weight ever gets a gradient: see *weights moved*, 0 in each hidden layer.
(`torch.sign`, which is used here, says slope 0. A comparison like z > 0 cuts the graph, and
`torch.heaviside` refuses to be differentiated; neither is measured here.)
That is why nets of binary units could not be trained by gradients. Yet "they make no progress" is
too much said: the readout learns, on random features that stay as they are, and gets clearly more
right than a straight line. (Their biases are drawn at random. With biases 0 the first layer knows
only in which direction a point lies, and nothing of how far.) `surrogate=on` goes back through
the step as if it were tanh, and the weights move.

**nn.Threshold is no step.** f(z) = z above θ, and a constant v below. Its slope above θ is 1, so
gradients flow, and Threshold(0, 0) *is* ReLU, number by number: compare their rows in
*standings*. With θ ≠ v it jumps, and the gradient does not see the jump.

**The sigmoid** sits at ln 2 = 0.693, the loss of not knowing. Its slope is at most ¼, and eight
layers leave nothing of the gradient. Tanh, ReLU, ELU and the smooth GELU and SiLU all arrive.
Which is first changes with the seed: there is no best activation, it is a setting to be tuned.

## Why does tanh beat the sigmoid?

"Because its output has mean zero" is the usual answer. *digits loss* takes the causes apart, on
nets that are not deep (two hidden layers of 64, Xavier's weights, plain gradient steps). σ − ½
has mean zero and is as slow as σ. tanh + 1 is off-centre and nearly as fast as tanh. What counts
most is the slope at z = 0:

- slope ¼: σ and σ − ½ (centred); slope ½: 2σ − 1 (centred)
- slope 1: 4σ − 2 and tanh (centred), 4σ and tanh + 1 (not); tanh(z) is 2σ(2z) − 1

Centring helps too, but less: 4σ needs about twice the steps of 4σ − 2, and tanh + 1 some tenths
more than tanh, where a slope of ¼ instead of 1 costs many times as much. And for "mean zero" say
zero-*centred*: tanh is odd, so the mean of its outputs is 0 if its inputs lie evenly around 0, and
as a rule only then.

Two more arms are ReLU and ELU. Of ELU it is told that its mean output is near 0, as it can be
negative. After training it is nearer than ReLU's, about half, and not near. (On the spirals the
means after training depend on the seed, with ELU's now and then the larger; nothing is claimed.)

## Watch

- *spiral loss*, *regions*: who bends the border, and when. Choose whom with `look`.
- *weights moved*: ‖W − W₀‖ of each layer and of the readout (R), of that net and of the step.
- *standings*: loss, share of right answers, and the mean output of the last hidden layer.
- *steps to 0.3*: of the digit nets; "…" has not arrived yet.

## Try

- `depth=1`: the sigmoid leaves 0.693 and squaring is harmless.
- `surrogate=on`: the step's weights move after all.
- `threshold=0.5`: with a jump, Threshold is no longer ReLU.
- `gain=0.3`: with weights too small, at depth 8 nobody arrives. `gain=4`: too large, and most
  are thrown out in a few steps, even the identity. `gain=0.1`: the random steps hardly depend on x.
- `elu_alpha=0.05`: ELU is nearly ReLU, also in its mean.
- `digit_rate=0.01`: all nine are slow. `digit_rate=1`: even σ arrives, and 4σ stumbles.
- `depth=16 learning_rate=0.01`: at twice the depth GELU and SiLU, whose slope around 0 is near ½,
  often lag behind ReLU and ELU. How far depends on the seed, too much for a claim.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy, elu

from dlplay import Choice, Float, Int, Scene, Toggle, claim
from dlplay.data import digits
from dlplay.nn import grid
from dlplay.nn.batched import BatchedLinear, losses, side_by_side

N, WIDTH = 300, 32  # points on the spirals, units in a layer
DIGIT_STEPS = 2  # on the digits, for each step on the spirals
TARGET = 0.3  # cross-entropy at which a digit net has arrived


def step_of(z, surrogate):
    """1 above 0, else −1: slope 0 wherever it has one. As a surrogate, backwards it is tanh."""
    return z.tanh() + (z.sign() - z.tanh()).detach() if surrogate else z.sign()


class Function(nn.Module):
    """Any function as a module."""

    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, z):
        return self.f(z)


class Arms(nn.Module):
    """A function of its own for each copy of a batched net: [N, copies, units]."""

    def __init__(self, functions):
        super().__init__()
        self.functions = functions

    def forward(self, z):
        each = zip(self.functions.values(), z.unbind(dim=1), strict=True)
        return torch.stack([f(own) for f, own in each], dim=1)


SQUASHES = {
    "σ": torch.sigmoid,
    "σ−½": lambda z: z.sigmoid() - 0.5,
    "2σ−1": lambda z: 2 * z.sigmoid() - 1,
    "4σ": lambda z: 4 * z.sigmoid(),
    "4σ−2": lambda z: 4 * z.sigmoid() - 2,
    "tanh+1": lambda z: z.tanh() + 1,
    "tanh": torch.tanh,
}
STEEP = ("4σ", "4σ−2", "tanh+1", "tanh")  # slope 1 at 0
FLAT = ("σ", "σ−½")  # slope ¼ at 0
RACERS = (
    "sigmoid", "tanh", "relu", "threshold", "elu", "gelu", "silu",
    "step", "identity", "square",
)  # fmt: skip
CURVES = ("sigmoid", "tanh", "relu", "elu", "gelu", "silu", "step")
BY_ADAM = ("identity", "silu, Adam")
FINISHERS = ("tanh", "relu", "elu", "gelu", "silu")


def spirals(count, device):
    """Two arms of one and a half turns: [count, 2], and which arm: [count]."""
    y = torch.arange(count) % 2
    r = torch.rand(count).sqrt()
    angle = 3 * math.pi * r + math.pi * y
    x = 2 * torch.stack([r * angle.cos(), r * angle.sin()], dim=1)
    return (x + 0.05 * torch.randn(count, 2)).to(device), y.to(device)


class ActivationRace(Scene):
    covers = {
        "Activation functions: purpose, table and requirements": (
            "standings",
            "regions",
            "identity_is_linear",
            "square_blows_up",
        ),
        "Threshold - nn.Threshold()": (
            "standings",
            "weights moved",
            "threshold_is_relu",
            "step_stays",
            "readout_learns",
        ),
        "Sigmoid - nn.Sigmoid()": ("spiral loss", "digits loss", "sigmoid_stuck", "flat_is_slow"),
        "Tanh - nn.Tanh()": (
            "digits loss",
            "steps to 0.3",
            "steep_is_fast",
            "slope_not_centring",
            "half_is_between",
            "centring_helps",
        ),
        "ReLU- nn.ReLU()": ("spiral loss", "finishers"),
        "ELU - nn.ELU()": ("digits loss", "standings", "finishers", "elu_mean"),
        "GELU - nn.GELU()": ("spiral loss", "finishers"),
        "SiLU – nn.SiLU": ("spiral loss", "standings", "finishers", "silu_by_adam"),
        "Saturating functions vs non-saturating functions": ("spiral loss", "finishers"),
    }
    panels = (
        "spiral loss",
        "regions",
        "weights moved",
        "standings",
        "digits loss",
        "steps to 0.3",
    )
    quick = {"steps": 20, "depth": 3}

    look = Choice("tanh", RACERS, live=True, help="the net whose regions and weights are shown")
    depth = Int(8, min=1, max=16, help="hidden layers")
    gain = Float(1.414, min=0.1, max=4, log=True, help="scale of the first weights; √2 is He's")
    learning_rate = Float(0.02, min=1e-4, max=1, log=True, live=True, help="step on the spirals")
    digit_rate = Float(0.1, min=1e-3, max=1, log=True, live=True, help="step size on the digits")
    threshold = Float(0.0, min=0, max=2, live=True, help="Threshold gives 0 up to here")
    elu_alpha = Float(1.0, min=0.01, max=4, log=True, live=True, help="ELU ends at −α")
    surrogate = Toggle(False, live=True, help="backwards, the step is taken for tanh")
    steps = Int(400, min=10, max=5000, log=True, help="training steps on the spirals")

    def run(self, stage):
        x, y = spirals(N, stage.device)  # [300, 2], [300]
        modules = {
            "sigmoid": nn.Sigmoid,
            "tanh": nn.Tanh,
            "relu": nn.ReLU,
            "threshold": lambda: Function(lambda z: torch.threshold(z, self.threshold, 0.0)),
            "elu": lambda: Function(lambda z: elu(z, self.elu_alpha)),
            "gelu": nn.GELU,
            "silu": nn.SiLU,
            "step": lambda: Function(lambda z: step_of(z, self.surrogate)),
            "identity": nn.Identity,
            "square": lambda: Function(torch.square),
        }

        def build(name, depth):
            torch.manual_seed(stage.seed)  # the same first weights for all
            layers, inputs = [], 2
            for _ in range(depth):
                linear = nn.Linear(inputs, WIDTH)
                nn.init.normal_(linear.weight, std=self.gain / inputs**0.5)
                nn.init.normal_(linear.bias, std=1.0 if name == "step" else 0.0)
                layers += [linear, modules[name]()]
                inputs = WIDTH
            return nn.Sequential(*layers, nn.Linear(WIDTH, 2)).to(stage.device)

        nets = {name: build(name, self.depth) for name in RACERS}
        nets["step, 3 layers"] = build("step", 3)
        nets["silu, Adam"] = build("silu", self.depth)
        first = {name: [w.detach().clone() for w in weights(net)] for name, net in nets.items()}
        by_adam = [p for name in BY_ADAM for p in nets[name].parameters()]
        by_sgd = [p for name in nets if name not in BY_ADAM for p in nets[name].parameters()]
        sgd = torch.optim.SGD(by_sgd, lr=self.learning_rate, momentum=0.9, fused=True)
        adam = torch.optim.Adam(by_adam, lr=self.learning_rate / 6, fused=True)

        # Nine small nets on digits, all from the same Xavier weights, as one batched net
        images, labels, _, _ = digits()
        images = images.flatten(1).to(stage.device) - 0.3  # [1400, 64]
        labels = labels.to(stage.device)
        arms = {**SQUASHES, "ReLU": torch.relu, "ELU": lambda z: elu(z, self.elu_alpha)}
        copies = len(arms)
        nine = nn.Sequential(
            BatchedLinear(copies, 64, 64, gain=1.0), Arms(arms),
            BatchedLinear(copies, 64, 64, gain=1.0), Arms(arms),
            BatchedLinear(copies, 64, 10, gain=1.0),
        ).to(stage.device)  # fmt: skip
        with torch.no_grad():
            for layer in nine[::2]:
                layer.weight[:] = layer.weight[:1].clone()
        digit_sgd = torch.optim.SGD(nine.parameters(), lr=self.digit_rate)
        arrival = dict.fromkeys(arms, math.inf)

        line = ridge_accuracy(x, y)
        stage.axes("spiral loss", y="cross-entropy", log="y", lines={"ln 2": math.log(2)})
        stage.axes("digits loss", y="cross-entropy", log="y", lines={"goal": TARGET})
        twins_gap = 0.0
        alive = dict(nets)  # nets whose loss is still a number

        for step in stage.loop(self.steps):
            # The spirals: every net takes a step of its own
            loss = {name: cross_entropy(net(x), y) for name, net in alive.items()}
            sgd.param_groups[0]["lr"] = self.learning_rate
            adam.param_groups[0]["lr"] = self.learning_rate / 6
            sgd.zero_grad()
            adam.zero_grad()
            sum(loss.values()).backward()
            sgd.step()
            adam.step()
            value = {name: own.item() for name, own in loss.items()}
            value = {name: value.get(name, math.nan) for name in nets}
            alive = {name: net for name, net in alive.items() if math.isfinite(value[name])}
            if step == 0:
                worst = value["square"]
            worst = max(worst, value["square"]) if math.isfinite(value["square"]) else math.inf
            twins_gap = max(twins_gap, abs(value["relu"] - value["threshold"]))
            stage.curve("spiral loss", {name: value[name] for name in CURVES})

            # The digits
            digit_sgd.param_groups[0]["lr"] = self.digit_rate
            for k in range(DIGIT_STEPS):
                at = DIGIT_STEPS * step + k
                i = torch.randint(len(images), (64,), device=stage.device)
                digit_loss = losses(nine(side_by_side(images[i], copies)), labels[i])  # [9]
                digit_sgd.zero_grad()
                digit_loss.sum().backward()
                digit_sgd.step()
                if at % 10 == 0:
                    with stage.probe(nine):
                        logits = nine(side_by_side(images[:600], copies))
                        now = dict(zip(arms, losses(logits, labels[:600]).tolist(), strict=True))
                    for name, own in now.items():
                        if own < TARGET:
                            arrival[name] = min(arrival[name], at)
                    stage.curve("digits loss", now, x=at)

            if stage.every(20) or stage.changed("look"):
                if stage.changed("look") or step == 0:
                    stage.watch(nets[self.look])
                with stage.probe(*nets.values()):
                    self.draw(stage, nets, first, x, y, value, line)
                done = DIGIT_STEPS * (step + 1)
                names = [n if arrival[n] < math.inf else f"{n} …" for n in arms]
                bars = [min(own, done) for own in arrival.values()]
                stage.bars("steps to 0.3", names, {"steps so far": bars})

        # What the claims compare; who has not arrived has needed at least all steps
        with stage.probe(*nets.values()):
            right = {
                name: (net(x).argmax(1) == y).float().mean().item() for name, net in nets.items()
            }
            means = dict(zip(arms, mean_outputs(nine, side_by_side(images, copies)), strict=True))
        done = DIGIT_STEPS * self.steps
        needed = {name: min(own, done) for name, own in arrival.items()}
        stage.measure(
            sigmoid_loss=value["sigmoid"],
            worst_finisher=min(right[name] for name in FINISHERS),
            step_moved=max(moved(nets["step"], first["step"])),
            silu_by_adam=right["silu, Adam"],
            elu_over_relu=means["ELU"] / means["ReLU"],
            half_steps=needed["2σ−1"],
            centring=needed["4σ"] / needed["4σ−2"],
            step_beyond_line=right["step, 3 layers"] - line,
            twins_gap=twins_gap,
            beyond_line=abs(right["identity"] - line),
            square_loss=worst,
            steep_steps=max(needed[name] for name in STEEP),
            flat_steps=min(needed[name] for name in FLAT),
            slope=needed["σ−½"] / needed["tanh+1"],
        )

    @claim(
        "eight linear layers are one: identity gets within 2 per cent of what a straight line gets",
        breaks={"gain": 4, "steps": 30},
    )
    def identity_is_linear(self, measured):
        return measured.beyond_line < 0.02

    @claim("with f = z² the loss passes 10 or all bounds", breaks={"depth": 1, "steps": 30})
    def square_blows_up(self, measured):
        return measured.square_loss > 10

    @claim(
        "the sigmoid net learns nothing: its loss stays above 0.65 (chance: ln 2 = 0.693)",
        breaks={"depth": 1, "digit_rate": 1.0},
    )
    def sigmoid_stuck(self, measured):
        return measured.sigmoid_loss > 0.65

    @claim(
        "tanh, ReLU, ELU, GELU and SiLU all get more than 95 per cent right",
        breaks={"depth": 1, "digit_rate": 1.0},
    )
    def finishers(self, measured):
        return measured.worst_finisher > 0.95

    @claim(
        "trained by Adam, SiLU gets more than 95 per cent right too",
        breaks={"depth": 1, "digit_rate": 1.0},
    )
    def silu_by_adam(self, measured):
        return measured.silu_by_adam > 0.95

    @claim(
        "the step net's hidden weights move by exactly 0",
        breaks={"surrogate": True, "steps": 30},
    )
    def step_stays(self, measured):
        return measured.step_moved == 0

    @claim(
        "a step net's readout learns: on three random layers of steps it gets over 5 per cent more "
        "right than a straight line",
        breaks={"gain": 0.1, "steps": 30},
    )
    def readout_learns(self, measured):
        return measured.step_beyond_line > 0.05

    @claim(
        "Threshold(0, 0) is ReLU: their losses never differ by 1e-6 at any step",
        breaks={"threshold": 0.5, "steps": 30},
    )
    def threshold_is_relu(self, measured):
        return measured.twins_gap < 1e-6

    @claim(
        "with slope ¼ at 0, centred or not, the digit nets need over 600 steps to a loss of 0.3",
        breaks={"depth": 1, "digit_rate": 1.0},
    )
    def flat_is_slow(self, measured):
        return measured.flat_steps > 600

    @claim(
        "with slope 1 at 0, centred or not, the digit nets all need under 450 steps",
        breaks={"digit_rate": 0.01, "depth": 1, "steps": 230},
    )
    def steep_is_fast(self, measured):
        return measured.steep_steps < 450

    @claim(
        "slope counts, not centring: σ − ½, centred, needs over twice the steps of tanh + 1, which "
        "is not",
        breaks={"digit_rate": 0.01, "depth": 1, "steps": 230},
    )
    def slope_not_centring(self, measured):
        return measured.slope > 2

    @claim(
        "with slope ½ at 0 (2σ − 1) a digit net needs over 1.5 times the steps of the slowest with "
        "slope 1",
        breaks={"digit_rate": 0.01, "depth": 1, "steps": 230},
    )
    def half_is_between(self, measured):
        return measured.half_steps / measured.steep_steps > 1.5

    @claim(
        "centring helps as well: 4σ needs over 1.3 times the steps of 4σ − 2",
        breaks={"digit_rate": 0.01, "depth": 1, "steps": 230},
    )
    def centring_helps(self, measured):
        return measured.centring > 1.3

    @claim(
        "trained, ELU's mean output is nearer to 0 than ReLU's, and not near: 0.35 to 0.75 of it",
        breaks={"elu_alpha": 0.05, "depth": 1, "steps": 30},
    )
    def elu_mean(self, measured):
        return measured.elu_over_relu.between(0.35, 0.75)

    def draw(self, stage, nets, first, x, y, value, line):
        """The looks that are taken now and then."""
        net = nets[self.look]
        points = grid((-2.2, 2.2), (-2.2, 2.2), 56, stage.device)
        field = net(points.reshape(-1, 2)).softmax(1)[:, 1].reshape(56, 56) - 0.5
        stage.plane(
            "regions",
            x=(-2.2, 2.2),
            y=(-2.2, 2.2),
            field=field.nan_to_num(),
            kind="signed",
            points=x[:150],
            labels=y[:150],
            x_label=f"x₁, {self.look}",
            y_label="x₂",
        )
        stage.bars(
            "weights moved",
            [*range(1, self.depth + 1), "R"],
            {
                self.look: moved(net, first[self.look], readout=True),
                "the step net": moved(nets["step"], first["step"], readout=True),
            },
        )
        rows = [
            [
                name,
                value[name],
                100 * (net(x).argmax(1) == y).float().mean().item(),
                net[:-1](x).mean().item(),
            ]
            for name, net in nets.items()
        ]
        rows.append(["a straight line", "–", 100 * line, "–"])
        stage.table("standings", ["f", "loss", "% right", "mean f"], rows)


def weights(net):
    return [layer.weight for layer in net if isinstance(layer, nn.Linear)]


def mean_outputs(net, x):
    """The mean output of a hidden unit in each copy of a batched net: [copies]."""
    means = []
    for k in range(0, len(net) - 1, 2):
        x = net[k : k + 2](x)  # a linear layer and its f: [N, copies, units]
        means.append(x.mean(dim=(0, 2)))
    return torch.stack(means).mean(dim=0)


def moved(net, first, readout=False):
    """‖W − W₀‖ of each hidden layer, and of the readout if asked for."""
    far = [(w - w0).norm().item() for w, w0 in zip(weights(net), first, strict=True)]
    return far if readout else far[:-1]


def ridge_accuracy(x, y):
    """The share of right answers of the best straight line: least squares, a trace of ridge."""
    inputs = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)  # [N, 3]
    target = 2.0 * y - 1  # −1 or 1
    w = torch.linalg.solve(
        inputs.T @ inputs + 1e-3 * torch.eye(3, device=x.device), inputs.T @ target
    )
    return ((inputs @ w > 0) == (y == 1)).float().mean().item()
