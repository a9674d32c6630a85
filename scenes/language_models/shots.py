"""
# Does a prompt teach?

You show a model a few examples of a task and then ask; no weight changes. GPT-3 made this famous:
the more examples, or *shots*, the better the answer. It is called few-shot or *in-context
learning*. Is anything learned?

Here is a case in which you can know. A rule is a table: for each of the letters a to h it names one
of A to H. There are four such rules, made by dice. A training text takes one of them, does not say
which, and goes through six letters:

    a→D  f→B  c→C  h→D  e→?

The loss counts each answer, the first too. So a model has two things to learn: the four tables,
which go into its weights, and to find out **from the text** which of them is in force. The best
that anyone can do who knows the tables is to keep those that fit the examples so far, and let them
vote. That is drawn as the best possible. The model comes near it: with no example it can only
guess, with three it is nearly always right.

Now a rule that no training text followed. Five examples, and it stays near chance, 1 of 8. Its
answers are not random, though: nearly all are answers of one of its four rules. Even a pair that
stands in the prompt it mostly gets wrong when asked for it again. Forty gradient steps on such five
pairs, and it knows them.

So this prompt **selects** among what training has left in the weights; it teaches nothing. That
is not so of every prompt: a model whose training pays for copying can use what is new in it (see
`induction`). What a prompt can do was decided in training.

## Tomorrow

Try examples first; they cost nothing. If ten examples are no better than three, and both are poor,
the task is not in the model: fine-tune. Test with a task that cannot have been in the training
texts before you say that it learned from the prompt.
"""

import copy
import re

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Int, Scene, Text, Try
from dlplay.nn.transformer import Block

S, PAIRS = 8, 6  # letters of each kind, pairs of a text
TABLES = torch.randint(S, (80, S), generator=torch.Generator().manual_seed(5), device="cpu")
TUNING = 40  # gradient steps on five pairs of a new rule


