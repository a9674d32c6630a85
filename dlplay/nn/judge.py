"""A small classifier of digits that judges generated images."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import skip_init

from dlplay.data.bundled import digits

FEATURES = 32
STEPS = 400
BATCH = 128


class Judge(nn.Module):
    """A classifier of 8x8 digits, trained as it is made (a quarter of a CPU second).

    It draws from its own generator and always trains on the CPU, so that it is the same judge in
    every run and leaves the global random state as it was. Its parameters are frozen. `accuracy`
    is its share of right answers on the test images (about 0.97).
    """

    accuracy: float

    def __init__(self, device: str = "cpu", *, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.trunk = nn.Sequential(
            nn.Flatten(),
            _linear(64, 128, generator),
            nn.ReLU(),
            _linear(128, FEATURES, generator),
            nn.ReLU(),
        )
        self.head = _linear(FEATURES, 10, generator)
        x, y, x_test, y_test = digits()
        with torch.enable_grad():
            self._train(x, y, generator)
        self.requires_grad_(False)
        self.accuracy = float((self.classes(x_test) == y_test).float().mean())
        self.to(device)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits [N, 10] of images [N, 1, 8, 8] with values 0 to 1."""
        logits: torch.Tensor = self.head(self.trunk(images))
        return logits

    def confidence(self, images: torch.Tensor) -> torch.Tensor:
        """The probability [N] of the likeliest class: how sure the judge is."""
        return self.forward(images).softmax(dim=1).amax(dim=1)

    def classes(self, images: torch.Tensor) -> torch.Tensor:
        """The likeliest class [N], 0 to 9."""
        return self.forward(images).argmax(dim=1)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The last hidden layer [N, 32]: what `frechet` compares."""
        features: torch.Tensor = self.trunk(images)
        return features

    def distance(self, images: torch.Tensor, real: torch.Tensor) -> float:
        """The Fréchet distance between two sets of images, [N, 1, 8, 8] each, in the judge's eyes.

        0 for the same distribution; about 1 between the training and the test images.
        """
        return frechet(self.features(images), self.features(real))

    def _train(self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator) -> None:
        optimizer = torch.optim.Adam(self.parameters(), lr=3e-3, fused=True)
        for step in range(STEPS):
            if step == STEPS * 3 // 4:
                optimizer.param_groups[0]["lr"] = 3e-4
            picked = torch.randint(len(x), (BATCH,), generator=generator)
            noise = torch.randn(BATCH, *x.shape[1:], generator=generator)
            # A little noise, so that a pixel no digit ever uses does not decide on its own.
            loss = cross_entropy(self(x[picked] + 0.1 * noise), y[picked])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()


def frechet(a: torch.Tensor, b: torch.Tensor) -> float:
    """The squared Fréchet distance between the Gaussians fitted to two sets of points [N, d].

    |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2(Σ₁Σ₂)^½), as in the FID of Heusel et al. (2017). Computed in
    float64 on the CPU; NaN where a point is not finite. ValueError for fewer than two points.
    """
    if len(a) < 2 or len(b) < 2:
        raise ValueError(f"a covariance needs two points or more, not {min(len(a), len(b))}")
    a, b = a.detach().cpu().double(), b.detach().cpu().double()
    if not (a.isfinite().all() and b.isfinite().all()):
        return math.nan
    root = _square_root(torch.cov(a.T))
    # tr (Σ₁Σ₂)^½ = tr (Σ₁^½ Σ₂ Σ₁^½)^½, and the latter is symmetric.
    cross = torch.linalg.eigvalsh(root @ torch.cov(b.T) @ root).clamp(min=0).sqrt().sum()
    spread = torch.cov(a.T).trace() + torch.cov(b.T).trace() - 2 * cross
    return float((a.mean(dim=0) - b.mean(dim=0)).square().sum() + spread.clamp(min=0))


def _square_root(matrix: torch.Tensor) -> torch.Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    root: torch.Tensor = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return root


def _linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """A He-initialised layer that leaves the global random state alone."""
    layer: nn.Linear = skip_init(nn.Linear, inputs, outputs)  # type: ignore[no-untyped-call]
    nn.init.normal_(layer.weight, std=(2 / inputs) ** 0.5, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer
