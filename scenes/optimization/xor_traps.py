r"""
# Traps that vanish with width

Two inputs, x₁ and x₂, each −1 or 1. Say whether they differ: XOR, four points in all. Two hidden
units can do it. Do nets with two hidden units *learn* it? Here thousands of them try, from random
weights, with 2, 3, 4, 8 and 16 hidden units, ReLU and tanh, 200 of each kind: all of them one
batched tensor, so that a step of 2,000 nets is a handful of multiplications. On one core, 200 nets
as one took their steps some 130 times as fast as one by one.

A net that still has a loss above 0.1 when all is over is *stuck*. It is no bad luck with the
rate; it stands at a local minimum, or on a flat piece where the gradient is zero. The losses tell
which. Where a net has given up on some points, it gives them the same answer, the best one:

| what it has given up | its loss |
|---|---|
| two points, one of each class | ½ ln 2 = 0.347 |
| three points, answered with ⅓ | ¾ · (ln 3 − ⅔ ln 2) = 0.477 |
| all four | ln 2 = 0.693 |

ReLU nets stand exactly on these levels: a unit that is off for a point has nothing to say of it.

## What is true, and what is only told

- *Convex: any local minimum is a global one.* The model beside the nets is convex: a logistic
  regression on (1, x₁, x₂, x₁x₂), with a small penalty on the squares of its weights. From 200
  starts it reaches one and the same point. (Without the penalty there is no lowest point at all:
  the loss falls for ever. And "descent always converges" needs a small rate: below 2/λ, with λ
  the largest curvature, it is certain; here 2/0.26 ≈ 7.7. The bottom is flatter than that, so a
  little more still works; 50 does not. See `convex_rate`.) A net's loss is *not* convex: it has
  local minima, saddles, plateaus and ravines; *The optimizer race* has each of them in the plane.
- *"Neural nets get trapped in bad local minima."* Small ones do: with two ReLU units more than
  half of them. With 16 hardly one in a hundred. A unit more is a direction more in which a trap
  may have its way out. In large nets it is saddles and ill-shaped ravines that cost time.
- *"Momentum carries you out, Adam gets around it."* Not here: plain descent, momentum and Adam
  leave about the same share behind. A rule that feels the slope alone has no way of telling that
  there is a lower place elsewhere.
- *Different, and equally good.* Two solved nets share next to no weights, and on the straight line
  between them the loss rises and falls again: a *barrier*. Between two solutions of the convex
  model it cannot. (Part of it is naming: swap two hidden units, and the net is the same.)
- *All weights zero* is a stationary point of every such net, and a saddle: no gradient reaches
  a unit whose weights are zero on both sides. The scene makes use of it: the narrow nets are
  16 units wide too, with all weights of the missing units at zero, and there they stay.

## Watch

- **stuck**: the share left behind, by hidden units (`width_factor` times as many).
- **not solved**: the share of ReLU nets above 0.1, step by step, by hidden units; the last two with
  the fewest, by descent and by momentum. Flat ends: nobody gets out any more.
- **final losses** and **levels**: the kind of net that you look at piles up at the levels.
- **a stuck net**: what one of them answers, over x₁ and x₂. (None is stuck: the worst one.)
- **straight line**: from one solution to another.

## Try

- `width_factor=4`: 8 units instead of 2, and so on. The traps are gone.
- `steps=100`: nobody is stuck yet, everybody is on the way: the levels are empty.
- `learning_rate=0.0003`: the same, for the wide nets too.
- `convex_rate=50`: above the edge, and even the convex model does not arrive.
- `alike=on`: same start, same end, no barrier: it is the start that decides who is caught.
- `width_factor=4 descent_rate=0.001`: traps that only *look* like traps: descent is just slow.
- `look_at=16` and `activation=tanh`, while it runs.
"""

import math

import torch
from torch import nn
from torch.nn.functional import softplus

from dlplay import Choice, Float, Int, Scene, Toggle, claim
from dlplay.nn import grid
from dlplay.nn.batched import BatchedLinear, side_by_side

WIDTHS = (2, 3, 4, 8, 16)
KINDS = [(activation, width) for activation in ("ReLU", "tanh") for width in WIDTHS]
RULES = ("descent", "momentum", "Adam")
LEVELS = {
    "0 (solved)": 0.0,
    "½ ln 2": math.log(2) / 2,
    "0.477": 0.75 * (math.log(3) - 2 / 3 * math.log(2)),
    "ln 2": math.log(2),
}
STUCK = 0.1
PENALTY = 0.01  # the convex model's: half of it times the sum of squares


