"""Where modules are searched for: never first in the folder that one happens to be in.

It imports nothing that is not there already.
"""

import os
import sys


def step_back() -> None:
    """What lies in the working folder (a `torch.py`, a `random.py`) is not imported by accident.

    The place that `python -m` gives it is taken away, unless dlplay itself lies there; one that
    PYTHONPATH gives it becomes the last.
    """
    try:
        here = os.path.realpath(os.getcwd())
    except OSError:  # it was deleted
        return
    ours = os.path.realpath(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if here == ours:
        return
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    asked = {os.path.realpath(path) for path in named}
    first = 0 if sys.flags.safe_path else 1
    if first and sys.path and os.path.realpath(sys.path[0]) == here:
        del sys.path[0]
    if here in asked:
        moved = [path for path in sys.path if os.path.realpath(path) == here]
        sys.path[:] = [path for path in sys.path if path not in moved] + moved[:1]
