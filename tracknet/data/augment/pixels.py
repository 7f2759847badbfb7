"""Changes of pixels that stay where they are: colour, blur and noise."""

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

GRAY = (0.299, 0.587, 0.114)  # ITU-R BT.601
RADIUS = 4
"""Half width of the blur's kernel in pixels: sds up to about 2 are not cut off."""

Spread = Annotated[float, Field(ge=0, le=RADIUS)]


@dataclass(frozen=True)
class Colour:
    """Saturation, tint, contrast and brightness as one 3x3 colour matrix per sample; then gamma.

    Attributes:
        brightness: Largest change of all channels, in 0..1.
        contrast: Largest relative change of the contrast.
        saturation: Largest relative change of the saturation.
        tint: Largest relative change of a single channel.
        gamma: Largest exponent, drawn log-uniformly from [1 / gamma, gamma].
    """

    brightness: Share = 0.0
    contrast: Share = 0.0
    saturation: Share = 0.0
    tint: Share = 0.0
    gamma: Annotated[float, Field(ge=1, le=10)] = 1.0

    def draw(self, rng: np.random.Generator, size: Size, balls: np.ndarray) -> Drawn:
        """``amounts`` (6,): brightness; factors of contrast, saturation, R, G and B; ``gamma``."""
        largest = [self.brightness, self.contrast, self.saturation, *[self.tint] * 3]
        amounts = rng.uniform(-1, 1, 6) * largest + [0, 1, 1, 1, 1, 1]
        return {"amounts": amounts, "gamma": self.gamma ** rng.uniform(-1, 1)}

    def apply(self, batch: Batch, drawn: Mapping[str, torch.Tensor]) -> Batch:
        amounts = drawn["amounts"]
        brightness, contrast, saturation = (amounts[:, i, None, None] for i in range(3))
        gray = amounts.new_tensor(GRAY).expand(3, 3)
        matrix = torch.lerp(gray, torch.eye(3, device=gray.device), saturation)
        matrix = contrast * amounts[:, 3:6, None] * matrix
        # Contrast turns about middle gray, so that it does not brighten.
        shift = (0.5 - 0.5 * contrast + brightness).expand(-1, 3, 1)
        b, p, _, h, w = batch.pictures.shape
        pictures = torch.baddbmm(
            shift.repeat_interleave(p, 0),
            matrix.repeat_interleave(p, 0),
            batch.pictures.reshape(b * p, 3, h * w),
        )
        pictures = pictures.clamp_(0, 1).view(b, p, 3, h, w)
        if self.gamma != 1:
            pictures.pow_(drawn["gamma"].view(-1, 1, 1, 1, 1))
        return replace(batch, pictures=pictures)


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
        return {"strength": u(0, self.strength) * (u() < 0.5), "seed": int(rng.integers(1 << 62))}

    def apply(self, batch: Batch, drawn: Mapping[str, torch.Tensor]) -> Batch:
        generator, frames = torch.Generator(batch.frames.device), batch.frames
        for i in drawn["strength"].nonzero()[:, 0].tolist():
            generator.manual_seed(int(drawn["seed"][i]))
            t, _, h, w = frames[i].shape
            noise = torch.randn(t, 1, h, w, device=frames.device, generator=generator)
            frames[i] = (frames[i] + drawn["strength"][i] * noise).clamp_(0, 1)
        return batch
