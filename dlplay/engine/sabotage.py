"""Learning with something wrong in it, to see whether a scene's claims notice.

Whatever a run learns with is spoilt from outside, so that no scene need know of it: torch's
optimizers, autograd's gradients, and the labels that `dlplay.data` hands out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

INPUTS = ("images", "ids")  # of named parts, what a net reads


class Struck:
    """How often something was spoilt: never, where a scene does not learn in this way. `kind`: as
    `dlplay.words.sabotage` names it; "" where nothing is to be spoilt."""

    def __init__(self) -> None:
        self.times = 0
        self.kind = ""


struck = Struck()  # of the sabotage under way in this process


@contextmanager
def sabotaged(kind: str) -> Iterator[Struck]:
    """Within this block, learning goes wrong in the way that `kind` names; "" changes nothing."""
    with ExitStack() as stack:
        stack.callback(setattr, struck, "times", 0)
        stack.callback(setattr, struck, "kind", struck.kind)
        struck.kind = kind
        if kind:
            {"step": _without_step, "labels": _shuffled, "sign": _wrong_sign}[kind](stack)
        yield struck


def _without_step(stack: ExitStack) -> None:
    """Parameters stay as they were. Where a scene steps by hand, its gradients are zero instead."""
    import torch
    from torch.optim.optimizer import (
        register_optimizer_step_post_hook,
        register_optimizer_step_pre_hook,
    )

    before: dict[int, list[tuple[Any, Any]]] = {}

    def remember(optimizer: Any, args: Any, kwargs: Any) -> None:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        before[id(optimizer)] = [(p, p.detach().clone()) for p in parameters]

    def undo(optimizer: Any, args: Any, kwargs: Any) -> None:
        with torch.no_grad():
            for parameter, value in before.pop(id(optimizer), []):
                parameter.copy_(value)
        struck.times += 1

    for handle in (
        register_optimizer_step_pre_hook(remember),
        register_optimizer_step_post_hook(undo),
    ):
        stack.callback(handle.remove)
    made = _optimizers_made(stack)
    _scaled_gradients(stack, lambda: 1.0 if made() else 0.0)


def _optimizers_made(stack: ExitStack) -> Callable[[], bool]:
    """Whether an optimizer of torch's kind has been made since."""
    import torch

    made: list[int] = []
    original = torch.optim.Optimizer.__init__

    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        made.append(1)
        original(self, *args, **kwargs)

    _replaced(stack, torch.optim.Optimizer, "__init__", noted)
    return lambda: bool(made)


def _shuffled(stack: ExitStack) -> None:
    """What scenes import from `dlplay.data` from now on hands out its labels in another order."""
    import torch

    from dlplay import data

    def shuffled(part: Any, labels: bool) -> Any:
        if not labels:
            return part
        struck.times += 1
        order = torch.randperm(len(part), generator=torch.Generator().manual_seed(1))
        return part[order.to(part.device)]

    def spoilt(load: Callable[..., Any]) -> Callable[..., Any]:
        def loaded(*args: Any, **kwargs: Any) -> Any:
            found = load(*args, **kwargs)
            if not isinstance(found, tuple):
                return found
            parts = [shuffled(part, _tells(found, place)) for place, part in enumerate(found)]
            return type(found)(*parts) if hasattr(found, "_fields") else tuple(parts)

        return loaded

    for name in data.__all__:
        if callable(load := getattr(data, name)):  # not the names of what there is
            _replaced(stack, data, name, spoilt(load))


def _tells(found: tuple[Any, ...], place: int) -> bool:
    """Whether this part of what a loader returns tells what the others are: class numbers, or, of
    named parts, all but the INPUTS."""
    import torch

    part = found[place]
    if not isinstance(part, torch.Tensor):
        return False
    if fields := getattr(found, "_fields", ()):
        return fields[place] not in INPUTS
    return part.dtype == torch.int64 and part.dim() == 1


def _wrong_sign(stack: ExitStack) -> None:
    _scaled_gradients(stack, lambda: -1.0)


def _scaled_gradients(stack: ExitStack, factor: Callable[[], float]) -> None:
    """Every gradient that autograd is asked for comes multiplied, whoever asks."""
    import torch
    from torch import autograd

    backward, grad = autograd.backward, autograd.grad

    def weights(outputs: Any, given: Any) -> Any:
        outputs = (outputs,) if isinstance(outputs, torch.Tensor) else tuple(outputs)
        given = (given,) if isinstance(given, torch.Tensor) or given is None else tuple(given)
        given = given if len(given) == len(outputs) else given * len(outputs)
        by = factor()
        if by != 1:
            struck.times += 1
        return tuple(
            by * (torch.ones_like(out) if weight is None else weight)
            for out, weight in zip(outputs, given, strict=True)
        )

    def spoilt_backward(tensors: Any, grad_tensors: Any = None, *args: Any, **kwargs: Any) -> None:
        backward(tensors, weights(tensors, grad_tensors), *args, **kwargs)

    def spoilt_grad(outputs: Any, inputs: Any, grad_outputs: Any = None, **kwargs: Any) -> Any:
        return grad(outputs, inputs, weights(outputs, grad_outputs), **kwargs)

    _replaced(stack, autograd, "backward", spoilt_backward)
    _replaced(stack, autograd, "grad", spoilt_grad)


def _replaced(stack: ExitStack, owner: Any, name: str, new: Any) -> None:
    original = getattr(owner, name)
    setattr(owner, name, new)
    stack.callback(setattr, owner, name, original)
