"""For Hugging Face's Trainer: `Trainer(..., callbacks=[OnStage()])`."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from dlplay import stage
from dlplay.callbacks import Steps, draw


class OnStage(TrainerCallback):
    """A step of the stage for each of the optimizer's, what is logged as curves, the model to be
    X-rayed."""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        stage.watch(given["model"])
        self.steps = stage.loop(Steps(state.max_steps))

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        if next(self.steps, None) is None:  # asked to stop
            control.should_training_stop = True

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        logs = given.get("logs") or {}
        if "train_runtime" not in logs:  # the sum of the whole run, at its end
            draw(logs)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        self.steps.close()
