"""Binary cross entropies on raw logits, summed per map and divided by the number of maps."""

import torch
import torch.nn.functional as F
from torch import nn

from tracknet.losses.reduction import per_map


class BCELoss(nn.Module):
    """Weighted binary cross entropy: ball pixels are few, so they count `positive_weight` times.

    Args:
        positive_weight: Factor of the term for the target's share of ball.
    """

    def __init__(self, positive_weight: float = 10.0) -> None:
        super().__init__()
        self.positive_weight = positive_weight

    def forward(
        self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """(B,T,h,w), (B,T,h,w) in 0..1, (B,T) -> scalar."""
        log_p, log_q = F.logsigmoid(logits.float()), F.logsigmoid(-logits.float())
        loss = -(self.positive_weight * target * log_p + (1 - target) * log_q)
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
