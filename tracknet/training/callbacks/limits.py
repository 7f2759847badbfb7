"""What ends a training: time that is over, and steps."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import Timer


class TimeLimit(Timer):
    """Lightning's timer, but it counts from this start of the program.

    Lightning's own goes on counting in a resumed run, so that a run that it ended could never be
    continued.
    """

    def load_state_dict(self, _: dict[str, Any]) -> None:
        pass


class LastValidation(Callback):
    """Validates when steps or time are over: without that, a run may have no best.ckpt.

    It comes after the callbacks that stop a run.
    """

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        if 0 < trainer.max_steps <= trainer.global_step:
            trainer.should_stop = True
        if trainer.should_stop:
            trainer.check_val_every_n_epoch = 1
