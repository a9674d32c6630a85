"""
# Train a crowd, keep one net

For every training example, throw a coin for every hidden unit: with probability p it is *kept*,
otherwise its output is 0 (Hinton et al. 2012; the journal paper is Srivastava et al. 2014). Input
units may be dropped too, more rarely; output units never. H units have 2ᴴ masks m, and every
mask leaves another **thinned** network of shared weights:

    h̃ = m ⊙ h / p        mᵢ = 1 with probability p, else 0

So training visits a crowd of networks, each of them hardly ever (never two alike among 32,000
masks of 128 units: there are 3·10³⁸), and all regularise each other through the weights that they
share. Beware of the letter: in the papers p is the probability to *keep*, PyTorch's p is the
probability to *drop*. Here `drop_hidden` and `drop_input` are the latter, 1 − p.

Fourteen nets 64-128-128-10 learn side by side (seven kinds, two draws each): four kinds from 300
digits of which 20 % have a wrong label (`label_noise`), three from the same digits, rightly
labelled.

## When it helps

**With wrong labels: much.** The plain net learns the wrong labels by heart and its test accuracy
falls, step by step. Dropout's does not. AdamW stands beside it with one weight decay, which nobody
tuned: that dropout is ahead of this one says nothing of the best (`weight_decay=4` comes close).

**With right labels: not at all.** All three kinds end within a few points of each other. "Dropout
is better than L2" is a statement about a task, not about methods.

**It takes longer.** Every gradient belongs to another network, so it is noisier, and the training
loss (measured without masks) needs more than one and a half times as many steps to come below 0.1.

**For a linear model it is ridge regression.** With masked inputs m ⊙ x the expected squared error
is that of the scaled weights p·w plus a penalty, p(1 − p) Σⱼ ‖xⱼ‖² wⱼ², where xⱼ is the j-th column
of the data: weights on large inputs pay more. In a deep net nothing so simple is true.

## One net at test time

The original rule: train with h̃ = m ⊙ h, and at the end multiply the outgoing weights by p. PyTorch
divides by p during training instead (*inverted* dropout) and changes nothing at the end. Both are
the same function.

**"So the expected output is the same"** is true of one thing only, the next layer's linear input:
there the mean over masks *is* the scaled net, and what is left falls as 1/√masks. Behind the ReLU
it is not, for the mean of max(0, z) is at least max(0, mean of z), and more where z has both
signs: that curve in *mask average* goes flat. The scaled net is an approximation of the crowd's
average. It happens to be a very good one: as many right as the average over all masks, and clearly
more than one thinned net.

**Forget the scale**, and a net of two dropout layers with p = ½ gets fourfold logits. A ReLU net is
nearly homogeneous (only biases are not), so hardly one *answer* changes: accuracy hides the bug.
The loss shows it: the net is far too sure of itself. With `activation=sigmoid` the answers
suffer too, early in training above all.

## Another way to see it

A unit that cannot count on particular partners has to be useful among whatever others are left:
less **co-adaptation**. The test is to remove a random share of the hidden units after training (and
to rescale the rest). Trained with dropout, a net bears that far better, and a wide one better than
a narrow one. The codes also become sparser: fewer units answer to a digit. The mean correlation of
two units, which is often named instead, differs by too little to claim anything of it: it is only
shown (*price and codes*).

## Watch

- **thinned net**: some of the units, with the mask of this step; a unit that is out (×) has no
  connections.
- **test errors**: of the nets that learn from noisy labels. Below the dashed line a net is wrong
  less often than its teacher.
- **removed units**: how many digits are right when this share of hidden units is gone, of nets of
  128 and of 32 units, from right labels.
- **mask average**: relative distance between the mean over masks and the scaled net.
- **price and codes**: of the nets from right labels, steps until the training loss is below 0.1,
  the share of units that answer to a digit, the mean |correlation| of two units.

## Try

- `label_noise=0`: nothing is left to win. `label_noise=0.4`: much.
- `drop_hidden=0`: no crowd, no effect. `drop_hidden=0.8 drop_input=0.5`: too little left to learn.
- `masks=4 drop_hidden=0.8`: an average of four is no expectation.
- `test_scale=forgotten`: look at *at test time*, loss and accuracy.
- `activation=sigmoid steps=100`: now even the accuracy pays for the forgotten scale.
- `removed=0.1`: nobody misses them.
"""

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear, accuracies, side_by_side

