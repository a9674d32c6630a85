"""The stage of a program of one's own, which is watched.

It differs from a scene's in that nothing is declared before, loops go through anything, and
neither what is drawn nor who watches can end the program.
"""

from __future__ import annotations

import re
import signal
import sys
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from dlplay.author.claims import Claim, relation_of
from dlplay.author.knobs import parameter_of, told
from dlplay.author.parameters.base import ParameterError
from dlplay.author.scene import Scene
from dlplay.stage.alone import MOST_STEPS, on_cuda
from dlplay.stage.looks import Look
from dlplay.stage.stage import Sink, Stage, Stopped
from dlplay.wire import commands, events
from dlplay.wire.events import AnyContent
from dlplay.words.nearest import did_you_mean

NO_PANEL = "a panel's name is a text, not {!r}"
FLUSH_EVERY = 0.1  # seconds between two batches of events: the interface looks as often
AHEAD = 10_000  # calls of `curve` that need not wait for those before them to be sent
NO_LINES = frozenset({"self", "panel", "values", "x"})  # what `curve` itself takes by these names
KNOB_TAKES = ("min", "max", "log", "options", "help")
UNTURNED = object()  # in place of the value of a knob that nobody has set
OURS = str(Path(__file__).parents[1])  # files in which a program's own lines are not


@dataclass(eq=False)
class Place:
    """Where a loop is. `where`: the line that began it; `began`: the tick; `inner`: whether a loop
    within has begun since its last step; `over`: whether it was asked to end; `brief`: whether it
    has one step; `around`: the loop of the same `thread` that it is in. Of an outermost loop,
    `ticks`: how many it has had with all loops in it; `before`: how many before its last step."""

    total: int
    phase: str
    level: int
    outer: tuple[int, int, str]
    began: int
    where: tuple[str, int] = ("", 0)
    step: int = -1
    inner: bool = False
    over: bool = False
    brief: bool = False
    ticks: int = 0
    before: int = 0
    thread: int = field(default_factory=threading.get_ident)
    around: Place | None = None
    first: Place = field(init=False)  # the outermost of its thread

    def __post_init__(self) -> None:
        self.first = self


