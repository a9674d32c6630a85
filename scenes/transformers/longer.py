"""
# What does a net make of a place that it was never told?

Training texts have 24 letters. Then somebody comes with a text of 96. A **learned position** is a
row of weights for each place, and it moves only when a text reaches that place. The rows from 25 on
have met no gradient: they are what chance made them.

**Sinusoidal positions** seem to be better off. They are computed, so there is a vector for each
place, as far as you like. It is often said that therefore they also serve for longer texts. Test
it.

The task could not be simpler: at each place, name the letter before. One attention layer does it if
the score of place p for place p − 1 is the greatest:

    score = (x_p W_Q) · (x_q W_K) / √D

x_p is letter plus position, D its width, W_Q and W_K are learned. With sines and cosines there are
matrices that find p − 1 for *all* p, because one step is the same turn everywhere. So this net can
represent what is asked. But training asks for 24 places alone, and many other matrices suit those
just as well. It takes one of them, and beyond the edge it looks anywhere.

The third net, *shifted waves*, shows that it could. It has the same waves and the same texts of 24
letters, but each text gets places that begin somewhere from 0 to 72. It has met all places, and
reads all 96.

To *have* a vector for a place is not to know what to do with it. It isn't the length either: a text
of 24 letters whose places are counted from 25 on is lost as well.

## Tomorrow

Plot the loss by place beyond the training length before you promise any length. To go further,
count from random places in training, or take positions that compare distances only, and plot again.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.attention import attention_weights, sinusoids

LETTERS, PLACES = 8, 96
NETS = ("learned", "waves", "shifted waves")


class Longer(Scene):
    covers = ("Positional Encoding (sinusoidal, learned)",)
    panels = {
        "right by place": "share of letters named; no training text was longer than the mark",
        "where it looks": "a row is a place, bright is where it looks; training was inside the box",
        "short, but later": "texts as long as in training, counted from another place on",
    }
    claims = {
        "all_learned": "at the trained places each of the three nets names over 0.9 of the letters",
        "rows_untrained": "beyond the edge the learned table names 0.08 to 0.2 (guessing: 0.125)",
        "waves_fail": "from the ninth place beyond it the waves name 0.08 to 0.2 as well",
        "random_starts": "the same waves with random starts name over 0.85 of the last 24 letters",
        "not_the_length": "texts of trained length, counted on from the edge: waves name below 0.3",
    }
    tries = (
        Try(
            "starts=24",
            "The third net's texts begin at places 0 to 24, not 0 to 72, so it has met places up "
            "to 48. Does it read up to 96?",
            ("yes: it has learned to go on", "no, up to 48 or so", "no, up to 24"),
            right=2,
            breaks="random_starts",
            keeps=("waves_fail", "all_learned"),
            why="Random starts teach no rule about all places. They only take the edge to where "
            "training ends now.",
        ),
        Try(
            "base=2",
            "The slowest wave is as short as 13 places. Each has gone round within the trained "
            "places. Do the waves carry further?",
            ("yes, to the end: no angle is new", "no: places look alike now", "not to the end"),
            right=3,
            keeps=("waves_fail", "all_learned"),
            why="Each angle has been met, but not these angles together. What was learned holds "
            "for 24 combinations.",
        ),
        Try(
            "random=all",
            "The learned table and the waves get random starts, too. What do they name beyond "
            "the edge?",
            ("the table guesses, the waves read", "both read on", "both guess: texts are short"),
            right=2,
            breaks=("rows_untrained", "waves_fail", "not_the_length"),
            keeps="random_starts",
            why="A row learns when a text reaches its place, wherever that text begins. The code "
            "was never at fault: it is what training asked for.",
        ),
        Try(
            "trained=48",
            "All training texts have 48 letters. Where do the waves fail now?",
            ("at 49", "at 25", "nowhere: 48 places are enough to find the rule"),
            right=1,
            keeps=("rows_untrained", "waves_fail"),
            why="The edge moves along with the training length. More places are more places, "
            "not the rule.",
        ),
    )
    quick = {"steps": 10}

    trained = Int(24, min=8, max=48, help="letters of a training text")
    starts = Int(72, min=0, max=72, help="where random starts begin: at places 0 to this")
    random = Choice("third", ("third", "all"), help="which of the three nets start so")
    base = Float(1e4, min=1.5, max=1e6, log=True, help="how much slower each wave is than the last")
    width = Int(48, min=16, max=128, step=16, help="D, numbers of a letter and of a place")
    later = Int(24, min=0, max=48, live=True, help="where the short texts are counted from")
    steps = Int(250, min=5, max=3000, log=True, help="steps of 64 texts, for each net")

    def run(self, stage):
        T, D = self.trained, self.width
        table, waves = torch.randn(PLACES, D), sinusoids(PLACES, D, self.base)
        learned = nn.Parameter(table)
        nets = [Looker(D, learned), Looker(D, waves), Looker(D, waves)]
        nets = nn.ModuleList(nets).to(stage.device)
        adam = torch.optim.Adam(nets.parameters(), lr=0.005)
        long, short = (texts(300, n).to(stage.device) for n in (PLACES, T))

        def right(x, start=0):
            """Of each net, the share of letters named at each place but the first: [3, N - 1]."""
            hits = [net(x, start)[:, 1:].argmax(dim=2) == x[:, :-1] for net in nets]
            return torch.stack(hits).float().mean(dim=1)

        @stage.look(20, nets)
        def look():
            by_place = right(long)
            far = by_place[:, T + 7 :].mean(dim=1)
            told = ", ".join(f"{n} {f:.0%}" for n, f in zip(NETS, far, strict=True))
            stage.headline(f"named far beyond training: {told}")
            x = range(2, PLACES + 1)
            stage.plot("right by place", x, dict(zip(NETS, by_place, strict=True)))
            maps = [net.looks(long[:1, : 2 * T], 0)[0] for net in nets]
            stage.matrices(
                "where it looks",
                dict(zip(NETS, maps, strict=True)),
                windows={name: {"trained": (0, 0, T, T)} for name in NETS},
                scales=dict.fromkeys(NETS, (0, 1)),
            )
            shares = right(short, min(self.later, PLACES - T)).mean(dim=1)
            stage.bars("short, but later", NETS, shares, lines={"guessing": 1 / LETTERS})

        guess, edge = {"guessing": 1 / LETTERS}, {"training ends here": T}
        stage.axes("right by place", x="place", y="share named", lines=guess, verticals=edge)
        for _ in stage.loop(self.steps):
            x = texts(64, T).to(stage.device)
            start = int(torch.randint(min(self.starts, PLACES - T) + 1, (), device="cpu"))
            starts = (start, start, start) if self.random == "all" else (0, 0, start)
            said = [net(x, s)[:, 1:] for net, s in zip(nets, starts, strict=True)]
            loss = sum(cross_entropy(s.flatten(0, 1), x[:, :-1].flatten()) for s in said)
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(nets):
            table, waves, moved = right(long)
            stage.claim("all_learned", right(short).mean(dim=1).min(), above=0.9)
            stage.claim("rows_untrained", table[T - 1 :].mean(), within=(0.08, 0.2))
            stage.claim("waves_fail", waves[T + 7 :].mean(), within=(0.08, 0.2))
            stage.claim("random_starts", moved[-24:].mean(), above=0.85)
            stage.claim("not_the_length", right(short, T)[1].mean(), below=0.3)


class Looker(nn.Module):
    """One attention layer, each place looking at itself and those before it."""

    def __init__(self, D, places):
        super().__init__()
        self.letters = nn.Embedding.from_pretrained(0.5 * torch.randn(LETTERS, D), freeze=False)
        self.places = nn.Parameter(places, requires_grad=isinstance(places, nn.Parameter))
        self.W_Q, self.W_K, self.W_V = (nn.Linear(D, D, bias=False) for _ in range(3))
        self.answer = nn.Linear(D, LETTERS)

    def inputs(self, x, start):
        """Letters [texts, N], the first one at place `start`: letter plus position."""
        return self.letters(x) + self.places[start : start + x.shape[1]]

    def looks(self, x, start):
        h = self.inputs(x, start)
        return attention_weights(self.W_Q(h), self.W_K(h), causal=True)  # [texts, N, N]

    def forward(self, x, start):  # [texts, N] -> [texts, N, LETTERS]
        return self.answer(self.looks(x, start) @ self.W_V(self.inputs(x, start)))


def texts(number, N):
    return torch.randint(LETTERS, (number, N), device="cpu")
