"""
# When must a reader know the end?

"Teddy" is a toy in "Teddy bear" and a man in "Teddy Roosevelt". When the word is read, nothing has
been said yet that decides it. A recurrent net answers for a word from its state there, and this
state has heard only what came before. No training helps: it can but guess.

So read the sentence a second time with a second net, from the end to the beginning. Its state at
"Teddy" has heard all that comes *after*. Put both side by side and let the answer see both:

    h(t) = [ →h(t), ←h(t) ]

→h(t) is the forward state at word t, ←h(t) the backward one. The two nets have weights of their own
and learn together. That is a **bidirectional** net, here of LSTMs: a Bi-LSTM. (Of plain recurrent
nets it is from 1997, Schuster and Paliwal; of LSTMs from 2005, Graves and Schmidhuber.)

In half of the sentences the clue comes before "Teddy", in half after it. Look at the map of who
hears whom: exchange one word, and see which answers move. For the one-way net it is half empty.

The price: nothing can be answered before the sentence is whole. For the encoder of a translator
that is no matter. What writes word by word (a decoder, a language model) must not see what comes
next: it is to predict just that. And what listens live can't wait for the end. It may wait a
little, though: let the one-way net answer `wait` words late.

## Tomorrow

To label whole sequences, read both ways. To generate or to stream, don't; if a stream may lag,
measure first what a delay of a few steps buys. If results look too good, change a future input and
see whether earlier answers move.
"""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, pad

from dlplay import Choice, Int, Scene, Text, Try

T = 12  # words of a sentence
# He, two clues to a toy, two to a man, fillers
LEXICON = "Teddy bear fur Roosevelt spoke the a one here we saw then today old near on in with was"
WORDS = LEXICON.split()
WAYS = ("one way", "both ways")


class BothWays(Scene):
    covers = ("Bi-LSTM", "How Bi-LSTM Works?")
    panels = {
        "is Teddy a man": "after each word of the sentence: how sure each net is; 0 is a toy",
        "who hears whom": "exchange the word of a column: how far does the answer of a row move?",
        "right": "share of new sentences, by where the clue stands; higher is better",
    }
    claims = {
        "one_way_guesses": "clue after Teddy: the one-way net is right in 0.4 to 0.6 of sentences",
        "both_ways_see": "the net that reads both ways is right there in 0.95 or more",
        "past_is_easy": "clue before Teddy: the one-way net is right in 0.95 or more",
        "deaf": "a clue that is exchanged after Teddy changes none of the one-way net's answers",
    }
    tries = (
        Try(
            "wait=1",
            "The one-way net answers one word later. How often is it right, clue after Teddy?",
            ("half of the time, as before", "nearly always", "in three of four"),
            right=2,
            breaks=("one_way_guesses", "deaf"),
            keeps=("both_ways_see", "past_is_easy"),
            why="When it answers for Teddy it has heard the next word, which is the clue here.",
        ),
        Try(
            "distance=6",
            "The clue stands six words from Teddy. Who is right if it comes after?",
            ("neither", "both ways only", "both"),
            right=2,
            keeps=("one_way_guesses", "past_is_easy"),
            why="Six words are no distance for an LSTM. What counts is from which side it comes.",
        ),
        Try(
            "combine=sum",
            "Both states are added, not put side by side. What happens?",
            ("nothing much", "it guesses: past and future are mixed up", "only the past is heard"),
            right=1,
            keeps=("both_ways_see", "one_way_guesses"),
            why="The nets learn together: they write what matters so that it survives the sum.",
        ),
    )
    quick = {"steps": 5}

    distance = Int(1, min=1, max=6, help="words from Teddy to the clue")
    wait = Int(0, min=0, max=6, help="by how many words the one-way net answers later")
    combine = Choice("concatenate", ("concatenate", "sum"), help="how both states become one")
    sentence = Text("we saw the old Teddy Roosevelt near a bear", live=True, help="with a Teddy")
    steps = Int(100, min=5, max=3000, log=True, help="steps of 64 sentences, for each net")

    def run(self, stage):
        nets = nn.ModuleList([Reader(32, False), Reader(20, True, self.combine)]).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.01)
        lags = self.wait, 0

        def answers(x):
            """At each word of x [N, n], above 0 for a man, if it is Teddy: two of [N, n]."""
            late = [pad(x, (0, lag), value=len(WORDS)) for lag in lags]
            return [net(x)[:, lag:] for net, x, lag in zip(nets, late, lags, strict=True)]

        def at_teddy(x):
            return [answer[x == 0] for answer in answers(x)]

        after, y_after = sentences(1000, self.distance, after=True)
        before, y_before = sentences(1000, self.distance, after=False)
        other = after.where((after == 0) | (after > 4), 5 - after)  # the other kind
        given = after, y_after, before, y_before, other
        after, y_after, before, y_before, other = (t.to(stage.device) for t in given)

        def revealed(x, k, lag):
            """After each word of x, what net k answers for the first Teddy; NaN before it can."""
            at, sure = x.tolist().index(0), torch.full((len(x),), torch.nan)
            for n in range(at + lag, len(x)):
                sure[n] = answers(x[None, : n + 1])[k][0, at].sigmoid()
            return sure

        def right(x, y):
            return [((said > 0) == (y == 1)).float().mean().item() for said in at_teddy(x)]

        stage.axes("right", y="share", lines={"guessing": 0.5})

        @stage.look(10, nets)
        def look():
            said, known = right(after, y_after), right(before, y_before)
            stage.curve("right", {f"{n}, clue after": r for n, r in zip(WAYS, said, strict=True)})
            stage.curve("right", {f"{n}, clue before": r for n, r in zip(WAYS, known, strict=True)})
            told = f"right in {said[0]:.0%} one way, {said[1]:.0%} both ways (guessing: 50%)"
            stage.headline(f"clue after Teddy: {told}")
            x, wrong = ids(self.sentence)
            if wrong:
                stage.text("is Teddy a man", wrong)
                stage.text("who hears whom", wrong)
                return
            x = x.to(stage.device)
            sure = {way: revealed(x, k, lags[k]) for k, way in enumerate(WAYS)}
            stage.bars("is Teddy a man", [WORDS[n] for n in x], sure, lines={"undecided": 0.5})
            # In each column a sentence with `bear` at this word, and one with `Roosevelt`
            column = torch.eye(len(x), device=stage.device) == 1
            toy, man = (torch.stack(answers(x.where(~column, n))).sigmoid() for n in (1, 3))
            moves = (man - toy).abs().transpose(1, 2)  # [2, answer, changed word]
            ends = dict.fromkeys(WAYS, (0, 1))
            stage.matrices("who hears whom", dict(zip(WAYS, moves, strict=True)), scales=ends)

        for _ in stage.loop(self.steps):
            x, y = (t.to(stage.device) for t in sentences(64, self.distance))
            loss = sum(binary_cross_entropy_with_logits(said, y) for said in at_teddy(x))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            one, both = right(after, y_after)
            flipped = (at_teddy(after)[0] > 0) != (at_teddy(other)[0] > 0)
            stage.claim("one_way_guesses", one, within=(0.4, 0.6))
            stage.claim("both_ways_see", both, at_least=0.95)
            stage.claim("past_is_easy", right(before, y_before)[0], at_least=0.95)
            stage.claim("deaf", flipped.float().mean(), equal=0)


