"""Which parameters the optimizer treats alike."""

from typing import Any

from torch import nn


def no_decay(model: nn.Module) -> list[dict[str, Any]]:
    """Two groups of what learns: weights, and norms and biases, which have no weight decay.

    To shrink a scale or an offset makes no simpler function.
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trainable if p.ndim > 1]},
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]
