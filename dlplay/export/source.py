"""What is exported: a run's events, in order, and the history that they make."""

from __future__ import annotations

import shlex
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from dlplay.course.catalog import SceneCard
from dlplay.engine.history import History
from dlplay.engine.recordings.replay import Replay
from dlplay.engine.timeline import begun_with
from dlplay.wire import events
from dlplay.words.address import address, line_of, show_setting, show_tweak
from dlplay.words.numbers import steps
from dlplay.words.sabotage import told


class Points:
    """Every point of one series: ticks, x and y; `ticks` is empty for a curve drawn at once."""

    def __init__(self) -> None:
        self.ticks, self.x, self.y = array("d"), array("d"), array("d")


@dataclass(frozen=True)
class Source:
    """A recorded run, and today's scene of that id if there is one here.

    Iterate it for the events, as often as you like.
    """

    replay: Replay
    card: SceneCard | None = None

    def __iter__(self) -> Iterator[list[events.AnyEvent]]:
        return iter(self.replay)

    @property
    def history(self) -> History:
        return self.replay.history

    @property
    def started(self) -> events.Started:
        return self.replay.started

    @property
    def title(self) -> str:
        return self.card.title if self.card else self.started.scene

    @property
    def address(self) -> str:
        """What to write after `dlplay run`: how the run began, and what was turned on the way."""
        begun, turned = self.started, self.history.tweaks
        if self.card:
            known = begun.parameters, begun.seed, begun.device, turned, begun.sabotage
            return address(self.card, *known)
        words = [shlex.quote(begun.scene)]
        words += [show_setting({}, name, value) for name, value in begun.parameters.items()]
        words += [show_tweak({}, tweak) for tweak in turned]
        words += [f"--seed {begun.seed}", f"--device {begun.device}"]
        words += [f"--sabotage {shlex.quote(begun.sabotage)}"] * bool(begun.sabotage)
        return " ".join(words)

    @property
    def command(self) -> str:
        """What repeats the run, with what was turned while it went on."""
        if self.card and self.card.command:
            begun = begun_with(self.history)
            return line_of(self.card, "", begun, 0, tweaks=self.history.tweaks)
        return f"dlplay {'run' if self.started.sabotage else 'open'} {self.address}"

    @property
    def sabotaged(self) -> str:
        """How its learning was spoilt on purpose; empty of a healthy run."""
        return told(self.started.sabotage)

    def summary(self) -> str:
        """How it ended, or where the recording ends."""
        done, begun = self.history.finished, self.started
        if done:
            end = f"{done.status}: {steps(done.steps)} in {done.seconds:.1f} s"
        else:
            end = f"unfinished: the recording ends after {steps(self.history.tick)}"
        seeded = "" if begun.command else f", seed {begun.seed}"
        return f"{end} on {begun.device}{seeded}"

    def panels(self) -> list[str]:
        """Panels in the order in which the scene lays them out; the X-ray is shown on demand."""
        names = self.history.names
        first = [name for name in (self.card.panels if self.card else ()) if name in names]
        return first + [name for name in names if name not in first and name != "x-ray"]

    def curves(self) -> dict[str, dict[str, Points]]:
        """Every point of every curve, by panel and series, and the last of each whole plot."""
        found: dict[str, dict[str, Points]] = {}
        for batch in self:
            for event in batch:
                if isinstance(event, events.Points):
                    series = found.setdefault(event.panel, {}).setdefault(event.series, Points())
                    series.ticks.extend(event.ticks)
                    series.x.extend(event.x)
                    series.y.extend(event.y)
        for name, keyframes in self.history.keyframes.items():
            last = keyframes.at()
            if isinstance(last, events.Plot) and name not in found:
                found[name] = {key: _plotted(xy) for key, xy in last.series.items()}
        return {name: found[name] for name in self.history.names if name in found}


def _plotted(xy: tuple[list[float], list[float]]) -> Points:
    points = Points()
    points.x.extend(xy[0])
    points.y.extend(xy[1])
    return points
