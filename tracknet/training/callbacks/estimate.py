"""Says how long a run will take, as soon as that can be told."""

from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import Timer

from tracknet.console import say
from tracknet.training.module import HeatmapModule
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

    def on_train_start(self, trainer: Trainer, pl_module: HeatmapModule) -> None:
        self._seen = 0

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: HeatmapModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._seen += 1
        if not trainer.is_global_zero or self._seen not in (WARM_UP, WARM_UP + self.steps):
            return
        float(outputs["loss"])  # waits for the device
        if self._seen == WARM_UP:
            self._start = monotonic()
            return
        step = (monotonic() - self._start) / self.steps
        window = window_time(trainer, pl_module, len(batch))
        say(describe(trainer, pl_module, step, window, len(batch)))


@torch.no_grad()
def window_time(trainer: Trainer, pl_module: HeatmapModule, size: int) -> float:
    """Seconds that the network takes for a window of a validation's batch, once it is warm."""
    model, codec = pl_module.model, pl_module.codec
    black = model.blank(tuple(pl_module.config["image_size"]))
    black = [None if part is None else part.expand(size, *part.shape[1:]) for part in black]
    training, start = model.training, 0.0
    model.eval()
    with trainer.precision_plugin.forward_context():
        for _ in range(2):
            start = monotonic()
            codec.decode(codec.probability(model(*black)), model.heatmap_stride).cpu()
    model.train(training)
    return (monotonic() - start) / size


def describe(trainer: Trainer, module: HeatmapModule, step: float, window: float, size: int) -> str:
    """The line, of the seconds of a training batch (`step`) and of a validation's window.

    `size` is the windows of a batch. The trainer is in the first epoch since it was started; early
    stopping may end the run before.
    """
    assert trainer.max_epochs is not None, "Lightning sets it where nobody does"
    epochs = trainer.max_epochs - trainer.current_epoch
    batches = epochs * trainer.num_training_batches - trainer.fit_loop.batch_idx - 1
    if trainer.max_steps >= 0:
        steps = trainer.max_steps - trainer.global_step
        batches = min(batches, steps * trainer.accumulate_grad_batches)
    for timer in trainer.callbacks:  # pyright: ignore[reportAttributeAccessIssue], Lightning sets it from afar
        if isinstance(timer, Timer) and (left := timer.time_remaining()) is not None:
            batches = min(batches, int(left / step))
    between = (trainer.val_check_batch or float("inf")) * (trainer.check_val_every_n_epoch or 1)
    validations = max(1, round(batches / between))
    frames = sum(map(len, module.validation.clips))
    # A run that goes on within an epoch does not know its validation yet.
    windows = sum(trainer.num_val_batches) * size or frames / module.model.frames
    # Afterwards thresholds are chosen, from windows that begin at every frame.
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
