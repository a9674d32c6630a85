"""When what streams may be painted: often enough to be followed, and never all the time."""

from __future__ import annotations

import math
from time import monotonic, thread_time

SHARE = 0.1  # of a core, for all that the interface does while a run streams
LONGEST = 1.0  # seconds without a frame, whatever one costs


class Frames:
    """Counts what this thread spends from one frame to the next; what that is, decides when the
    next one is due. So pictures that are dear come less often, and cheap ones at every look. And
    where a link is slow, it is free for keys and their answers half of the time."""

    def __init__(self) -> None:
        self._began = -math.inf
        self._spent = 0.0
        self._sending = 0.0  # seconds until the terminal had taken the last frame

    @property
    def due(self) -> bool:
        """Whether the next frame may begin."""
        rested = monotonic() - self._began
        if rested < 2 * self._sending:
            return False
        return rested >= LONGEST or thread_time() - self._spent <= SHARE * rested

    def begin(self) -> None:
        """A frame begins."""
        self._began, self._spent, self._sending = monotonic(), thread_time(), 0.0

    def hurry(self) -> None:
        """The next frame is due at once: the user has done something."""
        self._began, self._sending = -math.inf, 0.0

    def still_sending(self) -> None:
        """The terminal has not yet taken all of the last frame."""
        self._sending = monotonic() - self._began
