"""
# When does the reader change its mind?

A recurrent net reads a review word by word and says at the end whether it is praise. Its state h
passes from word to word, and so you can ask for its opinion after *every* word, not only after the
last:

    pₜ = σ(v · hₜ + a)

hₜ is the state after word t, v and a the weights and the bias of the answer, σ makes a probability
of it, pₜ is the probability of praise. The line of these pₜ shows to which words the net reacts.

Two nets of the same size are trained. The *reader* gets reviews with one good word, one bad word
and a "not" before one of them: "lovely … not dull" is praise, "not lovely … dull" is none. Both
kinds of words are in each, so counting them, as a bag of words does, tells nothing. The *twin* gets
reviews without any "not". It has never seen that word.

Watch both at "bad" in "not bad". The twin hears a bad word, and its line falls. The reader's rises:
the word means something else after "not", and h still knows that there was one.

But only the last pₜ was ever trained. In these reviews the first opinion, with its "not" or
without, already tells the verdict. The reader is under no pressure to say so at once, and often
doesn't: it waits for the pair with "not". The line is what the net has made of the words so far,
and no verdict before the end.

Type a `sentence` of your own. Words that no review has are left out.

## Tomorrow

Plot the probability after each token of texts that your model gets wrong. You see which word turned
it. Before you trust an answer at half the text, train it on halves.
"""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

from dlplay import Choice, Float, Int, Scene, Text, Toggle, Try
from dlplay.data import reviews, spelt

NETS = ("reader", "twin without “not”")
KINDS = ("good", "bad", "not", "not good", "not bad", "filler")


