"""What a run draws on, and where it learns that it must pause, change or stop.

A training program of one's own draws with the calls of a scene:

    from dlplay import stage

    for x, y in stage.loop(loader):
        ...
        stage.curve("loss", train=loss)

Under `dlplay watch -- python train.py` that is seen; run alone, the program does not notice it.
"""

import threading
from typing import Any

_own: Any = None
_joining = threading.Lock()  # the threads of a program are seen through one stage


def __getattr__(name: str) -> Any:
    from dlplay.stage.alone import CALLS, no_call

    if name not in CALLS:
        raise no_call(name)
    global _own
    if _own is None:
        with _joining:
            if _own is None:
                from dlplay.stage.joining import join

                _own = join()
    found = getattr(_own, name)
    if callable(found):  # the next time it is found at once
        globals()[name] = found
    return found


def __dir__() -> list[str]:
    from dlplay.stage.alone import CALLS

    return sorted({*globals(), *CALLS})
