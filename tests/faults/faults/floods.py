"""# Draws and prints as fast as it can"""

import torch

from dlplay import Int, Scene


class Floods(Scene):
    steps = Int(1_000_000, min=1, max=10_000_000)

    def run(self, stage):
        picture = torch.rand(64, 3, 32, 32)
        for step in stage.loop(self.steps):
            print("step", step, "of a great many")
            stage.image("pictures", picture)
            stage.curve("loss", train=float(step % 7))
