"""Curvature without its matrix: products with it, conjugate gradient, Hessian-free optimization."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd import grad

Product = Callable[[Tensor], Tensor]


def flat(tensors: Iterable[Tensor]) -> Tensor:
    """All numbers of the tensors in one vector [n]."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def hessian_product(loss: Tensor, parameters: Sequence[Tensor], v: Tensor) -> Tensor:
    """H v [n] for the Hessian of `loss` (a scalar with its graph) and a vector v [n].

    The gradient of ∇E · v (Pearlmutter, 1994, "Fast Exact Multiplication by the Hessian"). The
    graph is kept for the next product.
    """
    slope = flat(grad(loss, parameters, create_graph=True))
    return flat(grad(slope @ v, parameters, retain_graph=True, materialize_grads=True))


def gauss_newton_product(
    outputs: Tensor, loss: Tensor, parameters: Sequence[Tensor], v: Tensor
) -> Tensor:
    """G v [n] for the Gauss-Newton matrix G = Jᵀ L J (Schraudolph, 2002).

    J: Jacobian of `outputs` (any shape) by the parameters; L: Hessian of the scalar `loss` by the
    outputs. G has no negative eigenvalue where the loss is convex in the outputs, and equals the
    Hessian where the outputs are linear in the parameters. Graphs are kept.
    """
    u = torch.zeros_like(outputs, requires_grad=True)
    back = flat(grad(outputs, parameters, u, create_graph=True, materialize_grads=True))  # Jᵀ u
    (forth,) = grad(back, u, v)  # J v: the derivative of Jᵀ u by u, transposed, times v
    (slope,) = grad(loss, outputs, create_graph=True)
    (bent,) = grad(slope, outputs, forth, retain_graph=True, materialize_grads=True)  # L J v
    return flat(grad(outputs, parameters, bent, retain_graph=True, materialize_grads=True))


class Iterate(NamedTuple):
    """Where conjugate gradient is: x, residual b − A x, the direction it came along (each [n]),
    and the quadratic ½ xᵀ A x − bᵀ x."""

    x: Tensor
    residual: Tensor
    direction: Tensor
    value: float


def conjugate_gradient(
    product: Product, b: Tensor, start: Tensor | None = None
) -> Iterator[Iterate]:
    """Solve A x = b step by step, with products A v alone (Hestenes and Stiefel, 1952).

    A is symmetric and positive definite, b [n]. Each step goes to the minimum of
    ½ xᵀ A x − bᵀ x along a direction that is conjugate to all before, dᵢᵀ A dⱼ = 0. In exact
    arithmetic x is right after as many steps as A has distinct eigenvalues. Ends where the
    residual is zero, or where a direction has no positive curvature.
    """
    x = torch.zeros_like(b) if start is None else start.clone()
    residual = b - product(x) if start is not None else b.clone()
    direction, square = residual.clone(), residual @ residual
    while square > 0:
        bent = product(direction)
        curvature = direction @ bent
        if not curvature > 0:
            return
        length = square / curvature
        x = x + length * direction
        residual = residual - length * bent
        yield Iterate(x, residual, direction, (-0.5 * x @ (residual + b)).item())
        square, last = residual @ residual, square
        direction = residual + square / last * direction


class HessianFree:
    """Hessian-free optimization (Martens, 2010, "Deep learning via Hessian-free optimization").

    One step: the loss as a quadratic, with Gauss-Newton products and the damping λ,

        q(d) = E + ∇Eᵀ d + ½ dᵀ (G + λI) d,

    is minimised by conjugate gradient, which starts from the last step, shortened, and stops when
    it gains little (the paper's rule with ε = 0.0005) or after `cg_steps`. λ falls by 2/3 where
    the undamped quadratic foretold the fall of the loss (ratio > 3/4) and rises by 3/2 where it
    did not (< 1/4). A step that raises the loss is shortened, or not taken.

    Use one large batch for all of a step. `damping` λ > 0, `cg_steps` ≥ 1; ValueError otherwise.
    `products` counts the curvature products so far, `damping` is the λ of the next step.
    """

    def __init__(
        self, parameters: Iterable[Tensor], damping: float = 1.0, cg_steps: int = 50
    ) -> None:
        if not damping > 0:
            raise ValueError(f"damping must be above 0, not {damping}")
        if cg_steps < 1:
            raise ValueError(f"cg_steps must be 1 or more, not {cg_steps}")
        self.parameters = list(parameters)
        self.damping = damping
        self.cg_steps = cg_steps
        self.products = 0
        self._last: Tensor | None = None

    def step(self, forward: Callable[[], Tensor], loss: Callable[[Tensor], Tensor]) -> float:
        """One update; the loss before it. `forward()` gives the outputs, `loss(outputs)` a scalar
        that is convex in them."""
        outputs = forward()
        value = loss(outputs)
        slope = flat(grad(value, self.parameters, retain_graph=True, materialize_grads=True))

        def product(v: Tensor) -> Tensor:
            self.products += 1
            return gauss_newton_product(outputs, value, self.parameters, v)

        d = self._solve(product, slope)
        foretold = (slope @ d + 0.5 * d @ product(d)).item()
        before = value.item()
        fall = self._move(d, forward, loss, before)
        if foretold < 0:
            self._adapt(fall / foretold)
        return before

    def _solve(self, product: Product, slope: Tensor) -> Tensor:
        """The step that conjugate gradient finds for the damped quadratic."""
        start = None if self._last is None else 0.95 * self._last
        values: list[float] = []
        d = torch.zeros_like(slope)
        damped = conjugate_gradient(lambda v: product(v) + self.damping * v, -slope, start)
        for iterate in damped:
            d = iterate.x
            values.append(iterate.value)
            if len(values) >= self.cg_steps or gains_little(values):
                break
        self._last = d
        return d

    def _move(
        self,
        d: Tensor,
        forward: Callable[[], Tensor],
        loss: Callable[[Tensor], Tensor],
        before: float,
    ) -> float:
        """Go along d, as far as the loss falls; the change of the loss at all of d."""
        origin = flat(self.parameters).detach().clone()
        first, share = float("inf"), 1.0
        with torch.no_grad():
            while share > 1e-3:
                self._place(origin + share * d)
                change = loss(forward()).item() - before
                first = change if share == 1 else first
                if change <= 0:
                    return first
                share *= 0.8
            self._place(origin)
        self._last = None
        return first

    def _place(self, theta: Tensor) -> None:
        sizes = [parameter.numel() for parameter in self.parameters]
        for parameter, part in zip(self.parameters, torch.split(theta, sizes), strict=True):
            parameter.copy_(part.view_as(parameter))

    def _adapt(self, ratio: float) -> None:
        """Levenberg and Marquardt's rule; a loss that is no number counts as foretold wrongly."""
        if ratio > 0.75:
            self.damping *= 2 / 3
        elif not ratio >= 0.25:
            self.damping *= 3 / 2


def gains_little(values: Sequence[float], epsilon: float = 5e-4) -> bool:
    """The paper's rule to stop: over the last k = max(10, i/10) of i steps the quadratic, from 0
    downwards, fell by less than a share k ε of its value."""
    i = len(values)
    k = max(10, i // 10)
    return i > k and values[-1] < 0 and (values[-1] - values[-1 - k]) / values[-1] < k * epsilon
