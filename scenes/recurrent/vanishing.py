"""
# What decides whether a loop remembers thirty steps?

The first of thirty tokens is one of four letters, then come fillers. At the end: which letter was
it? Plain recurrent nets of 32 units learn it, five copies each of two kinds, which differ in one
thing: how W_hh, which carries the state h from step to step, is drawn at the start.

Let g(t) be how much the last state changes with state t. Going back, each step multiplies it:

    g(t−1) =
      ( g(t) · (1 − h(t)²) ) · W_hhᵀ

1 − h² is the slope of tanh, at most 1. So over k steps g shrinks or grows about like ρᵏ. ρ is the
**spectral radius** of W_hh: the length of its largest eigenvalue.

- The usual start, uniform within ±1/√32, has ρ near 0.6. Over 29 steps less than a millionth is
  left: the gradient **vanishes**.
- An orthogonal matrix keeps lengths: all its eigenvalues have length 1. What is lost, tanh took.
- With ρ well above 1 g may grow: it **explodes**. It grows less than ρᵏ, for where h is near ±1
  there is hardly any slope.

All steps share one W_hh, and each update is a sum over all of them. With ρ = 0.6 the far terms of
the sum are too small to be noticed, so this net learns nothing for long. Some get over it if you
train on: then the influence of the first token rises by itself.

The state forgets and the gradient vanishes by the same product; neither is the other's cause. Nor
is it the cell: it remembers well, from a start that lets it learn to.

## Tomorrow

Before training, plot the gradient against the distance. If it falls to nothing within the distance
you need, change the start (W_hh orthogonal) before you change the cell.
"""

import torch

from dlplay import Float, Int, Scene, Try
from dlplay.data import recall
from dlplay.nn.batched import (
    BatchedRNN,
    accuracies,
    losses,
    orthogonal,
    spectral_radius,
    usual,
)

H, COPIES = 32, 5  # units of a net, nets of each start
STARTS = ("usual", "orthogonal")


