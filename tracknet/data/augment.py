"""Augmentation of whole windows: drawn per sample in the loader, applied on the device."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from tracknet.types import ABSENT

GRAY = (0.299, 0.587, 0.114)  # ITU-R BT.601


@dataclass(frozen=True)
class Augmentation:
    """Flips, an affine warp, a crop and colour jitter, alike for all frames of a window.

    Attributes:
        crop: (H, W) of the output in network pixels; None keeps the whole frame. The crop lies
            inside the frame as far as it fits.
        on_ball: Share of crops that are placed to hold a ball, where the window has one.
        flip: Probability of a horizontal flip.
        reverse: Probability that the window runs backwards in time.
        scale: Largest zoom, drawn log-uniformly from [1 / scale, scale].
        rotation: Largest angle, in degrees.
        shift: Largest translation without a crop, as a share of the frame's sides.
        brightness: Largest change of all channels, in 0..1.
        contrast: Largest relative change of the contrast.
        saturation: Largest relative change of the saturation.
        tint: Largest relative change of a single channel.
    """

    crop: Sequence[int] | None = None
    on_ball: float = 0.8
    flip: float = 0.5
    reverse: float = 0.0
    scale: float = 1.0
    rotation: float = 0.0
    shift: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    tint: float = 0.0

    def draw(
        self,
        rng: np.random.Generator,
        size: tuple[int, int],
        xy: np.ndarray,
        visibility: np.ndarray,
    ) -> np.ndarray:
        """One sample's parameters.

        Args:
            rng: The sample's own generator.
            size: (H, W) of the frames.
            xy: (T, 2) network pixels.
            visibility: (T,).

        Returns:
            (13,) float32: 2x3 matrix from output to input pixels, reverse, brightness, contrast,
            saturation, three channel gains.
        """
        u = rng.uniform
        zoom = self.scale ** u(-1, 1)
        angle = np.deg2rad(u(-self.rotation, self.rotation))
        mirror = -1.0 if u() < self.flip else 1.0
        cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
        # Output offset from its centre -> input offset from its centre.
        linear = np.array([[mirror * cos, -mirror * sin], [sin, cos]])
        output = np.array(self.crop or size, float)[::-1]
        centre = self._centre(rng, np.array(size, float)[::-1], linear * output, xy, visibility)
        offset = centre - linear @ ((output - 1) / 2)
        return np.array(
            [
                *np.column_stack([linear, offset]).ravel(),
                u() < self.reverse,
                u(-self.brightness, self.brightness),
                1 + u(-self.contrast, self.contrast),
                1 + u(-self.saturation, self.saturation),
                *(1 + u(-self.tint, self.tint, 3)),
            ],
            np.float32,
        )

    def _centre(self, rng, size, sides, xy, visibility) -> np.ndarray:
        """(x, y) input pixels on which the output, with these sides as columns, is centred."""
        middle = (size - 1) / 2
        if self.crop is None:
            return middle + rng.uniform(-self.shift, self.shift, 2) * size
        slack = np.maximum(size - np.abs(sides).sum(1), 0) / 2
        centre = middle + rng.uniform(-slack, slack)
        balls = xy[visibility > ABSENT]
        if rng.uniform() < self.on_ball and len(balls):
            ball = balls[rng.integers(len(balls))]
            centre = ball + sides @ rng.uniform(-0.45, 0.45, 2)
        return np.clip(centre, middle - slack, middle + slack)

    def apply(
        self,
        pictures: torch.Tensor,
        xy: torch.Tensor,
        visibility: torch.Tensor,
        parameters: torch.Tensor,
        still: int,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Augments a batch on its device.

        Args:
            pictures: (B,P,3,H,W) in 0..1, the first `still` of them backgrounds.
            xy: (B,T,2) network pixels.
            visibility: (B,T).
            parameters: (B,13) of `draw`.
            still: How many pictures are not part of the passage of time.

        Returns:
            Pictures (B,P,3,h,w), xy (B,T,2) in their pixels, visibility (B,T).
        """
        matrix = parameters[:, :6].view(-1, 2, 3)
        pictures = self._warp(pictures, matrix)
        offset = (xy - matrix[:, None, :, 2])[..., None]
        xy = torch.linalg.solve(matrix[:, None, :, :2], offset)[..., 0]
        backwards = parameters[:, 6] > 0.5
        if self.reverse:
            xy = torch.where(backwards[:, None, None], xy.flip(1), xy)
            visibility = torch.where(backwards[:, None], visibility.flip(1), visibility)
            pictures[backwards, still:] = pictures[backwards, still:].flip(1)
        return self._recolour(pictures, parameters[:, 7:]), xy, visibility

    def _warp(self, pictures: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
        h, w = self.crop or pictures.shape[-2:]
        size = torch.tensor([pictures.shape[-1], pictures.shape[-2]], device=pictures.device)
        x = torch.arange(w, device=pictures.device, dtype=torch.float32)
        y = torch.arange(h, device=pictures.device, dtype=torch.float32)
        a = matrix[:, None, None]
        points = x[None, None, :, None] * a[..., 0] + y[None, :, None, None] * a[..., 1] + a[..., 2]
        grid = (2 * points + 1) / size - 1
        flat = pictures.flatten(1, 2)
        warped = F.grid_sample(flat, grid.to(flat.dtype), "bilinear", "zeros", align_corners=False)
        return warped.unflatten(1, pictures.shape[1:3])

    def _recolour(self, pictures: torch.Tensor, parameters: torch.Tensor) -> torch.Tensor:
        """Saturation, tint, contrast and brightness as one 3x3 colour matrix per sample."""
        brightness, contrast, saturation = (parameters[:, i, None, None] for i in range(3))
        gains = parameters[:, 3:6, None]
        gray = parameters.new_tensor(GRAY).expand(3, 3)
        matrix = contrast * gains * torch.lerp(gray, torch.eye(3, device=gray.device), saturation)
        # Contrast turns about middle gray, so that it does not brighten.
        shift = (0.5 - 0.5 * contrast + brightness).expand(-1, 3, 1)
        b, p, _, h, w = pictures.shape
        recoloured = torch.baddbmm(
            shift.repeat_interleave(p, 0),
            matrix.repeat_interleave(p, 0),
            pictures.reshape(b * p, 3, h * w),
        )
        return recoloured.clamp_(0, 1).view(b, p, 3, h, w)
