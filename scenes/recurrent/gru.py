"""
# What does a GRU save?

An LSTM has three gates and carries two things along, its content c and its output h. A **GRU**
(gated recurrent unit) has two gates and carries h alone. One handle does the work of two: what it
doesn't keep, it overwrites.

    r = σ(x W_r + h U_r + b_r)  reset
    z = σ(x W_z + h U_z + b_z)  keep
    u = h Uₙ + d
    n = tanh(x Wₙ + bₙ + r ⊙ u)
    h ← z ⊙ h + (1 − z) ⊙ n

x is the input, u what the old h adds, n the candidate; W, U, b, d are learned. σ squeezes a number
into 0 to 1, ⊙ multiplies number by number. z near 1 keeps the old h. These are three blocks of
weights where an LSTM has four: three quarters of the weights.

Is it worse for it? Each cell reads numbers from 0 to 1, two of them flagged, and gives the sum of
the two at the end. Who always says 1 has a squared error of 1/6. The plain net stays there. Both
gated cells leave it, and the GRU first, in about two thirds of the LSTM's steps. It doesn't owe
that to the reset gate: hold that open, and it is only a little slower here.

Two traps. Some books write 1 − z where others write z: read which of the two multiplies the *old*
h. And in the first paper r multiplies h before the matrix, not after it, as here and in the
library: with the same weights the answers differ.

Fewer weights don't make fewer seconds: how fast a cell runs is a matter of how it is programmed.

## Tomorrow

Begin with a GRU where memory is tight, and try both where it matters: no cell wins everywhere.
Never load the weights of one library's GRU into another's without comparing their answers.
"""

import torch
from torch import nn

from dlplay import Float, Int, Scene, Toggle, Try

CELLS = ("RNN", "GRU", "LSTM")
CONSTANT = 1 / 6  # the squared error of who always answers 1


