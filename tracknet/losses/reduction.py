"""The one way that losses become a scalar."""

import torch


def per_map(loss: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Pixel losses (B,T,h,w), map weights (B,T) -> summed per map, divided by B x T.

    The divisor is constant: dividing by the balls of a batch would make two devices differ from one.
    """
    return (loss.sum((-2, -1)) * weight).sum() / weight.numel()
