"""How a program of one's own finds whoever watches it."""

from __future__ import annotations

import os
import socket
from multiprocessing.connection import Connection

from dlplay.stage.alone import Alone

ADDRESS = "DLPLAY_STAGE"  # in the environment: the socket of `dlplay watch`


def join() -> Alone:
    """The stage of this process: watched under `dlplay watch`, otherwise alone."""
    address = os.environ.get(ADDRESS)
    if not address:
        return Alone()
    try:
        joined = socket.socket(socket.AF_UNIX)
        joined.connect(address)
        from dlplay.stage.joined import Joined

        return Joined(Connection(joined.detach()))
    except Exception:  # a watcher that is gone: not to be seen ends no program
        return Alone()
