"""
# What can five layers do that infinitely many can't?

A residual layer adds something to what it gets. Give it a step size h, take more and more layers
with smaller and smaller steps, and you have a **differential equation**:

    z ← z + h·f(z, t)
    dz/dt = f(z, t)

z is what is handed on, t the depth, now a number between 0 and 1, and f a net: a **neural ODE**.
The input is z(0), the answer

    z(1) = z(0) + ∫₀¹ f(z(t), t) dt

Depth has become the number of steps that a solver takes. Euler's takes those above, and its error
halves with twice as many. Runge and Kutta's (RK4) asks f four times a step, and its error falls to
about a sixteenth. An adaptive solver chooses each step's size itself. More steps mean *less* error.

More layers, more can be done? Let three nets learn to turn a line round: x → −x. Five layers with
weights of their own can. The equation cannot. Where its paths met, they would have the same z at
the same t, so f sends both the same way: they are one path. So paths never cross, and on a line the
order of the points stays for ever. All that is left is to squeeze them together near 0, which is as
good as always answering 0.

Layers *jump*: one point leaps over another. That is what the limit has lost. It gains that it can
always be undone: run time backwards.

The way out is room. Add a number to each point, at first 0. In the plane the line can swing round,
and no two points are ever at one place at the same time.

## Tomorrow

Give a neural ODE dimensions to spare. And solve again with twice the steps: if the answer changes,
you have not learned an equation, but a few odd layers.
"""

import copy
from functools import partial

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.batched import BatchedLinear

LAYERS, ODE, ROOM = NETS = "five layers", "ODE", "ODE with room"
COUNTS = (2, 4, 8, 16, 32)  # of solver steps


