"""The application: themes, the two screens, and what the terminal can show."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

from textual.app import SystemCommand
from textual.filter import LineFilter
from textual.screen import Screen
from textual.theme import Theme

from dlplay.course import preferences
from dlplay.course.catalog import Catalog, SceneCard, roots
from dlplay.course.preferences import Preferences
from dlplay.course.progress import Progress
from dlplay.draw import Look, sheets
from dlplay.draw.look import Charts
from dlplay.engine.launcher import Launcher
from dlplay.engine.own import OwnOrder
from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import card_of, load, stand_in
from dlplay.tui import ending
from dlplay.tui.actions import EVERYWHERE, bindings
from dlplay.tui.model.exporting import Exports
from dlplay.tui.model.own import OwnSession
from dlplay.tui.model.replayed import Replayed
from dlplay.tui.model.watching import Watched
from dlplay.tui.palette import SceneCommands
from dlplay.tui.plain import Ascii
from dlplay.tui.program import Program
from dlplay.tui.screens.browser import Browser
from dlplay.tui.screens.full import FullScreen
from dlplay.tui.screens.stage import StageScreen
from dlplay.tui.texts import Harmless, command
from dlplay.tui.themes import CYCLE, DARK, LIGHT
from dlplay.web import in_a_browser
from dlplay.wire import events

VISITORS_RUNS, VISITORS_BYTES = 50, 100_000_000  # recorded at most, on a server


class DlplayApp(Program):
    """dlplay in the terminal."""

    CSS_PATH = "dlplay.tcss"
    TITLE = "dlplay"
    BINDINGS = bindings(EVERYWHERE)
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = Program.COMMANDS | {SceneCommands}

    def __init__(
        self,
        catalog: Catalog,
        launcher: Launcher,
        look: Look | None = None,
        progress: Progress | None = None,
        first: dict[str, Any] | None = None,
        library: Library | None = None,
        preferences: Preferences | None = None,
    ) -> None:
        """`first`: a scene's card and what its `Session` takes, to go straight to a stage.
        `library`: where runs are recorded; None: nowhere. `preferences`: what the user chose for
        good; None: nothing is kept."""
        super().__init__(catalog, launcher, look, progress, library, preferences)
        self._first = first
        self.animation_level = "none"
        self.ended_by = 0  # the signal
        # The same ones each time: a line keeps what each has made of it.
        self._last = [Harmless(), *([Ascii()] if self.terminal.ascii else [])]

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._last]

    def on_mount(self) -> None:
        ending.watch(self.end_by)
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name if self.terminal.dark else LIGHT.name
        self.theme_changed_signal.subscribe(self, self.repaint)
        self.set_class(self.terminal.ascii, "-ascii")
        self.push_screen(Browser())
        if self._first is not None:
            self.push_screen(self._stage(**self._first))
        if self.preferences.trouble:
            self.call_after_refresh(self.say, self.preferences.trouble)
        # Only now may torch be imported, by the fork server: the first picture is out.
        if self._first is None or not self._first["card"].command:
            self.call_after_refresh(self.launcher.open_gate)

    def _stage(
        self, card: SceneCard, session: Watched | None = None, start: bool = True, **given: Any
    ) -> StageScreen:
        """`session`: one that is there already; `given`: what a new one is given."""
        if not card.command:
            self.place.opened(card.id)
        return StageScreen(session or self.session(card, **given), start)

    def open_scene(self, card: SceneCard) -> None:
        if card.broken:
            self.tell_broken(card)
        elif isinstance(self.screen, StageScreen):
            self.switch_screen(self._stage(card))
        else:
            self.push_screen(self._stage(card))

    def on_unmount(self) -> None:
        self.end_sweep()

    def end_by(self, number: int) -> None:
        """A signal ends the interface: the terminal is given back first."""
        self.ended_by = number
        self.exit()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        if isinstance(screen, FullScreen):
            yield from screen.commands()
        for action in EVERYWHERE:
            if action.name not in ("command_palette", "help"):
                run = getattr(self, f"action_{action.name}")
                yield command(action.label, f"{action.help} ({action.written})", run)
        words = "Draw curves, bars and histograms with plotext, or with dlplay's own canvas; kept"
        yield command("Charts", words, self.action_charts)
        yield command("Choose a theme", "All themes by name", self.action_change_theme)

    def action_next_theme(self) -> None:
        names = [name for name in CYCLE if name in self.available_themes]
        place = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(place + 1) % len(names)]
        self.refresh_css()

    def repaint(self, theme: Theme) -> None:
        """What draws its own text has the colours of a new theme at once."""
        for screen in self.screen_stack:
            if isinstance(screen, FullScreen):
                screen.repaint()

    def action_charts(self) -> None:
        chosen: Charts = "own" if self.terminal.charts == "plotext" else "plotext"
        if chosen == "plotext" and sheets.plotext() is None:
            self.notify("plotext is not installed", title="Charts", severity="error")
            return
        self.terminal = replace(self.terminal, charts=chosen)
        said = f"charts by {'plotext' if chosen == 'plotext' else 'dlplay itself'}"
        try:
            self.preferences.keep("charts", chosen)
        except OSError as error:
            said += f", but not kept: {error.strerror}"
        self.repaint(self.current_theme)
        self.say(said)

    def say(self, text: str) -> None:
        screens = (each for each in reversed(self.screen_stack) if isinstance(each, FullScreen))
        if (screen := next(screens, None)) is not None:  # under a dialog, or the list of commands
            screen.note(text)

    def action_picture(self) -> None:
        stamp = datetime.now().strftime("%Y-%m-%d-%H%M%S")
        path = Path.cwd() / f"dlplay-{stamp}.svg"
        said = f"to your downloads: {path.name}" if self.is_web else f"picture saved: {path.name}"
        try:
            if self.is_web:
                self.deliver_text(StringIO(self.picture()), save_filename=path.name)
            else:
                path.write_text(self.picture(), encoding="utf-8")
        except OSError as error:
            self.notify(str(error), title="The picture could not be saved", severity="error")
        else:
            self.say(said)

    def picture(self) -> str:
        """The screen as SVG that fetches nothing: the viewer's own monospaced font will do."""
        return re.sub(r"@font-face\s*\{[^}]*\}", "", self.export_screenshot())

    async def action_quit(self) -> None:
        """Leave at once, unless something would be lost that has to be said twice."""
        stages = (each for each in self.screen_stack if isinstance(each, StageScreen))
        held_by: list[Watched | Exports] = [*(stage.session for stage in stages), self.exports]
        if trouble := next(filter(None, (each.leave() for each in held_by)), ""):
            self.say(trouble)
        else:
            self.exit()

    def action_help_quit(self) -> None:
        """What Ctrl-C does, in our own words and in their place."""
        self.say("ctrl+q leaves dlplay; a run is ended")

    async def action_help(self) -> None:
        if isinstance(self.screen, FullScreen):
            self.screen.action_help()


