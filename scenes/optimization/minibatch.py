r"""
# How many examples per step?

The gradient of the error is an average over all N examples. Is it worth a whole pass through the
data for one step? An average over a batch of B of them, drawn at random, is right on average and
off by noise, whose square shrinks as 1/B:

$$\text{E} \left| g_B - g \right|^2 = \frac{\sigma^2}{B}$$

Four times the batch buys half the noise, and costs four times the work. One example a step
("online") is cheap and noisy, all of them is *full-batch* learning, in between are mini-batches.
Today "SGD" means all batches smaller than the whole; one example is its extreme.

Here five copies of one net, 64-64-10, learn the digits side by side, each with about the best
learning rate for its batch, until their loss on all 1,400 images is below 0.1.

## What is true, and what is only told

- *B times the squared error is a constant*, in **batch noise**: flat, as long as examples are put
  back after each draw. Without, the noise falls faster: to nothing when the batch is everything.
- *"The gradients on two halves of the data are almost identical, so half the work is wasted"*:
  early, yes. The cosine between them is near 0.9 at the start, when everybody wants the same. As
  the net learns, the common part of the gradient goes to zero and what remains differs: after 60
  calm full-batch steps the halves agree little, and that noise is what batches must average away.
  (At a rate so large that the net swings across a ravine, all examples see the same wall, and the
  halves agree again.) Of data that repeat themselves (`redundant=on`) the halves agree for ever.
- *Mini-batches win on examples.* To the same loss, batches of 32 use more than ten times fewer
  examples than the full batch.
- *And one example a step?* It needs as few as 8 a step, and yet it is by far the slowest to
  compute: hardware multiplies matrices, and a gradient of 128 examples takes hardly longer than
  one. (Seconds depend on the machine, so none is claimed here; **race to 0.1** counts updates,
  and each update costs its fixed price.)
- *Balance the classes in each batch?* Two of each digit in a batch of 20 leave a third or less of
  the noise at the start, when gradients differ mostly by class; later it helps less. But "each
  class equally" is right only where the data are balanced. If some are rare, equal shares change
  the very objective: the gradient is biased, however large the batch. Stratify to the data's own
  proportions, or reweight on purpose.
- *"Adaptive methods need big batches"*: Rprop does, conjugate gradients and other methods that
  trust each gradient do. Adam and RMSProp average over steps: at B = 8 they learn about as well
  as SGD.

## Watch

- **gradient cloud**: 150 batch gradients of `batch` examples, seen along the true gradient g
  (right) and across it, in lengths of g. Left of *no progress* a step goes uphill.
- **batch noise**: E|g_B − g|² over B, at the start and 60 full-batch steps later.
- **halves**: how well two halves of the data agree, as the full-batch net learns.
- **loss**: over examples used. The leftmost curve is the thriftiest.
- **race to 0.1**: examples and updates until there.
- **rules**: four rules on the same batches of `batch`.

## Try

- `batch=1` to `batch=1000`: the cloud shrinks with √B. `batch=1400` makes Rprop the best rule.
- `replacement=off`: **batch noise** bends down at its end.
- `redundant=on`: the second half of the data repeats the first, and they agree to the end.
- `look_after=60`: the first look is taken later: the halves agree no more, balancing helps less.
- `rare_share=1`: all digits are equally frequent, equal shares bias little.
- `rate=0.02`: mini-batches with too small a rate lose what they had won.
- `rules_rate=0.01`: Adam and RMSProp, too, need a rate that suits them.
"""

import copy

import torch
from torch import nn, optim
from torch.func import functional_call, grad, vmap
from torch.nn.functional import cosine_similarity, cross_entropy

from dlplay import Float, Int, Scene, Toggle, claim
from dlplay.data import digits

# Batch size -> about its best learning rate. One example: ten updates in each step of the scene
RATES = {1: 0.05, 8: 0.4, 32: 1.0, 128: 1.2, 1400: 1.2}
SIZES = (1, 4, 16, 64, 256, 512)  # batches whose noise is measured
RULES = {
    "SGD": (optim.SGD, 0.3),
    "RMSProp": (optim.RMSprop, 0.003),
    "Adam": (optim.Adam, 0.01),
    "Rprop": (optim.Rprop, 0.01),
}
M = 1000  # examples among which gradients are compared
LATER = 60  # full-batch steps between the two looks
TARGET = 0.1
CALM = 0.4  # the rate of the net whose gradients are compared


