"""Ctrl-C and SIGTERM: the first ends the work, and what repeats it soon changes nothing."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from time import monotonic
from typing import Any

NUMBERS = (signal.SIGINT, signal.SIGTERM)
REPEATED = 5.0
"""Seconds in which a further signal is the first one once more: people press twice, and schedulers
send to a process and then to its group."""


AGAIN = 0.05
"""Seconds until a signal that was lost is sent again."""


class Signalled(KeyboardInterrupt):
    """A signal ends the process.

    Attributes:
        code: What the process exits with, 128 and the signal's number, as shells say it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.code = 128 + number


@dataclass
class Signals:
    """What SIGINT and SIGTERM do to this process.

    Attributes:
        received: The first one; None before it came.
        waits: Whether it is only noted, for work that ends at a point of its own.
    """

    received: int | None = None
    waits: bool = False
    _first: float = 0.0

    def take_over(self) -> None:
        """From now on they come here; in the main thread only."""
        if signal.getsignal(signal.SIGINT) != self._receive:
            self.received, self.waits = None, False
        for number in NUMBERS:
            signal.signal(number, self._receive)

    def _receive(self, number: int, _: Any) -> None:
        if self.received is None:
            self.received, self._first = number, monotonic()
            if not self.waits:
                raise Signalled(number)
        elif monotonic() - self._first > REPEATED:
            os._exit(128 + self.received)  # all files appear whole, or not at all

    def _again(self, lost: Any) -> None:
        """Sends a signal once more that came where Python can raise nothing: in a `__del__`."""
        if isinstance(lost.exc_value, Signalled):
            self.received = None
            Timer(AGAIN, os.kill, (os.getpid(), lost.exc_value.code - 128)).start()
        else:
            sys.__unraisablehook__(lost)

    @contextmanager
    def end_process(self) -> Iterator[None]:
        """Inside, the first one ends a command, in one line and with its own exit code."""
        self.take_over()
        before, sys.unraisablehook = sys.unraisablehook, self._again
        try:
            yield
        except BaseException as error:
            stop = _behind(error)
            if stop is None or (isinstance(error, SystemExit) and error.code == stop.code):
                raise
            print("interrupted", file=sys.stderr)
            sys.exit(stop.code)
        finally:
            sys.unraisablehook = before
            for number in NUMBERS:  # what is left is Python's own end, which would forget them
                signal.signal(number, signal.SIG_IGN)


def _behind(error: BaseException | None) -> Signalled | None:
    """The signal that an error comes from: Lightning, for one, exits with 1 after it."""
    while error is not None and not isinstance(error, Signalled):
        error = error.__context__
    return error


SIGNALS = Signals()
"""Those of this process."""


@contextmanager
def deaf_children() -> Iterator[None]:
    """Processes that are started inside never get the signals, which go to a whole process group.

    Here they wait until it is over.
    """
    if sys.platform == "win32":  # which has no process groups of this kind
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, NUMBERS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
