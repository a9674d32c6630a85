"""
# What do written steps buy?

Add six digits and tell the last digit of the sum: 4 + 7 + 1 + 3 + 8 + 5 ends in 8. Ask a language
model, and it must say the 8 at the next token. Or let it write first: 4, 1, 2, 5, 3, 8, each the
last digit of the sum so far. A **chain of thought** is such working, written before the answer.

A model does the same amount of work for every token. Here that is one block: it looks back once,
then a small net works on what it found. At once, all six digits must go through it. And halfway is
worth nothing: if you know five of the six, each of ten answers is as likely as before. So training
finds no slope towards the answer.

With steps, token k is

    sₖ = (sₖ₋₁ + aₖ) mod 10

where aₖ is the k-th digit and sₖ the sum so far. sₖ₋₁ can be read: it stands in the text. What has
to be learned are a hundred little sums.

Is it only the room, or the lessons? The second model gets both. It has six places and is taught the
right sₖ at each. But what it says there is thrown away, and a dot stands in its place. It learns
the first place and stays there. (With two blocks and five times the training it learns nearly all;
the model that answers at once still guesses.)

So a result that can be *read again* saves depth. That is why steps help before the answer and not
behind it: a model cannot use what it has not written yet.

These tiny nets are trained with steps. Wei et al. (2022) asked for them in the prompt; that pays
for large models only.

## Tomorrow

Where an answer takes several steps, let the model write them first: in a form with fields, the
reasoning before the result. Compare right answers with and without steps, not how they read. For a
question of one step, save the tokens.
"""

import math
import re

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Text, Try
from dlplay.nn.attention import Rotary
from dlplay.nn.transformer import Block

EQUALS, DOT = 10, 11  # tokens beside the digits 0 to 9
NAMES = ("at once", "dots", "steps")


