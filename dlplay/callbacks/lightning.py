"""For Lightning: `Trainer(callbacks=[OnStage()])`."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from dlplay import stage
from dlplay.callbacks import Steps, draw, held_out


class OnStage(Callback):
    """A step of the stage for each batch, what is logged as curves, the module to be X-rayed."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        stage.watch(pl_module)
        self.steps = stage.loop(Steps(trainer.estimated_stepping_batches))

    def on_train_batch_start(self, trainer: Trainer, *given: Any) -> None:
        if next(self.steps, None) is None:  # asked to stop
            trainer.should_stop = True

    def on_train_batch_end(self, trainer: Trainer, *given: Any) -> None:
        draw({n: value for n, value in trainer.logged_metrics.items() if not held_out(n)})

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.sanity_checking:
            draw({n: value for n, value in trainer.logged_metrics.items() if held_out(n)})

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.steps.close()
