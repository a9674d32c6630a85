"""
# Do abilities appear suddenly?

Models are tested as they grow, and for a long time they solve nothing. Then, at once, nearly
everything. Have they suddenly understood? First look at how they were scored.

Here a small Transformer reads n letters and has to write them backwards. What grows is not its size
but its training; the question is the same. Every five steps it meets 300 new strings, and the same
answers are scored in three ways:

- **letters**: the share p of single letters that are right;
- **all**: the share of answers in which all k of the letters asked for are right. Here k is n, so
  one wrong letter of eight is as bad as eight;
- **log-probability**: the logarithm of the chance that the model gives to the whole right answer.

The letters get better from the first steps on. All-or-nothing stays at zero while they do, and then
leaps. If mistakes fell on letters by lot, k letters would all be right with probability

    p · p · … · p = pᵏ

and that is 0.017 for p = 0.6, 0.43 for p = 0.9, 0.85 for p = 0.98, if k = 8. The third curve is pᵏ.
It lies on the second: the leap was made by the score. Turn `asked` on the finished run: the
answers stay what they are, and the leap comes earlier or goes.

Schaeffer et al. (2023) showed this for large models and "emergent abilities". It does not say that
nothing ever jumps. Look at the single places: the answer's first letter is learnt within a few
tests, and the smooth mean hides *that*. Nor does it say that the leap is worth nothing, if only
whole answers are of use. But you could have seen it coming.

## Tomorrow

Before you report that an ability emerged, plot the log-probability of the right answer over the
same models. And if a test shows 0 % so far, don't conclude that nothing is being learnt: score
parts, or ask for shorter answers.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.transformer import Block

D, BLOCKS, HEADS = 48, 2, 4  # width, of the Transformer
EVERY, TESTS = 5, 300  # steps from test to test; strings in a test
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Sudden(Scene):
    covers = ("Large Language Models",)
    panels = {
        "score": "the same answers, scored by letter, and all or nothing; higher is better",
        "log-probability": "of the right answer, in nats; higher is better, 0 is certain",
        "each place": "a row: a letter of the answer; bright: right in most strings",
        "answers": "to three of the test's strings, now",
    }
    claims = {
        "blind": "while at most 2 % of answers are right, letters get as far as half right or more",
        "leap": "they go from 5 % to 80 % in fewer steps than it took them to get to 5 %",
        "power": "in no test are they further than 0.13 from the letters' share to the power k",
        "seen_coming": "at the last test below 5 % over half the gain in log-probability was made",
        "learnt": "in the end over 0.85 of the answers are right",
    }
    tries = (
        Try(
            "asked=1",
            "The same answers, but a score asks for one letter, drawn by lot. Where is the leap?",
            ("where it was", "earlier, as steep", "gone: it is the letters' slope"),
            right=3,
            breaks=("blind", "leap"),
            keeps=("power", "learnt"),
            why="With k = 1 nothing is multiplied. The model and its answers are those from before "
            "to the last letter, so the leap was never in them.",
        ),
        Try(
            "length=16",
            "Sixteen letters. When three in four of the letters are right, how many answers are?",
            ("three in four", "about a third", "one in a hundred, or fewer"),
            right=3,
            keeps=("blind", "leap", "power"),
            why="0.75 to the power 16 is 0.01. In this score nothing happens while the letters go "
            "from chance to three in four.",
        ),
        Try(
            "strings=half-easy",
            "Half of the strings are now one letter, repeated. Does pᵏ still foretell all right?",
            ("yes, it's the same net", "no, more are right than it says", "no, fewer are right"),
            right=2,
            breaks="power",
            keeps="learnt",
            why="Half of the answers are soon right as a whole, the others not at all. Such a mix "
            "has more whole answers than its mean p says: the power is taken before the mean.",
        ),
    )
    quick = {"steps": 10}
    pace = 30

    asked = Int(16, min=1, max=16, live=True, help="k, letters that must all be right; at most n")
    length = Int(8, min=2, max=16, help="n, letters of a string")
    strings = Choice("by-dice", ("by-dice", "half-easy"), help="half-easy: half are one letter")
    symbols = Int(12, min=4, max=26, help="V, different letters that there are")
    learning_rate = Float(0.005, min=1e-4, max=0.05, log=True, live=True, help="of Adam")
    steps = Int(160, min=10, max=3000, log=True, help="steps of 64 strings")

    def run(self, stage):
        n, V = self.length, self.symbols
        model = Reverser(V, n).to(stage.device)
        optimizer = torch.optim.Adam(model.parameters(), lr=self.learning_rate)

        def drawn(count):
            """What is read [count, 2n], string and answer without its end; the answer [count, n]"""
            x = torch.randint(V, (count, n), device="cpu").to(stage.device)
            if self.strings == "half-easy":
                x[::2] = x[::2, :1]
            y = x.flip(1)
            return torch.cat([x, torch.full_like(x[:, :1], V), y[:, :-1]], dim=1), y

        tests, wanted = drawn(TESTS)
        answers, hits, chances = [], [], []  # of each test

        def spelt(letters):
            return "".join(LETTERS[i] for i in letters.tolist())

        def scored():
            """Of each test: letters right, all of k drawn by lot right, letters to the power k."""
            k, right = min(self.asked, n), torch.stack(hits).sum(dim=2)  # [tests, TESTS]
            whole = torch.ones_like(right)
            for j in range(k):  # the next one drawn is right as well
                whole = whole * (right - j).clamp(min=0) / (n - j)
            p = right.mean(dim=1) / n
            return p, whole.mean(dim=1), p**k

        @stage.look(EVERY, model)
        def look():
            if not hits:
                return
            at = range(EVERY, EVERY * len(hits) + 1, EVERY)
            letters, whole, power = scored()
            curves = {"letters right": letters, "all right": whole, "letters to the power k": power}
            stage.axes("score", y="share", lines={"guessing": 1 / V})
            stage.plot("score", at, curves)
            stage.axes("log-probability", y="nats", lines={"guessing": -n * math.log(V)})
            stage.plot("log-probability", at, {"right answer": torch.stack(chances)})
            places = torch.stack(hits).mean(dim=1).T  # [n, tests]
            axes = {"x": f"test, every {EVERY} steps", "y": "letter of the answer"}
            stage.heatmap("each place", places, low=0, high=1, **axes)
            said = [
                (spelt(wanted[i]), spelt(answers[-1][i]), f"{int(hits[-1][i].sum())} of {n}")
                for i in range(3)
            ]
            stage.table("answers", ("should be", "the model writes", "right"), said)
            stage.headline(
                f"letters right {letters[-1]:.0%}, all right {whole[-1]:.0%}; "
                f"log-probability {chances[-1]:.1f} nats"
            )

        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            x, y = drawn(64)
            loss = cross_entropy(model(x).flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % EVERY == EVERY - 1:
                with stage.probe(model):
                    logits = model(tests)  # [TESTS, n, V]; right as a whole: so it would write
                    answers.append(logits.argmax(dim=2))
                    hits.append((answers[-1] == wanted).float())
                    of_right = logits.log_softmax(dim=2).gather(2, wanted[..., None])[..., 0]
                    chances.append(of_right.sum(dim=1).mean())

        with stage.probe(model):
            letters, whole, power = scored()
            gained = torch.stack(chances) + n * math.log(V)  # since guessing
            below, high = int((whole < 0.05).sum()), int((whole < 0.8).sum())  # tests till then
            leap = (high - below) / (below + 1) if high < len(whole) else math.inf
            stage.claim("blind", (letters * (whole <= 0.02)).max(), at_least=0.5)
            stage.claim("leap", leap, below=1)
            stage.claim("power", (whole - power).abs().max(), at_most=0.13)
            stage.claim("seen_coming", gained[max(below - 1, 0)] / gained[-1], above=0.5)
            stage.claim("learnt", whole[-1], above=0.85)


class Reverser(nn.Module):
    """String, a sign, answer so far [N, 2n] -> logits of each letter of the answer [N, n, V]."""

    def __init__(self, V, n):
        super().__init__()
        self.n, self.letters = n, nn.Embedding(V + 1, D)
        self.places = nn.Parameter(0.02 * torch.randn(2 * n, D))
        self.blocks = nn.ModuleList(Block(D, HEADS) for _ in range(BLOCKS))
        self.norm, self.answer = nn.LayerNorm(D), nn.Linear(D, V)

    def forward(self, x):
        h = self.letters(x) + self.places
        for block in self.blocks:
            h = block(h)
        return self.answer(self.norm(h[:, self.n :]))
