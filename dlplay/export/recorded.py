"""`script`: a recorded run as one plain torch file, without dlplay."""

from __future__ import annotations

from dlplay.export.options import Options
from dlplay.export.script import NotTranslatable, Plan
from dlplay.export.script import script as translated
from dlplay.export.source import Source


def script(source: Source, options: Options) -> str:
    """The scene with the parameters and the tweaks of this run, stopped where it was.

    It is today's scene. Raises NotTranslatable where there is none, or no counterpart.
    """
    if source.started.command:
        raise NotTranslatable(f"{source.title} is a program of its own: it needs no script")
    if source.card is None:
        raise NotTranslatable(
            f"there is no scene {source.started.scene} here: a script is made of its source"
        )
    if source.sabotaged:
        raise NotTranslatable(
            f"a script learns as the scene says, and this run was {source.sabotaged}"
        )
    done = source.history.finished
    return translated(
        Plan(
            card=source.card,
            values=source.card.defaults | source.started.parameters,
            address=source.address,
            seed=source.started.seed,
            device=source.started.device,
            tweaks=source.history.tweaks,
            ends=done.steps if done is not None and done.status == "stopped" else None,
        )
    )
