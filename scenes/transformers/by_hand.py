"""
# How does one word find another, number by number?

Words such as `c2 f7` have a letter and a digit. Each asks for the digit of the next letter: c2
wants what d has, and the last letter what a has. So a word must look at the others, and at the
right one.

**Self-attention** makes three things of each word x, each by a learned matrix:

    q = x W_Q    what it looks for
    k = x W_K    what it is found by
    v = x W_V    what it hands over

Here x says which letter it is (1 at its place, else 0), then the digit. q and k are d = 2 numbers,
v is a single one, so that you can check all with a pencil. For the word that asks:

    score    s = q · k, with each word
    scale    s / √d
    softmax  α = eˢ / sum of all eˢ
    answer   z = sum of all α · v

The table does just this, column by column, on your words. q · k multiplies number by number and
adds up: it is large where the key points as the query does. In *keys* you see it: the keys lie
around the middle, and the query points towards the one that it wants. √d keeps scores moderate for
large d.

The answer is a mean of the values that are there. Type two words with one letter: it takes the mean
of both. Leave a letter out: who asks for it gets something all the same, since weights sum to 1.

Why two matrices, for q and for k? Take the queries as keys. Then a pair has one score, whoever
asks, and the word with the longest key always scores highest with itself. No training mends that.

## Tomorrow

When a model should find something and does not, ask which of the three must carry it: does the
asker know what it wants (q), does the other show it (k), is the answer handed over (v)? Test each
alone.
"""

import math
import re

import torch
from torch import nn
from torch.nn.functional import one_hot

from dlplay import Choice, Int, Scene, Text, Try

LETTERS = "abcdefghijkl"
NETS = 5  # of each kind, side by side
ROUNDS = 12  # of learning, as they are shown
COLUMNS = ("word", "key k", "times q", "q·k", "÷ √d", "e to it", "weight", "value", "α·v")
KINDS = ("as it is set", "one map for q, k")


