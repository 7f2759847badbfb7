"""A loader that works while the network does."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from torch.utils.data import DataLoader

from tracknet.process import step_back
from tracknet.video import prefetch


class AheadLoader(DataLoader):
    """A `DataLoader` whose own process reads the next batch in a thread, where it has no workers.

    As with workers, the order is asked of the sampler when an iterator is made, and what is wrong
    with a batch is raised when that batch is asked for.
    """

    def __iter__(self) -> Iterator[Any]:
        batches = super().__iter__()
        if self.num_workers:
            return batches
        try:
            first = next(batches, None)
        except Exception as error:
            return _failing(error)
        return iter(()) if first is None else prefetch(_aside(chain([first], batches)), 1)


def _aside(batches: Iterator[Any]) -> Iterator[Any]:
    # Every layer waits for the slowest of its threads, and that is the one that has to share.
    step_back()
    yield from batches


def _failing(error: Exception) -> Iterator[Any]:
    raise error
    yield
