"""A batch of windows on the device."""

from dataclasses import dataclass, replace
from typing import Any

import torch


@dataclass(frozen=True)
class Batch:
    """What the training step sees.

    Attributes:
        pictures: (B,P,3,H,W) in 0..1, backgrounds first; (B,P,H,W,3) uint8 until `in_unit`, or a
            step of the augmentation that is made for bytes, has turned them.
        xy: (B,T,K,2) pixels of the pictures.
        visibility: (B,T,K): -1 unlabelled, 0 no ball, above 0 a ball.
        window: (B,2): clip and first frame.
    """

    pictures: torch.Tensor
    xy: torch.Tensor
    visibility: torch.Tensor
    window: torch.Tensor

    @classmethod
    def of(cls, raw: dict[str, Any]) -> "Batch":
        """What a loader of a `WindowDataset` gives, on the device already."""
        return cls(raw["pictures"], raw["xy"], raw["visibility"], raw["window"])

    def __len__(self) -> int:
        return len(self.xy)

    @property
    def still(self) -> int:
        """How many of the pictures are not part of the passage of time, 0 or 1."""
        return self.pictures.shape[1] - self.xy.shape[1]

    @property
    def frames(self) -> torch.Tensor:
        """The pictures (B,T,...) but the background."""
        return self.pictures[:, self.still :]

    @property
    def background(self) -> torch.Tensor | None:
        """The clip's median frame (B,...)."""
        return self.pictures[:, 0] if self.still else None

    def in_unit(self) -> "Batch":
        """The same batch with its pictures in 0..1."""
        if self.pictures.dtype != torch.uint8:
            return self
        return replace(self, pictures=to_unit(self.pictures))


def to_unit(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 (...,H,W,3) -> float (...,3,H,W) in 0..1."""
    # Planes in memory too: warping interleaved channels takes twice as long.
    planes = pictures.movedim(-1, -3)
    return planes.to(torch.float32, memory_format=torch.contiguous_format).div_(255)
