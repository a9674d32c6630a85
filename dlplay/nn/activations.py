"""Activation functions, each with its derivative written out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

Elementwise = Callable[[Tensor], Tensor]

RRELU = (1 / 8, 1 / 3)  # torch's range of RReLU's slopes; tested with their mean, 11/48
SELU_ALPHA = 1.6732632423543772  # Klambauer et al. 2017
SELU_SCALE = 1.0507009873554805


@dataclass(frozen=True)
class Activation:
    """A function of one number, taken elementwise: tensors of any shape, float32 or float64.

    `f`: torch's own. `slope`: the derivative by its formula; at a corner, the value that torch's
    autograd gives. `corners`: where there is no derivative. `flat`: on which side f′ goes to 0 far
    out: "left", "right", "both" or "neither".
    """

    formula: str
    derivative: str
    flat: str
    f: Elementwise
    slope: Elementwise
    corners: tuple[float, ...] = ()


def autograd(f: Elementwise, x: Tensor) -> Tensor:
    """f′ at every number of `x`, by torch; 0 where f passes no gradient on at all."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        y = f(x)
        if not y.requires_grad:
            return torch.zeros_like(x)
        (slope,) = torch.autograd.grad(y.sum(), x)
    return slope


def activations(
    alpha: float = 1.0, leak: float = 0.01, threshold: float = 0.0
) -> dict[str, Activation]:
    """All of them, by name. `alpha` > 0 is that of ELU and CELU, `leak` the slope of LeakyReLU for
    negative x, and `threshold` where Threshold (which gives 0 below) lets through."""
    return {
        **_bounded(),
        **_corners(leak, threshold),
        **_exponential(alpha),
        **_gated(),
        **_hard(),
    }


def _bounded() -> dict[str, Activation]:
    """Straight, stepped, and flat on both sides."""
    return {
        "identity": Activation("x", "1", "neither", lambda x: x * 1, torch.ones_like),
        "step": Activation(
            "1 if x > 0 else 0", "0", "both",
            lambda x: (x > 0).to(x.dtype), torch.zeros_like, (0.0,),
        ),
        "sigmoid": Activation(
            "σ(x) = 1/(1 + e⁻ˣ)", "σ(1 − σ)", "both",
            torch.sigmoid, lambda x: x.sigmoid() * (1 - x.sigmoid()),
        ),
        "tanh": Activation(
            "(eˣ − e⁻ˣ)/(eˣ + e⁻ˣ)", "1 − tanh²", "both", torch.tanh, lambda x: 1 - x.tanh() ** 2
        ),
        "arctan": Activation(
            "arctan x", "1/(1 + x²)", "both", torch.atan, lambda x: 1 / (1 + x * x)
        ),
        "softsign": Activation(
            "x/(1 + |x|)", "1/(1 + |x|)²", "both",
            functional.softsign, lambda x: 1 / (1 + x.abs()) ** 2,
        ),
    }  # fmt: skip


def _corners(leak: float, threshold: float) -> dict[str, Activation]:
    """ReLU and its kin: two straight pieces (Nair and Hinton 2010; PReLU: He et al. 2015; RReLU:
    Xu et al. 2015)."""

    def bent(below: float) -> Elementwise:
        return lambda x: torch.where(x > 0, torch.ones_like(x), below)

    middle = sum(RRELU) / 2
    return {
        "relu": Activation(
            "max(0, x)", "1 if x > 0 else 0", "left", torch.relu, bent(0.0), (0.0,)
        ),
        "threshold": Activation(
            f"x if x > {threshold:g} else 0", f"1 if x > {threshold:g} else 0", "left",
            lambda x: functional.threshold(x, threshold, 0.0),
            lambda x: (x > threshold).to(x.dtype), (threshold,),
        ),
        "leaky_relu": Activation(
            f"x if x > 0 else {leak:g}·x", f"1 if x > 0 else {leak:g}",
            "neither" if leak else "left",
            lambda x: functional.leaky_relu(x, leak), bent(leak), (0.0,),
        ),
        "prelu": Activation(
            "x if x > 0 else a·x, a learnt, first ¼", "1 if x > 0 else a", "neither",
            lambda x: functional.prelu(x, x.new_tensor([0.25])), bent(0.25), (0.0,),
        ),
        "rrelu": Activation(
            "x if x > 0 else a·x, a drawn from ⅛..⅓", "1 if x > 0 else a", "neither",
            lambda x: functional.rrelu(x, *RRELU, training=False), bent(middle), (0.0,),
        ),
    }  # fmt: skip


