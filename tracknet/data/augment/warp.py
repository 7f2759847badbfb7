"""Flips, zooms, turns, shifts and crops as one affine warp."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field

from tracknet.data.augment.augmentation import Drawn
from tracknet.data.batch import Batch, to_unit
from tracknet.geometry import Size
from tracknet.values import Count, Share


@dataclass(frozen=True)
class Warp:
    """Samples every picture of a window at the same places; black outside.

    Attributes:
        crop: (H, W) of the output in network pixels; None keeps the whole frame. The crop lies
            inside the frame as far as it fits.
        on_ball: Share of crops that are placed to hold a ball, where the window has one.
        flip: Probability of a horizontal flip.
        scale: Largest zoom, drawn log-uniformly from [1 / scale, scale].
        rotation: Largest angle, in degrees.
        shift: Largest translation without a crop, as a share of the frame's sides.
    """

    takes_bytes: ClassVar[bool] = True

    crop: tuple[Count, Count] | None = None
    on_ball: Share = 0.8
    flip: Share = 0.5
    scale: Annotated[float, Field(ge=1, le=10)] = 1.0
    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    shift: Share = 0.0

    def draw(self, rng: np.random.Generator, size: Size, balls: np.ndarray) -> Drawn:
        """``matrix`` (2,3) from output to input pixels."""
        u = rng.uniform
        zoom = self.scale ** u(-1, 1)
        angle = np.deg2rad(u(-self.rotation, self.rotation))
        mirror = -1.0 if u() < self.flip else 1.0
        cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
        # Output offset from its centre -> input offset from its centre.
        linear = np.array([[mirror * cos, -mirror * sin], [sin, cos]])
        output = np.array(self.crop or size, float)[::-1]
        centre = self._centre(rng, np.array(size, float)[::-1], linear * output, balls)
        return {"matrix": np.column_stack([linear, centre - linear @ ((output - 1) / 2)])}

    def _centre(
        self, rng: np.random.Generator, size: np.ndarray, sides: np.ndarray, balls: np.ndarray
    ) -> np.ndarray:
        """(x, y) input pixels on which the output, with these sides as columns, is centred."""
        middle = (size - 1) / 2
        if self.crop is None:
            return middle + rng.uniform(-self.shift, self.shift, 2) * size
        slack = np.maximum(size - np.abs(sides).sum(1), 0) / 2
        centre = middle + rng.uniform(-slack, slack)
        if rng.uniform() < self.on_ball and len(balls):
            ball = balls[rng.integers(len(balls))]
            centre = ball + sides @ rng.uniform(-0.45, 0.45, 2)
        return np.clip(centre, middle - slack, middle + slack)

    def apply(self, batch: Batch, drawn: Mapping[str, torch.Tensor]) -> Batch:
        matrix = drawn["matrix"]
        # A CPU takes windows one by one: memory for all of them at once comes fresh from the
        # system, page by page, which takes longer than the work.
        length = 1 if matrix.device.type == "cpu" else len(batch)
        parts = zip(batch.pictures.split(length), matrix.split(length), strict=True)
        pictures = torch.cat([warp(part, own, self.crop) for part, own in parts])
        return replace(batch, pictures=pictures, xy=move(batch.xy, matrix))


def warp(pictures: torch.Tensor, matrix: torch.Tensor, size: Sequence[int] | None) -> torch.Tensor:
    """Pictures (B,P,H,W,3) uint8 or (B,P,3,H,W) in 0..1 -> (B,P,3,h,w) in 0..1.

    Args:
        pictures: What is sampled.
        matrix: (B,2,3) from output to input pixels.
        size: (h, w) of the output; None for that of the input.
    """
    if pictures.dtype == torch.uint8:
        pictures = to_unit(pictures)
    flat = pictures.flatten(1, 2)
    grid = _grid(matrix, flat.shape[-2:], size or flat.shape[-2:])
    out = F.grid_sample(flat, grid.to(flat.dtype), "bilinear", "zeros", align_corners=False)
    return out.unflatten(1, pictures.shape[1:3])


def _grid(matrix: torch.Tensor, source: Sequence[int], size: Sequence[int]) -> torch.Tensor:
    """(B,h,w,2) where each pixel of the output is sampled, as `grid_sample` counts."""
    x = torch.arange(size[1], device=matrix.device, dtype=torch.float32)
    y = torch.arange(size[0], device=matrix.device, dtype=torch.float32)
    a = matrix[:, None, None]
    points = x[None, None, :, None] * a[..., 0] + y[None, :, None, None] * a[..., 1] + a[..., 2]
    return (2 * points + 1) / torch.tensor([source[1], source[0]], device=matrix.device) - 1


def move(xy: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Where points (B,...,2) of the input lie in the output of `warp`."""
    matrix = matrix.view(len(matrix), *[1] * (xy.ndim - 2), 2, 3)
    offset = (xy - matrix[..., 2])[..., None]
    return torch.linalg.solve(matrix[..., :2], offset)[..., 0]
