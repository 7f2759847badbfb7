"""CenterNet's focal loss."""

import torch
import torch.nn.functional as F
from torch import nn

from tracknet.losses.reduction import per_map
from tracknet.values import Exponent


class FocalLoss(nn.Module):
    """Penalty-reduced focal loss of "Objects as Points" (Zhou et al. 2019), equation 1.

    Where the target is exactly 1: -(1-p)^alpha log p; elsewhere -(1-y)^beta p^alpha log(1-p).

    Args:
        alpha: Focusing exponent.
        beta: How much the penalty is reduced near a ball.
    """

    def __init__(self, alpha: Exponent = 2.0, beta: Exponent = 4.0) -> None:
        super().__init__()
        self.alpha = alpha
        self.beta = beta

    def forward(
        self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """(B,T,h,w), (B,T,h,w) in 0..1, (B,T) -> scalar."""
        z = logits.float()
        positive = (target == 1).float()
        # One log-sigmoid of the signed logit serves both terms.
        signed = torch.where(positive.bool(), z, -z)
        easy = (-signed).sigmoid() ** self.alpha
        penalty = positive + (1 - positive) * (1 - target) ** self.beta
        return per_map(-penalty * easy * F.logsigmoid(signed), weight)
