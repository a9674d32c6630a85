"""
# How large is the text encoder of Stable Diffusion?

Before a word can enter by cross-attention, something must have read the prompt. In Stable Diffusion
this is a Transformer that was trained before, with pictures and their captions, and that stays
fixed: the **text tower**. Version 1 took CLIP's, version 2 that of OpenCLIP ViT-H. One reads of 63
million parameters for the first. Is it so?

You need no download to find out. Four numbers give the size: width d, layers L, words V of the
vocabulary, tokens n of the longest prompt. Each layer has four d×d matrices for attention and two
of d×4d for its two dense layers; with biases and norms

    table        V · d
    positions    n · d
    each layer   12 d² + 13 d
    last norm    2 d

Here the towers are really built, layer by layer, on PyTorch's meta device: shapes without memory.
Then their parameters are counted. Version 1's has twice the often quoted number. The 63 million
are a tower of width 512, CLIP's smaller one.

So a tower grows with the *square* of its width, and in proportion to its layers. The table grows
with the width alone, and does not care about layers. That is why it is a third of a small tower and
a seventh of a large one. Longer prompts cost next to nothing here: they cost time.

What the tower hands over is not one vector but one for each token: 77 × 768 numbers in version 1,
77 × 1,024 in version 2 (which leaves out its last layer). Words can only be told apart by attention
if there are several.

## Tomorrow

Count parameters from the shapes before you believe a table, or repeat it. Two lines on the meta
device do it. And ask which vectors are handed on: of which layer, one or one a token.
"""

import torch
from torch import nn

from dlplay import Int, Scene, Try

TOWERS = {"v1": (768, 12, 49408, 77), "v2": (1024, 24, 49408, 77), "quoted": (512, 12, 49408, 77)}
PARTS = ("table", "positions", "attention", "dense layers")
HISTORY = (  # steps at each size of picture, by the model cards
    ("1.1", "nothing", "237,000", "194,000", ""),
    ("1.2", "1.1", "", "515,000", ""),
    ("1.4", "1.2", "", "225,000", ""),
    ("2, base", "nothing", "550,000", "850,000", ""),
    ("2", "2, base", "", "150,000", "140,000"),
)


class TextTower(Scene):
    covers = ("Stable Diffusion v1 vs v2",)
    panels = {
        "towers": "parameters, in millions; they grow as layers are added",
        "picture": "numbers in a picture, in its code, and in the words that it is made from",
        "trained": "steps of training at each size of picture, by the model cards",
    }
    claims = {
        "size": "your tower has 123.0 to 123.2 million parameters: that is version 1's",
        "larger": "version 2's is 2.8 to 2.9 times as large",
        "table": "the table's share of your tower is over 0.1 more than of version 2's",
    }
    tries = (
        Try(
            "width=512",
            "Two thirds of the width. How many of the parameters are left?",
            ("two thirds", "four ninths", "between these: about half"),
            right=3,
            breaks=("size", "larger"),
            why="The layers go with the square, to four ninths. The table goes to two thirds. It "
            "is the tower that is often quoted for version 1.",
        ),
        Try(
            "layers=24",
            "Twice as many layers. How does the tower grow?",
            ("to twice", "to less than twice", "to four times"),
            right=2,
            breaks=("size", "larger", "table"),
            why="Only the layers double. The table of words, nearly a third of it, stays.",
        ),
        Try(
            "tokens=154",
            "Prompts may be twice as long. How does the tower grow?",
            ("hardly", "by a third: its table doubles", "to twice: it reads twice as much"),
            right=1,
            keeps=("size", "larger", "table"),
            why="One row of positions is added for each token. All tokens share the rest. What "
            "grows is the work: each token is read, and looks at all before it.",
        ),
    )
    quick = {"layers": 2}
    pace = 10

    width = Int(768, min=64, max=2048, help="d, numbers that stand for a token")
    layers = Int(12, min=1, max=48, help="L, layers of attention with two dense layers")
    words = Int(49408, min=1000, max=200000, log=True, help="V, words in the table")
    tokens = Int(77, min=1, max=1024, log=True, help="n, tokens of the longest prompt")
    side = Int(512, min=64, max=2048, live=True, help="side of the picture, in pixels")

    def run(self, stage):
        shapes = {"yours": (self.width, self.layers, self.words, self.tokens), **TOWERS}
        towers = {name: Tower(*shape) for name, shape in shapes.items()}

        @stage.look(1)
        def look():
            counts = torch.tensor([tower.counts() for tower in towers.values()]).T / 1e6  # [4, 4]
            stage.stack("towers", list(towers), dict(zip(PARTS, counts, strict=True)), unit="M")
            values = [3 * self.side**2, 4 * (self.side // 8) ** 2, self.width * self.tokens]
            stage.bars("picture", ("pixels × 3", "its code", "the words"), values)
            stage.table("trained", ("version", "from", "256²", "512²", "768²"), HISTORY)
            million = {name: tower.size() / 1e6 for name, tower in towers.items()}
            stage.headline(
                f"yours {million['yours']:.1f} M, v1 {million['v1']:.1f}, v2 {million['v2']:.1f}, "
                f"quoted {million['quoted']:.1f}"
            )

        for _ in stage.loop(max(L for _, L, *_ in shapes.values())):
            for tower in towers.values():
                tower.grow()

        mine, second = towers["yours"], towers["v2"]
        stage.claim("size", mine.size() / 1e6, within=(123.0, 123.2))
        stage.claim("larger", second.size() / mine.size(), within=(2.8, 2.9))
        shares = [tower.counts()[0] / tower.size() for tower in (mine, second)]
        stage.claim("table", shares[0] - shares[1], above=0.1)


class Tower(nn.Module):
    """The shapes of a text encoder, without memory; it is given its layers one by one."""

    def __init__(self, width, layers, words, tokens):
        super().__init__()
        self.width, self.wanted = width, layers
        with torch.device("meta"):
            self.table = nn.Embedding(words, width)
            self.positions = nn.Parameter(torch.empty(tokens, width))
            self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList()

    def grow(self):
        if len(self.layers) < self.wanted:
            d = self.width
            self.layers.append(nn.TransformerEncoderLayer(d, 1, 4 * d, device="meta"))

    def size(self):
        return sum(p.numel() for p in self.parameters())

    def counts(self):
        """Parameters of each of PARTS; the norms are counted with the dense layers."""
        attention = sum(p.numel() for layer in self.layers for p in layer.self_attn.parameters())
        table, positions = self.table.weight.numel(), self.positions.numel()
        return [table, positions, attention, self.size() - table - positions - attention]
