"""
# Does a small net learn rings?

A page that learns in three lines, for tests of what is done to pages.

## Tomorrow

Look at the looks.
"""

import torch
from torch import nn

from dlplay import Float, Int, Scene, Try
from dlplay.data import points


class Page(Scene):
    covers = ("Learning",)
    panels = {"loss": "how wrong the net is", "note": "what the temperature is"}
    claims = {
        "learns": "after 100 steps the net is right for more than 0.85 of its points",
        "counts": "the run makes at least 50 steps",
    }
    tries = (
        Try("rate=0.0001", "Will it learn?", ("yes", "no"), right=2, breaks="learns",
            keeps="counts", why="Its steps are too small."),
        Try("rate=0.002 steps=20", "And in twenty steps?", ("yes", "no"), right=2,
            breaks="counts", why="Twenty are fewer than fifty."),
    )  # fmt: skip
    quick = {"steps": 20}

    rate = Float(0.05, min=1e-4, max=1, log=True, live=True, help="step size")
    temperature = Float(1.0, min=0, max=10, live=True, help="only looked at")
    steps = Int(100, min=1, max=1_000_000_000, log=True, help="steps")

    def run(self, stage):
        x, y = points("rings", 100, device=stage.device)
        net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2)).to(stage.device)
        adam = torch.optim.Adam(net.parameters(), lr=self.rate)

        @stage.look(10, net)
        def look():
            stage.headline(f"step {stage.step}, temperature {self.temperature:g}")
            stage.text("note", f"temperature {self.temperature:g}, {torch.rand(1).item() >= 0}")

        for _ in stage.loop(self.steps):
            adam.param_groups[0]["lr"] = self.rate
            loss = nn.functional.cross_entropy(net(x), y)
            adam.zero_grad()
            loss.backward()
            adam.step()
            stage.curve("loss", train=loss)

        with stage.probe(net):
            stage.claim("learns", (net(x).argmax(dim=1) == y).float().mean(), above=0.85)
            stage.claim("counts", stage.tick, at_least=50)
