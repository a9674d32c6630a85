"""
# Is a word read backwards another graph?

A text becomes a graph when each letter (or word) is a node and each is tied to the next: a chain.
Its adjacency matrix A has a 1 where row v hears column u. For a chain the ones lie *beside* the
diagonal; the diagonal itself is empty, for no letter is its own neighbour.

Read the word from its end. The letters are the same, and so are the pairs that stand side by
side. If a tie has no direction, the two graphs are equal, and no net that hears ties alone can
say which way the word was written. What a sequence says by its order a graph must say by the
*direction* of its edges, or by a mark on its nodes.

Here nets learn to tell English words from the same words reversed. A node begins as its letter,
without its place. In each round

    h_v ← ReLU(B h_v + W m_v)
    m_v = mean of h_u, v hears u

and in the end each node votes; the mean of the votes answers. The nets differ in A alone:

- **chosen**: each letter hears the one before it. One band of A.
- **both ways**: the one before and the one after. Two bands.
- **all before**: every earlier letter, as in a Transformer's causal attention. A triangle,
  n(n − 1)/2 edges in place of n − 1.

One direction suffices, and it does not matter which. The triangle has more edges and does a little
worse here: in its mean the near letter, which says most, is mixed with far ones.

## Tomorrow

If a model must read order, look for what tells it: directed edges, a causal mask, positions, a
mark at the start. Test it: turn the input round. If the answer stays, order was never read.
"""

import re
from collections import Counter
from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

from dlplay import Choice, Float, Int, Scene, Text, Toggle, Try
from dlplay.data import shakespeare

NETS = ("chosen", "both ways", "all before")
N = 8  # letters of a word at most
ARROWS = {"forwards": "→", "backwards": "←", "complete": "↔", "both ways": "↔", "all before": "→"}


