r"""
# The race on a net

The rules of *The optimizer race* train a classifier of handwritten digits, 64-64-64-10 with ReLU:
eleven of them on the same batches, each with a learning rate tuned for it. Each also runs at a
tenth, a third, three and ten times that rate. All 55 nets start from the same weights and are one
batched tensor; each rule only gets to see its own part.

Three things are new against the plane. The slope is *noisy*, since it comes from `batch` digits
of 1,400. There are 9,000 parameters. And what is wanted is not the training loss but the share of
right answers on digits never seen.

*AdamW* is Adam with weight decay outside of the division by √v: θ ← θ − α (m̂/√v̂ + λθ).
*Gradient descent* comes in its three batch sizes: one digit a step (*batch 1*), `batch` digits
(*descent*), and all of them (*batch all*). Beside these, *Rprop all* sees all digits too.

## What is true, and what is only told

- *Which rule is best?* With tuned rates all but Rprop get there, and end within about three
  hundredths of each other on the test digits. What differs is how much tuning that took: see how
  many cells of a row in **rate sweep** are good.
- *Rprop* fails on batches. Nine slopes of +0.1 and one of −0.9 cancel, but their signs do not: its
  steps grow on the nine. With all digits in the batch the signs are real, and it is among the
  quickest.
- *Lion* takes the sign too, of a moving average, and moves every parameter by α. So its rate has to
  be about a tenth of Adam's; at Adam's own it does badly. (It is said to gain on Adam
  with larger batches. It improves, but Adam stays ahead at this size, so nothing is claimed.)
- *Gains* for every parameter want large batches for the same reason as Rprop. They are kept
  between 0.1 and 10, so that the harm stays small.
- *One digit a step* is noisy and cheap: after 500 steps it has seen 500 digits, the full batch
  700,000. So the axis of steps is unfair to it; *How many examples per step?* has the axis of
  digits.

## Adam's limitations

1. *"It generalises worse than descent."* Sometimes, said of image nets, and disputed: with equal
   effort for tuning and decay done right the gap often goes. On 300 digits, eight seeds, we know
   of 0.947 for descent against 0.943 for Adam: a gap as small as the differences between its
   own settings. The column *test* shows what this run gives. It is reported, nothing is claimed.
2. *"Three buffers instead of one."* Adam keeps m and v. But gradients are in memory too: weights,
   gradient, m, v make four copies against descent's two, and momentum's three. So twice as much,
   not three times. Lion keeps one number where Adam keeps two. The column *mem* counts them; for
   7 billion parameters in float32 each copy is 28 GB: 112 GB for Adam, activations not counted.
3. *More settings*: α, β₁, β₂, ε. True, but the last three are rarely touched.

## Watch

- **digits net**: the loss on all training digits (those below 0.005 are drawn there). Eleven tuned
  rules, and three with another batch.
- **leaderboard**: by training loss; *test* is the share right, *mem* the memory that a step
  needs, in sizes of the net.
- **rate sweep**: log₁₀ of the loss by rule and rate, the lower (darker) the better. To the left too
  slow, to the right too fast.

## Try

- `whose=Adam rate=10`, while it runs. A row of the sweep turns with its runner's rate.
- `whose=Adam rate=100`: too far.
- `whose=Lion rate=0.1`: now three or ten times its rate does better.
- `whose=Rprop rate=100`: a first step of 1 for every weight, and it does not recover even on all
  digits. (Later in the run nothing happens: Rprop makes its own steps from the first one.)
- `batch=1400`: no noise, and Rprop wins. `batch=8`: much noise.
- `amsgrad=on`: a variant of Adam that also keeps the largest v: a third number.
"""

import math
from copy import deepcopy

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Toggle, claim
from dlplay.data import digits
from dlplay.nn.batched import accuracies, losses, side_by_side
from dlplay.nn.optimizers import FIRST_ORDER as RULES