class ByHand(Scene):
    covers = ("Self-Attention",)
    panels = {
        "one word asks": "left to right, for each word it can look at; below, the sums: its answer",
        "keys": "the first two numbers of each word's key, and of the query; bright: large weight",
        "who looks at whom": "a row for each word that asks: its weights",
    }
    claims = {
        "finds": "with keys of their own, the middle net of five has 0.98 of the digits right",
        "looks": "it puts over 0.9 of its weight on the word that is asked for, on average",
        "hands_over": "a word's value differs from its digit by less than 0.3, on average",
        "two_maps": "with the queries as keys the middle net has over 0.4 less of the digits right",
    }
    tries = (
        Try(
            "keys='as queries'",
            "A word is now found by the same numbers that it looks with. How many are right?",
            ("all, as before", "less than half", "none: each finds itself"),
            right=2,
            breaks=("finds", "looks", "two_maps"),
            why="Scores are the same both ways, and a word's score with itself is the square of "
            "its length. Some can look at a longer one, the longest at none but itself.",
        ),
        Try(
            "width=1",
            "A query and a key are one number each. How many of six letters are found?",
            ("all six", "less than half", "none"),
            right=2,
            breaks=("finds", "looks"),
            keeps="hands_over",
            why="The score is the product of two numbers, so a query can ask for the largest key "
            "or for the smallest. Those between are never first. On a circle each is.",
        ),
        Try(
            "words='a5 b2 b8 c1 d7 e4 f3'",
            "Two words have the letter b, one with a 2, one with an 8. a asks for b. What comes?",
            ("2, the first", "8, the last", "5, the mean"),
            right=3,
            keeps=("finds", "looks"),
            why="Both have nearly the same key, so nearly the same score and weight. Attention "
            "does not choose: it takes a mean.",
        ),
    )
    quick = {"steps": 12, "words": "b2 a7"}
    pace = 3

    words = Text("c2 a7 f4 d1 b9 e5", live=True, help="yours: letters with digits", max_length=80)
    word = Int(1, min=1, max=12, live=True, help="the word that asks, in the pictures")
    keys = Choice("own", ("own", "as queries"), help="whether W_K is a matrix of its own")
    width = Int(2, min=1, max=16, help="d, the numbers of a query or a key")
    letters = Int(6, min=3, max=12, help="letters there are")
    steps = Int(300, min=12, max=3000, log=True, help="steps of 64 sentences, for each net")

    def run(self, stage):
        D, d = self.letters + 1, self.width
        start = torch.ones(D, 1)
        start[-1] = 0.1  # digits go up to 9, so their row begins small
        # Of each net in both kinds, those with `keys` and those with queries as keys
        W_Q, W_K = (start * torch.randn(2, NETS, 1, D, d) for _ in range(2))
        W_V = 0.1 * torch.randn(2, NETS, 1, D, 1)
        W_Q, W_K, W_V = (nn.Parameter(W.to(stage.device)) for W in (W_Q, W_K, W_V))
        optimizer = torch.optim.Adam([W_Q, W_K, W_V], lr=0.1)

        def attention(x):
            """Words [N, T, D] -> of each net [2, NETS, N, T, ...] answers and all on the way."""
            own = W_K[:1] if self.keys == "own" else W_Q[:1]
            q, k, v = x @ W_Q, x @ torch.cat([own, W_Q[1:]]), x @ W_V
            s = q @ k.transpose(-1, -2)  # each word's query with each word's key [..., T, T]
            α = (s / math.sqrt(d)).softmax(dim=-1)
            return (α @ v)[..., 0], α, s, q, k, v[..., 0]

        def sentences(N):
            """All letters in any order [N, T], their words, who wants whom, and what it has."""
            letters = torch.rand(N, self.letters).argsort(dim=1)
            digits = torch.randint(10, letters.shape)
            wanted = letters[:, None] == (letters[:, :, None] + 1) % self.letters  # [N, T, T]
            y = (wanted * digits[:, None]).sum(dim=2).float()
            x = encoded(letters, digits, self.letters)
            return [part.to(stage.device) for part in (x, wanted, y, digits)]

        new = sentences(200)

        def middle():
            """In both kinds, the number of the net with the middle squared error."""
            errors = (attention(new[0])[0] - new[2]).square().mean(dim=(2, 3))
            return errors.argsort(dim=1)[:, NETS // 2].tolist()

        def right():
            """In both kinds, the share of digits that the middle net has, rounded."""
            hits = (attention(new[0])[0].round() == new[2]).float().mean(dim=(2, 3))
            return [hits[kind, net].item() for kind, net in enumerate(middle())]

        part, turn = len(COLUMNS), 0  # how many columns are worked out, and of which word

        @stage.look(1)
        def look():
            nets = middle()
            letters, digits, wrong = read(self.words, self.letters)
            if wrong:
                stage.headline("nothing to work with: a word is a letter and a digit")
                stage.text("one word asks", wrong)
                stage.text("keys", wrong)
                stage.text("who looks at whom", wrong)
                return
            x = encoded(letters, digits, self.letters).to(stage.device)
            names = [LETTERS[a] + str(b) for a, b in zip(letters, digits, strict=True)]
            z, α, s, q, k, v = (each[0, nets[0], 0].cpu() for each in attention(x))
            i = (self.word - 1 + turn) % len(names)
            scaled = s[i] / math.sqrt(d)
            worked = s[i], scaled, scaled.exp(), α[i], v, α[i] * v
            sums = "", "", f"{scaled.exp().sum():8.3g}", f"{1:6.3f}", "", f"{z[i]:5.2f}"
            forms = "6.2f", "6.2f", "8.3g", "6.3f", "5.2f", "5.2f"
            columns = [[f"q of {names[i]}", *names, "sum"], [*map(vector, (q[i], *k)), ""]]
            columns.append(["", *(vector(q[i] * each) for each in k), ""])
            for numbers, form, end in zip(worked, forms, sums, strict=True):
                columns.append(["", *(f"{number + 0:{form}}" for number in numbers), end])
            for column in columns[part:]:  # not yet worked out
                column[:] = [" " * len(cell) for cell in column]
            best = (1 + int(α[i].argmax()),) if part > COLUMNS.index("weight") else ()
            stage.table("one word asks", COLUMNS, list(zip(*columns, strict=True)), best=best)
            places = torch.zeros(len(names) + 2, 2)  # the middle, the query, the keys
            places[1:, : min(d, 2)] = torch.cat([q[i : i + 1], k])[:, :2]
            stage.graph(
                "keys",
                places,
                [(0, node) for node in range(1, len(places))],
                values=[math.nan, math.nan, *α[i].tolist()],
                labels=("", f"{names[i]} asks", *names),
                marked=(1,),
            )
            both = torch.stack([attention(x)[1][kind, net, 0] for kind, net in enumerate(nets)])
            stage.heatmap(
                "who looks at whom", both, names=KINDS, rows=names, columns=names, low=0, high=1
            )
            asked = LETTERS[(letters[i] + 1) % self.letters]
            share = right()
            stage.headline(
                f"{names[i]} asks for {asked} and gets {z[i]:.2f}; digits right: {share[0]:.0%}, "
                f"with one map {share[1]:.0%}"
            )

        for _ in stage.loop(ROUNDS, "learning"):
            for _ in range(self.steps // ROUNDS):
                x, _, y, _ = sentences(64)
                loss = (attention(x)[0] - y).square().mean(dim=(2, 3)).sum()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        # Then the words are worked one after another, column by column, and the first again
        columns = range(3, len(COLUMNS) + 1)
        turns = len(columns) * len(read(self.words, self.letters)[0])
        for step in stage.loop(turns + 1, "by hand"):
            turn, part = divmod(step, len(columns))
            part = columns[part] if step < turns else len(COLUMNS)

        with stage.probe():
            chosen = middle()[0]
            _, α, _, _, _, v = (each[0, chosen] for each in attention(new[0]))
            share = right()
            stage.claim("finds", share[0], at_least=0.98)
            stage.claim("looks", (α * new[1]).sum(dim=2).mean(), above=0.9)
            stage.claim("hands_over", (v - new[3]).abs().mean(), below=0.3)
            stage.claim("two_maps", share[0] - share[1], above=0.4)


def encoded(letters, digits, count):
    """Words [..., T] as vectors [..., T, count + 1]: 1 at the letter's place, then the digit."""
    letters, digits = torch.as_tensor(letters), torch.as_tensor(digits)
    return torch.cat([one_hot(letters, count), digits[..., None]], dim=-1).float()


def read(text, count):
    """The letters and digits of the words in a text, at most 12; and what is wrong with it."""
    words = re.findall(r"\w+", text.lower())[:12]
    allowed = f"[{LETTERS[:count]}][0-9]"
    for word in words:
        if not re.fullmatch(allowed, word):
            last = LETTERS[count - 1]
            return [], [], f"“{word}” is no word here: a letter, a to {last}, then a digit, as c2."
    if not words:
        return [], [], "Type words of a letter and a digit: c2 a7 f4."
    return [LETTERS.index(word[0]) for word in words], [int(word[1]) for word in words], ""


def vector(numbers):
    """A vector as it is written; of a long one, its beginning."""
    shown = " ".join(f"{number:6.2f}" for number in numbers[:2].tolist())
    return shown + (" …" if len(numbers) > 2 else "")