class Reader(nn.Module):
    """An LSTM over the words, or two that read in opposite ways; an answer at each word."""

    def __init__(self, H, both, combine="concatenate"):
        super().__init__()
        self.vectors = nn.Embedding(len(WORDS) + 1, 12)  # the last: after the end
        self.forward_net = nn.LSTM(12, H, batch_first=True)
        self.backward_net = nn.LSTM(12, H, batch_first=True) if both else None
        self.combine = combine
        self.answer = nn.Linear(2 * H if both and combine == "concatenate" else H, 1)

    def forward(self, x):  # [N, n] -> [N, n]
        x = self.vectors(x)
        h, _ = self.forward_net(x)
        if self.backward_net:
            back = self.backward_net(x.flip(1))[0].flip(1)  # from the end; both at the same word
            h = h + back if self.combine == "sum" else torch.cat([h, back], dim=2)
        return self.answer(h)[..., 0]


def sentences(N, distance, after=None):
    """N sentences [N, T] with one Teddy and one clue, and whether he is a man [N], 0 or 1."""
    x, y, row = torch.randint(5, len(WORDS), (N, T)), torch.randint(2, (N,)), torch.arange(N)
    first = torch.randint(T - distance, (N,))
    later = torch.randint(2, (N,)) == 1 if after is None else torch.full((N,), after)
    x[row, first + distance * ~later] = 0
    x[row, first + distance * later] = 1 + 2 * y + torch.randint(2, (N,))
    return x, y.float()


def ids(sentence):
    """The numbers of its words [n]; and, where it can't be read, why."""
    known = {word.lower(): n for n, word in enumerate(WORDS)}
    words = sentence.replace(",", " ").replace(".", " ").lower().split()[:T]
    x = torch.tensor([known.get(word, -1) for word in words])
    if -1 in x:
        strange = words[x.tolist().index(-1)]
        return x, f"The nets never read “{strange}”.\nThey know: " + ", ".join(WORDS)
    return x, "" if 0 in x else f"There is no Teddy among the first {T} words."
