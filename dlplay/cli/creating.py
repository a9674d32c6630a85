"""`dlplay new`: writes the file and says how to go on."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from dlplay.cli import template
from dlplay.cli.exits import FileTrouble, Mistake
from dlplay.cli.streams import say
from dlplay.course.catalog import user_folder

if TYPE_CHECKING:
    from dlplay.cli.options import Session


def run(session: Session, name: str) -> None:
    """Write the scene into the folder given with --scenes, or into the user's own."""
    folder = session.scenes or user_folder()
    try:
        id = "/".join(template.split_name(name))
        taken = next((card for card in session.catalog().scenes if card.id == id), None)
        if taken:
            raise Mistake(f"there is a scene {id} already, in {taken.path}; choose another name")
        id, path = template.create(name, folder)
    except template.BadName as error:
        raise Mistake(str(error)) from None
    except OSError as error:
        raise FileTrouble(
            f"{error.filename or folder} cannot be written: {error.strerror}"
        ) from None
    option = f" --scenes {shlex.quote(str(session.scenes))}" if session.scenes else ""
    say(path)
    say(f"dlplay open {id}{option}")
