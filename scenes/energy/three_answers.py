"""
# What if one question has three right answers?

A net is asked about x and should answer y. In the data each question near 0 has three right
answers, far apart (the lowest is the rarest). A regression has to say *one* number. Trained with
squared error it says the mean of the three, and that is no right answer, except by chance. More
data or a larger net do not help: the mean is what was asked for.

So do not let the net answer. Let it *judge*. An **energy** E(x, y) takes a question together with a
possible answer and gives one number: low where the two suit each other, high where they don't. Over
all pairs it is a landscape with a valley wherever answers are right. To answer is to search:

    ŷ = argmin E(x, y) over y

A net that answers is single-valued, one y for each x. A landscape over y may have any number of
valleys, for each x another number. Nobody tells it how many.

How is it trained? Each pair of the data plays against K **negatives**, the same x with random y:

    L = E⁺ + log(e^−E⁺ + Σₖ e^−Eₖ)

E⁺ is the energy of the right pair, Eₖ that of negative k. L is small when E⁺ is far below them all:
it is the cross-entropy of picking the right one. This loss is called InfoNCE.

L compares answers to one question only: raising E for a whole column x costs nothing. So the map
shows each column from its own lowest place up.

## Tomorrow

Look for pairs of nearly the same input with quite different targets. If there are many, don't
regress on their mean: score pairs of input and answer, or predict a distribution.
"""

import torch
from torch import nn
from torch.nn.functional import mse_loss

from dlplay import Float, Int, Scene, Try
from dlplay.data import folded, folded_answers, folded_x
from dlplay.nn import grid

MEAN, LOWEST = "regression", "lowest energy"
VIEW = (-2, 2)  # of x and of y
ASKED = [*torch.linspace(-0.25, 0.25, 11).tolist()]  # three answers each, where the curve is folded
ASKED += [*torch.linspace(-1.2, -0.6, 7).tolist(), *torch.linspace(0.6, 1.2, 7).tolist()]  # one