class Nets(nn.Module):
    """Nets 2-width-1, `nets` of each kind, all in one: [N, 2] -> logits [N, copies].

    Those of a kind narrower than the widest have units whose weights are all zero."""

    def __init__(self, kinds, nets):
        super().__init__()
        widest = max(width for _, width in kinds)
        copies = nets * len(kinds)
        self.hidden = BatchedLinear(copies, 2, widest, gain=1)
        self.readout = BatchedLinear(copies, widest, 1, gain=1)
        self.relus = nets * sum(activation == "ReLU" for activation, _ in kinds)  # they come first
        with torch.no_grad():
            for k, (_, width) in enumerate(kinds):
                mine = slice(k * nets, (k + 1) * nets)
                self.hidden.weight[mine, :, width:] = 0
                self.readout.weight[mine, width:] = 0
                self.readout.weight[mine] *= (widest / width) ** 0.5  # variance 1 / width

    def forward(self, x):
        z = self.hidden(side_by_side(x, len(self.hidden.weight)))  # [N, copies, widest]
        a = torch.cat([z[:, : self.relus].relu(), z[:, self.relus :].tanh()], dim=1)
        return self.readout(a)[..., 0]


def cross_entropy(logits, y):
    """Each copy's mean loss: logits [N, copies], y [N] of 0 and 1 -> [copies]."""
    return (softplus(logits) - y[:, None] * logits).mean(dim=0)