class Gru(Scene):
    covers = ("GRU",)
    panels = {
        "squared error": "mean of the last 20 batches; lower is better",
        "keep z": "of the GRU on one sequence: a row a unit, a column a step; ● is flagged",
        "weights": "numbers that each cell learns, without its answer",
    }
    claims = {
        "learns": "after 300 steps the GRU's squared error is below 0.01",
        "plain_fails": "the plain net's is above 0.12 (always answering 1: 0.167)",
        "sooner": "the GRU's error is below 0.05 in less than 0.9 of the LSTM's steps",
        "lighter": "with three quarters of its weights",
        "keeps_sums": "trained, z is over 0.1 higher at unflagged steps than at flagged ones",
    }
    tries = (
        Try(
            "reset=off",
            "The reset gate is held open: r is 1. How does the GRU do?",
            ("it fails like the plain net", "as well, a little later", "better: less to learn"),
            right=2,
            keeps=("learns", "sooner"),
            why="To add numbers, nothing need be reset: z alone decides what is kept. Where old "
            "and new must not be mixed, r has more to do.",
        ),
        Try(
            "length=6",
            "Six numbers instead of fifteen. Which cells learn to add?",
            ("the two with gates", "all three", "the GRU alone"),
            right=2,
            breaks="plain_fails",
            keeps="learns",
            why="Over six steps a plain net keeps enough, and its gradient reaches the flags.",
        ),
        Try(
            "keep_bias=-2",
            "Both gated cells begin with σ(−2) = 0.12 kept at each step. What becomes of the GRU?",
            ("it learns as well: training opens z", "it fails, too", "it needs twice the steps"),
            right=1,
            keeps=("learns", "plain_fails"),
            why="The second flag is often only a few steps from the end. From such sequences z "
            "learns to open, and an open z brings the far flags within reach.",
        ),
    )
    quick = {"steps": 10}

    length = Int(15, min=4, max=40, help="T, numbers of a sequence")
    hidden = Int(32, min=4, max=64, help="H, units of each cell")
    reset = Toggle(True, help="off: r is always 1")
    keep_bias = Float(
        1.0, min=-3, max=3, step=0.5, help="what b of z and of the LSTM's f starts at"
    )
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    shown = Int(1, min=1, max=20, live=True, help="the sequence in the panel of z")
    steps = Int(300, min=10, max=3000, log=True, help="steps of 64 sequences, for each cell")

    def run(self, stage):
        T, H = self.length, self.hidden
        # Blocks of weights: of the GRU r, z, n; of the LSTM i, f, g, o
        cells = nn.ModuleDict({name: Cell(n, H) for name, n in zip(CELLS, (1, 3, 4), strict=True)})
        for name in ("GRU", "LSTM"):
            nn.init.constant_(cells[name].b[H : 2 * H], self.keep_bias)  # the second block keeps
        cells = cells.to(stage.device)
        optimizer = torch.optim.Adam(cells.parameters(), lr=self.learning_rate)

        def sequences(count):
            """Numbers and flags [N, T, 2], one flag in each half; the flagged ones' sums [N]."""
            numbers, flags, row = torch.rand(count, T), torch.zeros(count, T), torch.arange(count)
            flags[row, torch.randint(T // 2, (count,))] = 1
            flags[row, torch.randint(T // 2, T, (count,))] = 1
            x = torch.stack([numbers, flags], dim=2)
            return x.to(stage.device), (numbers * flags).sum(dim=1).to(stage.device)

        def errors(x, y):
            """The squared error of each cell's answers: [3]."""
            last = rnn(x, cells["RNN"]), gru(x, cells["GRU"], self.reset)[0], lstm(x, cells["LSTM"])
            said = [cells[name].answer(h)[:, 0] for name, h in zip(CELLS, last, strict=True)]
            return torch.stack([(each - y).square().mean() for each in said])

        x_new, y_new = sequences(500)
        stage.axes("squared error", y="error", log="y", lines={"always 1": CONSTANT})

        def recent():
            return torch.stack(losses[-20:]).mean(dim=0)

        @stage.look(10)
        def look():
            one = x_new[self.shown - 1, None]
            z = gru(one, cells["GRU"], self.reset)[1][:, 0]  # [T, H]
            flags = ["●" if flag else "·" for flag in one[0, :, 1].tolist()]
            stage.heatmap("keep z", z.T, columns=flags, x="step", y="unit", low=0, high=1)
            told = ", ".join(f"{n} {e:.3f}" for n, e in zip(CELLS, recent().tolist(), strict=True))
            stage.headline(f"squared error: {told} (always 1: {CONSTANT:.3f})")
            counts = [sum(p.numel() for p in cells[name].parameters()) - H - 1 for name in CELLS]
            stage.bars("weights", CELLS, counts)

        losses, below = [], torch.full((3,), self.steps, device=stage.device)
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            loss = errors(*sequences(64))  # [3]
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()
            losses.append(loss.detach())
            below = torch.where(recent() < 0.05, below.clamp(max=step + 1), below)
            stage.curve("squared error", dict(zip(CELLS, recent(), strict=True)))

        with stage.probe():
            plain, gated, _ = errors(x_new, y_new).tolist()
            z, flagged = gru(x_new, cells["GRU"], self.reset)[1], x_new[..., 1].T == 1  # [T, N]
            stage.claim("learns", gated, below=0.01)
            stage.claim("plain_fails", plain, above=0.12)
            stage.claim("sooner", below[1] / below[2], below=0.9)
            counts = [sum(p.numel() for p in cells[name].parameters()) for name in CELLS]
            stage.claim("lighter", (counts[1] - H - 1) / (counts[2] - H - 1), within=(0.74, 0.77))
            stage.claim("keeps_sums", z[~flagged].mean() - z[flagged].mean(), above=0.1)


class Cell(nn.Module):
    """The weights of a cell in so many blocks of H units, and of its answer."""

    def __init__(self, blocks, H):
        super().__init__()
        shapes = {"W": (2, blocks * H), "U": (H, blocks * H), "b": (blocks * H,)}
        if blocks == 3:
            shapes["d"] = (H,)
        for name, shape in shapes.items():
            setattr(self, name, nn.Parameter((2 * torch.rand(shape) - 1) / H**0.5))
        self.answer = nn.Linear(H, 1)


def rnn(x, cell):
    """The last state: x [N, T, 2] -> [N, H]."""
    h = x.new_zeros(len(x), len(cell.U))
    for xₜ in x.unbind(1):
        h = (xₜ @ cell.W + h @ cell.U + cell.b).tanh()
    return h


def gru(x, cell, reset=True):
    """The last state [N, H]; and z at each step [T, N, H]. The blocks are r, z, n."""
    h, kept = x.new_zeros(len(x), len(cell.U)), []
    for xₜ in x.unbind(1):
        r, z, n = (xₜ @ cell.W + cell.b).chunk(3, dim=1)
        by_r, by_z, by_n = (h @ cell.U).chunk(3, dim=1)
        r, z = (r + by_r).sigmoid() if reset else 1.0, (z + by_z).sigmoid()
        n = (n + r * (by_n + cell.d)).tanh()
        h = z * h + (1 - z) * n
        kept.append(z)
    return h, torch.stack(kept)


def lstm(x, cell):
    """The last h [N, H]. The blocks are i, f, g, o: write, keep, candidate, read."""
    h = c = x.new_zeros(len(x), len(cell.U))
    for xₜ in x.unbind(1):
        i, f, g, o = (xₜ @ cell.W + h @ cell.U + cell.b).chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
    return h
