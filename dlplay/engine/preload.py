"""Imported once by the fork server, so that every run starts with torch already there.

With DLPLAY_GATED it waits for the end of its standard input: the interface is painted first.
"""

import atexit
import os
import signal

from dlplay.engine import server
from dlplay.engine.numerics import prepare_environment
from dlplay.search import step_back


def _wait() -> None:
    if os.environ.pop("DLPLAY_GATED", ""):
        os.read(0, 1)  # until the gate is opened


def _be_quiet() -> None:
    """Nothing that an import prints may reach the terminal, which the interface owns."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def _end_in_order() -> None:
    """Ctrl-C is the watcher's matter; if it was killed, its folder goes with us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = os.environ.get("DLPLAY_FOLDER", "")
    if folder:
        atexit.register(server.remove, folder, os.getpid())


_end_in_order()
_wait()
_be_quiet()
step_back()
prepare_environment()

import torch  # noqa: E402

import dlplay.engine.execute  # noqa: E402
import dlplay.stage.xray  # noqa: E402, F401

torch.set_num_threads(1)
# The first optimizer of a process costs a second of imports: have them, too.
torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])
