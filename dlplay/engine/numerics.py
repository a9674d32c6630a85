"""What makes a run repeatable: seeds, threads and precision, set in one place."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

DEVICES = ("auto", "cpu", "cuda", "mps")


class NoDevice(ValueError):
    """The device asked for is not to be had; the message says what is."""


def prepare_environment() -> None:
    """Settings that torch reads when it is first imported. Call it before that."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Waiting threads must not spin: it costs the other core, which draws the interface.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # repeatable matrix products


def choose_device(name: str) -> str:
    """The torch device for "auto", "cpu", "cuda" or "mps"; NoDevice if it is not there.

    "auto" is CUDA where there is a GPU, else the CPU. MPS must be asked for: it has no float64,
    and does not repeat its numbers.
    """
    import torch

    if name not in DEVICES:
        raise NoDevice(f"a device is one of {', '.join(DEVICES)}, not {name!r}")
    if name in ("auto", "cuda") and torch.cuda.is_available():
        return "cuda"
    if name == "mps" and torch.backends.mps.is_available():
        return "mps"
    if name in ("auto", "cpu"):
        return "cpu"
    raise NoDevice(f"this machine, or its torch build ({torch.__version__}), has no {name} device")


@contextmanager
def settled(seed: int) -> Iterator[None]:
    """Seeded, one thread, float32, deterministic; afterwards as it was before."""
    import numpy as np
    import torch

    threads = torch.get_num_threads()
    deterministic = torch.get_deterministic_debug_mode()
    precision = torch.get_float32_matmul_precision()
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    # Not use_deterministic_algorithms: it imports the compiler, two seconds of CPU.
    torch.set_deterministic_debug_mode("warn")
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_float32_matmul_precision(precision)
        torch.set_deterministic_debug_mode(deterministic)
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


def versions() -> dict[str, str]:
    """The versions that a run's numbers depend on."""
    import platform

    import numpy
    import torch

    import dlplay

    return {
        "dlplay": dlplay.__version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": numpy.__version__,
    }