WHOSE = (
    "everyone", "descent", "momentum", "Nesterov", "gains", "Rprop", "RMSProp", "Adagrad",
    "Adadelta", "Adam", "AdamW", "Lion",
)  # fmt: skip
# Tuned for this net and 500 steps (Rprop's: its first step)
RATES = {
    "descent": 0.3, "momentum": 0.1, "Nesterov": 0.1, "gains": 0.3, "Rprop": 0.01,
    "RMSProp": 0.006, "Adagrad": 0.05, "Adadelta": 3.0, "Adam": 0.01, "AdamW": 0.01,
    "Lion": 0.001,
}  # fmt: skip
FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0)
TUNED = 2  # the place of 1.0 among them
# Who sees another batch: the rule, and the digits in a batch (0: all)
OTHERS = {"batch 1": ("descent", 1), "batch all": ("descent", 0), "Rprop all": ("Rprop", 0)}
SHARE = {"batch 1": 0.1}  # of the rule's rate
SHAPES = ((64, 64), (64, 64), (64, 10))  # of the layers


def unpacked(flat):
    """The weights of nets that are rows of numbers, [copies, P] -> [(weight, bias)]."""
    layers, at = [], 0
    for inputs, outputs in SHAPES:
        weight = flat[:, at : at + inputs * outputs].view(-1, inputs, outputs)
        at += inputs * outputs
        layers.append((weight, flat[:, at : at + outputs]))
        at += outputs
    return layers


def forward(flat, images):
    """images [N, 64] through every net of flat [copies, P]: logits [N, copies, 10]."""
    x = side_by_side(images, len(flat)).transpose(0, 1)  # [copies, N, 64]
    *hidden, (weight, bias) = unpacked(flat)
    for w, b in hidden:
        x = torch.baddbmm(b[:, None], x, w).relu()
    return torch.baddbmm(bias[:, None], x, weight).transpose(0, 1)


