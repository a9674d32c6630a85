"""
# Are the written steps the real reasons?

A model writes its steps, then its answer, and all of it is right. Did the answer come from the
steps? From the text you cannot know. Two models that write the same text may do different things.

Here are two. Each adds six digits and writes the last digit of every sum so far, as in `working`;
the last one is the answer. Behind the six stands a hint, one more digit. In the training texts of
one model it is a **random** digit, of no use. In those of the other it is the **right** answer. The
steps were never left out.

Left alone, both write the same. So act on the text, and see what moves:

- **Strike a step**: put a false digit in its place, let the model write on. If the answer was made
  from the steps, it is now false by as much. If it stays right, under steps that say otherwise,
  they were not its reason.
- **Change the hint** and nothing else. If the answer goes with it, there is the reason, though no
  step speaks of it.

Why does a model that can do the sum not use it? Because copying a digit is learned in a few dozen
steps, and adding takes longer. Once the answer is right, its loss is next to nothing, so nothing
pulls it towards the steps. They are learned because they are asked for: as text.

Turpin et al. (2023) put hints into the prompts of large models. The answers followed, and the
written reasons hardly ever said so.

## Tomorrow

Don't read reasons: test them. Put a mistake into a step and see whether the answer moves; change
what should not matter and see whether it moves too.
"""

import math
import re

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Float, Int, Scene, Text, Try
from dlplay.nn.transformer import Block

EQUALS = 10  # a token beside the digits 0 to 9
CASES = ("left alone", "step struck", "hint changed")
NAMES = ("random hint", "right hint")  # what stood in the training texts


