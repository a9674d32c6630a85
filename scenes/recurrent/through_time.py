"""
# What does the gradient do on its way back?

A loop of T steps, written side by side, is a deep net of T layers which all have the same weights.
So gradients travel back through it as through any net: that is **back-propagation through time**.

Let g(t) be the gradient of the loss by the state h(t). Begin with the last state, which the answer
was read from. Then, from step T down to 1:

    a(t)   = g(t) · (1 − h(t)²)
    term   = h(t−1)ᵀ · a(t)
    g(t−1) = a(t) · W_hhᵀ

1 − h² is the slope of tanh. The *term* is what step t would have W_hh changed by, if it alone had
these weights. But all steps share them, so the gradient is the **sum** of the T terms. One loss at
the end is taken here; with a loss at each step, each adds to g as one passes by.

Going back takes all T states, kept from the way forward. For long sequences one stops after k
steps: **truncation**. In the picture the terms beyond the wall are gone. The state itself is not
cut: it still comes from the first token on.

Here the first of sixteen tokens is a letter, the others are fillers; which letter was it? No
gradient that stops after one step ever meets the letter. Yet such a net is better than guessing:
with an orthogonal W_hh the state keeps a trace of the letter untaught, and the last step learns to
read it. But nothing teaches the loop to keep it better.

## Tomorrow

Truncate longer than the dependencies you need. Between chunks detach the state, but carry it on: to
set it to zero is to be blind. Reset it where a new sequence begins.
"""

import torch
from torch.nn.functional import one_hot

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import recall
from dlplay.nn.batched import BatchedRNN, accuracies, losses, orthogonal, usual

H, COPIES = 32, 5  # units of a net, nets of each kind


