r"""
# Logits, probabilities, temperature

Softmax turns any numbers, the *logits* z, into a distribution: all positive, sum 1.

$$\text{softmax}(z)_i = \frac{e^{z_i / T}}{\sum_j e^{z_j / T}}$$

Plain softmax has temperature T = 1. Only differences count: z + 1000 gives the same, and the ratio
of two probabilities is e^(difference / T). With one of two logits fixed at 0 it is the sigmoid.
Softmax's Jacobian is full, ∂pᵢ/∂zⱼ = pᵢ(δᵢⱼ − pⱼ) at T = 1 and this over T at others: raising one
logit lowers the probabilities of all others. **Softmin** is softmax(−z): the smallest gets most,
say the nearest of some prototypes if z are distances. Its Jacobian has the opposite sign.

**Log-softmax** is its logarithm, zᵢ − logsumexp(z), where

$$\text{logsumexp}(z) = m + \log \sum_j e^{z_j - m}$$

with m the largest logit, so that nothing can overflow. `nn.NLLLoss` wants it, and
`nn.CrossEntropyLoss` has it built in: it wants *logits*.

## What is true, and what is only told

- *"It amplifies differences."* It turns gaps into ratios. 0.1, 0.2, 0.3 become 0.30, 0.33, 0.37:
  the last is three times the first before, 1.22 times after. Five times the logits give another
  answer (softmax is not scale-free), and that is temperature. For T → 0 all goes to the largest
  logit, *soft argmax*, unless two are equal; for T → ∞ it is uniform.
- *"It measures confidence."* It is a distribution. Nothing in the formula makes an answer given
  with 0.9 right in nine of ten cases.
- *"Log-softmax bounds the values."* No: log-probabilities reach from 0 down to −∞. What it does is
  stay right. With the wrong class ahead by a gap g, −log p is about g. In float32 the formula as
  written overflows from g = 89 on; softmax followed by a logarithm loses its gradient there too,
  and its value, by underflow, from 104 on. Log-softmax is right at any g, with gradient −1 for
  the right class. The overflow, not "large gradients", is what breaks.
- *"Softmax, then the cross-entropy loss" is merely less stable.* In PyTorch it is a bug: softmax is
  applied twice. The second one sees numbers between 0 and 1, so with ten classes the loss cannot
  fall below ln(e + 9) − 1 = 1.4612, and the gradients are faint. Plain descent crawls; Adam, which
  does not care how faint they are, still reads most digits. That is why nobody notices.
- *Best with cross-entropy*: the gradient of the two together is p − y. Square the error of p
  instead, and (of two classes) the gradient is multiplied by 4p(1 − p): where the net is most
  wrong, it learns least (**gradient**). With the wrong class ahead by 2, 5, 10 cross-entropy pulls
  with 0.88, 0.993, 1.000, and the square with 0.37, 0.026, 0.0002. Saturation is to blame, not the
  square: squared errors of plain logits, z − y, train well.

## Watch

- **probabilities** and **temperature**: type other `logits`, turn `temperature`.
- **−log p, three ways**: the loss at `gap`, its slope by the right class's logit, and the gap at
  which each way *fails*.
- **loss** and **accuracy**: five nets 64-64-10 on digits. CE is cross-entropy; *twice* has a
  softmax before it, by SGD and by Adam; (p−y)² and (z−y)² square the errors of probabilities and
  of plain logits. Only the loss gives the bug away.

## Try

- `temperature=0.1`: nearly all goes to the largest; in the nets it takes the floor away.
- `logits="1 3 3"`: a tie has no argmax. `softmin=1 − p`: no softmin, and not even sum 1.
- `gap=2`: all three ways agree, and the square still pulls. `precision=float64`: the cliff is at
  710; in float16 at 12.
- `method=exp / sum`: the claims are measured with the formula as it is written.
- `learning_rate=2`: such steps make up for faint gradients, and throw cross-entropy out.
  `learning_rate=0.0001`: nobody learns.
"""

import math
import re

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Choice, Float, Int, Scene, Text, claim
from dlplay.data import digits

METHODS = {  # three ways to log-probabilities
    "exp / sum": lambda z: (z.exp() / z.exp().sum(-1, keepdim=True)).log(),
    "softmax+log": lambda z: z.softmax(-1).log(),
    "log_softmax": lambda z: z.log_softmax(-1),
}
PRECISIONS = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}
PRINTED = [0.09003057, 0.24472847, 0.66524096]  # softmax of 1, 2, 3, as every manual has it
FLOOR = math.log(math.e + 9) - 1  # −log softmax of the distribution that is sure of one in ten


