"""
# Whom does "it" mean?

"The animal did not cross the street because it was too tired." Who was? Now read *wide* in place of
*tired*: the last word decides which of the two nouns "it" stands for.

A net that gives each word a fixed vector cannot do this, for "it" would always be the same. With
**attention** each word takes from every other word's vector, with weights that it computes from the
words themselves:

    z(it) = sum of all α(it, j) · v(j)

α(it, j) is the weight of word j, v(j) what word j hands over; the weights sum to 1. Three nets
learn from sentences like this one to name the noun that is meant. Now and then a word of a sentence
is blanked in training, so that a blank is nothing strange to them.

The first columns show where "it" looks in each layer: a **map**. In the last layer it mostly looks
at the noun that is meant. Is that the explanation? Look at the last column: each word in turn is
blanked, and you see how far the answer moves from this noun towards the other (in log-odds, as a
share of the largest). What moves it most is the adjective, whatever its weight. A map says from
where something was taken, not what was done with it. And from layer 2 on, a word's place holds more
than that word: it has looked around, too. Look at the other two `net`s: other maps, same answers.

## Tomorrow

To learn what an answer hangs on, change the input: blank a word, or swap it for another that should
turn the answer. Train with blanks before you test with them. Show a map only beside such a test.
"""

import re

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Int, Scene, Text, Try
from dlplay.data import PRONOUN_WORDS, pronouns, swapped
from dlplay.nn.transformer import Block

NETS = 3
SWAPS = ("nothing", "other adjective", "no adjective")
IT, BEING, ADJECTIVE = (PRONOUN_WORDS.index(word) for word in ("it", "animal", "tired"))


