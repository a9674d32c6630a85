"""What all screens have in common, whichever is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.notifications import SeverityLevel

from dlplay.course.catalog import Catalog, SceneCard
from dlplay.course.preferences import Preferences
from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.engine.launcher import Launcher
from dlplay.engine.recordings.library import Library
from dlplay.engine.sweeps.runs import SweepRun
from dlplay.tui.keys import KeyByKey
from dlplay.tui.model.exporting import Exports
from dlplay.tui.model.finding import Index
from dlplay.tui.model.place import Place
from dlplay.tui.model.session import Session
from dlplay.tui.sweeps.model import LiveSweep, Plan
from dlplay.tui.texts import notice


class Program(KeyByKey):
    """The scenes, what runs them, what is known of them, and what the terminal can show."""

    def __init__(
        self,
        catalog: Catalog,
        launcher: Launcher,
        look: Look | None = None,
        progress: Progress | None = None,
        library: Library | None = None,
        preferences: Preferences | None = None,
    ) -> None:
        """`library`: where runs are recorded; None: nowhere. `preferences`: what the user chose
        for good; None: nothing is kept."""
        super().__init__()
        self.console._markup = False  # a string in a table of Rich is a text as well
        self.catalog = catalog
        self._index: Index | None = None
        self.launcher = launcher
        self.progress = progress or Progress()
        self.place = Place(self.progress.path.with_name("last-scene"))
        self.terminal = look or Look()
        self.library = library
        self.preferences = preferences or Preferences()
        self.sweep: LiveSweep | None = None  # the latest; one at a time
        self.exports = Exports()

    @property
    def look(self) -> Look:
        """What the terminal can show, with the theme's background."""
        return replace(self.terminal, dark=self.current_theme.dark)

    def open_scene(self, card: SceneCard) -> None:
        """Open a scene's stage, in place of that of another one, and start it."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Say what was done, in the line that the screen has for that."""
        raise NotImplementedError

    def copied(self, text: str) -> str:
        """Copy a text; what is to be said of it. A browser may refuse, and doesn't tell."""
        self.copy_to_clipboard(text)
        return f"copied, if your browser lets us: {text}" if self.is_web else f"copied: {text}"

    @property
    def behind(self) -> bool:
        """Whether the terminal has not yet taken what was drawn before, as over a slow link: more
        pictures would only stand in a queue, and a key's answer behind them."""
        writer = getattr(self._driver, "_writer_thread", None)
        return writer is not None and not writer._queue.empty()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """A notice. What it says is text, whatever `markup` says: screens and widgets of Textual
        say True without being asked."""
        message, title = notice(message), notice(title)
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=False)

    def tell_broken(self, card: SceneCard) -> None:
        """Say why a scene's file cannot be read."""
        title = "This file cannot be read"
        self.notify(card.broken, title=title, severity="error")

    @property
    def index(self) -> Index:
        """The scenes, to be searched."""
        if self._index is None:
            self._index = Index(self.catalog.chapters)
        return self._index

    def reread(self) -> None:
        """Look at the scene folders again."""
        self.catalog = Catalog(self.catalog.roots)
        self._index = None

    def session(self, card: SceneCard, **given: Any) -> Session:
        """A session of a scene; `given`: what it takes besides."""
        return Session(card, self.launcher, library=self.library, **given)

    def session_of(self, sweep: LiveSweep, run: SweepRun) -> Session:
        """A session that shows a run of a sweep."""
        session = self.session(sweep.found.card)
        session.adopt(sweep.values(run), run.seed, run.history, run.recording)
        return session

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
