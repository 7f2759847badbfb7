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
        framewise: Whether each frame is one picture, made of that frame and the background alone.
            Then a frame by itself, (B,1,3,H,W), is taken as well.
    """

    frames: int
    background: bool
    pictures: int
    channels: int
    framewise: bool

    def suit(self, backbone: Backbone) -> None:
        """Told which backbone will see the pictures, once that is built."""
        ...

    def __call__(self, frames: torch.Tensor, background: torch.Tensor | None) -> torch.Tensor:
        """(B,T,3,H,W) in 0..1 and background (B,3,H,W) or None -> pictures (B,P,C,H,W)."""
        ...


class Normalised(nn.Module):
    """Knows the mean and the standard deviation that pictures are normalised with.

    Args:
        background: Whether the clip's median background is taken.
        mean: Of R, G, B; None takes what the backbone was trained with.
        std: Of R, G, B; None takes what the backbone was trained with.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, background: bool, mean: Colour | None, std: Colour | None) -> None:
        super().__init__()
        self.background = background
        self._given = mean, std
        self._normalise(mean or (0, 0, 0), std or (1, 1, 1))

    def suit(self, backbone: Backbone) -> None:
        mean, std = self._given
        self._normalise(mean or backbone.weights["mean"], std or backbone.weights["std"])

    def _normalise(self, mean: Sequence[float], std: Sequence[float]) -> None:
        for name, values in (("mean", mean), ("std", std)):
            values = torch.tensor(values, dtype=torch.float32).view(RGB, 1, 1)
            self.register_buffer(name, values, persistent=False)

    def still(self, background: torch.Tensor | None) -> torch.Tensor:
        """The background (B,1,3,H,W) of a network that takes it."""
        if background is None:
            raise InputError("this network takes the clip's background (B,3,H,W) as well")
        return background[:, None]


class WindowInput(Normalised):
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
    framewise = False

    def __init__(
        self,
        frames: int,
        background: bool = False,
        differences: bool = True,
        mean: Colour | None = None,
        std: Colour | None = None,
    ) -> None:
        super().__init__(background, mean, std)
        self.frames = frames
        self.differences = differences
        self.pictures = frames + background
        self.first = 0 if background else frames // 2

    def suit(self, backbone: Backbone) -> None:
        super().suit(backbone)
        if self.differences:
            backbone.take_differences(GAIN, self.first)

    def forward(self, frames: torch.Tensor, background: torch.Tensor | None = None) -> torch.Tensor:
        if frames.shape[1] != self.frames:
            raise InputError(f"the window has {frames.shape[1]} frames; expected {self.frames}")
        if self.background:
            frames = torch.cat([self.still(background), frames], 1)
        pictures = (frames - self.mean).div_(self.std)
        if self.differences:
            still = pictures[:, self.first, None].clone()
            pictures.sub_(still).mul_(GAIN)
            pictures[:, self.first] = still[:, 0]
        return pictures


class FrameInput(Normalised):
    """Frames (B,T,3,H,W) in 0..1 -> a picture of each, (B,T,C,H,W).

    A picture is the frame, normalised, and behind it as further channels how it differs from the
    background and from the frame before, with their signs and `GAIN` times as strong.

    Args:
        frames: T, the frames of a window.
        background: Whether the difference to the clip's median background is shown.
        previous: Whether the difference to the frame before is; the first of a window has none.
        grey: Whether each of them is one channel, the mean of its colours.
        mean: Of R, G, B; None takes what the backbone was trained with.
        std: Of R, G, B; None takes what the backbone was trained with.
    """

    def __init__(
        self,
        frames: int,
        background: bool = False,
        previous: bool = False,
        grey: bool = False,
        mean: Colour | None = None,
        std: Colour | None = None,
    ) -> None:
        super().__init__(background, mean, std)
        self.frames = self.pictures = frames
        self.previous, self.grey = previous, grey
        self.channels = (1 if grey else RGB) * (1 + background + previous)
        self.framewise = not previous

    def suit(self, backbone: Backbone) -> None:
        super().suit(backbone)
        if not self.grey and self.channels > RGB:
            backbone.take_differences(GAIN, 0)

    def forward(self, frames: torch.Tensor, background: torch.Tensor | None = None) -> torch.Tensor:
        if frames.shape[1] != self.frames and not (self.framewise and frames.shape[1] == 1):
            raise InputError(f"the window has {frames.shape[1]} frames; expected {self.frames}")
        shown = [(frames - self.mean).div_(self.std)]
        if self.background:
            shown.append((frames - self.still(background)).mul_(GAIN / self.std))
        if self.previous:
            before = torch.cat([frames[:, :1], frames[:, :-1]], 1)
            shown.append((frames - before).mul_(GAIN / self.std))
        if self.grey:
            shown = [part.mean(2, keepdim=True) for part in shown]
        return torch.cat(shown, 2)
