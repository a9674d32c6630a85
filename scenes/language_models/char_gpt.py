r"""
# What does a small GPT learn in a minute?

A GPT reads a text and says, after every *token*, how probable each possible next token is. In most
models a token is a piece of a word, one of some 50,000. In this one it is a character, one of 78:
it begins knowing nothing and reads nine plays.

Each token becomes a vector. A **block** adds two things to it: what attention takes from the tokens
before it, never after, and what two layers make of the result. After the last block a matrix turns
each vector into a score for each token, and softmax into probabilities. The loss is

    L = −mean ln p(xₜ₊₁ | x₁ … xₜ)

in nats, over all T places of a window: one pass makes T predictions.

What is a loss worth? Hold it against counting. The lines show what tables reach that know how often
a character occurs (1-gram), follows another (2-gram), follows two, three, four. The curve falls
through them: first it knows letters, then pairs, then triples. Of the last two it stays short.
Counts of five in a row are made in a moment, and no GPT of this size beats them in a minute. That
networks simply beat counting is not so; it takes more text and training. Tables of longer pieces
soon meet what they have never seen, while a network goes on gaining from a longer look back.

The maps show from which places a place takes. In the first block that is mostly itself and the
character before; in the second, heads reach further back.

GPT-1 (2018) has twelve such blocks and 116.5 million weights. With `corpus=my.txt` this reads your
text, of which nothing is claimed; `size=large` is for a GPU.

## Tomorrow

Draw the lines of counting into the plot of the loss before you train. Between two lines you know
what your model has learnt; above the second, something is broken.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Choice, File, Float, Int, Scene, Text, Try
from dlplay.data import text as text_of
from dlplay.nn.attention import Rotary
from dlplay.nn.counting import Counts, begun, distinct, numbered, visible
from dlplay.nn.transformer import decay_groups

# Width D, blocks L, heads H, learning rate, characters in a batch
SIZES = {"small": (64, 2, 4, 0.01, 1024), "large": (384, 6, 6, 0.001, 16_384)}
PASSAGE, STRIDE = 20_000, 32  # held-out characters, at most; windows begin so far apart
TEXTS, LENGTH, GLIMPSE = 4, 300, 80  # written at the end, how long; of one on the way
SHOWN = 24  # characters on the axes of the maps


class CharGPT(Scene):
    covers = ("GPT (GPT-1)",)
    panels = {
        "loss": "unseen text; falls through the lines of what counting reaches; lower is better",
        "it writes": "blue was probable, orange a surprise; from your prompt, at your temperature",
        "as it learns": "what it wrote when it had passed a line",
        "attention": "from where (columns) each place (rows) takes; another head: [ and ]",
    }
    claims = {
        "beats_pairs": "its loss is over 0.2 nats below counts of pairs",
        "beats_triples": "its loss is over 0.15 nats below counts of triples",
        "fives_ahead": "counts of five in a row are ahead of it by 0.15 to 0.4 nats",
        "uses_context": "late characters of a window cost over 0.12 nats less than early ones",
        "varied": "of its text's pieces of 8 characters over 0.9 are new",
    }
    tries = (
        Try(
            "context=1 steps=300",
            "It sees one character and nothing before. On which line does its loss end?",
            ("1-gram", "2-gram", "3-gram"),
            right=2,
            breaks=("beats_pairs", "uses_context"),
            why="From one character the next follows as often as it does in the text: that is the "
            "table of pairs. All blocks and heads can do no more with it.",
        ),
        Try(
            "order=shuffled steps=300",
            "The same characters, in random order. On which line does its loss end?",
            ("1-gram", "2-gram", "none: it learns nothing"),
            right=1,
            breaks=("beats_pairs", "uses_context"),
            why="How often each occurs is all that is left to know, and that it learns. What came "
            "before says nothing.",
        ),
        Try(
            "temperature=0 steps=300",
            "It always writes the most probable character. What does the text become?",
            ("better: no more slips", "a circle", "the play that it read"),
            right=2,
            breaks="varied",
            keeps="beats_pairs",
            why="The most probable phrase makes itself the most probable once more. That is not "
            "the table's fault, nor the network's: always taking the most probable does it.",
        ),
    )
    quick = {"steps": 12, "context": 32}

    prompt = Text("PORTIA.", max_length=60, live=True, help="what the text begins with")
    temperature = Float(0.8, min=0, max=2, step=0.1, live=True, help="0 takes the most probable")
    context = Int(64, min=1, max=256, log=True, help="T, characters that it can see")
    order = Choice("written", ("written", "shuffled"), help="of the characters that it reads")
    size = Choice("small", tuple(SIZES), help="large: for a GPU, 11 million weights; context=256")
    corpus = File("shakespeare", kind="text", help="what it reads; your own: a tenth is held out")
    steps = Int(1500, min=10, max=50_000, log=True, help="batches to train on")

    def run(self, stage):
        symbols, ids = numbered(text_of(self.corpus, least=15_000))
        V, T, part = len(symbols), self.context, len(ids) * 9 // 10
        D, L, H, rate, batch = SIZES[self.size]
        ids = ids.to(stage.device)
        tables = Counts(ids[:part], V, 5).along(ids[part : part + PASSAGE])
        counted = (-tables.log().mean(dim=1)).tolist()
        lines = {f"{n}-gram": each for n, each in enumerate(counted, start=1)}
        stage.axes("loss", x="step", y="nats a character", lines=dict(reversed(lines.items())))
        if self.order == "shuffled":
            ids = ids[torch.randperm(len(ids)).to(stage.device)]
        train, held_out = ids[:part], ids[part : part + PASSAGE]
        windows = held_out.unfold(0, T + 1, STRIDE)  # [N, T + 1]

        model = GPT(V, D, L, H, T).to(stage.device)
        optimizer = torch.optim.AdamW(decay_groups(model, 0.1), lr=rate, betas=(0.9, 0.99))

        def by_place(windows):
            """The mean loss at each place of windows [N, T + 1], with 1 to T characters seen."""
            parts = [
                cross_entropy(model(few[:, :-1])[0].transpose(1, 2), few[:, 1:], reduction="none")
                for few in windows.split(64)
            ]
            return torch.cat(parts).mean(dim=0)  # [T]

        def write(count, length):
            """Texts after the prompt [count, given + length], and their probabilities."""
            dice, given = torch.Generator().manual_seed(stage.seed), begun(self.prompt, symbols)
            texts = torch.tensor([given] * count, device=stage.device)
            chances = torch.ones(texts.shape, device=stage.device)
            for _ in range(length):
                scores = model(texts[:, -T:])[0][:, -1]  # [count, V]
                if self.temperature == 0:
                    p = one_hot(scores.argmax(dim=1), V).float()
                else:
                    p = (scores / self.temperature).softmax(dim=1)
                drawn = torch.multinomial(p.cpu(), 1, generator=dice).to(stage.device)
                chance = scores.softmax(dim=1).gather(1, drawn)
                texts, chances = torch.cat([texts, drawn], 1), torch.cat([chances, chance], 1)
            return texts, chances, len(given)

        passed = []  # lines, with the step and what was written then

        @stage.look(50, model)
        def look():
            loss = by_place(windows[:: max(1, len(windows) // 32)])[T // 2 :].mean().item()
            stage.curve("loss", unseen=loss)
            done = stage.step + 1 >= self.steps
            texts, chances, given = write(1, LENGTH if done else GLIMPSE)
            letters = [symbols[i] for i in texts[0].tolist()]
            stage.tokens("it writes", letters, chances[0], prompt=given)
            recent = texts[:, -min(SHOWN, T) :]
            maps = torch.cat(model(recent)[1][::-1], dim=1)[0]  # [L · H, SHOWN, SHOWN]
            names = [f"block {b}, head {h + 1}" for b in range(L, 0, -1) for h in range(H)]
            seen = [visible(each) for each in letters[-min(SHOWN, T) :]]
            stage.heatmap("attention", maps, names=names, rows=seen, columns=seen, low=0, high=1)
            wrote = "".join(letters[given:]).replace("\n", "↵")[:60]
            known = [name for name, *_ in passed]
            passed.extend((name, stage.step + 1, wrote) for name, line in lines.items()
                          if loss < line and name not in known)  # fmt: skip
            stage.table("as it learns", ("passed", "step", "it then wrote"), passed)
            below = sum(loss < line for line in counted)
            stage.headline(
                f"loss {loss:.2f} on unseen text: "
                + (f"below counts of {below} in a row" if below else "above all counts")
                + (f" ({counted[below - 1]:.2f})" if below else "")
            )

        with stage.probe(model):
            stage.measure(untrained=by_place(windows[:32]).mean(), uniform=math.log(V))
        for step in stage.loop(self.steps):
            warm_up, cosine = min(1, (step + 1) / 50), 1 + math.cos(math.pi * step / self.steps)
            for group in optimizer.param_groups:
                group["lr"] = rate * warm_up * (0.1 + 0.45 * cosine)
            starts = torch.randint(len(train) - T, (max(4, batch // T), 1)).to(stage.device)
            window = train[starts + torch.arange(T + 1, device=stage.device)]
            scores, _ = model(window[:, :-1])  # [N, T, V]: a prediction after each character
            loss = cross_entropy(scores.flatten(0, 1), window[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            stage.curve("loss", training=loss)

        with stage.probe(model):
            places = by_place(windows)
            late, early = places[T // 2 :].mean(), places[: max(1, T // 8)].mean()
            stage.measure(bigram=counted[1], trigram=counted[2], fivegram=counted[4], loss=late)
            stage.claim("beats_pairs", counted[1] - late, above=0.2)
            stage.claim("beats_triples", counted[2] - late, above=0.15)
            stage.claim("fives_ahead", late - counted[4], within=(0.15, 0.4))
            stage.claim("uses_context", early - late, above=0.12)
            texts, _, given = write(TEXTS, LENGTH)
            new = [distinct(row) for row in texts[:, given:].tolist()]
            stage.claim("varied", sum(new) / TEXTS, above=0.9)


class GPT(nn.Module):
    """Tokens [N, T] -> a score for each next token [N, T, V], and the maps of each block."""

    def __init__(self, V, D, L, H, T):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        places = Rotary(D // H, T)  # turns queries and keys by where they stand
        self.blocks = nn.ModuleList(Block(D, H, places) for _ in range(L))
        self.norm, self.head = nn.LayerNorm(D), nn.Linear(D, V, bias=False)
        for weight in self.parameters():
            if weight.dim() > 1:
                nn.init.normal_(weight, std=0.02)

    def forward(self, ids):
        x, maps = self.embed(ids), []
        for block in self.blocks:
            x, weights = block(x)
            maps.append(weights)
        return self.head(self.norm(x)), maps


class Block(nn.Module):
    """x [N, T, D] -> the same shape, and who takes how much from where [N, H, T, T]."""

    def __init__(self, D, H, places):
        super().__init__()
        self.H, self.places = H, places
        self.norm_1, self.norm_2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.project, self.output = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.think = nn.Sequential(nn.Linear(D, 4 * D), nn.GELU(), nn.Linear(4 * D, D))

    def forward(self, x):
        N, T, D = x.shape
        heads = self.project(self.norm_1(x)).view(N, T, 3, self.H, D // self.H)
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # [N, H, T, D / H] each
        scores = self.places(q) @ self.places(k).mT / (D // self.H) ** 0.5
        ahead = torch.ones(T, T, dtype=torch.bool, device=x.device).triu(1)
        weights = scores.masked_fill(ahead, -torch.inf).softmax(dim=3)
        x = x + self.output((weights @ v).transpose(1, 2).reshape(N, T, D))
        return x + self.think(self.norm_2(x)), weights
