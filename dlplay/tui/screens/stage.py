"""The stage: a scene, running, and all that one does to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Footer

from dlplay.author.parameters.base import Parameter
from dlplay.course.catalog import SceneCard
from dlplay.engine.sweeps.runs import SweepRun
from dlplay.tui.actions import STAGE, Action, bindings
from dlplay.tui.editing import line_of
from dlplay.tui.footing import OF_SCENES, footed, go, stand
from dlplay.tui.model import steering
from dlplay.tui.model.pace import TICK
from dlplay.tui.model.place import next_scene
from dlplay.tui.model.session import Session
from dlplay.tui.model.watching import Watched
from dlplay.tui.screens.exports import ask_export
from dlplay.tui.screens.full import NOTE_SECONDS, FullScreen
from dlplay.tui.sweeps.model import LiveSweep
from dlplay.tui.sweeps.screen import open_sweep
from dlplay.tui.texts import Words
from dlplay.tui.widgets.changes import OnChange
from dlplay.tui.widgets.claims import ClaimList
from dlplay.tui.widgets.claims_page import ClaimsPage
from dlplay.tui.widgets.comparison import ComparePage
from dlplay.tui.widgets.grid import PanelGrid
from dlplay.tui.widgets.headline import Headline
from dlplay.tui.widgets.pages import Pages
from dlplay.tui.widgets.parameters import ParameterList
from dlplay.tui.widgets.part import Asked, Noted, Part
from dlplay.tui.widgets.seeing import Seeing
from dlplay.tui.widgets.sidebar import Sidebar
from dlplay.tui.widgets.status import RunLine
from dlplay.tui.widgets.strip import Strip
from dlplay.tui.widgets.text_pages import Dock
from dlplay.tui.widgets.timebar import TimeBar
from dlplay.tui.widgets.title import Title
from dlplay.tui.widgets.tries import TryStrip

WARNING_SECONDS = 10.0  # for which it says that something is amiss with the recording
NAMES = {f"do('{action.name}')": action.name for action in STAGE}
STEERING = frozenset(action.name for action in STAGE if action.steers)


class StageScreen(FullScreen):
    """One scene and its run, made of parts that have their keys themselves.

    What the parts tell is done here to the session; what comes of it, the parts show.
    """

    ACTIONS = STAGE
    BINDINGS = bindings(STAGE, run="do('{}')")
    WIDTHS = {"-wide": 110, "-widest": 180}
    HEADING = "Keys of the stage"
    # What has keys; those of the page that is seen come first.
    PARTS = (
        TryStrip,
        ComparePage,
        ClaimsPage,
        PanelGrid,
        ParameterList,
        TimeBar,
        RunLine,
        ClaimList,
        Pages,
        Dock,
    )

    def __init__(self, session: Watched, start: bool = True) -> None:
        """`start`: whether its run begins at once."""
        super().__init__()
        self.session = session
        self.panels = PanelGrid(self.session)
        self.pages = Pages(self.session, self.panels)
        self.side = Sidebar(self.session)
        self.dock = Dock(self.session)
        self.top = Title(self.session, self.pages)
        self.headline = Headline(self.session)
        self.strip = Strip(self.pages)
        self.seeing = Seeing(self.session, self.panels)
        self.tries = TryStrip(self.session, self.side.claims)
        self.time = TimeBar(self.session)
        self.line = RunLine(self.session)
        self.ticks = 0
        self._start = start
        self._owed = 3  # times that what is new is to be painted
        self._docked: bool | None = None  # None: the width decides
        self._stands = OnChange(self._freshen)
        self._footing = OnChange(self.refresh_bindings)
        self._ended = OnChange(self._record)
        self._warned = OnChange(self._warn)

    def compose(self) -> ComposeResult:
        yield Words(classes="too-small")
        yield self.top
        yield self.headline
        yield self.strip
        with Horizontal(id="body"):
            yield self.dock
            yield self.pages
            yield self.side
        yield self.seeing
        yield self.tries
        yield self.time
        yield self.line
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        if self._start and self.steered is not None:
            self.steered.start()  # first of all: nothing is to be said of a run that is ready
        self.paint()
        self.set_interval(TICK, self.tick)
        self.call_after_refresh(self.tick)

    def on_unmount(self) -> None:
        self.session.close()

    @property
    def steered(self) -> Session | None:
        """The session, if it can do more than be watched."""
        return self.session if isinstance(self.session, Session) else None

    @property
    def card(self) -> SceneCard:
        return self.session.card

    @property
    def page(self) -> str:
        """The page in place of the panels, or "panels"."""
        return self.pages.page

    @property
    def parameter(self) -> Parameter[Any] | None:
        """The chosen one."""
        return self.side.parameters.parameter

    # Keys

    @property
    def owners(self) -> list[Widget]:
        """Who is offered a key, in this order."""
        side, below = self.side.parameters, (self.time, self.line)
        last = (self.side.claims, self.pages, self.dock)
        return [self.tries, self.pages.in_place, self.panels, side, *below, *last]

    @property
    def offered(self) -> tuple[Action, ...]:
        if not self.card.command:
            return STAGE
        having = (action for action in STAGE if action.name not in OF_SCENES)
        return tuple(replace(a, group="Program") if a.group == "Scene" else a for a in having)

    async def action_do(self, name: str) -> None:
        if name in STEERING and self.steered is None:
            self.note(steering.RECORDED)
            return
        if self.card.command and name in OF_SCENES:
            self.note(f"{OF_SCENES[name]}; {self.card.title} is no scene")
            return
        if self.tries.bars(name):
            return
        for owner in self.owners:
            if await self.app.run_action(name, owner):
                return
        await self.run_action(name)

    def footed(self, found: dict[str, ActiveBinding]) -> dict[str, ActiveBinding]:
        """It shows what matters as things stand."""
        return footed(found, self.session, NAMES, self.tries.asks)

    # What is seen

    def tick(self) -> None:
        """Look at the run, and paint what is new and seen."""
        self.ticks += 1
        session = self.session
        if session.poll() or (session.active and not session.history.tick):
            self._freshen()
        self._stands.see(session.state, session.runs)
        self._footing.see(stand(session, self.tries.asks), go(session))
        if happened := session.take_note():
            self.hear(happened)
        self.line.tick()
        # With nothing new, a look a second: a finished run costs next to nothing.
        self._owed = max(self._owed, int(self.ticks % 10 == 0))
        if self.dlplay.behind:
            self.panels.painting.frames.still_sending()
        elif self._owed and self.panels.ready:
            self.paint()
        self._ended.see(session.runs, session.history.finished is not None)
        self._warned.see(session.warning)

    def _freshen(self) -> None:
        self._owed = max(self._owed, 2)  # what it shows may change how high a panel likes to be

    def _record(self) -> None:
        finished = self.session.history.finished
        # Without a process it was made elsewhere, or is shown again.
        if finished is not None and self.session.run is not None:
            self.dlplay.progress.ended(self.card, finished)
            after = next_scene(self.dlplay.catalog, self.card.id)
            if finished.status == "done" and after is not None:
                self.hear(f"N: {after.title}")

    def _warn(self) -> None:
        if self.session.warning:
            self.line.say(self.session.warning, round(WARNING_SECONDS / TICK))

    def paint(self) -> None:
        self._owed = max(self._owed - 1, 0)
        if self.dlplay.behind:
            self._freshen()
        else:
            self.pages.show()
        above: tuple[Part, ...] = (self.top, self.headline, self.strip, self.seeing)
        beside: tuple[Part, ...] = (self.dock, *self.side.parts)
        for part in (*above, *beside, self.tries, self.time, self.line):
            part.show()

    def repaint(self) -> None:
        if self.is_mounted:
            self.paint()

    def show_top(self) -> None:
        self.top.show()

    def fit(self, width: int, height: int) -> None:
        wide = width >= 170 and bool(self.card.lesson)
        self.set_class(wide if self._docked is None else self._docked, "-docked")

    @on(Noted)
    def say(self, event: Noted) -> None:
        self.note(event.text)

    def note(self, text: str) -> None:
        """Say in the status line what a key did."""
        self.line.say(text, round(NOTE_SECONDS / TICK))

    def hear(self, news: str) -> None:
        """Say what happened by itself, after what a key did."""
        self.line.hear(news, round(NOTE_SECONDS / TICK))

    @on(PanelGrid.Arranged)
    def rearrange(self, event: PanelGrid.Arranged) -> None:
        if event.zoom:
            self.pages.open("panels")
        self.set_class(self.panels.zoomed, "-zoomed")
        self.call_after_refresh(self.paint)

    @on(Pages.Turned)
    def turn_page(self) -> None:
        self.set_class(self.page == "beside", "-beside")
        if self.page == "panels":
            self.call_after_refresh(self.paint)
        else:
            self.paint()

    @on(ClaimList.Opened)
    def open_claims(self) -> None:
        self.pages.switch("claims")

    def action_lesson(self) -> None:
        """Beside the panels where there is room; in their place otherwise."""
        if self.size.width >= 150:
            self._docked = not self.has_class("-docked")
            self.fit(*self.size)
            self.call_after_refresh(self.paint)
        else:
            self.pages.switch("lesson")

    def action_back(self) -> None:
        if self.page != "panels":
            self.pages.open("panels")
        elif self.panels.zoomed:
            self.panels.unzoom()
        elif not self.tries.leave_game():
            self.leave()

    def leave(self) -> None:
        """Back to where the stage was opened: a program of the user's own from a shell."""
        if trouble := self.session.leave():
            self.note(trouble)
        elif self.card.command and not self.session.recorded:
            self.app.exit()
        else:
            self.app.pop_screen()

    # What the parts tell

    def did(self, said: str) -> None:
        """Something was done to the session: paint it, and say it."""
        self._freshen()
        self.panels.painting.hurry()
        self.tick()
        if said:
            self.note(said)

    @on(Asked)
    def ask(self, event: Asked) -> None:
        self.did(steering.ask(self.session, event.what))

    @on(TimeBar.Sought)
    def seek(self, event: TimeBar.Sought) -> None:
        self.did(steering.seek(self.session, event.where))

    @on(TimeBar.Beat)
    def play_on(self) -> None:
        """The next tick of the screen paints it."""
        said = steering.play_on(self.session)
        self._freshen()
        if said:
            self.note(said)

    @on(ParameterList.Turned)
    def turn(self, event: ParameterList.Turned) -> None:
        self.given(steering.turn(self.session, event.name, event.steps, event.big))

    @on(ParameterList.Given)
    def give(self, event: ParameterList.Given) -> None:
        self.given(steering.give(self.session, event.name, event.value))

    def given(self, said: str) -> None:
        """A parameter was turned: the panels can wait."""
        self.side.parameters.show()
        if said:
            self.note(said)

    @on(ClaimsPage.Chosen)
    def choose_claim(self, event: ClaimsPage.Chosen) -> None:
        self.side.claims.choose(event.place)

    @on(ClaimsPage.BreakAsked)
    def break_claim(self, event: ClaimsPage.BreakAsked) -> None:
        self.tries.break_it(event.claim)

    @on(TryStrip.Wanted)
    def play_try(self, event: TryStrip.Wanted) -> None:
        if event.panels:
            self.pages.open("panels")
        if event.knob:
            self.side.parameters.choose(event.knob)
        self.did(event.act())

    @on(ComparePage.Dropped)
    def drop_pin(self) -> None:
        pin = self.pages.choice.pin
        if pin is not None:
            self.session.drop(pin)
            self.did(f"dropped {pin.name}")

    @on(ComparePage.Renamed)
    def rename_pin(self, event: ComparePage.Renamed) -> None:
        pin = self.pages.choice.pin
        if pin is not None:
            self.session.rename(pin, event.name)
            self.did("")

    # The scene, and several runs of it

    def action_edit(self) -> None:
        """Open the file, read it again; what it has run is run again if the code is another."""
        session = self.steered
        if session is None or self.no_editor:
            return
        if self.card.path == Path():
            self.note("there is no file to edit: the command names none")
            return
        log = "\n".join(line.text for line in session.history.log)
        self.edit_file(self.card.path, line_of(self.card.path, session.outdated, log))
        was_active = session.active
        trouble = session.reload()
        self.fit(*self.size)  # there may be a lesson now
        self.paint()
        if trouble:
            self.notify(trouble, title="The file cannot be read", severity="error", markup=False)
        elif was_active or (session.outdated and session.history.started is not None):
            session.start()
            self.note("read again, running")
        else:
            self.note("read again")

    def action_address(self) -> None:
        if self.card.gone:
            self.note("its scene is not here: no line makes it again")
        else:
            self.note(self.dlplay.copied(self.session.address))

    async def action_export(self) -> None:
        view = self.panels.current
        panel = view.panel if view is not None else None
        await ask_export(self, self.dlplay, self.session, panel, self.dlplay.look)

    def action_next_scene(self) -> None:
        after = next_scene(self.dlplay.catalog, self.card.id)
        if after is None:
            self.note("no scene of the course comes after this one")
        else:
            self.dlplay.open_scene(after)

    async def action_sweep(self) -> None:
        """The sweep of this scene, or the dialog for one, at the settings as they are."""
        name = self.parameter.name if self.parameter is not None else ""
        await open_sweep(self.dlplay, steering.wish(self.session, name), self.take_run)

    def take_run(self, sweep: LiveSweep, run: SweepRun) -> None:
        """Make a run of a sweep the current one."""
        self.pages.open("panels")
        self.did(steering.take_run(self.session, sweep, run))
