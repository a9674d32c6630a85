"""
# Why must both learn at once?

A discriminator D tells fakes from real points. Its slope says, at each fake, in which direction it
would look more real. So train D to the end, then G against it, and be done?

G's task against a fixed D is: make D(x) as large as you can. Nothing in it asks for variety. So
most of z is sent to one side, even past the data, where D has seen nothing and still says "real".
The finished judge, who learnt nothing about that heap, applauds. What would cure it is a D that
looks again: where everybody stands, a point is most likely fake. Its answer falls there, the slope
turns, and the crowd is driven apart.

So the two take turns, with one small step each. D first: up in

    V = E log D(x)
        + E log(1 − D(G(z)))

x is real, z is noise, G(z) a fake. Then G: down in V. Here it goes up in E log D(G(z)) instead,
which has the same solution and the better slope (see *Why is the generator's loss turned round?*).
That is a **generative adversarial network**. In the end D is thrown away.

If G made the data's own density, the best D would answer ½ everywhere. The reverse does not hold: ½
says that *this* D finds no difference at present. The game is level, it need not be won.

And the order counts. The smallest, over G, of the largest V, over D: that is the task. The other
way round, G would answer a D that stands still, which is the crowd on one side. Steps in turn are
neither. They only stay near the first as long as D keeps up.

## Tomorrow

Alternate, one step each; if in doubt give D more. Never train one of the two to its end first. D at
½ is a truce: look at the samples.
"""

import copy
import math

import torch
from torch import nn
from torch.nn.functional import softplus

from dlplay import Float, Int, Scene, Try
from dlplay.data import Ring
from dlplay.nn import grid

VIEW = (-3.0, 3.0)


