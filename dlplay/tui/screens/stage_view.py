"""What the stage shows: a scene's panels, its parameters and claims, its pages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from rich.console import Group
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import ContentSwitcher, Footer, Log, Static

from dlplay.author.parameters import Parameter
from dlplay.course.catalog import SceneCard
from dlplay.draw.lesson import lesson
from dlplay.engine.live import Launcher
from dlplay.engine.recordings.library import Library
from dlplay.engine.timeline import Mark, claims_at, log_at, marks
from dlplay.tui.actions import STAGE, bindings
from dlplay.tui.model.replayed import Replayed
from dlplay.tui.model.session import Session
from dlplay.tui.model.watching import Watched
from dlplay.tui.screens.full import FullScreen
from dlplay.tui.themes import inks
from dlplay.tui.widgets import pages
from dlplay.tui.widgets.beside import Beside
from dlplay.tui.widgets.claims import ClaimList
from dlplay.tui.widgets.comparison import comparison_table
from dlplay.tui.widgets.panels import PanelGrid, PanelView
from dlplay.tui.widgets.parameters import ParameterList, detail
from dlplay.tui.widgets.sidebar import Sidebar
from dlplay.tui.widgets.status import status
from dlplay.tui.widgets.text import Scroll, put
from dlplay.tui.widgets.timebar import timebar
from dlplay.wire import events

# Seconds between two looks at the run; over a network, fewer frames.
TICK = 0.25 if "SSH_CONNECTION" in os.environ else 0.1
NOTE_SECONDS = 3.0
XRAY = "x-ray"
NO_PINS = "No run is pinned. p pins the run that is shown; the next ones are drawn over it."
PAGES = ("lesson", "claims", "source", "compare", "log")


class RunLog(Log, can_focus=False):
    """What the run printed; the screen has the keys."""


class StageView(FullScreen):
    """One scene, running, as it is seen; `StageScreen` adds what the keys do."""

    ACTIONS = STAGE
    BINDINGS = bindings(STAGE)
    WIDTHS = {"-wide": 110, "-widest": 180}
    HEADING = "Keys of the stage"

    def __init__(
        self,
        card: SceneCard,
        launcher: Launcher,
        settings: dict[str, Any] | None = None,
        *,
        seed: int = 0,
        device: str = "auto",
        start: bool = True,
        library: Library | None = None,
        session: Watched | None = None,
        tweaks: Sequence[events.Tweaked] = (),
    ) -> None:
        """`session`: one that is there already (a recording), in place of a new one."""
        super().__init__()
        self.session: Any = session or Session(
            card, launcher, settings, seed=seed, device=device, library=library, tweaks=tweaks
        )
        self._warned = ""
        self.chosen = 0  # parameter
        self.pinned = 0  # the pin that is chosen on the page of comparison
        self.claim = -1  # whose breaking setting was played last
        self.ticks = 0
        self._start = start
        self._note = ""
        self._note_until = 0
        self._seen_run = 0
        self._logged = 0
        self._fresh_until = 3
        self._seen_state = ""
        self.marks: list[Mark] = []
        self._marked_for: tuple[int, int] = (-1, 0)
        self._docked: bool | None = None  # None: the width decides
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(classes="too-small")
        yield Static(id="top")
        with Horizontal(id="body"):
            with Scroll(id="dock") as dock:
                dock.border_title = "lesson"
                yield Static(id="dock-lesson")
            with ContentSwitcher(initial="panels", id="main"):
                yield PanelGrid()
                for name in ("lesson", "claims", "source", "compare"):
                    with Scroll(id=name, classes="page") as page:
                        page.border_title = name
                        yield Static(id=f"{name}-text")
                yield Beside(id="beside")
                with Scroll(id="log", classes="page") as page:
                    page.border_title = "log"
                    yield RunLog(id="log-lines", max_lines=5000)
            yield Sidebar()
        yield Static(id="timeline")
        yield Static(id="status")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.show_scene()
        self.set_interval(TICK, self.tick)
        if self._start:
            self.session.start()
        self.call_after_refresh(self.tick)

    def on_unmount(self) -> None:
        self.session.close()

    # Drawing

    @property
    def card(self) -> SceneCard:
        card: SceneCard = self.session.card
        return card

    @property
    def panels(self) -> PanelGrid:
        return self.query_one(PanelGrid)

    @property
    def page(self) -> str:
        """The page in place of the panels, or "panels"."""
        return self.query_one(ContentSwitcher).current or "panels"

    @property
    def parameter(self) -> Parameter[Any] | None:
        listed = list(self.card.parameters.values())
        return listed[min(self.chosen, len(listed) - 1)] if listed else None

    def show_scene(self) -> None:
        """Everything that depends on the scene's file alone."""
        self.show_top()
        for name in ("lesson-text", "dock-lesson"):
            self.query_one(f"#{name}", Static).update(
                lesson(self.card.lesson, ascii=self.dlplay.look.ascii)
            )
        self.query_one("#source", Scroll).border_title = str(self.card.path)
        self.query_one("#source-text", Static).update(
            pages.source_page(self.card, self.app.current_theme.dark)
        )
        self.panels.have(self.panel_names())
        self.show_parameters()

    def show_top(self) -> None:
        """The title line: the scene, and which of its panels are seen."""
        where = self.panels.where if self.page == "panels" else self.page
        title, about = self.card.title, "  recording" if isinstance(self.session, Replayed) else ""
        named = f"  {self.card.id}" + about.replace("  ", " · ")
        width = self.size.width - 4 - len(title) - len(where)
        about = named if len(named) + 2 <= width else about
        room = width - len(about)
        top = Text.assemble((title, "bold"), (about, "dim"), " " * max(room, 2), (where, "dim"))
        top.no_wrap = True
        put(self.query_one("#top", Static), top)

    def panel_names(self) -> list[str]:
        drawn = [name for name in self.session.history.names if name != XRAY]
        names = list(dict.fromkeys([*self.card.panels, *drawn]))
        return [*names, XRAY] if self.session.xray else names

    def fit(self, width: int, height: int) -> None:
        self.set_class(width >= 170 if self._docked is None else self._docked, "-docked")
        self.call_after_refresh(self.show_parameters)

    def show_parameters(self) -> None:
        colours = inks(self.app)
        box = self.query_one(ParameterList)
        at, values = self.session.at, self.session.shown
        box.border_title = f"parameters at step {at}" if at is not None else "parameters  • live"
        box.show(list(self.card.parameters.values()), values, self.chosen, colours)
        parameter, about = self.parameter, self.query_one("#detail", Static)
        if parameter is not None:
            width = max(about.size.width - 2, 20)
            put(about, detail(parameter, values[parameter.name], width, colours))

    def note(self, text: str) -> None:
        """Say in the status line what a key did; it stays for about NOTE_SECONDS."""
        self._note, self._note_until = text, self.ticks + round(NOTE_SECONDS / TICK)
        self.show_status()

    def tick(self) -> None:
        """Look at the run, and paint what is new and seen."""
        self.ticks += 1
        if self.session.poll() or (self.session.active and not self.session.history.tick):
            self._fresh_until = self.ticks + 2  # panels that are dear take turns
        if self.session.state != self._seen_state:
            self._seen_state, self._fresh_until = self.session.state, self.ticks + 2
        if self.session.runs != self._seen_run:
            self.begin()
        # With nothing new, a look a second: a finished run costs next to nothing.
        if self.ticks <= self._fresh_until or self.ticks % 10 == 0:
            self.paint()
        if self.session.history.finished is not None and not isinstance(self.session, Replayed):
            self.finish()
        if self.session.warning != self._warned:
            self._warned = self.session.warning
            if self._warned:
                self.notify(self._warned, severity="warning", timeout=10)

    def begin(self) -> None:
        """A new run: clean panels, an empty log."""
        self._seen_run = self.session.runs
        self._shown = ()
        self.clear_log()
        for view in self.panels.views:
            view.forget()
        self.show_parameters()

    def finish(self) -> None:
        finished = self.session.history.finished
        if finished is not None and finished.status == "done":
            held = bool(finished.claims) and all(claim.holds for claim in finished.claims)
            # Claims held at other settings are no mark of the scene.
            ours = finished.parameters == self.card.defaults
            self.dlplay.progress.record(self.card.id, held and ours)

    def paint(self) -> None:
        look = self.dlplay.look
        if set(self.panel_names()) != {view.panel for view in self.panels.views}:
            self.panels.have(self.panel_names())
        over = self.session.history.finished is not None
        if self.page == "panels":
            at_once = over or self.session.at is not None
            for place, view in enumerate(self.panels.views):
                # By turns: a key need not wait for more than half of the pictures.
                turn = at_once or (self.ticks + place) % 2 == 0
                view.show(self.session.history, look, turn, self.session.at, self.session.pins)
        elif self.page == "log":
            self.show_log()
        elif self.page == "compare":
            self.show_comparison()
        elif self.page == "beside":
            self.show_beside()
        self.show_top()
        self.show_claims()
        self.show_time()
        self.show_status()

    @on(PanelView.Seen)
    def fill_panel(self, event: PanelView.Seen) -> None:
        """Show at once what a panel has that has just come into sight."""
        session = self.session
        if event.panel in self.panels.views:
            event.panel.show(session.history, self.dlplay.look, True, session.at, session.pins)

    def clear_log(self) -> None:
        self.query_one(RunLog).clear()
        self._logged = 0

    def show_log(self) -> None:
        history = self.session.history
        if self.session.at is not None:
            self.clear_log()
            lines = log_at(history, self.session.at)
            self.query_one(RunLog).write_lines([line.text for line in lines])
            return
        fresh = min(history.logged - self._logged, len(history.log))
        if fresh:
            lines = list(history.log)[-fresh:]
            self.query_one(RunLog).write_lines(
                [text for line in lines for text in line.text.split("\n")]
            )
            self._logged = history.logged

    def show_claims(self) -> None:
        results = claims_at(self.session.history, self.session.at)
        whole = self.session.history.whole and self.session.at is None
        state = (
            id(results) if results else 0,
            whole,
            self.size,
            self.query_one(ClaimList).size,
            self.app.theme,
            self.claim,
            self.card,
            self.page,
        )
        if state == self._shown:
            return
        self._shown = state
        colours = inks(self.app)
        box = self.query_one(ClaimList)
        box.show(self.card.claims, results, colours, whole)
        names = {claim.name for claim in self.card.claims}
        held, known = sum(r.holds is True for r in results if r.name in names), len(names)
        box.border_subtitle = f"{held} of {known} hold" if known else ""
        box.set_class(whole and held == known, "-held")
        if self.page == "claims":
            text = pages.claim_lines(self.card, results, colours, max(self.claim, 0), whole)
            self.query_one("#claims-text", Static).update(text)

    def show_comparison(self) -> None:
        page, session = self.query_one("#compare-text", Static), self.session
        if not session.pins:
            page.update(NO_PINS)
            return
        self.pinned = min(self.pinned, len(session.pins) - 1)
        keys = "j k choose · enter renames · h l hide and show · backspace drops\n"
        colours = inks(self.app)
        table = comparison_table(self.card, session.now, session.pins, colours, self.pinned)
        page.update(Group(Text(keys, "dim"), table))

    def show_beside(self) -> None:
        """The chosen panel of this run and of the chosen pinned one, at the same step."""
        session, view = self.session, self.panels.current
        if not session.pins or view is None:
            self.to_page("panels")
            return
        self.pinned = min(self.pinned, len(session.pins) - 1)
        runs = session.now, session.pins[self.pinned]
        at = session.history.tick if session.at is None else session.at
        self.query_one(Beside).show(self.card, runs, view.panel, self.dlplay.look, at)

    def show_time(self) -> None:
        """The timeline, while one looks back."""
        bar, at = self.query_one("#timeline", Static), self.session.at
        bar.set_class(at is not None, "-open")
        if at is not None:
            history = self.session.history
            if self._marked_for != (history.tick, len(history.tweaks)):
                self._marked_for = (history.tick, len(history.tweaks))
                self.marks = marks(history)
            colours = inks(self.app)
            put(bar, timebar(at, history.tick, self.marks, self.size.width, colours))

    def show_status(self) -> None:
        if self._note and self.ticks > self._note_until:
            self._note = ""
        width = self.size.width
        put(
            self.query_one("#status", Static),
            status(self.session, width, inks(self.app), self._note),
        )

    def after_panels(self) -> None:
        self.set_class(self.panels.zoomed, "-zoomed")
        self.call_after_refresh(self.paint)

    # The pages

    def switch_page(self, name: str) -> None:
        if self.panels.zoomed:
            self.panels.zoom()
            self.after_panels()
        self.to_page("panels" if self.page == name else name)

    def to_page(self, name: str) -> None:
        self.query_one(ContentSwitcher).current = name
        self.set_class(name == "beside", "-beside")
        self._shown = ()
        if name == "panels":
            self.call_after_refresh(self.paint)
        else:
            self.paint()
