"""What cameras and encoders do to a picture: blur and noise."""

from collections.abc import Mapping
from dataclasses import dataclass
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
        """``covariance`` (3,): variances of x and of y, and their covariance; 0 leaves it sharp."""
        u = rng.uniform
        # A line that is thinner would pass between the centres of the pixels.
        still = max(u(0, self.still), 0.3)
        moving, angle = u(0, self.motion), u(0, np.pi)
        x, y = moving * np.cos(angle), moving * np.sin(angle)
        covariance = np.array([still**2 + x * x, still**2 + y * y, x * y])
        return {"covariance": covariance * (u() < 0.5)}

    def apply(self, batch: Batch, drawn: Mapping[str, torch.Tensor]) -> Batch:
        chosen = drawn["covariance"].any(1).nonzero()[:, 0]
        if not len(chosen):
            return batch
        sxx, syy, sxy = (drawn["covariance"][chosen, i, None, None] for i in range(3))
        sxx, syy = sxx + 1e-3, syy + 1e-3  # a line has no inverse
        offset = torch.arange(-RADIUS, RADIUS + 1, device=sxx.device, dtype=torch.float32)
        x, y = offset[None, None, :], offset[None, :, None]
        distance = (syy * x**2 - 2 * sxy * x * y + sxx * y**2) / (sxx * syy - sxy**2)
        kernel = torch.exp(-distance / 2)
        kernel = (kernel / kernel.sum((1, 2), keepdim=True)).to(batch.pictures.dtype)
        # On a CPU a plane as a group, with its sample's kernel, is far faster than one of a batch.
        sharp = batch.pictures[chosen]
        n, p, c, h, w = sharp.shape
        padded = F.pad(sharp.view(1, n * p * c, h, w), (RADIUS,) * 4, "replicate")
        kernels = kernel.repeat_interleave(p * c, 0)[:, None]
        batch.pictures[chosen] = F.conv2d(padded, kernels, groups=n * p * c).view_as(sharp)
        return batch


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
        generator, frames = torch.Generator(batch.frames.device), batch.frames
        for i in drawn["strength"].nonzero()[:, 0].tolist():
            generator.manual_seed(int(drawn["seed"][i]))
            t, _, h, w = frames[i].shape
            noise = torch.randn(t, 1, h, w, device=frames.device, generator=generator)
            frames[i] = (frames[i] + drawn["strength"][i] * noise).clamp_(0, 1)
        return batch
