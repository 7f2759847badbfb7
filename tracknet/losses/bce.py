"""Binary cross entropies on raw logits, summed per map and divided by the number of maps."""

import torch
import torch.nn.functional as F
from torch import nn

from tracknet.losses.reduction import per_map
from tracknet.values import Weight


class BCELoss(nn.Module):
    """Binary cross entropy in which the few pixels of a ball count up to `positive_weight` times.

    A pixel's weight grows with its target, and is of both terms: p = y is the best answer
    everywhere. A weight of the ball's term alone asks for p = 10 y / (1 + 9 y), a plateau on which
    the peak may lie anywhere.

    Args:
        positive_weight: Weight of a pixel whose target is 1, where one of 0 has 1.
    """

    def __init__(self, positive_weight: Weight = 10.0) -> None:
        super().__init__()
        self.positive_weight = positive_weight

    def forward(
        self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """(B,T,h,w), (B,T,h,w) in 0..1, (B,T) -> scalar."""
        pixel = 1 + (self.positive_weight - 1) * target
        loss = F.binary_cross_entropy_with_logits(logits.float(), target, pixel, reduction="none")
        return per_map(loss, weight)


class WBCELoss(nn.Module):
    """TrackNetV2's loss (Sun et al. 2020): -[(1-p)^2 y log p + p^2 (1-y) log(1-p)]."""

    def forward(
        self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """(B,T,h,w), (B,T,h,w) in 0..1, (B,T) -> scalar."""
        z = logits.float()
        p, q = z.sigmoid(), (-z).sigmoid()
        loss = -(q**2 * target * F.logsigmoid(z) + p**2 * (1 - target) * F.logsigmoid(-z))
        return per_map(loss, weight)
