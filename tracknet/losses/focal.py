"""CenterNet's focal loss."""

import torch
import torch.nn.functional as F

from tracknet.losses.base import PixelLoss
from tracknet.values import Exponent


class FocalLoss(PixelLoss):
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

    def pixels(self, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        # One log-sigmoid of the signed logit serves both terms.
        signed = torch.where(y == 1, z, -z)
        penalty = torch.where(y == 1, 1, (1 - y) ** self.beta)
        return -penalty * (-signed).sigmoid() ** self.alpha * F.logsigmoid(signed)
