"""Why a visible ball was missed, which says what would have to be better."""

import numpy as np

from tracknet.metrics.counts import Outcome
from tracknet.metrics.distances import distances, nearest
from tracknet.metrics.protocols import STRICT
from tracknet.types import Labels, Track

NEAR = 8
"""Original pixels within which a position is meant for the ball, and only badly placed."""
LEAST = 0.05
"""The score above which a candidate counts as one that could have been chosen."""
PLACING, CHOOSING, UNSEEN = CAUSES = ("placing", "choosing", "unseen")


def missed(labels: Labels, track: Track) -> np.ndarray:
    """Frames whose visible ball is not found by protocol ``strict``, (N,) bool."""
    return np.isin(STRICT.outcomes(labels, track), (Outcome.FP1, Outcome.FN))


def causes(labels: Labels, track: Track, candidates: np.ndarray | None) -> np.ndarray:
    """What made each missed ball one, (N,) strings, empty where none is missed.

    Args:
        labels: Original pixels.
        track: Its prediction, original pixels.
        candidates: (N,K,3), original pixels and score, or None where they are not known.

    Returns:
        ``placing``: it is reported within `NEAR`. ``choosing``: it is not, but a candidate that
        scores more than `LEAST` lies within `NEAR`. ``unseen``: neither. Without candidates what is
        not ``placing`` is ``unknown``.

    Raises:
        ValueError: As `Protocol.outcomes`.
    """
    lost = missed(labels, track)
    placed = lost & (distances(labels, track) <= NEAR)
    if candidates is None:
        return np.select([placed, lost], [PLACING, "unknown"], "")
    there = nearest(labels, candidates, LEAST) <= NEAR
    return np.select([placed, lost & there, lost], [PLACING, CHOOSING, UNSEEN], "")
