"""
# Why are scores divided by √d?

A query q and a key k, each of d numbers, make a score: q·k, a sum of d products. Take numbers with
mean 0 and variance 1, independent of each other, as fresh weights make them. Then each product has
mean 0 and variance 1, and variances of independent terms add up:

    Var(q·k) = d
    size of a score ≈ √d

So at d = 256 scores lie about 16 apart, before anything was learned. Softmax makes weights of them,
and e¹⁶ is nine million: nearly all weight goes to one token, by chance. Dividing by √d brings
scores to size 1 at every width, and fresh attention looks a little at all:

    α = softmax(q·k / √d)

Why not leave it to learning? A question symbol has a partner among 16 others; find it, name the
digit beside it. See how much of the weight is on the partner, and on the best of the wrong ones.
Undivided, it was on a wrong one from the start and mostly stays there. A weight near 1 hardly
changes with its score, and one near 0 neither: for half of the questions next to no gradient comes
through softmax. At d = 16 it is not so yet; that "gradients die" holds for wide heads.

The third isn't divided either. Its W_Q and W_K just start smaller, each by the fourth root
of d. Its first scores are those of the divided one, and it learns. So √d is one way of many to set
the size of the *first* scores. What size they have later is learned.

## Tomorrow

Before training, compute the mean entropy of attention: near 0, or at ln N, the scale is wrong.
Dividing is torch's default; don't do it twice. Where scores grow in training, normalise q and k.
"""

import torch
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Float, Int, Scene, Try

SYMBOLS, DIGITS, E = 64, 10, 32  # and numbers of a symbol's vector
WIDTHS = (4, 16, 64, 256, 1024)
ARMS = ("divided", "undivided", "started smaller")


