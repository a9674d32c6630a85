"""`dlplay script`: a scene as one plain torch file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dlplay.cli.exits import Exit, Mistake
from dlplay.cli.exporting import check_target, write
from dlplay.export.script import NotTranslatable, Plan, script
from dlplay.words.address import Words, address

if TYPE_CHECKING:
    from dlplay.course.catalog import SceneCard


def run(
    card: SceneCard, words: Words, *, seed: int, device: str, out: str | None, force: bool
) -> Exit:
    """Write the script, to standard output unless `out` names a file."""
    target = None if out in (None, "-") else Path(str(out)).expanduser()
    if target:
        check_target(target, card.path, force)
    values = card.defaults | words.settings
    line = address(card, values, seed, device, words.tweaks)
    try:
        text = script(Plan(card, values, line, seed, device, words.tweaks))
    except NotTranslatable as trouble:
        raise Mistake(f"{card.id} cannot be written as a script: {trouble}") from None
    return write(text, target, force)