class Shots(Scene):
    covers = ("GPT-3",)
    panels = {
        "right": "answers after so many examples in the prompt; higher is better",
        "your prompt": "the tables, your prompt, and what the model answers to the other letters",
        "asked again": "five pairs in the prompt, one asked for again; last: trained on the five",
    }
    claims = {
        "selects": "after three examples of a known rule over 0.9 of its answers are right",
        "as_good_as_possible": "after one to five examples they are at most 0.08 below the best "
        "possible",
        "known_only": "after five, over 0.7 more are right with known rules than with new ones",
        "stays_inside": "of its answers to new rules over 0.9 are those of some trained rule",
        "steps_teach": "after 40 steps on five pairs of a new rule over 0.6 more of such pairs are "
        "right when asked for again than if they only stand in the prompt",
    }
    tries = (
        Try(
            "rule=new",
            "Three examples of a rule that training never saw. What does the model answer next?",
            ("what the new rule says", "what one of its own rules says", "any letter"),
            right=2,
            keeps=("selects", "stays_inside"),
            why="Every answer that it can give comes from a table in its weights. Examples only "
            "weigh these tables against each other, even when none of them fits.",
        ),
        Try(
            "prompt='aD bG dF eD'",
            "Three examples of rule 1, then one of rule 2. Which rule does it go by?",
            ("rule 1: most examples", "rule 2: the last example", "neither"),
            right=1,
            keeps=("selects", "stays_inside"),
            why="Strictly no rule fits. The model adds up evidence for each rule, and one example "
            "against three does not turn it.",
        ),
        Try(
            "rules=16",
            "Sixteen rules and as many steps. How is it after three examples?",
            ("as good", "clearly worse", "near chance"),
            right=2,
            breaks=("selects", "as_good_as_possible"),
            keeps="stays_inside",
            why="Four times as many tables have to be learned and told apart. The best possible "
            "would still be nearly always right.",
        ),
        Try(
            "training=mixed",
            "In training each pair follows a rule of its own. What are examples worth then?",
            ("as much as before", "half of it", "nothing"),
            right=3,
            breaks=("selects", "as_good_as_possible", "known_only"),
            keeps="stays_inside",
            why="It still learns the tables, but no text ever paid for finding out which one is "
            "in force. The examples are read and left aside.",
        ),
    )
    quick = {"steps": 6}
    pace = 100

    rule = Choice("1", ("1", "2", "new"), live=True, help="the rule of the examples shown")
    shots = Int(3, min=0, max=5, live=True, help="examples in the prompt shown")
    prompt = Text(
        "", live=True, max_length=60, help="examples of your own, as aD fB; empty: rule's"
    )
    rules = Int(4, min=2, max=16, help="rules in training")
    training = Choice(
        "one rule", ("one rule", "mixed"), help="mixed: each pair has a rule of its own"
    )
    steps = Int(500, min=4, max=5000, log=True, help="steps of 64 texts")

    def run(self, stage):
        known, new = TABLES[: self.rules].to(stage.device), TABLES[16:].to(stage.device)
        net = Model().to(stage.device)
        optimizer = torch.optim.Adam(net.parameters(), lr=0.003)

        def texts(count, rules, mixed=False):
            """Letters asked for [count, PAIRS], all different, and the answers."""
            x = torch.rand(count, S, device="cpu").argsort(dim=1)[:, :PAIRS]
            which = torch.randint(len(rules), (count, PAIRS if mixed else 1), device="cpu")
            x, which = x.to(stage.device), which.to(stage.device)
            return x, rules[which, x]

        def right(net, x, y):
            """Share of right answers after 0, 1, ... examples: [PAIRS]."""
            return (net(x, y).argmax(dim=2) == y).float().mean(dim=0)

        def best(x, y):
            """The same for those who know the rules: those that still fit vote."""
            answers = known[:, x]  # [rules, count, PAIRS]
            fits = (answers == y).long().cumprod(dim=2).roll(1, dims=2)
            fits[..., 0] = 1
            votes = (nn.functional.one_hot(answers, S) * fits[..., None]).sum(dim=0)
            return (votes.argmax(dim=2) == y).float().mean(dim=0)

        old_texts, new_texts = texts(500, known), texts(500, new)

        def asked_again(texts):
            """The same, but the last pair is one of the five before."""
            row = torch.arange(500, device=stage.device)
            pairs = [torch.cat([part[:, :-1], part[row, row % 5, None]], dim=1) for part in texts]
            return pairs

        possible = best(*old_texts)
        order = torch.randperm(S).tolist()  # of the letters, in the prompt shown
        again = {"known rule": 0.0, "new rule": 0.0}
        chance = {"chance": 1 / S}
        stage.axes("right", x="examples in the prompt", y="share right", lines=chance)

        def examples():
            """The pairs of the prompt that is shown; None where nothing typed is a pair."""
            table = new[0] if self.rule == "new" else known[int(self.rule) - 1]
            if not self.prompt.strip():
                return [(i, int(table[i])) for i in order[: self.shots]]
            typed = re.findall(r"\b([a-h])([A-H])\b", self.prompt)[: PAIRS - 1]
            return [(ord(a) - ord("a"), ord(b) - ord("A")) for a, b in typed] or None

        @stage.look(20, net)
        def look():
            with_known, with_new = right(net, *old_texts), right(net, *new_texts)
            curves = {"known rules": with_known, "new rules": with_new, "best possible": possible}
            stage.plot("right", range(PAIRS), curves)
            for name, each in zip(again, (old_texts, new_texts), strict=False):
                again[name] = right(net, *asked_again(each))[-1].item()
            stage.bars("asked again", list(again), list(again.values()), lines=chance)
            stage.headline(
                f"right after all the examples: known rules {with_known[-1]:.0%}, "
                f"new rules {with_new[-1]:.0%}"
            )
            pairs = examples()
            if pairs is None:
                stage.text("your prompt", "Type pairs such as aD fB: one of a to h, one of A to H.")
                return
            given = dict(pairs)
            x, y = torch.tensor([*pairs, (0, 0)], device=stage.device).T.repeat(S, 1, 1).unbind(1)
            x[:, -1] = torch.arange(S, device=stage.device)  # each letter after the prompt
            says = net(x, y)[:, -1].argmax(dim=1).tolist()
            left = [i for i in range(S) if i not in given]
            tables = {f"rule {i + 1}": table.tolist() for i, table in enumerate(known[:4])}
            tables["new rule"] = new[0].tolist()
            rows = []
            for name, table in tables.items():
                fits = sum(says[i] == table[i] for i in left)
                rows.append([name, *("ABCDEFGH"[i] for i in table), f"{fits} of {len(left)}"])
            rows.append(
                ["prompt", *("ABCDEFGH"[given[i]] if i in given else "" for i in range(S)), ""]
            )
            rows.append(
                ["model", *("ABCDEFGH"[says[i]] if i in left else "" for i in range(S)), ""]
            )
            stage.table("your prompt", ["", *"abcdefgh", "model fits"], rows, best=[len(rows) - 1])

        def step(net, optimizer, x, y):
            loss = cross_entropy(net(x, y).flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        for _ in stage.loop(self.steps):
            step(net, optimizer, *texts(64, known, self.training == "mixed"))

        tuned = copy.deepcopy(net)
        optimizer = torch.optim.Adam(tuned.parameters(), lr=0.003)
        for _ in stage.loop(TUNING, "tuning"):  # on texts of five pairs of one new rule
            x = torch.rand(64, 5, device="cpu").argsort(dim=1).to(stage.device)
            step(tuned, optimizer, x, new[0][x])

        with stage.probe(net, tuned):
            share, others = right(net, *old_texts), right(net, *new_texts)
            said = net(*new_texts).argmax(dim=2)
            inside = (known[:, new_texts[0]] == said).any(dim=0).float().mean()
            prompted = right(net, *asked_again(new_texts))[-1]
            taught = right(tuned, x, new[0][x]).mean()
            again["new, trained"] = taught.item()
            stage.bars("asked again", list(again), list(again.values()), lines=chance)
            stage.claim("selects", share[3], above=0.9)
            stage.claim("as_good_as_possible", (possible - share)[1:].max(), at_most=0.08)
            stage.claim("known_only", share[5] - others[5], above=0.7)
            stage.claim("stays_inside", inside, above=0.9)
            stage.claim("steps_teach", taught - prompted, above=0.6)


class Model(nn.Module):
    """Reads x₁ y₁ x₂ y₂ ..., each [count, pairs], and answers at each x: [count, pairs, S]."""

    def __init__(self, D=32):
        super().__init__()
        self.asked, self.answered = nn.Embedding(S, D), nn.Embedding(S, D)
        self.place = nn.Parameter(torch.randn(2 * PAIRS, D))
        self.blocks = nn.Sequential(*(Block(D, 2, hidden=2 * D) for _ in range(2)))
        self.answer = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, S))

    def forward(self, x, y):
        h = torch.stack([self.asked(x), self.answered(y)], dim=2).flatten(1, 2)
        return self.answer(self.blocks(h + self.place[: h.shape[1]]))[:, ::2]
