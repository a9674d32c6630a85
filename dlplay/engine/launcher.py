"""Starts runs in child processes."""

from __future__ import annotations

import multiprocessing as mp
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from dlplay.course.catalog import SceneCard
from dlplay.engine.child import Order
from dlplay.engine.live import LiveRun
from dlplay.engine.numerics import prepare_environment
from dlplay.wire import events

if TYPE_CHECKING:
    from dlplay.author.parameters.base import Value
    from dlplay.engine import server
    from dlplay.engine.lanes import LiveBatch
    from dlplay.engine.pool import Batch, Job, Pool, Record


class Launcher:
    """Starts runs, each in a process of its own."""

    batches = True

    def __init__(self, method: str | None = None) -> None:
        """`method` as multiprocessing calls it: the fork server, or spawn where there is none."""
        prepare_environment()
        there = "forkserver" in mp.get_all_start_methods()
        self.method = method or ("forkserver" if there else "spawn")
        self._context: Any = mp.get_context(self.method)
        self._gate: server.Gate | None = None
        self._lingering: LiveRun | None = None  # one at a time

    def warm(self, gated: bool = False) -> None:
        """Start the fork server, which imports torch in the background.

        Call it before Textual takes the terminal. With `gated`, the import waits for
        `open_gate`, so that the interface is painted first.
        """
        if self.method != "forkserver":
            return
        from multiprocessing import forkserver

        from dlplay.engine import server

        server.settle()
        self._context.set_forkserver_preload(["dlplay.engine.preload"])
        with ExitStack() as stack:
            stack.enter_context(server.surroundings())
            if gated:
                self._gate = server.Gate()
                stack.enter_context(self._gate.before())
            forkserver.ensure_running()

    def open_gate(self) -> None:
        """The interface is painted: torch may be imported."""
        if self._gate is not None:
            self._gate.open()

    def start(
        self,
        card: SceneCard,
        settings: dict[str, Any] | None = None,
        *,
        seed: int = 0,
        device: str = "auto",
        paused: bool = False,
        xray: bool = False,
        tweaks: Sequence[events.Tweaked] = (),
        looks: bool = True,
        linger: bool = False,
        sabotage: str = "",
        pace: float = 0,
    ) -> LiveRun:
        """Start a run and return at once; its first events come when its process is up.

        `tweaks`: values that live parameters get by themselves, each once so many steps were made.
        `looks`: whether the scene's looks are called. `linger`: when the run is done its process
        waits, and answers to `tweak` with what the scene's looks show then; the next run that
        lingers ends it. `sabotage`: see `dlplay.engine.sabotage`. `pace`: steps a second, 0 for as
        many as there can be; it changes no number.
        """
        order = self._order(
            card,
            settings,
            seed=seed,
            device=device,
            paused=paused,
            xray=xray,
            tweaks=tuple(tweaks),
            looks=looks,
            linger=linger,
            sabotage=sabotage,
            pace=pace,
        )
        run = LiveRun(self._context, order, card)
        if linger:
            if self._lingering is not None:
                self._lingering.dismiss()
            self._lingering = run
        return run

    def start_batch(
        self,
        card: SceneCard,
        name: str,
        values: Sequence[Value],
        settings: Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        device: str = "auto",
    ) -> LiveBatch:
        """Start runs with these values of the parameter `name` as one batch, in one process."""
        from dlplay.engine.lanes import LiveBatch

        each = name, tuple(values)
        order = self._order(card, settings, seed=seed, device=device, looks=False, each=each)
        return LiveBatch(self._context, order, card)

    def _order(self, card: SceneCard, settings: Mapping[str, Any] | None, **asked: Any) -> Order:
        """What a process is to run; from now on torch may be imported."""
        self.open_gate()
        return Order(
            path=str(card.path),
            root=str(card.root),
            settings=dict(settings or {}),
            folder=self._folder(),
            **asked,
        )

    @property
    def room(self) -> int:
        """How many runs at a time: one for each core."""
        from dlplay.engine.pool import cores

        return cores()

    @property
    def spare(self) -> int:
        """The same, with a core left for the one who watches."""
        return max(1, self.room - 1)

    def pool(
        self,
        jobs: Iterable[Job | Batch],
        *,
        at_once: int,
        device: str = "auto",
        histories: bool = False,
        record: Record | None = None,
    ) -> Pool:
        """Many runs, some at a time."""
        from dlplay.engine.pool import Pool

        return Pool(self, jobs, at_once=at_once, device=device, histories=histories, record=record)

    def _folder(self) -> str:
        if self.method == "spawn":
            return ""
        from dlplay.engine import server

        return server.folder()
