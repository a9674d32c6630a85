"""
# What saves a step that would be too large?

A gradient that goes back through thirty steps is multiplied thirty times, by W_hh and by the slope
of tanh. Mostly that keeps it in bounds. But as the net begins to learn, W_hh grows, and for some
batch the product does too: the gradient is suddenly dozens of times its usual size. It
**explodes**.

Think of a cliff in the loss. The gradient there points the right way, but it is as long as the wall
is steep. One step of that length throws the weights far out, where every state sits at ±1. There
tanh is flat, and little leads back.

**Clipping** keeps the direction and limits the length. G is the gradient of all weights of a net
together, n its length, c the most that is allowed:

    n = ‖G‖
    G ← G · min(1, c / n)

Where n is below c, nothing changes. Five nets here are clipped and five are not; they have the same
start, sequences (which letter was the first of thirty tokens?) and rate. Clipped, they learn. The
others are thrown out within the first steps and do not come back.

It is the step that is too large, not the gradient: with a far lower rate these nets learn unclipped
as well. Clipping lets you keep the rate that is right most of the time.

And it only shortens. Against a gradient that **vanishes** it does nothing: in the sum over all
steps the far terms stay too small.

## Tomorrow

Log the gradient's length before clipping, at each step. Put c near its usual size, not at that of
its peaks. If nearly every step is cut, you have chosen a rate, not a limit.
"""

import torch

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import recall
from dlplay.nn.batched import BatchedRNN, accuracies, losses, orthogonal

H, COPIES = 32, 5  # units of a net, nets of each kind


class Clipping(Scene):
    covers = ("The Problem of Long-Term Dependencies (gradient clipping)",)
    panels = {
        "gradient": "its length before it is cut, of one net of each kind; what is over c is cut",
        "loss": "median of five nets, mean of the last 10 batches; lower is better",
        "nets": "share of new sequences right, of each of the five nets; higher is better",
    }
    claims = {
        "clipped_learns": "clipped, the median net's loss in the last 20 of 100 steps is below 0.1",
        "unclipped_fails": "unclipped it is above 0.5 (guessing: 1.386)",
        "spikes": "in the clipped nets the longest gradient is over 15 times the median one",
    }
    tries = (
        Try(
            "by=number",
            "Each number of the gradient is limited to ±0.25, instead of the length of all of "
            "them. Do these nets learn?",
            ("as well", "no, by most they do not", "faster: large numbers alone are cut"),
            right=2,
            breaks="clipped_learns",
            keeps="unclipped_fails",
            why="Some two thousand numbers of 0.25 make a step of length ten. And its direction is "
            "no longer the gradient's.",
        ),
        Try(
            "radius=0.5",
            "W_hh starts with a spectral radius of 0.5: gradients shrink on the way back. What "
            "does clipping do?",
            ("nothing: both only guess", "it helps a little", "it helps as much"),
            right=1,
            breaks=("clipped_learns", "spikes"),
            keeps="unclipped_fails",
            why="Nothing is too long. What comes from far away is too small, and clipping makes "
            "nothing larger.",
        ),
        Try(
            "learning_rate=0.01",
            "A rate ten times smaller. What becomes of the nets that are not clipped?",
            ("they fail, only later", "they learn", "they stay where they began"),
            right=2,
            breaks=("unclipped_fails", "clipped_learns"),
            why="A peak of the gradient is then a step that the net survives. You pay with every "
            "other step, which is smaller too; clipped as well, they are too small.",
        ),
    )
    quick = {"steps": 4, "length": 8}
    pace = 10

    clip = Float(0.25, min=0.01, max=100, log=True, live=True, help="c, the longest gradient")
    by = Choice("length", ("length", "number"), live=True, help="what is limited to c")
    radius = Float(1.2, min=0.3, max=2.5, help="spectral radius of W_hh at the start")
    length = Int(30, min=5, max=40, help="tokens of a sequence")
    learning_rate = Float(0.1, min=0.001, max=1, log=True, live=True, help="of SGD, momentum 0.9")
    steps = Int(100, min=4, max=2000, log=True, help="steps of 32 sequences, for all ten nets")

    def run(self, stage):
        T = self.length
        W_hh = self.radius * orthogonal(COPIES, H)
        nets = BatchedRNN(W_hh, tokens=8, outputs=4)
        with torch.no_grad():  # the second five begin as the first: [10, ...]
            for name, weights in nets.named_parameters():
                setattr(nets, name, torch.nn.Parameter(weights.repeat(2, 1, 1)))
        nets.to(stage.device)
        weights = list(nets.parameters())  # each [10, ., .]
        sgd = torch.optim.SGD(weights, lr=self.learning_rate, momentum=0.9)
        x_new, y_new = recall(300, T, stage.device)

        lengths, history = [], []
        kinds = "unclipped", "clipped"

        @stage.look(10, nets)
        def look():
            recent = torch.stack(history[-10:]).mean(dim=0).reshape(2, COPIES)
            low = recent.median(dim=1).values.tolist()
            cut = (torch.stack(lengths)[:, COPIES:] > self.clip).float().mean()
            stage.headline(
                f"loss {low[0]:.2f} unclipped, {low[1]:.2f} clipped; {cut:.0%} of steps were cut"
            )
            right = accuracies(nets(x_new), y_new).reshape(2, COPIES)
            numbers = [f"net {k + 1}" for k in range(COPIES)]
            stage.bars("nets", numbers, dict(zip(kinds, right, strict=True)))

        stage.axes("gradient", y="length", log="y", lines={"c": self.clip})
        stage.axes("loss", y="loss", lines={"guessing": 1.386})

        for _ in stage.loop(self.steps):
            sgd.param_groups[0]["lr"] = self.learning_rate
            x, y = recall(32, T, stage.device)
            loss = losses(nets(x), y)  # [10]
            sgd.zero_grad()
            loss.sum().backward()
            squares = [w.grad.square().sum(dim=(1, 2)) for w in weights]
            n = torch.stack(squares).sum(dim=0).sqrt()  # [10], the length of each net's gradient
            factor = (self.clip / n).clamp(max=1)
            factor[:COPIES] = 1  # the first five are not clipped
            for w in weights:
                if self.by == "length":
                    w.grad *= factor[:, None, None]
                else:
                    w.grad[COPIES:] = w.grad[COPIES:].clamp(-self.clip, self.clip)
            sgd.step()
            lengths.append(n)
            history.append(loss.detach())
            one = n[::COPIES].tolist()
            stage.curve("gradient", dict(zip(kinds, one, strict=True)))
            low = torch.stack(history[-10:]).mean(dim=0).reshape(2, COPIES).median(dim=1).values
            stage.curve("loss", dict(zip(kinds, low, strict=True)))

        with stage.probe(nets):
            end = torch.stack(history[-20:]).mean(dim=0).reshape(2, COPIES).median(dim=1).values
            clipped = torch.stack(lengths)[:, COPIES:]  # [steps, 5], before they were cut
            stage.claim("clipped_learns", end[1], below=0.1)
            stage.claim("unclipped_fails", end[0], above=0.5)
            peaks = clipped.amax(dim=0) / clipped.median(dim=0).values
            stage.claim("spikes", peaks.median(), above=15)
            right = accuracies(nets(x_new), y_new).reshape(2, COPIES).median(dim=1).values
            stage.measure(unclipped_right=right[0], clipped_right=right[1])
