"""
# Is a bigger model better?

From the first GPT to today's *large language models* the recipe has hardly changed: read text, say
what comes next, be corrected. What grew is the number of weights, from a hundred million to
hundreds of billions, and the text. So is bigger better? It depends on what you hold fixed.

Here four Transformers of one block learn to foretell characters. Only their width D differs; they
have from 1,000 to 19,000 weights. Each reads batches of the same kind, at a learning rate that
suits its size. The smaller ones go on for longer.

- **After equal reading** the larger one is better. If text is what you are short of, take the
  largest that you can train.
- **After equal work** it is otherwise. For one character a net multiplies about as often as it has
  weights in matrices, and training costs three times that:

      work ≈ 3 · weights · characters

  Four times the weights are paid for with a quarter of the text. With little work the smallest
  leads, since the others have read next to nothing. With more work it has learnt what it can hold,
  and the next larger passes it.

So for each budget of work there is a best size, and it grows with the budget. Hoffmann et al.
(2022) measured it on large models: with the same work, 70 billion weights that had read 1.4
trillion tokens beat 280 billion that had read 0.3 trillion. The larger model was *under-trained*.

And with little text even equal reading turns against size: whoever reads the same page again and
again learns it by heart.

## Tomorrow

Fix the work, then choose the size, by runs at a tenth and a thirtieth of it. A size without the
number of tokens says nothing. Tune each size before you compare, and draw both axes: what was read,
what was spent.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, gelu

from dlplay import File, Float, Int, Scene, Try
from dlplay.data import text as text_of
from dlplay.nn.counting import numbered

RATES = {4: 0.03, 8: 0.02, 16: 0.015, 32: 0.01}  # of each width D, the learning rate
WIDEST, T, B = max(RATES), 32, 16  # T characters in a window, B windows in a batch
NAMES = [f"D = {D}" for D in RATES]
TESTS = 24  # of each net on the way


class Bigger(Scene):
    covers = ("Large Language Models",)
    panels = {
        "loss by work": "of unseen text, over the multiplications spent; lower is better",
        "loss by reading": "the same losses, over the characters read",
        "which size": "the same losses, over the weights; the lowest point is the best size",
        "nets": "products for a character; losses at equal reading, equal work; star: best by work",
    }
    claims = {
        "reading": "after equal reading D = 32 is over 0.1 below D = 4",
        "small_first": "after a tenth of the work D = 4 is over 0.03 below D = 8",
        "then_larger": "after all of the work D = 8 is over 0.06 below D = 4",
        "too_large": "after all of the work D = 32 is over 0.07 above the best",
        "learnt": "after all of the work the best is below 2.75 (guessing: 4.36)",
    }
    tries = (
        Try(
            "budget=0.1",
            "Each may spend a tenth of the work. Which size is best then?",
            ("D = 32: it learns most from each character", "D = 8, as with all of it", "D = 4"),
            right=3,
            keeps=("reading", "small_first", "then_larger"),
            why="A step of the largest costs over twenty steps of the smallest. While it makes its "
            "first few, the smallest has learnt most of what it can.",
        ),
        Try(
            "characters=1000",
            "There are 1,000 characters to learn from, read over and over. Who is best on unseen "
            "text, after equal reading?",
            ("the largest, as before", "no longer the largest"),
            right=2,
            breaks="reading",
            why="Room for more is also room for learning by heart. With little text it has to be "
            "the smaller net, or one that stops sooner.",
        ),
        Try(
            "rate=0.1",
            "All learn at a tenth of the rates that suit them. How far behind the best is the "
            "largest now, after all of the work?",
            ("less far", "as far as before", "much further"),
            right=3,
            breaks="learnt",
            keeps=("small_first", "too_large"),
            why="The largest makes fewest steps for its work, so it suffers most if they are "
            "short. Untuned rates favour one size or another.",
        ),
    )
    quick = {"steps": 4}

    budget = Float(
        1, min=0.03, max=1, log=True, live=True, help="share of the work, or reading, that all did"
    )
    rate = Float(1, min=0.03, max=3, log=True, help="times each net's own learning rate")
    characters = Int(1_000_000, min=500, max=1_000_000, log=True, help="of text to learn from")
    corpus = File("shakespeare", kind="text", help="what they read; your own: a tenth is held out")
    steps = Int(100, min=4, max=5000, log=True, help="of D = 32; of half its width twice as many")

    def run(self, stage):
        symbols, ids = numbered(text_of(self.corpus, least=15_000))
        V, part, ids = len(symbols), len(ids) * 9 // 10, ids.to(stage.device)
        train = ids[: min(part, self.characters)]
        unseen = ids[part:].unfold(0, T + 1, T + 1)  # [N, T + 1]
        unseen = unseen[:: max(1, len(unseen) // 128)]
        nets = nn.ModuleDict({str(D): GPT(V, D) for D in RATES}).to(stage.device)
        optimizers = {D: torch.optim.Adam(nets[str(D)].parameters()) for D in RATES}
        # Multiplications for one character: matrices of the block, scores and sums, the answer
        work = {D: 12 * D * D + 2 * T * D + V * D for D in RATES}
        most = {D: self.steps * WIDEST // D for D in RATES}  # steps
        tested = {D: set(np.geomspace(1, most[D], TESTS).round()) for D in RATES}
        found = {D: ([], []) for D in RATES}  # of each net: steps, losses

        def loss_of(D, text):
            logits = nets[str(D)](text[:, :-1])
            return cross_entropy(logits.flatten(0, 1), text[:, 1:].flatten())

        def after(steps):
            """The loss of each net after so many steps of its own, between its tests."""
            return [
                float(np.interp(np.log(n), np.log(found[D][0]), found[D][1], math.nan, math.nan))
                for D, n in zip(RATES, steps, strict=True)
            ]

        def at_work(share):
            """The same after a share of the work that all have done, so far."""
            least = min(work[D] * found[D][0][-1] for D in RATES)
            return after([share * least / work[D] for D in RATES])

        def at_reading(share):
            least = min(found[D][0][-1] for D in RATES)
            return after([share * least for D in RATES])

        @stage.look(4, nets)
        def look():
            weights = [sum(p.numel() for p in nets[str(D)].parameters()) for D in RATES]
            here, read = at_work(self.budget), at_reading(self.budget)
            sizes = {"equal reading": read, "equal work": here, "a tenth of all work": at_work(0.1)}
            stage.axes("which size", x="weights", y="nats a character", log="x")
            stage.plot("which size", weights, sizes)
            best = [int(np.nanargmin(here))] if np.isfinite(here).all() else []
            losses = [(f"{a:.2f}", f"{b:.2f}") for a, b in zip(read, here, strict=True)]
            rows = zip(NAMES, weights, work.values(), *zip(*losses, strict=True), strict=True)
            columns = ("net", "weights", "products", "reading", "work")
            stage.table("nets", columns, list(rows), best=best)
            told = [
                f"{NAMES[int(np.argmin(each))]} ({min(each):.2f})"
                if np.isfinite(each).all()
                else "not yet known"
                for each in (read, here)
            ]
            stage.headline(f"best after equal reading: {told[0]}; after equal work: {told[1]}")

        y = "nats a character"
        stage.axes("loss by work", x="millions of multiplications", y=y, log="x")
        stage.axes("loss by reading", x="thousands of characters", y=y, log="x")
        for step in stage.loop(self.steps):
            for D in RATES:
                for k in range(step * WIDEST // D + 1, (step + 1) * WIDEST // D + 1):
                    warm = min(1, k / 10)
                    optimizers[D].param_groups[0]["lr"] = self.rate * RATES[D] * warm
                    starts = torch.randint(len(train) - T, (B, 1), device="cpu").to(stage.device)
                    window = train[starts + torch.arange(T + 1, device=stage.device)]
                    loss = loss_of(D, window)
                    optimizers[D].zero_grad()
                    loss.backward()
                    optimizers[D].step()
                    if k in tested[D]:
                        with stage.probe(nets):
                            loss, read = float(loss_of(D, unseen)), k * B * T
                            found[D][0].append(k)
                            found[D][1].append(loss)
                            stage.curve("loss by work", {f"D = {D}": loss}, x=3e-6 * work[D] * read)
                            stage.curve("loss by reading", {f"D = {D}": loss}, x=read / 1e3)

        with stage.probe(nets):
            read, little, all_of_it = at_reading(1), at_work(0.1), at_work(1)
            stage.claim("reading", read[0] - read[3], above=0.1)
            stage.claim("small_first", little[1] - little[0], above=0.03)
            stage.claim("then_larger", all_of_it[0] - all_of_it[1], above=0.06)
            stage.claim("too_large", all_of_it[3] - min(all_of_it), above=0.07)
            stage.claim("learnt", min(all_of_it), below=2.75)


class GPT(nn.Module):
    """Characters [N, T] -> logits of each next one [N, T, V]: one head, one block."""

    def __init__(self, V, D):
        super().__init__()
        self.D, self.embed = D, nn.Embedding(V, D)
        self.places = nn.Parameter(0.3 * torch.randn(T, D))
        nn.init.normal_(self.embed.weight, std=0.3)
        self.norm_1, self.norm_2, self.norm_3 = (nn.LayerNorm(D) for _ in range(3))
        self.project, self.mix = nn.Linear(D, 3 * D, bias=False), nn.Linear(D, D, bias=False)
        self.inner, self.outer = nn.Linear(D, 4 * D), nn.Linear(4 * D, D)
        self.answer = nn.Linear(D, V)
        self.register_buffer("ahead", torch.ones(T, T).triu(1) > 0)

    def forward(self, x):
        h = self.embed(x) + self.places
        q, k, v = self.project(self.norm_1(h)).chunk(3, dim=2)
        scores = (q @ k.mT / self.D**0.5).masked_fill(self.ahead, -math.inf)
        h = h + self.mix(scores.softmax(dim=2) @ v)
        h = h + self.outer(gelu(self.inner(self.norm_2(h))))
        return self.answer(self.norm_3(h))
