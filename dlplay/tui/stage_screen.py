"""The stage: a scene's panels, its parameters and claims, and everything one does to a run."""

from __future__ import annotations

import os
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import ContentSwitcher, Footer, Input, Log, Static

from dlplay import draw, events
from dlplay.address import show_settings
from dlplay.catalog import SceneCard
from dlplay.draw.lesson import lesson
from dlplay.engine.live import Launcher
from dlplay.parameters import Choice, Parameter, Toggle
from dlplay.tui import pages
from dlplay.tui.actions import STAGE, bindings
from dlplay.tui.dialogs import ChoiceDialog, ValueDialog
from dlplay.tui.panels import PanelGrid, PanelView
from dlplay.tui.screen import FullScreen
from dlplay.tui.session import Session
from dlplay.tui.sidebar import ClaimList, ParameterList, Scroll, Sidebar, detail
from dlplay.tui.status import status
from dlplay.tui.themes import inks

# Seconds between two looks at the run; over a network, fewer frames.
TICK = 0.25 if "SSH_CONNECTION" in os.environ else 0.1
NOTE_SECONDS = 3.0
XRAY = "x-ray"
CURVES = (draw.Curves, events.Plot)
PAGES = ("lesson", "claims", "source", "log")


class RunLog(Log, can_focus=False):
    """What the run printed; the screen has the keys."""


