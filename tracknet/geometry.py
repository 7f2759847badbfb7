"""Original <-> network <-> heatmap pixels: the only place that knows how they hang together.

Coordinates are (x, y) with pixel centres at integers, so scaling an image by s moves a point from
x to (x + 0.5) s - 0.5. Sizes are (H, W).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import torch

Points = TypeVar("Points", np.ndarray, "torch.Tensor")
Size = tuple[int, int]


def scale_points(xy: Points, scale: float | Points) -> Points:
    """Moves points (..., 2) along with an image that is scaled by `scale`."""
    return (xy + 0.5) * scale - 0.5


def inside(xy: np.ndarray, size: Size) -> np.ndarray:
    """Points (..., 2), moved to the nearest pixel of a picture (H, W) where they lie outside."""
    return xy.clip(0, (size[1] - 1, size[0] - 1))


@dataclass(frozen=True)
class Fit(ABC):
    """How frames of one size become the network's input; a choice of group ``fit``.

    Attributes:
        source: (H, W) of the original frame.
        target: (H, W) of the network's input.
    """

    source: Size
    target: Size

    @abstractmethod
    def to_network(self, xy: np.ndarray) -> np.ndarray:
        """Original pixels (..., 2) to network pixels."""

    @abstractmethod
    def to_original(self, xy: np.ndarray) -> np.ndarray:
        """Network pixels (..., 2) to original pixels."""

    @abstractmethod
    def resize(self, frame: np.ndarray) -> np.ndarray:
        """A frame (H, W, 3) uint8 of the source size as one of the target size."""


def to_original(fit: Fit, candidates: np.ndarray) -> np.ndarray:
    """Candidates (..., 3), network x, y and score, as original ones, within the frame.

    Half a heatmap pixel can lie outside.
    """
    xy = inside(fit.to_original(candidates[..., :2].astype(np.float64)), fit.source)
    return np.concatenate([xy, candidates[..., 2:]], -1)


class Letterbox(Fit):
    """The whole frame, its aspect ratio kept, between black borders."""

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
    def scale(self) -> np.ndarray:
        """(x, y) target pixels per source pixel."""
        return np.divide(self.inner, self.source)[::-1]

    def to_network(self, xy: np.ndarray) -> np.ndarray:
        return scale_points(xy, self.scale) + self.offset

    def to_original(self, xy: np.ndarray) -> np.ndarray:
        return scale_points(xy - self.offset, 1 / self.scale)

    def resize(self, frame: np.ndarray) -> np.ndarray:
        return self.framed(_resized(frame, self.inner))

    def framed(self, picture: np.ndarray) -> np.ndarray:
        """A picture of size `inner` with its borders."""
        (h, w), (left, top) = self.inner, self.offset
        bottom, right = self.target[0] - top - h, self.target[1] - left - w
        return cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_CONSTANT)


class Stretch(Letterbox):
    """Fills the network's input, each side scaled by itself."""

    @property
    def inner(self) -> Size:
        return self.target

    def resize(self, frame: np.ndarray) -> np.ndarray:
        # One side after the other: where one shrinks and one grows, OpenCV averages neither.
        return _resized(_resized(frame, (self.target[0], self.source[1])), self.target)


class Affine(Fit):
    """As WASB's code does: middle on middle, the frame's longer side as wide as the input.

    Without the half pixel of `scale_points`; networks that were trained so are off by it elsewhere
    (nttcom/WASB-SBDT, src/utils/image.py).
    """

    @property
    def _scale(self) -> float:
        return self.target[1] / max(self.source)

    @property
    def _shift(self) -> np.ndarray:
        return np.array(self.target[::-1]) / 2 - self._scale * np.array(self.source[::-1]) / 2

    def to_network(self, xy: np.ndarray) -> np.ndarray:
        return xy * self._scale + self._shift

    def to_original(self, xy: np.ndarray) -> np.ndarray:
        return (xy - self._shift) / self._scale

    def resize(self, frame: np.ndarray) -> np.ndarray:
        matrix = np.column_stack([self._scale * np.eye(2), self._shift])
        return cv2.warpAffine(frame, matrix, self.target[::-1], flags=cv2.INTER_LINEAR)


class Bicubic(Fit):
    """As TrackNetV3's code does: each side scaled by itself, by Pillow's bicubic filter.

    Pillow widens the filter where a frame shrinks, so that nothing is skipped. Labels are scaled
    without the half pixel of `scale_points` (qaz812345/TrackNetV3, dataset.py).
    """

    @property
    def _scale(self) -> np.ndarray:
        """(x, y) target pixels per source pixel."""
        return np.divide(self.target, self.source)[::-1]

    def to_network(self, xy: np.ndarray) -> np.ndarray:
        return xy * self._scale

    def to_original(self, xy: np.ndarray) -> np.ndarray:
        return xy / self._scale

    def resize(self, frame: np.ndarray) -> np.ndarray:
        size = self.target[1], self.target[0]
        return np.array(Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC))


def _resized(frame: np.ndarray, size: Size) -> np.ndarray:
    """A frame in another size, by the half-pixel rule; averaged over the area where it shrinks."""
    shrinks = np.prod(size) < np.prod(frame.shape[:2])
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(frame, size[::-1], interpolation=way)
