"""Optimizers that torch does not have, and the rules of the races by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, overload

import torch
from torch import optim
from torch.optim.optimizer import Optimizer, ParamsT


class _OneByOne(Optimizer):
    """An optimizer that says in `_update` how one parameter tensor moves."""

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
        raise NotImplementedError


class Lion(_OneByOne):
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

    def _update(self, theta: torch.Tensor, g: torch.Tensor, group: dict[str, Any]) -> None:
        state = self.state[theta]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(theta)
        m, (beta1, beta2) = state["momentum"], group["betas"]
        c = beta1 * m + (1 - beta1) * g
        theta.sub_(group["lr"] * (c.sign() + group["weight_decay"] * theta))
        m.mul_(beta2).add_(g, alpha=1 - beta2)


class SignGains(_OneByOne):
    """Gradient descent with a gain for each parameter, which follows the signs of its gradient
    (Jacobs, 1988, "Increased Rates of Convergence Through Learning Rate Adaptation": up by a sum,
    down by a factor; in this form after Hinton's lectures on neural networks, 2012):

        gain ← gain + up      where g has the sign of the last g
        gain ← gain · down    where it has the other one (and as it was where either is 0)
        θ ← θ − α · gain · g

    Every gain starts at 1 and stays within `limits`. `lr` is α > 0, `up` ≥ 0, 0 < `down` ≤ 1,
    0 < limits[0] ≤ 1 ≤ limits[1]; ValueError otherwise. The rule wants large batches: with small
    ones the signs follow the noise. Two numbers of state a parameter, the gain and the last g.
    With `up` 0 and `down` 1 it is gradient descent.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-2,
        up: float = 0.05,
        down: float = 0.95,
        limits: tuple[float, float] = (0.1, 10.0),
    ) -> None:
        if not lr > 0:
            raise ValueError(f"lr must be above 0, not {lr}")
        if not up >= 0:
            raise ValueError(f"up must be 0 or more, not {up}")
        if not 0 < down <= 1:
            raise ValueError(f"down must be in 0 < down ≤ 1, not {down}")
        if not 0 < limits[0] <= 1 <= limits[1]:
            raise ValueError(f"limits must be below and above 1, not {limits}")
        super().__init__(params, {"lr": lr, "up": up, "down": down, "limits": limits})

    def _update(self, theta: torch.Tensor, g: torch.Tensor, group: dict[str, Any]) -> None:
        state = self.state[theta]
        if "gain" not in state:
            state["gain"] = torch.ones_like(theta)
            state["last"] = torch.zeros_like(theta)
        gain, agreement = state["gain"], g.sign() * state["last"].sign()
        changed = torch.where(agreement > 0, gain + group["up"], gain)
        changed = torch.where(agreement < 0, gain * group["down"], changed)
        gain.copy_(changed.clamp(*group["limits"]))
        state["last"].copy_(g)
        theta.sub_(group["lr"] * gain * g)


# Each is called with parameters and lr; all else is as its paper or torch has it, but for
# RMSProp's memory, which is that of Hinton's lecture.
FIRST_ORDER: dict[str, Callable[..., Optimizer]] = {
    "descent": optim.SGD,
    "momentum": partial(optim.SGD, momentum=0.9),
    "Nesterov": partial(optim.SGD, momentum=0.9, nesterov=True),
    "gains": SignGains,
    "Rprop": optim.Rprop,
    "RMSProp": partial(optim.RMSprop, alpha=0.9),
    "Adagrad": optim.Adagrad,
    "Adadelta": optim.Adadelta,
    "Adam": optim.Adam,
    "AdamW": partial(optim.AdamW, weight_decay=0.1),
    "Lion": Lion,
}
