"""What the network sees of a window: its frames and, if wanted, the clip's background."""

from collections.abc import Sequence

import torch
from torch import nn

from tracknet.errors import InputError

GAIN = 5.0
"""Of differences, which are fainter than pictures: on rendered clips and on badminton their
standard deviation is 0.04 to 0.34, that of normalised pictures 0.6 to 1.3."""


class WindowInput(nn.Module):
    """Frames (B,T,3,H,W) in 0..1 -> normalised pictures (B,T or T+1,3,H,W), background first.

    With `differences` only the first picture (the background, where there is one) is shown as it
    is; the others are shown as how they differ from it, `GAIN` times as strong. Of pictures that
    are equal but for a few pixels, a network from nothing takes thousands of steps to learn to
    subtract one from another.

    Args:
        frames: T, the frames of a window.
        background: Whether the clip's median background is a further picture.
        differences: Whether the pictures after the first are differences to it.
        mean: Of R, G, B, as the backbone was trained with.
        std: Of R, G, B, as the backbone was trained with.
    """

    def __init__(
        self,
        frames: int,
        background: bool,
        differences: bool,
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        super().__init__()
        self.frames = frames
        self.background = background
        self.differences = differences
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

    @property
    def pictures(self) -> int:
        """Pictures per window."""
        return self.frames + self.background

    def forward(self, frames: torch.Tensor, background: torch.Tensor | None) -> torch.Tensor:
        if frames.shape[1] != self.frames:
            raise InputError(f"the window has {frames.shape[1]} frames; expected {self.frames}")
        if self.background:
            if background is None:
                raise InputError("this network takes the clip's background (B,3,H,W) as well")
            frames = torch.cat([background[:, None], frames], 1)
        pictures = (frames - self.mean).div_(self.std)
        if self.differences:
            pictures[:, 1:].sub_(pictures[:, :1]).mul_(GAIN)
        return pictures