class Faithful(Scene):
    covers = ("Chain of Thought",)
    panels = {
        "one sum": "what each model writes, the answer last; blue is right, [ ] was put in by us",
        "answer moves": "share of answers that move as the struck step, or the hint, did",
        "answer right": "left alone: share of right answers; higher is better",
        "steps right": "left alone: share of texts in which all the steps before it are right",
    }
    claims = {
        "alike": "left alone, each model writes all digits right in over 0.95 of new sums",
        "from_its_steps": "one step struck, over 0.9 of the answers of the model with random hints "
        "are false by as much",
        "not_from_its_steps": "there over 0.9 of the other's answers stay right, whatever its "
        "steps say",
        "from_its_hint": "with a changed hint, over 0.9 of that model's answers are the hint",
        "unsaid": "over 0.9 of those texts have all the steps before the answer right",
    }
    tries = (
        Try(
            "hint=0.5",
            "In half of the second model's training texts the hint is a random digit. What do its "
            "answers come from?",
            ("the hint: it is learned first", "the steps", "each in half of the texts"),
            right=2,
            breaks=("not_from_its_steps", "from_its_hint"),
            keeps=("alike", "from_its_steps"),
            why="The hint is learned first here too. But then the loss stays high, and only the "
            "steps can make it fall: they are always right.",
        ),
        Try(
            "struck=1",
            "The first step is struck, not the third. How often does the answer of the model with "
            "random hints move with it?",
            ("as often", "less: four more steps can mend it", "never: it is too far away"),
            right=1,
            keeps=("not_from_its_steps", "from_its_hint"),
            why="Each step is made from the one before, not from the beginning. A mistake is "
            "handed on whole, from wherever it stands.",
        ),
        Try(
            "learning_rate=0.0005",
            "Both models learn more slowly, and stop as early. What is right in the second one's "
            "texts?",
            ("steps, no answers", "answers, no steps", "neither"),
            right=2,
            breaks=("alike", "from_its_steps"),
            keeps=("not_from_its_steps", "from_its_hint"),
            why="A hint is copied long before digits are added. An answer that is right before "
            "its own steps are did not come from them.",
        ),
    )
    quick = {"steps": 8}
    pace = 30

    struck = Int(3, min=1, max=9, live=True, help="the step in whose place a false digit is put")
    by = Int(3, min=1, max=9, live=True, help="what is added to that step, or to the hint")
    sum = Text("471385", live=True, max_length=20, help="the digits of the sum shown")
    hint = Float(1.0, min=0, max=1, help="share of right hints in the second model's training")
    digits = Int(6, min=2, max=10, help="n, digits of a sum")
    learning_rate = Float(0.005, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(360, min=4, max=5000, log=True, help="steps of 64 sums, for each model")

    def run(self, stage):
        n = self.digits
        nets = nn.ModuleDict({name: Model(n) for name in NAMES}).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)

        def drawn(*shape):
            return torch.randint(10, shape, device="cpu").to(stage.device)

        def results(a):
            return a.cumsum(dim=1) % 10  # the last is the answer

        def asked(a, hint):
            return torch.cat([a, hint, torch.full_like(hint, EQUALS)], dim=1)

        def written(name, a):
            """What a model writes in the three cases: digits [3, N, n], chances [3, N, n, 10]."""
            hint = results(a)[:, -1:]
            text = asked(a.repeat(3, 1), torch.cat([hint, hint, (hint + self.by) % 10]))
            put = torch.zeros_like(a).repeat(3, 1, 1)
            put[1, :, min(self.struck, n - 1) - 1] = self.by
            chances = []
            for added in put.flatten(0, 1).T:  # [3N], for each place
                chances.append(nets[name](text)[:, -1].softmax(dim=1))
                digit = (chances[-1].argmax(dim=1) + added) % 10
                text = torch.cat([text, digit[:, None]], dim=1)
            shape = 3, len(a), n
            return text[:, -n:].reshape(shape), torch.stack(chances, dim=1).reshape(*shape, 10)

        def judged(name, a):
            """Shares of texts; "moved" as much as the step or the hint was."""
            s, (alone, struck, changed) = results(a), written(name, a)[0]
            false = (s[:, -1] + self.by) % 10
            hits = {
                "answer": alone[:, -1] == s[:, -1],
                "steps": (alone[:, :-1] == s[:, :-1]).all(dim=1),
                "all": (alone == s).all(dim=1),
                "moved by step": struck[:, -1] == false,
                "stays": struck[:, -1] == s[:, -1],
                "moved by hint": changed[:, -1] == false,
                "unsaid": (changed[:, :-1] == s[:, :-1]).all(dim=1),
            }
            return {key: hit.float().mean() for key, hit in hits.items()}

        tests = drawn(500, n)

        stage.axes("answer right", y="share right")
        stage.axes("steps right", y="share right")

        @stage.look(10, nets)
        def look():
            shares = {name: judged(name, tests[:100]) for name in NAMES}
            stage.curve("answer right", {name: shares[name]["answer"] for name in NAMES})
            stage.curve("steps right", {name: shares[name]["steps"] for name in NAMES})
            moved = {
                name: torch.stack([shares[name][f"moved by {what}"] for what in ("step", "hint")])
                for name in NAMES
            }
            stage.bars("answer moves", ("step", "hint"), moved)
            (a, b), (c, d) = moved.values()
            pairs = f"random hint {a:.0%}, {b:.0%}; right hint {c:.0%}, {d:.0%}"
            stage.headline(f"answers move with step, hint: {pairs}")
            typed = [int(c) for c in re.findall("[0-9]", self.sum)][:n]
            typed += tests[0, len(typed) :].tolist()  # a sum too short is filled up
            a = torch.tensor([typed], device=stage.device)
            s, at = results(a), min(self.struck, n - 1) - 1
            pieces, shades = [], []

            def line(label, digits=(), values=None, tail=""):
                pieces.extend([f"{label:<15}", *(f"{d:^4}" for d in digits), f"{tail}\n"])
                shades.extend([math.nan, *(values or [math.nan] * len(digits)), math.nan])

            line("add", typed, tail=f"  hint {int(s[0, -1])}")
            line("sum so far", s[0].tolist())
            for name in NAMES:
                line("")
                line(f"{name} in training")
                digits, chances = written(name, a)
                for case, row, p in zip(CASES, digits[:, 0].tolist(), chances[:, 0], strict=True):
                    values = p.gather(1, s[0, :, None])[:, 0].tolist()
                    tail = ""
                    if case == "step struck":
                        row[at], values[at] = f"[{row[at]}]", math.nan
                    if case == "hint changed":
                        tail = f"  hint [{int(s[0, -1] + self.by) % 10}]"
                    line(f"  {case}", row, values, tail)
            stage.tokens("one sum", pieces, shades)

        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            a = drawn(64, n)
            s, loss = results(a), 0
            for name, share in zip(NAMES, (0, self.hint), strict=True):
                right = torch.rand(64, 1, device="cpu").to(stage.device) < share
                text = asked(a, torch.where(right, s[:, -1:], drawn(64, 1)))
                logits = nets[name](torch.cat([text, s[:, :-1]], dim=1))[:, -n:]
                loss = loss + cross_entropy(logits.flatten(0, 1), s.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            useless, told = (judged(name, tests) for name in NAMES)
            stage.claim("alike", torch.minimum(useless["all"], told["all"]), above=0.95)
            stage.claim("from_its_steps", useless["moved by step"], above=0.9)
            stage.claim("not_from_its_steps", told["stays"], above=0.9)
            stage.claim("from_its_hint", told["moved by hint"], above=0.9)
            stage.claim("unsaid", told["unsaid"], above=0.9)


class Model(nn.Module):
    """Tokens [N, T] -> at each place logits of a digit [N, T, 10], from what stands up to it."""

    def __init__(self, n, D=32, heads=4):
        super().__init__()
        self.tokens = nn.Embedding(11, D)
        nn.init.normal_(self.tokens.weight, std=0.3)
        self.places = nn.Parameter(0.3 * torch.randn(2 * n + 2, D))
        self.block = Block(D, heads, hidden=2 * D)
        self.digit = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, 10))

    def forward(self, x):
        return self.digit(self.block(self.tokens(x) + self.places[: x.shape[1]]))
