"""A loader that works while the network does."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from torch.utils.data import DataLoader

from tracknet.video import prefetch


class AheadLoader(DataLoader):
    """A `DataLoader` whose own process reads the next batch in a thread, where it has no workers.

    As with workers, the order is asked of the sampler when an iterator is made.
    """

    def __iter__(self) -> Iterator[Any]:
        batches = super().__iter__()
        if self.num_workers:
            return batches
        first = next(batches, None)
        return iter(()) if first is None else prefetch(chain([first], batches), 1)
