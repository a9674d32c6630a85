"""Asking what to export of the run that is shown, and telling where it is."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from textual.screen import Screen

from dlplay.draw import Look
from dlplay.tui.model.exporting import ExportError, Wish, chosen, offers, packed
from dlplay.tui.model.watching import Watched
from dlplay.tui.program import Program
from dlplay.tui.widgets.dialogs import ChoiceDialog
from dlplay.tui.widgets.part import Noted


async def ask_export(
    screen: Screen[None], program: Program, session: Watched, panel: str | None, look: Look
) -> None:
    """Ask for a format and write the run there: into the folder that dlplay was started in, or for
    a browser to download. It is written, too, if the screen is left meanwhile."""
    recording = session.recording
    if recording is None or session.history.started is None:
        screen.post_message(Noted("nothing has been recorded: there is nothing to export"))
        return
    lines, card = offers(panel), session.card

    def take(line: str | None) -> None:
        if line is not None:
            program.run_worker(write(chosen(line), session.recording or recording))

    async def write(wish: Wish, source: Path) -> None:
        export = program.exports.export
        try:
            if program.is_web:
                with TemporaryDirectory() as folder:
                    path = packed(await export(source, card, wish, look, Path(folder)))
                    program.deliver_binary(path)
                said = f"to your downloads: {path.name}"
            else:
                path = await export(source, card, wish, look, Path.cwd())
                said = f"exported: {path}"
        except (ExportError, OSError) as error:
            program.notify(str(error), title="The run could not be exported", severity="error")
        else:
            program.say(said)

    await program.push_screen(ChoiceDialog("export", lines, lines[0]), take)
