r"""
# Ten ways to score a classifier

A classifier returns a score (*logit*) zₖ for each class; softmax makes probabilities of them,
qₖ = exp zₖ / Σⱼ exp zⱼ. Ten equal networks with ten losses learn to read digits here, on the same
batches with the same step size. Some losses are right, some are popular accidents.

**nn.CrossEntropyLoss** takes logits and the right class y (or a distribution p over classes):

$$ H(p, q) = -\sum_k p_k \log q_k $$

For one right class that is −log q_y, the negative log-likelihood of the label: the least
cross-entropy and the greatest likelihood are found at the same weights (again the *places* agree;
the values differ in sign). Its gradient for the logits is q − p, as plain as can be, and never
vanishes while the answer is wrong. A network that knows nothing pays ln 10 = 2.30.

**nn.NLLLoss** is its second half: −x_y for x that *should* be log-probabilities. Nobody checks.
Raw logits make it −5 for [5, 1], and training drives it to −∞ without learning a thing (*NLL(z)*).
Probabilities give −0.9 for a certainty of 0.9, where 0.105 is meant. Only labels outside 0…C−1 are
refused (but −100 is skipped: `ignore_index`); that is an error and no number, so no claim here
counts it. With class weights the mean over a batch is Σ wᵢlᵢ / Σ wᵢ: it divides by the weights of
the labels, not by their number.

**Cross-entropy splits** into what the data cannot help and what the model gets wrong:

$$ H(p, q) = H(p) + \text{KL}(p, q) $$

$$ \text{KL}(p, q) = \sum_k p_k \log p_k - \sum_k p_k \log q_k $$

With fixed data H(p) is constant, so least cross-entropy is least KL. Mind the sign: Σ p log p is
*minus* the entropy. For one-hot p the entropy is 0 and the three losses CE, NLL, KL are one.
For soft targets it is not: with smoothing 0.1 over 3 classes, CE cannot fall below 0.291. KL
is no distance, its directions differ: a Gaussian fitted to two peaks by KL(p, q) covers both; by
KL(q, p) it keeps to the one it started near (*two directions*).

**nn.KLDivLoss** wants *log*-probabilities as input, p as target, and `reduction="batchmean"`. Given
q itself it is no divergence, and negative even for q = p; its default `mean` divides by the number
of classes too. With log_softmax it is as stable as CE. It is said to be for one-hot targets; then
it is CE. Its use is soft ones.

**nn.BCELoss**, −y ln x − (1−y) ln(1−x), is the case of two classes: BCE(σ(z)) = CE([0, z]). Targets
may be soft: then it is least at x = y, and not 0 there but the entropy (**two classes**). The
derivative is (x − y) / x(1−x), and multiplied by the sigmoid's slope it is x − y again. Inputs
outside 0…1 are refused. **nn.BCEWithLogitsLoss** takes z (its `pos_weight` multiplies the positive
term). How BCE of a sigmoid, and self-made logarithms of a softmax, fail for large logits is the
matter of *When the log meets zero*.

**What is wrong with the others?** *Double softmax*: CE of probabilities. They lie in 0…1, so even a
perfect net pays ln(1 + 9/e) = 1.461. *MSE* and *L1 on softmax*: their slope passes through the
softmax, which is flat where it is sure, also when it is surely wrong. But *MSE on logits* is fine:
not regression is the trouble, saturation is. And a larger step or a better optimizer hides the
mistake: with Adam even the double softmax catches up in accuracy, and only its floor tells.

## Watch

- **accuracy** on unseen digits, of six of the nets. *CE(p)*, *MSE(p)*, *L1(p)* are given
  probabilities: CE(p) is the double softmax. *MSE* is given logits.
- **losses**: all ten, and the least that a perfect net would pay.
- **entropy and KL**: a single logit vector learns labels of which .5, .3 and .2 are of three
  classes. CE ends at the entropy, KL at 0. Another one learns one smoothed label, and pays 0.291.
- **two directions**, **two classes**, and in **by the book** what formulas and PyTorch say.

## Try

- `repair=on`: the four accidents get cross-entropy, and are cured; KLDivLoss and NLLLoss get
  log-probabilities in **by the book** too.
- `optimizer=adam learning_rate=0.003`: they learn all the same, but for NLL(z). So does MSE(p)
  with `learning_rate=0.3`.
- `smoothing=0.1`: CE is KL plus the targets' entropy, and no longer the NLL.
- `init_scale=30`: large random logits: a start far above ln 10.
- `learning_rate=0.001`: too slow for anybody.
- `separation=0`: a single peak, and both directions agree.
- `mistake=`: `softmax` (before CE), `plain_mean` (of weighted losses), `probabilities` or `mean`
  (in KLDivLoss), `sign` (of the entropy): see **by the book**.
"""

