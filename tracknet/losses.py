"""Losses on raw logits, and the one way that they become a scalar."""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import nn

from tracknet.values import Exponent, Sigma, Weight


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


class OffsetLoss(nn.Module):
    """The loss of `codecs.OffsetCodec`: cross entropy of the heatmap, and the offsets' own.

    These count alike in all pixels within `near` of the ball, since any of them may be the peak:
    smooth L1 (Girshick 2015), in heatmap pixels, which tends to the median.

    Args:
        positive_weight: See `BCELoss`.
        offset_weight: What a pixel's offset counts, where its heatmap counts 1.
        near: Of the ball, heatmap pixels.

    Attributes:
        maps: M, see `codecs.Codec`; of a loss that does not say it, 1.
    """

    maps = 3

    def __init__(
        self,
        positive_weight: Weight = 30.0,
        offset_weight: Weight = 12.0,
        near: Sigma = 2.5,
    ) -> None:
        super().__init__()
        self.heatmap = BCELoss(positive_weight)
        self.offset_weight = offset_weight
        self.near = near

    def forward(
        self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """Raw logits (B,T*3,h,w), targets (B,T,3,h,w), weights of frames (B,T) -> scalar."""
        maps = logits.float().unflatten(1, (-1, 3))
        height, offset = target[:, :, 0], target[:, :, 1:]
        ball = height.amax((-2, -1), keepdim=True) > 0
        near = (offset.square().sum(2) <= self.near**2) & ball
        far = F.smooth_l1_loss(maps[:, :, 1:], offset, reduction="none", beta=0.5).sum(2)
        offsets = ((far * near).sum((-2, -1)) * weight).sum() / weight.numel()
        return self.heatmap(maps[:, :, 0], height, weight) + self.offset_weight * offsets
