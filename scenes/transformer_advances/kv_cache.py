"""
# Why does a model that writes keep its keys?

A language model writes token by token. To choose the next one it reads the whole text so far: all
tokens go through all blocks, and only what comes out at the last place is used. For the next token
everything is read again. A text of N tokens costs about N²/2 passes of a token.

Nearly all of that was done before. In a **causal** model a token sees itself and what came earlier.
What comes later can't change its vector, in no block. And what do later tokens want of it? Its key
and its value, in each block:

    q = x W_Q  the new token alone
    k = x W_K  kept with the older
    v = x W_V  kept with the older
    z = softmax(q Kᵀ / √d) V

x is the token's vector, K and V hold the keys and values of all tokens so far, d is the width of a
head. So keep K and V, the **key-value cache**, and send only the new token through the blocks: N
passes. Each still looks at all that is kept, so the work of a token grows a little. Queries are not
kept: nobody asks for an old one.

The price is memory. For each token, in each block, a key and a value of D numbers:

    2 · L · D numbers a token

with L blocks of width D. In the calculator you see why long texts and many users at once are
expensive: the cache can be larger than the model. The next pages make it smaller.

## Tomorrow

Before you serve a model, add up: weights, and 2·L·D numbers for each token of each text at once. If
a cached model writes other text than without, some token sees what comes later, or positions don't
go on.
"""

import math

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from dlplay import Choice, Int, Scene, Try

V, D, H, L = 64, 64, 4, 2  # tokens there are, width, heads, blocks
MODELS = {  # blocks, width
    "GPT-2": (12, 768),
    "GPT-2 XL": (48, 1600),
    "GPT-3 6.7B": (32, 4096),
    "GPT-3": (96, 12288),
}
WAYS = ("all again", "with the cache")


