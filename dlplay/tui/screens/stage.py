"""The stage, and what every key does to a run."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.widgets import Input

from dlplay import draw
from dlplay.author.parameters import Choice, ParameterError, Toggle
from dlplay.tui.model.replayed import Replayed
from dlplay.tui.screens.run_keys import RunKeys
from dlplay.tui.screens.stage_view import PAGES, RunLog
from dlplay.tui.widgets.claims import ClaimList
from dlplay.tui.widgets.dialogs import ChoiceDialog, ValueDialog
from dlplay.tui.widgets.panels import PanelView
from dlplay.tui.widgets.parameters import ParameterList
from dlplay.tui.widgets.text import Scroll
from dlplay.wire import events
from dlplay.words.address import show_settings

CONTROLS = frozenset(
    [
        "start_or_pause",
        "step",
        "restart",
        "stop",
        "new_seed",
        "less",
        "more",
        "much_less",
        "much_more",
        "type",
        "default",
        "defaults",
        "breaker",
        "edit",
        "xray",
        "branch",
        "sweep",
    ]
)
CURVES = (draw.Curves, events.Plot)


class StageScreen(RunKeys):
    """One scene, running, and all that one does to it."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A recording has no controls: what would need them is greyed in the footer."""
        return None if isinstance(self.session, Replayed) and action in CONTROLS else True

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
        if self.session.state == "repeating":
            self.note("the branch is on its way; x stops it")
            return
        before = self.session.state
        try:
            outcome = self.session.set(name, value)
        except ParameterError as error:
            self.note(f"{error}; end returns to now")
            return
        self.show_parameters()
        shown = f"{name} = {self.card.parameters[name].show(value)}"
        if outcome == "live":
            self.note(f"{shown} from the next step on")
        elif outcome == "restart":
            self.note(f"{shown} is not live: the run begins again")
        elif outcome == "draft":
            self.note(f"{shown}: B goes on from step {self.session.at} with it")
        elif outcome == "set" and before != "ready":
            self.note(f"{shown}; space runs it")
        elif outcome == "":
            self.note(f"{shown} is as far as it goes")

    def nudge(self, steps: int, big: bool = False) -> None:
        if self.page == "compare":
            self.hide_pin(steps < 0)
            return
        parameter = self.parameter
        if parameter is None:
            self.note("this scene has no parameters")
        elif parameter.kind == "text":
            self.note("enter types a text")
        else:
            value = self.session.shown[parameter.name]
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
        elif self.page in ("compare", "beside") and self.session.pins:
            self.pinned = (self.pinned + by) % len(self.session.pins)
            self.paint()
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
        if self.page == "compare":
            await self.rename_pin()
            return
        parameter = self.parameter
        if parameter is None:
            return
        value = self.session.shown[parameter.name]

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
        if self.page == "compare":
            self.drop_pin()
        elif self.parameter is not None:
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
