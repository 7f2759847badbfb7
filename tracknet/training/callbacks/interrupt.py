"""Ctrl-C and SIGTERM leave a checkpoint to resume from; so does what fails between two steps."""

import signal
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from tracknet.console import command
from tracknet.signals import SIGNALS
from tracknet.values import Text


class Interrupted(Exception):
    """A signal stopped the training; `last.ckpt` is there to resume from.

    Attributes:
        code: What the process exits with.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class InterruptCheckpoint(Callback):
    """On a signal, finishes the step, writes `last.ckpt` and raises; further ones: see `Signals`.

    Args:
        dirpath: Folder of the checkpoints.
    """

    def __init__(self, dirpath: Text) -> None:
        self.path = Path(dirpath) / "last.ckpt"
        self._saved = False
        self._trained = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        # Lightning gives back the handlers of before a training, however it ends.
        SIGNALS.take_over()
        SIGNALS.waits = True

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        # A checkpoint holds no gradient that waits for more batches. After an epoch's last batch,
        # validation and the epoch's own checkpoint come first.
        self._trained = True
        stepped = (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if stepped and not trainer.is_last_batch and self._told(trainer):
            trainer.save_checkpoint(self.path)
            self._saved = True

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        # Not before: what the step has logged is written after `on_train_batch_end`.
        if self._saved:
            self._stop()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._trained = False  # the epoch's own checkpoint is there
        if self._told(trainer):
            self._stop()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        SIGNALS.waits = False
        if self._told(trainer):
            self._stop()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        # Files that are gone, a worker that was killed: the state between two batches is whole.
        SIGNALS.waits = False
        if not self._trained or self._saved or trainer.world_size > 1:
            return
        batches = trainer.fit_loop.epoch_loop.batch_progress.current
        between = trainer.training and batches.ready == batches.completed
        stepped = batches.ready % trainer.accumulate_grad_batches == 0
        if between and stepped and not trainer.is_last_batch:
            trainer.save_checkpoint(self.path)

    def _told(self, trainer: Trainer) -> bool:
        # Where the signal came to any device's process, all of them stop at the same step.
        told = SIGNALS.received is not None
        return trainer.strategy.reduce_boolean_decision(told, all=False)

    def _stop(self) -> None:
        run = self.path.parent.parent
        said = f"interrupted; continue with: {command('train', f'resume={run}')}"
        if not self.path.is_file():
            said = "interrupted before there was a checkpoint; start the training again"
        raise Interrupted(said, 128 + (SIGNALS.received or signal.SIGINT))
