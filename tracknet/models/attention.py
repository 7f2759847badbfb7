"""What moves between frames weighs what the network says of them."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from tracknet.errors import InputError
from tracknet.values import Count

GREY = (0.299, 0.587, 0.114)
"""Of R, G, B (ITU-R BT.601)."""
SCALE = 0.225
"""By which TrackNetV4 undoes a normalisation that its frames never had: its slope is for that."""


class MotionAttention(nn.Module):
    """TrackNetV4's motion attention (Raj et al. 2024): logits times how much moves there.

    A difference d of two frames' grey values is normalised by two learnable scalars a and b:
    sigmoid(s (|d| - 0.6 tanh b)), s = 5 / (0.45 |tanh a| + 0.1). It lies in 0..1, and pulls logits
    towards a probability of a half: what is trained changes, not which pixels exceed that half.

    Args:
        frames: T, 2 or more.
        maps: M of a frame, the first of which is its heatmap, which alone is weighed.
        kind: ``A``: a frame has the weight of what moved since the one before; the first one has 1.
            ``B``: the mean of that and of what moves until the next one.

    Raises:
        InputError: There is one frame only.
    """

    def __init__(self, frames: int, maps: Count = 1, kind: Literal["A", "B"] = "A") -> None:
        super().__init__()
        if frames < 2:
            raise InputError(f"frames={frames}: attention=motion compares frames; take 2 or more")
        self.maps = maps
        self.kind = kind
        self.a = nn.Parameter(torch.tensor(0.1))
        self.b = nn.Parameter(torch.tensor(0.0))

    def motion(self, frames: torch.Tensor) -> torch.Tensor:
        """(B,T,3,H,W) in 0..1 -> (B,T-1,H,W) in 0..1."""
        red, green, blue = (weight * frames[:, :, i] for i, weight in enumerate(GREY))
        grey = SCALE * (red + green + blue)
        slope = 5 / (0.45 * self.a.tanh().abs() + 0.1)
        return (slope * (grey.diff(dim=1).abs() - 0.6 * self.b.tanh())).sigmoid()

    def weights(self, motion: torch.Tensor) -> torch.Tensor:
        """(B,T-1,h,w) -> (B,T,h,w), what the frames' heatmaps are multiplied by."""
        if self.kind == "A":
            return torch.cat([torch.ones_like(motion[:, :1]), motion], 1)
        between = (motion[:, :-1] + motion[:, 1:]) / 2
        return torch.cat([motion[:, :1], between, motion[:, -1:]], 1)

    def forward(self, logits: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """Logits (B,T*M,h,w) and frames (B,T,3,H,W) in 0..1 -> logits.

        A heatmap's pixel has the most of what moves in it: a ball may be smaller.
        """
        motion = F.adaptive_max_pool2d(self.motion(frames), logits.shape[-2:])
        heatmap, *others = logits.unflatten(1, (-1, self.maps)).unbind(2)
        return torch.stack([heatmap * self.weights(motion), *others], 2).flatten(1, 2)
