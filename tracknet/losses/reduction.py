"""The one way that losses become a scalar."""

import torch


def per_map(loss: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Pixel losses (B,T,h,w), map weights (B,T) -> summed per map, divided by B x T.

    The divisor is constant: divided by the balls of a batch, two devices would differ from one.
    """
    return (loss.sum((-2, -1)) * weight).sum() / weight.numel()