NOISY = ("plain", "dropout", "with input", "AdamW")  # learn from noisy labels
CLEAN = ("plain", "dropout", "with input")  # learn from right labels
DRAWS = 2  # nets of each kind
RATE = 0.002  # Adam's step size
SHARES = (0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)  # of units removed after training
SHOWN = (5, 6, 6, 4)  # units of each layer in the picture
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


class Nets(nn.Module):
    """Nets 64-width-width-10 of several kinds, DRAWS of each. `masked` says, for inputs and
    hidden units, in which kinds they are dropped."""

    def __init__(self, masked, width, activation):
        super().__init__()
        copies = DRAWS * len(masked)
        self.masked = torch.tensor(masked).repeat_interleave(DRAWS, dim=0).T  # [2, copies]
        self.f = ACTIVATIONS[activation]
        self.first = BatchedLinear(copies, 64, width)
        self.second = BatchedLinear(copies, width, width)
        self.readout = BatchedLinear(copies, width, 10, gain=1)

    def keep(self, drop_input, drop_hidden):
        """The probability to keep an input, and a hidden unit, in each copy: two [copies]."""
        return 1 - self.masked[0] * drop_input, 1 - self.masked[1] * drop_hidden

    def forward(self, x, keep):
        """x [N, 64] -> logits [N, copies, 10], every example with masks of its own."""
        x = side_by_side(x, len(keep[0]))
        self.masks = []
        h = self.f(self.first(self.drop(x, keep[0])))
        h = self.f(self.second(self.drop(h, keep[1])))
        return self.readout(self.drop(h, keep[1]))

    def drop(self, h, keep):
        """h [N, copies, units] -> m ⊙ h / p; the masks m are kept for the picture."""
        mask = torch.ones(h.shape)
        some = keep < 1  # the copies that drop anything
        mask[:, some] = (torch.rand(len(h), int(some.sum()), h.shape[2]) < keep[some, None]).float()
        self.masks.append(mask)
        return h * (mask / keep[:, None]).to(h.device)

    def whole(self, x, scale=1.0):
        """Without masks; `scale` [copies, 1] multiplies what leaves the hidden units."""
        h = self.f(self.first(side_by_side(x, self.masked.shape[1]))) * scale
        return self.readout(self.f(self.second(h)) * scale)


def cross_entropy(logits, y):
    """Of logits [N, copies, 10] and labels [N, copies]: [copies]."""
    return -logits.log_softmax(dim=2).gather(2, y[..., None])[..., 0].mean(dim=0)


def by_kind(values):
    """The mean over the draws of each kind: [copies] -> [kinds]."""
    return values.reshape(-1, DRAWS).mean(dim=1).tolist()


