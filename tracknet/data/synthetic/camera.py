"""From the court in metres to pixels: a pinhole camera, and the small moves of its operator.

World coordinates in metres: x to the right, y away from the camera, z up, the origin at the
court's centre. Pixel centres are at integers.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """A camera behind the near side of the court, above it, tilted down, without roll.

    Attributes:
        distance: From the court's centre along y, metres.
        height: Metres.
        tilt: Downwards, radians.
        focal: Pixels.
        centre: (x, y) of the principal point, pixels.
    """

    distance: float
    height: float
    tilt: float
    focal: float
    centre: tuple[float, float]

    @classmethod
    def framing(cls, across: float, deep: float, size: tuple[int, int], steep: float) -> "Camera":
        """The camera whose picture of `size` is filled by a court of `across` x `deep` metres.

        Args:
            steep: Height as a share of the distance.
        """
        distance = 1.5 * max(across, deep)
        focal = 0.82 * size[1] * (distance - deep / 2) / across
        # The court's centre lies below the middle: the ball flies above the court.
        low = np.arctan(0.14 * size[0] / focal)
        tilt = float(np.arctan(steep) - low)
        return cls(distance, steep * distance, tilt, focal, ((size[1] - 1) / 2, (size[0] - 1) / 2))

    def project(self, world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (..., 3) to pixels (..., 2) and to their scale (...), pixels per metre."""
        x, y, z = world[..., 0], world[..., 1] + self.distance, world[..., 2] - self.height
        forward = y * np.cos(self.tilt) - z * np.sin(self.tilt)
        down = -y * np.sin(self.tilt) - z * np.cos(self.tilt)
        scale = self.focal / forward
        return np.stack([x * scale, down * scale], -1) + self.centre, scale


@dataclass(frozen=True)
class View:
    """How one frame shows the camera's picture: zoomed about `centre`, then shifted, pixels."""

    zoom: float
    shift: np.ndarray
    centre: np.ndarray

    def apply(self, xy: np.ndarray) -> np.ndarray:
        """Points (..., 2) of the resting camera's picture to points of the frame."""
        return (xy - self.centre) * self.zoom + self.centre + self.shift

    def matrix(self, margin: int) -> np.ndarray:
        """(2, 3) affine map to the frame from a picture with `margin` more pixels on each side."""
        offset = self.apply(np.full(2, -margin, float))
        return np.array([[self.zoom, 0, offset[0]], [0, self.zoom, offset[1]]])


def views(
    rng: np.random.Generator, camera: Camera, frames: int, fps: float, moving: bool
) -> list[View]:
    """One view a frame: all alike, or a slow pan and zoom with a little shake."""
    centre = np.array(camera.centre)
    if not moving:
        return [View(1.0, np.zeros(2), centre)] * frames
    t = np.arange(frames)[:, None] / fps
    period, phase = rng.uniform(2.5, 5, 3), rng.uniform(0, 2 * np.pi, 3)
    reach = np.array([rng.uniform(10, 22), rng.uniform(2, 7), 0.04])
    slow = reach * np.sin(2 * np.pi * t / period + phase)
    shake = 0.6 * np.sin(2 * np.pi * t * rng.uniform(2, 5, 2) + phase[:2])
    return [
        View(1.05 + zoom, shift, centre)
        for zoom, shift in zip(slow[:, 2], slow[:, :2] + shake, strict=True)
    ]
