"""Many small nets as one against one by one, on demand: `python -m tests.benchmarks.bench_batched`.

Prints CPU seconds and their ratio, by the number of nets. Asserts nothing.
"""

from __future__ import annotations

import os
import time

os.environ["OMP_NUM_THREADS"] = "1"

import itertools

import torch
from torch import nn

from dlplay.nn.batched import BatchedLinear, losses, side_by_side

# name, sizes of the layers, examples in a batch
NETS = (
    ("XOR: 2-4-2, 4 examples", (2, 4, 2), 4),
    ("digits: 64-32-10, 64 examples", (64, 32, 10), 64),
)
STEPS = 30


def seconds(copies: int, sizes: tuple[int, ...], examples: int) -> float:
    """CPU seconds of STEPS Adam steps of so many nets in one model."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [BatchedLinear(copies, inputs, outputs), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    x, y = torch.randn(examples, sizes[0]), torch.randint(sizes[-1], (examples,))
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    for step in range(STEPS + 5):
        if step == 5:
            began = time.process_time()
        loss = losses(model(side_by_side(x, copies)), y).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.process_time() - began


def main() -> None:
    torch.set_num_threads(1)
    for name, sizes, examples in NETS:
        for copies in (1, 4, 16, 64, 200):
            alone = min(seconds(1, sizes, examples) for _ in range(5)) * copies
            together = min(seconds(copies, sizes, examples) for _ in range(5))
            print(f"{name}: {copies:>3} nets as one are {alone / together:5.1f} times as fast")


if __name__ == "__main__":
    main()
