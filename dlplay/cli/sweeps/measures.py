"""`--measure`: whether a scene has such a measure, as soon as that can be known."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from dlplay.engine.comparing import checked

if TYPE_CHECKING:
    from dlplay.course.catalog import SceneCard
    from dlplay.engine.summary import Summarised
    from dlplay.wire.events import Finished

    Run = Finished | Summarised


def missing(
    card: SceneCard, name: str, runs: Sequence[Run], measures: Sequence[str], *, over: bool
) -> str:
    """That this scene has no such measure, as soon as that is plain; until then "".

    `measures`: those of the `runs` that have ended. `over`: whether no other will come.
    """
    if name in measures or not any(run.status == "done" for run in runs):
        return ""
    if not over and _may_measure(card.source, name):  # at other settings
        return ""
    try:
        checked(name, measures)
    except LookupError as error:
        return f"--measure: {error}"
    return ""


@lru_cache(maxsize=8)
def _may_measure(source: str, name: str) -> bool:
    """Whether the code of a scene has a name like this that it could measure; prose has not."""
    return any(re.fullmatch(known, name) for known in _names(ast.parse(source)))


def _names(tree: ast.AST) -> Iterator[str]:
    """Patterns of what keywords, texts and texts with values in them name."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg=str(word)) | ast.Constant(value=str(word)):
                yield re.escape(word)
            case ast.JoinedStr(values=parts):
                words = [part.value if isinstance(part, ast.Constant) else None for part in parts]
                if any(words):  # what is values alone names anything
                    yield "".join(".+" if word is None else re.escape(str(word)) for word in words)
