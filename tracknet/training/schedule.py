"""Learning rates over the course of a run."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from tracknet.values import Share


def warmup_cosine(
    optimizer: Optimizer, total_steps: int, warmup: Share = 0.03, final: Share = 0.01
) -> LambdaLR:
    """A linear warm-up, then a cosine.

    Args:
        optimizer: Whose learning rates are scaled.
        total_steps: Steps of the whole run.
        warmup: Share of the steps that warm up.
        final: Share of the learning rate that is left at the end.
    """
    warmup_steps = max(1, round(warmup * total_steps))

    def factor(step: int) -> float:
        if step < warmup_steps:
            return (step + 1) / warmup_steps
        done = min(1.0, (step - warmup_steps) / max(1, total_steps - warmup_steps))
        return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * done))

    return LambdaLR(optimizer, factor)
