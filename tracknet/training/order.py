"""The order of training samples, a pure function of (seed, epoch)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from torch.utils.data import Sampler


@dataclass(eq=False)
class EpochSampler(Sampler[tuple[int, ...]]):
    """Yields (epoch, index) in an order that depends on seed and epoch alone.

    The epoch travels with each index, since a worker cannot be told of a new epoch in time. Where
    to begin is asked when an iterator is made: Lightning makes a resumed run's first one before it
    calls `set_epoch`, and knows nothing of samples that were already used.

    Of several devices each takes every n-th sample of that order, as many as the others.

    With probabilities it yields (epoch, index, position in the epoch): by that, what is drawn again
    is augmented anew.

    Attributes:
        length: Number of samples.
        seed: Of the order.
        position: Says (epoch, samples of it already used, by all devices) at that moment.
        probabilities: (length,) of each draw; None takes every sample once.
        rank: Which device this is.
        devices: Of how many.
    """

    length: int
    seed: int
    position: Callable[[], tuple[int, int]]
    probabilities: np.ndarray | None = None
    rank: int = 0
    devices: int = 1

    def __len__(self) -> int:
        return self.length // self.devices

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        epoch, used = self.position()
        rng = np.random.default_rng([self.seed, epoch])
        own = slice(used + self.rank, len(self) * self.devices, self.devices)
        if self.probabilities is None:
            order = rng.permutation(self.length)
            return iter([(epoch, int(index)) for index in order[own]])
        order = rng.choice(self.length, self.length, p=self.probabilities)
        return iter([(epoch, int(index), place) for place, index in enumerate(order)][own])
