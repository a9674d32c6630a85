"""# A run that never rests

Curves of fixed and of ever new series, a table, pictures and a matrix, all of them at each step.
"""

import time

import torch

from dlplay import Int, Scene


class Stream(Scene):
    panels = ("noise", "grid", "pictures", "matrix")
    rate = Int(200, min=1, max=10_000, help="steps a second")
    series = Int(50, min=1, max=500, help="points a step")
    steps = Int(1_000_000_000, min=1, max=1_000_000_000)

    def run(self, stage):
        random = torch.Generator().manual_seed(0)
        names = [f"series {number}" for number in range(self.series)]
        began = time.perf_counter()
        for step in stage.loop(self.steps):
            values = torch.randn(len(names), generator=random).tolist()
            stage.curve("noise", dict(zip(names, values, strict=True)))
            if stage.every(max(1, self.rate // 10)):
                rows = [[f"row {row}", step, *values[:4]] for row in range(40)]
                stage.table("grid", ["row", "step", "a", "b", "c", "d"], rows)
                stage.image("pictures", torch.rand(16, 28, 28, generator=random))
                stage.heatmap("matrix", torch.randn(32, 32, generator=random))
                print(f"step {step}: a line for the log")
            ahead = began + step / self.rate - time.perf_counter()
            if ahead > 0:
                time.sleep(ahead)
