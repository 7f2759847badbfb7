"""What cameras and encoders do to a picture: blur and noise."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field

from tracknet.data.augment.augmentation import Drawn
from tracknet.data.batch import Batch
from tracknet.geometry import Size
from tracknet.values import Share

RADIUS = 4
"""Half width of the blur's kernel in pixels: sds up to about 2 are not cut off."""

Spread = Annotated[float, Field(ge=0, le=RADIUS)]


@dataclass(frozen=True)
class Blur:
    """A Gaussian, in half of the samples; one that is long in one direction is motion blur.

    Attributes:
        still: Largest standard deviation in every direction, in network pixels.
        motion: The same along a random direction, added to it.
    """

    still: Spread = 0.0
    motion: Spread = 0.0

    def draw(self, rng: np.random.Generator, size: Size, balls: np.ndarray) -> Drawn:
        """``covariance`` (3,), see `blur`."""
        u = rng.uniform
        # A line that is thinner would pass between the centres of the pixels.
        still = max(u(0, self.still), 0.3)
        moving, angle = u(0, self.motion), u(0, np.pi)
        x, y = moving * np.cos(angle), moving * np.sin(angle)
        covariance = np.array([still**2 + x * x, still**2 + y * y, x * y])
        return {"covariance": covariance * (u() < 0.5)}

    def apply(self, batch: Batch, drawn: Mapping[str, torch.Tensor]) -> Batch:
        return replace(batch, pictures=blur(batch.pictures, drawn["covariance"]))


@dataclass(frozen=True)
class Noise:
    """Gaussian noise in the brightness of each frame, in half of the samples; not in backgrounds.

    Attributes:
        strength: Largest standard deviation, in 0..1.
    """

    strength: Share = 0.0

    def draw(self, rng: np.random.Generator, size: Size, balls: np.ndarray) -> Drawn:
        """``strength``, and the ``seed`` of the sample's own noise."""
        u = rng.uniform
        return {"strength": u(0, self.strength) * (u() < 0.5), "seed": rng.integers(1 << 62)}

    def apply(self, batch: Batch, drawn: Mapping[str, torch.Tensor]) -> Batch:
        add_noise(batch.frames, drawn["strength"], drawn["seed"])
        return batch


def blur(pictures: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
    """Blurs each sample by a Gaussian, which is symmetric and so moves nothing.

    One that is long in one direction is motion blur.

    Args:
        pictures: (B,P,3,h,w).
        covariance: (B,3) variances of x and of y and their covariance, in square pixels; the
            samples in which all are 0 are not touched.
    """
    chosen = covariance.any(1).nonzero()[:, 0]
    if not len(chosen):
        return pictures
    sxx, syy, sxy = (covariance[chosen, i, None, None] for i in range(3))
    sxx, syy = sxx + 1e-3, syy + 1e-3  # a line has no inverse
    offset = torch.arange(-RADIUS, RADIUS + 1, device=pictures.device, dtype=torch.float32)
    x, y = offset[None, None, :], offset[None, :, None]
    distance = (syy * x**2 - 2 * sxy * x * y + sxx * y**2) / (sxx * syy - sxy**2)
    kernel = torch.exp(-distance / 2)
    kernel = (kernel / kernel.sum((1, 2), keepdim=True)).to(pictures.dtype)
    # Every plane is a group with its sample's kernel: far faster on a CPU than planes as a batch.
    sharp = pictures[chosen]
    n, p, c, h, w = sharp.shape
    padded = F.pad(sharp.view(1, n * p * c, h, w), (RADIUS,) * 4, "replicate")
    kernels = kernel.repeat_interleave(p * c, 0)[:, None]
    pictures[chosen] = F.conv2d(padded, kernels, groups=n * p * c).view_as(sharp)
    return pictures


def add_noise(frames: torch.Tensor, strength: torch.Tensor, seed: torch.Tensor) -> torch.Tensor:
    """Adds Gaussian noise to the brightness of each frame.

    Args:
        frames: (B,T,3,h,w) in 0..1, a view that is changed in place.
        strength: (B,) standard deviation; the samples in which it is 0 are not touched.
        seed: (B,) int64, of each sample's own generator: the noise depends on nothing else.
    """
    generator = torch.Generator(frames.device)
    for i in strength.nonzero()[:, 0].tolist():
        generator.manual_seed(int(seed[i]))
        t, _, h, w = frames[i].shape
        noise = torch.randn(t, 1, h, w, device=frames.device, generator=generator)
        frames[i] = (frames[i] + strength[i] * noise).clamp_(0, 1)
    return frames
