"""Says how long a run will take, as soon as that can be told."""

from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import Timer

from tracknet.data.batch import prepare_batch
from tracknet.values import Count

WARM_UP = 3
"""Batches that are not timed: memory is taken and kernels are chosen in them."""


class TimeEstimate(Callback):
    """Prints one line after the first few batches: the time that training and validating take.

    Args:
        steps: Batches that are timed.
    """

    def __init__(self, steps: Count = 10) -> None:
        self.steps = steps
        self._seen = 0
        self._start = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._seen = 0

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._seen += 1
        if not trainer.is_global_zero or self._seen not in (WARM_UP, WARM_UP + self.steps):
            return
        float(outputs["loss"])  # waits for the device
        if self._seen == WARM_UP:
            self._start = monotonic()
            return
        step = (monotonic() - self._start) / self.steps
        pl_module.print(describe(trainer, step, window_time(pl_module)))


@torch.no_grad()
def window_time(pl_module: LightningModule) -> float:
    """Seconds that the network takes for a validation window, once it is warm."""
    data, model = pl_module.trainer.datamodule, pl_module.model
    raw = data.val_windows.batch(range(min(data.batch_size, len(data.val_windows))))
    raw = {key: value.to(pl_module.device) for key, value in raw.items()}
    training = model.training
    model.eval()
    with pl_module.trainer.precision_plugin.forward_context():
        for _ in range(2):
            start = monotonic()
            batch = prepare_batch(raw)
            pl_module.codec.decode(model(batch.frames, batch.background)).cpu()
    model.train(training)
    return (monotonic() - start) / len(batch.frames)


def describe(trainer: Trainer, step: float, window: float) -> str:
    """The line; early stopping may end the run before.

    Args:
        trainer: Within the first epoch since it was started.
        step: Seconds of a training batch.
        window: Seconds of a validation window.
    """
    data, share = trainer.datamodule, trainer.limit_val_batches
    epochs = trainer.max_epochs - trainer.current_epoch
    batches = epochs * data.batches_per_epoch - trainer.fit_loop.batch_idx - 1
    if trainer.max_steps >= 0:
        steps = trainer.max_steps - trainer.global_step
        batches = min(batches, steps * trainer.accumulate_grad_batches)
    for timer in trainer.callbacks:
        if isinstance(timer, Timer):
            batches = min(batches, int(timer.time_remaining() / step))
    between = trainer.val_check_batch * (trainer.check_val_every_n_epoch or 1)
    validations = max(1, round(batches / between))
    windows = len(data.val_windows) / trainer.world_size
    windows = min(share * data.batch_size, windows) if isinstance(share, int) else share * windows
    # Afterwards thresholds are chosen, from windows that begin at every frame.
    frames = sum(map(len, data.val_clips))
    seconds = batches * step + (validations * windows + frames) * window
    end = datetime.now() + timedelta(seconds=seconds)
    return (
        f"time        at most {spoken(seconds)}, until {end:%H:%M}: {batches:,} batches of "
        f"{step:.2f} s, {validations} validations of {spoken(windows * window)}, and thresholds, "
        f"{spoken(frames * window)}"
    )


def spoken(seconds: float) -> str:
    """A duration in the unit that suits it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"
