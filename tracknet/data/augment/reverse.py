"""Windows that run backwards in time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from tracknet.data.augment.augmentation import Drawn
from tracknet.data.batch import Batch
from tracknet.geometry import Size
from tracknet.values import Share


@dataclass(frozen=True)
class Reverse:
    """Turns the frames of a window round; not where labels sit on a fast ball's leading end.

    Attributes:
        probability: Of a window.
    """

    probability: Share = 0.5

    def draw(self, rng: np.random.Generator, size: Size, balls: np.ndarray) -> Drawn:
        return {"reverse": rng.uniform() < self.probability}

    def apply(self, batch: Batch, drawn: Mapping[str, torch.Tensor]) -> Batch:
        backwards, xy, visibility = drawn["reverse"] > 0.5, batch.xy, batch.visibility
        batch.frames[backwards] = batch.frames[backwards].flip(1)
        return replace(
            batch,
            xy=xy.flip(1).where(backwards[:, None, None, None], xy),
            visibility=visibility.flip(1).where(backwards[:, None, None], visibility),
        )
