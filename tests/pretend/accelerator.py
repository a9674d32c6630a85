"""A pretend accelerator: torch tensors on `gpu:0` that keep CPU numbers and refuse CPU tensors.

torch keeps one device type for makers of accelerators. Registered here under the name `gpu`, it
gets torch's own CPU kernels, each behind the check that CUDA makes of where its tensors are. So a
program that runs on `gpu` mixes no devices, and finds what it finds on the CPU.

A tensor on `gpu:0` shares the memory of a CPU tensor, its twin, which computes for it. All else is
torch: autograd, `torch.func`, modules, optimizers. What it lacks of CUDA: generators of its own
(`torch.Generator(device="gpu")` raises; draws come from the CPU's global generator), streams, and
CUDA's own arithmetic.
"""

from __future__ import annotations

import ctypes
import functools
import unittest.mock
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.utils import backend_registration, dlpack

from tests.pretend import rules

AVAILABLE: Final = hasattr(backend_registration, "_setup_privateuseone_for_python_backend")
BELOW: Final = torch._C.DispatchKeySet(torch._C.DispatchKey.CPU)
TRANSFORMS: Final = torch._C.DispatchKeySet(torch._C.DispatchKey.FuncTorchDynamicLayerFrontMode)
# Dense operations that CPU tensors get from a general kernel, which asks what device it runs on.
GENERAL: Final = ("aten::copy_", "aten::convolution", "aten::convolution_backward")
SPECIAL: Final = ("aten::_efficientzerotensor", "aten::_fused_sdp_choice")
CPU, GPU = 1, 12  # devices in DLPack: kDLCPU and kDLExtDev, which torch reads as its maker's own
DEVICE: Final = 8  # where DLManagedTensor says it: after the pointer to the numbers
_int32 = ctypes.c_int32
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.argtypes, _pointer.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p
_empty = torch.ops.aten.empty.memory_format.redispatch
_set = torch.ops.aten.set_.source_Storage_storage_offset.redispatch
MATH: Final = 0  # of scaled dot product attention, the way that every device has


@contextmanager
def accelerator() -> Iterator[str]:
    """The name of the device; within, `module.to("gpu")` keeps its parameters, as on CUDA."""
    register()
    applied, future = nn.Module._apply, torch.__future__

    def keeping(self: nn.Module, *args: Any, **kwargs: Any) -> nn.Module:
        before = future.get_swap_module_params_on_conversion()
        future.set_swap_module_params_on_conversion(True)
        try:
            return applied(self, *args, **kwargs)
        finally:
            future.set_swap_module_params_on_conversion(before)

    # the threads of devices that torch has for autograd were counted before this device was there
    with (
        torch.autograd.set_multithreading_enabled(False),
        unittest.mock.patch.object(nn.Module, "_apply", keeping),
    ):
        yield "gpu"


@functools.cache
def register() -> torch.library.Library:
    """Make the device known to torch, for the rest of this process."""
    backend_registration._setup_privateuseone_for_python_backend("gpu")
    library = torch.library.Library("aten", "IMPL")
    for name in _dense():
        library.impl(name, _kernel(_operator(name)), "PrivateUse1")
    library.impl("aten::_efficientzerotensor", _kernel(_operator("aten::zeros")), "PrivateUse1")
    library.impl("aten::_fused_sdp_choice", lambda *args, **kwargs: MATH, "PrivateUse1")
    for name, cell in (("lstm", _lstm_cell), ("gru", _gru_cell)):
        library.impl(f"aten::_thnn_fused_{name}_cell", cell, "AutogradPrivateUse1")
    _copy_storages()
    return library


