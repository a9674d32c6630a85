"""Several runs of a scene as one: they differ in the number of one parameter, and are trained as a
batch in one process, which tells of each as of a run alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

from dlplay.author.parameters.base import Value
from dlplay.author.parameters.settings import checked, own_files
from dlplay.course.catalog import SceneCard
from dlplay.engine import numerics, sabotage
from dlplay.engine.execute import Unloadable, captured, judged, made, perform
from dlplay.stage.batch import Batch
from dlplay.stage.stage import FLUSH_EVERY, Stage
from dlplay.wire import commands, events

Deal = Callable[[int, list[events.AnyEvent]], None]  # takes events of the run with this number


def execute_batch(
    card: SceneCard,
    name: str,
    values: Sequence[Value],
    settings: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    device: str = "auto",
    deal: Deal = lambda number, batch: None,
    controls: commands.Controls | None = None,
    flush_every: float = FLUSH_EVERY,
    capture: bool = True,
) -> list[events.Finished]:
    """Run a scene with these values of its parameter `name`, each a run of its own, as one batch.

    What the runs find is what they find alone, but for rounding; one value alone gives the same
    numbers to the last bit. Nothing looks, so there are curves and claims, but no pictures. A run
    that diverges ends as such, the others go on; where the scene raises, all that are left fail.

    Raises ParameterError, NoDevice, as `execute` does; ValueError for a parameter that the scene
    does not give to `stage.each`.
    """
    if name not in card.each:
        raise ValueError(f"{card.id} takes one {name} at a time")
    fixed = checked(card.parameters, settings or {})
    each = [card.parameters[name].check(value) for value in values]
    where = numerics.choose_device(device)
    began = time.monotonic()
    begun = [
        events.Started(
            scene=card.id,
            seed=seed,
            device=where,
            parameters=(own := card.defaults | fixed | {name: value}),
            versions=numerics.versions(),
            digest=card.digest,
            files=own_files(card.parameters, own),
            sabotage=sabotage.struck.kind,
        )
        for value in each
    ]
    others = f"trained as one batch with {len(each) - 1} other values of {name}: no pictures"
    for number, event in enumerate(begun):
        deal(number, [event, events.Logged(text=others)])
    ended: dict[int, events.Finished] = {}

    def end(number: int, status: str, message: str, stage: Stage | None = None) -> None:
        known: dict[str, Any] = {"message": message, "seconds": time.monotonic() - began}
        if stage is not None:
            known |= {"measures": dict(stage.measures), "claims": judged(stage)}
            known["spoilt"] = sabotage.struck.times
        ended[number] = begun[number].ended(status, stage.tick if stage else 0, **known)
        deal(number, [ended[number]])

    try:
        scene = made(card, card.defaults | fixed | {name: each[0]})
    except Unloadable as error:
        for number in range(len(each)):
            deal(number, error.log)
            end(number, "failed", str(error))
        return [ended[number] for number in range(len(each))]
    scene.share(name, each)
    stage = Batch(
        scene,
        [partial(deal, number) for number in range(len(each))],
        seed=seed,
        device=where,
        controls=controls,
        flush_every=flush_every,
        over=lambda number, why: end(number, "diverged", str(why), stage.parts[number]),
    )
    with numerics.settled(seed), captured(stage) if capture else nullcontext():
        status, message = perform(scene, stage, card, lambda error: None)
        for number, part in stage.under.items():
            end(number, status, message, part)
    return [ended[number] for number in range(len(each))]
