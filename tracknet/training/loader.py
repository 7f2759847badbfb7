"""A loader that works while the network does."""

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from torch.utils.data import DataLoader
from torch.utils.data._utils import signal_handling

from tracknet.errors import InputError
from tracknet.process import step_back
from tracknet.signals import deaf_children
from tracknet.video import prefetch


class AheadLoader(DataLoader):
    """A `DataLoader` whose own process reads the next batch in a thread, where it has no workers.

    As with workers, the order is asked of the sampler when an iterator is made, and what is wrong
    with a batch, or with a worker, is raised when that batch is asked for: between two steps.
    """

    def __iter__(self) -> Iterator[Any]:
        if self.num_workers:
            return self._of_workers()
        batches = super().__iter__()
        try:
            first = next(batches, None)
        except Exception as error:
            return _failing(error)
        return iter(()) if first is None else prefetch(_aside(chain([first], batches)), 1)

    def _of_workers(self) -> Iterator[Any]:
        # PyTorch would raise in the middle of a step what a worker dies of.
        before = signal.getsignal(signal.SIGCHLD)
        try:
            with deaf_children(), _garbage_left_alone():
                batches: Any = super().__iter__()
                for worker in batches._workers:
                    # How PyTorch and Python end those that are left. A signal that waits for the
                    # end of this block must find it so: they hear no other one, and who waits for
                    # them would wait for ever.
                    worker._popen.terminate = worker._popen.kill
        except RuntimeError as error:  # workers that go on with the next epoch
            raise self._reason(self._iterator, error) from None
        finally:
            signal.signal(signal.SIGCHLD, before)
        return self._watched(batches)

    def _watched(self, batches: Any) -> Iterator[Any]:
        """The batches of workers; what is wrong is said as it would be without workers."""
        while True:
            try:
                if not all(worker.is_alive() for worker in batches._workers):
                    raise RuntimeError
                batch = next(batches)
            except StopIteration:
                return
            except (InputError, OSError) as error:
                self._end(batches)
                raise type(error)(_own_words(error)) from None
            except RuntimeError as error:
                raise self._reason(batches, error) from None
            yield batch

    def _reason(self, batches: Any, error: RuntimeError) -> Exception:
        """Why there are no batches any more, for people where a worker was killed."""
        ends = {w.exitcode for w in batches._workers if not w.is_alive()} if batches else None
        if not ends:
            return error
        # One that was killed may hold a lock that PyTorch's own way to end the others waits for.
        signal_handling._remove_worker_pids(id(batches))
        batches._worker_pids_set, batches._shutdown, self._iterator = False, True, None
        for worker in batches._workers:
            worker.kill()
        return InputError(
            f"a process that reads windows has ended (exit code {ends.pop()}), as a rule because "
            f"memory ran out: take fewer of them or smaller batches (num_workers="
            f"{self.num_workers - 1}, or a batch_size below {self.batch_size})"
        )

    def _end(self, batches: Any) -> None:
        """Ends the workers; left to the search for garbage, PyTorch waits seconds for each."""
        batches._shutdown_workers()
        self._iterator = None


@contextmanager
def _garbage_left_alone() -> Iterator[None]:
    """Processes that are forked inside never take apart what is no longer used here.

    A video's decoder, for one, would wait there for its threads, which a fork leaves behind.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _own_words(error: Exception) -> str:
    """What an error said in a worker; PyTorch makes the traceback there its message."""
    return str(error).rstrip().rpartition("\n")[2].partition(": ")[2]


def _aside(batches: Iterator[Any]) -> Iterator[Any]:
    # Every layer waits for the slowest of its threads, and that is the one that has to share.
    step_back()
    yield from batches


def _failing(error: Exception) -> Iterator[Any]:
    raise error
    yield
