"""Keys that set runs beside each other, and take them away: pins, comparison, sweeps, exports."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from dlplay.author.parameters import Text as Name
from dlplay.engine.sweeps.runs import SweepRun
from dlplay.tui.model.exporting import ExportError, chosen, export, offers
from dlplay.tui.model.exporting import Wish as Export
from dlplay.tui.model.pins import Pin
from dlplay.tui.screens.time_keys import TimeKeys
from dlplay.tui.sweeps.model import LiveSweep, Wish
from dlplay.tui.sweeps.screen import open_sweep
from dlplay.tui.widgets.dialogs import ChoiceDialog, ValueDialog


class RunKeys(TimeKeys):
    """The stage, with the keys of several runs."""

    def action_pin(self) -> None:
        """Keep this run; one that is still going on is kept as it goes on."""
        if self.session.history.started is None:
            self.note("nothing has run yet")
            return
        if self.session.state == "repeating":
            self.note("the branch is on its way; x stops it")
            return
        pin = self.session.pin()
        self.note(f"pinned as {pin.name}; the next runs are drawn over it; v compares")
        self.paint()

    def action_compare(self) -> None:
        self.switch_page("compare")

    def action_beside(self) -> None:
        """The chosen panel of this run and of a pinned one, side by side."""
        if not self.session.pins:
            self.note("no run is pinned: p pins this one")
            return
        self.switch_page("beside")

    def chosen_pin(self) -> Pin | None:
        pins = self.session.pins
        return pins[min(self.pinned, len(pins) - 1)] if pins else None

    def hide_pin(self, hidden: bool) -> None:
        pin = self.chosen_pin()
        if pin is not None:
            pin.hidden = hidden
            self.show_comparison()

    def drop_pin(self) -> None:
        pin = self.chosen_pin()
        if pin is not None:
            self.session.drop(pin)
            self.note(f"dropped {pin.name}")
            self.show_comparison()

    async def rename_pin(self) -> None:
        pin = self.chosen_pin()
        if pin is None:
            return
        name = Name(pin.name, max_length=20, help="a name for this run")
        name.name = "name"

        def take(given: str | None) -> None:
            if given:
                self.session.rename(pin, given)
                self.show_comparison()

        dialog = ValueDialog(name, pin.name)
        await self.app.push_screen(dialog, take)
        dialog.set_focus(dialog.query_one(Input))

    # Sweeps

    async def action_sweep(self) -> None:
        """The sweep of this scene, or the dialog for one, at the settings as they are."""
        session = self.session
        wish = Wish(
            self.card,
            dict(session.values),
            name=self.parameter.name if self.parameter is not None else "",
            seed=session.seed,
            device=session.device,
            busy=int(session.state in ("starting", "repeating", "running")),
        )
        await open_sweep(self.dlplay, wish, self.take_run)

    def take_run(self, sweep: LiveSweep, run: SweepRun) -> None:
        """Make a run of a sweep the current one."""
        self.session.adopt(sweep.values(run), run.seed, run.history, run.recording)
        self.to_page("panels")
        self.show_parameters()
        self.tick()
        again = "" if run.history is not None else "; its history was not kept: it is made again"
        self.note(f"{sweep.found.label(run.value)}, seed {run.seed}: a run of the sweep{again}")

    # Exports

    async def action_export(self) -> None:
        """Ask for a format and write the run there, into the folder that dlplay was started in."""
        if self.session.recording is None or self.session.history.started is None:
            self.note("nothing has been recorded: there is nothing to export")
            return
        view = self.panels.current
        lines = offers(view.panel if view is not None else None)

        def take(line: str | None) -> None:
            if line is not None:
                self.run_worker(self.export(chosen(line)))

        await self.app.push_screen(ChoiceDialog("export", lines, lines[0]), take)

    async def export(self, wish: Export) -> None:
        recording = self.session.recording
        assert recording is not None
        self.note(f"writing {wish.format} ...")
        try:
            path = await export(recording, self.card, wish, self.dlplay.look, Path.cwd())
        except ExportError as error:
            self.notify(str(error), title="The run could not be exported", severity="error")
        else:
            self.notify(str(path), title="Exported")