class ThreeAnswers(Scene):
    covers = ("Energy-based models - introduction", "How an Energy-Based Model Works")
    panels = {
        "energy": "above the lowest of its column; the dark valleys are the answers",
        "one question": "energy over y for the chosen x; uprights: answers 1 to 3, regression",
        "miss": "from x to the answer's own question, |x| < 0.3; lower is better",
    }
    claims = {
        "mean_misses": "for |x| < 0.3 the regression's answers belong to an x over 0.17 away",
        "search_hits": "those of lowest energy belong to an x less than 0.1 away",
        "finds_all": "of 9 right answers to 3 questions, over 6 have a valley within 0.2 of them",
        "counts": "for over 0.7 of 25 questions, E has as many deep valleys as right answers",
        "apart": "pairs with a random y have over 6 nats more energy than pairs of the data",
    }
    tries = (
        Try(
            "bend=0",
            "The curve becomes a straight line, with one answer for each x. Which net misses less?",
            ("the energy, still", "the regression", "both miss by next to nothing"),
            right=3,
            breaks="mean_misses",
            keeps="search_hits",
            why="With one right answer the mean is that answer. A search buys nothing here.",
        ),
        Try(
            "x=1",
            "How many deep valleys has the energy at x = 1?",
            ("three", "two", "one"),
            right=3,
            keeps=("counts", "finds_all"),
            why="There the curve is not folded. Any other hollow lies high above the valley. The "
            "net was never told how many answers a question has.",
        ),
        Try(
            "negatives=1",
            "Each right pair plays against one wrong answer, not 32. What becomes of the valleys?",
            ("all three are there", "one of three is left", "the map stays flat"),
            right=1,
            keeps=("mean_misses", "apart"),
            why="The wrong answers are drawn anew at each step, so in time they fall everywhere. "
            "With few of them it takes longer, and the valleys are less exact.",
        ),
        Try(
            "noise=0.6",
            "Each x is off by up to 0.6, more than the folds lie apart. Does E count the answers?",
            ("yes, in wider valleys", "no, valleys run together", "it finds one everywhere"),
            right=2,
            breaks=("counts", "apart"),
            keeps="mean_misses",
            why="With such x nobody can tell whether a question lies between the folds. The data "
            "have lost what E is to count.",
        ),
    )
    quick = {"steps": 20}

    x = Float(0.25, min=-1.2, max=1.2, live=True, help="the question that is looked at")
    bend = Float(1.2, min=0, max=1.6, help="how strongly the curve is folded; 0 is a line")
    noise = Float(0.15, min=0, max=0.8, help="x is off by up to this, in the data")
    negatives = Int(32, min=1, max=64, log=True, help="K, random answers beside each right one")
    learning_rate = Float(0.006, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(600, min=20, max=5000, log=True, help="steps over 64 pairs")

    def run(self, stage):
        x, y = folded(6000, bend=self.bend, noise=self.noise)
        kept = (y > 0) | (torch.rand(len(y)) < 0.25)  # rarer below 0: the mean is none of them
        x, y = x[kept].to(stage.device), y[kept].to(stage.device)
        energy, regression = nets = nn.ModuleList(
            nn.Sequential(
                *(nn.Linear(D, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU()), nn.Linear(64, 1)
            )
            for D in (2, 1)  # numbers that go in: question with answer, question alone
        ).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)
        xs = torch.linspace(-0.3, 0.3, 61, device=stage.device)
        ys = torch.linspace(-2.2, 2.2, 221, device=stage.device)
        places = grid(VIEW, VIEW, 72, device=stage.device)  # [72, 72, 2]

        def above(questions):
            """For questions [X] the energy of each ys, above the lowest of them: [X, Y]."""
            across, up = torch.meshgrid(questions, ys, indexing="ij")
            e = energy(torch.stack([across, up], dim=2))[..., 0]
            return e - e.min(dim=1, keepdim=True).values

        def misses():
            """How far from its own question each net's answer lies, put into the true curve."""
            answers = regression(xs[:, None])[:, 0], ys[above(xs).argmin(dim=1)]
            return [(folded_x(a, bend=self.bend) - xs).abs().mean() for a in answers]

        view = {"x": VIEW, "y": VIEW, "x_label": "question x", "y_label": "answer y"}

        @stage.look(10, nets)
        def look():
            field = energy(places)[..., 0]  # [y, x]
            line = torch.stack([places[0, :, 0], regression(places[0, :, :1])[:, 0]], dim=1)
            ask = torch.tensor([[self.x, -2.0], [self.x, 2.0]])
            stage.plane(
                "energy",
                **view,
                field=field - field.min(dim=0).values,
                low=0,
                high=12,
                points={"data": torch.stack([x, y], dim=1)[:150]},
                paths={MEAN: line, "question": ask},
            )
            e = above(torch.tensor([self.x], device=stage.device))[0]
            right = enumerate(folded_answers(self.x, bend=self.bend).tolist())
            lines = {str(i + 1): each for i, each in right}
            lines[MEAN] = float(regression(torch.tensor([[self.x]], device=stage.device)))
            stage.axes("one question", x="answer y", y="nats", verticals=lines)
            stage.plot("one question", ys, energy=e.clamp(max=15))
            mean, lowest = misses()
            stage.curve("miss", {MEAN: mean, LOWEST: lowest})
            deep = valleys(e[None])[0]
            missed = f"lowest energy misses by {lowest:.2f}, the regression by {mean:.2f}"
            stage.headline(f"deep valleys here: {int(deep.sum())}; {missed}")

        stage.axes("miss", x="step", y="in x")
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            batch = torch.randint(len(x), (64,), device="cpu").to(stage.device)
            wrong = 4 * torch.rand(64, self.negatives).to(stage.device) - 2
            answers = torch.cat([y[batch, None], wrong], dim=1)  # [64, 1 + K], the right one first
            pairs = torch.stack([x[batch, None].expand_as(answers), answers], dim=2)
            e = energy(pairs)[..., 0]
            contrast = (e[:, 0] + (-e).logsumexp(dim=1)).mean()
            squared = mse_loss(regression(x[batch, None])[:, 0], y[batch])
            optimizer.zero_grad()
            (contrast + squared).backward()
            optimizer.step()

        with stage.probe(nets):
            mean, lowest = misses()
            deep = valleys(above(torch.tensor(ASKED, device=stage.device))).cpu()  # [25, Y]
            right = [folded_answers(each, bend=self.bend) for each in ASKED]
            counted = [int(v.sum()) == len(r) for v, r in zip(deep, right, strict=True)]
            found = [
                int(((right[i][:, None] - ys.cpu()[deep[i]]).abs() < 0.2).any(dim=1).sum())
                for i in (0, 5, 10)  # x = -0.25, 0, 0.25
            ]
            random = torch.stack([x, 4 * torch.rand(len(x)).to(stage.device) - 2], dim=1)
            gap = energy(random).mean() - energy(torch.stack([x, y], dim=1)).mean()
            stage.claim("mean_misses", mean, above=0.17)
            stage.claim("search_hits", lowest, below=0.1)
            stage.claim("finds_all", sum(found), at_least=7)
            stage.claim("counts", sum(counted) / len(counted), above=0.7)
            stage.claim("apart", gap, above=6)


def valleys(e):
    """Which places of slices e [X, Y] are lowest among their neighbours and deep: below 4 nats."""
    inner = e[:, 1:-1]
    low = (inner < e[:, :-2]) & (inner < e[:, 2:]) & (inner < 4)
    return nn.functional.pad(low, (1, 1))
