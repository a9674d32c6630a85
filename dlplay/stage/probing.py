"""To look at a model without changing what it does next."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any


@contextmanager
def probing(models: Sequence[Any] = (), *, cuda: bool = False) -> Iterator[None]:
    """No gradients, `models` in evaluation mode, and afterwards the random state and the modes as
    they were. `cuda`: whether there is random state on CUDA devices.

    Of torch and numpy, what was never imported has no state to keep.
    """
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    modes = [(module, module.training) for model in models for module in model.modules()]
    plain = random.getstate()
    drawn = numpy.random.get_state() if numpy else None
    state = torch.get_rng_state() if torch else None
    on_devices = torch.cuda.get_rng_state_all() if torch and cuda else None
    for model in models:
        model.eval()
    try:
        with torch.no_grad() if torch else ExitStack():
            yield
    finally:
        for module, training in modes:
            module.training = training
        random.setstate(plain)
        if numpy:
            numpy.random.set_state(drawn)
        if torch:
            torch.set_rng_state(state)
        if torch and on_devices is not None:
            torch.cuda.set_rng_state_all(on_devices)