class Working(Scene):
    covers = ("Chain of Thought",)
    panels = {
        "three sums": "what each model says at each place; colour: what it gives the right digit",
        "right by place": "share right at each place that is written; the last is the answer",
        "right answers": "share of new sums whose last digit is right; higher is better",
    }
    claims = {
        "steps_answer": "with written steps over 0.95 of the answers to new sums are right",
        "at_once_guesses": "at once 0.05 to 0.17 are right after as many sums; guessing has 0.1",
        "dots_guess": "with dots for steps, and the same lessons, 0.05 to 0.2 are right",
        "dots_begin": "the model with dots has over 0.95 of the first places right",
    }
    tries = (
        Try(
            "digits=2",
            "Two digits in place of six. How often is the model right that answers at once?",
            ("one time in ten", "half of the time", "nearly always"),
            right=3,
            breaks=("at_once_guesses", "dots_guess"),
            keeps="steps_answer",
            why="A sum of two digits is one step: a hundred cases, and one block has room for "
            "them. What takes one step gains nothing from written ones.",
        ),
        Try(
            "place=behind",
            "The same steps are written behind the answer, to explain it. How many answers of "
            "this model are right?",
            ("as many: the same digits are written", "about half", "one in ten"),
            right=3,
            breaks="steps_answer",
            keeps="at_once_guesses",
            why="The answer is written first, so there is no step yet that it could be read "
            "from. The steps that follow are right, and contradict it.",
        ),
        Try(
            "layers=2",
            "Two blocks in place of one. Which model gets further in the same time?",
            ("at once: it is right now", "dots: a place or two", "none of them"),
            right=2,
            keeps=("steps_answer", "at_once_guesses"),
            why="A block more is a step more that needs no paper, if something teaches each step. "
            "At once, nothing tells the first block what to do.",
        ),
    )
    quick = {"steps": 8}
    pace = 30

    sum = Text("471385", live=True, max_length=20, help="the digits of the last sum shown")
    digits = Int(6, min=2, max=10, help="n, digits of a sum")
    place = Choice(
        "before", ("before", "behind"), help="where steps stand: before the answer or not"
    )
    layers = Int(1, min=1, max=4, help="blocks of each model")
    learning_rate = Float(0.006, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(200, min=4, max=5000, log=True, help="steps of 64 sums, for each model")

    def run(self, stage):
        n = self.digits
        order = [*range(n)] if self.place == "before" else [n - 1, *range(n - 1)]
        answer, first = order.index(n - 1), order.index(0)
        nets = nn.ModuleDict({name: Model(n, self.layers) for name in NAMES}).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)

        def sums(count):
            """Digits [count, n] and the last digits of the sums so far, as they are written."""
            a = torch.randint(10, (count, n), device="cpu").to(stage.device)
            return a, results(a)

        def results(a):
            return (a.cumsum(dim=1) % 10)[:, order]

        def asked(a):
            return torch.cat([a, torch.full_like(a[:, :1], EQUALS)], dim=1)

        def taught(name, a, s):
            """In training: logits [N, places, 10], and what is right there."""
            if name == "at once":
                return nets[name](asked(a))[:, n:], s[:, answer, None]
            text = s[:, :-1] if name == "steps" else torch.full_like(s[:, 1:], DOT)
            return nets[name](torch.cat([asked(a), text], dim=1))[:, n:], s

        def said(name, a):
            """What a model says on its own: logits [N, places, 10]."""
            if name != "steps":
                return taught(name, a, results(a))[0]  # of the results it reads nothing
            text, logits = asked(a), []
            for _ in range(n):
                logits.append(nets[name](text)[:, -1])
                text = torch.cat([text, logits[-1].argmax(dim=1)[:, None]], dim=1)
            return torch.stack(logits, dim=1)

        def right(count):
            """The share that each model has right at each place; at once: at the answer."""
            a, s = tests[0][:count], tests[1][:count]
            hits = {name: said(name, a).argmax(dim=2) for name in ("dots", "steps")}
            shares = {name: (hit == s).float().mean(dim=0) for name, hit in hits.items()}
            alone = said("at once", a).argmax(dim=2)[:, 0] == s[:, answer]
            return shares | {"at once": alone.float().mean()}

        tests = sums(1000)

        @stage.look(5, nets)
        def look():
            shares = right(200)
            finals = {"at once": shares["at once"]}
            finals |= {name: shares[name][answer] for name in ("dots", "steps")}
            stage.axes("right answers", x="step", y="share right", lines={"guessing": 0.1})
            stage.curve("right answers", finals)
            stage.axes("right by place", x="place", y="share right", lines={"guessing": 0.1})
            by_place = {name: shares[name] for name in ("dots", "steps")}
            stage.plot("right by place", range(1, n + 1), by_place)
            stage.headline(
                "right answers: " + ", ".join(f"{name} {v:.0%}" for name, v in finals.items())
            )
            typed = [int(c) for c in re.findall("[0-9]", self.sum)][:n]
            typed += tests[0][0, len(typed) :].tolist()  # a sum too short is filled up
            a = torch.cat([tests[0][1:3], torch.tensor([typed], device=stage.device)])
            s, pieces, shades = results(a), [], []
            blank = torch.full((n,), math.nan)

            def line(label, digits, values, start=0):
                """A row of pieces: a label, then digits [n] or fewer from place `start` on."""
                row = [" " * 6] * start + [f"   {d}  " for d in digits.tolist()]
                pieces.extend([f"{label:<11}", *row, "\n"])
                shades.extend([math.nan, *blank[:start].tolist(), *values.tolist(), math.nan])

            for i in range(3):
                line("add", a[i], blank)
                line("sum so far", s[i], blank)
                for name in NAMES:
                    p = said(name, a[i : i + 1])[0].softmax(dim=1)  # [places, 10]
                    start = answer if name == "at once" else 0
                    truth = s[i, start : start + len(p), None]
                    line(name, p.argmax(dim=1), p.gather(1, truth)[:, 0], start)
                line("", blank[:0], blank[:0])
            stage.tokens("three sums", pieces, shades)

        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            a, s = sums(64)
            parts = [taught(name, a, s) for name in NAMES]
            loss = sum(cross_entropy(logits.flatten(0, 1), y.flatten()) for logits, y in parts)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            shares = right(1000)
            stage.claim("steps_answer", shares["steps"][answer], above=0.95)
            stage.claim("at_once_guesses", shares["at once"], within=(0.05, 0.17))
            stage.claim("dots_guess", shares["dots"][answer], within=(0.05, 0.2))
            stage.claim("dots_begin", shares["dots"][first], above=0.95)


class Model(nn.Module):
    """Tokens [N, T] -> at each place logits of a digit [N, T, 10], from what stands up to it."""

    def __init__(self, n, layers, D=32, heads=4):
        super().__init__()
        self.tokens = nn.Embedding(12, D)
        nn.init.normal_(self.tokens.weight, std=0.3)
        turn = Rotary(D // heads, 2 * n + 1)  # tells how far apart two tokens are
        self.blocks = nn.Sequential(
            *(Block(D, heads, rotary=turn, hidden=2 * D) for _ in range(layers))
        )
        self.digit = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, 10))

    def forward(self, x):
        return self.digit(self.blocks(self.tokens(x)))
