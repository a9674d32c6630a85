"""The status line: what the run is doing, how far it is, how fast, where."""

from __future__ import annotations

from rich.text import Text

from dlplay.tui.model.own import ENDS, LOOPS_END
from dlplay.tui.model.pace import told
from dlplay.tui.model.session import STOPS
from dlplay.tui.model.steering import NOT_YET
from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import Words
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text import Inks, put

LOOKS = {
    "ready": ("○", "muted", "ready"),
    "starting": ("◌", "accent", "starting"),
    "repeating": ("◌", "accent", "repeating"),
    "running": ("▶", "success", "running"),
    "paused": ("Ⅱ", "warning", "paused"),
    "stopping": ("◌", "warning", "stopping"),
    "done": ("■", "success", "done"),
    "stopped": ("■", "warning", "stopped"),
    "diverged": ("✗", "error", "diverged"),
    "failed": ("✗", "error", "failed"),
    "unfinished": ("■", "warning", "unfinished"),
}


class RunLine(Words, Part):
    """What the run is doing, and what the last key did. Its keys start, stop and keep the run."""

    def __init__(self, session: Watched) -> None:
        super().__init__(id="status")
        self.session = session
        self._note = ""
        self._shows = 0  # how many more ticks the note is shown
        self._next = ("", 0)  # what happened by itself meanwhile, and for how many it will be

    def show(self) -> None:
        if self._note in NOT_YET and self.session.history.tick:
            self._note = ""  # by now there is
        if self._note in (STOPS, LOOPS_END, ENDS) and not self.session.active:
            self._note = ""  # it has
        note = self._note or self.program.exports.told
        put(self, status(self.session, self.screen.size.width, self.inks, note))

    def say(self, note: str, ticks: int) -> None:
        """Show a note for so many ticks."""
        self._note, self._shows = note, ticks
        self.show()

    def hear(self, news: str, ticks: int) -> None:
        """Show what happened by itself, once the note that stands there has been read."""
        self._next = (news, ticks)

    def tick(self) -> None:
        self._shows -= 1
        if self._shows < 0:
            news, ticks = self._next
            self._note, self._shows, self._next = news, ticks, ("", 0)
            if news:
                self.show()

    def action_start_or_pause(self) -> None:
        self.ask("go")

    def action_step(self) -> None:
        self.ask("step")

    def action_restart(self) -> None:
        self.ask("again")

    def action_stop(self) -> None:
        self.ask("stop")

    def action_new_seed(self) -> None:
        self.ask("seed")

    def action_slower(self) -> None:
        self.ask("slower")

    def action_faster(self) -> None:
        self.ask("faster")

    def action_branch(self) -> None:
        self.ask("branch")

    def action_pin(self) -> None:
        self.ask("pin")


def status(session: Watched, width: int, inks: Inks, note: str = "") -> Text:
    """One line of at most `width` cells; `note` says what the last key did."""
    mark, ink, word = LOOKS.get(session.state, LOOKS["unfinished"])
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f" {mark} {word} ", f"bold {inks[ink]}")
    if session.sabotaged:
        text.append(f"· {session.sabotaged} ", f"bold {inks['error']}")
    if session.after:
        text.append("· after the run ", f"bold {inks['accent']}")
    if session.waits:
        what, *asked = session.waits
        text.append(f"· {what} ")
        text.append("".join(f"· {each} " for each in asked), f"bold {inks['warning']}")
    finished = session.history.finished
    facts: list[str] = []
    progress = session.history.progress
    if session.state == "repeating":
        done, goal = session.repeated
        text.append(bar(done / max(goal, 1), 10), inks["accent"])
        facts.append(f"step {done} of the {goal} before the branch")
    elif progress is not None and progress.total:
        phase = f"{progress.phase} " if progress.phase else ""
        of_all = "" if session.veiled else f"/{progress.total}"  # a try may have its own budget
        if session.at is None or session.active:  # what is over is where the timeline says
            facts.append(f"{phase}step {progress.step}{of_all}")
        if session.state == "running" and not session.veiled:
            text.append(bar(progress.step / progress.total, 10), inks["accent"])
            if session.rate:
                facts.append(f"{rate(session.rate)} steps/s")
                facts.append(f"{clock((progress.total - progress.step) / session.rate)} left")
    elif progress is not None and progress.tick:  # how many there are, nobody knows
        facts.append(f"step {progress.tick}")
    facts.append(told(session.pace))
    if finished is not None and finished.seconds:
        facts.append(f"{finished.seconds:.1f} s")
    started = session.history.started
    if started or not session.card.command:  # where a program runs, it says itself
        facts.append(started.device if started else session.device)
    if not session.card.command:
        facts.append(f"seed {session.seed}")
    vitals = session.history.vitals
    if vitals is not None:
        facts.append(memory(vitals.device_memory or vitals.memory))
    message = note or (finished.message if finished is not None else "")
    if message:
        text.append(f"· {message} ", inks["accent"] if note else inks[ink])
    elif session.outdated and session.history.started is not None:
        text.append(f"· made by the old code: {session.outdated} ", inks["warning"])
    elif session.after:
        text.append("· space runs it with these settings ", inks["accent"])
    elif session.stale and not session.active:
        text.append("· settings changed: space runs them ", inks["accent"])
    elif session.state == "ready":
        text.append("· space starts ", inks["accent"])
    text.append("· " + " · ".join(facts), "")
    text.truncate(width, overflow="ellipsis")
    return text


def bar(share: float, width: int) -> str:
    full = round(min(max(share, 0.0), 1.0) * width)
    return "━" * full + "─" * (width - full) + " "


def rate(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def clock(seconds: float) -> str:
    """`0:07`, `12:30`, `2.0 h`; nobody waits for more than a thousand."""
    if seconds >= 1000 * 3600:
        return "over 1000 h"
    if seconds >= 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def memory(count: float) -> str:
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{count / 2**20:.0f} MB"
