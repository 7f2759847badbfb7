"""When the frames of a written video are shown."""

from fractions import Fraction

LATE = 1
"""Seconds that a time may lie behind the last one and still be of the same clock."""
PAUSE = 6 * 3600
"""Seconds between two frames, at most; mp4 holds no longer ones at 90,000 ticks a second."""


class Clock:
    """Times that only grow, of times that may be missing, stand still or jump.

    Each frame keeps its time after the first one, as far as that is later than the frame before.

    Args:
        step: Seconds that a frame is shown where nothing says so.
        tick: Seconds that two frames are apart, at least.

    Attributes:
        jumps: How often time went back, or forth by more than a `PAUSE`; it went on from there.
    """

    def __init__(self, step: Fraction, tick: Fraction) -> None:
        self.jumps = 0
        self._step, self._tick = step, tick
        self._next = Fraction(0)  # where a frame is shown that has no time
        self._shift: Fraction | None = None  # from the source's times
        self._read: tuple[Fraction | None, Fraction | None] = None, None  # the last two of these

    def __call__(self, time: Fraction | None) -> Fraction:
        """When the next frame is shown, in seconds after the first, if its source says `time`."""
        at, last = self._next, self._next - self._step
        if time is None or self._read == (time, time):  # it stands still
            pass
        elif self._shift is None:
            self._shift = at - time
        elif -LATE < time + self._shift - last <= PAUSE:
            at = max(time + self._shift, last + self._tick)
        else:
            self.jumps += 1
            self._shift = at - time
        self._read = time, self._read[0]
        self._next = at + self._step
        return at
