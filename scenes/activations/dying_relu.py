"""
# Units that never wake up

ReLU(z) = max(0, z). Its slope is 1 where z > 0 and 0 where z < 0, and a unit learns by the slope.
A unit whose z is negative for *every* example therefore gets no gradient at all. Its weights stay
as they are; in the first layer, where the inputs stay too, for ever: it is *dead*. Negative for
some examples is no harm; that is what makes it a bend. The cures give the negative side a slope:

| name | for z < 0 | slope there |
|---|---|---|
| LeakyReLU | αz, α fixed (0.01) | α |
| PReLU | az, a learned, from 0.25 on | a |
| RReLU | rz, r drawn anew for each number from U(1/8, 1/3) | r; in evaluation 11/48 |
| ELU | eᶻ − 1 | eᶻ |
| SiLU, GELU | zσ(z), zΦ(z) | like zeᶻ, like ze^(−z²/2) / √2π |

Here nets 64-64-64-10 that differ in nothing else learn to read digits, after a blow: the biases
of their first layer are set to −8 (`damage`), and every unit is negative for every digit.

## What is true, and what is only told

- *ReLU stays down.* The gradient of its first layer is exactly 0, and the only thing that learns
  is the last bias, which can know how frequent each digit is.
- *"LeakyReLU cannot die."* Its units can be just as negative, many still are when the net reads
  94 % of the digits. They only get α of the gradient, and Adam, which divides by the gradient's
  size, makes up for that. Plain descent does not: *leaky SGD* stays where it is. And three
  struck layers (*SGD ×3*) leave α³, a millionth.
- *ELU, SiLU and GELU saturate on the left*, so they can die too. From −8 ELU gets up; struck 2.5
  times as hard (*ELU hard*) it does not, where leaky, whose slope never fades, still does. GELU,
  whose slope falls like e^(−z²/2), hardly gets up from −8.
- *Big steps kill.* In **step size** healthy nets are trained by plain SGD at five step sizes.
  The weights jump, whole layers land on the dark side, and nothing calls them back. Is leaky
  the cure here? No: at such steps it does not learn either, and where ReLU goes silent, leaky's
  numbers grow until they are no numbers. Death works like a fuse.
- *PReLU's slope* is one number a layer (`num_parameters=1`), and it gets a gradient like any
  weight. Nothing keeps it between 0 and 1 (`slope_rate=5`; at its own rate it does not get that
  far here), and weight decay on it pulls it towards ReLU (`slope_decay`). Its authors saw smaller
  slopes in deeper layers of large image nets; **PReLU slopes**, the mean of five nets, shows no
  such order, so nothing is claimed of it.
- *RReLU is random in training and fixed in evaluation.* Forget `model.eval()` and each answer
  differs from the last (`forget_eval`). It is said to generalise better: with 150 digits to learn
  from, nets with ReLU, a fixed slope and RReLU ended within a hundredth of each other, too little
  to claim anything. (Its first description drew a divisor from U(3, 8) and fixed it at 5.5, a
  slope of 0.18; PyTorch draws the slope itself.)
- *Sloping backwards.* The variants allow a small **positive** slope for negative z, not a
  "negative gradient". And ReLU is continuous: only its slope jumps.

## Watch

- **units awake**: one row a unit of the first layer, time to the right; the share of the digits
  for which it is positive, brightest from 0.3 on. Dark for good is dead; with `activation=ReLU`
  all are.
- **step size**: for each step size of plain SGD, the share of dead ReLU units, and the digits that
  the ReLU net and the leaky net read.
- **negative side**: RReLU's line in evaluation, and what it has *drawn* in training; PReLU's line
  turns.
- **struck nets**: who gets up. *grad*: the norm of the first layer's gradient, just after the
  blow. *dead*: units negative for every digit. *right*: test digits read.

## Try

- `damage=0`: a healthy start; ReLU is as good as anyone. Turn it down while they run: a new blow.
- `alpha=0`: leaky is ReLU. `alpha=0.5`: even plain descent gets up.
- `damage=-20`: only those whose slope does not fade get up. `damage=-2`: ELU and GELU do too.
- `largest_step=0.4`: nobody dies of steps.
- `slope_decay=1`: PReLU turns into ReLU. `slope_rate=0`: PReLU is a LeakyReLU of 0.25.
- `upper=0.5`: RReLU with other slopes. `forget_eval=on`: it answers differently each time.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Toggle, claim
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear, accuracies, losses, side_by_side

KINDS = ("ReLU", "leaky", "PReLU", "RReLU", "ELU", "GELU", "SiLU")
# Who is struck, with which activation, how hard, how many hidden layers (all of them, if three)
STRUCK = {
    **{kind: (kind, 1.0, 2) for kind in KINDS},
    "leaky hard": ("leaky", 2.5, 2),
    "ELU hard": ("ELU", 2.5, 2),
    "leaky SGD": ("leaky", 1.0, 2),
    "SGD ×3": ("leaky", 0.375, 3),
}
STEPS = (0.025, 0.125, 0.25, 0.5, 1.0)  # shares of the largest step of plain SGD
COPIES = 5  # healthy nets with PReLU
LOWER = 1 / 8  # the ends of RReLU's slopes in PyTorch
UPPER = 1 / 3


class DyingReLU(Scene):
    covers = {
        "ReLU- nn.ReLU()": (
            "units awake",
            "struck nets",
            "step size",
            "dies",
            "stays",
            "steps_kill",
        ),
        "LeakyReLU - nn.LeakyReLU()": (
            "accuracy",
            "struck nets",
            "leaky_recovers",
            "still_negative",
            "descent_fails",
            "fuse",
        ),
        "PReLU - nn.PReLU()": ("PReLU slopes", "others_recover", "slope_learns", "no_decay"),
        "RReLU - nn.RReLU()": ("negative side", "others_recover", "drawn", "fixed", "repeats"),
        "ELU - nn.ELU()": ("struck nets", "elu_dies", "leaky_deep"),
        "GELU - nn.GELU()": ("struck nets", "gelu_fades"),
    }
    panels = (
        "units awake",
        "accuracy",
        "step size",
        "negative side",
        "struck nets",
        "PReLU slopes",
    )
    quick = {"steps": 10}

    activation = Choice(
        "leaky",
        ("ReLU", "leaky", "PReLU", "RReLU", "ELU", "GELU", "SiLU"),
        live=True,
        help="the net that you look into",
    )
    damage = Float(-8, min=-20, max=0, live=True, help="first-layer biases; turning it is a blow")
    alpha = Float(0.01, min=0, max=1, step=0.01, live=True, help="LeakyReLU's slope for z < 0")
    learning_rate = Float(0.01, min=1e-5, max=0.1, log=True, live=True, help="Adam's step size")
    largest_step = Float(4, min=0.1, max=20, log=True, live=True, help="of SGD, in 'step size'")
    slope_rate = Float(1, min=0, max=30, live=True, help="times the rate of PReLU's slopes")
    slope_decay = Float(0, min=0, max=1, step=0.05, live=True, help="weight decay of the slopes")
    upper = Float(0.3333, min=0.15, max=1, live=True, help="RReLU's largest slope")
    forget_eval = Toggle(False, live=True, help="RReLU is left in training mode when tested")
    steps = Int(300, min=10, max=3000, help="training steps")

    def run(self, stage):
        x, y, x_test, y_test = (part.to(stage.device) for part in digits())
        x, x_test = x.flatten(1), x_test.flatten(1)  # [1400, 64], [397, 64]

        nets = {name: net(kind, hidden, stage) for name, (kind, _, hidden) in STRUCK.items()}
        slow = [name for name in nets if "SGD" in name]
        slopes = [m.weight for n in nets.values() for m in n if isinstance(m, nn.PReLU)]
        healthy = crowd(COPIES, [nn.PReLU(COPIES) for _ in range(3)], stage)
        slopes += [m.weight for m in healthy if isinstance(m, nn.PReLU)]  # healthy: [5] a layer

        # Adam for the struck nets but two, and the healthy PReLU nets; plain SGD for these two
        known = {id(slope) for slope in slopes}
        fast = [*(n for name, n in nets.items() if name not in slow), healthy]
        weights = [p for n in fast for p in n.parameters() if id(p) not in known]
        adam = torch.optim.AdamW(
            [{"params": weights}, {"params": slopes}], weight_decay=0, fused=True
        )
        sgd = torch.optim.SGD([p for name in slow for p in nets[name].parameters()], lr=0.1)

        # Healthy nets at five step sizes, all with the same first weights
        runners = {
            "ReLU": crowd(len(STEPS), [nn.ReLU(), nn.ReLU()], stage),
            "leaky": crowd(len(STEPS), [nn.LeakyReLU(), nn.LeakyReLU()], stage),
        }
        for runner in runners.values():
            for layer in runner[::2]:
                layer.weight.data[:] = layer.weight.data[0].clone()

        stage.watch(nets[self.activation])
        stage.axes("accuracy", y="share of test digits read", lines={"guessing": 0.1})
        stage.axes("PReLU slopes", y="a", lines={"start": 0.25, "ReLU": 0})
        grids = {kind: [] for kind in KINDS}  # one column a look: [64] shares of digits
        gradients = {}  # first layer's, just after the blow
        torch.manual_seed(stage.seed)  # the batches, whatever the nets have drawn

        for step in stage.loop(self.steps):
            if step == 0 or stage.changed("damage"):
                strike(nets, self.damage)
                relu_gradient = 0.0
            if stage.changed("activation"):
                stage.watch(nets[self.activation])
            for module in (m for n in (*nets.values(), runners["leaky"]) for m in n):
                if isinstance(module, nn.LeakyReLU):
                    module.negative_slope = self.alpha
            for module in nets["RReLU"]:
                if isinstance(module, nn.RReLU):
                    module.upper = self.rrelu_end()
            adam.param_groups[0]["lr"] = self.learning_rate
            adam.param_groups[1]["lr"] = self.learning_rate * self.slope_rate
            # AdamW multiplies the decay by the rate; this takes off the same share at any rate
            decay = 0.1 * self.slope_decay / max(adam.param_groups[1]["lr"], 1e-9)
            adam.param_groups[1]["weight_decay"] = decay

            # One batch for all
            i = torch.randint(len(x), (128,), device=x.device)
            loss = sum(cross_entropy(n(x[i]), y[i]) for n in nets.values())
            loss = loss + losses(healthy(side_by_side(x[i], COPIES)), y[i]).sum()
            for runner in runners.values():
                runner.zero_grad()
                loss = loss + losses(runner(side_by_side(x[i], len(STEPS))), y[i]).sum()
            adam.zero_grad()
            sgd.zero_grad()
            loss.backward()
            if step == 0 or stage.changed("damage"):
                gradients = {name: n[0].weight.grad.norm().item() for name, n in nets.items()}
            relu_gradient = max(relu_gradient, nets["ReLU"][0].weight.grad.abs().max().item())
            adam.step()
            sgd.step()
            rates = self.largest_step * torch.tensor(STEPS, device=x.device)  # [5]
            with torch.no_grad():
                for p in (p for runner in runners.values() for p in runner.parameters()):
                    p -= rates.view(-1, *[1] * (p.dim() - 1)) * p.grad

            # What the user sees
            means = [m.weight.mean() for m in healthy if isinstance(m, nn.PReLU)]
            struck_slope = nets["PReLU"][1].weight
            stage.curve(
                "PReLU slopes",
                dict(zip(("layer 1", "layer 2", "layer 3"), means, strict=True)),
                struck=struck_slope,
            )
            if stage.every(max(2, self.steps // 60)):
                with stage.probe():
                    for kind in KINDS:
                        grids[kind].append((nets[kind][0](x) > 0).float().mean(dim=0))
                grid = torch.stack(grids[self.activation], dim=1)  # [64, looks]
                stage.heatmap(
                    "units awake",
                    grid,
                    names=[self.activation],
                    x="time",
                    y="unit of the first layer",
                    low=0,
                    high=0.3,
                )
            if stage.every(max(5, self.steps // 30)):
                with stage.probe(*nets.values()):
                    right = self.look(stage, nets, gradients, x, x_test, y_test)
                    self.look_at_steps(stage, runners, rates, x, x_test, y_test)
                    self.look_left(stage, nets)
                stage.curve("accuracy", {kind: right[kind] for kind in KINDS})

        moved = torch.cat([m.weight for m in healthy if isinstance(m, nn.PReLU)])
        stage.measure(
            relu_gradient=relu_gradient,
            gelu_gradient=gradients["GELU"],
            slope_moved=(moved - 0.25).abs().max(),
            least_slope=moved.min(),
        )

    def rrelu_end(self):
        """0.3333 stands for PyTorch's own 1/3."""
        return UPPER if self.upper == 0.3333 else self.upper

    def look(self, stage, nets, gradients, x, x_test, y_test):
        """The table of the struck nets; the share of test digits that each reads."""
        if self.forget_eval:
            nets["RReLU"].train()
        right, dead = {}, {}
        for name, n in nets.items():
            right[name] = (n(x_test).argmax(1) == y_test).float().mean().item()
            dead[name] = (n[0](x) <= 0).all(dim=0).float().mean().item()
        stage.table(
            "struck nets",
            ["net", "bias", "grad", "dead", "right"],
            [
                [
                    name,
                    f"{STRUCK[name][1] * self.damage:.3g}",
                    f"{gradients[name]:.0e}".replace("e-0", "e-").replace("e+00", ""),
                    f"{100 * dead[name]:.0f} %",
                    f"{100 * right[name]:.0f} %",
                ]
                for name in nets
            ],
            best=[n for n, name in enumerate(nets) if right[name] > 0.8],
        )
        stage.measure(
            relu_right=right["ReLU"],
            leaky_right=right["leaky"],
            others_right=min(right[name] for name in ("PReLU", "RReLU", "ELU", "SiLU")),
            elu_deep_right=right["ELU hard"],
            leaky_deep_right=right["leaky hard"],
            descent_right=max(right["leaky SGD"], right["SGD ×3"]),
            leaky_dead=dead["leaky"],
        )
        return right

    def look_at_steps(self, stage, runners, rates, x, x_test, y_test):
        """Dead units and digits read, for each step size; what is no number reads nothing."""
        drawn, finite = {}, {}
        for name, runner in runners.items():
            never = (runner[0](side_by_side(x, len(STEPS))) <= 0).all(dim=0)  # [5, 64]
            share = accuracies(runner(side_by_side(x_test, len(STEPS))), y_test)
            numbers = [p.isfinite().flatten(1).all(dim=1) for p in runner.parameters()]
            finite[name] = torch.stack(numbers).all(dim=0).float()  # [5]
            if name == "ReLU":
                dead = never.float().mean(dim=1)
                drawn["dead"] = 100 * dead
            drawn[f"{name} right"] = 100 * share * finite[name]
        stage.bars("step size", [f"{rate:.3g}" for rate in rates.tolist()], drawn, unit="%")
        stage.measure(
            dead_bold=dead[3],
            dead_careful=dead[0],
            fuse=(finite["ReLU"] - finite["leaky"])[4],
        )

    def look_left(self, stage, nets):
        """RReLU at many negative numbers, twice; the other slopes as lines."""
        rrelu = nn.RReLU(LOWER, self.rrelu_end())
        z = -4 * torch.rand(20_000) - 1e-3
        r = rrelu(z) / z  # the slopes that training draws
        rrelu.train(self.forget_eval)
        first, second = rrelu(z) / z, rrelu(z) / z
        cloud = torch.stack([z, r * z], dim=1)[:300]
        ends = torch.tensor([-4.0, 0.0, 1.0])
        lines = {
            "RReLU": first.mean().item(),
            "PReLU": nets["PReLU"][1].weight.item(),
            "leaky": self.alpha,
        }
        stage.plane(
            "negative side",
            x=(-4, 1),
            y=(-2, 1),
            points={"drawn": cloud},
            paths={
                name: torch.stack([ends, torch.where(ends < 0, slope * ends, ends)], dim=1)
                for name, slope in lines.items()
            },
            x_label="z",
            y_label="f",
        )
        stage.measure(
            rrelu_error=max(
                abs(r.min().item() - LOWER),
                abs(r.max().item() - UPPER),
                abs(r.mean().item() - (LOWER + UPPER) / 2),
            ),
            rrelu_evaluation=(first - 11 / 48).abs().max(),
            rrelu_repeat=(first - second).abs().max(),
        )

    @claim(
        "a ReLU layer whose units are all negative gets a gradient of exactly 0, at every step",
        breaks={"damage": 0, "steps": 30},
    )
    def dies(self, measured):
        return measured.relu_gradient == 0

    @claim(
        "the struck ReLU net never reads a fifth of the digits", breaks={"damage": 0, "steps": 30}
    )
    def stays(self, measured):
        return measured.relu_right < 0.2

    @claim(
        "LeakyReLU, struck as hard, reads more than 0.85 of the digits after 300 steps of Adam",
        breaks={"alpha": 0, "steps": 100},
    )
    def leaky_recovers(self, measured):
        return measured.leaky_right > 0.85

    @claim(
        "PReLU, RReLU, ELU and SiLU recover as well: the worst of them reads more than 0.85",
        breaks={"damage": -20, "steps": 100},
    )
    def others_recover(self, measured):
        return measured.others_right > 0.85

    @claim(
        "LeakyReLU's units may stay negative all the same: more than a fifth of them are so for "
        "every digit",
        breaks={"damage": 0, "steps": 30},
    )
    def still_negative(self, measured):
        return measured.leaky_dead > 0.2

    @claim(
        "a slope of 0.01 alone is not enough: by plain descent, or with three layers struck, "
        "LeakyReLU reads less than 0.3",
        breaks={"alpha": 0.5, "steps": 80},
    )
    def descent_fails(self, measured):
        return measured.descent_right < 0.3

    @claim(
        "ELU can die: struck 2.5 times as hard, it reads less than 0.3",
        breaks={"damage": -2, "steps": 40},
    )
    def elu_dies(self, measured):
        return measured.elu_deep_right < 0.3

    @claim(
        "LeakyReLU, struck 2.5 times as hard, reads more than 0.7",
        breaks={"alpha": 0, "steps": 100},
    )
    def leaky_deep(self, measured):
        return measured.leaky_deep_right > 0.7

    @claim(
        "GELU's slope fades fastest: its first layer's gradient is below 1e-6 after the blow",
        breaks={"damage": -2, "steps": 40},
    )
    def gelu_fades(self, measured):
        return measured.gelu_gradient < 1e-6

    @claim(
        "steps of 2 by plain SGD kill a healthy layer's ReLU units, steps of 0.1 do not: the "
        "shares of the dead differ by more than 0.4",
        breaks={"largest_step": 0.4, "steps": 30},
    )
    def steps_kill(self, measured):
        return measured.dead_bold - measured.dead_careful > 0.4

    @claim(
        "at steps of 4 LeakyReLU's weights are no longer numbers, and ReLU's are (1 if so)",
        breaks={"largest_step": 0.4, "steps": 30},
    )
    def fuse(self, measured):
        return measured.fuse == 1

    @claim(
        "PReLU's slopes learn: one moves more than 0.05 away from its start, 0.25",
        breaks={"slope_rate": 0, "steps": 30},
    )
    def slope_learns(self, measured):
        return measured.slope_moved > 0.05

    @claim(
        "left without weight decay, no slope of a healthy net falls below 0.05: none turns into "
        "ReLU",
        breaks={"slope_decay": 1, "steps": 40},
    )
    def no_decay(self, measured):
        return measured.least_slope > 0.05

    @claim(
        "in training RReLU draws slopes from 1/8 to 1/3, 11/48 on average (largest error)",
        breaks={"upper": 0.5, "steps": 10},
    )
    def drawn(self, measured):
        return measured.rrelu_error < 0.004

    @claim(
        "in evaluation RReLU's slope is 11/48, to within 1e-6",
        breaks={"forget_eval": True, "steps": 10},
    )
    def fixed(self, measured):
        return measured.rrelu_evaluation < 1e-6

    @claim(
        "two evaluations of RReLU give the same numbers",
        breaks={"forget_eval": True, "steps": 10},
    )
    def repeats(self, measured):
        return measured.rrelu_repeat == 0


