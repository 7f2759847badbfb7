"""Ctrl-C and SIGTERM leave a checkpoint to resume from."""

import signal
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from tracknet.console import command
from tracknet.values import Text


class Interrupted(Exception):
    """A signal stopped the training; `last.ckpt` is there to resume from."""


class InterruptCheckpoint(Callback):
    """On a signal, finishes the step, writes `last.ckpt` and raises; a second one stops at once.

    Args:
        dirpath: Folder of the checkpoints.
    """

    def __init__(self, dirpath: Text) -> None:
        self.path = Path(dirpath) / "last.ckpt"
        self._interrupted = False
        self._previous: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            # Lightning gives back the handlers of before a training, however it ends.
            self._previous[number] = signal.signal(number, self._receive)

    def _receive(self, number: int, _: Any) -> None:
        self._interrupted = True
        for again, handler in self._previous.items():
            signal.signal(again, handler)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        # A checkpoint holds no gradient that waits for more batches. After an epoch's last batch,
        # validation and the epoch's own checkpoint come first.
        stepped = (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if stepped and not trainer.is_last_batch:
            self._stop_if_told(trainer, save=True)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._stop_if_told(trainer, save=False)

    def _stop_if_told(self, trainer: Trainer, save: bool) -> None:
        # Where the signal came to any device's process, all of them stop at the same step.
        if trainer.strategy.reduce_boolean_decision(self._interrupted, all=False):
            if save:
                trainer.save_checkpoint(self.path)
            run = self.path.parent.parent
            raise Interrupted(f"interrupted; continue with: {command('train')} resume={run}")
