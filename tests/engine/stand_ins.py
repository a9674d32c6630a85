"""What a job does in place of a run, where only its end matters. Other processes import it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path


def made(words, target):
    """Each word is something to do; the file says that it was done."""
    for word in words:
        if word == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif word == "vanishes":
            sys.stderr.write("submitit WARNING - Bypassing signal SIGCONT\ncannot open it\n\n")
            sys.stderr.flush()
            os._exit(127)
        elif word == "raises":
            raise ValueError("no room")
        elif word == "timed-out":
            raise RuntimeError("Job not requeued because: timed-out and not checkpointable.")
        Path(target).write_text(word)
    return 0, "said", b""
