"""Binary cross entropies."""

import torch
import torch.nn.functional as F

from tracknet.losses.base import PixelLoss
from tracknet.values import Weight


class BCELoss(PixelLoss):
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

    def pixels(self, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        pixel = 1 + (self.positive_weight - 1) * y
        return F.binary_cross_entropy_with_logits(z, y, pixel, reduction="none")


class WBCELoss(PixelLoss):
    """TrackNetV2's loss (Sun et al. 2020): -[(1-p)^2 y log p + p^2 (1-y) log(1-p)]."""

    def pixels(self, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        p, q = z.sigmoid(), (-z).sigmoid()
        return -(q**2 * y * F.logsigmoid(z) + p**2 * (1 - y) * F.logsigmoid(-z))