class Vanishing(Scene):
    covers = ("Why have we the vanishing-gradient problem in RNNs?",)
    panels = {
        "influence": "how much of each token arrives in the last state; left is long ago",
        "factor a step": "what a step multiplies a gradient by, untrained, over 29 steps",
        "accuracy": "share of new sequences right, the middle one of five nets; higher is better",
    }
    claims = {
        "usual_fails": "after 150 steps the median of five usual starts is right for at most 0.4",
        "orthogonal_works": "of five orthogonal starts it is right for over 0.95",
        "vanishes": "usual, untrained: the first token has below 1e-5 of the last one's influence",
        "kept": "orthogonal, untrained: it has over 0.01 of it",
        "radius_decides": "over radii 0.3 to 0.9 the factor a step is the radius, within 0.15",
    }
    tries = (
        Try(
            "length=5",
            "Five tokens instead of thirty. What can the usual start do now?",
            ("nothing: it guesses", "about half", "all of it"),
            right=3,
            breaks=("usual_fails", "vanishes"),
            keeps="orthogonal_works",
            why="Four factors of 0.6 leave a tenth. That is a small gradient, but one that Adam "
            "can use.",
        ),
        Try(
            "radius=0.5",
            "The orthogonal matrix is halved: all eigenvalues have length 0.5. Is the letter "
            "recalled?",
            ("yes: it is orthogonal still", "half of the time", "no, by most it is not"),
            right=3,
            breaks=("orthogonal_works", "kept"),
            why="That it was orthogonal is no help. It is the size of the eigenvalues, to the "
            "power of 29.",
        ),
        Try(
            "radius=0.9",
            "All eigenvalues have length 0.9; over 29 steps a hundredth is left. Is the letter "
            "recalled?",
            ("yes", "half of the time", "no"),
            right=1,
            keeps="orthogonal_works",
            why="Small is not gone. The near terms of the sum do not yet drown it, and Adam "
            "divides by the usual size of a gradient.",
        ),
    )
    quick = {"steps": 4, "length": 8}
    pace = 10

    length = Int(30, min=3, max=60, help="tokens of a sequence")
    radius = Float(1.0, min=0.3, max=2.5, help="spectral radius of the orthogonal start")
    learning_rate = Float(0.003, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(150, min=4, max=2000, log=True, help="steps of 32 sequences, for all ten nets")

    def run(self, stage):
        T = self.length
        W_hh = torch.cat([usual(COPIES, H), self.radius * orthogonal(COPIES, H)])  # [10, H, H]
        nets = BatchedRNN(W_hh, tokens=8, outputs=4).to(stage.device)
        adam = torch.optim.Adam(nets.parameters())
        x_new, y_new = recall(300, T, stage.device)

        with stage.probe(nets):
            before = influence(nets, x_new[:50])  # [T, 10]
            radii = torch.tensor([0.3, 0.5, 0.7, 0.9, 1.2, 1.6, 2.0])
            W_hh = torch.cat([usual(7, H), orthogonal(7, H)])
            W_hh *= (radii.repeat(2) / spectral_radius(W_hh))[:, None, None]
            some = BatchedRNN(W_hh, tokens=8, outputs=4).to(stage.device)
            reach = influence(some, recall(50, 30, stage.device)[0])  # [30, 14]
            factors = ((reach[0] / reach[-1]) ** (1 / 29)).reshape(2, 7)

        stage.axes("influence", x="token", y="influence", log="y")
        stage.axes("accuracy", y="share right", lines={"guessing": 0.25})
        stage.axes("factor a step", x="spectral radius of W_hh", y="factor", lines={"kept": 1})

        @stage.look(10, nets)
        def look():
            right = middle(accuracies(nets(x_new), y_new))
            stage.curve("accuracy", dict(zip(STARTS, right, strict=True)))
            now = middle(before), middle(influence(nets, x_new[:50]))  # [T, 2] each
            lines = torch.cat(now, dim=1).T.clamp(min=1e-12)
            names = [start + when for when in (", untrained", "") for start in STARTS]
            stage.plot("influence", range(1, T + 1), dict(zip(names, lines, strict=True)))
            stage.plot(
                "factor a step",
                radii,
                dict(zip(STARTS, factors, strict=True)) | {"the radius": radii},
            )
            stage.headline(
                f"step {stage.step + 1}: right {right[0]:.0%} from the usual start, "
                f"{right[1]:.0%} from the orthogonal one"
            )

        for _ in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = self.learning_rate
            x, y = recall(32, T, stage.device)
            loss = losses(nets(x), y)  # [10]
            adam.zero_grad()
            loss.sum().backward()
            adam.step()

        with stage.probe(nets):
            right, first = middle(accuracies(nets(x_new), y_new)), middle(before[0])
            stage.claim("usual_fails", right[0], at_most=0.4)
            stage.claim("orthogonal_works", right[1], above=0.95)
            stage.claim("vanishes", first[0], below=1e-5)
            stage.claim("kept", first[1], above=0.01)
            stage.claim("radius_decides", (factors.cpu() - radii)[:, :4].abs().max(), below=0.15)


def influence(nets, x):
    """How much a change of each state changes the last one, relative to the last: [T, copies].

    A random change of the last state is carried back, step by step.
    """
    states = nets.states(x)
    g = torch.randn(states[-1].shape, device="cpu").to(x.device)  # [copies, N, H]
    sizes = [g.norm(dim=2).mean(dim=1)]
    for h in reversed(states[1:]):
        g = (g * (1 - h**2)) @ nets.W_hh.transpose(1, 2)
        sizes.append(g.norm(dim=2).mean(dim=1))
    return torch.stack(sizes[::-1]) / sizes[0]


def middle(values):
    """Of each start the median net: [..., 10] -> [..., 2]."""
    return values.unflatten(-1, (2, COPIES)).median(dim=-1).values