def replayed(catalog: Catalog, path: Path) -> dict[str, Any]:
    """What the stage needs to show a recording; also where the scene is gone, or torch is."""
    recording = load(path)
    known = card_of(recording, (card for card in catalog.scenes if not card.broken))
    card = known or stand_in(recording.started.scene)
    session = Replayed(card, recording, known is not None)
    return {"card": card, "session": session, "start": False}


def start(
    extra: Path | None = None,
    scene_id: str | None = None,
    settings: dict[str, Any] | None = None,
    seed: int | None = None,
    device: str = "auto",
    tweaks: Sequence[events.Tweaked] = (),
    look: Look | None = None,
    start: bool = True,
    replay: Path | None = None,
    own: OwnOrder | None = None,
) -> int:
    """Run the interface until the user leaves; the exit code.

    `extra`: one more folder of scenes. `scene_id`: go straight to its stage, with `settings`,
    and start it if `start`; `tweaks` are turned on the way. `replay`: open the stage on this
    recording. `own`: the stage of a program of the user's own. Raises UnknownScene for a wrong id,
    BadRecording or OSError for a recording that cannot be read.
    """
    catalog = Catalog(roots(extra))
    first = None
    if scene_id is not None:
        first = {
            "card": catalog.find(scene_id),
            "settings": settings or {},
            "seed": seed or 0,
            "device": device,
            "tweaks": tweaks,
            "start": start,
        }
    elif replay is not None:
        first = replayed(catalog, replay)
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    library = Library()
    if in_a_browser():
        from dlplay.tui.served import leave, take_output

        take_output()
        library = Library(most_runs=VISITORS_RUNS, most_bytes=VISITORS_BYTES)
    launcher = Launcher()
    if replay is None:
        launcher.warm(gated=True)  # before Textual takes the terminal
    if own is not None:
        session = OwnSession(own, launcher, library=library)
        first = {"card": session.card, "session": session}
    # Textual draws on standard error; where that goes into a file, the interface must not.
    errors = sys.__stderr__
    if not in_a_browser() and (errors is None or not errors.isatty()):
        sys.__stderr__ = sys.__stdout__  # type: ignore[misc]
    kept = Preferences(preferences.place())
    app = DlplayApp(catalog, launcher, look, first=first, library=library, preferences=kept)
    # What is there by now stays. Not to look through all of it again and again for garbage saves
    # pauses of a tenth of a second, which keys would wait for.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 50)
    try:
        app.run()
    finally:
        sys.__stderr__ = errors  # type: ignore[misc]
        launcher.open_gate()
        if in_a_browser():
            leave()
    if app.ended_by:
        return 128 + app.ended_by
    if app.return_code:
        sys.stderr.write("dlplay: the interface failed; the terminal has been given back\n")
    return app.return_code or 0
