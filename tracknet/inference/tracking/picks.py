"""From the candidate that each frame picked to a track."""

import numpy as np

from tracknet.types import Track


def source_of(pick: int, score: float, threshold: float) -> str:
    """``detected`` if a frame alone would have had this pick, ``tracked`` if the path led to it."""
    return "detected" if pick == 0 and score >= threshold else "tracked"


def track_of(candidates: np.ndarray, picks: np.ndarray, threshold: float) -> Track:
    """A clip's track.

    Args:
        candidates: (N,K,3) x, y and score, best first.
        picks: (N,) index of each frame's candidate, K for no ball.
        threshold: Score from which a candidate needs no path to it.

    Returns:
        The picks; of other frames the best candidate's score.
    """
    count, ranks = candidates.shape[:2]
    xy, source = np.full((count, 2), np.nan), np.full(count, "", "<U12")
    score = candidates[:, 0, 2].copy()
    for frame in np.flatnonzero(picks < ranks):
        *xy[frame], score[frame] = candidates[frame, picks[frame]]
        source[frame] = source_of(picks[frame], score[frame], threshold)
    return Track(xy, score, source)
