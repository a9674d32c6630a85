"""
# Where are the weights of a Transformer?

The first Transformer (Vaswani et al., 2017) translated. Its **encoder** turns the N words of a
sentence into N vectors of D numbers. Its **decoder** looks at them and writes the translation, word
by word: the encoder runs once a sentence, the decoder once for each word that it writes. GPT is a
decoder alone, BERT an encoder alone.

Both are stacks of L blocks. All blocks are built alike, but each has weights of its own. A block
has two layers, and what each computes is added to the stream of vectors that runs through all
blocks:

- **attention**, where each word takes from the others: four matrices D×D, 4D² weights.
- **feed-forward**, two layers at each word alone, D to 4D and back: 8D² weights.

A decoder that looks at a source has another attention in each block. Before the blocks stands a
table with a vector for each of V words; a head at the end scores them, often with the same table:

    weights ≈ 12·L·D² + V·D

Attention made the name, but two thirds of a block are feed-forward.

Work is another matter. A weight of a matrix costs a multiplication for each word. But attention
also compares all words and mixes them, 2·N²·D multiplications in a layer, without any weights. Up
to a text of six widths they are less than the rest.

A large vocabulary weighs as well. GPT-2 has 50,257 pieces of words: 256 bytes, 50,000 that were
learned, a sign for the end. That table is nearly a third of the small GPT-2, which was published as
a model of 117 million weights, and has 124.

## Tomorrow

Estimate a model by 12·L·D² + V·D before you download it; two bytes a weight tell whether it fits.
Expect the comparisons of attention to cost more than the rest only beyond six widths of text.
"""

import math

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from dlplay import Choice, Int, Scene, Toggle, Try

# Blocks, width, places, words in the table; weights as published, in millions
MODELS = {
    "original": (6, 512, 512, 37_000, 65),
    "GPT-1": (12, 768, 512, 40_478, 117),
    "GPT-2": (12, 768, 1024, 50_257, 117),
    "GPT-2 XL": (48, 1600, 1024, 50_257, 1542),
    "BERT": (12, 768, 512, 30_522, 110),
    "GPT-3": (96, 12_288, 2048, 50_257, 175_000),
}


class Parts(Scene):
    covers = ("Transformers (overview)",)
    panels = {
        "weights": "millions in each part, and their share; the words' vectors run upwards",
        "work": "share of a block's multiplications that compare words with words, by length",
        "models": "weights in millions, counted and published, and what the word table has of them",
    }
    claims = {
        "two_thirds": "0.6 to 0.7 of the weights in the blocks are feed-forward",
        "estimate": "12·L·D² + V·D is within 0.04 of the number that is counted",
        "gpt_2": "GPT-2, built and counted, has 124.3 to 124.5 million weights",
        "six_widths": "comparing words is half of a block's work between 5 and 7 widths",
    }
    tries = (
        Try(
            "model=original",
            "Encoder and decoder, as in the first one. How much of its blocks is feed-forward?",
            ("two thirds, as ever", "less", "more: there are two stacks"),
            right=2,
            breaks=("two_thirds", "estimate"),
            keeps="gpt_2",
            why="A block of the decoder has two attentions, one of them to the source: 8D² too.",
        ),
        Try(
            "length=65536",
            "A row of weights for each of 65,536 places. What becomes the largest part?",
            ("attention", "feed-forward", "the places"),
            right=3,
            breaks="estimate",
            keeps="two_thirds",
            why="Matrices don't know how long a text is; a table of places has a row for each.",
        ),
        Try(
            "inner=1",
            "Feed-forward layers go from D to D, not to 4D. Where is comparing half of the work?",
            ("still at six widths", "at three", "at 24"),
            right=2,
            breaks=("six_widths", "two_thirds"),
            keeps="gpt_2",
            why="Comparing costs what it did, the rest of the block half as much: 6D² "
            "multiplications a word, not 12D².",
        ),
        Try(
            "tied=no",
            "The head gets a matrix of its own. How many more weights has GPT-2?",
            ("3 in 100", "12 in 100", "31 in 100"),
            right=3,
            breaks=("gpt_2", "estimate"),
            keeps="two_thirds",
            why="The head is as large as the table: a row of D numbers for each of 50,257 words.",
        ),
    )
    quick = {"steps": 3}

    model = Choice(
        "yours",
        ("yours", "original", "GPT-1", "GPT-2", "GPT-2 XL", "BERT", "GPT-3"),
        live=True,
        help="whose parts are drawn",
    )
    blocks = Int(6, min=1, max=96, log=True, live=True, help="L, of yours")
    width = Int(512, min=64, max=12_288, log=True, help="D, of yours")
    length = Int(512, min=16, max=65_536, log=True, live=True, help="N, words that yours can read")
    inner = Int(4, min=1, max=8, help="feed-forward layers of yours are so many times D wide")
    tied = Toggle(True, help="whether table and head are one matrix, in all models")
    steps = Int(28, min=3, max=40, help="lengths at which the work is counted")

    def run(self, stage):
        D = self.width
        block = built("yours", 1, D, 1, 1, self.inner, True)
        block = block["attention"][0], block["feed-forward"][0]
        known = {n: count(built(n, *shape[:4], 4, self.tied)) for n, shape in MODELS.items()}
        widths, shares = [], []  # lengths in widths; share of the work that compares words

        def judge():
            """The parts of the model that is drawn, and the weights of each."""
            yours = self.blocks, D, self.length, 37_000
            L, width, N, V = MODELS.get(self.model, yours)[:4]
            inner = 4 if self.model in MODELS else self.inner
            parts = built(self.model, L, width, N, V, inner, self.tied)
            counts = count(parts)
            forward, looking = (
                sum(c for n, c in counts.items() if w in n) for w in ("feed", "att")
            )
            off = (12 * L * width**2 + V * width) / sum(counts.values()) - 1
            stage.claim("two_thirds", forward / (forward + looking), within=(0.6, 0.7))
            stage.claim("estimate", abs(off), below=0.04)
            stage.claim("gpt_2", sum(known["GPT-2"].values()) / 1e6, within=(124.3, 124.5))
            return parts, counts

        @stage.look(1)
        def look():
            parts, counts = judge()
            total, largest = sum(counts.values()), max(counts, key=counts.get)
            in_it = f"{counts[largest] / total:.0%} in the {largest}"
            stage.headline(f"{total / 1e6:,.1f} million weights, {in_it}")
            stage.graph("weights", **diagram(parts))
            stage.plot("work", widths, {"comparing words": shares})
            rows = []
            for name, each in known.items():
                total, table = sum(each.values()), each["word table"]
                said = f"{total / 1e6:,.1f}", f"{MODELS[name][4]:,}", f"{table / total:.1%}"
                rows.append((name, *said))
            stage.table("models", ("model", "counted", "published", "word table"), rows)

        stage.axes("work", x="length in widths D", y="share", log="x", lines={"half": 0.5})
        for step in stage.loop(self.steps):
            N = round(D * 2 ** (step / 3 - 3))
            every, comparing = work(block, N, D)
            widths.append(N / D)
            shares.append(comparing / every)

        judge()
        past = [n for n, share in zip(widths, shares, strict=True) if share >= 0.5]
        stage.claim("six_widths", min(past, default=math.inf), within=(5, 7))


