"""Ctrl-C and SIGTERM leave a checkpoint to resume from."""

import signal
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer


class InterruptCheckpoint(Callback):
    """On a signal, finishes the batch, writes `last.ckpt` and stops; a second one stops at once.

    Args:
        dirpath: Folder of the checkpoints.
    """

    def __init__(self, dirpath: str) -> None:
        self.path = Path(dirpath) / "last.ckpt"
        self.interrupted = False
        self._previous: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._receive)

    def _receive(self, number: int, _: Any) -> None:
        self.interrupted = True
        self._restore()

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        if self.interrupted and not trainer.should_stop:
            trainer.save_checkpoint(self.path)
            trainer.should_stop = True
            trainer.limit_val_batches = 0

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}
