"""What every loss owes, and the one way that losses become a scalar."""

from abc import ABC, abstractmethod

import torch
from torch import nn


class PixelLoss(nn.Module, ABC):
    """Computed in float32 whatever the network computes in; summed per map, divided by B x T.

    The divisor is constant: divided by the balls of a batch, two devices would differ from one.
    Any `nn.Module` that is called alike is a loss, too.
    """

    def forward(
        self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """Raw logits (B,T,h,w), targets (B,T,h,w) in 0..1, weights of maps (B,T) -> scalar."""
        loss = self.pixels(logits.float(), target)
        return (loss.sum((-2, -1)) * weight).sum() / weight.numel()

    @abstractmethod
    def pixels(self, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Logits and targets (B,T,h,w) -> the loss of each pixel."""
