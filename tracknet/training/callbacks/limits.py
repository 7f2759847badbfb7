"""What ends a training: time that is over, and steps."""

from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import Timer


class TimeLimit(Timer):
    """Lightning's timer, but it counts from this start of the program.

    Lightning's own goes on counting in a resumed run, so that a run that it ended could never be
    continued. Nor does this one end it while a gradient waits for more batches.
    """

    def load_state_dict(self, _: dict[str, Any]) -> None:
        pass

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if (batch_idx + 1) % trainer.accumulate_grad_batches == 0:
            super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)


class EndWithinEpoch(Callback):
    """When steps or time are over within an epoch, keeps that state, and validates it.

    Without the validation, a run may have no best.ckpt. It comes after the callbacks that stop a
    run.

    Args:
        path: Of the checkpoint to go on from.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        if 0 < trainer.max_steps <= trainer.global_step:
            trainer.should_stop = True
        if trainer.should_stop and trainer.fit_loop._can_stop_early:
            trainer.check_val_every_n_epoch = 1
            if not trainer.is_last_batch:
                trainer.save_checkpoint(self.path)
