"""What the network sees of a window: its frames and, if wanted, the clip's background."""

from collections.abc import Sequence
from typing import Annotated, Protocol

import torch
from pydantic import Field
from torch import nn

from tracknet.errors import InputError
from tracknet.models.backbones.base import RGB, Backbone

GAIN = 5.0
"""Of differences, which are fainter than pictures: on rendered clips and on badminton their
standard deviation is 0.04 to 0.34, that of normalised pictures 0.6 to 1.3."""

Colour = Annotated[list[float], Field(min_length=RGB, max_length=RGB)]


class Inputs(Protocol):
    """What a choice of group ``inputs`` owes; an `nn.Module`, built with ``frames``, T.

    Attributes:
        frames: T.
        background: Whether it takes the clip's median frame.
        pictures: P, pictures of a window that come out.
        channels: C, channels of each of them.
    """

    frames: int
    background: bool
    pictures: int
    channels: int

    def suit(self, backbone: Backbone) -> None:
        """Told which backbone will see the pictures, once that is built."""
        ...

    def __call__(self, frames: torch.Tensor, background: torch.Tensor | None) -> torch.Tensor:
        """(B,T,3,H,W) in 0..1 and background (B,3,H,W) or None -> pictures (B,P,C,H,W)."""
        ...


class WindowInput(nn.Module):
    """Frames (B,T,3,H,W) in 0..1 -> normalised pictures (B,T or T+1,3,H,W).

    The background comes first. With `differences` only that is shown as it is, without a background
    the middle frame; the others are shown as how they differ from it, `GAIN` times as strong. Of
    pictures that are equal but for a few pixels, a network from nothing takes thousands of steps to
    learn to subtract one from another.

    Args:
        frames: T, the frames of a window.
        background: Whether the clip's median background is a further picture.
        differences: Whether all pictures but one are differences to it.
        mean: Of R, G, B; None takes what the backbone was trained with.
        std: Of R, G, B; None takes what the backbone was trained with.
    """

    channels = RGB
    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self,
        frames: int,
        background: bool = False,
        differences: bool = True,
        mean: Colour | None = None,
        std: Colour | None = None,
    ) -> None:
        super().__init__()
        self.frames = frames
        self.background = background
        self.differences = differences
        self.pictures = frames + background
        self.still = 0 if background else frames // 2
        self._given = mean, std
        self._normalise(mean or (0, 0, 0), std or (1, 1, 1))

    def suit(self, backbone: Backbone) -> None:
        mean, std = self._given
        self._normalise(mean or backbone.weights["mean"], std or backbone.weights["std"])
        if self.differences:
            backbone.take_differences(GAIN, self.still)

    def _normalise(self, mean: Sequence[float], std: Sequence[float]) -> None:
        for name, values in (("mean", mean), ("std", std)):
            values = torch.tensor(values, dtype=torch.float32).view(RGB, 1, 1)
            self.register_buffer(name, values, persistent=False)

    def forward(self, frames: torch.Tensor, background: torch.Tensor | None = None) -> torch.Tensor:
        if frames.shape[1] != self.frames:
            raise InputError(f"the window has {frames.shape[1]} frames; expected {self.frames}")
        if self.background:
            if background is None:
                raise InputError("this network takes the clip's background (B,3,H,W) as well")
            frames = torch.cat([background[:, None], frames], 1)
        pictures = (frames - self.mean).div_(self.std)
        if self.differences:
            still = pictures[:, self.still, None].clone()
            pictures.sub_(still).mul_(GAIN)
            pictures[:, self.still] = still[:, 0]
        return pictures