class Attention(nn.Module):
    """Its norm, and four matrices; here with one head, as heads change neither weights nor work."""

    def __init__(self, D):
        super().__init__()
        self.norm = nn.LayerNorm(D)
        self.q, self.k, self.v, self.o = (nn.Linear(D, D) for _ in range(4))

    def forward(self, x):  # [1, N, D]
        x = self.norm(x)
        weights = (self.q(x) @ self.k(x).transpose(1, 2)).softmax(dim=2)  # [1, N, N]
        return self.o(weights @ self.v(x))


def feed_forward(D, inner):
    layers = nn.LayerNorm(D), nn.Linear(D, inner * D), nn.GELU(), nn.Linear(inner * D, D)
    return nn.Sequential(*layers)


def built(name, L, D, N, V, inner, tied):
    """The parts of a model by name: a module, and how many there are."""
    with torch.device("meta"):  # without memory for the numbers
        parts = {"word table": (nn.Embedding(V, D), 1)}
        if name != "original":  # it adds waves to tell the places
            parts["places"] = nn.Embedding(N, D), 1
        parts |= {"attention": (Attention(D), L), "feed-forward": (feed_forward(D, inner), L)}
        if name == "original":
            parts["decoder attention"] = Attention(D), L
            parts["source attention"] = Attention(D), L
            parts["decoder feed-forward"] = feed_forward(D, inner), L
        if name == "BERT":  # two kinds of sentence, a norm, and a layer on the first vector
            rest = nn.Embedding(2, D), nn.LayerNorm(D), nn.Linear(D, D)
            parts["the rest"] = nn.ModuleList(rest), 1
        elif name not in ("GPT-1", "original"):
            parts["last norm"] = nn.LayerNorm(D), 1
        if not tied:
            parts["head"] = nn.Linear(D, V, bias=False), 1
    return parts


def count(parts):
    return {n: k * sum(p.numel() for p in part.parameters()) for n, (part, k) in parts.items()}


def work(block, N, D):
    """Multiplications and additions of a block for N words, as torch counts them: all of them, and
    those of words with words."""
    with FlopCounterMode(display=False) as counter:
        for layer in block:
            layer(torch.empty(1, N, D, device="meta"))
    return counter.get_total_flops(), counter.get_flop_counts()["Global"][torch.ops.aten.bmm]


def diagram(parts):
    """The stream of vectors, upwards, and beside it what each part adds; a second stream for the
    decoder of a source. Parts of less than a thousandth are left out."""
    counts = count(parts)
    nodes, edges, tops = [(0, 0, "words", 0)], [], [0]  # x, y, label, share; where streams end
    for name, (_, copies) in parts.items():
        second, share = "source" in name or "decoder" in name, counts[name] / sum(counts.values())
        if share < 0.001:
            continue
        if second and len(tops) == 1:
            tops.append(len(nodes))
            nodes.append((1, 0, "translation so far", 0))
        size = f"{counts[name] / copies / 1e6:,.1f} M = {share:.0%}"
        x, y, part = *nodes[tops[second]][:2], len(nodes)
        label = f"{copies} × {name}: {size}".removeprefix("1 × ").replace("decoder ", "")
        nodes.append((x + 0.2, y + 1, label, share))
        nodes.append((x, y + 1.5, "a vector for each word" if name == "word table" else "", 0))
        edges += [(tops[second], part), (part, part + 1), (tops[second], part + 1)]
        if "source" in name:
            edges.append((tops[0], part))
        tops[second] = part + 1
    nodes[tops[-1]] = (*nodes[tops[-1]][:2], "next word", 0)
    x, y, labels, shares = zip(*nodes, strict=True)
    positions = torch.tensor([x, y]).T
    return {"positions": positions, "edges": edges, "labels": labels, "values": shares, "high": 0.5}