class MiniBatch(Scene):
    covers = {
        "Efficient Gradient Computation: Mini-Batch Learning": (
            "gradient cloud",
            "batch noise",
            "halves",
            "loss",
            "race to 0.1",
            "rules",
            "noise_falls",
            "halves_agree",
            "halves_differ",
            "examples",
            "stratified",
            "balance_fades",
            "equal_shares_bias",
            "rprop_needs_all",
            "adaptive_rules",
        )
    }
    panels = ("loss", "gradient cloud", "race to 0.1", "batch noise", "halves", "rules")
    quick = {"steps": 70}

    batch = Int(8, min=1, max=1400, log=True, live=True, help="examples in cloud and rules")
    rate = Float(
        1.0,
        min=0.01,
        max=3,
        log=True,
        live=True,
        help="times the rates of all batches but the full",
    )
    rules_rate = Float(
        1.0, min=0.01, max=30, log=True, live=True, help="times the rates of the four rules"
    )
    replacement = Toggle(True, live=True, help="drawn examples are put back, in batch noise")
    redundant = Toggle(False, live=True, help="the second half of the data repeats the first")
    rare_share = Float(
        0.1, min=0.05, max=1, live=True, help="share of the digits 5 to 9 kept, where rare"
    )
    look_after = Int(0, min=0, max=100, help="full-batch steps before the first look")
    steps = Int(400, min=10, max=3000, log=True, help="updates of each net (of batch 1: 10 times)")

    def run(self, stage):
        device = stage.device
        x, y, _, _ = (part.to(device) for part in digits())
        x = x.flatten(1)  # [1400, 64]
        first = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).to(device)
        nets = {size: copy.deepcopy(first) for size in RATES}
        calm = copy.deepcopy(first)
        rules = {name: copy.deepcopy(first) for name in RULES}
        movers = {n: RULES[n][0](net.parameters(), lr=RULES[n][1]) for n, net in rules.items()}
        stage.watch(nets[32])

        arrived = {}  # batch size -> updates
        self.noise = {}
        stage.axes("loss", x="examples", y="loss", log="xy", lines={"goal": TARGET})
        stage.axes("batch noise", x="B", y="E|g_B − g|²", log="xy")
        stage.axes("halves", x="step", lines={"same": 1})
        stage.axes("rules", y="loss", log="y")

        for step in stage.loop(self.steps):
            # One update of each net (ten, where a batch is one example)
            for size, net in nets.items():
                rate = RATES[size] * (self.rate if size < len(x) else 1)
                for _ in range(10 if size == 1 else 1):
                    if size in arrived and size != len(x):
                        break
                    i = torch.randint(len(x), (size,), device=device)
                    i = i if size < len(x) else slice(None)
                    gradients = torch.autograd.grad(
                        cross_entropy(net(x[i]), y[i]), list(net.parameters())
                    )
                    with torch.no_grad():
                        for p, g in zip(net.parameters(), gradients, strict=True):
                            p -= rate * g

            # A sixth net, slowly and on the full batch: on its gradients we take a closer look
            if step in (self.look_after, self.look_after + LATER):
                self.look(stage, calm, x[:M], y[:M], step == self.look_after)
            if step <= 200:
                if step % 20 == 0 or stage.changed("batch", "redundant"):
                    self.cloud(stage, calm, x[:M], y[:M])
                gradients = torch.autograd.grad(cross_entropy(calm(x), y), list(calm.parameters()))
                with torch.no_grad():
                    for p, g in zip(calm.parameters(), gradients, strict=True):
                        p -= CALM * g

            # The four rules, all on the same batch
            i = torch.randint(len(x), (self.batch,), device=device)
            i = i if self.batch < len(x) else slice(None)
            if step < 100 or stage.changed("batch", "rules_rate"):
                for name, net in rules.items():
                    movers[name].param_groups[0]["lr"] = RULES[name][1] * self.rules_rate
                    movers[name].zero_grad()
                    cross_entropy(net(x[i]), y[i]).backward()
                    movers[name].step()

            # What the user sees
            if stage.every(4):
                with stage.probe(*nets.values()):
                    for size, net in nets.items():
                        if size in arrived:
                            continue
                        loss = cross_entropy(net(x), y).item()
                        updates = (step + 1) * (10 if size == 1 else 1)
                        stage.curve("loss", {title(size): loss}, x=updates * size)
                        if loss < TARGET:
                            arrived[size] = updates
                self.report(stage, arrived, step + 1)
            if step % 5 == 0 and step <= 100:
                with stage.probe(*rules.values()):
                    losses = {n: cross_entropy(net(x), y).item() for n, net in rules.items()}
                stage.curve("rules", losses)
                late = torch.tensor(list(losses.values())[1:3]).max()
                stage.measure(rules_loss=late, rprop_ratio=losses["Rprop"] / losses["Adam"])

    def report(self, stage, arrived, steps):
        """The race so far. Who has not arrived has no number of examples yet."""
        rows = [
            [
                title(size),
                RATES[size] * (self.rate if size < 1400 else 1),
                arrived.get(size, "–"),
                arrived[size] * size if size in arrived else "–",
            ]
            for size in RATES
        ]
        stage.table("race to 0.1", ["batch", "rate", "updates", "examples"], rows)
        full = arrived.get(1400, steps) * 1400  # at least
        mini = arrived[32] * 32 if 32 in arrived else torch.inf
        stage.measure(examples_ratio=full / mini)

    def look(self, stage, net, x, y, early):
        """Noise of batch gradients, agreement of halves, and balanced batches, at this net."""
        with stage.probe(net):
            g = per_example(net, x, y)  # [M, P]
            gram = g @ g.T  # all that follows is made of the products of gradients, [M, M]
            generator = torch.Generator().manual_seed(stage.seed)

            def error(weights):
                """E|g_B − g|² of batches given by each example's weight: [batches, M]."""
                off = weights.to(gram.device) - 1 / M
                return ((off @ gram) * off).sum(1).mean().item()

            noise = [error(batches(300, size, self.replacement, generator)) for size in SIZES]
            self.noise[
                f"step {self.look_after}" if early else f"step {self.look_after + LATER}"
            ] = noise
            stage.plot("batch noise", SIZES, self.noise)
            flat = [size * e for size, e in zip(SIZES, noise, strict=True)]
            agree = halves(g, self.redundant)
            # Two of each class in a batch of 20, against any 20
            balanced = torch.zeros(300, M)
            for digit in range(10):
                of = (y == digit).nonzero()[:, 0].cpu()
                pick = of[torch.randint(len(of), (300, 2), generator=generator)]
                balanced.scatter_add_(1, pick, torch.full((300, 2), 1 / 20))
            anyone = error(batches(300, 20, True, generator))
            if early:
                stage.measure(
                    flatness=max(flat) / min(flat),
                    halves_early=agree,
                    stratified=error(balanced) / anyone,
                    bias=self.bias(g, y),
                )
            else:
                stage.measure(halves_late=agree, stratified_later=error(balanced) / anyone)

    def bias(self, g, y):
        """Where digits 5 to 9 are rare: how far the gradient of equal class shares is from the
        data's, as a share of its length."""
        means, sizes = [], []
        for digit in range(10):
            of = g[y == digit]
            kept = len(of) if digit < 5 else max(1, round(self.rare_share * len(of)))
            means.append(of[:kept].mean(0))
            sizes.append(kept)
        means = torch.stack(means)  # [10, P]
        share = torch.tensor(sizes, device=g.device) / sum(sizes)
        true = share @ means
        return ((means.mean(0) - true).norm() / true.norm()).item()

    def cloud(self, stage, net, x, y):
        """Batch gradients along the true one and across it, in units of its length."""
        with stage.probe(net):
            g = per_example(net, x, y)  # [M, P]
            true = g.mean(0)
            along = g @ true / true.square().sum()  # [M]; 1 on average
            rest = g - along[:, None] * true
            across = rest.T @ (rest @ torch.randn(g.shape[1], device=g.device))
            for _ in range(3):  # power iteration: the direction of the most noise
                across = rest.T @ (rest @ (across / across.norm()))
            across = rest @ (across / across.norm()) / true.norm()  # [M]
            size = min(self.batch, M)
            weights = batches(150, size, True, torch.Generator().manual_seed(stage.seed))
            seen = weights.to(g.device) @ torch.stack([along, across], 1)  # [150, 2]
            stage.plane(
                "gradient cloud",
                x=(-6, 8),
                y=(-7, 7),
                points={f"B = {size}": seen},
                paths={
                    "g": torch.tensor([[0.0, 0], [1, 0]]),
                    "no progress": torch.tensor([[0.0, -7], [0, 7]]),
                },
                x_label="along g",
            )
            stage.curve("halves", cosine=halves(g, self.redundant))

    @claim(
        "the noise falls as 1/B: B·E|g_B − g|² differs by less than 1.3 times from B = 1 to 512",
        breaks={"replacement": False, "steps": 10},
    )
    def noise_falls(self, measured):
        return measured.flatness < 1.3

    @claim(
        "before training, the gradients of two halves of the data agree: cosine above 0.7",
        breaks={"look_after": 60, "steps": 130},
    )
    def halves_agree(self, measured):
        return measured.halves_early > 0.7

    @claim(
        "60 full-batch steps later they do not: cosine below 0.6",
        breaks={"redundant": True, "steps": 70},
    )
    def halves_differ(self, measured):
        return measured.halves_late < 0.6

    @claim(
        "to the same loss, batches of 32 use less than a fifth of the full batch's examples",
        breaks={"rate": 0.02, "steps": 160},
    )
    def examples(self, measured):
        return measured.examples_ratio > 5

    @claim(
        "before training, two of each digit in a batch of 20 leave less than 0.35 of the noise",
        breaks={"look_after": 60, "steps": 130},
    )
    def stratified(self, measured):
        return measured.stratified < 0.35

    @claim(
        "60 full-batch steps later balancing helps less: it leaves more than 1.5 times that share",
        breaks={"look_after": 60, "steps": 130},
    )
    def balance_fades(self, measured):
        return measured.stratified_later / measured.stratified > 1.5

    @claim(
        "where some classes are rare, equal shares are biased: the gradient is off by more than "
        "0.3 of its length",
        breaks={"rare_share": 1.0, "steps": 10},
    )
    def equal_shares_bias(self, measured):
        return measured.bias > 0.3

    @claim(
        "on batches of 8 Rprop ends with more than 3 times the loss of Adam",
        breaks={"batch": 1400, "steps": 60},
    )
    def rprop_needs_all(self, measured):
        return measured.rprop_ratio > 3

    @claim(
        "Adam and RMSProp do learn from batches of 8: after 100 steps both are below 0.7",
        breaks={"rules_rate": 0.01, "steps": 110},
    )
    def adaptive_rules(self, measured):
        return measured.rules_loss < 0.7


def title(size):
    return "all" if size == 1400 else f"B = {size}"


def per_example(net, x, y):
    """The gradient of each example's loss: x [M, 64], y [M] -> [M, parameters]."""
    parameters = {name: p.detach() for name, p in net.named_parameters()}

    def loss(parameters, x, y):
        return cross_entropy(functional_call(net, parameters, (x[None],)), y[None])

    found = vmap(grad(loss), in_dims=(None, 0, 0))(parameters, x, y)
    return torch.cat([part.flatten(1) for part in found.values()], 1)


def batches(count, size, replacement, generator):
    """Random batches, as the weight of each example in the batch's average: [count, M]."""
    if replacement:
        pick = torch.randint(M, (count, size), generator=generator)
    else:
        pick = torch.rand(count, M, generator=generator).topk(size, 1).indices
    weights = torch.zeros(count, M)
    return weights.scatter_add_(1, pick, torch.full(pick.shape, 1 / size))


def halves(g, redundant):
    """Cosine of the gradients of two halves of the data; if redundant, the same points twice."""
    one = g[: M // 2].mean(0)
    other = one if redundant else g[M // 2 :].mean(0)
    return cosine_similarity(one, other, dim=0).item()
