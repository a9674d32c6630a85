"""The X-ray of a watched model: weights, gradients and activations, layer by layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from dlplay.wire.events import Layer, Spread

BINS = 24


def spread(values: torch.Tensor) -> Spread:
    """Statistics and a histogram of a tensor's finite numbers."""
    flat = values.detach().reshape(-1).float()
    finite = flat[torch.isfinite(flat)]
    bad = flat.numel() - finite.numel()
    if finite.numel() == 0:
        return Spread(0.0, 0.0, 0.0, 0.0, [], bad=bad)
    low, high = finite.min().item(), finite.max().item()
    counts = torch.histc(finite.cpu(), bins=BINS, min=low, max=high if high > low else low + 1)
    return Spread(
        mean=finite.mean().item(),
        std=finite.std(correction=0).item(),
        low=low,
        high=high,
        counts=[int(count) for count in counts.tolist()],
        zeros=(finite == 0).float().mean().item(),
        bad=bad,
    )


class Watch:
    """Looks into the layers of a model; between two looks the model runs as if alone."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.armed = False
        self._outputs: dict[str, torch.Tensor] = {}
        self._hooks: list[Any] = []

    def arm(self) -> None:
        """Keep the outputs of every layer's next forward pass in training mode."""
        self.armed = True
        self._outputs = {}
        for name, module in self._layers():
            self._hooks.append(module.register_forward_hook(self._keep(name)))

    def develop(self) -> list[Layer]:
        """The layers as they are now, and their last outputs if the X-ray was armed."""
        for hook in self._hooks:
            hook.remove()
        self._hooks, self.armed = [], False
        return [self._layer(name, module) for name, module in self._layers()]

    def _layers(self) -> list[tuple[str, nn.Module]]:
        return [
            (name or "model", module)
            for name, module in self.model.named_modules()
            if not any(True for _ in module.children())
        ]

    def _keep(self, name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if module.training and isinstance(output, torch.Tensor):
                self._outputs[name] = output.detach()

        return hook

    def _layer(self, name: str, module: nn.Module) -> Layer:
        weights = list(module.parameters(recurse=False))
        weight = getattr(module, "weight", None)
        gradient = weight.grad if isinstance(weight, torch.Tensor) else None
        output = self._outputs.get(name)
        return Layer(
            name=name,
            kind=type(module).__name__,
            shape=list(weight.shape) if isinstance(weight, torch.Tensor) else [],
            parameters=sum(p.numel() for p in weights),
            weight=spread(weight) if isinstance(weight, torch.Tensor) else None,
            gradient=spread(gradient) if gradient is not None else None,
            activation=spread(output) if output is not None else None,
            dead=_dead(output),
        )


def _dead(output: torch.Tensor | None) -> float | None:
    """The share of units that are zero for every sample of the batch."""
    if output is None or output.dim() < 2:
        return None
    units = output.reshape(output.shape[0], output.shape[1], -1)
    return (units == 0).all(dim=2).all(dim=0).float().mean().item()
