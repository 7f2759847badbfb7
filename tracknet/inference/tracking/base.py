"""What a tracker owes, and what its picks amount to."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Protocol

import numpy as np

from tracknet.geometry import Size
from tracknet.types import Track


class Tracker(Protocol):
    """Candidates of a clip -> its trajectory; a choice of group ``tracking``.

    Attributes:
        name: What reports call it.
        waits: Whether it needs to see a whole clip. One that does not is a `LiveTracker`.
    """

    waits: ClassVar[bool]

    @property
    def name(self) -> str: ...

    def track(self, candidates: np.ndarray, threshold: float, size: Size) -> Track:
        """One clip's trajectory. A frame with the candidates of the one before is no step of it.

        Args:
            candidates: (N,K,3) x, y in original pixels and score, best first.
            threshold: Score from which a candidate needs no path to it.
            size: (H, W) of the original frame.

        Returns:
            ``detected`` where the best candidate reaches the threshold, ``tracked`` where the path
            chose another or a weaker one, ``interpolated`` in gaps that were filled.
        """
        ...


class LiveTracker(Tracker, Protocol):
    """A tracker that can say of a frame where the ball is before the next one comes."""

    waits: ClassVar[bool] = False

    def follow(
        self, candidates: Iterable[np.ndarray], threshold: float, size: Size
    ) -> Iterator[int]:
        """The index of each frame's pick among its candidates (K,3), K for no ball.

        A pick is given before the next frame is taken; the arguments are else those of `track`.
        """
        ...

    def track(self, candidates: np.ndarray, threshold: float, size: Size) -> Track:
        return track_of(candidates, self.follow(candidates, threshold, size), threshold)


def picked(candidates: np.ndarray, pick: int, threshold: float) -> tuple[float, float, float, str]:
    """What becomes of a frame that picks one of its candidates (K,3), or none of them by K.

    Returns:
        x and y, NaN without a pick; the score, without a pick that of the best candidate; and the
        source: ``detected`` if the frame alone would have had this pick.
    """
    if pick == len(candidates):
        return np.nan, np.nan, float(candidates[0, 2]), ""
    x, y, score = candidates[pick].tolist()
    return x, y, score, "detected" if pick == 0 and score >= threshold else "tracked"


def track_of(candidates: np.ndarray, picks: Iterable[int], threshold: float) -> Track:
    """The track of a clip's picks, one for each frame of its candidates (N,K,3); see `picked`."""
    return as_track(picked(*frame, threshold) for frame in zip(candidates, picks, strict=True))


def as_track(rows: Iterable[tuple[float, float, float, str]]) -> Track:
    """The track of frames of which x, y, score and source are known."""
    kinds = [("x", float), ("y", float), ("score", float), ("source", "<U12")]
    table = np.array(list(rows), kinds)
    return Track(np.stack([table["x"], table["y"]], 1), table["score"], table["source"])
