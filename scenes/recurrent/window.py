"""
# How far back must a model look?

"I grew up in Spain, and … I speak fluent" — and now? A model of language guesses the next word from
the words so far. The clue here is *Spain*, and it may stand far back.

The simplest model takes a **window**: the last w words, each one-hot, side by side, into an
ordinary net. Its input has w · V numbers for a vocabulary of V words, always as many, so it fits
any sentence: what stands before the window is cut off.

    P(next) = net(x₁, x₂, … , x_w)

x₁ is the last word, x_w the w-th from the end. An **n-gram** model reads such a window too; it
counts how often each word follows it.

In these sentences one of four countries stands somewhere among 15 words that say nothing, and the
word that follows is its language. Look at the rows: where the country is in the window the net
answers rightly, and where it is not, it guesses among four. The border is sharp, and it lies just
at w. Neither longer training nor more units moves it: what is not read cannot be known. Change a
word before the window, and the answer stays the same to the last bit.

The net is not confused out there. It says about ¼ for each language, which is the best that can be
said without the clue. A loss that stops falling while its answers are well calibrated often means
just that: the answer stands outside of what the model reads.

Why not a very large window? It works here, at a price that a later page measures: each place has
weights of its own, so what is learnt at one place must be learnt again at every other.

## Tomorrow

Before you choose a model, ask how far the clue may stand from the answer. Measure the accuracy by
that distance, not only over all: a window shows as an edge.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Int, Scene, Text, Try
from dlplay.data import spelt

COUNTRIES = ("france", "spain", "japan", "wales")
LANGUAGES = ("French", "Spanish", "Japanese", "Welsh")
FILLERS = ("the", "we", "of", "in", "to", "my", "at", "is", "it", "on", "an", "so", "by", "up",
           "me", "and")  # fmt: skip
WORDS, V, T = COUNTRIES + FILLERS, 20, 16
SHOWN = (16, 13, 10, 7, 4, 2, 1)  # distances of the clue in the lead


class Window(Scene):
    covers = (
        "How to Handle Sequential Data? (next-word prediction)",
        "Idea #1 - fixed window (Problem #1: long-term dependencies)",
    )
    panels = {
        "sentences": "blue: what the net reads; orange: a clue that it doesn't; last, its answer",
        "by distance": "share right, by how far back the country stands; at 1 it is the last word",
        "answer": "what the net says after the typed sentence",
    }
    claims = {
        "inside": "with the country 1 to 4 words back over 0.95 of new sentences are right",
        "blind": "with it 5 to 16 back between 0.2 and 0.3 are right, as by guessing",
        "knows_it": "there the loss is at most 0.1 above ln 4, that of an honest guess",
        "unmoved": "new words 5 to 16 back change the answers by 0",
    }
    tries = (
        Try(
            "window=8",
            "The window has 8 words, not 4. The country stands 5 to 16 back. How many are right?",
            ("a quarter", "about half", "nearly all"),
            right=2,
            breaks=("blind", "unmoved"),
            keeps="inside",
            why="Four of these twelve distances are in reach now, and right. The other eight are "
            "guessed as before: 4/12 + 8/12 · 1/4 = 1/2.",
        ),
        Try(
            "units=256",
            "Eight times as many units. The country stands 5 to 16 back. How many are right?",
            ("a quarter", "somewhat more", "half"),
            right=1,
            keeps=("inside", "blind", "unmoved"),
            why="The clue is not in the input. No net can compute from what it isn't given.",
        ),
        Try(
            "reach=1",
            "In training the country is always the last word. Is it found 2 to 4 words back, "
            "within the window?",
            ("yes: it is read", "no: it is guessed", "half of the time"),
            right=2,
            breaks="inside",
            keeps="unmoved",
            why="Each place of the window has weights of its own, and only those of the last place "
            "ever saw a country.",
        ),
        Try(
            "window=16",
            "A window as long as the sentence. The country stands 5 to 16 back. How many are "
            "right?",
            ("a quarter", "half", "nearly all"),
            right=3,
            breaks=("blind", "unmoved"),
            keeps="inside",
            why="All of it is read now, and training had a country at each place.",
        ),
    )
    quick = {"steps": 20}

    window = Int(4, min=1, max=16, help="w, how many words the net reads")
    reach = Int(16, min=1, max=16, help="in training the country is at most so far back")
    units = Int(32, min=4, max=256, log=True, help="hidden units of the net")
    sentence = Text("in spain we the of my it is on", live=True, help="of the words below")
    steps = Int(400, min=10, max=4000, log=True, help="steps of 256 sentences")

    def run(self, stage):
        w = self.window
        net = nn.Sequential(nn.Linear(w * V, self.units), nn.ReLU(), nn.Linear(self.units, 4))
        net.to(stage.device)
        adam = torch.optim.Adam(net.parameters(), lr=0.01)

        def read(ids):
            """Scores [N, 4] for the four languages, from the last w words of ids [N, T]."""
            seen = ids[:, T - w :]
            x = one_hot(seen.clamp(min=0), V) * (seen >= 0)[..., None]  # −1: no word there
            return net(x.flatten(1).float())

        distance = torch.arange(1, T + 1).repeat_interleave(300)  # as many of each
        new, y_new = (part.to(stage.device) for part in sentences(distance))
        distance = distance.to(stage.device)
        far = distance > 4
        typed_rows, y_rows = (part.to(stage.device) for part in sentences(torch.tensor(SHOWN)))

        @stage.look(10, net)
        def look():
            hits = (read(new).argmax(dim=1) == y_new).float().reshape(T, -1).mean(dim=1)
            stage.plot("by distance", range(1, T + 1), {"right": hits})
            stage.headline(
                f"window of {w}: clue 1 to 4 back {hits[:4].mean():.0%} right, "
                f"5 to 16 back {hits[4:].mean():.0%}"
            )
            sure = read(typed_rows).softmax(dim=1)
            pieces, shades = [], []
            for ids, p, y in zip(typed_rows.tolist(), sure.tolist(), y_rows.tolist(), strict=True):
                for place, i in enumerate(ids):
                    read_too = place >= T - w
                    pieces += [WORDS[i].title() if i < 4 else WORDS[i], " "]
                    shades += [1.0 if read_too else 0.0 if i < 4 else torch.nan]
                    shades += [1.0 if read_too and place < T - 1 else torch.nan]
                pieces += [f"→ {LANGUAGES[y]} {p[y]:.0%}", "\n"]
                shades += [torch.nan, torch.nan]
            stage.tokens("sentences", pieces, shades)
            known, strange = spelt(self.sentence, WORDS)
            ids = torch.tensor([([-1] * T + known)[-T:]], device=stage.device)
            told = f"unknown: {' '.join(strange)}"[:40] if strange else "no words" * (not known)
            p = read(ids).softmax(dim=1)[0]
            stage.bars("answer", LANGUAGES, {told or "probability": p}, lines={"guessing": 0.25})

        stage.axes(
            "by distance",
            x="words back",
            y="share right",
            lines={"guessing": 0.25},
            verticals={"the window ends": w + 0.5},
        )
        for _ in stage.loop(self.steps):
            x, y = sentences(torch.randint(1, self.reach + 1, (256,)))
            loss = cross_entropy(read(x.to(stage.device)), y.to(stage.device))
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(net):
            scores = read(new)
            right = (scores.argmax(dim=1) == y_new).float()
            other = new.clone()
            other[:, : T - 4] = sentences(distance.cpu())[0].to(new.device)[:, : T - 4]
            stage.claim("inside", right[~far].mean(), above=0.95)
            stage.claim("blind", right[far].mean(), within=(0.2, 0.3))
            loss = cross_entropy(scores[far], y_new[far])
            stage.claim("knows_it", loss - math.log(4), at_most=0.1)
            stage.claim("unmoved", (read(other) - scores).abs().max(), equal=0)


def sentences(distance):
    """Sentences [N, T] of fillers with one country, `distance` [N] words from the end; [N]."""
    ids = torch.randint(4, V, (len(distance), T))
    country = torch.randint(4, (len(distance),))
    ids[torch.arange(len(distance)), T - distance] = country
    return ids, country
