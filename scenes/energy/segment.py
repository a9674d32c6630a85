"""
# Can one read text without spaces?

You see only letters: *youcanreadthis*. What you want to know, where the words end, is not in them.
It is **hidden**. Call it z: the list of cuts. No example shows you z. But you can say how well a z
explains the letters x, and look for the best.

So write an energy of both. Each word has a **price**, high if it is rare: −log p, with p its share
of the words in some plays. The energy of cuts is what the pieces between them cost together:

    E(x, z) = Σ −log p(word)

A piece that is no known word costs as much as the rarest, and U more for each of its letters. To
read is to minimise over what is hidden:

    F(x) = min E(x, z) over z

A line of 30 letters has 2²⁹ lists of cuts, half a billion. You need not try them. If the last word
begins after letter i, then all up to i must be cut in the cheapest way as well, and that you know
already. So go from left to right and keep the cheapest reading up to each letter: only the last
word is open each time. This is **dynamic programming**.

To take the longest word that fits, from the left, is no search: it can't take a choice back.

The minimum is only as wise as the energy. Where it goes wrong, it has found something *cheaper*
than the truth.

The minimum is one way to be rid of z. The other is to sum over all z, −log Σ e^−E: the free energy,
in which many good explanations count for more than one.

## Tomorrow

Name what you are not told, give it a letter, and ask whether you can minimise over it before you
ask for labels. When a result is wrong, compare its energy with the truth's: if it is lower, mend
the energy; if it is higher, the search.
"""

import math
import random
import re
from collections import Counter

from dlplay import Choice, Float, Int, Scene, Text, Try
from dlplay.data import shakespeare

LONGEST = 16  # letters of a piece


