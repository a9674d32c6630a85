"""
# Can a likelihood be trusted if the solver is coarse?

Let points drift in a current: dz/dt = f(z, t), where f is a net. At t = 0 they lie as a round bell,
at t = 1 as the data. That is a flow without layers. Run time backwards and it is undone, so f can
be any net: nothing needs to be triangular.

What of the density? Watch a small cloud of points. Where the current draws apart, the cloud grows
and thins; where it runs together, it thickens. How fast the area grows, as a share of itself, is
the sum of the slopes of f along each axis, the **trace** of its Jacobian. A point on its way sees

    d log p / dt = −tr(∂f/∂z)

and from x at t = 1, back to z(0) at t = 0:

    log p(x) = log N(z(0)) − ∫₀¹ tr dt

N is the bell. A determinant of D numbers costs D³ steps, a trace only its D terms, each one pass.
In thousands of dimensions one guesses it from one pass: take ε with random signs, then εᵀ(∂f/∂z)ε
is the trace in the mean.

Both integrals are taken by a solver, and the formula holds for the exact solution alone. A coarse
solver gives a number without complaint. Worse: training makes that number small, and so looks for
nets on which the solver errs in its favour. Then the score is too good, and the "density" sums to
more than 1. A layered flow cannot do that: its determinant belongs to the very map that is run.

## Tomorrow

Evaluate again with twice the solver's steps before you report a likelihood; if it moves, train with
more. Sum the density where you can. Random signs for the trace are fine in training.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import moons, moons_log_density
from dlplay.nn import cloud_picture, grid
from dlplay.nn.mixtures import fit_gaussians

COUNTS = (1, 2, 3, 4, 6, 8, 12, 20)  # of solver steps


class Continuous(Scene):
    covers = ("Neural ODE Flows",)
    panels = {
        "reported": "nats a point of one net, by its solver steps; with few, too good to be true",
        "over time": "where 6,000 points drift; green began left, pink right; last, the true moons",
        "nats a point": "while it learns, of 1,000 new points; lower is better, true the limit",
        "ways": "of 25 points from t = 0 to t = 1; in the plane ways may cross, at other times",
    }
    claims = {
        "good": "solved finely, it is over 0.5 nats better than the best single Gaussian",
        "not_below": "it is 0 to 0.6 nats above the true density",
        "converged": "the score reported in training is right within 0.02 nats (40 steps tell)",
        "sums_to_one": "the density reported in training sums to 1 within 0.02",
    }
    tries = (
        Try(
            "solver=Euler",
            "Trained with four steps of Euler. What score does it report in the end?",
            ("a worse one: Euler is less exact", "one better than the truth's", "much the same"),
            right=2,
            breaks=("converged", "sums_to_one"),
            why="Training looks for whatever makes the reported number small, and finds nets on "
            "which the solver errs to its advantage. Solved finely, they are far worse.",
        ),
        Try(
            "solver_steps=1",
            "A single step of RK4 in training, not four. What is the net worth, solved finely?",
            ("as much as it reports", "more than it reports", "less than one Gaussian"),
            right=3,
            breaks=("good", "converged", "sums_to_one"),
            why="It learned to move points by one long step, whose trace says little of how that "
            "step stretches. The equation that it stands for leads somewhere else.",
        ),
        Try(
            "trace=signs",
            "In training the trace is guessed, from one ε of random signs a point. What does that "
            "cost?",
            ("the likelihood is lost", "hardly anything", "about half of the gain"),
            right=2,
            keeps=("good", "converged", "sums_to_one"),
            why="The guess is right in the mean. Over the points and steps of training its errors "
            "cancel, like those of the batches. The score itself takes the exact trace.",
        ),
    )
    quick = {"steps": 4}
    pace = 30

    trace = Choice("exact", ("exact", "signs", "normal"), help="in training; or guessed, with ε")
    solver = Choice("RK4", ("RK4", "Euler"), help="in training, where its score is reported")
    solver_steps = Int(4, min=1, max=20, help="of the solver in training")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam, at first")
    steps = Int(250, min=4, max=3000, log=True, help="steps of 256 points")

    def run(self, stage):
        x, x_new = moons(4000), moons(1000)
        gaussian = -fit_gaussians(x).log_density(x_new).mean()
        true = -moons_log_density(x_new).mean()
        x, x_new = x.to(stage.device), x_new.to(stage.device)
        net = nn.ModuleList([nn.Linear(3, 32), nn.Linear(32, 32), nn.Linear(32, 2)])
        net = net.to(stage.device)
        optimizer = torch.optim.Adam(net.parameters(), lr=self.learning_rate)
        axes = torch.eye(2, device=stage.device)

        def f(z, t, ε):
            """Where z [N, 2] go at time t, and the trace [N]: εᵀ(∂f/∂z)ε, summed over the k
            directions ε [N, k, 2]. With both axes as directions it is exact."""
            h = torch.cat([z, torch.full_like(z[:, :1], t)], dim=1)
            slope = torch.cat([ε, torch.zeros_like(ε[..., :1])], dim=2)  # ∂h/∂z · ε
            for layer in net[:2]:
                h = torch.tanh(layer(h))
                slope = (1 - h.square())[:, None] * (slope @ layer.weight.T)
            return net[2](h), (ε * (slope @ net[2].weight.T)).sum(dim=(1, 2))

        def moved(z, start, end, steps, rule, ε=None):
            """z [N, 2] from time `start` to `end`, and the integral of the trace on the way [N]."""
            ε = axes.expand(len(z), 2, 2) if ε is None else ε
            total, h = torch.zeros_like(z[:, 0]), (end - start) / steps
            for k in range(steps):
                t = start + k * h
                go, tr = f(z, t, ε)
                if rule == "RK4":
                    b, tr_b = f(z + h / 2 * go, t + h / 2, ε)
                    c, tr_c = f(z + h / 2 * b, t + h / 2, ε)
                    d, tr_d = f(z + h * c, t + h, ε)
                    go, tr = (go + 2 * b + 2 * c + d) / 6, (tr + 2 * tr_b + 2 * tr_c + tr_d) / 6
                z, total = z + h * go, total + h * tr
            return z, total

        def log_density(x, steps, rule="RK4", ε=None):
            """Of x [N, 2], by way of where they came from at t = 0: [N]."""
            z, back = moved(x, 1.0, 0.0, steps, rule, ε)  # the integral from 1 to 0
            return back - 0.5 * z.square().sum(dim=1) - math.log(2 * math.pi)

        def directions(count):
            """What the trace is asked along, in training."""
            if self.trace == "exact":
                return None
            ε = torch.randn(count, 1, 2)
            return (ε.sign() if self.trace == "signs" else ε).to(stage.device)

        def nats(steps, rule="RK4"):
            return -log_density(x_new, steps, rule).mean()

        places = grid((-3.2, 3.2), (-3.2, 3.2), 65, stage.device).reshape(-1, 2)

        def total():
            """What the density sums to, as the solver of training reports it."""
            return log_density(places, self.solver_steps, self.solver).exp().sum() * 0.1**2

        drops = torch.randn(6000, 2).to(stage.device)
        few = grid((-1.6, 1.6), (-1.6, 1.6), 5, stage.device).reshape(-1, 2)
        nothing = torch.zeros(0, 2, device=stage.device)  # no directions: no trace is asked for

        @stage.look(25)
        def look():
            z = [torch.cat([few, drops])]
            for k in range(10):
                ε = nothing.expand(len(z[0]), 0, 2)
                z.append(moved(z[-1], k / 10, (k + 1) / 10, 1, "RK4", ε)[0])
            left = drops[:, 0] < 0
            film = [cloud_picture(each[25:], left) for each in z[::2]]
            stage.image(
                "over time",
                torch.stack([*film, cloud_picture(x[:6000])]),
                captions=[*(f"t = {k / 5:.1f}" for k in range(6)), "moons"],
                columns=4,
            )
            gap = torch.full_like(few, torch.nan)
            ways = torch.stack([*(each[:25] for each in z), gap], dim=1).flatten(0, 1)[:-1]
            view = (-2.8, 2.8)
            stage.plane("ways", x=view, y=view, paths={"t from 0 to 1": ways})
            said, fine = nats(self.solver_steps, self.solver), nats(10)
            stage.curve("nats a point", reported=said, converged=fine)
            stage.headline(
                f"one Euler step reports {nats(1, 'Euler'):.2f} nats, solved finely {fine:.2f}; "
                f"true {true:.2f}"
            )

        @stage.look(80)
        def look_at_steps():
            by_rule = {
                rule: torch.stack([nats(n, rule) for n in COUNTS]) for rule in ("Euler", "RK4")
            }
            stage.axes("reported", x="solver steps", y="nats", log="x", lines={"true": float(true)})
            stage.plot("reported", COUNTS, by_rule)

        lines = {"one Gaussian": float(gaussian), "true": float(true)}
        stage.axes("nats a point", x="step", y="nats", lines=lines)
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate * (1 - 0.9 * step / self.steps)
            batch = torch.randint(len(x), (256,), device="cpu").to(stage.device)
            ε = directions(256)
            loss = -log_density(x[batch], self.solver_steps, self.solver, ε).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(net):
            fine, said = nats(40), nats(self.solver_steps, self.solver)
            stage.measure(reported=said, fine=fine, true=true, one_euler=nats(1, "Euler"))
            stage.claim("good", gaussian - fine, above=0.5)
            stage.claim("not_below", fine - true, within=(0, 0.6))
            stage.claim("converged", said - fine, within=(-0.02, 0.02))
            stage.claim("sums_to_one", total(), within=(0.98, 1.02))
