"""What moves before the background of another window: more venues than there are clips of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F

from tracknet.data.augment.augmentation import Drawn
from tracknet.data.augment.mixup import partners
from tracknet.data.batch import Batch
from tracknet.geometry import Size
from tracknet.types import ABSENT
from tracknet.values import Share

FAINT, PLAIN = 0.03, 0.12
"""Differences to the background up to which a pixel is it, and from which it is before it."""
NEAR = 7
"""Pixels round a label, across, in which its ball must be plain."""


@dataclass(frozen=True)
class Backdrop:
    """Puts the background of another window of the batch behind some of its windows.

    A pixel keeps its own value where it differs plainly from its background; where it does not, its
    difference goes to the new one. Windows with a ball that is hardly more than a part of their
    own background keep it: the ball would be gone.

    Attributes:
        probability: Of a window. For windows with a background only.
    """

    needs_background: ClassVar[bool] = True

    probability: Share = 0.5

    def draw(self, rng: np.random.Generator, size: Size, balls: np.ndarray) -> Drawn:
        """``chosen``, and ``partner``, whose background, in 0..1 as a share of the batch."""
        return {"chosen": rng.uniform() < self.probability, "partner": rng.uniform()}

    def apply(self, batch: Batch, drawn: Mapping[str, torch.Tensor]) -> Batch:
        pictures = batch.pictures
        partner = partners(drawn["partner"])
        chosen = drawn["chosen"].nonzero()[:, 0].tolist()
        others = {sample: pictures[partner[sample], 0].clone() for sample in chosen}
        for sample, other in others.items():
            still, frames = pictures[sample, 0], pictures[sample, 1:]
            difference = frames - still
            before = ((difference.abs().amax(1) - FAINT) / (PLAIN - FAINT)).clamp(0, 1)
            if _plain(before, batch.xy[sample], batch.visibility[sample] > ABSENT):
                moved = difference + other
                frames.copy_(moved.lerp(frames, before[:, None]).clamp(0, 1))
                still.copy_(other)
        return batch


def _plain(before: torch.Tensor, xy: torch.Tensor, shown: torch.Tensor) -> bool:
    """Whether all balls (T,K,2) of a window are plain in `before` (T,H,W)."""
    spread = F.max_pool2d(before[:, None], NEAR, 1, NEAR // 2)[:, 0]
    frame, ball = shown.nonzero(as_tuple=True)
    x, y = xy[frame, ball].round().long().unbind(-1)
    height, width = before.shape[1:]
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    own = spread[frame, y.clamp(0, height - 1), x.clamp(0, width - 1)]
    return bool((own >= 0.5)[inside].all())