class Segment(Scene):
    covers = ("Latent-Variable EBM",)
    panels = {
        "lattice": "letters round a bow; a line is a word that fits, a thick one is in the reading",
        "reading": "the cheapest so far; the colour is what each word costs",
        "last word": "pieces that end at this letter; the sum is the energy of the whole",
        "new lines": "agreement with the true cuts (F1), of verses that were not counted",
    }
    claims = {
        "reads": "on 200 lines the cuts of least energy agree with the true ones: F1 over 0.94",
        "search": "that is over 0.1 more than by taking the longest word that fits",
        "prices": "it is over 0.02 more than if all words have the same price",
        "least": "per line, the least energy is over 60 below the best of 20 random lists of cuts",
        "energys_fault": "in 0.1 to 0.5 of the lines something is cheaper than the true cuts",
    }
    tries = (
        Try(
            "unknown=0",
            "The letters of an unknown word cost nothing more. Where are the cuts?",
            ("hardly anywhere", "everywhere", "where they were"),
            right=1,
            breaks=("reads", "search", "energys_fault"),
            why="One long unknown word is then the cheapest explanation of anything. A hidden "
            "variable that may explain all explains nothing.",
        ),
        Try(
            "lexicon=0.01",
            "One verse in a hundred is counted: 700 words instead of 11,000. What is F1 now?",
            ("hardly less", "about 0.8", "below 0.3"),
            right=2,
            breaks=("reads", "energys_fault"),
            why="A few hundred words make up most of any text. But each word that is missing "
            "takes its neighbours' cuts along.",
        ),
        Try(
            "prior=equal",
            "All known words cost the same. What decides between two readings?",
            ("nothing, they tie", "the number of words", "their first letters"),
            right=2,
            breaks="prices",
            keeps=("search", "least"),
            why="With one price the cheapest reading is that of fewest words. It is a good rule, "
            "and knowing which words are common makes it better.",
        ),
        Try(
            "text=thegodisnowhere",
            "How will it be read?",
            ("the god is nowhere", "the god is now here", "the gods know here"),
            right=2,
            keeps=("reads", "search", "energys_fault"),
            why="*Now* with *here* is cheaper than the rare *nowhere*. An energy of single words "
            "knows neither grammar nor sense.",
        ),
    )
    quick = {"lines": 20}
    pace = 3

    text = Text("youcanreadthisalthoughnospaceisleft", max_length=60, help="what is read")
    lexicon = Float(1, min=0.01, max=1, log=True, help="share of the verses that are counted")
    prior = Choice("counted", ("counted", "equal"), help="prices by count, or one for all words")
    unknown = Float(3, min=0, max=6, help="U, further cost of each letter of an unknown word")
    letter = Int(0, min=0, max=60, live=True, help="where the last word ends; 0: the newest letter")
    lines = Int(200, min=10, max=1000, log=True, help="new verses on which it is judged")

    def run(self, stage):
        verses = [re.sub("[^a-z ]", "", line.lower()).split() for line in spoken()]
        known, new = verses[: len(verses) * 9 // 10], verses[len(verses) * 9 // 10 :]
        chance = random.Random(stage.seed)
        known = chance.sample(known, round(self.lexicon * len(known)))
        new = chance.sample(new, self.lines)
        count = Counter(word for verse in known for word in verse)
        total = sum(count.values())
        counted = {word: math.log(total / n) for word, n in count.items()}
        equal = dict.fromkeys(count, math.log(len(count)))
        counted[""], equal[""] = math.log(total), math.log(len(count))  # what is no word: at least

        def price(piece, prices):
            if piece in prices:
                return prices[piece]
            return prices[""] + self.unknown * len(piece)

        def extended(letters, E, begins, prices):
            """One letter on: the pieces that may end here, (energy in all, begin, own price)."""
            j = len(E)
            ways = []
            for i in range(max(0, j - LONGEST), j):
                own = price(letters[i:j], prices)
                ways.append((E[i] + own, i, own))
            least, i, _ = min(ways)
            E.append(least)
            begins.append(i)
            return sorted(ways)

        def read(letters, prices):
            """The cheapest reading of letters: its energy and its words."""
            E, begins = [0.0], [0]
            for _ in letters:
                extended(letters, E, begins, prices)
            return E[-1], followed(letters, begins)

        prices = counted if self.prior == "counted" else equal
        letters = re.sub("[^a-z]", "", self.text.lower()) or "nothing"
        E, begins, ways = [0.0], [0], []
        turn = [math.pi * (1 - k / len(letters)) for k in range(len(letters) + 1)]
        bow = [(1.5 * math.cos(t), math.sin(t)) for t in turn]
        found = {"least energy": [read("".join(verse), prices)[1] for verse in new]}
        found["longest word"] = [longest("".join(verse), prices) for verse in new]
        found["one price"] = [read("".join(verse), equal)[1] for verse in new]
        score = {name: agreement(cut, new) for name, cut in found.items()}

        @stage.look(1)
        def look():
            words = followed(letters, begins)
            ends, on_way, at = set(), [], 0
            for word in words:
                on_way.append((at, at + len(word)))
                at += len(word)
                ends.add(at)
            fit = [
                (i, j)
                for j in range(1, len(E))
                for i in range(max(0, j - LONGEST), j)
                if letters[i:j] in prices and (i, j) not in on_way
            ]
            stage.graph(
                "lattice",
                bow,
                fit + on_way,
                weights=[0.1] * len(fit) + [1.0] * len(on_way),
                values=[float(k in ends) for k in range(len(bow))],
                labels=[*letters, "."],
            )
            costs = [price(word, prices) for word in words]
            stage.tokens("reading", words, costs, low=0, high=15, gap=True)
            j = min(self.letter or len(ways), len(ways))
            rows = [
                (letters[i:j], f"{own:.1f}", f"{e - own:.1f}", f"{e:.1f}")
                for e, i, own in ways[j - 1][:6]
            ]
            stage.table("last word", ("last word", "its price", "before it", "sum"), rows, best=[0])
            stage.bars("new lines", list(score), list(score.values()), unit="F1")
            stage.headline(f"{E[-1]:.1f}: {' '.join(words)}"[:76])

        for _ in stage.loop(len(letters)):
            ways += [extended(letters, E, begins, prices)]

        energies = [[], [], []]  # of each line: least, true, best of 20 random lists of cuts
        for verse, words in zip(new, found["least energy"], strict=True):
            tried = [at_random("".join(verse), len(verse), chance) for _ in range(20)]
            energies[0].append(sum(price(word, prices) for word in words))
            energies[1].append(sum(price(word, prices) for word in verse))
            energies[2].append(min(sum(price(w, prices) for w in each) for each in tried))
        least, true, random_cuts = energies
        cheaper = sum(a < b - 1e-6 for a, b in zip(least, true, strict=True)) / len(new)
        stage.claim("reads", score["least energy"], above=0.94)
        stage.claim("search", score["least energy"] - score["longest word"], above=0.1)
        stage.claim("prices", score["least energy"] - score["one price"], above=0.02)
        stage.claim("least", (sum(random_cuts) - sum(least)) / len(new), above=60)
        stage.claim("energys_fault", cheaper, within=(0.1, 0.5))


def spoken():
    """Verses of the plays, of five words or more."""
    lines = (line.strip() for line in shakespeare().split("\n"))
    return [line for line in lines if len(line.split()) >= 5]


def followed(letters, begins):
    """The words of the reading in which the last word up to letter j begins at begins[j]."""
    words, j = [], len(begins) - 1
    while j:
        words.append(letters[begins[j] : j])
        j = begins[j]
    return words[::-1]


def longest(letters, prices):
    """From the left always the longest known word, or a single letter."""
    words = []
    while letters:
        fit = (n for n in range(min(LONGEST, len(letters)), 1, -1) if letters[:n] in prices)
        n = next(fit, 1)
        words.append(letters[:n])
        letters = letters[n:]
    return words


def at_random(letters, words, chance):
    """Letters cut into so many words, anywhere."""
    cuts = sorted(chance.sample(range(1, len(letters)), min(words, len(letters)) - 1))
    return [letters[a:b] for a, b in zip([0, *cuts], [*cuts, len(letters)], strict=True)]


def agreement(readings, verses):
    """F1 between the cuts of readings and the true ones."""

    def cuts(words):
        return {len("".join(words[:k])) for k in range(1, len(words))}

    pairs = [(cuts(words), cuts(verse)) for words, verse in zip(readings, verses, strict=True)]
    both = sum(len(a & b) for a, b in pairs)
    return 2 * both / max(1, sum(len(a) + len(b) for a, b in pairs))
