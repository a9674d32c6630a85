"""
# Are the paths of flow matching straight?

Here is a way to carry noise to data without any density or slope. Take a point of the data x₀ and
noise ε, and go from one to the other on a straight line:

    x_t = (1 − t) x₀ + t ε

Its velocity is ε − x₀, the same all the way. A net v(x, t) is trained to say it, from the place and
the time alone:

    loss = ‖v(x_t, t) − (ε − x₀)‖²

That is **flow matching** (Lipman et al., Liu et al., 2022). To sample, start from noise at t = 1
and follow −v down to t = 0. Nothing is simpler, and the target looks straight, so one long step
should do.

It does not. Lines of different pairs cross, and a net that sees only place and time cannot tell
them apart there. It answers with their mean. In the middle, where all lines cross, it points to the
mean of the data. So the flow draws all to the middle first, and turns to the heaps late: *each line
was straight, the flow is not*. One step of it lands where no data are.

Make the lines cross less. Either pair each noise with a point close by, so that the sum of squared
distances over the batch is least (**optimal** pairing; here nearly, by Sinkhorn's way). Or train a
flow, follow it from noise to an end, and learn again from these pairs (**reflow**): paths of a flow
never cross. Then the net meets one velocity at each place, and paths *are* straight.

The price: pairs cost time, and in a reflow the errors of the first flow are learned as well.

## Tomorrow

Use the straight-line loss for its simplicity, and some ten steps. When one step has to do,
straighten the pairs first, and compare with the many-step samples of the same net.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import ring_of_heaps
from dlplay.nn import cloud_picture, sliced_distance

FIRST, SECOND = NETS = "random pairs", "straightened"
COUNTS = (1, 2, 3, 5, 10, 30)
MANY = 1000  # points that samples are judged by


class Flow(Scene):
    covers = ("Flow Matching",)
    panels = {
        "paths": "from noise to data: bent by random pairs, then straightened",
        "samples": "of both flows by so many of Euler's steps, beside data",
        "distance": "of samples from data over Euler's steps; lower is better",
    }
    claims = {
        "bent": "paths of the flow from random pairs are over 1.5 times as long as their chords",
        "one_step": "its samples by one step are over 0.5 off",
        "learned": "by 30 steps they are below 0.13 off",
        "straight": "straightened paths are below 1.1 times as long as their chords",
        "now": "their samples by one step are below 0.2 off",
    }
    tries = (
        Try(
            "pairing=optimal",
            "No reflow: the second net gets each noise with a point close by. Its single step?",
            ("as bad as before", "nearly as good as many", "better than 30 of the first"),
            right=2,
            keeps=("straight", "now", "bent"),
            why="Lines to near points hardly cross. So there is one velocity at each place, and "
            "the net need not average.",
        ),
        Try(
            "pairing=random",
            "The second net gets random pairs, like the first. Are its paths straighter?",
            ("yes, a little", "yes, as with reflow", "no, as bent"),
            right=3,
            breaks=("straight", "now"),
            keeps="bent",
            why="The bend is no lack of training. It is the right mean of lines that cross.",
        ),
        Try(
            "radius=5",
            "The heaps move far out, to a radius of 5. How much longer than their chords are the "
            "paths of random pairs?",
            ("even more", "as much as before", "hardly"),
            right=3,
            breaks="bent",
            keeps="straight",
            why="From far away the cloud of noise is nearly a point. Lines from it to different "
            "heaps part at once, and then do not cross any more.",
        ),
    )
    quick = {"steps": 10}
    pace = 100

    passes = Int(1, min=1, max=50, live=True, help="Euler's steps of the samples that are drawn")
    pairing = Choice("reflow", ("reflow", "optimal", "random"), help="of the second net's pairs")
    radius = Float(1.4, min=0.5, max=6, help="of the circle on which the eight heaps lie")
    learning_rate = Float(0.007, min=1e-4, max=0.1, log=True, live=True, help="of Adam, at first")
    steps = Int(700, min=10, max=5000, log=True, help="steps of 128 pairs, for each net")

    def run(self, stage):
        heaps = ring_of_heaps(self.radius).to(stage.device)
        nets = nn.ModuleDict({
            name: nn.Sequential(
                nn.Linear(8, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(),
                nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 2),
            ) for name in NETS
        }).to(stage.device)  # fmt: skip
        optimizers = {
            name: torch.optim.Adam(net.parameters(), lr=self.learning_rate)
            for name, net in nets.items()
        }

        def velocity(name, x, t):
            """What a net says at x [N, 2], at times t [N, 1]: [N, 2]."""
            angle = math.pi * t * torch.tensor([0.5, 1.0, 2.0], device=x.device)
            return nets[name](torch.cat([x, angle.sin(), angle.cos()], dim=1))

        def followed(name, x, steps):
            """From noise x at t = 1 down to t = 0 by Euler's steps: the path [steps + 1, N, 2]."""
            path = [x]
            for k in range(steps):
                t = torch.full_like(x[:, :1], 1 - k / steps)
                path.append(path[-1] - velocity(name, path[-1], t) / steps)
            return torch.stack(path)

        def bend(path):
            """How many times as long as the way from end to end: the median path."""
            length = path.diff(dim=0).norm(dim=2).sum(dim=0)
            return (length / (path[-1] - path[0]).norm(dim=1)).median()

        def off(name, steps):
            return sliced_distance(followed(name, noise, steps)[-1], data)

        data, noise = heaps.draw(MANY), torch.randn(MANY, 2).to(stage.device)
        reach = self.radius + 1.2
        shown = noise[noise[:, 0].abs().argsort()[:9]]  # those that go up or down
        time = torch.linspace(0, 1, 21, device=stage.device)[:, None]
        edge = torch.stack([torch.full_like(data[:80, 1], 1.02), data[:80, 1]], dim=1)

        @stage.look(50, nets)
        def look():
            lines = {}
            for name in NETS[: 1 + (trained == SECOND)]:
                height = followed(name, shown, 20)[..., 1]  # [21, 9]
                line = torch.stack([time.expand(21, 9), height], dim=2)
                line = torch.cat([line, torch.full_like(line[:1], math.nan)])
                lines[name] = line.transpose(0, 1).flatten(0, 1)[:-1]
            stage.plane(
                "paths", x=(0, 1.02), y=(-reach, reach), paths=lines, points={"data": edge},
                x_label="1 − t: data at the right", y_label="height of a point",
            )  # fmt: skip
            film = [followed(name, noise, self.passes)[-1] for name in NETS] + [data]
            pictures = [cloud_picture(x, reach=reach, pixels=32) for x in film]
            names = ["random", "straight", "data"]
            stage.image("samples", torch.stack(pictures), captions=names, columns=2)
            bent = [bend(followed(name, noise[:300], 20)) for name in NETS]
            stage.headline(
                f"path over chord: random {bent[0]:.2f}, straightened {bent[1]:.2f}; one step is "
                f"{off(FIRST, 1):.2f}, {off(SECOND, 1):.2f} off"
            )

        @stage.look(400, nets)
        def look_at_distance():
            found = {name: torch.stack([off(name, n) for n in COUNTS]) for name in NETS}
            stage.axes("distance", x="Euler's steps", y="distance", log="xy")
            stage.plot("distance", COUNTS, found)

        trained = FIRST
        pairs = None
        for step in stage.loop(2 * self.steps):  # first one net, then the other
            trained = NETS[step // self.steps]
            if step == self.steps and self.pairing == "reflow":
                with torch.no_grad():
                    ε = torch.randn(4000, 2).to(stage.device)
                    pairs = followed(FIRST, ε, 30)[-1], ε
            if pairs is None:
                x0, ε = heaps.draw(128), torch.randn(128, 2).to(stage.device)
                if trained == SECOND and self.pairing == "optimal":
                    ε = ε[paired(x0, ε)]
            else:
                batch = torch.randint(4000, (128,), device="cpu").to(stage.device)
                x0, ε = (part[batch] for part in pairs)
            t = torch.rand(128, 1).to(stage.device)
            loss = (
                (velocity(trained, (1 - t) * x0 + t * ε, t) - (ε - x0)).square().sum(dim=1).mean()
            )
            optimizer = optimizers[trained]
            done = step % self.steps / self.steps
            optimizer.param_groups[0]["lr"] = self.learning_rate * (1 - done)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            bent = [bend(followed(name, noise, 50)) for name in NETS]
            stage.claim("bent", bent[0], above=1.5)
            stage.claim("one_step", off(FIRST, 1), above=0.5)
            stage.claim("learned", off(FIRST, 30), below=0.13)
            stage.claim("straight", bent[1], below=1.1)
            stage.claim("now", off(SECOND, 1), below=0.2)


def paired(x0, ε):
    """For each of the points x₀ [N, 2] a noise: drawn from nearly the best pairing (Sinkhorn)."""
    apart = torch.cdist(x0, ε).square()
    log_plan = -apart / (0.03 * apart.mean())
    for _ in range(8):
        log_plan = log_plan - log_plan.logsumexp(dim=1, keepdim=True)
        log_plan = log_plan - log_plan.logsumexp(dim=0, keepdim=True)
    return torch.multinomial(log_plan.softmax(dim=1).cpu(), 1)[:, 0].to(x0.device)
