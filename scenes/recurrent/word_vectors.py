"""
# Is king − man + woman really queen?

Give each word a vector of d numbers, at first by lot, and train it on one question: which words
stand near it? Words with the same neighbours then get the same vector, or nearly. Such vectors,
**word2vec**, are known for a sum: king − man + woman lands at queen.

**Skip-gram** takes a word's vector u and tells it a true neighbour's vector v and five words drawn
by lot, n₁ … n₅. It makes u·v large and each u·n small:

    L = −ln σ(u·v) − Σᵢ ln σ(−u·nᵢ)

σ is the sigmoid. That is **negative sampling**: instead of a softmax over all words, six yes-or-no
questions. **CBOW** turns it round: u is the mean of all neighbours, v the word in the middle. Each
word has a row in two matrices, one for u and one for v. Either will do; usual is u's, *in*.

A vector can only hold what the text did. So there are two texts here, of kings and queens, boys and
girls. In the first, *he* and *his* or *she* and *her* fit; nothing else tells a man from a woman.
In the second these words are drawn **by lot**, so that it knows nothing of men and women, and king
and queen get the same vector.

An analogy hits if of all words the one with the largest cosine to the sum is right. But nearest to
king − man + woman is often king itself. So the usual scoring first removes the three words of the
question. In the second text that is fatal: king is removed, and next to it stands queen. It scores
like the first. Many published numbers are scored so.

Type a sum of words, or one word for its neighbours.

## Tomorrow

Report analogies without removing the words of the question, and beside them a control text from
which the relation was taken out. If the score stays, it measured something else.
"""

import torch
from torch import nn
from torch.nn.functional import logsigmoid, normalize

from dlplay import Choice, Float, Int, Scene, Text, Try
from dlplay.data import spelt
from dlplay.data.language import KINDS, ROLES, stories

TEXTS = ("gender told", "gender by lot")