import math
from copy import deepcopy

import torch
import torch.nn.functional as fn
from torch import nn

from dlplay import Choice, Float, Int, Scene, Toggle, claim
from dlplay.data import digits

RIGHT = ("CE", "NLL", "KL", "MSE", "BCE", "margin")
WRONG = ("MSE(p)", "L1(p)", "CE(p)", "NLL(z)")
SHOWN = ("CE", "MSE", "L1(p)", "MSE(p)", "CE(p)")  # in accuracy
TABLE = ("CE", "NLL", "KL", "MSE", *WRONG, "BCE", "margin")
DOUBLE_FLOOR = math.log(1 + 9 / math.e)  # cross-entropy of a perfect net's probabilities
FREQUENCIES = (0.5, 0.3, 0.2)
SMOOTHING = 0.1  # of the one label in "entropy and KL"


class ClassificationLosses(Scene):
    covers = {
        "nn.NLLLoss()": ("losses", "by the book", "weighted", "unchecked", "no_floor", "raw_lost"),
        "nn.CrossEntropyLoss()": ("accuracy", "losses", "ignorance", "gradient", "double", "lag"),
        "Relationship between CE and MLE": ("entropy and KL", "losses", "one_loss", "floor"),
        "Relationship with KL Divergence": (
            "entropy and KL",
            "two directions",
            "split",
            "floor",
            "soft_floor",
            "one_loss",
            "directions",
        ),
        "nn.KLDivLoss()": ("by the book", "losses", "right_call", "wrong_calls", "one_loss"),
        "nn.BCELoss()": ("two classes", "by the book", "two_classes", "soft_targets"),
        "nn.MSELoss()": ("accuracy", "logits_do", "lag"),
    }
    panels = (
        "accuracy",
        "losses",
        "entropy and KL",
        "two directions",
        "two classes",
        "by the book",
    )
    quick = {"steps": 20}

    learning_rate = Float(0.1, min=1e-4, max=3, log=True, live=True, help="step size of all nets")
    optimizer = Choice("sgd", ("sgd", "adam"), help="how the nets are trained")
    repair = Toggle(False, live=True, help="give the four accidents cross-entropy")
    smoothing = Float(0.0, min=0, max=0.5, live=True, help="share of the label spread over classes")
    init_scale = Float(1.0, min=0.1, max=30, log=True, help="times the first weights of the output")
    separation = Float(2.0, min=0, max=4, live=True, help="distance of the two peaks from 0")
    mistake = Choice(
        "none",
        ("none", "softmax", "plain_mean", "probabilities", "mean", "sign"),
        live=True,
        help="a popular slip, played in by the book",
    )
    steps = Int(300, min=20, max=5000, help="training steps")

    def run(self, stage):
        device = stage.device
        images, labels, test_images, test_labels = (part.to(device) for part in digits())
        first = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).to(
            device
        )
        with torch.no_grad():
            first[3].weight *= self.init_scale
        nets = {name: deepcopy(first) for name in RIGHT + WRONG}
        weights = [p for net in nets.values() for p in net.parameters()]
        kind = torch.optim.SGD if self.optimizer == "sgd" else torch.optim.Adam
        optimizer = kind(weights, lr=self.learning_rate)
        stage.watch(nets["CE"])

        vectors = FreeVectors(device)
        gaussians = TwoGaussians(device)
        stage.axes("accuracy", y="on unseen digits", lines={"guessing": 0.1})
        stage.axes("entropy and KL", y="nats", lines={"H(p)": vectors.entropy})
        draw_two_classes(stage)

        for step in stage.loop(self.steps):
            i = torch.randint(len(images), (64,), device=device)
            losses = {
                name: self.loss(name, net(images[i]), labels[i]) for name, net in nets.items()
            }
            if step == 0:
                ignorance = losses["CE"].item()
            optimizer.param_groups[0]["lr"] = self.learning_rate
            optimizer.zero_grad()
            sum(losses.values()).backward()
            optimizer.step()

            cross, kl, smoothed = vectors.step()
            curves = {"CE": cross, "KL": max(round(kl, 6), 0.0), "smoothed": smoothed}
            stage.curve("entropy and KL", curves)
            gaussians.step(self.separation)
            if stage.every(10):
                gaussians.draw(stage)
                with stage.probe(*nets.values()):
                    right = {
                        name: (net(test_images).argmax(1) == test_labels).float().mean().item()
                        for name, net in nets.items()
                    }
                stage.curve("accuracy", {name: right[name] for name in SHOWN})
                self.draw_losses(stage, losses, right)
            if step == 0 or stage.changed("mistake", "repair"):
                book = by_the_book(self.mistake, self.repair, device)
                stage.table(
                    "by the book",
                    ["quantity", "here", "theory"],
                    [[name, *pair] for name, pair in book["rows"].items()],
                )

        with torch.no_grad():
            final = {n: self.loss(n, net(images), labels).item() for n, net in nets.items()}
        trio = [final["CE"], final["NLL"], final["KL"]]
        sign = -1 if self.mistake == "sign" else 1
        stage.measure(
            ignorance=abs(ignorance - math.log(10)),
            spread=max(trio) - min(trio),
            lag=right["CE"] - max(right[name] for name in WRONG[:3]),
            double=final["CE(p)"],
            raw_loss=final["NLL(z)"] if math.isfinite(final["NLL(z)"]) else -math.inf,
            raw_accuracy=right["NLL(z)"],
            worst_right=min(right[name] for name in RIGHT),
            floor_gap=abs(cross - sign * vectors.entropy) + vectors.miss(),
            soft_floor_gap=abs(smoothed - sign * vectors.smoothed_entropy),
            widths=gaussians.widths(),
            **book["measures"],
        )

    def loss(self, name, z, y):
        """One of the ten losses of logits z [B, 10] and labels y [B]."""
        if name == "CE" or (self.repair and name in WRONG):
            return fn.cross_entropy(z, y, label_smoothing=self.smoothing)
        hot = fn.one_hot(y, 10).float()
        match name:
            case "NLL":
                return fn.nll_loss(z.log_softmax(1), y)
            case "KL":
                soft = (1 - self.smoothing) * hot + self.smoothing / 10
                return fn.kl_div(z.log_softmax(1), soft, reduction="batchmean")
            case "BCE":  # ten yes-or-no questions, summed
                return 10 * fn.binary_cross_entropy_with_logits(z, hot)
            case "margin":
                return fn.multi_margin_loss(z, y)
            case "MSE":
                return 10 * fn.mse_loss(z, hot)  # summed over classes, as CE is
            case "MSE(p)":
                return 10 * fn.mse_loss(z.softmax(1), hot)
            case "L1(p)":
                return 10 * fn.l1_loss(z.softmax(1), hot)
            case "CE(p)":
                return fn.cross_entropy(z.softmax(1), y)
            case "NLL(z)":
                return fn.nll_loss(z, y)

    def draw_losses(self, stage, losses, right):
        soft = torch.full((10,), self.smoothing / 10)
        soft[0] += 1 - self.smoothing
        floors = dict.fromkeys(losses, "0")
        floors["CE"] = torch.special.entr(soft).sum().item()
        floors["CE(p)"], floors["NLL(z)"] = DOUBLE_FLOOR, "−∞"
        if self.repair:
            floors.update(dict.fromkeys(WRONG, floors["CE"]))
        rows = [[name, losses[name].item(), floors[name], right[name]] for name in TABLE]
        best = [k for k, row in enumerate(rows) if row[3] == max(right.values())]
        stage.table("losses", ["loss", "now", "least", "accuracy"], rows, best=best)

    @claim(
        "untrained, cross-entropy is within 0.15 of ln 10",
        breaks={"init_scale": 30, "steps": 20},
    )
    def ignorance(self, measured):
        return measured.ignorance < 0.15

    @claim(
        "CE, NLL of log_softmax and KL to one-hot targets are one loss: trained apart, they end "
        "within 1e-5",
        breaks={"smoothing": 0.1, "steps": 50},
    )
    def one_loss(self, measured):
        return measured.spread < 1e-5

    @claim(
        "MSE on softmax, L1 on softmax and double softmax are more than 10 points of accuracy "
        "behind CE",
        breaks={"repair": True, "learning_rate": 0.5, "steps": 50},
    )
    def lag(self, measured):
        return measured.lag > 0.1

    @claim(
        "double softmax never pays less than ln(1 + 9/e) = 1.461",
        breaks={"repair": True, "learning_rate": 0.5, "steps": 50},
    )
    def double(self, measured):
        return measured.double > 1.461

    @claim(
        "on raw logits NLL has no floor: it falls below −1000",
        breaks={"repair": True, "learning_rate": 0.5, "steps": 50},
    )
    def no_floor(self, measured):
        return measured.raw_loss < -1000

    @claim(
        "and less than 30 % of the digits are read right",
        breaks={"repair": True, "learning_rate": 0.5, "steps": 50},
    )
    def raw_lost(self, measured):
        return measured.raw_accuracy < 0.3

    @claim(
        "MSE on logits learns, as CE, NLL, KL, BCE and the multi-class margin do: the worst of "
        "them reads more than 88 %",
        breaks={"learning_rate": 0.001, "steps": 100},
    )
    def logits_do(self, measured):
        return measured.worst_right > 0.88

    @claim(
        "a free logit vector ends at the class frequencies, and its CE at their entropy (1.0297): "
        "both differences together < 1e-4",
        breaks={"mistake": "sign", "steps": 20},
    )
    def floor(self, measured):
        return measured.floor_gap < 1e-4

    @claim(
        "with labels smoothed by 0.1 over three classes CE ends at their entropy, 0.291, not at 0: "
        "within 0.002",
        breaks={"mistake": "sign", "steps": 20},
    )
    def soft_floor(self, measured):
        return measured.soft_floor_gap < 0.002

    @claim(
        "H(p, q) = H(p) + KL(p, q), within 1e-5",
        breaks={"mistake": "sign", "steps": 20},
    )
    def split(self, measured):
        return measured.split_gap < 1e-5

    @claim(
        "fitted by KL(p, q), a Gaussian is more than twice as wide as fitted by KL(q, p)",
        breaks={"separation": 0, "steps": 100},
    )
    def directions(self, measured):
        return measured.widths > 2

    @claim(
        "KLDivLoss of log-probabilities with batchmean is the KL, within 1e-5",
        breaks={"mistake": "probabilities", "steps": 20},
    )
    def right_call(self, measured):
        return measured.kl_gap < 1e-5

    @claim(
        "given probabilities, KLDivLoss is negative for two equal distributions: below −1",
        breaks={"repair": True, "learning_rate": 0.5, "steps": 50},
    )
    def wrong_calls(self, measured):
        return measured.equal < -1

    @claim(
        "NLLLoss checks nothing: −5 for scores 5 and 1, −0.9 for a probability of 0.9 (both 1e-5)",
        breaks={"repair": True, "learning_rate": 0.5, "steps": 50},
    )
    def unchecked(self, measured):
        return measured.unchecked_gap < 1e-5

    @claim(
        "its weighted mean divides by the weights of the labels, within 1e-5",
        breaks={"mistake": "plain_mean", "steps": 20},
    )
    def weighted(self, measured):
        return measured.weighted_gap < 1e-5

    @claim(
        "CE's gradient for the logits is q − p, within 1e-5",
        breaks={"mistake": "softmax", "steps": 20},
    )
    def gradient(self, measured):
        return measured.gradient_gap < 1e-5

    @claim(
        "BCE of σ(z) is CE of the logits 0 and z, within 1e-5",
        breaks={"mistake": "softmax", "steps": 20},
    )
    def two_classes(self, measured):
        return measured.two_gap < 1e-5

    @claim(
        "for the soft target 0.3 BCE is least at 0.3, where it is the entropy: both within 1e-5",
        breaks={"mistake": "sign", "steps": 20},
    )
    def soft_targets(self, measured):
        return measured.soft_gap < 1e-5