class RootD(Scene):
    covers = ("Scaled Self-Attention / Where does √D_K come from",)
    panels = {
        "weight": "of a question, on the partner and on the heaviest wrong ones; mean of many",
        "right": "share of questions answered; higher is better",
        "fresh entropy": "of the weights before training, by d; 0: all weight on one token",
    }
    claims = {
        "soft_start": "divided, the entropy of fresh weights is 2.1 to 2.6 (all alike: 2.77)",
        "hard_start": "undivided, it is below 0.5",
        "deaf": "undivided, the median question gets under 0.1 of the gradient it gets divided",
        "divided_learns": "divided, at least 0.9 of the questions are right",
        "undivided_lags": "undivided, at least 0.3 less",
        "cured": "undivided but started smaller, at least 0.9 are right",
    }
    tries = (
        Try(
            "d=4",
            "Queries and keys of four numbers. What is the division worth?",
            ("as much as before", "next to nothing", "it does harm"),
            right=2,
            breaks=("hard_start", "deaf", "undivided_lags"),
            keeps="soft_start",
            why="Scores of size 2 don't saturate anything. But four numbers can hardly tell "
            "64 symbols apart, divided or not.",
        ),
        Try(
            "power=1",
            "Scores are divided by d instead of √d. What do the fresh weights look like?",
            ("as before", "one token gets nearly all", "all tokens get the same"),
            right=3,
            breaks=("soft_start", "divided_learns"),
            keeps=("hard_start", "cured"),
            why="Now scores are of size 1/√d. It is too soft: W_Q and W_K must grow a lot before "
            "any token stands out.",
        ),
        Try(
            "learning_rate=0.003",
            "Three times the learning rate. Does the undivided attention catch up?",
            ("yes", "no", "it diverges"),
            right=2,
            keeps=("deaf", "divided_learns", "undivided_lags", "cured"),
            why="Where no gradient comes through, there is nothing to multiply. And where scores "
            "are large, larger steps toss them about.",
        ),
    )
    quick = {"steps": 10}

    d = Int(256, min=4, max=1024, log=True, help="numbers of a query and of a key")
    power = Float(0.5, min=0, max=1, step=0.25, help="divided by d to this power: ½ is √d")
    tokens = Int(16, min=4, max=64, log=True, help="tokens to look at")
    factor = Float(1, min=0.01, max=30, log=True, live=True, help="of scores, in the lead alone")
    learning_rate = Float(0.001, min=1e-4, max=0.03, log=True, help="of Adam")
    steps = Int(200, min=10, max=3000, log=True, help="steps of 64 questions, for each attention")

    def run(self, stage):
        d, N = self.d, self.tokens
        symbols, partners = torch.randn(SYMBOLS, E), torch.randperm(SYMBOLS)
        W_Q, W_K = torch.randn(E, d) / E**0.5, torch.randn(E, d) / E**0.5
        smaller = W_Q / d**0.25, W_K / d**0.25
        starts = (W_Q, W_K), (W_Q, W_K), smaller
        arms = [[W.clone().to(stage.device).requires_grad_() for W in both] for both in starts]
        divisors = d**self.power, 1, 1
        symbols = symbols.to(stage.device)
        optimizer = torch.optim.Adam([W for arm in arms for W in arm], lr=self.learning_rate)

        def questions(count):
            """Which symbol asks [count], N symbols to look at and their digits [count, N], and at
            which place the partner stands [count]."""
            shown = torch.rand(count, SYMBOLS).argsort(dim=1)[:, :N]
            at = torch.randint(N, (count,))
            asks = partners[shown.gather(1, at[:, None])[:, 0]]
            drawn = asks, shown, torch.randint(DIGITS, (count, N)), at
            return [each.to(stage.device) for each in drawn]

        def scores(asks, shown, digits=None, at=None):
            """q·k of each question with each symbol shown, divided or not: three of [count, N]."""
            for (W_Q, W_K), divisor in zip(arms, divisors, strict=True):
                q, k = (symbols @ W_Q)[asks], (symbols @ W_K)[shown]  # [count, d], [count, N, d]
                yield (k @ q[:, :, None])[..., 0] / divisor

        def answers(α, digits):
            """Logits [count, DIGITS]: eight times the weight that lies on each digit."""
            return 8 * (α[..., None] * one_hot(digits, DIGITS)).sum(dim=1)

        def entropy(α):
            return torch.special.entr(α).sum(dim=1).mean().item()

        def asked(digits, at):
            return digits.gather(1, at[:, None])[:, 0]

        new = questions(400)
        with stage.probe():
            fresh = [entropy(s.softmax(dim=1)) for s in scores(*new)]
            plain = {name: [] for name in ARMS[:2]}
            for width in WIDTHS:
                s = (torch.randn(200, N, width) @ torch.randn(200, width, 1))[..., 0]
                for name, power in zip(ARMS, (self.power, 0), strict=False):
                    plain[name].append(entropy((s / width**power).softmax(dim=1)))
        through = []  # how much gradient gets through softmax to the scores of the median question
        for s in scores(*new):
            logits = answers(s.softmax(dim=1), new[2])
            loss = cross_entropy(logits, asked(*new[2:]), reduction="sum")
            (gradient,) = torch.autograd.grad(loss, s)
            through.append(gradient.norm(dim=1).median().item())

        @stage.look(10)
        def look():
            drawn, named = {}, []
            for name, s in zip(ARMS, scores(*new), strict=True):
                α = (self.factor * s).softmax(dim=1)
                at = new[3][:, None]
                wrong = α.scatter(1, at, -1).sort(dim=1, descending=True).values[:, : N - 1]
                four = torch.cat([α.gather(1, at), wrong[:, :3]], dim=1).mean(dim=0)
                drawn[name] = torch.cat([four, 1 - four.sum(dim=0, keepdim=True)])
                named.append(float(drawn[name][0]))
            labels = "partner", "1st wrong", "2nd wrong", "3rd wrong", "all others"
            stage.bars("weight", labels, drawn)
            stage.headline(
                f"weight on the partner: divided {named[0]:.2f}, undivided {named[1]:.2f}, "
                f"started smaller {named[2]:.2f}"
            )
            stage.plot("fresh entropy", WIDTHS, plain)

        all_alike = {"all alike": torch.tensor(N).log()}
        stage.axes("fresh entropy", x="d", y="nats", log="x", lines=all_alike)
        stage.axes("right", y="share", lines={"guessing": 1 / DIGITS})
        for _ in stage.loop(self.steps):
            asks, shown, digits, at = questions(64)
            y = asked(digits, at)
            logits = [answers(s.softmax(dim=1), digits) for s in scores(asks, shown)]
            optimizer.zero_grad()
            sum(cross_entropy(o, y) for o in logits).backward()
            optimizer.step()
            right = [(o.argmax(dim=1) == y).float().mean() for o in logits]
            stage.curve("right", dict(zip(ARMS, right, strict=True)))

        with stage.probe():
            y = asked(*new[2:])
            logits = [answers(s.softmax(dim=1), new[2]) for s in scores(*new)]
            divided, undivided, cured = ((o.argmax(dim=1) == y).float().mean() for o in logits)
            stage.claim("soft_start", fresh[0], within=(2.1, 2.6))
            stage.claim("hard_start", fresh[1], below=0.5)
            stage.claim("deaf", through[1] / through[0], below=0.1)
            stage.claim("divided_learns", divided, at_least=0.9)
            stage.claim("undivided_lags", divided - undivided, at_least=0.3)
            stage.claim("cured", cured, at_least=0.9)
