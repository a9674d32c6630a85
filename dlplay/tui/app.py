"""The application: themes, the two screens, and what the terminal can show."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from textual.app import App, SystemCommand
from textual.filter import LineFilter
from textual.screen import Screen

from dlplay.course.catalog import Catalog, SceneCard, roots
from dlplay.draw import Look
from dlplay.engine.live import Launcher
from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import load, stand_in
from dlplay.engine.sweeps.runs import SweepRun
from dlplay.tui.actions import EVERYWHERE, bindings
from dlplay.tui.model.progress import Progress
from dlplay.tui.model.replayed import Replayed
from dlplay.tui.model.session import Session
from dlplay.tui.plain import Ascii
from dlplay.tui.screens.browser import Browser
from dlplay.tui.screens.full import FullScreen
from dlplay.tui.screens.stage import StageScreen
from dlplay.tui.sweeps.model import LiveSweep, Plan
from dlplay.tui.themes import CYCLE, DARK, LIGHT
from dlplay.wire import events


class DlplayApp(App[None]):
    """dlplay in the terminal."""

    CSS_PATH = "dlplay.tcss"
    TITLE = "dlplay"
    BINDINGS = bindings(EVERYWHERE)
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        catalog: Catalog,
        launcher: Launcher,
        look: Look | None = None,
        progress: Progress | None = None,
        first: dict[str, Any] | None = None,
        library: Library | None = None,
    ) -> None:
        """`first`: what `StageScreen` takes, to go straight to a stage. `library`: where runs
        are recorded; None: nowhere."""
        super().__init__()
        self.catalog = catalog
        self.launcher = launcher
        self.progress = progress or Progress()
        self._look = look or Look()
        self._first = first
        self.library = library
        self.sweep: LiveSweep | None = None  # the latest; one at a time
        self.animation_level = "none"

    @property
    def look(self) -> Look:
        """What the terminal can show, with the theme's background."""
        return replace(self._look, dark=self.current_theme.dark)

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = list(super().get_line_filters())
        return [*filters, Ascii()] if self._look.ascii else filters

    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name if self._look.dark else LIGHT.name
        self.set_class(self._look.ascii, "-ascii")
        self.push_screen(Browser())
        if self._first is not None:
            first = dict(self._first)
            first.setdefault("library", self.library)
            self.push_screen(StageScreen(first.pop("card"), self.launcher, **first))
        # Only now may torch be imported, by the fork server: the first picture is out.
        self.call_after_refresh(self.launcher.open_gate)

    def open_scene(self, card: SceneCard) -> None:
        self.push_screen(StageScreen(card, self.launcher, library=self.library))

    def open_run(self, sweep: LiveSweep, run: SweepRun) -> None:
        """A run of a sweep on a stage of its own."""
        card = sweep.found.card
        session = Session(card, self.launcher, library=self.library)
        session.adopt(sweep.values(run), run.seed, run.history, run.recording)
        self.push_screen(StageScreen(card, self.launcher, session=session, start=False))

    def begin_sweep(self, plan: Plan) -> LiveSweep:
        """Begin a sweep; an older one that is under way is ended."""
        self.end_sweep()
        self.sweep = LiveSweep.of(plan, self.launcher, self.library)
        self.sweep.start()
        return self.sweep

    def end_sweep(self) -> None:
        """End the processes of a sweep that is under way."""
        if self.sweep is not None:
            self.sweep.close()

    def on_unmount(self) -> None:
        self.end_sweep()

    def leave_scene(self) -> None:
        """From the stage to the browser."""
        self.pop_screen()

    def reread(self) -> None:
        """Look at the scene folders again."""
        self.catalog = Catalog(self.catalog.roots)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        if isinstance(screen, FullScreen):
            yield from screen.commands()
        for action in EVERYWHERE:
            if action.name not in ("command_palette", "help"):
                run = getattr(self, f"action_{action.name}")
                yield SystemCommand(action.label, f"{action.help} ({action.written})", run)
        yield SystemCommand("Choose a theme", "All themes by name", self.action_change_theme)

    def action_next_theme(self) -> None:
        names = [name for name in CYCLE if name in self.available_themes]
        place = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(place + 1) % len(names)]
        self.refresh_css()

    def action_picture(self) -> None:
        stamp = datetime.now().strftime("%Y-%m-%d-%H%M%S")
        path = Path.cwd() / f"dlplay-{stamp}.svg"
        try:
            path.write_text(self.picture(), encoding="utf-8")
        except OSError as error:
            self.notify(str(error), title="The picture could not be saved", severity="error")
        else:
            self.notify(str(path), title="Picture saved")

    def picture(self) -> str:
        """The screen as SVG that fetches nothing: the viewer's own monospaced font will do."""
        return re.sub(r"@font-face\s*\{[^}]*\}", "", self.export_screenshot())

    async def action_quit(self) -> None:
        self.exit()

    async def action_help(self) -> None:
        if isinstance(self.screen, FullScreen):
            self.screen.action_help()


def replayed(catalog: Catalog, path: Path) -> dict[str, Any]:
    """What the stage needs to show a recording; also where the scene is gone, or torch is."""
    recording = load(path)
    known = {card.id: card for card in catalog.scenes if not card.broken}
    name = recording.started.scene
    card = known.get(name) or stand_in(name)
    session = Replayed(card, recording, name in known)
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
) -> int:
    """Run the interface until the user leaves; the exit code.

    `extra`: one more folder of scenes. `scene_id`: go straight to its stage, with `settings`,
    and start it if `start`; `tweaks` are turned on the way. `replay`: open the stage on this
    recording. Raises UnknownScene for a wrong id, BadRecording or OSError for a recording that
    cannot be read.
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
    launcher = Launcher()
    if replay is None:
        launcher.warm(gated=True)  # before Textual takes the terminal
    app = DlplayApp(catalog, launcher, look, first=first, library=Library())
    # What is there by now stays. Not to look through all of it again and again for garbage saves
    # pauses of a tenth of a second, which keys would wait for.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 50)
    try:
        app.run()
    finally:
        launcher.open_gate()
    if app.return_code:
        sys.stderr.write("dlplay: the interface failed; the terminal has been given back\n")
    return app.return_code or 0