class NetRace(Scene):
    covers = {
        "Limitations of Adam": ("leaderboard", "adam_memory", "lion_memory", "alike"),
        "Efficient Gradient Computation: Mini-Batch Learning": ("leaderboard", "fewer_examples"),
        "Separate Adaptive Learning Rates based on Gradient Sign": ("digits net", "net"),
        "Rprop: Using Only the Sign of the Gradient": ("digits net", "rprop_full"),
        "Why Rprop Does Not Work Well with Mini-Batches?": ("digits net", "rprop", "rprop_full"),
        "RMSProp: A Mini-Batch Version of Rprop": ("digits net", "net", "rprop"),
        "Adagrad": ("rate sweep", "net"),
        "Adadelta": ("rate sweep", "net"),
        "Adam": ("digits net", "leaderboard", "net"),
        "AdamW": ("digits net", "net"),
        "Lion": ("rate sweep", "lion", "lion_rate", "lion_memory"),
    }
    panels = ("digits net", "leaderboard", "rate sweep")
    quick = {"steps": 20}

    whose = Choice("everyone", WHOSE, live=True, help="whose rate the next parameter turns")
    rate = Float(1, min=0.001, max=100, log=True, live=True, help="multiplies that learning rate")
    beta = Float(
        0.9, min=0, max=0.999, live=True, help="how much velocity momentum and Nesterov keep"
    )
    batch = Int(64, min=1, max=1400, log=True, live=True, help="digits in a batch")
    amsgrad = Toggle(False, help="Adam that also keeps the largest v (AMSGrad)")
    steps = Int(500, min=20, max=5000, log=True, help="updates of every net")

    def run(self, stage):
        device = stage.device
        images, labels, test_images, test_labels = (part.to(device) for part in digits())
        images, test_images = images.flatten(1), test_images.flatten(1)  # [N, 64]

        # The same net for all: PyTorch's first weights, as a row of numbers
        first = nn.Sequential(
            nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
        ).to(device)
        row = torch.cat([p.detach().mT.flatten() if p.ndim == 2 else p.detach()
                         for p in first.parameters()])  # fmt: skip
        flat = row.repeat(len(RULES) * len(FACTORS), 1).requires_grad_()  # [55, P]
        flat.grad = torch.zeros_like(flat)
        optimizers = {}
        for r, (name, rule) in enumerate(RULES.items()):
            groups = []
            for c in range(len(FACTORS)):
                mine = flat.detach()[r * len(FACTORS) + c].requires_grad_()  # shares its memory
                mine.grad = flat.grad[r * len(FACTORS) + c]
                groups.append({"params": [mine], "lr": RATES[name] * FACTORS[c]})
            settings = {"amsgrad": True} if self.amsgrad and name.startswith("Adam") else {}
            optimizers[name] = rule(groups, lr=1, **settings)

        nets = {name: deepcopy(first) for name in OTHERS}
        trainers = {n: RULES[OTHERS[n][0]](net.parameters(), lr=1) for n, net in nets.items()}
        stage.watch(nets["batch all"])

        factors = dict.fromkeys(RULES, 1.0)
        tails = {name: [] for name in (*RULES, *OTHERS)}  # training losses, every 10 steps
        examples = {"descent": 0, "batch all": 0}
        needed = {}  # examples seen until the loss was below 0.3
        stage.axes("digits net", y="training loss", log="y", lines={"guessing": math.log(10)})

        for step in stage.loop(self.steps):
            if step == 0 or stage.changed("rate"):
                for name in RULES if self.whose == "everyone" else (self.whose,):
                    factors[name] = self.rate
            rates = {name: RATES[name] * factors[name] for name in RULES}
            for name, (rule, _) in OTHERS.items():
                rates[name] = rates[rule] * SHARE.get(name, 1)
                trainers[name].param_groups[0]["lr"] = rates[name]
            for name, optimizer in optimizers.items():
                for factor, group in zip(FACTORS, optimizer.param_groups, strict=True):
                    group["lr"] = rates[name] * factor
                    if name in ("momentum", "Nesterov"):
                        group["momentum"] = self.beta

            # One batch for all
            i = torch.randint(len(images), (self.batch,), device=device)
            if self.batch == len(images):
                i = slice(None)
            flat.grad.zero_()
            losses(forward(flat, images[i]), labels[i]).sum().backward()
            for optimizer in optimizers.values():
                optimizer.step()
            for name, (_, size) in OTHERS.items():
                i = torch.randint(len(images), (size,), device=device) if size else slice(None)
                trainers[name].zero_grad()
                cross_entropy(nets[name](images[i]), labels[i]).backward()
                trainers[name].step()
            examples["descent"] += self.batch
            examples["batch all"] += len(images)

            # What the user sees
            if stage.every(10):
                with stage.probe(*nets.values()):
                    now = losses(forward(flat[TUNED :: len(FACTORS)], images), labels)  # [11]
                    found = dict(zip(RULES, now.tolist(), strict=True))
                    for name, net in nets.items():
                        found[name] = cross_entropy(net(images), labels).item()
                for name, loss in found.items():
                    tails[name].append(loss)
                seen = {name: min(max(loss, 0.005), 10) for name, loss in found.items()}
                stage.curve("digits net", seen)  # the race is between these two
                for name, count in examples.items():
                    if found[name] < 0.3:
                        needed.setdefault(name, count)
            if stage.every(40):
                with stage.probe(*nets.values()):
                    sweep = losses(forward(flat, images[:500]), labels[:500])
                    sweep = sweep.view(len(RULES), len(FACTORS)).nan_to_num(99, 99)  # [11, 5]
                    right = accuracies(
                        forward(flat[TUNED :: len(FACTORS)], test_images), test_labels
                    )
                    right = dict(zip(RULES, right.tolist(), strict=True))
                    for name, net in nets.items():
                        hits = net(test_images).argmax(1) == test_labels
                        right[name] = hits.float().mean().item()
                stage.heatmap(
                    "rate sweep",
                    sweep.clamp(1e-3, 10).log10(),
                    rows=list(RULES),
                    columns=[f"×{factor:g}" for factor in FACTORS],
                    x="times the tuned rate",
                )
                states = {name: kept(optimizer) for name, optimizer in optimizers.items()}
                self.board(stage, found, rates, right, states)
                self.report(stage, tails, sweep, factors, right, states, needed, examples)

    def board(self, stage, found, rates, right, states):
        """Everyone by training loss; in copies of the weights: weights, gradient, what it keeps."""
        states = states | {name: states[rule] for name, (rule, _) in OTHERS.items()}
        rows = [
            [name, f"{rates[name]:.3g}", small(found[name]), f"{right[name]:.3f}", 2 + states[name]]
            for name in sorted(found, key=lambda name: nan_last(found[name]))
        ]  # fmt: skip
        stage.table("leaderboard", ["runner", "rate", "loss", "test", "mem"], rows, best=[0])

    def report(self, stage, tails, sweep, factors, right, states, needed, examples):
        loss = {name: sum(tail[-5:]) / len(tail[-5:]) for name, tail in tails.items()}
        rows = dict(zip(RULES, sweep, strict=True))
        best = {
            name: RATES[name] * factors[name] * FACTORS[row.argmin()] for name, row in rows.items()
        }
        tuned = [name for name in RULES if name != "Rprop"]
        seen = {name: needed.get(name, examples[name]) for name in examples}
        stage.measure(
            worst_net=max(loss[name] for name in tuned),
            rprop_net=rows["Rprop"].median(),
            rprop_full=loss["Rprop all"],
            lion_ratio=rows["Lion"][-1] / rows["Lion"][TUNED],
            lion_rate=best["Adam"] / best["Lion"],
            adam_copies=2 + states["Adam"],
            lion_share=states["Lion"] / states["Adam"],
            test_spread=max(right[n] for n in tuned) - min(right[n] for n in tuned),
            adam_gap=right["descent"] - right["Adam"],  # reported; nothing is claimed of it
            fewer_examples=seen["batch all"] / seen["descent"],
        )

    @claim(
        "with rates tuned for each, every runner but Rprop trains the net to a loss below 0.1",
        breaks={"whose": "Adam", "rate": 100, "steps": 100},
    )
    def net(self, measured):
        return measured.worst_net < 0.1

    @claim(
        "and they end within 0.05 of each other in the share of test digits they read",
        breaks={"whose": "Adam", "rate": 100, "steps": 100},
    )
    def alike(self, measured):
        return measured.test_spread < 0.05

    @claim(
        "on batches of 64 Rprop does not: the median over its five first steps is a loss above 0.5",
        breaks={"batch": 1400, "steps": 30},
    )
    def rprop(self, measured):
        return measured.rprop_net > 0.5

    @claim(
        "with all digits in the batch it does: below 0.1",
        breaks={"whose": "Rprop", "rate": 100, "steps": 100},
    )
    def rprop_full(self, measured):
        return measured.rprop_full < 0.1

    @claim(
        "at ten times its tuned rate, which is Adam's, Lion's loss is more than twice as high",
        breaks={"whose": "Lion", "rate": 0.1, "steps": 100},
    )
    def lion(self, measured):
        return measured.lion_ratio > 2

    @claim(
        "of the five rates tried, Lion's best is at most a third of Adam's best",
        breaks={"whose": "Lion", "rate": 100, "steps": 50},
    )
    def lion_rate(self, measured):
        return measured.lion_rate >= 3

    @claim(
        "weights, gradient and state: Adam takes four copies in memory, twice descent's two",
        breaks={"amsgrad": True, "steps": 20},
    )
    def adam_memory(self, measured):
        return measured.adam_copies == 4

    @claim("Lion's state is half of Adam's", breaks={"amsgrad": True, "steps": 20})
    def lion_memory(self, measured):
        return measured.lion_share == 0.5

    @claim(
        "down to a loss of 0.3, batches of 64 take less than a fifth of the digits of full batches",
        breaks={"batch": 1400, "steps": 30},
    )
    def fewer_examples(self, measured):
        return measured.fewer_examples > 5


def kept(optimizer):
    """How many numbers a parameter an optimizer keeps from step to step."""
    (theta,) = optimizer.param_groups[0]["params"]
    state = optimizer.state[theta].values()
    return sum(torch.is_tensor(value) and value.shape == theta.shape for value in state)


def small(loss):
    return f"{loss:.2g}" if not loss < 0.001 else "<0.001"


def nan_last(value):
    return math.inf if math.isnan(value) else value
