"""Changes of colour, alike for all pictures of a window."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from tracknet.data.augment.augmentation import Drawn
from tracknet.data.batch import Batch
from tracknet.geometry import Size
from tracknet.values import Share

GRAY = (0.299, 0.587, 0.114)  # ITU-R BT.601


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