class Backwards(Scene):
    covers = ("Text as Graphs",)
    panels = {
        "word": "your word, its reverse, above each the answer; orange: written forwards. Equal "
        "answers: order is lost",
        "right": "share of new words; higher is better",
        "who hears whom": "a row hears the columns that hold 1",
    }
    claims = {
        "one_way": "hearing the letter before, a net is right for over 0.88 of new words",
        "both_ways": "hearing both neighbours, it is right for half of them, as by guessing",
        "all_before": "hearing all letters before, it is right for over 0.82",
        "near": "the one before is better than all before: by 0.01 to 0.1",
    }
    tries = (
        Try(
            "edges=complete",
            "In the chosen graph every letter hears every other: four times the edges. How well?",
            ("better than with one", "as well", "as by guessing"),
            right=3,
            breaks=("one_way", "near"),
            keeps="both_ways",
            why="Who hears all others knows which letters there are, not in which order. Edges "
            "without a direction do not make one, however many.",
        ),
        Try(
            "edges=backwards",
            "In the chosen graph each letter hears the one AFTER it. For how many words is it "
            "right?",
            ("as many as before", "half, it guesses", "next to none"),
            right=1,
            keeps=("one_way", "both_ways"),
            why="That `h` is followed by `t` says as much as that `t` follows `h`. There must be "
            "a direction, no matter which.",
        ),
        Try(
            "mark=true",
            "The first letter that is read carries a mark, in all graphs. What can `both ways` do?",
            ("still nothing", "better than guessing, for few words", "nearly as well as one way"),
            right=3,
            breaks="both_ways",
            keeps="one_way",
            why="The marked end is a place to count from. Two rounds carry it two letters far, and "
            "how words begin and end says most.",
        ),
        Try(
            "layers=1",
            "One round: a letter hears the one before it, no further. Is that enough?",
            ("no, it guesses", "about two in three words", "nearly as good as two rounds"),
            right=3,
            keeps=("one_way", "both_ways"),
            why="Which letter follows which says nearly all: `th` is common, `ht` is rare.",
        ),
    )
    quick = {"steps": 20}

    word = Text("machine", max_length=N, live=True, help="your word, 2 to 8 letters, a to z")
    edges = Choice("forwards", ("forwards", "backwards", "complete"), help="of the chosen graph")
    mark = Toggle(False, help="whether the first letter that is read carries a mark")
    layers = Int(2, min=1, max=4, help="rounds of messages")
    learning_rate = Float(0.005, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(400, min=20, max=4000, log=True, help="steps of 128 words, for each net")

    def run(self, stage):
        found = Counter(re.findall(r"\b[a-z]{4,8}\b", shakespeare().lower()))
        words = [word for word, _ in found.most_common() if word[::-1] not in found][:6000]
        x = spelt(words)[torch.randperm(len(words))].to(stage.device)  # [6000, 8]
        x, x_test = x[:5000], x[5000:]
        hears = [matrix(name) for name in (self.edges, *NETS[1:])]
        nets = nn.ModuleList(Net(A, self.layers, self.mark) for A in hears).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)

        def right():
            """Of new words, as they are and reversed, the share that each net is right for."""
            both = [(net(x_test)[0] > 0, net(reversed_(x_test))[0] < 0) for net in nets]
            return [torch.cat(each).float().mean() for each in both]

        @stage.look(10, nets)
        def look():
            shares = right()
            stage.curve("right", dict(zip(NETS, shares, strict=True)))
            named = ", ".join(f"{n} {s:.0%}" for n, s in zip(NETS, shares, strict=True))
            stage.headline(f"new words right: {named}; guessing 50%")
            word = re.sub(r"[^a-z]", "", self.word.lower())
            word = word if len(word) > 1 else "machine"
            n = len(word)
            places, ties, votes, labels = [], [], [], []
            for row, (place, backwards) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
                ids = spelt([word]).to(stage.device)
                ids = reversed_(ids) if backwards else ids
                logit, each = nets[place](ids)
                first, name = len(places), (self.edges, *NETS[1:])[place]
                arch = 0.02 * (hears[place].sum() > 2 * N)  # so that far ties are seen
                for at, letter in enumerate(word[::-1] if backwards else word):
                    places.append((at, -row - 0.4 - arch * (2 * at - n + 1) ** 2))
                    labels.append(letter + ARROWS[name] * (at < n - 1))
                ties += [(first + v, first + u) for v, u in hears[place][:n, :n].nonzero().tolist()]
                places.append((0, -row))
                labels.append(f"{NETS[place]}: {logit[0].sigmoid():.2f}")
                votes += [each[0, :n].sigmoid(), logit.sigmoid()]
            stage.graph("word", places, ties, values=torch.cat(votes), labels=labels)
            grids = {name: A[:n, :n] for name, A in zip(NETS, hears, strict=True)}
            stage.matrices("who hears whom", grids, scales=dict.fromkeys(NETS, (0, 1)))

        stage.axes("right", y="share right", lines={"guessing": 0.5})
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            batch = x[torch.randint(len(x), (128,), device="cpu").to(stage.device)]
            y = torch.randint(2, (128,), device="cpu").to(stage.device).float()
            batch = torch.where(y[:, None] == 1, batch, reversed_(batch))
            loss = sum(binary_cross_entropy_with_logits(net(batch)[0], y) for net in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            shares = dict(zip(NETS, torch.stack(right()).tolist(), strict=True))
            stage.claim("one_way", shares["chosen"], above=0.88)
            stage.claim("both_ways", shares["both ways"], within=(0.49, 0.51))
            stage.claim("all_before", shares["all before"], above=0.82)
            stage.claim("near", shares["chosen"] - shares["all before"], within=(0.01, 0.1))


class Net(nn.Module):
    """Rounds of messages among letters; A [8, 8] holds 1 where a row hears a column."""

    def __init__(self, A, layers, mark, channels=48):
        super().__init__()
        self.register_buffer("A", A)
        self.mark = mark
        sizes = list(pairwise([27] + [channels] * layers))
        self.B = nn.ModuleList(nn.Linear(a, b) for a, b in sizes)
        self.W = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in sizes)
        self.vote = nn.Linear(channels, 1)

    def forward(self, ids):
        """Letters [M, 8], 0 where there is none -> logits of `forwards` [M], votes [M, 8]."""
        there = (ids > 0).float()
        h = one_hot(ids, 27).float()  # the first place is free, for the mark
        h[:, :, 0] = 0
        h[:, 0, 0] = float(self.mark)
        means = self.A * there[:, None]
        means = means / means.sum(dim=2, keepdim=True).clamp(min=1)  # [M, 8, 8]
        for B, W in zip(self.B, self.W, strict=True):
            h = (B(h) + W(means @ h)).relu()
        votes = self.vote(h)[..., 0] * there
        return votes.sum(dim=1) / there.sum(dim=1), votes


def matrix(edges):
    """A [8, 8]: 1 where the letter of the row hears that of the column."""
    ahead = torch.arange(N)[:, None] - torch.arange(N)
    hears = {
        "forwards": ahead == 1,
        "backwards": ahead == -1,
        "complete": ahead != 0,
        "both ways": ahead.abs() == 1,
        "all before": ahead > 0,
    }
    return hears[edges].float()


def spelt(words):
    """Words as letters 1 to 26, then zeros: [words, 8]."""
    return torch.tensor([[ord(c) - 96 for c in word.ljust(N, chr(96))] for word in words])


def reversed_(ids):
    """The same words [M, 8] from the last letter to the first."""
    n = (ids > 0).sum(dim=1, keepdim=True)
    places = n - 1 - torch.arange(N, device=ids.device)
    return torch.where(places >= 0, ids.gather(1, places.clamp(min=0)), 0)
