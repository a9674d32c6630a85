"""
# What is lost when order is forgotten?

"The film was good, not bad." "The film was bad, not good." The same words, in another order, and
the opposite verdict.

A **bag of words** counts how often each word of the vocabulary occurs and forgets where. Its counts
are V numbers for V words, however long the text is:

    c(word) = Σₜ [xₜ = word]

xₜ is the t-th word, and [ ] is 1 where it is so, else 0. An ordinary net reads c. Of the two
sentences above it gets the same c, so whatever its weights are, it must answer both alike. In the
reviews here each has one good word, one bad word and one "not", among words that say nothing. The
bag guesses. Neither more training nor a larger net helps.

Often that doesn't matter. If praise is only ever praise, the words alone decide; the same net then
learns the task at once. So a bag is no bad idea, it answers each question that does not depend on
order. It is blind to the others.

Two ways give order back:

- Count **pairs** of neighbours, (xₜ, xₜ₊₁), V² of them. "not bad" is a pair, and one weight for
  each pair is enough. But a pair is torn by any word in between: "not a bad film".
- Read word by word, with a state that is carried along: the **loop** of the next pages. What it
  keeps may come from any distance, and its weights do not grow with it.

Type a review. Below it you see it with its good and bad word exchanged, or else back to front.

## Tomorrow

Start with a bag of words. If counting pairs helps much, order matters nearby, and pairs may be all
you need. If pairs don't help where you know that order matters, you need a model that reads on.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Choice, Int, Scene, Text, Try
from dlplay.data import reviews, spelt
from dlplay.data.language import NEGATIVE, POSITIVE, REVIEW_WORDS

V = len(REVIEW_WORDS)
NETS = ("words", "pairs", "loop")


class Bag(Scene):
    covers = ("Idea #2 - bag of words (Problem #2: no order)",)
    panels = {
        "two orders": "the same words twice; below each what the nets say: blue good, orange bad",
        "reviews right": "share of new reviews; higher is better",
        "pairs": "the heaviest weights of the bag of pairs: above 0 speaks for good",
    }
    claims = {
        "blind_to_order": "between 0.44 and 0.56 of new reviews are right for the bag of words",
        "pairs_enough": "over 0.95 are right for the bag of pairs, one weight each",
        "loop_too": "over 0.9 are right for the loop",
        "plain_is_easy": "on reviews without negation the bag of words has over 0.95 right",
    }
    tries = (
        Try(
            "task=plain",
            "No review has a 'not': two good words or two bad ones. Which net is best?",
            ("the loop", "pairs", "all three are alike"),
            right=3,
            breaks="blind_to_order",
            keeps=("pairs_enough", "loop_too"),
            why="The words alone decide, so nothing is lost with their order. The bag of words is "
            "the cheapest of the three.",
        ),
        Try(
            "gap=2",
            "Two other words stand between 'not' and its word. What becomes of the bag of pairs?",
            ("nearly all right, as before", "better than a guess, far from all", "it guesses"),
            right=2,
            breaks="pairs_enough",
            keeps=("blind_to_order", "loop_too"),
            why="'not' and 'bad' are no neighbours any more. What still helps at times is a pair "
            "such as 'good not': 'good' stands before 'not', so it is not meant.",
        ),
        Try(
            "length=20",
            "Reviews of 20 words, not 9. Which net suffers?",
            ("the bag of pairs", "the loop", "neither"),
            right=3,
            keeps=("pairs_enough", "loop_too"),
            why="A pair counts wherever it stands. This loop can still carry its verdict over the "
            "words that say nothing. At some length it no longer can.",
        ),
    )
    quick = {"steps": 10}

    task = Choice("negation", ("negation", "plain"), help="whether reviews have a 'not'")
    gap = Int(0, min=0, max=3, help="words between 'not' and its word")
    length = Int(9, min=6, max=20, help="words of a review")
    sentence = Text("the film was good not bad", live=True, help="a review, of the known words")
    steps = Int(300, min=10, max=4000, log=True, help="steps of 128 new reviews")

    def run(self, stage):
        def drawn(count, negation):
            x, y, _ = reviews(count, length=self.length, negation=negation, gap=self.gap)
            return x.to(stage.device), y.to(stage.device)

        negation = self.task == "negation"
        x_new, y_new = drawn(4000, negation)
        x_plain, y_plain = drawn(4000, False)
        words, words_plain = (
            nn.Sequential(nn.Linear(V, 32), nn.ReLU(), nn.Linear(32, 2)) for _ in range(2)
        )
        loop = Loop(32)
        pairs = nn.Linear(V * V, 2)
        nets = nn.ModuleList([words, pairs, loop, words_plain]).to(stage.device)
        adam = torch.optim.Adam(nets.parameters(), lr=0.005)

        def share_right(count):
            said = scores(x_new[:count]).argmax(dim=2)  # [3, count]
            return (said == y_new[:count]).float().mean(dim=1)

        def scores(x):
            """For good and bad, by the three nets, of reviews [N, T]: [3, N, 2]."""
            return torch.stack([words(counts(x)), pairs(pair_counts(x)), loop(x)])

        @stage.look(10, nets)
        def look():
            right = share_right(1000).tolist()
            stage.curve("reviews right", dict(zip(NETS, right, strict=True)))
            stage.headline(
                "new reviews right: words {:.0%}, pairs {:.0%}, loop {:.0%}".format(*right)
            )
            ids, strange = spelt(self.sentence, REVIEW_WORDS)
            told = f"unknown: {' '.join(strange)}\n" if strange else "" if ids else "no words typed"
            pieces, shades = [told] * bool(told), [torch.nan] * bool(told)
            for order in (ids, turned(ids)) if ids else ():
                chances = scores(torch.tensor([order], device=stage.device)).softmax(dim=2)
                bag = " ".join(sorted(REVIEW_WORDS[i] for i in order))
                pieces += [" ".join(REVIEW_WORDS[i] for i in order), f"\n  its bag: {bag}\n  "]
                shades += [torch.nan, torch.nan]
                for name, chance in zip(NETS, chances[:, 0, 1].tolist(), strict=True):
                    pieces += [f" {name}: good {chance:.0%} ", " "]
                    shades += [chance, torch.nan]
                pieces, shades = [*pieces, "\n"], [*shades, torch.nan]
            stage.tokens("two orders", pieces, shades)
            weight = pairs.weight[1] - pairs.weight[0]  # [V²]
            top = weight.abs().topk(8).indices.tolist()
            rows = [
                (f"{REVIEW_WORDS[i // V]} {REVIEW_WORDS[i % V]}", f"{weight[i]:+.2f}") for i in top
            ]
            stage.table("pairs", ("pair", "weight"), rows)

        stage.axes("reviews right", y="share right", lines={"guessing": 0.5})
        for _ in stage.loop(self.steps):
            x, y = drawn(128, negation)
            x_easy, y_easy = drawn(128, False)
            loss = sum(cross_entropy(score, y) for score in scores(x))
            loss = loss + cross_entropy(words_plain(counts(x_easy)), y_easy)
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(nets):
            right = share_right(4000)
            stage.claim("blind_to_order", right[0], within=(0.44, 0.56))
            stage.claim("pairs_enough", right[1], above=0.95)
            stage.claim("loop_too", right[2], above=0.9)
            right = words_plain(counts(x_plain)).argmax(dim=1) == y_plain
            stage.claim("plain_is_easy", right.float().mean(), above=0.95)


def counts(x):
    """How often each word occurs: [N, T] -> [N, V]."""
    return one_hot(x, V).sum(dim=1).float()


def pair_counts(x):
    """How often each pair of neighbours occurs: [N, T] -> [N, V²]."""
    first, second = one_hot(x[:, :-1], V).float(), one_hot(x[:, 1:], V).float()
    return torch.einsum("nta,ntb->nab", first, second).flatten(1)


class Loop(nn.Module):
    """Reads word by word: a state h [N, units] from the state before and the word."""

    def __init__(self, units):
        super().__init__()
        self.word = nn.Embedding(V, units)
        self.state, self.end = nn.Linear(units, units), nn.Linear(units, 2)

    def forward(self, x):  # [N, T] -> [N, 2]
        h = torch.zeros(len(x), self.state.in_features, device=x.device)
        for word in self.word(x).unbind(dim=1):
            h = torch.tanh(word + self.state(h))
        return self.end(h)


def turned(ids):
    """The same words in another order: a good and a bad one exchanged, or else back to front."""
    good = [n for n, i in enumerate(ids) if REVIEW_WORDS[i] in POSITIVE]
    bad = [n for n, i in enumerate(ids) if REVIEW_WORDS[i] in NEGATIVE]
    if not good or not bad:
        return ids[::-1]
    ids = list(ids)
    ids[good[0]], ids[bad[0]] = ids[bad[0]], ids[good[0]]
    return ids