class FreeVectors:
    """Three logits, the same for every input, that learn labels of FREQUENCIES; and three more
    that learn one label, smoothed."""

    def __init__(self, device):
        self.p = torch.tensor(FREQUENCIES, device=device)
        self.labels = torch.arange(3, device=device).repeat_interleave((self.p * 10).long())  # [10]
        self.z = torch.tensor([[-1.0, 0.5, 1.0]] * 2, device=device, requires_grad=True)  # [2, 3]
        self.entropy = torch.special.entr(self.p).sum().item()
        smooth = torch.tensor([1 - 2 * SMOOTHING / 3, SMOOTHING / 3, SMOOTHING / 3])
        self.smoothed_entropy = torch.special.entr(smooth).sum().item()

    def step(self):
        """Cross-entropy and KL of the first, cross-entropy of the second, before a step."""
        z = self.z[0]
        loss = fn.cross_entropy(z.expand(len(self.labels), 3), self.labels)
        smoothed = fn.cross_entropy(self.z[1], self.labels[0], label_smoothing=SMOOTHING)
        kl = fn.kl_div(z.log_softmax(0), self.p, reduction="sum").item()
        (gradient,) = torch.autograd.grad(loss + smoothed, self.z)
        with torch.no_grad():
            self.z -= 0.3 * gradient
        return loss.item(), kl, smoothed.item()

    def miss(self):
        """The largest difference of the learnt probabilities from the frequencies."""
        return (self.z[0].softmax(0) - self.p).abs().max().item()


