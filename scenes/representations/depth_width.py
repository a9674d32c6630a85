r"""
# Twenty units, a thousand pieces

One hidden layer is enough for any continuous function, if it is wide enough. So why depth?
Because *wide enough* can be exponential. Take the tent map, which folds the interval once:

$$ T(x) = 2 \min(x, 1 - x) = 2 \, \text{relu}(x) - 4 \, \text{relu}\left(x - \frac{1}{2}\right) $$

Two ReLU units. Feed it its own output, k times: each layer folds the whole of what is there, and
the number of straight pieces *doubles*. k layers, 2k units and 6k + 1 parameters make 2ᵏ pieces;
ten layers, twenty units, 61 parameters make 1024.
With one hidden layer each unit adds one kink, so W units make W + 1 pieces at the most: for 2ᵏ of
them 2ᵏ − 1 units are needed. Depth reuses; width can only list. (Telgarsky, 2016.)

The price is time: k layers are k steps one after the other, where a wide layer is one step on a lot
of parallel hardware. Bengio and LeCun (2007) called it trading breadth for depth.

## What is true, and what is only told

- *"A deep net represents some functions with exponentially fewer units"*: true, exactly. The
  same 2k units in one hidden layer, evenly spread and fitted as well as can be, learn nothing but
  the mean: in **cost** the whole variance is *left*. (With hinges at better places one can
  catch a few of the teeth. All of them, never.)
- *"So deep nets learn such functions more easily"*: no. In **training** nets of about 480
  parameters each, 1 to 6 layers deep, eight of each, are trained on a tent of eight pieces. In the
  typical (median) case the widest and shallowest is best here, and among the deepest some never
  get beyond the mean. Which depth wins changes with the draw and with the scale of the first
  weights; now and then one of the deep nets is better than all the shallow ones. What a net can
  represent is one thing, what gradient descent finds is another.
- *"Depth multiplies the linear regions"*: not by itself. **random nets** counts the pieces along a
  line, for 48 units in 1, 2, 4 and 6 layers with random weights: deeper nets have *no more* of
  them, with PyTorch's small default weights even fewer (Hanin and Rolnick, 2019). The exponential
  count is a special construction, and hard to keep: **fold_height** a little below 1, and the
  folds miss each other.
- *"Parity needs exponentially many units in a shallow net"*: of AND and OR gates, yes. Of threshold
  units n are enough for n bits: count the ones, switch sign at each whole number.

What this shows less of than one would wish: natural problems are no tent maps. That depth pays
for images and language is an observation, with convolution, normalisation and residual connections
to make it trainable, not a theorem.

## Watch

- **tents**: the deep net lies on the target; the shallow one with as many units is flat.
- **cost**, for each k: pieces counted; units of the *deep* net and its *par*ameters; units of a
  *wide* one as good; share of the variance that 2k units in one layer *left* (1: nothing learned).
- **fits**: the typical net of one and of six layers, as they learn.
- **final errors**: one dot a net. Look at the spread, not only at the middle.

## Try

- `folds=2`: four units are enough for four pieces, deep or shallow. `folds=8`: 16 units or 256.
- `fold_height=0.9`: folds that do not meet. `fold_height=0.5`: after one fold nothing new.
- `knots=random`: even 2ᵏ hinges miss the target, if nobody told them where the kinks are.
- `gain=2.45`: He's weights, √6 times PyTorch's. The deep nets catch up with the shallow ones.
- `activation=hardtanh gain=8`: two kinks a unit, and weights so large that each layer folds the
  line: now random depth does multiply pieces, as in a chaotic map.
- `teeth=1`: two pieces are easier for every depth, and yet some of the deepest nets stay at the
  mean. With `gain=2.45` none does.
"""

from itertools import pairwise

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.nn.batched import BatchedLinear

SHAPES = {1: 160, 2: 20, 4: 12, 6: 9}  # depth: width, for about 480 parameters
COPIES = 8  # nets of each depth
COUNTED = 48  # units of each net whose pieces are counted
LAST = 10  # the largest k of the table
ACTIVATIONS = {"relu": nn.ReLU, "hardtanh": nn.Hardtanh}


