"""What a tracker owes."""

from typing import Protocol

import numpy as np

from tracknet.geometry import Size
from tracknet.types import Track


class Tracker(Protocol):
    """Candidates of a clip -> its trajectory; a choice of group ``tracking``.

    Attributes:
        name: What reports call it.
        waits: Whether it needs to see a whole clip. One that does not is a `LiveTracker`.
    """

    name: str
    waits: bool

    def track(self, candidates: np.ndarray, threshold: float, size: Size) -> Track:
        """One clip's trajectory.

        Args:
            candidates: (N,K,3) x, y in original pixels and score, best first.
            threshold: Score from which a candidate needs no path to it.
            size: (H, W) of the original frame.
        """
        ...


class Follower(Protocol):
    """The ball of one video whose frames are still coming."""

    def pick(self, candidates: np.ndarray) -> int:
        """The index of the next frame's pick among its candidates (K,3), K for no ball."""
        ...


class LiveTracker(Tracker, Protocol):
    """A tracker that can say of a frame where the ball is before the next one comes."""

    def follow(self, threshold: float, size: Size) -> Follower:
        """Begins a video; the arguments are those of `track`."""
        ...
