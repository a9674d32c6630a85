"""# A scene with a watched model"""

import torch
from torch import nn

from dlplay import Int, Scene


class Watched(Scene):
    steps = Int(50, min=1, max=1_000_000, log=True)

    def run(self, stage):
        model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        stage.watch(model)
        for _ in stage.loop(self.steps):
            loss = model(torch.randn(16, 2)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            stage.curve("loss", train=loss)
        stage.measure(final=loss)