class WhomItMeans(Scene):
    covers = ("Intuition behind Attention",)
    panels = {
        "it": "left: what “it” takes from each word; right: how far a blank there moves the answer",
        "whom it means": "how likely each noun is meant, the sentence changed in three ways",
        "right": "share of new sentences, of the middle net; higher is better",
    }
    claims = {
        "right": "the middle net of three names the noun meant in 0.98 or more of new sentences",
        "turns": "with an adjective of the other kind, 0.95 or more name the other noun",
        "clue": "with the adjective blanked, 0.35 to 0.65 are right",
        "not_any_word": "with the noun blanked that is not meant, 0.95 or more are right",
        "points": "in the last layer “it” takes over 5 times as much from the noun meant",
        "moves_most": "a blanked adjective moves the log-odds over 1.4 times as far as that noun",
    }
    tries = (
        Try(
            "layers=1",
            "One layer in place of two. The answers stay right. Where does the map of “it” point?",
            ("to the noun meant, as before", "to both nouns alike", "to the adjective alone"),
            right=2,
            breaks="points",
            keeps=("right", "turns"),
            why="When “it” looks, no noun has heard of the adjective. So it takes of all three, "
            "and the two layers after attention choose.",
        ),
        Try(
            "swap='other adjective'",
            "“tired” becomes “wide”, nothing else. What is the answer?",
            ("the animal still", "unsure between the two", "the street"),
            right=3,
            keeps=("right", "turns"),
            why="The net has learned which adjectives are said of beings and which of places.",
        ),
        Try(
            "swap='no adjective'",
            "The adjective is blanked. How often will the nets be right?",
            ("nearly always: the verb helps", "half of the time", "never"),
            right=2,
            keeps=("right", "clue"),
            why="Both nouns come first as often, with all verbs. Nothing else tells which.",
        ),
    )
    quick = {"steps": 3}

    sentence = Text(
        "The animal did not cross the street because it was too tired.",
        live=True,
        help="yours, with an “it”; words that the nets don't know are read as blanks",
    )
    swap = Choice(
        "nothing", ("nothing", "other adjective", "no adjective"), live=True, help="a change in it"
    )
    net = Int(1, min=1, max=3, live=True, help="which of the nets is shown")
    layers = Int(2, min=1, max=3, help="blocks of attention and two layers")
    steps = Int(250, min=3, max=2000, log=True, help="steps of 64 sentences, for each net")

    def run(self, stage):
        nets = nn.ModuleList(Reader(self.layers) for _ in range(NETS)).to(stage.device)
        optimizer = torch.optim.AdamW(nets.parameters(), lr=0.003)
        x, meant, other, it, _ = pronouns(200)
        x, meant, other = (part.to(stage.device) for part in (x, meant, other))
        turned, blind = swapped(x, "other adjective"), swapped(x, "no adjective")
        no_meant, no_other = (x.masked_fill(x == noun[:, None], 0) for noun in (meant, other))

        def named(x, noun):
            """The share of sentences in which the middle net names this noun."""
            shares = [(net(x, it)[0].argmax(dim=1) == noun).float().mean() for net in nets]
            return torch.stack(shares).median()

        def ahead(net, x):
            """By how much the noun meant is ahead of the other, in log-odds, on average."""
            logits = net(x, it)[0]
            return (logits.gather(1, meant[:, None]) - logits.gather(1, other[:, None])).mean()

        @stage.look(15, nets)
        def look():
            kinds = {"whole": x, "adjective blanked": blind, "other noun blanked": no_other}
            stage.curve("right", {name: named(kind, meant) for name, kind in kinds.items()})
            words = re.findall(r"[^\W\d_]+", self.sentence.lower())[:20]
            if "it" not in words:
                stage.headline("there is no “it” among the first 20 words")
                stage.text("it", "The nets know: " + ", ".join(PRONOUN_WORDS[1:]))
                stage.text("whom it means", "Type a sentence with an “it”.")
                return
            place = {word: n for n, word in enumerate(PRONOUN_WORDS)}
            ids, where = [place.get(word, 0) for word in words], words.index("it")
            typed, net = torch.tensor([ids], device=stage.device), nets[self.net - 1]
            shown = swapped(typed, self.swap)
            blank = torch.eye(len(words), device=stage.device) == 1
            logits, maps = net(torch.cat([shown, shown.masked_fill(blank, 0)]), where)
            # The noun that is meant, and the next one: of the sentence's, if it has two
            nouns = [n for n in dict.fromkeys(ids) if BEING <= n < ADJECTIVE]
            order = logits[0].argsort(descending=True).tolist()
            noun, rival = sorted(order, key=lambda n: n not in nouns)[:2]
            seen = nouns if len(nouns) > 1 else [noun, rival]
            odds = logits[:, noun] - logits[:, rival]
            moves = (odds[0] - odds[1:]).clamp(min=0) * ~blank[where]  # not of “it” itself
            read = zip(shown[0].tolist(), words, strict=True)
            rows = [PRONOUN_WORDS[n] if n else f"{word} ·" for n, word in read]
            columns = [*(f"layer {n} takes" for n in range(1, self.layers + 1)), "blank moves"]
            cells = torch.cat([maps[:, 0], moves[None] / moves.max().clamp(min=1e-6)]).T
            stage.heatmap("it", cells, rows=rows, columns=columns, low=0, high=1)
            names = "as typed", "adjective turned", "adjective blanked"
            chances = [net(swapped(typed, way), where)[0][0].softmax(dim=0) for way in SWAPS]
            bars = {name: p[seen] for name, p in zip(names, chances, strict=True)}
            stage.bars("whom it means", [PRONOUN_WORDS[n] for n in seen], bars)
            said = f"it is the {PRONOUN_WORDS[noun]} ({logits[0].softmax(dim=0)[noun]:.0%})"
            stage.headline(f"{said}; a blank for “{rows[int(moves.argmax())]}” moves that most")

        stage.axes("right", y="share", lines={"by lot": 0.5})
        for _ in stage.loop(self.steps):
            batch, y, _, at, _ = pronouns(64)
            blank = (torch.rand(batch.shape, device="cpu") < 0.1) & (batch != IT)
            batch, y = batch.masked_fill(blank, 0).to(stage.device), y.to(stage.device)
            loss = sum(cross_entropy(net(batch, at)[0], y) for net in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            takes, moved = [], []
            for net in nets:
                α = net(x, it)[1][-1]  # [N, T], in the last layer
                takes.append(α[x == meant[:, None]].mean() / α[x == other[:, None]].mean())
                whole, no_clue, no_noun = (ahead(net, each) for each in (x, blind, no_meant))
                moved.append((whole - no_clue) / (whole - no_noun))
            stage.claim("right", named(x, meant), at_least=0.98)
            stage.claim("turns", named(turned, other), at_least=0.95)
            stage.claim("clue", named(blind, meant), within=(0.35, 0.65))
            stage.claim("not_any_word", named(no_other, meant), at_least=0.95)
            stage.claim("points", torch.stack(takes).median(), above=5)
            stage.claim("moves_most", torch.stack(moved).median(), above=1.4)


class Reader(nn.Module):
    """Blocks of attention over all words; the noun that is meant is read at one of them."""

    def __init__(self, layers, D=32):
        super().__init__()
        self.vectors = nn.Embedding(len(PRONOUN_WORDS), D)
        nn.init.normal_(self.vectors.weight, std=0.5)
        self.places = nn.Parameter(0.02 * torch.randn(20, D))
        self.blocks = nn.ModuleList(Block(D, 1, causal=False) for _ in range(layers))
        self.answer = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, len(PRONOUN_WORDS)))

    def forward(self, x, at):
        """Words [N, T] -> logits of the word that is meant at place `at` [N, words], and what
        that place takes from each word in each layer [layers, N, T]."""
        h, maps = self.vectors(x) + self.places[: x.shape[1]], []
        for block in self.blocks:
            block.attention.keep_map = True
            h = block(h)
            maps.append(block.attention.map[:, 0, at])
        return self.answer(h[:, at]), torch.stack(maps)