class Dropout(Scene):
    covers = {
        "Dropout (idea, masks, retention probability)": (
            "thinned net",
            "test errors",
            "price and codes",
            "never_twice",
            "helps_with_noise",
            "loss_helps",
            "beats_weight_decay",
            "no_gain_when_clean",
            "slower",
            "sparser",
            "ridge",
        ),
        "What Happens at Test Time?": (
            "mask average",
            "at test time",
            "exact_before",
            "not_behind",
            "scaled_is_average",
            "better_than_one",
            "forgotten_hides",
            "forgotten_costs",
            "two_ways",
        ),
        "Another way to think about Dropout": (
            "removed units",
            "price and codes",
            "bears_removal",
            "narrow_bears_less",
        ),
    }
    panels = (
        "thinned net",
        "test errors",
        "removed units",
        "mask average",
        "at test time",
        "price and codes",
    )
    quick = {"steps": 20, "masks": 64}

    drop_hidden = Float(
        0.5, min=0, max=0.8, step=0.05, live=True, help="probability to drop a hidden unit"
    )
    drop_input = Float(
        0.2, min=0, max=0.5, step=0.05, live=True, help="probability to drop an input"
    )
    label_noise = Float(0.2, min=0, max=0.4, step=0.05, help="share of wrong labels")
    examples = Int(300, min=50, max=1400, log=True, help="training digits")
    weight_decay = Float(1.0, min=0, max=10, step=0.1, live=True, help="of the AdamW nets")
    removed = Float(
        0.5, min=0, max=0.9, step=0.1, live=True, help="share of units removed after training"
    )
    masks = Int(512, min=4, max=4096, log=True, help="masks over which the average is taken")
    test_scale = Choice(
        "right", ("right", "forgotten"), live=True, help="the original rule's scale at test time"
    )
    activation = Choice("relu", ("relu", "tanh", "sigmoid"), help="of the hidden units")
    steps = Int(400, min=10, max=3000, log=True, help="training steps, of 64 examples")

    def run(self, stage):
        device = stage.device
        x, y, self.x_test, self.y_test = (part.to(device) for part in digits(self.examples))
        x, self.x_test = x.flatten(1), self.x_test.flatten(1)  # [N, 64], [397, 64]
        wrong = (torch.rand(len(y)) < self.label_noise).to(device)
        noisy = torch.where(wrong, (y + torch.randint(1, 10, y.shape).to(device)) % 10, y)
        labels = [noisy] * len(NOISY) * DRAWS + [y] * len(CLEAN) * DRAWS
        labels = torch.stack(labels, dim=1)  # [N, copies]

        plain, hidden, both = (0.0, 0.0), (0.0, 1.0), (1.0, 1.0)  # what is dropped
        masked = [plain, hidden, both, plain, plain, hidden, both]
        self.nets = Nets(masked, 128, self.activation).to(device)
        self.narrow = Nets([plain, hidden], 32, self.activation).to(device)
        stage.watch(self.nets)
        adam = torch.optim.Adam(
            [*self.nets.parameters(), *self.narrow.parameters()], lr=RATE, fused=True
        )
        adamw = slice(3 * DRAWS, 4 * DRAWS)  # the copies whose weights decay
        lines = {"wrong labels": 100 * wrong.float().mean()} if wrong.any() else {}
        stage.axes("test errors", y="% wrong", log="y", lines=lines)
        stage.axes("removed units", x="removed", y="right")
        stage.axes("mask average", x="masks", y="distance", log="xy")

        self.below = {}  # the step at which the training loss of a kind came below 0.1
        for step in stage.loop(self.steps):
            keep = self.nets.keep(self.drop_input, self.drop_hidden)
            i = torch.randint(len(x), (64,))
            loss = cross_entropy(self.nets(x[i], keep), labels[i]).sum()
            logits = self.narrow(x[i], self.narrow.keep(0, self.drop_hidden))
            loss = loss + cross_entropy(logits, y[i, None].expand(-1, 2 * DRAWS)).sum()
            adam.zero_grad()
            loss.backward()
            adam.step()
            with torch.no_grad():  # weight decay apart from the gradient: AdamW
                for layer in (self.nets.first, self.nets.second, self.nets.readout):
                    layer.weight[adamw] *= 1 - RATE * self.weight_decay

            if stage.every(10):
                with stage.probe(self.nets):
                    losses = by_kind(cross_entropy(self.nets.whole(x), labels))[len(NOISY) :]
                    right = by_kind(accuracies(self.nets.whole(self.x_test), self.y_test))
                for name, value in zip(CLEAN, losses, strict=True):
                    if value < 0.1:
                        self.below.setdefault(name, step)
                wrong = [100 * (1 - share) for share in right[: len(NOISY)]]
                stage.curve("test errors", dict(zip(NOISY, wrong, strict=True)))
                self.thinned(stage)
            if stage.every(100) or stage.changed("removed", "test_scale"):
                last = step == self.steps - 1
                with stage.probe(self.nets, self.narrow):
                    self.remove(stage)
                    self.at_test_time(stage, self.masks if last else min(self.masks, 64))
                    self.compare(stage)

        masks = torch.rand(32_000, 128) < 1 - self.drop_hidden
        numbers = (masks.double() @ torch.rand(128, dtype=torch.float64)).unique()  # one a mask
        stage.measure(
            distinct=len(numbers) / 32_000,
            ridge_error=ridge_error(1 - self.drop_input, self.masks),
        )

    def thinned(self, stage):
        """A few units of a net that drops inputs too, with the masks of the first example."""
        copy = (len(NOISY) + 2) * DRAWS
        masks = [*self.nets.masks, torch.ones_like(self.nets.masks[0])]  # outputs always stay
        kept = [m[0, copy, 24 : 24 + n].tolist() for m, n in zip(masks, SHOWN, strict=True)]
        units = [(layer, i) for layer, n in enumerate(SHOWN) for i in range(n)]
        edges = [
            (a, b)
            for a, (layer, i) in enumerate(units)
            for b, (above, j) in enumerate(units)
            if above == layer + 1 and kept[layer][i] and kept[above][j]
        ]
        stage.graph(
            "thinned net",
            [(layer, (i + 0.5) / SHOWN[layer]) for layer, i in units],
            edges,
            values=[kept[layer][i] for layer, i in units],
            labels=["" if kept[layer][i] else "×" for layer, i in units],
        )

    def remove(self, stage):
        """Remove a share of the hidden units, others every time, and rescale the rest."""
        shares = torch.tensor([*SHARES, self.removed])
        curves = {}
        for width, nets, plain in (("128", self.nets, len(NOISY)), ("32", self.narrow, 0)):
            copies = nets.masked.shape[1]
            right = []
            for share in shares:
                keep = torch.ones(copies), torch.full((copies,), 1 - share)
                logits = nets(self.x_test[:200], keep)
                right.append(by_kind(accuracies(logits, self.y_test[:200])))
            curves[f"plain {width}"] = [kinds[plain] for kinds in right]
            curves[f"dropout {width}"] = [kinds[plain + 1] for kinds in right]
        stage.plot("removed units", SHARES, {name: c[:-1] for name, c in curves.items()})
        stage.measure(
            robust=curves["dropout 128"][-1] - curves["plain 128"][-1],
            width_helps=curves["dropout 128"][-1] - curves["dropout 32"][-1],
        )

    def at_test_time(self, stage, masks):
        """The first dropout net from right labels: its masks one by one, their mean, the rule."""
        copy = (len(NOISY) + 1) * DRAWS
        layers = self.nets.first, self.nets.second, self.nets.readout
        (W1, b1), (W2, b2), (W3, b3) = ((layer.weight[copy], layer.bias[copy]) for layer in layers)
        f, p = self.nets.f, 1 - self.drop_hidden
        y = self.y_test[:200]
        h1 = f(self.x_test[:200] @ W1 + b1)  # [200, 128]
        z2 = h1 @ W2  # the next layer's linear input, without its bias
        logits = f(z2 + b2) @ W3 + b3  # [200, 10]
        whole = {"linear input": z2, "activation": f(z2 + b2), "logits": logits}

        sums = {name: torch.zeros_like(value) for name, value in whole.items()}
        average = torch.zeros_like(logits)  # of probabilities
        one_right = one_loss = 0.0  # of a thinned net, in the mean
        drawn, counts, curves = 0, [], {name: [] for name in whole}
        while drawn < masks:
            lot = min(max(drawn, 4), 32, masks - drawn)
            m1 = (torch.rand(lot, 1, 128) < p).to(h1) / p  # a thinned net each, for all images
            m2 = (torch.rand(lot, 1, 128) < p).to(h1) / p
            z = (h1 * m1) @ W2  # [lot, 200, 128]
            h = f(z + b2)
            out = (h * m2) @ W3 + b3  # [lot, 200, 10]
            for name, value in (("linear input", z), ("activation", h), ("logits", out)):
                sums[name] += value.sum(dim=0)
            log_p = out.log_softmax(dim=2)
            average += log_p.exp().sum(dim=0)
            one_right += (out.argmax(dim=2) == y).float().mean().item() * lot / masks
            one_loss -= log_p[:, torch.arange(len(y)), y].mean().item() * lot / masks
            drawn += lot
            if drawn & (drawn - 1) == 0 or drawn == masks:  # 4, 8, 16, ...
                counts.append(drawn)
                for name, total in sums.items():
                    error = (total / drawn - whole[name]).norm() / whole[name].norm()
                    curves[name].append(error.item())
        before, behind = curves["linear input"], curves["activation"]
        stage.plot(
            "mask average",
            counts,
            curves | {"1/√masks": [before[0] * (counts[0] / count) ** 0.5 for count in counts]},
        )

        # The original rule trains weights W / p with unscaled masks. Times p at the end they are
        # W again; without that scale every hidden unit answers 1 / p times as loudly.
        V2, V3 = W2 / p, W3 / p
        forgotten = f(h1 @ V2 + b2) @ V3 + b3
        scaled = f(h1 @ (p * V2) + b2) @ (p * V3) + b3
        classic = forgotten if self.test_scale == "forgotten" else scaled
        right, loss = score(logits.softmax(dim=1), y)
        mean_right, mean_loss = score(average / masks, y)
        loud_right, loud_loss = score(forgotten.softmax(dim=1), y)
        rows = {
            "weights scaled": (right, loss),
            "mean over masks": (mean_right, mean_loss),
            "one mask": (one_right, one_loss),
            "scale forgotten": (loud_right, loud_loss),
        }
        stage.table(
            "at test time",
            ["answer of", "right", "loss"],
            [[name, f"{100 * share:.1f} %", f"{cost:.3f}"] for name, (share, cost) in rows.items()],
        )
        stage.measure(
            before=before[-1],
            behind=behind[-1] / max(before[-1], 1e-9),
            average_gap=abs(right - mean_right),
            over_one=right - one_right,
            forgotten_gap=abs(right - loud_right),
            forgotten_loss=loud_loss / loss,
            classic_gap=(classic - logits).abs().max() / logits.abs().max(),
        )

    def compare(self, stage):
        """All kinds on the test digits: right answers, loss, active and correlated units."""
        logits = self.nets.whole(self.x_test)  # [397, copies, 10]
        right = by_kind(accuracies(logits, self.y_test))
        loss = by_kind(cross_entropy(logits, self.y_test[:, None].expand(logits.shape[:2])))
        h = self.nets.f(self.nets.first(side_by_side(self.x_test, logits.shape[1])))
        h = self.nets.f(self.nets.second(h))  # [397, copies, 128]
        active = by_kind((h > 0).float().mean(dim=(0, 2)))
        related = by_kind(torch.stack([correlation(h[:, c]) for c in range(h.shape[1])]))
        steps = {name: f"step {self.below[name]}" if name in self.below else "—" for name in CLEAN}
        stage.table(
            "price and codes",
            ["net", "loss<0.1", "active", "corr."],
            [
                [name, steps[name], f"{active[k]:.2f}", f"{related[k]:.3f}"]
                for k, name in enumerate(CLEAN, start=len(NOISY))
            ],
        )
        k = len(NOISY)
        stage.measure(
            noisy_gain=min(right[1], right[2]) - right[0],
            noisy_loss=loss[1] / loss[0],
            over_adamw=min(right[1], right[2]) - right[3],
            clean_change=max(abs(right[k + 1] - right[k]), abs(right[k + 2] - right[k])),
            sparser=active[k + 1] / active[k],
            slowdown=self.below.get("dropout", self.steps) / self.below.get("plain", self.steps),
        )

    @claim(
        "among 32,000 masks of 128 units no two are equal (share of distinct ones)",
        breaks={"drop_hidden": 0, "steps": 200, "masks": 64},
    )
    def never_twice(self, measured):
        return measured.distinct >= 1

    @claim(
        "with 20 % wrong labels, dropout gains more than 0.02 of test accuracy, of hidden units "
        "alone and of inputs too",
        breaks={"label_noise": 0, "removed": 0, "steps": 200, "masks": 64},
    )
    def helps_with_noise(self, measured):
        return measured.noisy_gain > 0.02

    @claim(
        "and without dropped inputs the test loss is less than 0.9 of the plain nets'",
        breaks={"drop_hidden": 0, "steps": 200, "masks": 64},
    )
    def loss_helps(self, measured):
        return measured.noisy_loss < 0.9

    @claim(
        "both kinds of dropout are right over 0.02 more often than AdamW with this one weight "
        "decay, untuned",
        breaks={"drop_hidden": 0, "steps": 200, "masks": 64},
    )
    def beats_weight_decay(self, measured):
        return measured.over_adamw > 0.02

    @claim(
        "with right labels there is no gain: all three kinds are within 0.04 of each other",
        breaks={"drop_hidden": 0.8, "drop_input": 0.5, "steps": 100, "masks": 64},
    )
    def no_gain_when_clean(self, measured):
        return measured.clean_change < 0.04

    @claim(
        "with dropout it takes over 1.5 times as many steps to bring the training loss below 0.1",
        breaks={"drop_hidden": 0, "steps": 200, "masks": 64},
    )
    def slower(self, measured):
        return measured.slowdown > 1.5

    @claim(
        "the codes are sparser: less than 0.9 of the plain nets' units are active",
        breaks={"drop_hidden": 0, "steps": 200, "masks": 64},
    )
    def sparser(self, measured):
        return measured.sparser < 0.9

    @claim(
        "least squares over input masks has ridge regression's solution, within 1 %",
        breaks={"drop_hidden": 0.8, "masks": 4, "steps": 20},
    )
    def ridge(self, measured):
        return measured.ridge_error < 0.01

    @claim(
        "the mean of the next layer's linear input over masks is the scaled net's, within 5 %",
        breaks={"drop_hidden": 0.8, "masks": 4, "steps": 20},
    )
    def exact_before(self, measured):
        return measured.before < 0.05

    @claim(
        "behind the ReLU it is not: the distance is more than twice as large",
        breaks={"drop_hidden": 0.8, "masks": 4, "steps": 20},
    )
    def not_behind(self, measured):
        return measured.behind > 2

    @claim(
        "the scaled net gets as many digits right as the mean over masks, within 0.02",
        breaks={"drop_hidden": 0.8, "masks": 4, "steps": 20},
    )
    def scaled_is_average(self, measured):
        return measured.average_gap < 0.02

    @claim(
        "and over 0.01 more than one thinned net does",
        breaks={"drop_hidden": 0, "steps": 200, "masks": 64},
    )
    def better_than_one(self, measured):
        return measured.over_one > 0.01

    @claim(
        "without the scale hardly an answer changes: accuracy within 0.025",
        breaks={"activation": "sigmoid", "test_scale": "forgotten", "steps": 100, "masks": 64},
    )
    def forgotten_hides(self, measured):
        return measured.forgotten_gap < 0.025

    @claim(
        "but the loss is over 1.4 times as large",
        breaks={"drop_hidden": 0, "steps": 200, "masks": 64},
    )
    def forgotten_costs(self, measured):
        return measured.forgotten_loss > 1.4

    @claim(
        "the original rule and PyTorch's give the same logits, within 0.001 % of the largest",
        breaks={"activation": "sigmoid", "test_scale": "forgotten", "steps": 100, "masks": 64},
    )
    def two_ways(self, measured):
        return measured.classic_gap < 1e-5

    @claim(
        "with half of the hidden units removed, dropout's nets are right over 0.08 more often",
        breaks={"drop_hidden": 0, "steps": 200, "masks": 64},
    )
    def bears_removal(self, measured):
        return measured.robust > 0.08

    @claim(
        "of 128 units more are spare than of 32: with dropout, over 0.15 more right",
        breaks={"label_noise": 0, "removed": 0, "steps": 200, "masks": 64},
    )
    def narrow_bears_less(self, measured):
        return measured.width_helps > 0.15


