"""Imported once by the fork server, so that every run starts with torch already there.

While the file named in DLPLAY_GATE exists, it waits: the interface is painted first.
"""

import os
import time

from dlplay.engine.numerics import prepare_environment


def _wait() -> None:
    gate, parent = os.environ.get("DLPLAY_GATE", ""), os.getppid()
    while gate and os.path.exists(gate) and os.getppid() == parent:
        time.sleep(0.02)


def _be_quiet() -> None:
    """Nothing that an import prints may reach the terminal, which the interface owns."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


_be_quiet()
_wait()
prepare_environment()

import torch  # noqa: E402

import dlplay.engine.execute  # noqa: E402
import dlplay.stage.xray  # noqa: E402, F401

torch.set_num_threads(1)
# The first optimizer of a process costs a second of imports: have them, too.
torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])