def squares(outputs, y):
    """Σ (output − one-hot)² over the classes, averaged over the batch."""
    return ((outputs - one_hot(y, outputs.shape[1])) ** 2).sum(1).mean()


def twice(z, y, temperature):
    """The bug: the loss applies a softmax to what is a distribution already."""
    return cross_entropy(z.softmax(1) / temperature, y)


ARMS = {  # name: (loss, optimizer, share of the learning rate); T divides what the loss is given
    "CE": (lambda z, y, T: cross_entropy(z / T, y), torch.optim.SGD, 1.0),
    "(p−y)²": (lambda z, y, T: squares((z / T).softmax(1), y), torch.optim.SGD, 1.0),
    "(z−y)²": (lambda z, y, T: squares(z / T, y), torch.optim.SGD, 0.2),
    "twice": (twice, torch.optim.SGD, 1.0),
    "twice, Adam": (twice, torch.optim.Adam, 0.05),
}


class SoftmaxLab(Scene):
    covers = {
        "Softmax - nn.Softmax()": (
            "probabilities",
            "temperature",
            "gradient",
            "printed",
            "shift",
            "sigmoid",
            "flattens",
            "argmax",
            "fades",
            "squared",
            "plain_squares",
        ),
        "Softmin - nn.Softmin()": ("probabilities", "softmin_turns"),
        "nn.LogSoftmax()": (
            "−log p, three ways",
            "loss",
            "accuracy",
            "overflow",
            "exact",
            "unbounded",
            "sums",
            "twice_floor",
            "unnoticed",
        ),
    }
    panels = (
        "probabilities",
        "temperature",
        "−log p, three ways",
        "gradient",
        "loss",
        "accuracy",
    )
    quick = {"steps": 20}

    logits = Text("1 2 3", max_length=60, live=True, help="two to ten numbers")
    temperature = Float(
        1, min=0.05, max=20, log=True, live=True, help="T; divides what softmax is given"
    )
    softmin = Choice("−z", ("−z", "1 − p"), live=True, help="what softmin does: softmax(−z), 1 − p")
    gap = Float(110, min=0, max=1000, live=True, help="how far the wrong class is ahead")
    precision = Choice(
        "float32", ("float16", "float32", "float64"), live=True, help="numbers for the gap"
    )
    method = Choice(
        "log_softmax",
        ("log_softmax", "softmax+log", "exp / sum"),
        live=True,
        help="how the claims compute log-probabilities",
    )
    learning_rate = Float(0.1, min=1e-4, max=10, log=True, live=True, help="of SGD; Adam's: a 20th")
    steps = Int(300, min=10, max=5000, help="training steps of the five nets")

    def run(self, stage):
        x, y, x_test, y_test = (part.to(stage.device) for part in digits())
        nets, optimizers = {}, {}
        for name, (_, optimizer, share) in ARMS.items():
            torch.manual_seed(stage.seed)  # the same first weights for all
            nets[name] = nn.Sequential(
                nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
            ).to(stage.device)
            optimizers[name] = optimizer(nets[name].parameters(), lr=share)
        stage.watch(nets["CE"])
        lines = {"floor, twice": FLOOR, "ln 10": math.log(10)}
        stage.axes("loss", y="training loss", lines=lines)
        stage.axes("accuracy", y="share of test digits read", lines={"guessing": 0.1})
        stage.axes("temperature", x="T", y="probability", log="x")
        stage.axes("gradient", x="gap", y="size of the gradient", log="y")
        least = math.inf  # loss that softmax twice has reached

        for step in stage.loop(self.steps):
            i = torch.randint(len(x), (64,), device=x.device)
            for name, net in nets.items():
                loss, _, share = ARMS[name]
                optimizers[name].param_groups[0]["lr"] = share * self.learning_rate
                optimizers[name].zero_grad()
                loss(net(x[i]), y[i], self.temperature).backward()
                optimizers[name].step()
            if stage.every(5):
                with stage.probe(*nets.values()):
                    losses = {
                        name: ARMS[name][0](net(x), y, self.temperature).item()
                        for name, net in nets.items()
                    }
                    right = {
                        name: (net(x_test).argmax(1) == y_test).float().mean().item()
                        for name, net in nets.items()
                    }
                least = min(least, losses["twice"], losses["twice, Adam"])
                stage.curve("loss", losses)
                stage.curve("accuracy", right)
            if step == 0 or stage.changed("logits", "temperature", "softmin", "method"):
                self.look(stage)
            if step == 0 or stage.changed("gap", "precision", "method"):
                self.look_over_the_cliff(stage)

        stage.measure(
            least_loss=least,
            twice_right=right["twice, Adam"],
            plain_squares_right=right["(z−y)²"],
            advantage=right["CE"] - right["(p−y)²"],
        )

    def look(self, stage):
        """Probabilities of the typed logits at this temperature, and at all others."""
        z = numbers(self.logits)  # [n], n logits in float64
        p, q = self.softmax(z), self.softmin_of(z)
        labels = [f"{value:g}" for value in z.tolist()]
        stage.bars("probabilities", labels, {"softmax": p, "softmin": q})

        ts = torch.logspace(math.log10(0.05), math.log10(20), 80, dtype=torch.float64)
        curves = (z / ts[:, None]).softmax(1)  # [80, n]
        logs = curves.clamp(min=1e-300).log()
        entropy = -(curves * logs).sum(1) / math.log(len(z))
        named = {f"z{n + 1} = {label}": curves[:, n] for n, label in enumerate(labels)}
        stage.plot("temperature", ts, {"entropy": entropy, **named})

        known = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
        printed = torch.tensor(PRINTED, dtype=torch.float64)
        tenths = self.softmax(known / 10)
        grid = torch.linspace(-8, 8, 101, dtype=torch.float64)
        pairs = torch.stack([grid, torch.zeros_like(grid)], dim=1)  # [101, 2]: x and 0
        stage.measure(
            printed_error=(self.softmax(known) - printed).abs().max(),
            softmin_error=(self.softmin_of(known) - printed.flip(0)).abs().max(),
            sigmoid_error=(self.softmax(pairs)[:, 0] - grid.sigmoid()).abs().max(),
            shift_error=size(self.softmax(known + 1000) - self.softmax(known)),
            flat_ratio=tenths[2] / tenths[0],
            sharpest=curves[0].max(),
        )

    def softmax(self, z):
        """Softmax of z [..., n] at this temperature, by the chosen method."""
        return METHODS[self.method](z / self.temperature).exp()

    def softmin_of(self, z):
        return self.softmax(-z) if self.softmin == "−z" else 1 - self.softmax(z)

    def look_over_the_cliff(self, stage):
        """−log p of the right class, 0, with the wrong class at `gap`: three ways, and slopes."""
        dtype, rows, found = PRECISIONS[self.precision], [], {}
        with torch.enable_grad():
            for name, method in METHODS.items():
                value, gradient = found[name] = loss_at(method, self.gap, dtype)
                fails = first_failure(method, dtype)
                rows.append([name, show(value), show(gradient[0]), fails])
        truth = math.log1p(math.exp(-self.gap)) + self.gap
        rows.append(["truth", show(truth), show(-1 / (1 + math.exp(-self.gap))), ""])
        columns = ["way", "−log p", "slope", "fails"]
        ways = [n for n, row in enumerate(rows) if row[0] == self.method]
        stage.table("−log p, three ways", columns, rows, best=ways)

        # Gradients over the gap, in float64: p − 1 for cross-entropy, −4p(1 − p)² for the square
        gaps = torch.linspace(0, 20, 81, dtype=torch.float64)
        stage.plot(
            "gradient",
            gaps,
            {
                "CE": ce_gradient(gaps).abs(),
                "(p−y)²": mse_gradient(gaps).abs(),
            },
        )
        here = torch.tensor(self.gap, dtype=torch.float64)
        value, gradient = found[self.method]
        logs = METHODS[self.method](torch.tensor([0, self.gap], dtype=dtype))
        naive = found["exp / sum"]
        stage.measure(
            naive_finite=sum(math.isfinite(v) for v in (naive[0], *naive[1])),
            value_error=size(torch.tensor(value - truth)),
            log_probability=-truth,
            sum_error=size(logs.double().exp().sum() - 1),
            gradient_ratio=(mse_gradient(here) / ce_gradient(here)).abs(),
        )

    @claim(
        "softmax of 1, 2, 3 is 0.09003057, 0.24472847, 0.66524096 (largest difference)",
        breaks={"temperature": 0.1},
    )
    def printed(self, measured):
        return measured.printed_error < 1e-7

    @claim(
        "softmin is softmax(−z): it gives 1, 2, 3 the same shares the other way round (largest "
        "difference)",
        breaks={"softmin": "1 − p", "steps": 10},
    )
    def softmin_turns(self, measured):
        return measured.softmin_error < 1e-7

    @claim("softmax of x and 0 is the sigmoid of x", breaks={"temperature": 0.1})
    def sigmoid(self, measured):
        return measured.sigmoid_error < 1e-12

    @claim(
        "adding 1000 to all logits changes nothing (by less than 1e-12)",
        breaks={"method": "exp / sum", "steps": 10},
    )
    def shift(self, measured):
        return measured.shift_error < 1e-12

    @claim(
        "small gaps are flattened: of 0.1, 0.2, 0.3 the last gets less than 1.5 times the first's "
        "probability",
        breaks={"temperature": 0.1},
    )
    def flattens(self, measured):
        return measured.flat_ratio < 1.5

    @claim(
        "at T = 0.05 the largest of the logits gets more than 0.999",
        breaks={"logits": "1 3 3", "steps": 10},
    )
    def argmax(self, measured):
        return measured.sharpest > 0.999

    @claim(
        "with the wrong class ahead by 110, exp / sum gives no finite number, neither loss "
        "nor gradient (finite ones of three)",
        breaks={"gap": 2, "steps": 10},
    )
    def overflow(self, measured):
        return measured.naive_finite == 0

    @claim(
        "log_softmax has the loss right to within 0.001",
        breaks={"method": "softmax+log", "steps": 10},
    )
    def exact(self, measured):
        return measured.value_error < 1e-3

    @claim(
        "log-probabilities are not bounded: this one is below −100", breaks={"gap": 2, "steps": 10}
    )
    def unbounded(self, measured):
        return measured.log_probability < -100

    @claim(
        "the exponentials of the log-probabilities add up to 1, to within 1e-6",
        breaks={"method": "exp / sum", "steps": 10},
    )
    def sums(self, measured):
        return measured.sum_error < 1e-6

    @claim(
        "the further ahead the wrong class, the less a squared error teaches: its gradient is less "
        "than a hundredth of cross-entropy's",
        breaks={"gap": 2, "steps": 10},
    )
    def fades(self, measured):
        return measured.gradient_ratio < 0.01

    @claim(
        "by SGD, cross-entropy reads more of the digits than the squared error of softmax, by more "
        "than 0.08",
        breaks={"learning_rate": 2},
    )
    def squared(self, measured):
        return measured.advantage > 0.08

    @claim(
        "the square is not to blame: squared errors of plain logits read more than 0.8 of them",
        breaks={"learning_rate": 0.0001, "steps": 100},
    )
    def plain_squares(self, measured):
        return measured.plain_squares_right > 0.8

    @claim(
        "softmax before the cross-entropy loss: it never falls below 1.461 with ten classes",
        breaks={"temperature": 0.1},
    )
    def twice_floor(self, measured):
        return measured.least_loss > 1.461

    @claim(
        "nobody notices a softmax too many: with Adam the net reads more than 0.7 of the digits "
        "all the same",
        breaks={"learning_rate": 0.0001, "steps": 100},
    )
    def unnoticed(self, measured):
        return measured.twice_right > 0.7