class Crossing(Scene):
    covers = ("Continuous Flows", "Neural Differential Equations")
    panels = {
        "paths": "of 9 points, each net from its left to its right; asked for: upside down",
        "room": "the ODE with room, x and added number: where two ways cross, it is at other times",
        "error": "mean squared; lower is better",
        "solver": "largest error of a path's end, in the ODE with room, over the solver's steps",
    }
    claims = {
        "layers_can": "five residual layers turn the line round, with an error below 0.02",
        "ode_cannot": "the ODE ends at an error of 0.3 to 0.36: always answering 0 has 0.344",
        "room_helps": "with room, it ends below 0.01",
        "order": "the layers swap over 0.9 more of all pairs of neighbours than the ODE does",
        "rk4": "with twice the steps RK4's error falls to about a sixteenth: by 12 to 22 times",
    }
    tries = (
        Try(
            "solver_steps=1",
            "The solver takes a single large step, in training too. Can the ODE turn the line "
            "round now?",
            ("no, paths can't cross", "yes", "half of it"),
            right=2,
            breaks=("ode_cannot", "order"),
            keeps="layers_can",
            why="One step of a solver is a residual layer: it jumps. Only the exact solution "
            "cannot. Solved finely, the same f gives something else.",
        ),
        Try(
            "task=stretch",
            "x → 3x instead. What does the ODE do now?",
            ("answers 0 again", "as well as the layers", "learns half of the stretch"),
            right=2,
            breaks=("ode_cannot", "order"),
            keeps="layers_can",
            why="Stretching keeps the order of the points. Paths need not cross, they draw apart.",
        ),
        Try(
            "extra=0",
            "The second ODE loses its additional number. What is its error in the end?",
            ("like that of the other ODE", "like that of the layers", "between the two"),
            right=1,
            breaks="room_helps",
            keeps=("ode_cannot", "layers_can"),
            why="It was not its weights: on a line no field turns points round, in a plane many "
            "do.",
        ),
    )
    quick = {"steps": 4}
    pace = 30

    task = Choice("turn", ("turn", "stretch"), help="turn: x to −x; stretch: x to 3x")
    extra = Int(1, min=0, max=3, help="numbers added to each point, for the ODE with room")
    solver_steps = Int(8, min=1, max=32, help="steps of RK4, from t = 0 to t = 1")
    learning_rate = Float(0.015, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(300, min=4, max=3000, log=True, help="steps over 64 points, for each net")

    def run(self, stage):
        x = torch.linspace(-1, 1, 64)[:, None].to(stage.device)
        y = -x if self.task == "turn" else 3 * x
        D = 1 + self.extra
        layers = nn.ModuleList(
            nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1)) for _ in range(5)
        )
        field = nn.Sequential(
            *(BatchedLinear(2, D + 1, 32, gain=1), nn.Tanh()),
            *(BatchedLinear(2, 32, 32, gain=1), nn.Tanh()),
            BatchedLinear(2, 32, D, gain=0.5),
        )  # of both ODEs, side by side
        nets = nn.ModuleList([layers, field]).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)
        free = torch.ones(2, D)
        free[0, 1:] = 0  # in the plain ODE the additional numbers never change
        free = free.to(stage.device)

        def f(z, t, field=field):
            """Where z [N, 2, D] are going at time t."""
            time = torch.full_like(z[..., :1], t)
            return free.to(z) * field(torch.cat([z, time], dim=2))

        def solved(x, steps, rule="RK4", f=f):
            """The paths from x [N, 1] in both ODEs: [steps + 1, N, 2, D]."""
            z = torch.cat([x, x.new_zeros(len(x), self.extra)], dim=1)[:, None].expand(-1, 2, -1)
            path, h = [z], 1 / steps
            for k in range(steps):
                t = k * h
                a = f(z, t)
                if rule == "RK4":
                    b = f(z + h / 2 * a, t + h / 2)
                    c = f(z + h / 2 * b, t + h / 2)
                    d = f(z + h * c, t + h)
                    a = (a + 2 * b + 2 * c + d) / 6
                z = z + h * a
                path.append(z)
            return torch.stack(path)

        def through(x):
            """The paths through the layers: [6, N]."""
            path = [x]
            for layer in layers:
                path.append(path[-1] + layer(path[-1]))
            return torch.stack(path)[..., 0]

        def errors():
            ends = solved(x, self.solver_steps)[-1, :, :, 0]  # [N, 2]
            answers = torch.cat([through(x)[-1][:, None], ends], dim=1)  # [N, 3]
            return (answers - y).square().mean(dim=0)

        def solver_errors():
            """Of the ODE with room, by rule and number of steps."""
            exact = partial(f, field=copy.deepcopy(field).cpu().double())

            def ends(steps, rule):
                return solved(x.cpu().double(), steps, rule, exact)[-1, :, 1]

            fine = ends(128, "RK4")
            return {
                rule: [float((ends(n, rule) - fine).abs().max()) for n in COUNTS]
                for rule in ("Euler", "RK4")
            }

        view = (-1.5, 1.5) if self.task == "turn" else (-3.2, 3.2)

        @stage.look(5)
        def look():
            some = torch.linspace(-1, 1, 9, device=stage.device)[:, None]
            both = solved(some, max(16, self.solver_steps) if self.solver_steps > 1 else 1)
            shown = through(some), both[:, :, 0, 0], both[:, :, 1, 0]
            paths = {
                name: joined(torch.linspace(k, k + 0.9, len(path)), path.cpu())
                for k, (name, path) in enumerate(zip(NETS, shown, strict=True))
            }
            names = "time, for each net anew", "x"
            stage.plane("paths", x=(0, 3), y=view, paths=paths, x_label=names[0], y_label=names[1])
            front = both[:, :, 1].cpu()  # [steps + 1, 13, D]
            up = front[..., 1] if self.extra else torch.zeros_like(front[..., 0])
            paths = {ROOM: joined(front[..., 0], up)}
            names = "x", "added number"
            stage.plane("room", x=view, y=view, paths=paths, x_label=names[0], y_label=names[1])
            named = dict(zip(NETS, errors().tolist(), strict=True))
            stage.curve("error", named)
            stage.headline("error: " + ", ".join(f"{n} {e:.2g}" for n, e in named.items()))

        @stage.look(60)
        def look_at_solver():
            stage.axes("solver", x="solver steps", y="error", log="xy")
            stage.plot("solver", COUNTS, solver_errors())

        nothing = float(y.square().mean())
        stage.axes("error", x="step", y="error", log="y", lines={"always 0": nothing})
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            ends = solved(x, self.solver_steps)[-1, :, :, 0]  # [N, 2]
            loss = (ends - y).square().mean(dim=0).sum() + (
                through(x)[-1] - y[:, 0]
            ).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            jump, plain, room = errors()
            lines = through(x)[-1], solved(x, self.solver_steps)[-1, :, 0, 0]
            swapped = [(line.diff() * x[:, 0].diff() < 0).float().mean() for line in lines]
            euler, rk4 = solver_errors().values()
            stage.claim("layers_can", jump, below=0.02)
            stage.claim("ode_cannot", plain, within=(0.3, 0.36))
            stage.claim("room_helps", room, below=0.01)
            stage.claim("order", swapped[0] - swapped[1], above=0.9)
            stage.measure(euler=euler[3] / euler[4])
            stage.claim("rk4", rk4[3] / rk4[4], within=(12, 22))


def joined(across, up):
    """Paths [steps, N], one after another with gaps between: [N · (steps + 1) - 1, 2]."""
    across = across if across.dim() == 2 else across[:, None].expand_as(up)
    path = torch.stack([across, up], dim=2)  # [steps, N, 2]
    gap = torch.full_like(path[:1], torch.nan)
    return torch.cat([path, gap]).transpose(0, 1).flatten(0, 1)[:-1]
