"""The callbacks for trainers that have the loop themselves; where those packages are installed."""

from __future__ import annotations

import sys

import pytest

from dlplay.callbacks import Steps, draw, held_out
from tests.own.conftest import environment

NET = """
    import sys, torch
    sys.path.extend({paths!r})
    from torch import nn
    data = [(torch.randn(2), i % 2) for i in range(32)]
"""
LIGHTNING = """
    import lightning.pytorch as L
    from dlplay.callbacks.lightning import OnStage

    class Net(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(2, 2)
        def loss(self, batch):
            return nn.functional.cross_entropy(self.net(batch[0]), batch[1])
        def training_step(self, batch, index):
            loss = self.loss(batch)
            self.log("train_loss", loss)
            return loss
        def validation_step(self, batch, index):
            self.log("val_loss", self.loss(batch))
        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False)
    trainer = L.Trainer(max_epochs={epochs}, callbacks=[OnStage()], accelerator="cpu", **quiet)
    loader = torch.utils.data.DataLoader(data, batch_size=8)
    trainer.fit(Net(), loader, loader)
"""
HUGGING_FACE = """
    from transformers import Trainer, TrainingArguments
    from dlplay.callbacks.huggingface import OnStage

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(2, 2)
        def forward(self, x=None, labels=None):
            logits = self.net(x)
            return {{"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}}

    data = [{{"x": x, "labels": torch.tensor(y)}} for x, y in data]
    arguments = TrainingArguments(
        "out", max_steps={epochs} * 4, logging_steps=1, eval_strategy="steps", eval_steps=4,
        report_to=[], disable_tqdm=True, use_cpu=True, save_strategy="no",
    )
    Trainer(Net(), arguments, train_dataset=data, eval_dataset=data, callbacks=[OnStage()]).train()
"""
CASES = {"lightning": LIGHTNING, "transformers": HUGGING_FACE}


def program_of(package, epochs):
    pytest.importorskip(package)
    return (NET + CASES[package]).format(paths=sys.path, epochs=epochs)


def test_metrics_become_series_of_panels(monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        "dlplay.stage.curve",
        lambda panel, values: drawn.setdefault(panel, {}).update(values),
        raising=False,
    )
    draw({"train_loss": 1, "val_loss": 2, "accuracy": 3, "eval_runtime": 4, "epoch": 5})
    assert drawn == {"loss": {"train": 1, "val": 2}, "accuracy": {"train": 3}}
    assert [held_out(name) for name in ("val_loss", "train_loss", "loss")] == [True, False, False]


def test_steps_beyond_what_was_foreseen_are_counted():
    steps = Steps(2)
    assert len(steps) == 2
    assert [step for step, _ in zip(steps, range(4), strict=False)] == [0, 1, 2, 3]
    assert len(Steps(float("inf"))) == 0


@pytest.mark.full
@pytest.mark.parametrize("package", CASES)
def test_what_a_trainer_logs_is_seen(watch, package):
    seen = watch(program_of(package, 2), env=environment())
    assert seen.end().status == "done", seen.log
    held_out = "val" if package == "lightning" else "eval"
    assert set(seen.history.series["loss"]) == {"train", held_out}
    assert len(seen.points("loss", "train")[0]) == 8
    assert seen.history.progress.total == 8


@pytest.mark.full
@pytest.mark.parametrize("package", CASES)
def test_a_trainer_that_is_asked_to_stop_does(watch, package):
    seen = watch(program_of(package, 10**6), env=environment())
    seen.until(lambda h: h.tick > 2, "some steps")
    seen.run.stop()
    done = seen.end()
    assert done.status == "stopped"
    assert "KeyboardInterrupt" not in seen.log
