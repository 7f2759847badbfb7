"""A run that is cut short ends with a validation, too."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer


class LastValidation(Callback):
    """Validates when steps or time are over: without that, a run may have no best.ckpt.

    It comes after the callbacks that stop a run.
    """

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        if 0 < trainer.max_steps <= trainer.global_step:
            trainer.should_stop = True
        if trainer.should_stop:
            trainer.check_val_every_n_epoch = 1