class OwnStage(Stage):
    """The stage of a program of one's own.

    `tick` counts the steps of its innermost loops; without a loop a step begins when a series of
    a curve has its next point, or a panel its next picture. Curves have the steps as their x, and
    looks are due by them, in whichever loop.
    """

    def __init__(self, sink: Sink, controls: commands.Controls, several: bool = False) -> None:
        """`several`: whether other processes wait for this one at every step."""
        super().__init__(
            type("Program", (Scene,), {"parameters": {}})(),
            sink=sink,
            controls=controls,
            flush_every=FLUSH_EVERY,
        )
        self._several = several
        self.asked: dict[str, str] = {}  # what knobs are to be, as text
        self.turned: dict[str, Any] = {}  # before they were declared
        self._declared: dict[str, int] = {}  # knobs, and the tick at which they were
        self.defaults: dict[str, Any] = {}  # of knobs, as they were first asked for
        self.live: dict[str, Any] = {}  # those that are live, with their values or UNTURNED
        self._set: set[str] = set()  # those that were given another value, or turned
        self._refused: set[tuple[str, str]] = set()  # series that cannot be drawn
        self._ended: set[tuple[str, int]] = set()  # lines whose loops were asked to end
        self.trouble = ""  # why a knob cannot be what it was asked to be
        self._knobs: list[events.AnyEvent] = []
        self._places: list[Place] = []
        self.calm = False  # whether there is nothing to do between two steps but to count them
        self._at_once: set[tuple[str, str]] = set()  # what was drawn at this tick, without a loop
        self._told: set[str] = set()
        # Panel, lines, tick, x of curves' calls: added by any thread, taken by the one that sends.
        self._fresh: deque[tuple[str, dict[str, Any], int, float]] = deque()

    # Loops

    def enter(self, total: int, phase: str, where: tuple[str, int] = ("", 0)) -> Place:
        """A loop begins, in this line of this file."""
        outer = self.step, self.total, self.phase
        place = Place(total, phase, self._level, outer, self.tick, where)
        ours = (each for each in reversed(self._places) if each.thread == place.thread)
        place.around = next(ours, None)
        if place.around is not None:
            place.first = place.around.first
        place.brief = where in self._ended
        self._places.append(place)
        self._level += 1
        self.total, self.phase = total, phase
        self._at_once.clear()
        return place

    def next(self, place: Place) -> bool:
        """Its next step begins; False if it is asked to end before."""
        self._attend(place)
        self.count(place)
        return not place.over

    def count(self, place: Place) -> None:
        """Its next step begins, and nothing was asked."""
        self.step = place.step = place.step + 1
        place.inner = False
        if place.around is not None and not place.around.inner:
            place.around.inner = True  # its step has begun with the outer loop's
        else:
            self.tick += 1
            place.first.ticks += 1
        if place.around is None:
            place.before = place.ticks - 1

    def _attend(self, place: Place | None = None) -> None:
        """Do what is asked before the next step: wait, look inside, turn a knob."""
        around = place.around if place is not None else None
        if around is None or around.inner:
            self.calm = False  # other threads wait too, where this one does
            self._boundary()
            asked = self._paused or self._stepping or self._pace or self._changed or self._due
            self.calm = not (asked or self._xray)

    def after(self, place: Place) -> None:
        """A step is over."""
        if place.inner:
            return
        for look in self.looks:
            look.step, look.total, look.stale = place.step, place.total, True
            if (self.tick - 1) % look.every == 0:
                self._look(look)

    def _note_progress(self) -> None:
        """Where the outermost loop is, in steps of the innermost. What is ahead is as long as what
        is behind; in its first step, as long as the loops that are open in it."""
        if not self._places:
            self._progress = 0, 0, ""
            return
        first = self._places[0]
        if first.total and first.step > 0:
            total = first.before + round(first.before / first.step * (first.total - first.step))
        else:
            ahead, width = 0, 1
            for each in reversed([each for each in self._places[1:] if each.first is first]):
                ahead += max(0, each.total - each.step - 1) * width
                width *= max(1, each.total)
            total = first.total * (first.ticks + ahead)
        if not 0 <= total < MOST_STEPS:
            total = 0
        self._progress = (min(first.ticks, total) if total else first.ticks), total, first.phase

    def leave(self, place: Place) -> None:
        """A loop is over, or was left."""
        if self._places and place is self._places[0]:
            self._note_progress()
            if place.step == place.total - 1 or (place.began and not place.total):
                done = place.began + place.ticks  # as on the axis, if it was not the only one
                self._progress = done, done, place.phase
        within = False  # what it leaves behind of its own thread is left too
        for each in [*self._places]:
            within = within or each is place
            if within and each.thread == place.thread:
                self._places.remove(each)
        self._level = place.level
        for look in self.looks:
            if look.stale and not self._places:
                self._look(look)
        self.step, self.total, self.phase = place.outer
        self._at_once.clear()
        if not self._places:
            self.flush()

    def _on(self, panel: str, series: str = "") -> None:
        """Without a loop, what is drawn twice begins a step."""
        if not isinstance(panel, str):
            raise TypeError(NO_PANEL.format(panel))
        if self._places or self.looking:
            return
        if not self.tick or (panel, series) in self._at_once:
            self._progress = self.tick, 0, ""
            if not self.calm or self._controls.pending():
                self._attend()
            self.tick += 1
            self._at_once.clear()
        self._at_once.add((panel, series))

    def _look(self, look: Look) -> None:
        self._note_device()
        try:
            super()._look(look)
        except Exception as error:
            self.tell(getattr(look.function, "__name__", "look"), error, _raised_in(error))

    def _look_inside(self, now: float) -> None:
        try:
            super()._look_inside(now)
        except Exception as error:  # what was named is no model
            self._watch = None
            self.tell("watch", error)

    def _check(self) -> None:
        """What is no longer finite is drawn, and ends nothing."""

    def _find_divergence(self) -> None:
        """Nor does it end here what was drawn on a device."""

    # Drawing

    def curve(
        self,
        panel: str,
        values: Mapping[str, Any] | None = None,
        *,
        x: float | None = None,
        **named: Any,
    ) -> None:
        """As in a scene; `x` is the step, counted over all loops, unless given."""
        if values:
            named = {str(name): value for name, value in {**values, **named}.items()}
        elif not named:
            raise TypeError('it takes a number by the name of its line: train=loss, or {"x": loss}')
        if not isinstance(panel, str):
            raise TypeError(NO_PANEL.format(panel))
        if self.again:
            return
        if not self._places:
            for name in named:
                self._on(panel, name)
        at = float(max(self.tick - 1, 0) if x is None else x)
        for name, value in named.items():
            y = value if type(value) is float else self._scalar(value)
            self._fresh.append((panel, {name: y}, self.tick, at))

    def take(self, values: tuple[Any, ...], lines: dict[str, Any]) -> bool:
        """`curve(*values, **lines)` where it is as simple as it mostly is: in a loop to which
        nothing is asked, a panel and plain numbers. It needs no lock. False, and nothing is done,
        where it is anything else."""
        tick, fresh = self.tick, self._fresh
        if not (self.calm and self._places and tick) or self.again or len(fresh) >= AHEAD:
            return False
        if not lines:
            return False
        if len(values) != 1 or type(values[0]) is not str or not NO_LINES.isdisjoint(lines):
            return False
        for value in lines.values():
            if type(value) is not float:
                return False
        fresh.append((values[0], lines, tick, tick - 1.0))
        return True

    def _show(self, content: AnyContent) -> None:
        if not isinstance(content, events.XRay):
            self._on(content.panel)
            content.tick = self.tick
        super()._show(content)

    def claim(self, name: str, value: Any, **bound: Any) -> None:
        """As in a scene, where its sentence is declared; here its name is the sentence."""
        plain = {how: _plain(limit) for how, limit in bound.items()}
        relation_of(name, plain)
        if all(claim.name != name for claim in self.scene.claims):
            type(self.scene).claims = (*self.scene.claims, Claim(name, name))
        super().claim(name, value, **plain)

    # Knobs

    def knob(self, name: str, default: Any, **said: Any) -> Any:
        """Its value now: `default` until it is given another or turned. It is live as soon as it is
        asked for in a loop, or in a later step."""
        parameters: dict[str, Any] = self.scene.parameters  # type: ignore[assignment]
        while self._controls.pending():
            self._obey(self._controls.take())
        if unknown := [word for word in said if word not in KNOB_TAKES]:
            hint = did_you_mean(unknown[0], KNOB_TAKES)
            raise TypeError(f"{name} takes {', '.join(KNOB_TAKES)}, not {unknown[0]}.{hint}")
        if name not in parameters:
            made = parameter_of(name, default, **said)
            made.live = bool(self._places)
            parameters[name] = made
            self._declared[name] = self.tick
            self.defaults[name] = default
            value, trouble = self._begin_with(made)
            self.trouble = self.trouble or trouble
            self.scene.__dict__["_values"][name] = value
            self._knobs.append(told(made, value, tick=self.tick, trouble=trouble))
        elif not parameters[name].live and (self._places or self.tick > self._declared[name]):
            parameters[name].live = True
            if name in self.turned:
                self._turn(name, self.turned.pop(name))
            self._knobs.append(told(parameters[name], self.scene.values[name], tick=self.tick))
        if default != self.defaults[name]:
            self._say_once(
                f"stage.knob: {name} has other defaults than {self.defaults[name]!r}; each holds "
                "where it stands until the knob is turned"
            )
        if parameters[name].live:
            self.live[name] = self.known(name, UNTURNED)
        return self.known(name, default)

    def known(self, name: str, otherwise: Any) -> Any:
        """The value that a knob was given or turned to, if it was."""
        return self.scene.__dict__["_values"][name] if name in self._set else otherwise

    def _begin_with(self, made: Any) -> tuple[Any, str]:
        """What a new knob is at first, and why it is not what it was asked to be."""
        try:
            if made.name in self.turned:
                turned = self.turned.pop(made.name)
                value = made.parse(turned) if isinstance(turned, str) else made.check(turned)
            elif made.name in self.asked:
                value = made.parse(self.asked[made.name])
            else:
                return made.default, ""
        except ParameterError as error:
            return made.default, str(error)
        self._set.add(made.name)
        return value, ""

    # Whoever watches

    def _obey(self, command: commands.AnyCommand) -> None:
        match command:
            case commands.Begin():
                self.asked.update(command.settings)
                for at, name, value in sorted(command.turned):
                    self._due.append(events.Tweaked(tick=at, name=name, value=value))
                self._paused, self._xray = command.paused, command.xray
                self._pace = max(0.0, command.pace)
            case commands.Tweak(name, value) if name not in self.scene.parameters:
                self.turned[name] = value
            case commands.Tweak(name, value):
                self._turn(name, value)
            case commands.Stop():
                self._end()
            case _:
                super()._obey(command)

    def _turn(self, name: str, value: Any) -> None:
        """Turn a knob; what was written on a command line is a text still. One that is not live is
        turned when it is asked for again."""
        parameter = self.scene.parameters[name]
        if not parameter.live:
            self.turned[name] = value
            return
        try:
            known = parameter.parse(value) if isinstance(value, str) else value
            super()._obey(commands.Tweak(name, known))
            self._set.add(name)
            self.live.pop(name, None)  # asked for anew, it is the new one
        except ParameterError as error:
            self.tell(f"knob {name}", error)

    def _end(self) -> None:
        """Loops that are under way end, and the program goes on after them. Where one of them is
        begun again, as in the next epoch, it has one step: what the program does with its last
        value, it can do. Without a loop, and where others would wait for it, the program is
        interrupted as by Ctrl-C."""
        self._paused = False
        if self._places and not self._several:
            for place in self._places:
                place.over = True
                self._ended.add(place.where)
            raise Stopped
        if threading.current_thread() is threading.main_thread():
            signal.raise_signal(signal.SIGINT)
        else:
            import _thread

            _thread.interrupt_main()

    def _vitals(self) -> events.Vitals:
        self._note_device()
        return super()._vitals()

    def _note_device(self) -> None:
        """The program may begin with one at any time."""
        self.device = "cuda" if on_cuda() else "cpu"

    def tell(self, name: str, error: Exception, where: str = "") -> None:
        """Say once in the log what went wrong in a call, which did nothing then, and where."""
        why = re.sub(r"^\w+\.(\w+\(\))", r"\1", str(error))  # without the name of our class
        self._say_once(f"stage.{name}: {type(error).__name__}: {why}{where}")

    def _say_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self.log(text)

    def take_drawn(self) -> list[events.AnyEvent]:
        """What was declared, too."""
        taken = [self._fresh.popleft() for _ in range(len(self._fresh))]  # more may come meanwhile
        self._points += [
            (panel, name, tick, x, y)
            for panel, lines, tick, x in taken
            for name, y in lines.items()
            if self._may_draw(panel, name)
        ]
        drawn = super().take_drawn()
        knobs, self._knobs = self._knobs, []
        return [*knobs, *drawn]

    def _may_draw(self, panel: str, series: str) -> bool:
        """Whether a series can be drawn: one that cannot takes no other with it."""
        if (panel, series) in self._refused:
            return False
        try:
            self._note_series(panel, series)
        except ValueError as error:
            self._refused.add((panel, series))
            self.tell("curve", error)
            return False
        return True

    def flush(self) -> None:
        if self._places:
            self._note_progress()
        try:
            super().flush()
        except Exception as error:  # a device that has failed: what comes after can be sent
            self._points, self._device_points = [], False
            self.tell("curve", error)
            self.send_log()


def called_in() -> str:
    """The line of the program that made the call under way, for the end of a sentence."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(OURS):
        frame = frame.f_back
    if frame is None or frame.f_code.co_filename == threading.__file__:  # a thread of ours
        return ""
    return _line(frame.f_code.co_filename, frame.f_lineno)


def _raised_in(error: Exception) -> str:
    """The line of the program's own function that raised it."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(OURS):
        trace = trace.tb_next
    return _line(trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace is not None else ""


def _line(file: str, number: int) -> str:
    return f" ({Path(file).name}, line {number})"


def _plain(limit: Any) -> Any:
    """A bound as a float, where it is a number of numpy or torch."""
    if isinstance(limit, (tuple, list)):
        return tuple(map(_plain, limit))
    return float(limit) if hasattr(limit, "item") else limit
