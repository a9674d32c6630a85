"""# The same step, bare and on the stage

Blocks of steps alternate between a bare loop and `stage.loop` with a curve at every step.
"""

import statistics
import time
from pathlib import Path

import torch
from torch import nn

from dlplay import Int, Scene, Text, Toggle


class Mlp(Scene):
    panels = ("loss", "gradient", "maps", "plane")
    blocks = Int(80, min=1, max=1000)
    steps = Int(100, min=1, max=100_000)
    pictures = Int(0, min=0, max=100, help="steps between two pictures, 0 for none")
    compare = Toggle(True, help="have bare blocks, too")
    report = Text("", help="a file for the ratio")

    def run(self, stage):
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1)
        )
        optimizer = torch.optim.Adam(model.parameters(), fused=True)
        x, y = torch.randn(64, 2), torch.randn(64, 1)

        def step():
            loss = (model(x) - y).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        for _ in range(100):
            step()
        ratios = []
        for _ in range(self.blocks):
            began = time.perf_counter()
            for _ in range(self.steps if self.compare else 0):
                step()
            bare = time.perf_counter() - began
            began = time.perf_counter()
            for _ in stage.loop(self.steps):
                stage.curve("loss", train=step())
                if self.pictures and stage.every(self.pictures):
                    stage.curve("gradient", norm=model[0].weight.grad.norm())
                    stage.heatmap("maps", model[2].weight)
                    stage.plane("plane", x=(-3, 3), y=(-3, 3), field=torch.rand(48, 48), points=x)
            ratios.append(bare / (time.perf_counter() - began))
        ratio = statistics.median(ratios)  # of neighbours: the machine's moods cancel out
        stage.measure(ratio=ratio)
        if self.report:
            Path(self.report).write_text(str(ratio))
