"""
# Does what is learned at one place help at another?

To miss no clue, let the model see everything: a window as long as the sequence. Each token at each
place is an input of its own, with weights of its own.

Here a sequence has sixteen tokens. One is a clue, one of four letters; the rest is noise. Which
letter was it? In training the clue stands at the places 1 to 8. Then it is asked for at all
sixteen.

- The **window** has the number of tokens × places × units as weights in its first layer, twice as
  many for sequences twice as long. A weight learns only when its input is there. Those for the
  letters at the places 9 to 16 were never in use: they stand where they began, and the window
  guesses.
- The **bag of words** counts tokens and forgets the places. One weight per token and unit serves at
  all places. That is **parameter sharing**, and what is learned at one place holds at every other.
- The **loop** (next page) reads token by token, at each step with the same weights, and keeps a
  state. It carries over too, but not all the way.

Why not? Its weights are the same at each step; its state is not. It can tell how long it has been
reading. In training no clue ever came after the eighth token, so nothing taught it to go on
listening. What is shared carries over only as far as it met the same situations.

## Tomorrow

Ask of a model what it shares: over places, over time, over nothing. Then test at places that
training never had. To have a rule hold everywhere, let examples begin at random places.
"""

import torch
from torch import nn
from torch.nn.functional import one_hot

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.batched import (
    BatchedLinear,
    BatchedRNN,
    accuracies,
    orthogonal,
    side_by_side,
)

TOKENS, UNITS, COPIES = 20, 48, 5  # the first four tokens are the letters
MODELS = ("window", "bag", "loop")


