"""
# What does a net know about a word it was never taught?

A photo is numbers already. A text is not: before a net can read it, each word must become numbers.
And a language has many words, most of them rare: a net will meet some that its training never had.

The plain way is a list of the V words, and for the word at place k a vector of V numbers that is 1
at k and 0 elsewhere: **one-hot**. Any two such vectors are as far apart as any other two:

    |xᵢ − xⱼ| = √2,   cos(xᵢ, xⱼ) = 0

x are the vectors of two words. A weight of the net is multiplied by such a number, so it learns
from its own word alone. What is learnt about *cat* says nothing of *goat*.

Here are 40 words, animals and tools. A linear classifier is told the kind of half of them and asked
for the others. Three kinds of vectors:

- **one-hot**;
- **random**: a few numbers a word, drawn by lot. Dense vectors are often praised for being small
  and dense; these are both;
- **counted**: as few numbers, computed from sentences *without any labels*. For each word count
  which words stand in one sentence with it, and keep the main directions of these counts. Words
  with the same neighbours get vectors that lie close.

In use, the row of a word is looked up in a table, an **embedding**. That is the product of its
one-hot vector with the table, without the zeros ever being made.

All three classifiers learn the words that they are taught. Only the counted vectors tell them
something about the others: what a word's neighbours say of it. A label then has to name a group
that is there already.

## Tomorrow

Count how many words of your test text training never had. Give words vectors that come from
unlabelled text, of which there is always more, before you collect labels.
"""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from dlplay import Float, Int, Scene, Text, Try
from dlplay.data import spelt

ANIMALS = (
    "cat", "dog", "cow", "goat", "hen", "fox", "wolf", "bear", "mouse", "horse",
    "sheep", "duck", "crow", "frog", "eel", "bee", "ant", "hare", "owl", "pig",
)  # fmt: skip
TOOLS = (
    "saw", "axe", "nail", "drill", "file", "pump", "rake", "spade", "knife", "wrench",
    "rope", "brush", "ladder", "bolt", "plane", "chisel", "anvil", "lathe", "screw", "clamp",
)  # fmt: skip
WORDS, V = ANIMALS + TOOLS, 40
VECTORS = ("one-hot", "random", "counted")
NETS = 25  # of each kind, each told other words