class ThroughTime(Scene):
    covers = ("Backpropagation Through Time (BPTT)",)
    panels = {
        "on the way back": "gradient at each step, of the row's largest; dark: beyond the wall",
        "accuracy": "share of new sequences right, the middle one of five nets; higher is better",
        "still missing": "what the sum of the last k terms lacks of W_hh's whole gradient",
    }
    claims = {
        "whole_learns": "through all 16 steps the median of five nets is right for over 0.95",
        "half_is_enough": "so it is, for over 0.9, if the gradient stops after 8",
        "short_fails": "if it stops after 1, at most 0.92 are right after the same 100 steps",
        "not_blind": "but over 0.35 are, where guessing is 0.25: the state is not cut",
        "is_the_sum": "the summed terms differ from autograd's gradient by less than 0.001 of it",
    }
    tries = (
        Try(
            "state=reset",
            "At the wall the state is set to zero as well. What is left for the net that goes back "
            "8 steps?",
            ("as much as before: the gradient was the same", "half", "guessing"),
            right=3,
            breaks=("half_is_enough", "not_blind"),
            keeps="whole_learns",
            why="Now the letter is gone for the state too. Cutting the gradient stops teaching, "
            "cutting the state stops knowing.",
        ),
        Try(
            "start=usual",
            "W_hh starts within ±1/√32, and such a state forgets by itself. Back 8 steps?",
            ("as good as before", "much worse", "better: there is less to unlearn"),
            right=2,
            breaks="half_is_enough",
            why="The letter is gone from the state before the 8 steps begin. Only a gradient that "
            "reaches back to it can teach the loop to keep it.",
        ),
    )
    quick = {"steps": 4, "length": 8}
    pace = 10

    length = Int(16, min=8, max=32, help="T, tokens of a sequence")
    start = Choice("orthogonal", ("orthogonal", "usual"), help="how W_hh is drawn")
    state = Choice("kept", ("kept", "reset"), help="what becomes of the state at the wall")
    learning_rate = Float(0.003, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(100, min=4, max=2000, log=True, help="steps of 32 sequences, for all 20 nets")

    def run(self, stage):
        T = self.length
        cuts = (1, T // 4, T // 2, T)
        names = [f"back {k}" for k in cuts]
        draw = orthogonal if self.start == "orthogonal" else usual
        W_hh = draw(COPIES, H).repeat(4, 1, 1)  # the same starts for each cut
        nets = BatchedRNN(W_hh, tokens=8, outputs=4).to(stage.device)
        adam = torch.optim.Adam(nets.parameters())
        reach = torch.tensor(cuts, device=stage.device).repeat_interleave(COPIES)[:, None, None]
        reset = self.state == "reset"
        x_new, y_new = recall(300, T, stage.device)

        def right():
            answers = nets.answers(states(nets, x_new, reach, reset)[-1])
            return middle(accuracies(answers, y_new))  # [4]

        def missing(terms):
            """Of the nets that go back all the way, what the last k terms lack: [T]."""
            sums = terms[:, -COPIES:].flip(0).cumsum(dim=0)  # [T, 5, H, H]
            lack = (sums - sums[-1]).norm(dim=(2, 3)) / sums[-1].norm(dim=(1, 2))
            return lack.median(dim=1).values

        with stage.probe(nets):
            untrained = missing(through_time(nets, x_new, y_new, reach, reset)[0])

        @stage.look(10, nets)
        def look():
            shares = right()
            stage.curve("accuracy", dict(zip(names, shares, strict=True)))
            terms, sizes = through_time(nets, x_new, y_new, reach, reset)
            sizes = middle(sizes).T  # [4, T]
            stage.heatmap(
                "on the way back",
                sizes / sizes.amax(dim=1, keepdim=True),
                rows=[f"{name}: {r:.0%} right" for name, r in zip(names, shares, strict=True)],
                columns=[str(t + 1) for t in range(T)],
                x="step; at 1 comes the letter, after the last the question",
                low=0,
                high=1,
            )
            lacks = {"untrained": untrained, "now": missing(terms)}
            stage.plot("still missing", range(1, T + 1), lacks)
            told = ", ".join(f"{k}: {r:.0%}" for k, r in zip(cuts, shares, strict=True))
            stage.headline(f"step {stage.step + 1}: right, going back {told}")

        stage.axes("accuracy", y="share right", lines={"guessing": 0.25})
        stage.axes("still missing", x="k, steps back from the last", y="share of its length")
        for _ in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = self.learning_rate
            x, y = recall(32, T, stage.device)
            with torch.no_grad():
                through_time(nets, x, y, reach, reset)
            adam.step()

        with stage.probe(nets):
            short, _, half, whole = right().tolist()
            stage.claim("whole_learns", whole, above=0.95)
            stage.claim("half_is_enough", half, above=0.9)
            stage.claim("short_fails", short, at_most=0.92)
            stage.claim("not_blind", short, above=0.35)

        by_autograd = torch.autograd.grad(losses(nets(x_new), y_new).sum(), nets.W_hh)[0][-1]
        with stage.probe(nets):
            by_hand = through_time(nets, x_new, y_new, reach, reset)[0][:, -1].sum(dim=0)
            stage.claim(
                "is_the_sum", (by_hand - by_autograd).norm() / by_autograd.norm(), below=1e-3
            )


def states(nets, x, reach, reset):
    """h(0) to h(T), each [copies, N, H]; with `reset` zero where a net's gradient ends."""
    T = x.shape[1]
    inputs = nets.W_xh[:, x.T] + nets.b[:, None]  # [copies, T, N, H]
    h = [torch.zeros_like(inputs[:, 0])]
    for t in range(1, T + 1):
        old = h[-1] * (reach != T - t + 1) if reset else h[-1]
        h.append(torch.tanh(inputs[:, t - 1] + old @ nets.W_hh))
    return h


def through_time(nets, x, y, reach, reset):
    """Leaves each net the gradients of its last `reach` steps.

    x [N, T], y [N], reach [copies, 1, 1]; returns the terms of W_hh's gradient [T, copies, H, H],
    and how large a(t) is [T, copies].
    """
    N, T = x.shape
    h = states(nets, x, reach, reset)
    wrong = (h[T] @ nets.W_hy + nets.b_y).softmax(dim=2) - one_hot(y, 4)  # [copies, N, 4]
    wrong = wrong / N  # of the mean cross-entropy, by the logits
    g = wrong @ nets.W_hy.transpose(1, 2)  # [copies, N, H]
    nets.W_hy.grad = h[T].transpose(1, 2) @ wrong
    nets.b_y.grad = wrong.sum(dim=1, keepdim=True)
    nets.W_xh.grad, nets.b.grad = torch.zeros_like(nets.W_xh), torch.zeros_like(nets.b)
    terms, sizes = [], []
    for t in range(T, 0, -1):
        a = g * (1 - h[t] ** 2) * (T - t < reach)  # nothing goes on beyond the wall
        terms.append(h[t - 1].transpose(1, 2) @ a)
        sizes.append(a.norm(dim=2).mean(dim=1))
        nets.W_xh.grad += one_hot(x[:, t - 1], 8).float().T @ a
        nets.b.grad += a.sum(dim=1, keepdim=True)
        g = a @ nets.W_hh.transpose(1, 2)
    terms = torch.stack(terms[::-1])
    nets.W_hh.grad = terms.sum(dim=0)
    return terms, torch.stack(sizes[::-1])


def middle(values):
    """Of each cut the median net: [..., 20] -> [..., 4]."""
    return values.unflatten(-1, (4, COPIES)).median(dim=-1).values
