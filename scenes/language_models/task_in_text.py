"""
# How can one model do many tasks?

A net that sorts numbers, another that reverses them, a third that copies: one net with one output
for each task. That is how it was long done, a head of its own for each. GPT-2 asked for less. A
language model predicts what comes next, so write the task into the text:

    sort 3 1 4 1 5 = 1 1 3 4 5

Whoever predicts that text well after the `=` has sorted. The model estimates

    p(answer | task, input)

with one set of weights, and the task is just some more text to look at.

Here a small Transformer learns four words: *copy*, *reverse*, *sort* and *next*, which adds 1 to
each digit, 9 becoming 0. No weight changes from one to another. What changes is what goes where:
each word leads other digits to the same place. The maps show it by trying out: change one digit of
the input, and see which digits of the answer change. In copying it is the digit of the same place,
in reversing the opposite one; in sorting each can matter for each.

Two things are easily missed. Copying, reversing and adding 1 come within few steps of each other:
they share the work of fetching one digit from one place. Sorting needs all the digits for each
answer, and comes last. And a word is not understood: at one that training never used, the model
mixes its tasks.

GPT-2 never saw texts made up like that. Its web pages happen to contain such patterns, as a
sentence followed by its French. It could translate so without any training for it, though poorly.

## Tomorrow

Before you build a second head or train a second model, put the task into the input, as text, and
train one model on all of them. Keep the wording of training, and test what other wordings do.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Int, Scene, Text, Try
from dlplay.nn.transformer import Block

WORDS = ("copy", "reverse", "sort", "next", "hum")  # the last is no task
N, TASKS = 5, 4  # digits of a string
EQUALS, BLANK = 10, 16  # tokens: the digits, =, the words, and no word


class TaskInText(Scene):
    covers = ("GPT-2",)
    panels = {
        "what matters": "row: digit written, column: digit read; 1: changing what is read always "
        "changes it",
        "answers": "what it writes after = ; blue: the right digit was probable, orange: not",
        "exactly right": "share of new strings whose five digits are all right; higher is better",
    }
    claims = {
        "all_tasks": "in the worst of four tasks over 0.85 of new answers are wholly right",
        "word_needed": "over 0.6 more of all answers are wholly right than with a word of no task",
        "reroutes": "after `reverse` the first digit written changes with the last one read over "
        "0.8 more often than after `copy`",
        "sorting_last": "when over 0.9 of the three others are right, under 0.75 of sorting is",
    }
    tries = (
        Try(
            "named=no",
            "The word is left out, in training too. How often is an answer wholly right?",
            ("as often: the digits suffice", "one time in four", "still less often"),
            right=3,
            breaks=("all_tasks", "word_needed", "reroutes"),
            why="One of four guesses would be right. But it does not choose a task and keep to it: "
            "each digit is the most probable one over all tasks.",
        ),
        Try(
            "hum=shown",
            "The trained model reads a word that it has never seen. What does it write?",
            ("the answer of some task", "a mixture of several tasks", "the same digit five times"),
            right=2,
            keeps=("all_tasks", "word_needed"),
            why="An untrained vector stands somewhere between those of the four words. It leads "
            "digits from several places to one.",
        ),
        Try(
            "layers=1",
            "One block in place of two. Which task suffers most?",
            ("copy", "reverse", "sort", "next"),
            right=3,
            keeps=("word_needed", "reroutes"),
            why="One look fetches a digit from a place, which is all that three of them need. What "
            "to write in a sorted answer depends on all the digits, and on those written.",
        ),
    )
    quick = {"steps": 6}
    pace = 100

    hum = Choice("hidden", ("hidden", "shown"), live=True, help="a word that training never used")
    digits = Text("31415", live=True, max_length=20, help="five digits of yours")
    named = Choice("yes", ("yes", "no"), help="does the word stand in the text?")
    layers = Int(2, min=1, max=3, help="blocks")
    steps = Int(500, min=4, max=5000, log=True, help="steps of 64 texts")

    def run(self, stage):
        net = Model(self.layers).to(stage.device)
        optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, total_steps=self.steps)

        def prompts(words, digits):
            """Numbers of words [B], digits [B, N] -> word, digits, = [B, N + 2]."""
            first = words + 11 if self.named == "yes" else torch.full_like(words, BLANK)
            return torch.cat([first[:, None], digits, torch.full_like(first, EQUALS)[:, None]], 1)

        def texts(count):
            """Numbers of tasks [B], digits and answers [B, N]."""
            digits = torch.randint(10, (count, N), device="cpu").to(stage.device)
            tasks = torch.randint(TASKS, (count,), device="cpu").to(stage.device)
            return tasks, digits, solved(digits)[tasks, torch.arange(count, device=stage.device)]

        def write(words, digits):
            """The most probable digit, five times: [B, N]; and all the probabilities."""
            x, p = prompts(words, digits), []
            for _ in range(N):
                p.append(net(x)[:, -1].softmax(dim=1))
                x = torch.cat([x, p[-1].argmax(dim=1)[:, None]], dim=1)
            return x[:, -N:], torch.stack(p, dim=1)

        def exactly(words=None):
            """Share of wholly right answers to the new strings of each task [TASKS]."""
            said, _ = write(tasks if words is None else words, new)
            return torch.stack(
                [(said == truth).all(1)[tasks == i].float().mean() for i in range(TASKS)]
            )

        def matters(word):
            """How often each digit of the answer changes with each of the input [N, N]."""
            base = new[:20].repeat(N, 1)  # [20 · N, N]
            which = torch.arange(N, device=stage.device).repeat_interleave(20)
            other = base.clone()
            other[torch.arange(20 * N, device=stage.device), which] += 5
            words = torch.full_like(which, word)
            changed = write(words, base)[0] != write(words, other % 10)[0]
            return changed.view(N, 20, N).float().mean(dim=1).T

        tasks, new, truth = texts(300)
        stage.axes("exactly right", x="step", y="share of strings")

        @stage.look(50, net)
        def look():
            count = TASKS + (self.hum == "shown")
            maps = {word: matters(i) for i, word in enumerate(WORDS[:count])}
            stage.matrices("what matters", maps, scales=dict.fromkeys(maps, (0, 1)))
            shares = [f"{w} {s:.0%}" for w, s in zip(WORDS, exactly().tolist(), strict=False)]
            stage.headline(f"wholly right: {', '.join(shares)}")
            yours = [int(c) for c in self.digits if c in "0123456789"]
            if len(yours) != N:
                stage.text("answers", "Type five digits, such as 31415.")
                return
            d = torch.tensor(yours, device=stage.device).expand(count, -1)
            said, p = write(torch.arange(count, device=stage.device), d)
            right = p[:TASKS].gather(2, solved(d[:1])[:, 0, :, None])[..., 0].tolist()
            tokens, values = [], []
            for i in range(count):
                name = WORDS[i] if self.named == "yes" else ""
                tokens += [f"{name:>7} {self.digits} = ", *map(str, said[i].tolist()), "\n"]
                values += [0.5, *(right[i] if i < TASKS else [0.5] * N), 0.5]
            stage.tokens("answers", tokens, values)

        sorting = []  # how much of it is right, once the others are
        for step in stage.loop(self.steps):
            task, digits, answer = texts(64)
            x = torch.cat([prompts(task, digits), answer[:, :-1]], dim=1)
            loss = cross_entropy(net(x)[:, N + 1 :].flatten(0, 1), answer.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()
            if step % 25 == 0 or step + 1 == self.steps:
                with stage.probe(net):
                    copied, turned, sorted_, added = shares = exactly()
                    stage.curve("exactly right", dict(zip(WORDS, shares, strict=False)))
                    if min(copied, turned, added) > 0.9:
                        sorting.append(sorted_)

        with stage.probe(net):
            shares, hummed = exactly(), exactly(torch.full_like(tasks, 4))
            first = matters(1)[0, -1] - matters(0)[0, -1]
            stage.claim("all_tasks", shares.min(), above=0.85)
            stage.claim("word_needed", (shares - hummed).mean(), above=0.6)
            stage.claim("reroutes", first, above=0.8)
            stage.claim("sorting_last", sorting[0] if sorting else 1.0, below=0.75)


def solved(digits):
    """The answer of each task: [B, N] -> [TASKS, B, N]."""
    return torch.stack([digits, digits.flip(1), digits.sort(dim=1).values, (digits + 1) % 10])


class Model(nn.Module):
    """A causal Transformer: tokens [B, T] -> logits of the next digit [B, T, 10]."""

    def __init__(self, layers, D=48):
        super().__init__()
        self.token, self.place = nn.Embedding(BLANK + 1, D), nn.Embedding(2 * N + 2, D)
        self.blocks = nn.Sequential(*(Block(D, 4, hidden=2 * D) for _ in range(layers)))
        self.answer = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, 10))

    def forward(self, x):
        return self.answer(self.blocks(self.token(x) + self.place.weight[: x.shape[1]]))
