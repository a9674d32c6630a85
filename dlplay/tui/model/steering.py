"""What the user asks of a session, done, and the words for what came of it.

What they return is for the status line to say; nothing where it can be seen.
"""

from __future__ import annotations

from typing import Any, Literal

from dlplay.author.parameters.base import ParameterError
from dlplay.engine.sweeps.runs import SweepRun
from dlplay.engine.timeline import marks
from dlplay.tui.model.pace import explained
from dlplay.tui.model.replayed import Replayed
from dlplay.tui.model.session import Session
from dlplay.tui.model.watching import Watched
from dlplay.tui.sweeps.model import LiveSweep, Wish

Ask = Literal[
    "go", "step", "again", "stop", "seed", "slower", "faster", "pin", "branch", "defaults", "xray"
]
Where = float | Literal["beginning", "now", "next mark", "mark before"]  # a share of the run
RECORDED = "a recording shows what ran: nothing in it can be changed"
ENDED = "the recording is over; space plays it again"
VEILED = "answer the riddle first; esc leaves it"
AGAIN = "the run begins again"  # half a second after the last key that asks for it
NO_HISTORY, NOTHING_RAN = "there is no history yet", "nothing has run yet"
NOT_YET = (NO_HISTORY, NOTHING_RAN)  # what is true no more once a step was made
GONE = "the process of this run is gone: x-ray looks into the next one"
ON_ITS_WAY = "the branch is on its way; x stops it"


def ask(session: Watched, what: Ask) -> str:
    """What has no more to it than that it is asked."""
    if what == "pin":
        return pin(session)
    if what == "go":
        session.toggle()
        return ""
    if what == "step":
        return step(session)
    if what in ("slower", "faster"):
        session.change_pace(1 if what == "faster" else -1)
        return explained(session.pace)
    if isinstance(session, Replayed) and what == "again":
        session.begin()
        return "from the first step on"
    if not isinstance(session, Session):
        return RECORDED
    match what:
        case "again":
            session.start()
        case "seed":
            return session.new_seed()
        case "stop":
            return stop(session)
        case "branch":
            return branch(session)
        case "defaults":
            if session.veiled:
                return VEILED
            session.defaults()
            return f"all defaults: {AGAIN}"
        case "xray":
            session.look(not session.xray)
            if session.xray and session.gone:
                return GONE
            about = "x-ray: weights, gradients and activations of every layer"
            return about if session.xray else ""
    return ""


def step(session: Watched) -> str:
    """One step forward: of what is kept, or of the run. One that is over is not thrown away for
    it, unless other settings were chosen."""
    if session.at is None and session.history.finished is not None and not session.active:
        if session.recorded:
            return "this is the last step; r begins at the first"
        if not session.stale:
            return "the run is over: r begins again, < goes back through it"
    session.step()
    return ""


def play_on(session: Watched) -> str:
    """What plays goes on by a frame."""
    was_back = session.playing
    session.play_on()
    if not was_back or session.at is not None:
        return ""
    return ENDED if session.recorded else "now"


def stop(session: Session) -> str:
    """Ask the run to stop."""
    if not session.active:
        return "nothing is running"
    return session.stop()


def pin(session: Watched) -> str:
    """Keep this run; one that is still going on is kept as it goes on."""
    if session.history.started is None:
        return NOTHING_RAN
    if session.state == "repeating":
        return ON_ITS_WAY
    over = "" if session.recorded else "the next runs are drawn over it; "
    return f"pinned as {session.pin().name}; {over}v compares"


# Parameters


def turn(session: Watched, name: str, steps: int, big: bool) -> str:
    """Turn a parameter up or down."""
    parameter = session.card.parameters[name]
    return give(session, name, parameter.nudge(session.shown[name], steps, big))


def give(session: Watched, name: str, value: Any) -> str:
    """Set a parameter, and say when it applies."""
    if not isinstance(session, Session):
        return RECORDED
    if session.veiled:
        return VEILED
    before = session.state
    if before == "repeating":
        return ON_ITS_WAY
    try:
        outcome = session.set(name, value)
    except ParameterError as error:
        return f"{error}; end returns to now"
    shown = f"{name} = {session.card.parameters[name].show(value)}"
    match outcome:
        case "live":
            return f"{shown} from the next step on"
        case "restart":
            return f"{shown}: {AGAIN}"
        case "after":
            return f"{shown} in the finished run"
        case "draft":
            return f"{shown}: B goes on from step {session.at} with it"
        case "set":
            return f"{shown}; space runs it" if before != "ready" else ""
    return f"{shown} is as far as it goes"


# Time


def seek(session: Watched, where: Where) -> str:
    """Go through time: by a share of the run, by one step at least; to an end, or to a mark."""
    if not session.history.tick:
        return NO_HISTORY
    was_back = session.at is not None
    match where:
        case "beginning":
            session.seek(1)
        case "now":
            session.seek(session.history.tick)
        case "next mark" | "mark before":
            tick = session.next_mark(where == "next mark")
            if tick is None:
                return _no_mark(session, where)
            session.seek(tick)
        case _:
            session.travel(where)
    return "now" if was_back and session.at is None else ""


def _no_mark(session: Watched, where: Where) -> str:
    if not marks(session.history):
        return "nothing is marked: no tweak, no spike, no divergence"
    return "no mark further on" if where == "next mark" else "no mark before this"


def branch(session: Session) -> str:
    """Go on from the step that is looked at, as a new run, beside the old one."""
    if session.state == "repeating":
        return ON_ITS_WAY
    if session.at is None:
        return "go back in time first: < > ( ) { } m home; then B goes on from there"
    try:
        kept = session.branch()
    except ParameterError as error:
        return str(error)
    return f"branching at step {session.at}; the run so far is pinned as {kept.name}"


# Sweeps


def wish(session: Watched, name: str) -> Wish:
    """A sweep of this parameter, at the settings as they are."""
    return Wish(
        session.card,
        dict(session.values),
        name=name,
        seed=session.seed,
        device=session.device,
        busy=int(session.state in ("starting", "repeating", "running")),
    )


def take_run(session: Watched, sweep: LiveSweep, run: SweepRun) -> str:
    """Make a run of a sweep the current one."""
    if not isinstance(session, Session):
        return RECORDED
    session.adopt(sweep.values(run), run.seed, run.history, run.recording)
    again = "" if run.history is not None else "; its history was not kept: it is made again"
    return f"{sweep.found.label(run.value)}, seed {run.seed}: a run of the sweep{again}"