def _gru_cell(
    x: Tensor, h: Tensor, state: Tensor, b_x: Tensor | None = None, b_h: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """What torch has as one kernel on CUDA alone, of the products of inputs and of states."""
    x, h = x if b_x is None else x + b_x, h if b_h is None else h + b_h
    (r, z, n), (r_h, z_h, n_h) = x.chunk(3, 1), h.chunk(3, 1)
    n = (n + (r + r_h).sigmoid() * n_h).tanh()
    return (state - n) * (z + z_h).sigmoid() + n, state.new_empty(0)


def _lstm_cell(
    x: Tensor, h: Tensor, cell: Tensor, b_x: Tensor | None = None, b_h: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    x, h = x if b_x is None else x + b_x, h if b_h is None else h + b_h
    i, f, g, o = (x + h).chunk(4, 1)
    cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
    return o.sigmoid() * cell.tanh(), cell, cell.new_empty(0)


def _dense() -> Iterator[str]:
    """The operations that have a kernel for CPU tensors."""
    for name in torch._C._dispatch_get_all_op_names():
        if name.startswith("aten::") and name not in SPECIAL:
            own = torch._C._dispatch_has_kernel_for_dispatch_key(name, "CPU")
            if own or name in GENERAL:
                yield name


def _operator(name: str) -> torch._ops.OpOverload[..., Any]:
    packet, _, overload = name.removeprefix("aten::").partition(".")
    found = getattr(getattr(torch.ops.aten, packet), overload or "default")
    assert isinstance(found, torch._ops.OpOverload)
    return found


def _kernel(op: torch._ops.OpOverload[..., Any]) -> Callable[..., Any]:
    """What `gpu` does for an operation: check, compute on the twins, put the results on `gpu`."""
    check = rules.check(op)
    writes = op._schema.is_mutable
    views = not writes and any(result.alias_info for result in op._schema.returns)
    if views or op._schema.name == "aten::set_":  # these look at no numbers: torch's own will do
        return functools.partial(op.redispatch, BELOW)

    packet = op.overloadpacket
    wanted = sum(str(argument.type) == "Tensor" for argument in op._schema.arguments)
    if torch._C._should_allow_numbers_as_tensors(packet.__name__):
        wanted = 0

    def compute(*args: Any, **named: Any) -> Any:
        pairs: list[tuple[Tensor, Tensor]] = []
        numbers = [_split(value, pairs) for value in args]
        options = {key: _split(value, pairs) for key, value in named.items()}
        rules.check_generator(named)
        if any(t is own for t, own in pairs):
            check(args, named)
        if "device" in named:
            options["device"] = "cpu"
        # with a number in the place of a tensor, torch must find the operation that takes it
        call = op if len(pairs) >= wanted else packet
        with torch._C._ExcludeDispatchKeyGuard(TRANSFORMS):
            result = call(*numbers, **options)
        return _written(result, pairs) if writes else _moved(result)

    return compute


def _split(value: Any, pairs: list[tuple[Tensor, Tensor]]) -> Any:
    """The CPU's side of an argument; its tensors go to `pairs`, each with its twin."""
    if isinstance(value, Tensor):
        numbers = value if value.is_cpu else twin(value)
        pairs.append((value, numbers))
        return numbers
    if isinstance(value, (list, tuple)):
        return [_split(part, pairs) for part in value]
    return value


def _moved(result: Any) -> Any:
    if isinstance(result, Tensor):
        return on_gpu(result)
    if isinstance(result, (list, tuple)):
        return type(result)(map(_moved, result))
    return result


def _written(result: Any, pairs: Sequence[tuple[Tensor, Tensor]]) -> Any:
    """The result with the arguments in the place of their twins; a twin may have been resized."""
    for t, numbers in pairs:
        if t is not numbers and t.shape != numbers.shape:
            _adopt(t, numbers)
    original = {id(numbers): t for t, numbers in pairs}

    def back(part: Any) -> Any:
        if isinstance(part, (list, tuple)):
            return type(part)(map(back, part))
        return original[id(part)] if id(part) in original else _moved(part)

    return back(result)


# Tensors and their twins


def on_gpu(numbers: Tensor) -> Tensor:
    """A tensor on `gpu:0` in the memory of this CPU tensor, which becomes its twin."""
    made = _move(numbers, GPU)
    made.__dict__["twin"] = numbers
    return made


def twin(t: Tensor) -> Tensor:
    """The CPU tensor in the memory of this tensor on `gpu:0`."""
    known: Tensor | None = t.__dict__.get("twin")
    if known is None or not _same_place(known, t):
        # of another view, for the twin holds on to it; where there is nothing, room to grow
        known = _move(t.data, CPU) if t.numel() else _empty(BELOW, t.shape, dtype=t.dtype)
        t.__dict__["twin"] = known
    return known


def _move(t: Tensor, place: int) -> Tensor:
    """A tensor in the same memory that says it lives elsewhere: DLPack, with its label changed."""
    capsule = dlpack.to_dlpack(t)
    _int32.from_address(_pointer(capsule, b"dltensor") + DEVICE).value = place
    return dlpack.from_dlpack(capsule)


def _adopt(t: Tensor, numbers: Tensor) -> None:
    """This tensor on `gpu:0` goes to where its twin, resized, has gone."""
    place = on_gpu(numbers).untyped_storage()
    _set(BELOW, t, place, 0, numbers.size(), numbers.stride())
    t.__dict__["twin"] = numbers


def _same_place(a: Tensor, b: Tensor) -> bool:
    return a.data_ptr() == b.data_ptr() and a.shape == b.shape and a.stride() == b.stride()


def _copy_storages() -> None:
    """`copy.deepcopy` copies storages, and would ask `gpu` for an allocator."""
    copied = torch.UntypedStorage.__deepcopy__

    @functools.wraps(copied)
    def deepcopy(self: torch.UntypedStorage, memo: dict[int, Any]) -> Any:
        if self.device.type != "gpu":
            return copied(self, memo)
        if self._cdata not in memo:
            numbers = torch.empty(0, dtype=torch.uint8, device="gpu").set_(self)
            memo[self._cdata] = numbers.clone().untyped_storage()
        return memo[self._cdata]

    torch.UntypedStorage.__deepcopy__ = deepcopy