class XorTraps(Scene):
    covers = {
        "Challenges in Neural Network Optimization": (
            "stuck",
            "not solved",
            "final losses",
            "levels",
            "a stuck net",
            "straight line",
            "narrow",
            "wide",
            "narrow_tanh",
            "wide_tanh",
            "exact_levels",
            "no_rule_escapes",
            "convex_loss",
            "convex_weights",
            "barrier",
            "unlike",
        ),
    }
    panels = ("stuck", "not solved", "final losses", "levels", "a stuck net", "straight line")
    quick = {"nets": 20, "steps": 60}

    activation = Choice("ReLU", ("ReLU", "tanh"), live=True, help="the kind that you look at")
    look_at = Choice("2", ("2", "3", "4", "8", "16"), live=True, help="and its hidden units")
    learning_rate = Float(0.02, min=1e-5, max=1, log=True, live=True, help="Adam's step size")
    descent_rate = Float(
        0.5, min=1e-4, max=10, log=True, live=True, help="plain descent's; momentum's is a tenth"
    )
    convex_rate = Float(4, min=0.01, max=50, log=True, live=True, help="that of the convex model")
    width_factor = Int(1, min=1, max=8, help="times as many hidden units, in every net")
    alike = Toggle(False, help="all nets of a kind start with the same weights")
    nets = Int(200, min=10, max=400, help="of each kind")
    steps = Int(600, min=20, max=5000, help="updates of every net")

    def run(self, stage):
        device = stage.device
        x = torch.tensor([[-1.0, -1], [-1, 1], [1, -1], [1, 1]], device=device)
        y = torch.tensor([0.0, 1, 1, 0], device=device)
        kinds = [(activation, width * self.width_factor) for activation, width in KINDS]
        narrowest = [("ReLU", 2 * self.width_factor)]

        # Adam trains all kinds; descent and momentum the narrowest with ReLU, from the same start
        # as Adam's
        model = Nets(kinds, self.nets).to(device)
        if self.alike:
            with torch.no_grad():
                for p in model.parameters():
                    each = p.view(len(kinds), self.nets, *p.shape[1:])
                    each.copy_(each[:, :1].clone().expand_as(each))
        adam = torch.optim.Adam(model.parameters(), lr=self.learning_rate, fused=True)
        others, rules = {}, {}
        for name, momentum in (("descent", 0.0), ("momentum", 0.9)):
            others[name] = Nets(narrowest, self.nets).to(device)
            with torch.no_grad():
                for mine, theirs in zip(others[name].parameters(), model.parameters(), strict=True):
                    part = theirs[: self.nets]  # [nets, inputs, outputs] or [nets, outputs]
                    mine.copy_(part[tuple(slice(n) for n in mine.shape)])
            rules[name] = torch.optim.SGD(others[name].parameters(), lr=1, momentum=momentum)
        stage.watch(model)

        # The convex model, from as many starts. float64, to see how closely they agree
        exact = torch.float32 if device == "mps" else torch.float64
        features = torch.cat([torch.ones(4, 1, device=device), x, x[:, :1] * x[:, 1:]], dim=1)
        features = features.to(exact)  # [4, 4]
        convex = 3 * torch.randn(4, self.nets, device=device, dtype=exact)

        widths = [str(width) for _, width in kinds[: len(WIDTHS)]]
        stage.axes("not solved", y="share", log="x")
        for step in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = self.learning_rate
            rules["descent"].param_groups[0]["lr"] = self.descent_rate
            rules["momentum"].param_groups[0]["lr"] = self.descent_rate / 10
            adam.zero_grad()
            loss = cross_entropy(model(x), y)  # [10 · nets]
            loss.sum().backward()  # each net gets its own gradient
            adam.step()
            loss = loss.detach().view(len(kinds), self.nets)
            left = {"Adam": loss[0]}
            for name, net in others.items():
                rules[name].zero_grad()
                own = cross_entropy(net(x), y)
                own.sum().backward()
                rules[name].step()
                left[name] = own.detach()

            error = torch.sigmoid(features @ convex) - y[:, None]  # [4, nets]
            slope = features.T @ error / 4 + PENALTY * convex
            convex -= self.convex_rate * slope

            stuck = (loss > STUCK).float().mean(dim=1)  # [10 kinds]
            if step % 5 == 0:
                shares = dict(zip(widths, stuck.tolist(), strict=False))
                for name in others:
                    shares[f"{widths[0]} {name}"] = (left[name] > STUCK).float().mean()
                stage.curve("not solved", shares, x=step + 1)
            if stage.every(25):
                at = (self.activation, int(self.look_at))
                k = KINDS.index(at)
                stage.histogram(
                    "final losses",
                    {f"{self.activation} {kinds[k][1]}": loss[k]},
                    bins=40,
                    low=0,
                    high=0.8,
                    x="loss so far",
                )
                relu, tanh = (100 * stuck).view(2, len(WIDTHS))
                stage.bars("stuck", widths, {"ReLU, %": relu, "tanh, %": tanh})
                self.show_levels(stage, loss, k)
            if stage.every(50):
                with stage.probe(model):
                    self.show_answer(stage, model, x, y, loss, k)
                    lines = self.show_line(stage, model, x, y, loss, convex, features)
                self.report(stage, loss, stuck, left, convex, features, y, model, lines)

    def show_levels(self, stage, loss, k):
        """How many nets of each width stand on each level."""
        first = 0 if KINDS[k][0] == "ReLU" else len(WIDTHS)
        rows = []
        rest = torch.ones_like(loss, dtype=torch.bool)
        for name, level in LEVELS.items():
            on = (loss - level).abs() < (STUCK if level == 0 else 0.01)
            rest &= ~on
            rows.append([name, *on.sum(dim=1)[first : first + len(WIDTHS)].tolist()])
        rows.append(["elsewhere", *rest.sum(dim=1)[first : first + len(WIDTHS)].tolist()])
        widths = [str(width * self.width_factor) for width in WIDTHS]
        stage.table("levels", [f"{KINDS[k][0]} units", *widths], rows)

    def show_answer(self, stage, model, x, y, loss, k):
        """What one net of the kind that is looked at answers: the logit over the plane."""
        worst = loss[k].argmax()
        points = grid((-2, 2), (-2, 2), 24, x.device).reshape(-1, 2)
        field = model(points)[:, k * self.nets + worst].view(24, 24)
        stage.plane(
            "a stuck net",
            x=(-2, 2),
            y=(-2, 2),
            field=field,
            kind="signed",
            points={"same": x[y == 0], "differ": x[y == 1]},
            x_label=f"loss {loss[k, worst]:.3f}",
        )

    def show_line(self, stage, model, x, y, loss, convex, features):
        """The loss on straight lines between the widest ReLU nets, each to the next, and between
        runs of the convex model: [21, nets] each."""
        t = torch.linspace(0, 1, 21, device=x.device)[:, None, None]
        k = len(WIDTHS) - 1
        mine = slice(k * self.nets, (k + 1) * self.nets)
        w, b = model.hidden.weight[mine], model.hidden.bias[mine]  # [nets, 2, 16], [nets, 16]
        v, c = model.readout.weight[mine, :, 0], model.readout.bias[mine]  # [nets, 16], [nets, 1]
        between = [(1 - t) * p.flatten(1) + t * p.roll(1, 0).flatten(1) for p in (w, b, v, c)]
        w, b, v, c = between  # [21, nets, ...]
        w = w.view(21, self.nets, 2, -1)
        a = (torch.einsum("pi,tniu->tpnu", x, w) + b[:, None]).relu()  # [21, 4, nets, 16]
        logits = (a * v[:, None]).sum(dim=3) + c[:, None, :, 0]  # [21, 4, nets]
        nets = (softplus(logits) - y[:, None] * logits).mean(dim=1)  # [21, nets]

        # The convex model, from where one run stands now to where its neighbour does
        line = (1 - t) * convex + t * convex.roll(1, 1)  # [21, 4, nets]
        logits = torch.einsum("pf,tfn->tpn", features, line.to(features.dtype))
        bowl = (softplus(logits) - y[:, None] * logits).mean(dim=1)
        stage.plot(
            "straight line",
            torch.linspace(0, 1, 21),
            {"median pair": nets.median(dim=1).values, "one pair": nets[:, 0],
             "convex model": bowl.median(dim=1).values},
        )  # fmt: skip
        return nets

    def report(self, stage, loss, stuck, left, convex, features, y, model, lines):
        share = {kind: value.item() for kind, value in zip(KINDS, stuck, strict=True)}
        caught = loss[: len(WIDTHS)][loss[: len(WIDTHS)] > STUCK]  # ReLU, of any width
        levels = torch.tensor(list(LEVELS.values())[1:], device=loss.device)
        near = (caught[:, None] - levels).abs().min(dim=1).values < 0.01
        by_rule = [(left[name] > STUCK).float().mean().item() for name in RULES]
        objective = cross_entropy(features @ convex, y) + PENALTY / 2 * (convex**2).sum(dim=0)
        ends = torch.maximum(lines[0], lines[-1])
        k = len(WIDTHS) - 1
        mine = slice(k * self.nets, (k + 1) * self.nets)
        weights = torch.cat([p[mine].flatten(1) for p in model.parameters()], dim=1).detach()
        cosine = torch.cosine_similarity(weights, weights.roll(1, 0), dim=1)
        stage.measure(
            narrow=share["ReLU", 2],
            wide=share["ReLU", 16],
            narrow_tanh=share["tanh", 2],
            wide_tanh=share["tanh", 16],
            on_levels=near.float().mean() if len(caught) else 0.0,
            rules_apart=max(by_rule) - min(by_rule),
            convex_loss=objective.max() - objective.min(),
            convex_weights=(convex - convex.mean(dim=1, keepdim=True)).abs().max(),
            barrier=(lines.max(dim=0).values - ends).median() / ends.median(),
            cosine=cosine.abs().median(),
        )

    @claim(
        "of ReLU nets with 2 hidden units more than 40 % are stuck",
        breaks={"width_factor": 4, "descent_rate": 0.001, "nets": 40, "steps": 250},
    )
    def narrow(self, measured):
        return measured.narrow > 0.4

    @claim(
        "with 16 hidden units less than 3 % are",
        breaks={"learning_rate": 0.0003, "steps": 100},
    )
    def wide(self, measured):
        return measured.wide < 0.03

    @claim(
        "of tanh nets with 2 hidden units more than 20 % are stuck",
        breaks={"width_factor": 4, "descent_rate": 0.001, "nets": 40, "steps": 250},
    )
    def narrow_tanh(self, measured):
        return measured.narrow_tanh > 0.2

    @claim("with 16 hidden units less than 3 % are", breaks={"learning_rate": 0.0003, "steps": 100})
    def wide_tanh(self, measured):
        return measured.wide_tanh < 0.03

    @claim(
        "more than 90 % of the stuck ReLU nets have a loss within 0.01 of ½ ln 2, 0.477 or ln 2",
        breaks={"steps": 100},
    )
    def exact_levels(self, measured):
        return measured.on_levels > 0.9

    @claim(
        "plain descent, momentum and Adam leave the same share behind, within 15 points",
        breaks={"width_factor": 4, "descent_rate": 0.001, "nets": 40, "steps": 250},
    )
    def no_rule_escapes(self, measured):
        return measured.rules_apart < 0.15

    @claim(
        "200 starts of the convex model end at one loss, within 10⁻¹⁰",
        breaks={"convex_rate": 50, "steps": 100},
    )
    def convex_loss(self, measured):
        return measured.convex_loss < 1e-10

    @claim(
        "and at the same weights, within 10⁻⁵",
        breaks={"convex_rate": 50, "steps": 100},
    )
    def convex_weights(self, measured):
        return measured.convex_weights < 1e-5

    @claim(
        "on the straight line from one net of 16 hidden units to the next the loss climbs above "
        "the worse of the two by over 10 times that loss (median climb over median loss)",
        breaks={"alike": True, "steps": 100},
    )
    def barrier(self, measured):
        return measured.barrier > 10

    @claim(
        "the cosine between the weights of two such solutions is below 0.3 in size (median)",
        breaks={"alike": True, "steps": 100},
    )
    def unlike(self, measured):
        return measured.cosine < 0.3