class TwoGaussians:
    """One Gaussian q fitted to a two-peaked p by KL(p, q), another by KL(q, p)."""

    def __init__(self, device):
        self.x = torch.linspace(-6, 6, 241, device=device)
        self.mean = torch.tensor([0.5, 0.5], device=device, requires_grad=True)
        self.log_width = torch.full((2,), -0.7, device=device).requires_grad_()
        self.optimizer = torch.optim.Adam([self.mean, self.log_width], lr=0.05)

    def log_densities(self):
        return torch.distributions.Normal(self.mean, self.log_width.exp()).log_prob(self.x[:, None])

    def step(self, separation):
        peaks = torch.tensor([-separation, separation], device=self.x.device)
        log_p = torch.distributions.Normal(peaks, 0.5).log_prob(self.x[:, None])  # [241, 2]
        self.log_p = log_p.logsumexp(1) - math.log(2)
        forward, reverse = self.log_densities().T
        cover = (self.log_p.exp() * (self.log_p - forward)).sum() * 0.05
        pick = (reverse.exp() * (reverse - self.log_p)).sum() * 0.05
        self.optimizer.zero_grad()
        (cover + pick).backward()
        self.optimizer.step()

    def draw(self, stage):
        forward, reverse = self.log_densities().T.exp()
        stage.axes("two directions", x="x", y="density")
        curves = {"p": self.log_p.exp(), "KL(p, q)": forward, "KL(q, p)": reverse}
        curves = {name: density.round(decimals=4) for name, density in curves.items()}
        stage.plot("two directions", self.x, curves)

    def widths(self):
        return (self.log_width[0] - self.log_width[1]).exp()


