"""Optimizers that torch does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

import torch
from torch.optim.optimizer import Optimizer, ParamsT


class Lion(Optimizer):
    """Sign of an interpolated momentum (Chen et al., 2023, "Symbolic Discovery of Optimization
    Algorithms"):

        c = β₁ m + (1 − β₁) g
        θ ← θ − α (sign(c) + λ θ)
        m ← β₂ m + (1 − β₂) g

    Every parameter moves by exactly α (but for the decay λ, and where c is 0), so α is about a
    tenth to a third of Adam's. `lr` is α > 0, `betas` (β₁, β₂) each in 0 ≤ β < 1, `weight_decay`
    λ ≥ 0; ValueError otherwise. One number of state a parameter, where Adam keeps two.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        if not lr > 0:
            raise ValueError(f"lr must be above 0, not {lr}")
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"both betas must be in 0 ≤ β < 1, not {betas}")
        if not weight_decay >= 0:
            raise ValueError(f"weight_decay must be 0 or more, not {weight_decay}")
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One update of every parameter that has a gradient; returns what `closure` does."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for theta in group["params"]:
                if theta.grad is not None:
                    self._update(theta, theta.grad, group)
        return loss

    def _update(self, theta: torch.Tensor, g: torch.Tensor, group: dict[str, Any]) -> None:
        state = self.state[theta]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(theta)
        m, (beta1, beta2) = state["momentum"], group["betas"]
        c = beta1 * m + (1 - beta1) * g
        theta.sub_(group["lr"] * (c.sign() + group["weight_decay"] * theta))
        m.mul_(beta2).add_(g, alpha=1 - beta2)
