"""
# What does a loop with one set of weights gain?

A sequence has no fixed length. A net that reads it as one long input needs weights for each place,
and has none for places beyond its training. How do you read on without end?

Read one token at a time, and keep a **state** h: a row of H numbers. At each token a **recurrent
cell** makes the new state out of the old one and the token:

    h(t) = tanh( x(t) · W_xh
               + h(t−1) · W_hh + b )
    y(t) = h(t) · W_hy + b_y

x(t) is token t as a row of zeros with one 1; W_xh takes it in, W_hh carries the state round the
loop, W_hy reads the answer y out of it, b and b_y are biases. tanh keeps each number between −1 and
1. These are the *same* numbers at each token: 370 in all, for ten tokens or ten million.
Before the first, h(0) = 0.

The task here: four tokens, A, B and two fillers. After each one, which letter came last? The cell
needs two rules, each one step long: a letter sets the state, a filler leaves it. Trained on ten
tokens, it holds on for two hundred. The loop alone carries the letter: cut it (W_hh = 0), and on
fillers the net guesses.

That was not certain. Trained on too few tokens the state fades a little at each filler, too little
to matter there. Errors that training never sees, nothing corrects.

How W_hh is drawn decides the start: each of H terms has a spread, so it has to be divided by √H.
Without that, tanh is at its ends from the beginning, and hardly any gradient gets through.

## Tomorrow

Test at several times the training length, and with the clue as far back as you will ever need it.
Start each sequence with a fresh state; draw W_hh with a standard deviation near 1/√H.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Float, Int, Scene, Text, Try

TOKENS = "AB.-"  # two letters, two fillers


class Loop(Scene):
    covers = ("Recurrent Neuron",)
    panels = {
        "states": "each column is the state after a token: it turns at a letter, fillers leave it",
        "memory": "one letter, then fillers alone: share that still know it; higher is better",
        "weights": "all the cell has, and the same at each token; a row of W_xh is a token",
    }
    claims = {
        "any_length": "trained on ten tokens, it is right at the 200th for over 0.95 of sequences",
        "holds": "a letter, then 199 fillers: over 0.8 still know the letter",
        "loop_cut": "of the trained net with W_hh = 0, at most 0.7 are right at the 200th token",
        "graded": "before training fewer than 0.05 of its states are beyond ±0.99",
    }
    tries = (
        Try(
            "hidden=2",
            "The state has two numbers instead of sixteen. For how many fillers can it keep a "
            "letter?",
            ("two", "some ten, as trained", "two hundred"),
            right=3,
            keeps=("holds", "any_length"),
            why="One number with two resting places, high and low, is a memory. What decides is "
            "not how many numbers there are, but that the loop pulls each back to its place.",
        ),
        Try(
            "train_length=3",
            "Training sequences have three tokens instead of ten. How far does the memory reach?",
            ("three tokens", "some way beyond, then it is lost", "as far as before"),
            right=2,
            breaks="holds",
            keeps="loop_cut",
            why="Two fillers in a row are the most it ever met. A state that shrinks a little "
            "at each of them still gives the right answer there, so nothing mends it.",
        ),
        Try(
            "scale=8",
            "W_hh starts eight times as large. What becomes of it after 300 steps?",
            (
                "memory is better: the loop is stronger",
                "it fails at 200 tokens",
                "no difference: training sets the size",
            ),
            right=2,
            breaks=("any_length", "graded"),
            keeps="loop_cut",
            why="Sums of large terms push tanh to its ends, where it is flat. Old states echo "
            "wildly instead of staying, and gradients hardly pass.",
        ),
    )
    quick = {"steps": 10}
    pace = 10

    sequence = Text(
        "A..-.-.-B-..--.-.A.-.B.--.-..-A.-..-", live=True, help="what is read: A, B, . and -"
    )
    hidden = Int(16, min=2, max=32, help="H, numbers of the state")
    train_length = Int(10, min=2, max=20, help="tokens of a training sequence")
    scale = Float(1.0, min=0.1, max=8, log=True, help="size of W_hh at the start, times 1/√H")
    steps = Int(300, min=10, max=2000, log=True, help="steps of 64 sequences, Adam at 0.01")

    def run(self, stage):
        net = Cell(self.hidden, self.scale).to(stage.device)
        optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        x_new, y_new = sequences(500, 200, stage.device)
        x_hold = torch.randint(2, 4, (300, 200), device="cpu")  # fillers, but the first is a letter
        x_hold[:, 0] = torch.randint(2, (300,), device="cpu")
        x_hold = x_hold.to(stage.device)

        def knowing(loop=1.0):
            """Of those that hold one letter, the share right after each token: [200]."""
            _, y = net(x_hold, loop)
            return (y.argmax(dim=2) == x_hold[:, :1]).float().mean(dim=0)

        @stage.look(5, net)
        def look():
            typed = [TOKENS.find(c) if c in TOKENS else 3 for c in self.sequence.upper()[:60]]
            if not typed:
                stage.headline("`sequence` is empty: type letters A, B and fillers . and -")
                stage.text("states", "Nothing to read: type A, B and fillers, such as A..-B-.")
                return
            x = torch.tensor([typed], device=stage.device)
            h, y = net(x)  # [1, T, H], [1, T, 2]
            answer = y.softmax(dim=2)[0, :, 0] * 2 - 1  # 1: A for sure, -1: B for sure
            last, known = latest(x)
            truth = (1 - 2.0 * last[0]) * known[0]  # 0 where no letter has come yet
            order = (truth @ h[0]).argsort(descending=True)  # those that are up after A first
            rows = torch.cat([h[0].T[order], answer[None], truth[None]])
            stage.heatmap(
                "states",
                rows,
                rows=[*(f"unit {n + 1}" for n in order.tolist()), "answer", "truth"],
                columns=[TOKENS[token] for token in typed],
                x="token read; in answer and truth orange is A, blue is B",
                low=-1,
                high=1,
                diverging=True,
            )
            right, asked = int((answer * truth > 0).sum()), int(known.sum())
            told = f"step {stage.step + 1}: right after {right} of these {asked} tokens"
            stage.headline(told if asked else "no A or B in `sequence`: nothing to remember")

        stage.axes(
            "memory",
            x="tokens read",
            y="share right",
            lines={"guessing": 0.5},
            verticals={"training ends here": self.train_length},
        )

        @stage.look(10, net)
        def memory():
            stage.plot("memory", range(1, 201), {"loop": knowing(), "loop cut": knowing(0.0)})
            stage.matrices("weights", {"W_xh": net.W_xh, "W_hh": net.W_hh, "W_hyᵀ": net.W_hy.T})

        with stage.probe(net):
            h, _ = net(x_new[:, :20])
            saturated = (h.abs() > 0.99).float().mean()

        for _ in stage.loop(self.steps):
            x, y = sequences(64, self.train_length, stage.device)
            loss = cross_entropy(net(x)[1].flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(net):
            right, cut = (
                (net(x_new, loop)[1][:, -1].argmax(dim=1) == y_new[:, -1]).float().mean()
                for loop in (1.0, 0.0)
            )
            stage.claim("any_length", right, above=0.95)
            stage.claim("holds", knowing()[-1], above=0.8)
            stage.claim("loop_cut", cut, at_most=0.7)
            stage.claim("graded", saturated, below=0.05)


class Cell(nn.Module):
    """A recurrent cell for four tokens, with two answers."""

    def __init__(self, H, scale):
        super().__init__()
        self.W_xh = nn.Parameter(torch.randn(4, H) / 2)
        self.W_hh = nn.Parameter(scale * torch.randn(H, H) / H**0.5)
        self.b = nn.Parameter(torch.zeros(H))
        self.W_hy = nn.Parameter(torch.randn(H, 2) / H**0.5)
        self.b_y = nn.Parameter(torch.zeros(2))

    def forward(self, tokens, loop=1.0):  # [N, T] -> states [N, T, H], answers [N, T, 2]
        x = one_hot(tokens, 4).float()  # [N, T, 4]
        h = x.new_zeros(len(x), len(self.b))  # [N, H]
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.W_xh + h @ (loop * self.W_hh) + self.b)
            states.append(h)
        states = torch.stack(states, dim=1)
        return states, states @ self.W_hy + self.b_y


def sequences(N, T, device):
    """Tokens [N, T], every fifth a letter, the first one always; the latest letters [N, T]."""
    letter = torch.rand(N, T, device="cpu") < 0.2
    letter[:, 0] = True
    tokens = torch.randint(2, (N, T), device="cpu") + 2 * ~letter
    return tokens.to(device), latest(tokens)[0].to(device)


def latest(tokens):
    """After each token the latest letter, and whether there was one: [N, T] -> twice [N, T]."""
    places = torch.arange(tokens.shape[1], device=tokens.device)
    at = torch.where(tokens < 2, places, -1).cummax(dim=1).values
    return tokens.gather(1, at.clamp(min=0)), at >= 0
