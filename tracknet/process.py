"""What a command asks of its own process."""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8
"""Names of settings in glibc's malloc.h."""
PARENT_DEATH_SIGNAL = 1
"""Name of an option in Linux's prctl.h."""
STEPS_BACK = 10
"""Of niceness: a tenth of a core is left, should another program want all of them."""


def keep_memory(one_arena: bool = True) -> None:
    """Keeps the memory of arrays that are done with for those that come next (glibc only).

    A network on the CPU takes and drops arrays of tens of megabytes in every layer. By default
    each goes back to the system at once, and the next one comes fresh, page by page, which takes
    longer than the arithmetic.

    Args:
        one_arena: Whether all threads share one, which keeps large arrays of all of them; where
            frames come and go in threads, they would leave holes between those of the network.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, -1)
        if one_arena:
            mallopt(ARENA_MAX, 1)


def share_cores() -> None:
    """Lets threads that wait for the rest of a layer sleep sooner; before torch is imported.

    libgomp's wait is some milliseconds of turning round, on cores that decoding could use.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")


def step_back() -> None:
    """Lets this thread of the process work in the moments that its others leave a core idle.

    Linux only: elsewhere a thread has no priority of its own.
    """
    if sys.platform == "linux":
        os.nice(STEPS_BACK)


def die_with_parent() -> None:
    """Has the system kill this process as soon as the one that started it has ended, however.

    Linux only: elsewhere PyTorch's workers look for their parent every five seconds.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)


@contextmanager
def importing() -> Iterator[None]:
    """Spares imports the search for garbage: all their objects stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def leave() -> NoReturn:
    """Ends a command whose files are closed, without taking apart what it imported.

    That takes Python longer than a short video takes the network.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