def net(kind, hidden, stage):
    """64-64-64-10 with He's weights; the same first weights whatever the activation."""
    make = {
        "ReLU": nn.ReLU,
        "leaky": nn.LeakyReLU,
        "PReLU": nn.PReLU,
        "RReLU": nn.RReLU,
        "ELU": nn.ELU,
        "GELU": nn.GELU,
        "SiLU": nn.SiLU,
    }[kind]
    torch.manual_seed(stage.seed)
    layers = []
    for _ in range(hidden):
        layers += [nn.Linear(64, 64), make()]
    layers.append(nn.Linear(64, 10))
    for layer in layers[::2]:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers).to(stage.device)


def crowd(copies, activations, stage):
    """As many nets side by side, with these activations between the layers."""
    torch.manual_seed(stage.seed)
    layers = []
    for activation in activations:
        layers += [BatchedLinear(copies, 64, 64), activation]
    return nn.Sequential(*layers, BatchedLinear(copies, 64, 10)).to(stage.device)


def strike(nets, damage):
    """Set the biases of the first hidden layer; of all three, where there are three."""
    with torch.no_grad():
        for name, (_, blow, hidden) in STRUCK.items():
            for layer in nets[name][: 1 if hidden == 2 else -1 : 2]:
                layer.bias.fill_(blow * damage)