def tent(x, k):
    """The tent map folded k times: x in 0..1, any shape."""
    for _ in range(k):
        x = 2 * torch.minimum(x, 1 - x)
    return x


def build(k, height, exact, device):
    """The same as a ReLU net with k layers of two units, weights set by hand."""
    layers = []
    for layer in range(k):
        linear = nn.Linear(1 if layer == 0 else 2, 2)
        fold = [[1.0], [1.0]] if layer == 0 else [[2 * height, -4 * height]] * 2
        linear.weight.data = torch.tensor(fold)
        linear.bias.data = torch.tensor([0.0, -0.5])
        layers += [linear, nn.ReLU()]
    last = nn.Linear(2, 1)
    last.weight.data = torch.tensor([[2 * height, -4 * height]])
    last.bias.data = torch.zeros(1)
    return nn.Sequential(*layers, last).to(device, exact)


def laps(y):
    """How many rising and falling pieces the values y [n] along a line have."""
    slopes = y.diff().sign()
    slopes = slopes[slopes != 0]
    return 1 + (slopes[1:] != slopes[:-1]).sum().item()


def shallow_fit(x, y, knots):
    """The least-squares fit Σ vⱼ relu(x − tⱼ) + c, hinges tⱼ given: values at x [n]."""
    hinges = (x[:, None] - knots).relu()  # [n, units]
    features = torch.cat([hinges, torch.ones_like(x[:, None])], 1)
    return (features @ torch.linalg.lstsq(features, y[:, None]).solution)[:, 0]


def random_nets(depth, width, copies, gain, activation="relu"):
    """Nets [n, copies, 1] -> [n, copies, 1] with PyTorch's default first weights, times gain."""
    sizes, layers = [1] + [width] * depth + [1], []
    for inputs, outputs in pairwise(sizes):
        linear = BatchedLinear(copies, inputs, outputs)
        bound = inputs**-0.5
        nn.init.uniform_(linear.weight, -gain * bound, gain * bound)
        nn.init.uniform_(linear.bias, -bound, bound)
        layers += [linear, ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])


def pieces(nets, x, copies):
    """Linear pieces of each net along x [n], counted where any unit passes a kink: [copies]."""
    h, sides = x[:, None, None].expand(-1, copies, 1), []
    for layer in nets[:-1]:
        if isinstance(layer, nn.Hardtanh):
            sides += [h > 1, h > -1]
        elif isinstance(layer, nn.ReLU):
            sides.append(h > 0)
        h = layer(h)
    side = torch.cat(sides, 2)  # [n, copies, kinks]
    return 1 + (side[1:] != side[:-1]).any(2).sum(0)


