"""What the footer of the stage offers: the keys that matter as things stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from textual.binding import ActiveBinding

from dlplay.tui.model.watching import ACTIVE, Watched

Asks = Literal[
    "", "answer", "riddle", "choice", "break"
]  # what the strip under the panels waits for

FOOTERS = {
    "ready": ("start_or_pause", "more", "tries", "lesson", "claims", "back"),
    "running": ("start_or_pause", "stop", "slower", "faster", "more", "lesson", "back"),
    "paused": ("start_or_pause", "step", "restart", "stop", "more", "zoom", "back"),
    "over": ("start_or_pause", "more", "tries", "breaker", "next_scene", "claims", "back"),
    "past": ("start_or_pause", "step", "earlier", "later", "now", "branch", "back"),
    "answer": ("zoom_to(1)", "tries", "lesson", "back"),
    "riddle": ("zoom_to(1)", "lesson", "claims", "back"),
    "choice": ("up", "down", "type", "breaker", "back"),
    "break": ("start_or_pause", "more", "default", "breaker", "claims", "back"),
    "replaying": ("start_or_pause", "step", "restart", "earlier", "later", "claims", "back"),
}
# What a program of one's own has not, and how that is said.
OF_SCENES = {
    "tries": "tries are of scenes",
    "riddle": "riddles are of scenes",
    "breaker": "the game of breaking a claim is of scenes",
    "sweep": "a sweep runs scenes",
    "next_scene": "it is scenes that follow one another",
}
# Said otherwise: both arrows by one name, and what a key does while something is asked.
SAID = {
    "more": ("←→", "Turn"),
    "breaker": ("b", "Break"),
    "next_scene": ("N", "Next"),
    "zoom_to(1)": ("1…", "Answer"),
}
SAID_WHILE = {
    "answer": {"tries": ("t", "Another"), "back": ("esc", "Leave")},
    "riddle": {"back": ("esc", "Leave")},
    "choice": {
        "up": ("↑", "Up"),
        "down": ("↓", "Down"),
        "type": ("enter", "Begin"),
        "breaker": ("b", "Next claim"),
        "back": ("esc", "Leave"),
    },
    "break": {"breaker": ("b", "Give up"), "back": ("esc", "Leave")},
}


def said(name: str, stands: str) -> tuple[str, str] | None:
    """The key and the label that the footer gives an action, where they are not its own."""
    return SAID_WHILE.get(stands, {}).get(name) or SAID.get(name)


def stand(session: Watched, asks: Asks = "") -> str:
    """How things stand, as `FOOTERS` calls it."""
    if asks:
        return asks
    if session.recorded:
        return "replaying"
    if session.at is not None and session.state != "repeating":
        return "past"
    if session.state in ("ready", "paused"):
        return session.state
    return "running" if session.active else "over"


def go(session: Watched) -> str:
    """What `space` does now."""
    if session.playing:
        return "Pause"
    if session.recorded or (session.at is not None and session.state != "repeating"):
        return "Play"
    if session.state in ACTIVE:
        asked = session.run is not None and session.run.paused  # which may take its time
        return "Go on" if asked else "Pause"
    return "Run" if session.state == "ready" else "Run again"


def footed(
    found: dict[str, ActiveBinding], session: Watched, names: dict[str, str], asks: Asks = ""
) -> dict[str, ActiveBinding]:
    """The bindings with those in the footer that matter now; `names`: of the actions that a
    screen's bindings run, the rest stays as it is."""
    stands = stand(session, asks)
    wanted = FOOTERS[stands]
    if session.card.command:
        wanted = (*(name for name in wanted if name not in (*OF_SCENES, "lesson")), "log")
    footed = {}
    for key, active in found.items():
        binding, name = active.binding, names.get(active.binding.action)
        if name is not None:
            label = go(session) if name == "start_or_pause" else binding.description
            shown, label = said(name, stands) or (binding.key_display, label)
            if name == "back" and session.card.command and not (session.recorded or asks):
                label = "Quit"
            binding = replace(binding, show=name in wanted, description=label, key_display=shown)
        footed[key] = active._replace(binding=binding)
    return footed