def _exponential(alpha: float) -> dict[str, Activation]:
    """Linear above 0, an exponential below (ELU: Clevert et al. 2016; CELU: Barron 2017)."""
    edge = SELU_SCALE * SELU_ALPHA
    return {
        "elu": Activation(
            f"x if x > 0 else α(eˣ − 1), α = {alpha:g}", "1 if x > 0 else α·eˣ", "left",
            lambda x: functional.elu(x, alpha),
            lambda x: torch.where(x > 0, 1.0, alpha * x.clamp(max=0).exp()),
            () if alpha == 1 else (0.0,),
        ),
        "celu": Activation(
            f"x if x > 0 else α(eˣᐟᵅ − 1), α = {alpha:g}", "1 if x > 0 else eˣᐟᵅ", "left",
            lambda x: functional.celu(x, alpha),
            lambda x: torch.where(x > 0, 1.0, (x.clamp(max=0) / alpha).exp()),
        ),
        "selu": Activation(
            "1.0507·(x if x > 0 else 1.6733(eˣ − 1))", "1.0507·(1 if x > 0 else 1.6733·eˣ)",
            "left", functional.selu,
            lambda x: torch.where(x > 0, SELU_SCALE, edge * x.clamp(max=0).exp()), (0.0,),
        ),
    }  # fmt: skip


def _gated() -> dict[str, Activation]:
    """Smooth ones, linear on the right (GELU: Hendrycks and Gimpel 2016; SiLU: Elfwing et al.
    2018; Mish: Misra 2020)."""

    def mish_slope(x: Tensor) -> Tensor:
        gate = functional.softplus(x).tanh()
        return gate + x * (1 - gate**2) * x.sigmoid()

    return {
        "gelu": Activation(
            "x·Φ(x)", "Φ(x) + x·φ(x)", "left",
            functional.gelu, lambda x: normal_cdf(x) + x * normal(x),
        ),
        "silu": Activation(
            "x·σ(x)", "σ(x)·(1 + x(1 − σ(x)))", "left",
            functional.silu, lambda x: x.sigmoid() * (1 + x * (1 - x.sigmoid())),
        ),
        "mish": Activation(
            "x·tanh(ln(1 + eˣ))", "t + x(1 − t²)σ(x), t = tanh(ln(1 + eˣ))", "left",
            functional.mish, mish_slope,
        ),
        "softplus": Activation("ln(1 + eˣ)", "σ(x)", "left", functional.softplus, torch.sigmoid),
        "logsigmoid": Activation(
            "ln σ(x)", "1 − σ(x)", "right", functional.logsigmoid, lambda x: (-x).sigmoid()
        ),
    }  # fmt: skip


def _hard() -> dict[str, Activation]:
    """Clipped and shrunk ones."""
    return {
        "hardtanh": Activation(
            "x, kept within −1..1", "1 if |x| < 1 else 0", "both",
            functional.hardtanh, lambda x: (x.abs() < 1).to(x.dtype), (-1.0, 1.0),
        ),
        "relu6": Activation(
            "x, kept within 0..6", "1 if 0 < x < 6 else 0", "both",
            functional.relu6, lambda x: ((x > 0) & (x < 6)).to(x.dtype), (0.0, 6.0),
        ),
        "hardshrink": Activation(
            "x if |x| > ½ else 0", "1 if |x| > ½ else 0", "neither",
            functional.hardshrink, lambda x: (x.abs() > 0.5).to(x.dtype), (-0.5, 0.5),
        ),
        "softshrink": Activation(
            "x moved ½ towards 0, at most to 0", "1 if |x| > ½ else 0", "neither",
            functional.softshrink, lambda x: (x.abs() > 0.5).to(x.dtype), (-0.5, 0.5),
        ),
        "tanhshrink": Activation(
            "x − tanh x", "tanh²", "neither", functional.tanhshrink, lambda x: x.tanh() ** 2
        ),
    }  # fmt: skip


def normal(x: Tensor) -> Tensor:
    """φ(x): the density of the standard normal distribution."""
    return (-x * x / 2).exp() / math.sqrt(2 * math.pi)


def normal_cdf(x: Tensor) -> Tensor:
    """Φ(x): how probable it is that a standard normal number lies below x."""
    return (1 + torch.erf(x / math.sqrt(2))) / 2
