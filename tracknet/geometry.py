"""Original <-> network <-> heatmap pixels: the only place that knows the half-pixel rule.

Coordinates are (x, y) with pixel centres at integers, so scaling an image by s moves a point from
x to (x + 0.5) s - 0.5. Sizes are (H, W).
"""

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import torch

Points = TypeVar("Points", np.ndarray, torch.Tensor)
Size = tuple[int, int]


def scale_points(xy: Points, scale: float) -> Points:
    """Moves points (..., 2) along with an image that is scaled by `scale`."""
    return (xy + 0.5) * scale - 0.5


@dataclass(frozen=True)
class Letterbox:
    """Fits frames of one size into another, keeping their aspect ratio, with black borders.

    Attributes:
        source: (H, W) of the original frame.
        target: (H, W) of the network's input.
    """

    source: Size
    target: Size

    @property
    def inner(self) -> Size:
        """(H, W) of the picture inside the borders."""
        scale = min(self.target[0] / self.source[0], self.target[1] / self.source[1])
        return max(1, round(self.source[0] * scale)), max(1, round(self.source[1] * scale))

    @property
    def offset(self) -> tuple[int, int]:
        """(x, y) of the picture's first pixel in the target."""
        return (self.target[1] - self.inner[1]) // 2, (self.target[0] - self.inner[0]) // 2

    @property
    def scale(self) -> tuple[float, float]:
        """(x, y) target pixels per source pixel."""
        return self.inner[1] / self.source[1], self.inner[0] / self.source[0]

    def to_network(self, xy: np.ndarray) -> np.ndarray:
        """Original pixels (..., 2) to network pixels."""
        return scale_points(xy, np.asarray(self.scale)) + np.asarray(self.offset)

    def to_original(self, xy: np.ndarray) -> np.ndarray:
        """Network pixels (..., 2) to original pixels."""
        return scale_points(xy - np.asarray(self.offset), 1 / np.asarray(self.scale))

    def resize(self, frame: np.ndarray) -> np.ndarray:
        """A frame (H, W, 3) uint8 of the source size as one of the target size."""
        (h, w), (left, top) = self.inner, self.offset
        shrinks = h * w < self.source[0] * self.source[1]
        inner = cv2.resize(
            frame, (w, h), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        if (h, w) == self.target:
            return inner
        out = np.zeros((*self.target, 3), np.uint8)
        out[top : top + h, left : left + w] = inner
        return out