class Positions(Scene):
    covers = ("Idea #3 - a really big window (Problem #3: no parameter sharing)",)
    panels = {
        "by place": "share right by where the clue stands, median of five nets; higher is better",
        "moved": "how far the window's weights for the four letters have moved, at each place",
        "models": "weights of each, and share right where training had the clue and where not",
    }
    claims = {
        "seen": "at the places of training the window is right for over 0.95",
        "unseen": "at the others it stays between 0.15 and 0.35 (guessing: 0.25)",
        "bag_carries": "there the bag of words is right for over 0.95",
        "loop_carries": "at the first three places beyond training the loop is right for over 0.7",
        "loop_fades": "at the last place it is right for at least 0.2 less than at the first such",
    }
    tries = (
        Try(
            "places=16",
            "In training the clue stands at all sixteen places. And the window at places 9 to 16?",
            ("it guesses, as before", "it learns them too", "it forgets the first eight"),
            right=2,
            breaks=("unseen", "loop_fades"),
            keeps="seen",
            why="It can know any place, from examples of that place. It has to learn the same "
            "sixteen times.",
        ),
        Try(
            "asked=last",
            "In training the loop has to answer after the last token only, not after each. How "
            "far does it carry now?",
            ("as far", "farther: it is not distracted", "less far"),
            right=3,
            breaks="loop_carries",
            keeps=("bag_carries", "unseen"),
            why="The clue was always eight steps old or more when it was asked for. A younger one "
            "leaves a state that the answer was never read from.",
        ),
    )
    quick = {"steps": 4}
    pace = 10

    places = Int(8, min=1, max=16, help="places, from the first, where training has the clue")
    asked = Choice("each", ("each", "last"), help="after which token training asks the loop")
    length = Int(16, min=16, max=32, help="T, tokens of a sequence")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(150, min=4, max=2000, log=True, help="steps of 32 sequences, for each of 15 nets")

    def run(self, stage):
        T, trained = self.length, self.places
        window, bag = Counts(T * TOKENS).to(stage.device), Counts(TOKENS).to(stage.device)
        loop = BatchedRNN(orthogonal(COPIES, 32), TOKENS, 4).to(stage.device)
        nets = nn.ModuleList([window, bag, loop])
        adam = torch.optim.Adam(nets.parameters())
        began = window.first.weight.detach().clone()  # [5, T · TOKENS, UNITS]
        counts = [sum(p[0].numel() for p in net.parameters()) for net in nets]
        tests = [clues(200, T, torch.full((200,), t), stage.device) for t in range(T)]

        def answers(x):
            """Of all models for tokens [N, T]: [N, 5, 4] each."""
            ones = one_hot(x, TOKENS).float()  # [N, T, TOKENS]
            return window(ones.flatten(1)), bag(ones.sum(dim=1)), loop(x)

        def by_place():
            """The median net's share right, of each model at each place: [3, T]."""
            right = [[accuracies(a, y).median() for a in answers(x)] for x, y in tests]
            return torch.tensor(right).T

        @stage.look(10, nets)
        def look():
            right = by_place()
            stage.plot("by place", range(1, T + 1), dict(zip(MODELS, right, strict=True)))
            moved = (window.first.weight - began).reshape(COPIES, T, TOKENS, UNITS)[:, :, :4]
            lengths = moved.norm(dim=(2, 3)).median(dim=0).values  # [T]
            stage.plot("moved", range(1, T + 1), window=lengths)
            seen, other = right[:, :trained].mean(dim=1), right[:, trained:].mean(dim=1)
            rows = [
                (name, f"{count:,}", f"{a:.2f}", f"{b:.2f}" if trained < T else "-")
                for name, count, a, b in zip(MODELS, counts, seen, other, strict=True)
            ]
            stage.table("models", ("model", "weights", "seen", "others"), rows)
            told = ", ".join(f"{n} {b:.0%}" for n, b in zip(MODELS, other, strict=True))
            stage.headline(f"right at places that training never had: {told}")

        ends = {"training ends here": trained} if trained < T else {}
        guess = {"guessing": 0.25}
        stage.axes("by place", x="place of the clue", y="share right", lines=guess, verticals=ends)
        stage.axes("moved", x="place of the letters", y="distance", verticals=ends)

        for _ in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = self.learning_rate
            at = torch.randint(trained, (32,), device="cpu")
            x, y = clues(32, T, at, stage.device)
            loss = sum(surprise(a, y).mean() for a in answers(x)[:2])
            h = torch.stack(loop.states(x))  # [T, 5, N, 32]
            if self.asked == "last":
                loss = loss + surprise(loop.answers(h[-1]), y).mean()
            else:  # after each token, from the clue on
                late = torch.arange(T, device="cpu")[:, None] >= at  # [T, N]
                each = torch.stack([surprise(loop.answers(now), y) for now in h])  # [T, N, 5]
                loss = loss + each[late.to(stage.device)].mean()
            adam.zero_grad()
            (COPIES * loss).backward()  # each net its own gradient
            adam.step()

        with stage.probe(nets):
            right = by_place()
            beyond = min(trained, T - 3)
            others = right[:, trained:] if trained < T else right[:, beyond:]
            stage.claim("seen", right[0, :trained].mean(), above=0.95)
            stage.claim("unseen", others[0].mean(), within=(0.15, 0.35))
            stage.claim("bag_carries", others[1].mean(), above=0.95)
            stage.claim("loop_carries", right[2, beyond : beyond + 3].mean(), above=0.7)
            stage.claim("loop_fades", right[2, beyond] - right[2, -1], at_least=0.2)


class Counts(nn.Module):
    """Five nets of one hidden layer, on inputs [N, inputs]: answers [N, 5, 4]."""

    def __init__(self, inputs):
        super().__init__()
        self.first = BatchedLinear(COPIES, inputs, UNITS)
        self.last = BatchedLinear(COPIES, UNITS, 4)

    def forward(self, x):
        return self.last(self.first(side_by_side(x, COPIES)).relu())


def surprise(answers, y):
    """−log of the probability of what is right: answers [N, 5, 4], y [N] -> [N, 5]."""
    return -answers.log_softmax(dim=2).gather(2, y[:, None, None].expand(-1, COPIES, 1))[..., 0]


def clues(N, T, at, device):
    """Noise [N, T] with a letter at the places `at` [N], and the letters [N]."""
    x, y = torch.randint(4, TOKENS, (N, T), device="cpu"), torch.randint(4, (N,), device="cpu")
    x[torch.arange(N), at] = y
    return x.to(device), y.to(device)