def numbers(text):
    """The numbers in a text, two to ten of them; 1, 2, 3 where there are fewer."""
    found = [float(word) for word in re.findall(r"[-+−]?\d*\.?\d+", text.replace("−", "-"))][:10]
    return torch.tensor(found if len(found) > 1 else [1.0, 2.0, 3.0], dtype=torch.float64)


def loss_at(method, gap, dtype):
    """−log p of the right class with logits (0, gap), and its gradient by both logits."""
    z = torch.tensor([0.0, gap], dtype=dtype, requires_grad=True)
    loss = -method(z)[0]
    (gradient,) = torch.autograd.grad(loss, z)
    return loss.item(), gradient.tolist()


def first_failure(method, dtype):
    """The smallest whole gap at which the loss or its gradient is off by more than 1 %."""
    for gap in range(1, 1001):
        value, gradient = loss_at(method, float(gap), dtype)
        truth, slope = math.log1p(math.exp(-gap)) + gap, -1 / (1 + math.exp(-gap))
        if not (abs(value - truth) <= 0.01 * truth and abs(gradient[0] - slope) <= 0.01):
            return gap
    return "never"


def ce_gradient(gap):
    """∂/∂z of −log p for the right class, at logits (0, gap): p − 1."""
    return -gap.sigmoid()


def mse_gradient(gap):
    """∂/∂z of (p − 1)² + (1 − p)², p the right class's probability: −4 p (1 − p)²."""
    return -4 * (-gap).sigmoid() * gap.sigmoid() ** 2


def size(difference):
    """The largest difference; infinite where one is no number."""
    return difference.abs().nan_to_num(nan=math.inf).max()


def show(number):
    return "NaN" if math.isnan(number) else f"{number:.4g}"
