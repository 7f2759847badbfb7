"""The average of the weights over the last steps is what is validated, kept and shipped."""

from collections.abc import Callable
from typing import Annotated

import torch
from lightning.pytorch.callbacks import WeightAveraging
from pydantic import Field

from tracknet.values import Count


class AverageWeights(WeightAveraging):
    """Lightning's weight averaging, exponential, with a warm-up.

    After n steps the average reaches back over about n / 10 of them, until it reaches back over
    1 / (1 - decay): the first validation does not look at the random weights of the start.

    Args:
        decay: Share of the average that stays at each step, in the long run.
        every: Only every so many steps are averaged, and count as much as all of them would: to
            turn to each weight takes longer than a step of a small network on a GPU.
    """

    def __init__(self, decay: Annotated[float, Field(ge=0, lt=1)], every: Count) -> None:
        super().__init__(multi_avg_fn=warmed_up(decay, every))
        self.every = every

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        return step_idx is not None and step_idx % self.every == 0


def warmed_up(decay: float, every: int) -> Callable[..., None]:
    """In-place update of averages by a step's values; `updates` counts those before it."""

    @torch.no_grad()
    def update(averages: list[torch.Tensor], values: list[torch.Tensor], updates: torch.Tensor):
        if averages[0].is_floating_point():
            fresh = max(1 - decay, 9 / (10 + every * float(updates)))
            torch._foreach_lerp_(averages, values, 1 - (1 - fresh) ** every)
        else:  # counters
            torch._foreach_copy_(averages, values)

    return update
