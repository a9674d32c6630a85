"""Asking what to export of the run that is shown, and telling where it is."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from textual.screen import Screen

from dlplay.draw import Look
from dlplay.tui.model.exporting import ExportError, Wish, chosen, export, offers, packed
from dlplay.tui.model.watching import Watched
from dlplay.tui.widgets.dialogs import ChoiceDialog
from dlplay.tui.widgets.part import Noted


async def ask_export(screen: Screen[None], session: Watched, panel: str | None, look: Look) -> None:
    """Ask for a format and write the run there: into the folder that dlplay was started in, or for
    a browser to download."""
    recording = session.recording
    if recording is None or session.history.started is None:
        screen.post_message(Noted("nothing has been recorded: there is nothing to export"))
        return
    lines = offers(panel)

    def take(line: str | None) -> None:
        if line is not None:
            screen.run_worker(write(chosen(line)))

    async def write(wish: Wish) -> None:
        screen.post_message(Noted(f"writing {wish.format} ..."))
        source = session.recording or recording
        try:
            if screen.app.is_web:
                with TemporaryDirectory() as folder:
                    path = packed(await export(source, session.card, wish, look, Path(folder)))
                    screen.app.deliver_binary(path)
                said = f"to your downloads: {path.name}"
            else:
                path = await export(source, session.card, wish, look, Path.cwd())
                said = f"exported: {path}"
        except (ExportError, OSError) as error:
            screen.notify(str(error), title="The run could not be exported", severity="error")
        else:
            screen.post_message(Noted(said))

    await screen.app.push_screen(ChoiceDialog("export", lines, lines[0]), take)