class WordVectors(Scene):
    covers = ("Word Embedding (Word2Vec, CBOW, Skip-gram)",)
    panels = {
        "people": "two directions of the vectors, left: gender told, right: by lot; lines: the sum",
        "nearest": "words with the largest cosine to the typed sum; [in brackets]: asked with",
        "analogies": "share of 30 that hit, with the words of the question kept, or removed",
    }
    claims = {
        "groups": "the mean cosine within a kind of things is over 0.2 above that across kinds",
        "analogies": "gender told, words of the question kept: over 0.7 of 30 analogies hit",
        "made_by_scoring": "gender by lot, these words removed: over 0.6 hit all the same",
        "not_in_the_text": "gender by lot, these words kept: at most 0.35 hit",
        "both_matrices": "with vectors of the other matrix over 0.7 hit as well (told, kept)",
    }
    tries = (
        Try(
            "gender=0",
            "The first text says nothing of gender any more, as the second. How many analogies hit "
            "if the words of the question are removed?",
            ("none", "a third", "nearly all"),
            right=3,
            breaks=("analogies", "both_matrices"),
            keeps="made_by_scoring",
            why="King and queen have the same vector. Take king away, and queen is the nearest "
            "that is left: it is like king, not like king made a woman.",
        ),
        Try(
            "model=CBOW",
            "The word in the middle is told from its neighbours now. How many analogies hit?",
            ("as many", "half as many", "none"),
            right=1,
            keeps=("analogies", "both_matrices"),
            why="The same words stand together, in the other order of asking. What is learnt from "
            "are the same counts.",
        ),
        Try(
            "size=2",
            "Two numbers a word, not 16. What is lost?",
            ("the kinds of things", "the analogies", "both"),
            right=3,
            breaks=("groups", "analogies"),
            why="Two numbers hold about one difference. All things end up with vectors that point "
            "the same way, whatever their kind.",
        ),
    )
    quick = {"steps": 20}

    gender = Float(1.0, min=0, max=1, help="share of the first text's sentences that tell gender")
    size = Int(16, min=2, max=64, log=True, help="d, numbers a word")
    model = Choice("skip-gram", ("skip-gram", "CBOW"), help="what is told from what")
    sum = Text("king - man + woman", live=True, help="words to add and take away, or one word")
    matrix = Choice("in", ("in", "out"), live=True, help="whose rows are looked at")
    steps = Int(400, min=10, max=4000, log=True, help="steps of 1,000 words and a neighbour")

    def run(self, stage):
        seed = int(torch.randint(2**31, ()))
        texts = [
            stories(8000, told=told, generator=torch.Generator().manual_seed(seed))
            for told in (self.gender, 0.0)
        ]
        words = texts[0].words
        V, d, window = len(words), self.size, 3
        ids = torch.stack([text.ids for text in texts]).to(stage.device)  # [2 texts, 8000, 8]
        often = torch.bincount(texts[0].ids.flatten(), minlength=V) ** 0.75  # as negatives
        people = torch.tensor([[words.index(w) for w in role[:2]] for role in ROLES])  # [6, 2]
        people = people.to(stage.device)
        things = torch.tensor([[words.index(w) for w in kind] for kind in KINDS.values()])

        vectors = nn.Parameter(((torch.rand(2, 2, V, d) - 0.5) / d).to(stage.device))  # in, out
        adam = torch.optim.Adam([vectors], lr=0.03)
        text = torch.arange(2, device=stage.device)[:, None]  # of each row of a batch
        reach = torch.tensor([n for n in range(-window, window + 1) if n])

        def score(table, removed):
            """Of a matrix [V, d], the share of 30 analogies that hit."""
            u = normalize(table, dim=1)
            men, women = u[people[:, 0]], u[people[:, 1]]  # [6, d]
            sums = men[:, None] - men + women  # [6, 6, d]: a role, less another's man, its woman
            near = normalize(sums, dim=2) @ u.T  # [6, 6, V]
            if removed:
                a, b = people[:, None].expand(6, 6, 2), people[None].expand(6, 6, 2)
                near = near.scatter(2, torch.cat([a[..., :1], b], dim=2), -2)
            hits = near.argmax(dim=2) == people[:, 1, None]
            return hits[~torch.eye(6, dtype=torch.bool, device=hits.device)].float().mean()

        @stage.look(10)
        def look():
            tables = vectors[0 if self.matrix == "in" else 1]  # [2, V, d]
            kept, removed = ([score(t, way).item() for t in tables] for way in (False, True))
            stage.headline(
                f"words kept: {kept[0]:.0%} hit where told, {kept[1]:.0%} by lot; "
                f"removed: {removed[0]:.0%}, {removed[1]:.0%}"
            )
            ways = {"words kept": kept, "words removed": removed}
            stage.bars("analogies", TEXTS, ways)
            names = [words[i] for i in people.flatten().tolist()]
            near = [plane(table, people) for table in tables]  # [12, 2] each
            places = torch.cat([near[0], near[1] + torch.tensor([3.0, 0])])
            top = torch.tensor([[0, 1.4], [3.0, 1.4]])
            stage.graph(
                "people",
                torch.cat([places, top]),
                [(n + a, n + b) for n in (0, 12) for a, b in ((0, 2), (0, 1), (2, 3), (1, 3))],
                labels=[*names, *names, *(name.upper() for name in TEXTS)],
                groups=[*(12 * [0, 1]), 2, 2],
            )
            rows = [nearest(self.sum, table, words) for table in tables]
            stage.table("nearest", TEXTS, list(zip(*rows, strict=True)))

        for _ in stage.loop(self.steps):
            row, at = torch.randint(len(ids[0]), (1000,)), torch.randint(8, (1000,))
            if self.model == "skip-gram":
                shift = reach[torch.randint(len(reach), (1000,))]
                fits = (at + shift >= 0) & (at + shift < 8)
                row, at, shift = row[fits], at[fits], shift[fits]
                told = vectors[0, text, ids[:, row, at]]  # u [2, B, d]
                target = ids[:, row, at + shift]
            else:
                around = at[:, None] + reach  # [B, 6]
                fits = (around >= 0) & (around < 8)
                beside = ids[:, row[:, None], around.clamp(0, 7)]  # [2, B, 6]
                weight = (fits / fits.sum(dim=1, keepdim=True)).to(stage.device)
                told = (vectors[0, text[..., None], beside] * weight[..., None]).sum(dim=2)
                target = ids[:, row, at]
            lots = torch.multinomial(often, told.shape[1] * 5, replacement=True).reshape(-1, 5)
            true = (told * vectors[1, text, target]).sum(dim=2)  # u·v [2, B]
            false = torch.einsum("tbd,tbkd->tbk", told, vectors[1][:, lots.to(stage.device)])
            loss = -(logsigmoid(true) + logsigmoid(-false).sum(dim=2)).mean(dim=1)
            adam.zero_grad()
            loss.sum().backward()
            adam.step()

        with stage.probe():
            told, lot = vectors[0]
            u = normalize(told[things.flatten().to(stage.device)], dim=1)  # [18, d]
            kind = torch.arange(18, device=stage.device) // 6
            cosine, same = u @ u.T, kind[:, None] == kind
            other = ~torch.eye(18, dtype=torch.bool, device=stage.device)
            within, across = cosine[same & other].mean(), cosine[~same].mean()
            stage.claim("groups", within - across, above=0.2)
            stage.claim("analogies", score(told, False), above=0.7)
            stage.claim("made_by_scoring", score(lot, True), above=0.6)
            stage.claim("not_in_the_text", score(lot, False), at_most=0.35)
            stage.claim("both_matrices", score(vectors[1, 0], False), above=0.7)
            stage.measure(told_removed=score(told, True), within=within, across=across)


def plane(table, people):
    """The 12 people [12, 2] in the two directions in which they differ most; women to the right."""
    u = normalize(table[people.flatten()], dim=1).cpu()
    u = u - u.mean(dim=0)
    two = torch.linalg.svd(u, full_matrices=False).Vh[:2]
    where = u @ two.T
    side = where[1::2].sum(dim=0) - where[::2].sum(dim=0)
    where[:, 0] *= side[0].sign()
    where[:, 1] *= where[0, 1].sign()
    return where / where.abs().amax(dim=0).clamp(min=1e-9)


def nearest(typed, table, words):
    """The six words nearest to a typed sum, with their cosines, or what is wrong with it."""
    known, strange = spelt(typed, words)
    if strange or not known:
        said = f"unknown: {' '.join(strange)}" if strange else "type one of the words"
        return [said, "known are:", *words[14:18]]
    signs, sign = [], 1
    for part in typed.replace("−", "-").replace("-", " - ").split():
        if part in "+-":
            sign = -1 if part == "-" else 1
        elif spelt(part, words)[0]:
            signs.append(sign)
            sign = 1
    u = normalize(table, dim=1)
    sums = sum(s * u[i] for s, i in zip(signs, known, strict=True))
    near = u @ normalize(sums, dim=0)
    top = near.topk(6)
    return [
        f"[{words[i]}] {c:.2f}" if i in known else f"{words[i]} {c:.2f}"
        for i, c in zip(top.indices.tolist(), top.values.tolist(), strict=True)
    ]