def score(probabilities, y):
    """The share of right answers, and the mean cross-entropy."""
    right = (probabilities.argmax(dim=1) == y).float().mean().item()
    chosen = probabilities.gather(1, y[:, None]).clamp(min=1e-30)
    return right, -chosen.log().mean().item()


def correlation(h):
    """The mean absolute correlation of two units that are ever active; h [N, units]."""
    centred = (h - h.mean(dim=0))[:, h.std(dim=0) > 1e-6]
    unit = centred / centred.norm(dim=0)
    related = (unit.T @ unit).abs()
    count = len(related)
    return (related.sum() - related.trace()) / max(count * (count - 1), 1)


def ridge_error(p, masks):
    """How far least squares over 20 · `masks` masked copies of the data is from ridge regression
    with the penalty p(1 − p) Σ ‖xⱼ‖² wⱼ²: relative distance of the weights."""
    x = torch.randn(50, 10, dtype=torch.float64)  # [N, features]
    y = x @ torch.randn(10, 1, dtype=torch.float64) + 0.5 * torch.randn(50, 1, dtype=torch.float64)
    masked = x * (torch.rand(20 * masks, 50, 10) < p)  # [masks, N, features]
    gram = torch.einsum("mni,mnj->ij", masked, masked) / len(masked)
    sampled = torch.linalg.solve(gram, masked.mean(dim=0).T @ y)
    penalty = p * (1 - p) * (x**2).sum(dim=0).diag()
    ridge = torch.linalg.solve(p**2 * x.T @ x + penalty, p * x.T @ y)
    return (sampled - ridge).norm() / ridge.norm()
