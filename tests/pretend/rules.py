"""Which CPU tensors CUDA lets an operation on its own tensors take: what `gpu` allows too."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from typing import Any, Final

import torch
from torch import Tensor

Operation = torch._ops.OpOverload[..., Any]
Check = Callable[[tuple[Any, ...], Mapping[str, Any]], None]

COPIES: Final = {"copy_"}  # between any two devices
INDEXED: Final = {"index", "index_put_", "_index_put_impl_"}
VALUES: Final = {"masked_fill_", "index_fill_"}  # only their last argument may be a number


def check(op: Operation) -> Check:
    """What raises RuntimeError where CUDA would: given the arguments, positional and named."""
    name = op._schema.name.removeprefix("aten::")
    if name in COPIES:
        return lambda args, named: None
    if name in INDEXED:  # indices may be on either device
        return lambda args, named: _together(name, args[:1], args[2:3])
    if name in VALUES:
        return lambda args, named: _together(name, args[:-1], args[-1:])
    if f"{name}.{op._overloadname}".removesuffix(".default") in _elementwise():
        first = 1 if _is_written(op) else 0
        return lambda args, named: _together(name, (args[:first], *named.values()), args[first:])
    return lambda args, named: _together(name, (args, *named.values()), ())


def check_generator(named: Mapping[str, Any]) -> None:
    """Every generator is the CPU's: torch lets `gpu` have none of its own."""
    if named.get("generator") is not None:
        raise RuntimeError("Expected a 'gpu' device type for generator but found 'cpu'")


def tensors(args: Iterable[Any]) -> Iterator[Tensor]:
    """The tensors among these arguments, and in lists among them."""
    for arg in args:
        if isinstance(arg, Tensor):
            yield arg
        elif isinstance(arg, (list, tuple)):
            yield from tensors(arg)


@functools.cache
def _elementwise() -> frozenset[str]:
    """The operations for which a CPU tensor without dimensions is a number, as torch declares."""
    native = resources.files("torchgen") / "packaged/ATen/native/native_functions.yaml"
    declared = native.read_text().split("\n- func: ")[1:]
    unchecked = "\n  device_check: NoCheck"
    return frozenset(each.partition("(")[0] for each in declared if unchecked in each)


def _is_written(op: Operation) -> bool:
    first = op._schema.arguments[0].alias_info
    return first is not None and first.is_write


def _together(name: str, strict: Iterable[Any], free: Iterable[Any]) -> None:
    """All on `gpu`, but the free ones may be numbers on the CPU."""
    if any(t.is_cpu for t in tensors(strict)) or any(t.is_cpu and t.dim() for t in tensors(free)):
        raise RuntimeError(
            "Expected all tensors to be on the same device, but found at least two devices, "
            f"gpu:0 and cpu! (in {name})"
        )