def draw_two_classes(stage):
    """BCE over the probability said, for two hard targets and a soft one."""
    x = torch.linspace(0.005, 0.995, 199)
    curves = {
        f"y = {y:g}": fn.binary_cross_entropy(x, torch.full_like(x, y), reduction="none")
        for y in (0.0, 0.3, 1.0)
    }
    stage.axes("two classes", x="p said", y="BCE")
    stage.plot("two classes", x, curves)


def by_the_book(mistake, repair, device):
    """What formulas say and what PyTorch returns: rows for the table, gaps for the claims."""
    made = torch.Generator().manual_seed(0)
    logits = torch.randn(8, 5, generator=made).to(device)
    p = torch.randn(8, 5, generator=made).softmax(1).to(device)
    y = torch.tensor([0, 1, 2, 3, 4, 0, 0, 1], device=device)
    w = torch.tensor([1.0, 2.0, 5.0, 0.5, 3.0], device=device)
    log_q = logits.log_softmax(1)

    each = -w[y] * log_q[torch.arange(8), y]
    own = each.mean() if mistake == "plain_mean" else each.sum() / w[y].sum()
    weighted = (fn.nll_loss(log_q, y, weight=w) - own).abs()

    z_free = logits.clone().requires_grad_()
    shown = z_free.softmax(1) if mistake == "softmax" else z_free
    (slope,) = torch.autograd.grad(fn.cross_entropy(shown, y, reduction="sum"), z_free)
    slope_gap = (slope - (logits.softmax(1) - fn.one_hot(y, 5))).abs().max()

    cross = -(p * log_q).sum(1)
    entropy = torch.special.entr(p).sum(1)
    kl = (p * (p.log() - log_q)).sum(1)  # [8]
    split = (cross - kl - (-entropy if mistake == "sign" else entropy)).abs().max()
    given = log_q.exp() if mistake == "probabilities" else log_q
    reduction = "mean" if mistake == "mean" else "batchmean"
    call = fn.kl_div(given, p, reduction=reduction)
    equal = fn.kl_div(p.log() if repair else p, p, reduction="batchmean")

    line = torch.linspace(-5, 5, 101, device=device)
    two = torch.stack([torch.zeros_like(line), line], dim=1)  # [101, 2]
    two = two.softmax(1) if mistake == "softmax" else two
    ones = torch.ones_like(line)
    by_two = fn.cross_entropy(two, ones.long(), reduction="none")
    two_gap = (fn.binary_cross_entropy(line.sigmoid(), ones, reduction="none") - by_two).abs().max()

    x = torch.linspace(0.01, 0.99, 99, device=device)
    soft = fn.binary_cross_entropy(x, torch.full_like(x, 0.3), reduction="none")
    least = -0.3 * math.log(0.3) - 0.7 * math.log(0.7)
    least = -least if mistake == "sign" else least
    soft_gap = (soft.min() - least).abs() + (x[soft.argmin()] - 0.3).abs()

    raw, sure = torch.tensor([[5.0, 1.0]]), torch.tensor([[0.9, 0.1]])
    raw, sure = (raw.log_softmax(1), sure.log()) if repair else (raw, sure)
    raw, sure = (fn.nll_loss(given, torch.tensor([0])).item() for given in (raw, sure))
    rows = {
        "KLDivLoss": (call.item(), kl.mean().item()),
        "KLDivLoss(p, p)": (equal.item(), 0),
        "CE − KL − H(p)": (split.item(), 0),
        "NLL − Σwl/Σw": (weighted.item(), 0),
        "CE's slope − (q − p)": (slope_gap.item(), 0),
        "BCE(σz) − CE([0,z])": (two_gap.item(), 0),
        "least BCE, y = 0.3": (soft.min().item(), least),
        "NLL of raw [5, 1]": (raw, math.log1p(math.exp(-4))),
        "NLL of p = 0.9": (sure, -math.log(0.9)),
    }
    measures = {
        "weighted_gap": weighted,
        "split_gap": split,
        "kl_gap": (call - kl.mean()).abs(),
        "equal": equal,
        "unchecked_gap": abs(raw + 5) + abs(sure + 0.9),
        "gradient_gap": slope_gap,
        "two_gap": two_gap,
        "soft_gap": soft_gap,
    }
    return {"rows": rows, "measures": measures}
