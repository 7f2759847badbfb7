"""Frames that repeat the one before: a video of 25 frames a second that was made one of 30."""

import numpy as np

STILL = 0.25
"""Of the change between the frames round it: what changes less is a repetition."""
SHARE, LEAST = 0.04, 4
"""Of a clip's frames, and how many of them: fewer are hiccups that harm nothing."""


def repeated_frames(changes: np.ndarray) -> np.ndarray:
    """The indices of frames that repeat the one before; none unless there are many.

    Args:
        changes: (N,) mean change of each frame from the one before; the first is not looked at.
    """
    if len(changes) < 6:
        return np.empty(0, int)
    neighbours = np.stack([np.roll(changes, k) for k in (-2, -1, 1, 2)])
    # The least of them: where the scene rests, all are small. The ends have not enough of them.
    repeats = changes < STILL * neighbours.min(0)
    repeats[:3] = repeats[-2:] = False
    found = np.flatnonzero(repeats)
    return found if len(found) >= max(LEAST, SHARE * len(changes)) else np.empty(0, int)
