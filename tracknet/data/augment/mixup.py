"""Two windows laid over each other: faint balls before a restless ground."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from tracknet.data.augment.augmentation import Drawn
from tracknet.data.batch import Batch
from tracknet.geometry import Size
from tracknet.types import ABSENT
from tracknet.values import Share

SHARES = (0.4, 0.6)
"""Of the window that is laid over another: neither ball fades away."""


@dataclass(frozen=True)
class Mixup:
    """Lays another window of the batch over some of its windows; the balls of both are wanted.

    Attributes:
        probability: Of a window.
    """

    probability: Share = 0.2

    def draw(self, rng: np.random.Generator, size: Size, balls: np.ndarray) -> Drawn:
        """``share`` of the other window, 0 for none, and ``partner``, which one, in 0..1.

        As a share of the batch: the sampler's order decides it, so it is the same at every run.
        """
        u = rng.uniform
        return {"share": u(*SHARES) * (u() < self.probability), "partner": u()}

    def apply(self, batch: Batch, drawn: Mapping[str, torch.Tensor]) -> Batch:
        pictures, visibility = batch.pictures, batch.visibility
        mixed = drawn["share"] > 0
        partner = partners(drawn["partner"])
        chosen = mixed.nonzero()[:, 0]
        if len(chosen):
            share = drawn["share"][chosen].view(-1, 1, 1, 1, 1)
            # Read before anything is written: a partner may be mixed itself.
            pictures[chosen] = torch.lerp(pictures[chosen], pictures[partner[chosen]], share)
        other = visibility[partner]
        other = other.where(mixed[:, None, None], torch.full_like(other, ABSENT))
        return replace(
            batch,
            xy=torch.cat([batch.xy, batch.xy[partner]], 2),
            visibility=torch.cat([visibility, other], 2),
        )


def partners(where: torch.Tensor) -> torch.Tensor:
    """(B,) for each window of a batch another one, chosen by (B,) shares of the others, 0..1."""
    count = len(where)
    step = 1 + (where * (count - 1)).long()
    return (torch.arange(count, device=where.device) + step) % count
