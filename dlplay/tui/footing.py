"""What the footer of the stage offers: the keys that matter as things stand."""

from __future__ import annotations

from dataclasses import replace

from textual.binding import ActiveBinding

from dlplay.tui.model.watching import ACTIVE, Watched

FOOTERS = {
    "ready": ("start_or_pause", "less", "more", "tries", "lesson", "claims", "back"),
    "running": ("start_or_pause", "stop", "slower", "faster", "zoom", "claims", "back"),
    "paused": ("start_or_pause", "step", "restart", "stop", "zoom", "claims", "back"),
    "over": ("start_or_pause", "more", "tries", "next_scene", "claims", "back"),
    "past": ("start_or_pause", "step", "earlier", "later", "now", "branch", "back"),
    "replaying": ("start_or_pause", "step", "restart", "earlier", "later", "claims", "back"),
}


def stand(session: Watched) -> str:
    """How things stand, as `FOOTERS` calls it."""
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
        return "Go on" if session.state == "paused" else "Pause"
    return "Run" if session.state == "ready" else "Run again"


def footed(
    found: dict[str, ActiveBinding], session: Watched, names: dict[str, str]
) -> dict[str, ActiveBinding]:
    """The bindings with those in the footer that matter now; `names`: of the actions that a
    screen's bindings run, the rest stays as it is."""
    wanted = FOOTERS[stand(session)]
    footed = {}
    for key, active in found.items():
        binding, name = active.binding, names.get(active.binding.action)
        if name is not None:
            label = go(session) if name == "start_or_pause" else binding.description
            binding = replace(binding, show=name in wanted, description=label)
        footed[key] = active._replace(binding=binding)
    return footed