class DepthWidth(Scene):
    covers = {
        "Do we really need deep architectures?": (
            "tents",
            "cost",
            "training",
            "fits",
            "final errors",
            "random nets",
            "doubling",
            "exact",
            "same_units",
            "exponential_units",
            "one_kink_each",
            "no_multiplying",
            "shallow_learns",
            "not_easier",
            "stuck",
            "eight_units",
        ),
    }
    panels = ("tents", "cost", "fits", "training", "final errors", "random nets")
    quick = {"steps": 20}

    folds = Int(4, min=2, max=8, live=True, help="k: layers of the net that is built by hand")
    fold_height = Float(1.0, min=0.3, max=1.0, live=True, help="how high each layer folds")
    knots = Choice("even", ("even", "random"), live=True, help="hinges of the shallow fit")
    activation = Choice("relu", ("relu", "hardtanh"), live=True, help="of the random nets")
    teeth = Int(3, min=1, max=5, help="folds of the target that is trained")
    gain = Float(1.0, min=0.2, max=10, log=True, help="times PyTorch's first weights")
    learning_rate = Float(0.01, min=1e-4, max=0.3, log=True, live=True, help="step size of Adam")
    steps = Int(1000, min=10, max=10000, log=True, help="training steps")

    def run(self, stage):
        device = stage.device
        x = torch.linspace(0, 1, 65, device=device)
        inputs = x[:, None, None].expand(-1, COPIES, 1)  # [65, copies, 1]
        y = tent(inputs, self.teeth)
        y_more = tent(inputs, self.teeth + 1)  # one fold more, for 8 units
        nets = {d: random_nets(d, w, COPIES, self.gain).to(device) for d, w in SHAPES.items()}
        small = random_nets(1, 8, COPIES, self.gain).to(device)
        trained = nn.ModuleList([*nets.values(), small])
        optimizer = torch.optim.Adam(trained.parameters(), lr=self.learning_rate)
        stage.watch(nets[6])

        variance, variance_more = y[:, 0].var(unbiased=False), y_more[:, 0].var(unbiased=False)
        mean_only = {"mean only": variance}
        stage.axes("training", y="median error", log="y", lines=mean_only)
        stage.axes("final errors", x="layers", y="error", log="y", lines=mean_only)
        stage.axes("random nets", x="layers", y="pieces", lines={"units + 1": COUNTED + 1})
        stage.axes("tents", x="x", y="y")
        stage.axes("fits", x="x", y="y")

        for step in stage.loop(self.steps):
            if step == 0 or stage.changed("folds", "fold_height", "knots"):
                self.construct(stage)
            if step == 0 or stage.changed("activation"):
                self.count(stage)

            for group in optimizer.param_groups:
                group["lr"] = self.learning_rate
            fitted = {depth: net(inputs) for depth, net in nets.items()}  # [65, copies, 1]
            errors = {d: ((f - y) ** 2).mean((0, 2)) for d, f in fitted.items()}  # [copies]
            error_small = ((small(inputs) - y_more) ** 2).mean((0, 2))
            optimizer.zero_grad()
            (sum(error.sum() for error in errors.values()) + error_small.sum()).backward()
            optimizer.step()

            medians = {f"depth {d}": error.median() for d, error in errors.items()}
            stage.curve("training", medians)
            if stage.every(20):
                shown = {"target": y[:, 0, 0]}
                for depth in (1, 6):
                    typical = errors[depth].argsort()[(COPIES - 1) // 2]
                    shown[f"depth {depth}"] = fitted[depth][:, typical, 0]
                stage.plot("fits", x, shown)
                dots = [d for d in errors for _ in range(COPIES)]
                every = torch.cat(list(errors.values()))
                middles = [errors[d].median().item() for d in dots]
                stage.plot(
                    "final errors", dots, {"one net": every, "median": middles}, scatter=True
                )

        stage.measure(
            shallow_left=errors[1].median() / variance,
            median_ratio=errors[6].median() / errors[1].median(),
            worst_deep=errors[6].max() / variance,
            best_small=error_small.min() / variance_more,
        )

    def construct(self, stage):
        """Deep nets set by hand and shallow ones fitted, for k = 1, 2, ..."""
        device = stage.device
        exact = torch.float32 if device == "mps" else torch.float64
        fine = torch.linspace(0, 1, 2**13 + 1, dtype=exact, device=device)
        grid = torch.linspace(0, 1, 2**10 + 1, dtype=exact, device=device)
        with stage.probe():
            wrong = error = 0.0
            for k in range(1, LAST + 1):
                y = build(k, self.fold_height, exact, device)(fine[:, None])[:, 0]
                wrong += abs(laps(y) - 2**k)
                error = max(error, (y - tent(fine, k)).abs().max().item())
            rows = []
            for k in range(2, LAST + 1):
                target = tent(grid, k)
                deep = build(k, self.fold_height, exact, device)(grid[:, None])[:, 0]
                few = shallow_fit(grid, target, self.hinges(2 * k, grid))
                left = ((few - target) ** 2).mean() / target.var(unbiased=False)
                rows.append((k, laps(deep), 2 * k, 6 * k + 1, 2**k, f"{left:.3f}"))
                if k == self.folds:
                    many = shallow_fit(grid, target, self.hinges(2**k, grid))
                    stage.plot(
                        "tents",
                        grid[::4],
                        {
                            "target": target[::4],
                            f"{k} layers of 2": deep[::4],
                            f"1 layer of {2 * k}": few[::4],
                        },
                    )
                    stage.measure(
                        few_left=left,
                        many_error=((many - target) ** 2).mean(),
                    )
            columns = ("k", "pieces", "deep", "par.", "wide", "left")
            stage.table("cost", columns, rows, best=[self.folds - 2])
            stage.measure(miscounted=wrong, built_error=error)

    def hinges(self, units, like):
        """Where the units of a shallow net bend: [units]."""
        if self.knots == "even":
            return torch.arange(units, dtype=like.dtype, device=like.device) / units
        return torch.rand(units, dtype=like.dtype, device=like.device)

    def count(self, stage):
        """Pieces along the line −3..3 of random nets with 48 units in 1, 2, 4 or 6 layers."""
        with stage.probe():
            line = torch.linspace(-3, 3, 8001, device=stage.device)
            found = {}
            for depth in SHAPES:
                drawn = random_nets(depth, COUNTED // depth, 20, self.gain, self.activation)
                found[depth] = pieces(drawn.to(stage.device), line, 20).float()  # [20]
            dots = [d for d in found for _ in range(20)]
            means = [found[d].mean().item() for d in dots]
            every = torch.cat(list(found.values()))
            stage.plot("random nets", dots, {"one net": every, "mean": means}, scatter=True)
        stage.measure(
            most_shallow_pieces=found[1].max(),
            pieces_ratio=max(found[d].mean() for d in (2, 4, 6)) / found[1].mean(),
        )

    @claim(
        "k layers of 2 ReLU units make 2ᵏ pieces, counted for k = 1 to 10",
        breaks={"fold_height": 0.9, "steps": 10},
    )
    def doubling(self, measured):
        return measured.miscounted == 0

    @claim(
        "built by hand they are the tent map folded k times, to 1e-12",
        breaks={"fold_height": 0.9, "steps": 10},
    )
    def exact(self, measured):
        return measured.built_error < 1e-12

    @claim(
        "the same 2k units in one layer leave more than 0.9 of the variance (k = 4)",
        breaks={"folds": 2, "steps": 10},
    )
    def same_units(self, measured):
        return measured.few_left > 0.9

    @claim(
        "2ᵏ units in one layer are enough: the error is below 1e-10",
        breaks={"knots": "random", "steps": 10},
    )
    def exponential_units(self, measured):
        return measured.many_error < 1e-10

    @claim(
        "one layer of 48 units never makes more than 49 pieces, in 20 random nets",
        breaks={"activation": "hardtanh", "gain": 8.0, "steps": 10},
    )
    def one_kink_each(self, measured):
        return measured.most_shallow_pieces <= 49

    @claim(
        "with random weights depth does not multiply pieces: nets of 2, 4 and 6 layers each have "
        "under 1.6 times as many as those of one (means of 20)",
        breaks={"activation": "hardtanh", "gain": 8.0, "steps": 10},
    )
    def no_multiplying(self, measured):
        return measured.pieces_ratio < 1.6

    @claim(
        "trained, the median net of one layer leaves less than half of the variance",
        breaks={"learning_rate": 0.0001, "steps": 500},
    )
    def shallow_learns(self, measured):
        return measured.shallow_left < 0.5

    @claim(
        "trained, the median error of six layers is more than twice that of one layer, at equal "
        "parameters",
        breaks={"gain": 2.45, "steps": 500},
    )
    def not_easier(self, measured):
        return measured.median_ratio > 2

    @claim(
        "of eight nets with six layers one at least ends above 0.8 of the variance",
        breaks={"gain": 2.45},
    )
    def stuck(self, measured):
        return measured.worst_deep > 0.8

    @claim(
        "eight units in one layer, trained on 16 pieces, leave more than 0.8 of the variance",
        breaks={"teeth": 1, "gain": 2.45, "steps": 150},
    )
    def eight_units(self, measured):
        return measured.best_small > 0.8
