"""A line for every epoch, which a file can hold."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from time import monotonic
from typing import Protocol, runtime_checkable

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint, Timer

from tracknet.console import say
from tracknet.training.callbacks.estimate import spoken


@runtime_checkable
class TellsLoss(Protocol):
    """A module that knows the mean loss of an epoch, as `HeatmapModule` does."""

    def mean_loss(self) -> float | None:
        """Of the epoch so far; None before its first step."""
        ...


class EpochLines(Callback):
    """Says after every epoch its loss, validation's F1, the best one, its time, and when all ends.

    The run's log keeps the lines.
    """

    def __init__(self) -> None:
        self._start = self._begun = 0.0
        self._epochs = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._start = self._begun = monotonic()
        self._epochs = 0

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        # On every device, since they reckon the mean together.
        loss = pl_module.mean_loss() if isinstance(pl_module, TellsLoss) else None
        if not trainer.is_global_zero:
            return
        now, self._epochs = monotonic(), self._epochs + 1
        taken, self._begun = now - self._begun, now
        parts = [f"epoch {trainer.current_epoch} ({trainer.current_epoch + 1} of {_last(trainer)})"]
        parts += [f"loss {loss:.4f}"] if loss is not None else []
        parts += [*_figures(trainer), spoken(taken)]
        if left := _left(trainer, (now - self._start) / self._epochs):
            parts.append(f"until {_when(left)}")
        say("  ".join(parts))


def _last(trainer: Trainer) -> int | str:
    return trainer.max_epochs if trainer.max_epochs and trainer.max_epochs > 0 else "?"


def _figures(trainer: Trainer) -> Iterator[str]:
    """Validation's F1, and the best figure so far, by which the network is kept."""
    figures = trainer.callback_metrics
    if "val/f1" in figures:
        yield f"val F1 {float(figures['val/f1']):.3f}"
    for kept in trainer.checkpoint_callbacks:
        if not isinstance(kept, ModelCheckpoint) or kept.monitor not in figures:
            continue
        now, before = float(figures[kept.monitor]), kept.best_model_score
        better = max if kept.mode == "max" else min
        best = now if before is None else better(now, float(before))
        yield f"best {best:.3f}" if kept.monitor == "val/f1" else f"best {kept.monitor} {best:.4f}"


def _left(trainer: Trainer, epoch: float) -> float:
    """Seconds until the run ends, of those that an epoch took; 0 where it does now."""
    epochs = (trainer.max_epochs or 0) - trainer.current_epoch - 1
    if epochs <= 0 or trainer.should_stop:
        return 0
    left = epochs * epoch
    if trainer.max_steps >= 0:
        steps = trainer.num_training_batches / trainer.accumulate_grad_batches
        left = min(left, (trainer.max_steps - trainer.global_step) / steps * epoch)
    for timer in trainer.callbacks:  # pyright: ignore[reportAttributeAccessIssue], Lightning sets it from afar
        if isinstance(timer, Timer) and (rest := timer.time_remaining()) is not None:
            left = min(left, rest)
    return max(0, left)


def _when(seconds: float) -> str:
    """The time of day, with the day where it is another."""
    now = datetime.now()
    end = now + timedelta(seconds=seconds)
    return f"{end:%H:%M}" if end.date() == now.date() else f"{end:%a %d %b, %H:%M}"