class Verdict(Scene):
    covers = ("RNN Applications - sentiment classification",)
    panels = {
        "praise?": "probability of praise after each word; the two nets part at “bad” after “not”",
        "moved by": "mean change of p at each kind of word; “not bad” is a bad word after “not”",
        "right": "share of new reviews with “not” that are judged right; higher is better",
    }
    claims = {
        "right": "the reader is right on over 0.95 of 500 new reviews",
        "bag_guesses": "a bag of words, trained on the same reviews, on 0.4 to 0.6",
        "turned_by_not": "a bad word after “not” raises the reader's p in over 0.8 of the cases",
        "twin_is_not": "and the twin's in fewer than 0.2",
        "end_decides": "asked at the first opinion already, the reader is right on over 0.04 fewer",
    }
    tries = (
        Try(
            "negation=off",
            "The reader learns from reviews without “not”, too. What does “not bad” do to its p?",
            ("raises it", "lowers it", "leaves it where it is"),
            right=2,
            breaks=("turned_by_not", "right"),
            keeps="twin_is_not",
            why="“not” never stood in a review, so it never meant anything. What is left is a bad "
            "word.",
        ),
        Try(
            "filler=40",
            "40 fillers follow each new review; in training there were none. Is the reader right?",
            ("hardly more often than by guessing", "on most", "on half as many as before"),
            right=2,
            keeps=("right", "turned_by_not"),
            why="Fillers said nothing in training either, wherever they stood. The net has learned "
            "to let its state alone at them, and goes on doing so.",
        ),
        Try(
            "cell=RNN",
            "A plain recurrent net instead of the GRU, for nine words. How often is it right?",
            ("as often", "on half: it has no gates", "on three of four"),
            right=1,
            keeps=("right", "turned_by_not"),
            why="Nine words are short. Gates pay where something must be kept for long.",
        ),
    )
    quick = {"steps": 10}
    pace = 30

    sentence = Text(
        "the film was not bad and the music good", max_length=120, live=True, help="to be read"
    )
    negation = Toggle(True, help="whether the reader's reviews have a “not”")
    filler = Int(0, min=0, max=40, live=True, help="fillers after each of the new reviews")
    cell = Choice("GRU", ("GRU", "RNN"), help="of both nets")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(250, min=10, max=2000, log=True, help="steps of 64 reviews, for each net")

    def run(self, stage):
        words = reviews(1).words
        nets = nn.ModuleList(Reader(len(words), self.cell) for _ in NETS)
        bag = nn.Sequential(nn.Linear(len(words), 32), nn.ReLU(), nn.Linear(32, 1))
        nets, bag = nets.to(stage.device), bag.to(stage.device)
        optimizer = torch.optim.Adam([*nets.parameters(), *bag.parameters()], self.learning_rate)

        def drawn(count, **options):
            """Ids of the words [count, T], and 1.0 for praise [count]."""
            ids, labels, _ = reviews(count, **options)
            return ids.to(stage.device), labels.float().to(stage.device)

        def counts(ids):  # [N, T] -> [N, words]
            return one_hot(ids, len(words)).sum(dim=1).float()

        test = torch.Generator().manual_seed(stage.seed + 1)
        ids_new, y_new = drawn(500, after=40, generator=test)

        def judged():
            """Of 500 new reviews the answers after each word, [2, 500, T], and the bag's [500]."""
            ids = ids_new[:, : 9 + self.filler]
            return torch.stack([net(ids) for net in nets]).sigmoid(), bag(counts(ids)).sigmoid()

        def right(p):  # [500] -> share of them
            return ((p.flatten() > 0.5) == (y_new == 1)).float().mean().item()

        def moved(p):
            """How each kind of word changes p in the new reviews: a row of changes each."""
            before, ids = ids_new[:, : p.shape[1] - 1], ids_new[:, 1 : p.shape[1]]
            denied, good, bad = before == 0, (ids >= 1) & (ids <= 3), (ids >= 4) & (ids <= 6)
            kinds = (good & ~denied, bad & ~denied, ids == 0, good & denied, bad & denied, ids > 6)
            return [p.diff(dim=1)[kind] for kind in kinds]

        stage.axes("praise?", x="word", y="p", lines={"undecided": 0.5})
        stage.axes("right", x="step", y="share right", lines={"guessing": 0.5})

        @stage.look(5, nets)
        def look():
            read, ids = [], []  # the words as typed, an unknown one in brackets; the known ones
            known = [0]  # how many of the words up to each were known
            for word in self.sentence.split():
                found, _ = spelt(word, words)
                ids += found
                read.append(word if found else f"({word})")
                known.append(len(ids))
            read, known = (read, known[1:]) if read else (["(nothing typed)"], known)
            typed = torch.tensor([ids], dtype=torch.long, device=stage.device)
            undecided = torch.full((2, 1), 0.5, device=stage.device)
            after = torch.stack([net(typed)[0] for net in nets]).sigmoid()  # [2, known words]
            p = torch.cat([undecided, after], dim=1)[:, known]
            stage.bars("praise?", read, dict(zip(NETS, p, strict=True)), lines={"undecided": 0.5})
            answers, counted = judged()
            shares = *(right(p[:, -1]) for p in answers), right(counted)
            stage.curve("right", dict(zip((*NETS, "bag of words"), shares, strict=True)))
            means = [[change.mean().item() for change in moved(p)] for p in answers]
            stage.bars("moved by", KINDS, dict(zip(NETS, means, strict=True)))
            told = f"praise? reader {p[0, -1]:.0%}, twin {p[1, -1]:.0%}; "
            stage.headline(told + f"right on new reviews: {shares[0]:.0%}, {shares[1]:.0%}")

        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            ids, y = drawn(64, negation=self.negation)
            plain, y_plain = drawn(64, negation=False)
            scores = nets[0](ids)[:, -1], nets[1](plain)[:, -1], bag(counts(ids))[:, 0]
            loss = sum(
                binary_cross_entropy_with_logits(score, target)
                for score, target in zip(scores, (y, y_plain, y), strict=True)
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            (reader, twin), counted = judged()
            changes = moved(reader)
            opinion = ((ids_new >= 1) & (ids_new <= 6)).int().argmax(dim=1)  # place of the first
            early = right(reader.gather(1, opinion[:, None]))
            stage.claim("right", right(reader[:, -1]), above=0.95)
            stage.claim("bag_guesses", right(counted), within=(0.4, 0.6))
            stage.claim("turned_by_not", (changes[4] > 0).float().mean(), above=0.8)
            stage.claim("twin_is_not", (moved(twin)[4] > 0).float().mean(), below=0.2)
            stage.measure(filler_moves_reader_by=changes[5].abs().mean())
            stage.claim("end_decides", right(reader[:, -1]) - early, above=0.04)


class Reader(nn.Module):
    """An opinion after each word: ids [N, T] -> logits of praise [N, T]."""

    def __init__(self, words, cell):
        super().__init__()
        self.vectors = nn.Embedding(words, 16)
        self.cell = {"GRU": nn.GRU, "RNN": nn.RNN}[cell](16, 32, batch_first=True)
        self.answer = nn.Linear(32, 1)

    def forward(self, ids):
        if not ids.shape[1]:
            return ids.new_zeros(ids.shape).float()
        states, _ = self.cell(self.vectors(ids))  # [N, T, 32]
        return self.answer(states)[..., 0]
