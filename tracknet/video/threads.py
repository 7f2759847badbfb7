"""Work ahead in a thread."""

from collections.abc import Generator, Iterable
from contextlib import suppress
from queue import Full, Queue
from threading import Event, Thread, current_thread
from typing import Any, TypeVar

Item = TypeVar("Item")

WAITING_BYTES = 256 << 20
"""Memory that items which wait may take, in each place."""


def room(depth: int, size: int) -> int:
    """How many items of `size` bytes may wait: `depth`, or as many as memory allows, or none."""
    return min(depth, WAITING_BYTES // max(1, size))


def prefetch(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    """The same items, produced ahead by a thread that starts at once.

    Closing it, or dropping it, ends the thread.

    Args:
        items: What to iterate over in the thread; what it raises is raised here.
        depth: At most this many items wait; where none may, there is no thread.
    """
    if not depth:
        return _one_by_one(items)
    waiting: Queue[tuple[str, Any]] = Queue(depth)
    stopped = Event()

    def put(kind: str, value: object = None) -> None:
        while not stopped.is_set():
            with suppress(Full):
                waiting.put((kind, value), timeout=0.1)
                return

    def work() -> None:
        try:
            for item in items:
                put("item", item)
                if stopped.is_set():
                    return
        except BaseException as error:
            put("error", error)
        else:
            put("end")
        finally:
            if isinstance(items, Generator):
                items.close()

    def receive() -> Generator[Any, None, None]:
        try:
            yield  # for `started`
            while True:
                kind, value = waiting.get()
                if kind == "end":
                    return
                if kind == "error":
                    raise value
                yield value
        finally:
            stopped.set()
            if thread is not current_thread():  # which may be the one that collects the garbage
                thread.join()

    thread = Thread(target=work, name="prefetch", daemon=True)
    thread.start()
    started = receive()
    next(started)  # one that was never begun would not end the thread
    return started


def _one_by_one(items: Iterable[Item]) -> Generator[Item, None, None]:
    yield from items