class KVCache(Scene):
    covers = (
        "Recent Advances in Transformers (introduction; KV Cache + MQA + GQA overview)",
        "KV Cache",
    )
    panels = {
        "work so far": "multiplications to write the text, counted while it is done",
        "kept keys": "of the first head: a column for each token that was written",
        "memory": "GiB of the cache of known models, for your texts; numbers of two bytes",
    }
    claims = {
        "same": "with the cache no score of a next token differs by over 0.001",
        "old_stay": "one more token changes no vector of an older token by over 0.001",
        "cheaper": "the whole text takes over 60 times the multiplications without the cache",
    }
    tries = (
        Try(
            "sees=all",
            "Tokens also see what comes later, as in BERT. Does the cache still give the same?",
            ("yes, it is only slower", "no: kept keys are wrong", "yes, within rounding"),
            right=2,
            breaks=("same", "old_stay"),
            why="A new token changes the vectors of all older ones, so their keys and values "
            "in the next block would have to be made anew.",
        ),
        Try(
            "window=32",
            "Only the last 32 keys and values are kept. What comes of the scores?",
            ("they differ from token 33 on", "they stay: old tokens hardly count",
             "they differ at once"),
            right=1,
            breaks="same",
            keeps=("old_stay", "cheaper"),
            why="Until then nothing is missing. Then each new token sees less than the model "
            "would. A model that is trained with a window doesn't mind.",
        ),
        Try(
            "tokens=80",
            "Less than half of the text is written. How many times more work is it without cache?",
            ("as many times", "about half as many", "a quarter"),
            right=2,
            breaks="cheaper",
            keeps=("same", "old_stay"),
            why="Without the cache work grows with the square of the length, with it in proportion "
            "to the length. What the cache is worth grows with the text.",
        ),
    )  # fmt: skip
    quick = {"tokens": 12}
    pace = 30

    sees = Choice("earlier", ("earlier", "all"), help="whom a token sees, itself included")
    window = Int(512, min=1, max=512, log=True, help="keys and values that are kept, at most")
    texts = Int(16, min=1, max=1024, log=True, live=True, help="texts at once, in the calculator")
    length = Int(4096, min=64, max=131072, log=True, live=True, help="tokens of each of them")
    tokens = Int(192, min=8, max=512, log=True, help="tokens to write")

    def run(self, stage):
        model = Writer(self.sees == "earlier").to(stage.device)
        dice = torch.Generator().manual_seed(stage.seed)
        text = torch.randint(V, (1,), device="cpu").to(stage.device)  # [tokens so far]
        kept = [(text.new_zeros(H, 0, D // H).float(),) * 2 for _ in range(L)]
        work, apart, moved, old = {way: [0.0] for way in WAYS}, [], [], None

        @stage.look(4)
        def look():
            done = {way: [each / 1e6 for each in work[way]] for way in WAYS}
            stage.axes("work so far", x="tokens written", y="million multiplications")
            stage.plot("work so far", range(len(work[WAYS[0]])), done)
            keys = torch.full((D // H, 64), math.nan)
            last = kept[0][0][0].T[:, -64:].cpu()
            keys[:, : last.shape[1]] = last
            stage.heatmap("kept keys", keys, x="the last 64 tokens", diverging=True)
            memory = {
                name: 2 * blocks * width * 2 * self.texts * self.length / 2**30
                for name, (blocks, width) in MODELS.items()
            }
            accelerator = {"an accelerator": 80}
            stage.bars("memory", list(MODELS), list(memory.values()), log=True, unit="GiB",
                       lines=accelerator)  # fmt: skip
            stage.headline(
                f"{len(text) - 1} tokens: {done[WAYS[0]][-1]:,.0f} million multiplications, "
                f"{done[WAYS[1]][-1]:,.0f} million with the cache"
            )

        for _ in stage.loop(self.tokens):
            with torch.no_grad(), FlopCounterMode(display=False) as all_again:
                scores, states, _ = model(text)  # everything goes through the blocks
            with torch.no_grad(), FlopCounterMode(display=False) as only_new:
                cached, _, kept = model(text[-1:], kept, len(text) - 1)
            kept = [(k[:, -self.window :], v[:, -self.window :]) for k, v in kept]
            for way, counted in zip(WAYS, (all_again, only_new), strict=True):
                work[way].append(work[way][-1] + counted.get_total_flops() / 2)
            apart.append((scores[-1] - cached[-1]).abs().max())
            if old is not None:
                moved.append((states[:-1] - old).abs().max())
            old = states
            p = scores[-1].softmax(dim=0).cpu()
            text = torch.cat([text, torch.multinomial(p, 1, generator=dice).to(text.device)])

        with stage.probe():
            stage.claim("same", torch.stack(apart).max(), below=1e-3)
            stage.claim("old_stay", torch.stack(moved).max(), below=1e-3)
            stage.claim("cheaper", work[WAYS[0]][-1] / work[WAYS[1]][-1], above=60)


class Writer(nn.Module):
    """A small Transformer that was never trained: what is asked here doesn't depend on that."""

    def __init__(self, causal):
        super().__init__()
        self.causal = causal
        self.words, self.places = nn.Embedding(V, D), nn.Embedding(513, D)
        self.norms = nn.ModuleList(nn.LayerNorm(D) for _ in range(2 * L))
        self.project = nn.ModuleList(nn.Linear(D, 3 * D) for _ in range(L))
        self.output = nn.ModuleList(nn.Linear(D, D) for _ in range(L))
        self.wide = nn.ModuleList(nn.Linear(D, 4 * D) for _ in range(L))
        self.narrow = nn.ModuleList(nn.Linear(4 * D, D) for _ in range(L))
        self.head = nn.Linear(D, V)

    def forward(self, tokens, kept=None, start=0):
        """Tokens [n] that stand from place `start` on, with keys and values [H, before, d] of each
        block -> scores [n, V], the last vectors [n, D], and keys and values with theirs."""
        n = len(tokens)
        x = self.words(tokens) + self.places.weight[start : start + n]
        grown = []
        for b in range(L):
            h = self.project[b](self.norms[2 * b](x))
            q, k, v = h.view(n, 3, H, D // H).permute(1, 2, 0, 3)  # [H, n, d] each
            if kept is not None:
                k, v = (torch.cat(both, dim=1) for both in zip(kept[b], (k, v), strict=True))
            grown.append((k, v))
            s = q @ k.mT / math.sqrt(D // H)  # [H, n, before + n]
            if self.causal:
                before = s.shape[2] - n
                s = s.masked_fill(s.new_ones(s.shape[1:]).triu(before + 1) == 1, -math.inf)
            z = (s.softmax(dim=2) @ v).transpose(0, 1).reshape(n, D)
            x = x + self.output[b](z)
            x = x + self.narrow[b](self.wide[b](self.norms[2 * b + 1](x)).relu())
        return self.head(x), x, grown
