"""Steps that are drawn per sample in the loader and applied to whole batches on the device."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from tracknet.data.batch import Batch
from tracknet.geometry import Size

Drawn = Mapping[str, np.ndarray | float | bool]


class Step(Protocol):
    """One kind of change, alike for all pictures of a window; an entry of group ``transform``.

    A step with an attribute ``takes_bytes`` that is true gets the pictures as they lie in the
    store, if it is the first one, and gives them in 0..1.
    """

    def draw(self, rng: np.random.Generator, size: Size, balls: np.ndarray) -> Drawn:
        """One sample's parameters, by name: a function of the arguments alone.

        Args:
            rng: The sample's own generator.
            size: (H, W) of the stored frames.
            balls: (n, 2) where in them the window has a ball, in their pixels.
        """
        ...

    def apply(self, batch: Batch, drawn: Mapping[str, torch.Tensor]) -> Batch:
        """Changes pictures, and labels where they move; pictures may be changed in place.

        Args:
            batch: Pictures (B,P,3,H,W) in 0..1, xy in their pixels.
            drawn: What `draw` gave, stacked along B: integers as int64, all else as float32.
        """
        ...


@dataclass(frozen=True)
class Augmentation:
    """Steps, one after the other.

    Attributes:
        steps: By name, in their order.
    """

    steps: Mapping[str, Step]

    def draw(
        self, rng: np.random.Generator, size: Size, balls: np.ndarray
    ) -> dict[str, dict[str, np.ndarray]]:
        """What each step draws for one sample; see `Step.draw`."""
        return {
            name: {key: _plain(value) for key, value in step.draw(rng, size, balls).items()}
            for name, step in self.steps.items()
        }

    def apply(self, batch: Batch, drawn: Mapping[str, Mapping[str, torch.Tensor]]) -> Batch:
        """The batch after all steps, in 0..1."""
        for name, step in self.steps.items():
            if not getattr(step, "takes_bytes", False):
                batch = batch.in_unit()
            batch = step.apply(batch, drawn[name])
        return batch.in_unit()


def _plain(value: np.ndarray | float | bool) -> np.ndarray:
    array = np.asarray(value)
    return array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
