"""The average of the weights over the last steps is what is validated, kept and shipped."""

from typing import Annotated, Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from pydantic import Field

from tracknet.values import Count


class AverageWeights(WeightAveraging):
    """Lightning's weight averaging, exponential, with a warm-up.

    After n steps the average reaches back over about n / 10 of them, until it reaches back over
    1 / (1 - decay): the first validation does not look at the random weights of the start.

    Args:
        decay: Share of the average that stays at each step, in the long run.
        every: Only every so many steps, and an epoch's last one, are averaged, and count as much as
            those since the one before would: to turn to each weight takes longer than a step of a
            small network on a GPU.
    """

    def __init__(self, decay: Annotated[float, Field(ge=0, lt=1)], every: Count) -> None:
        super().__init__(multi_avg_fn=self._update)
        self.decay = decay
        self.every = every
        self._done, self._epoch_ends = 0, False

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        self._done, self._epoch_ends = trainer.global_step, trainer.is_last_batch
        super().on_train_batch_end(trainer, pl_module, *args)

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        return step_idx is not None and (self._epoch_ends or step_idx % self.every == 0)

    def _update(self, averages: list[torch.Tensor], values: list[torch.Tensor], _: Any) -> None:
        steps = self._done - self._latest_update_step
        renew(averages, values, share(self.decay, self._done - 1, steps))


def share(decay: float, done: int, steps: int) -> float:
    """What the newest of `steps` steps that were not averaged counts, `done` ones before it."""
    return 1 - (1 - max(1 - decay, 9 / (10 + done))) ** steps


@torch.no_grad()
def renew(averages: list[torch.Tensor], values: list[torch.Tensor], fresh: float) -> None:
    """Moves averages by a share towards values, in place."""
    if averages[0].is_floating_point():
        torch._foreach_lerp_(averages, values, fresh)
    else:  # counters
        torch._foreach_copy_(averages, values)