class UnseenWords(Scene):
    covers = ("Chapter introduction", "Text Data: What Makes Text Different?")
    panels = {
        "untaught words": "the net says: blue animal, orange tool, between: it can't tell",
        "words right": "mean over 25 nets of each kind; of the untaught ones half is guessing",
        "map": "two main directions of the counted vectors: blue animals, orange tools",
        "sentence": "the typed words as rows: one-hot, and counted",
    }
    claims = {
        "learns_all": "with each kind of vector over 0.74 of the taught words are right",
        "one_hot_guesses": "one-hot, of the untaught words between 0.4 and 0.6 are right",
        "not_the_density": "with random vectors between 0.4 and 0.6 of them",
        "neighbours_know": "with counted vectors over 0.9 of them",
    }
    tries = (
        Try(
            "sentences=30",
            "Only 30 sentences to count in. How many untaught words are right with counted "
            "vectors?",
            ("still nearly all", "somewhat more than half", "half: a guess"),
            right=2,
            breaks="neighbours_know",
            keeps="one_hot_guesses",
            why="Each word occurs about three times: too few neighbours to tell whose company it "
            "keeps.",
        ),
        Try(
            "taught=2",
            "One animal and one tool are taught, the other 38 words are not. Counted vectors?",
            ("a guess", "between a guess and all", "nearly all right"),
            right=3,
            keeps=("neighbours_know", "one_hot_guesses"),
            why="The two groups are there already, made by the sentences. A label only names them.",
        ),
        Try(
            "size=2",
            "Two numbers a word, not 8. Which classifier loses the words that it is TAUGHT?",
            ("the one with random vectors", "the one with counted vectors", "both"),
            right=1,
            breaks="learns_all",
            keeps="neighbours_know",
            why="A line in the plane parts two groups that lie apart. It can't part 20 points that "
            "lie anywhere.",
        ),
        Try(
            "loyal=0",
            "Sentences mix animals and tools freely now. Are 3,000 of them still worth something?",
            ("yes, nearly all words are right", "no, it is a guess", "yes, but less"),
            right=2,
            breaks="neighbours_know",
            keeps=("learns_all", "not_the_density"),
            why="What a vector can hold is the company that a word keeps. If both kinds keep the "
            "same, the counts say nothing of kind.",
        ),
    )
    quick = {"steps": 20}

    sentences = Int(3000, min=10, max=10_000, log=True, help="of four words, without labels")
    loyal = Float(0.8, min=0, max=1, help="share of a sentence's words that keep to its kind")
    taught = Int(20, min=2, max=30, help="words whose kind the classifier is told")
    size = Int(8, min=2, max=40, log=True, help="numbers of a random or counted vector")
    sentence = Text("the goat and the axe", live=True, help="words to look up")
    steps = Int(200, min=10, max=2000, log=True, help="steps to train the classifiers")

    def run(self, stage):
        kind = (torch.arange(V) >= 20).float()  # 0 animal, 1 tool
        about = torch.randint(2, (self.sentences, 1))  # the kind of each sentence
        keeps = torch.rand(self.sentences, 4) < self.loyal
        text = torch.randint(20, (self.sentences, 4)) + 20 * torch.where(
            keeps, about, torch.randint(2, (self.sentences, 4))
        )
        beside = torch.zeros(V, V)  # how often two words stand in one sentence
        for a in range(4):
            for b in range(4):
                if a != b:
                    beside.index_put_((text[:, a], text[:, b]), torch.ones(()), accumulate=True)
        shares = (beside / beside.sum(dim=1, keepdim=True).clamp(min=1)).sqrt()
        shares = shares - shares.mean(dim=0)
        main, strength, _ = torch.linalg.svd(shares)
        counted = main[:, : self.size] * strength[: self.size]

        # One table for all nets, [V, D], but each has its own random one, [NETS, V, D]
        tables = [torch.eye(V), torch.randn(NETS, V, self.size), counted]
        tables = [t / t.norm(dim=-1).mean().clamp(min=1e-9) for t in tables]
        tables = [table.to(stage.device) for table in tables]
        kind = kind.to(stage.device)
        order = torch.rand(NETS, 2, 20).argsort(dim=2)  # each net is taught as many of both kinds
        known = (order < self.taught // 2).reshape(NETS, V).to(stage.device)

        weights = nn.ParameterList(torch.randn(NETS, t.shape[-1]) * 0.1 for t in tables)
        biases = nn.Parameter(torch.zeros(3, NETS, 1))
        nets = nn.ParameterDict({"weights": weights, "biases": biases}).to(stage.device)
        adam = torch.optim.Adam(nets.parameters(), lr=0.1)

        def answers():
            """Each net's score for a tool, for all words: [3, NETS, V]."""
            pairs = zip(nets["weights"], tables, strict=True)
            return torch.stack([(t @ w[..., None])[..., 0] for w, t in pairs]) + nets["biases"]

        def right(words):
            """By vectors, the share of such words [NETS, V] that are right, over all nets."""
            hits = (answers() > 0) == (kind == 1)
            return (hits & words).sum(dim=(1, 2)) / words.sum()

        never = set((~known[0]).nonzero()[:, 0].tolist())

        @stage.look(5)
        def look():
            said = answers()[:, 0].sigmoid()  # of the first nets [3, V]
            pieces, shades = [], []
            for name, sure in zip(VECTORS, said.tolist(), strict=True):
                pieces.append(f"{name}, animals then tools:\n")
                shades.append(torch.nan)
                for kinds in (range(20), range(20, V)):
                    for i in [i for i in kinds if i in never][:5]:
                        pieces += [f" {WORDS[i]} ", " "]
                        shades += [1 - sure[i], torch.nan]
                    pieces.append("\n")
                    shades.append(torch.nan)
            stage.tokens("untaught words", pieces, shades)
            taught, untaught = right(known), right(~known)
            stage.bars("words right", VECTORS, {"taught": taught, "untaught": untaught})
            named = ", ".join(f"{n} {r:.0%}" for n, r in zip(VECTORS, untaught, strict=True))
            stage.headline(f"untaught words right: {named}")
            place = tables[2][:, :2].cpu()
            stage.graph("map", place, [], labels=WORDS, groups=[0] * 20 + [1] * 20)
            ids, strange = spelt(self.sentence, WORDS)
            ids, strange = ids[:8], strange[:4]
            lost = f" (no row for {', '.join(strange)})" if strange else ""
            rows = torch.tensor(ids, dtype=torch.long, device=stage.device)
            said = " ".join(WORDS[i] for i in ids) or "no known word"
            empty = torch.zeros(1, 1)
            stage.matrices(
                "sentence",
                {
                    f"{said}{lost}": tables[0][rows] if ids else empty,
                    "counted": tables[2][rows] if ids else empty,
                },
            )

        for _ in stage.loop(self.steps):
            losses = binary_cross_entropy_with_logits(
                answers(), kind.expand(3, NETS, V), reduction="none"
            )
            adam.zero_grad()
            (losses * known).sum().div(known.sum()).backward()
            adam.step()

        with stage.probe():
            taught, untaught = right(known), right(~known)
            stage.claim("learns_all", taught.min(), above=0.74)
            stage.claim("one_hot_guesses", untaught[0], within=(0.4, 0.6))
            stage.claim("not_the_density", untaught[1], within=(0.4, 0.6))
            stage.claim("neighbours_know", untaught[2], above=0.9)
            stage.measure(random_taught=taught[1])