class TwoPlayers(Scene):
    covers = ("Architecture of a GAN & Adversarial Training", "Mathematics behind GANs")
    panels = {
        "both learn": "in turns; D says real where it is orange; lines: its slope at some fakes",
        "one by one": "D was trained first, then G: all fakes crowd where D says real",
        "fullest mode": "share of the samples at it, of 8; lower is better",
        "D's answer": "where both learn; near ½ it can tell no difference",
    }
    claims = {
        "finds_all": "where both learn, at least 7 of 8 modes are found",
        "spread": "and the fullest gets less than a quarter of the samples",
        "missed": "one by one, at least 5 modes fewer are found",
        "applauded": "and the finished D calls them real with over 0.9 on average",
        "level": "where both learn, D's mean answer on fakes ends at 0.38 to 0.53: level",
        "not_won": "yet only 0.4 to 0.8 of the samples lie on a mode (of real points 0.99)",
    }
    tries = (
        Try(
            "g_steps=5 steps=600",
            "G takes five steps for each of D's. How many modes does it find?",
            ("8, and sooner", "8, but less sharp", "one, or even none"),
            right=3,
            breaks=("finds_all", "spread"),
            why="In five steps G runs to the spot that D likes best at the moment. When D has "
            "seen it, all run on to the next one.",
        ),
        Try(
            "d_steps=5 steps=600",
            "And D takes five steps for each of G's?",
            ("the modes are found all the same", "G learns nothing", "G crowds on one spot"),
            right=1,
            keeps=("finds_all", "spread"),
            why="A D that is near its best for these samples shows G a slope that fits them. The "
            "fakes lie near the data, so D is not so sure that the slope is gone.",
        ),
    )
    quick = {"steps": 20, "d_alone": 10}
    pace = 30

    d_alone = Int(300, min=0, max=3000, help="one by one: rounds in which D learns, before G does")
    d_steps = Int(1, min=1, max=5, live=True, help="steps of D in its turn")
    g_steps = Int(1, min=1, max=5, live=True, help="steps of G in its turn")
    momentum = Float(0.5, min=0, max=0.9, help="β₁ of Adam")
    learning_rate = Float(0.001, min=1e-4, max=0.01, log=True, live=True, help="of Adam, for both")
    steps = Int(1200, min=20, max=5000, log=True, help="rounds: D's turn, then G's")

    def run(self, stage):
        ring = Ring()
        G, D = net(2).to(stage.device), net(1).to(stage.device)
        G_copy, D_copy = copy.deepcopy((G, D))  # these learn one by one
        adam = {
            model: torch.optim.Adam(model.parameters(), self.learning_rate, (self.momentum, 0.999))
            for model in (G, D, G_copy, D_copy)
        }
        z_new, real = torch.randn(1000, 2).to(stage.device), ring.points(1000, device=stage.device)
        places = grid(VIEW, VIEW, 40, stage.device)

        def fakes(G):
            return G(torch.randn(64, 2).to(stage.device))

        def step_of(model, loss):
            adam[model].param_groups[0]["lr"] = self.learning_rate
            adam[model].zero_grad()
            loss.backward()
            adam[model].step()

        def picture(G, D):
            """D's answer over the plane, real points, samples, and what D's slope tells 40."""
            x = G(z_new)
            field = D(places.reshape(-1, 2)).sigmoid().reshape(40, 40) - 0.5
            start = x[:40].clone().requires_grad_()
            with torch.enable_grad():  # log D(x) is −softplus(−logit)
                (slope,) = torch.autograd.grad(-softplus(-D(start)).sum(), start)
            way = slope * (0.5 / slope.norm(dim=1, keepdim=True).clamp(min=0.5))
            gap = torch.full_like(start, math.nan)
            lines = torch.stack([start.detach(), start.detach() + way, gap], dim=1).reshape(-1, 2)
            return {
                "x": VIEW, "y": VIEW, "field": field, "kind": "signed", "low": -0.5, "high": 0.5,
                "points": {"fake": x[:300], "real": real[:200]}, "paths": {"slope": lines[:-1]},
            }  # fmt: skip

        @stage.look(1, G, D, G_copy, D_copy)
        def look():
            turn = stage.step
            if 40 <= turn < 2 * self.steps - 1 and turn % 15:  # at first each turn, then some
                return
            stage.plane("both learn", **picture(G, D))
            stage.plane("one by one", **picture(G_copy, D_copy))
            games = {"both learn": G, "one by one": G_copy}
            full = {name: ring.cells(each(z_new)).max() for name, each in games.items()}
            on_real, on_fake = D(real).sigmoid().mean(), D(G(z_new)).sigmoid().mean()
            stage.curve("fullest mode", full, x=turn / 2)
            stage.curve("D's answer", real=on_real, fake=on_fake, x=turn / 2)
            who = "G" if turn % 2 else "D"
            stage.headline(
                f"{who}'s turn; D answers {on_real:.2f} on real, {on_fake:.2f} on fakes; "
                f"{ring.found(G(z_new)):.0f} of 8 modes found"
            )

        stage.axes("fullest mode", x="round", y="share", lines={"even": 0.125})
        stage.axes("D's answer", x="round", y="mean D", lines={"½": 0.5})
        for turn in stage.loop(2 * self.steps):
            for g, d in ((G, D), (G_copy, D_copy)):
                both, early = d is D, turn < 2 * self.d_alone
                if turn % 2 == 0 and (both or early):
                    for _ in range(self.d_steps):
                        x = ring.points(64, device=stage.device)
                        wrong = softplus(-d(x)).mean() + softplus(d(fakes(g).detach())).mean()
                        step_of(d, wrong)  # −V
                elif turn % 2 == 1 and (both or not early):
                    for _ in range(self.g_steps):
                        step_of(g, softplus(-d(fakes(g))).mean())  # −log D(G(z))

        with stage.probe(G, D, G_copy, D_copy):
            x, crowd = G(z_new), G_copy(z_new)
            stage.claim("finds_all", ring.found(x), at_least=7)
            stage.claim("spread", ring.cells(x).max(), below=0.25)
            stage.claim("missed", ring.found(x) - ring.found(crowd), at_least=5)
            stage.claim("applauded", D_copy(crowd).sigmoid().mean(), above=0.9)
            stage.claim("level", D(x).sigmoid().mean(), within=(0.38, 0.53))
            stage.claim("not_won", ring.on_mode(x), within=(0.4, 0.8))


def net(outputs):
    """From two numbers to a point, or to D's logit: D(x) is its sigmoid."""
    return nn.Sequential(
        nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2),
        nn.Linear(64, outputs),
    )  # fmt: skip
