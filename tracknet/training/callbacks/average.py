"""The average of the weights over the last steps is what is validated, kept and shipped."""

from collections.abc import Callable

import torch
from lightning.pytorch.callbacks import WeightAveraging


class AverageWeights(WeightAveraging):
    """Lightning's weight averaging, exponential, with a warm-up.

    After n steps the average reaches back over about n / 10 of them, until it reaches back over
    1 / (1 - decay): the first validation does not look at the random weights of the start.

    Args:
        decay: Share of the average that stays at each step, in the long run.
    """

    def __init__(self, decay: float) -> None:
        super().__init__(multi_avg_fn=warmed_up(decay))


def warmed_up(decay: float) -> Callable[..., None]:
    """In-place update of averages by a step's values; `steps` counts the steps averaged so far."""

    @torch.no_grad()
    def update(averages: list[torch.Tensor], values: list[torch.Tensor], steps: torch.Tensor):
        if averages[0].is_floating_point():
            fresh = max(1 - decay, 9 / (10 + float(steps)))
            torch._foreach_lerp_(averages, values, fresh)
        else:  # counters
            torch._foreach_copy_(averages, values)

    return update
