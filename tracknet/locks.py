"""Folders that belong to one process at a time."""

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout


def take(file: Path) -> FileLock | None:
    """The lock of a file, held until it is released or this process ends, however it ends.

    Returns:
        The lock; None on a file system that has none, as many of clusters are.

    Raises:
        Timeout: Another process holds it.
        OSError: The file cannot be written.
    """
    lock = FileLock(file, mode=0o644)
    try:
        lock.acquire(blocking=False)
        return lock
    except (Timeout, NotImplementedError, OSError):
        if _has_locks(file.parent):
            raise
    return None


def _has_locks(folder: Path) -> bool:
    """Whether a lock that nobody else can know of is to be had.

    Raises:
        OSError: The folder cannot be written to.
    """
    probe = folder / f".{uuid4().hex}"
    probe.touch()
    try:
        with FileLock(probe, blocking=False):
            return True
    except (Timeout, NotImplementedError, OSError):
        return False
    finally:
        with suppress(OSError):
            probe.unlink()