class StageScreen(FullScreen):
    """One scene, running."""

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
    ) -> None:
        super().__init__()
        self.session = Session(card, launcher, settings, seed=seed, device=device)
        self.chosen = 0  # parameter
        self.claim = -1  # whose breaking setting was played last
        self.ticks = 0
        self._start = start
        self._note = ""
        self._note_until = 0
        self._seen_run = 0
        self._logged = 0
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
                for name in ("lesson", "claims", "source"):
                    with Scroll(id=name, classes="page") as page:
                        page.border_title = name
                        yield Static(id=f"{name}-text")
                with Scroll(id="log", classes="page") as page:
                    page.border_title = "log"
                    yield RunLog(id="log-lines", max_lines=5000)
            yield Sidebar()
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
        return self.session.card

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
        title, about = self.card.title, f"  {self.card.id}"
        room = self.size.width - 4 - len(title) - len(about) - len(where)
        top = Text.assemble((title, "bold"), (about, "dim"), " " * max(room, 2), (where, "dim"))
        self.query_one("#top", Static).update(top)

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
        box.show(list(self.card.parameters.values()), self.session.values, self.chosen, colours)
        parameter, about = self.parameter, self.query_one("#detail", Static)
        if parameter is not None:
            width = max(about.size.width - 2, 20)
            about.update(detail(parameter, self.session.values[parameter.name], width, colours))

    def note(self, text: str) -> None:
        """Say in the status line what a key did; it stays for about NOTE_SECONDS."""
        self._note, self._note_until = text, self.ticks + round(NOTE_SECONDS / TICK)
        self.show_status()

    def tick(self) -> None:
        """Look at the run, and paint what is new and seen."""
        self.ticks += 1
        self.session.poll()
        if self.session.runs != self._seen_run:
            self.begin()
        if self.app.screen is self or self.ticks % 5 == 0:
            self.paint()
        if self.session.history.finished is not None:
            self.finish()

    def begin(self) -> None:
        """A new run: clean panels, an empty log."""
        self._seen_run, self._logged = self.session.runs, 0
        self._shown = ()
        self.query_one(RunLog).clear()
        for view in self.panels.views:
            view.forget()

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
            for view in self.panels.views:
                view.show(self.session.history, look, over or self.ticks % 2 == 0)
        elif self.page == "log":
            self.show_log()
        self.show_top()
        self.show_claims()
        self.show_status()

    def show_log(self) -> None:
        history = self.session.history
        fresh = min(history.logged - self._logged, len(history.log))
        if fresh:
            lines = list(history.log)[-fresh:]
            self.query_one(RunLog).write_lines(
                [text for line in lines for text in line.text.split("\n")]
            )
            self._logged = history.logged

    def show_claims(self) -> None:
        results = self.session.history.claims
        state = (id(results), self.size, self.app.theme, self.claim, self.card, self.page)
        if state == self._shown:
            return
        self._shown = state
        colours = inks(self.app)
        box = self.query_one(ClaimList)
        box.show(self.card.claims, results, colours)
        held, known = sum(r.holds is True for r in results), len(self.card.claims)
        box.border_subtitle = f"{held} of {known} hold" if known else ""
        if self.page == "claims":
            text = pages.claim_lines(self.card, results, colours, max(self.claim, 0))
            self.query_one("#claims-text", Static).update(text)

    def show_status(self) -> None:
        if self._note and self.ticks > self._note_until:
            self._note = ""
        width = self.size.width
        self.query_one("#status", Static).update(
            status(self.session, width, inks(self.app), self._note)
        )

    # The run

    def action_start_or_pause(self) -> None:
        self.session.toggle()
        self.tick()

    def action_step(self) -> None:
        self.session.step()
        self.tick()

    def action_restart(self) -> None:
        self.session.start()
        self.tick()

    def action_stop(self) -> None:
        if self.session.active:
            self.session.stop()
            self.note("asked to stop")
        else:
            self.note("nothing is running")

    def action_new_seed(self) -> None:
        self.session.new_seed()
        self.tick()
        self.note(f"seed {self.session.seed}")

    # The parameters

    def give(self, name: str, value: Any) -> None:
        """Set a parameter, show it, and say when it applies."""
        before = self.session.state
        outcome = self.session.set(name, value)
        self.show_parameters()
        shown = f"{name} = {self.card.parameters[name].show(value)}"
        if outcome == "live":
            self.note(f"{shown} from the next step on")
        elif outcome == "restart":
            self.note(f"{shown} is not live: the run begins again")
        elif outcome == "set" and before != "ready":
            self.note(f"{shown}; space runs it")
        elif outcome == "":
            self.note(f"{shown} is as far as it goes")

    def nudge(self, steps: int, big: bool = False) -> None:
        parameter = self.parameter
        if parameter is None:
            self.note("this scene has no parameters")
        elif parameter.kind == "text":
            self.note("enter types a text")
        else:
            value = self.session.values[parameter.name]
            self.give(parameter.name, parameter.nudge(value, steps, big))

    def action_less(self) -> None:
        self.nudge(-1)

    def action_more(self) -> None:
        self.nudge(1)

    def action_much_less(self) -> None:
        self.nudge(-1, big=True)

    def action_much_more(self) -> None:
        self.nudge(1, big=True)

    def move(self, by: int) -> None:
        if self.page == "claims" and self.card.claims:
            self.claim = (max(self.claim, 0) + by) % len(self.card.claims)
            self.show_claims()
        elif self.page != "panels":
            self.scroll_page(by * 2)
        elif self.card.parameters:
            self.chosen = (self.chosen + by) % len(self.card.parameters)
            self.show_parameters()

    def action_up(self) -> None:
        self.move(-1)

    def action_down(self) -> None:
        self.move(1)

    async def action_type(self) -> None:
        """Type the chosen parameter's value; on the claims' page, play what breaks the claim."""
        if self.page == "claims":
            self.break_claim(max(self.claim, 0))
            return
        parameter = self.parameter
        if parameter is None:
            return
        value = self.session.values[parameter.name]

        def take(given: Any) -> None:
            if given is not None:
                self.give(parameter.name, given)

        if isinstance(parameter, Choice):
            options = list(parameter.options)
            await self.app.push_screen(ChoiceDialog(parameter.name, options, value), take)
        elif isinstance(parameter, Toggle):
            take(not value)
        else:
            dialog = ValueDialog(parameter, value)
            await self.app.push_screen(dialog, take)
            dialog.set_focus(dialog.query_one(Input))

    def action_default(self) -> None:
        if self.parameter is not None:
            self.give(self.parameter.name, self.parameter.default)

    def action_defaults(self) -> None:
        self.play(self.card.defaults, "all defaults")

    def play(self, values: dict[str, Any], why: str) -> None:
        """Take several settings at once and begin again with them."""
        self.session.values = self.card.defaults | values
        self.show_parameters()
        self.session.start()
        self.tick()
        self.note(why)

    def action_breaker(self) -> None:
        self.break_claim(self.claim + 1)

    def break_claim(self, place: int) -> None:
        """Run what breaks a claim."""
        if not self.card.claims:
            self.note("this scene claims nothing")
            return
        self.claim = place % len(self.card.claims)
        claim = self.card.claims[self.claim]
        setting = " ".join(show_settings(self.card, claim.breaks))
        label = claim.name.replace("_", " ")
        if claim.breaks:
            self.play(dict(claim.breaks), f"{setting} should break '{label}'; D: all defaults")
        else:
            self.note(f"no setting is known to break '{label}'")

    @on(ParameterList.Picked)
    def pick_parameter(self, event: ParameterList.Picked) -> None:
        if event.place >= len(self.card.parameters):
            return
        if event.place == self.chosen and event.side:
            self.nudge(event.side)
        self.chosen = event.place
        self.show_parameters()

    # The panels

    def after_panels(self) -> None:
        self.set_class(self.panels.zoomed, "-zoomed")
        self.call_after_refresh(self.paint)

    def action_zoom(self) -> None:
        self.to_page("panels")
        self.panels.zoom()
        self.after_panels()

    def action_zoom_to(self, number: int) -> None:
        if number > len(self.panels.views):
            self.note(f"there is no panel {number}")
            return
        self.to_page("panels")
        self.panels.zoom(number - 1)
        self.after_panels()

    def action_next_panel(self) -> None:
        self.panels.choose(self.panels.chosen + 1)
        self.after_panels()

    def action_previous_panel(self) -> None:
        self.panels.choose(self.panels.chosen - 1)
        self.after_panels()

    @on(PanelView.Picked)
    def pick_panel(self, event: PanelView.Picked) -> None:
        self.panels.choose(self.panels.views.index(event.panel))
        if event.zoom:
            self.panels.zoom()
        self.after_panels()

    def switch_axis(self, axis: str) -> None:
        views = self.panels.pick(CURVES)
        if not views:
            self.note("no panel here has curves")
        for view in views:
            content = view.content
            log = content.axes.log if isinstance(content, draw.Curves) else ""
            log = view.view.log if view.view.log is not None else log
            log = log.replace(axis, "") if axis in log else log + axis
            view.turn(log="xy" if set(log) == {"x", "y"} else log)
            scale = "logarithmic" if axis in log else "linear"
            self.note(f"{axis} axis {scale}")

    def action_log_axis(self) -> None:
        self.switch_axis("y")

    def action_log_x_axis(self) -> None:
        self.switch_axis("x")

    def turn_frame(self, by: int) -> None:
        views = [view for view in self.panels.pick(events.Heatmap) if view.frames > 1]
        if not views:
            self.note("no panel here has several maps")
        for view in views:
            view.turn(frame=(view.view.frame + by) % view.frames)

    def action_next_frame(self) -> None:
        self.turn_frame(1)

    def action_previous_frame(self) -> None:
        self.turn_frame(-1)

    def action_xray(self) -> None:
        self.session.look(not self.session.xray)
        self.panels.have(self.panel_names())
        self.panels.lay_out()
        if self.session.xray:
            self.panels.choose(len(self.panels.views) - 1)
            self.note("x-ray: weights, gradients and activations of every layer")
        self.after_panels()

    # The pages

    def to_page(self, name: str) -> None:
        self.query_one(ContentSwitcher).current = name
        self._shown = ()
        if name == "panels":
            self.call_after_refresh(self.paint)
        else:
            self.paint()

    def switch_page(self, name: str) -> None:
        if self.panels.zoomed:
            self.panels.zoom()
            self.after_panels()
        self.to_page("panels" if self.page == name else name)

    def action_lesson(self) -> None:
        """Beside the panels where there is room; in their place otherwise."""
        if self.size.width >= 150:
            self._docked = not self.has_class("-docked")
            self.fit(*self.size)
            self.call_after_refresh(self.paint)
        else:
            self.switch_page("lesson")

    def action_claims(self) -> None:
        self.switch_page("claims")

    @on(ClaimList.Opened)
    def open_claims(self) -> None:
        self.action_claims()

    def action_source(self) -> None:
        self.switch_page("source")

    def action_log(self) -> None:
        self.switch_page("log")

    def scroll_page(self, by: int) -> None:
        if self.page == "log":
            self.query_one(RunLog).scroll_relative(y=by, animate=False)
        elif self.page in PAGES:
            self.query_one(f"#{self.page}", Scroll).scroll_relative(y=by, animate=False)

    def turn_page(self, by: int) -> None:
        if self.page in PAGES:
            self.scroll_page(by * (self.size.height - 8))
        elif self.panels.pages > 1:
            self.panels.turn_page(by)
            self.note(f"panels: page {self.panels.page + 1} of {self.panels.pages}")
            self.after_panels()
        elif self.has_class("-docked"):
            dock = self.query_one("#dock", Scroll)
            dock.scroll_relative(y=by * (self.size.height - 8), animate=False)

    def action_page_down(self) -> None:
        self.turn_page(1)

    def action_page_up(self) -> None:
        self.turn_page(-1)

    # The scene

    def action_edit(self) -> None:
        """Open the file, read it again, and begin again if a run was under way."""
        was_active = self.session.active
        if not self.edit_file(self.card.path):
            return
        trouble = self.session.reload()
        if trouble:
            self.notify(trouble, title="The file cannot be read", severity="error")
            return
        self.show_scene()
        if was_active:
            self.session.start()
        self.note("read again" + (", running" if was_active else ""))

    def action_address(self) -> None:
        self.app.copy_to_clipboard(self.session.address)
        self.notify(self.session.address, title="Copied")

    def action_back(self) -> None:
        if self.page != "panels":
            self.to_page("panels")
        elif self.panels.zoomed:
            self.action_zoom()
        else:
            self.dlplay.leave_scene()
