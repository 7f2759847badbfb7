"""Frames that a video shows again, as one of 25 frames/s that was made one of 30 does.

Nothing moves in them, and twice as far in the next: no motion does that. They are left out before
anything looks at frames, and have what was found in the frame that they repeat.
"""

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

STILL = 0.3
"""Of the change in the frames before and after it: what changes less is a repetition."""
AROUND = 2
"""Frames on either side of one that are looked at. At the ends there are too few to say it."""


def change(before: np.ndarray | None, frame: np.ndarray) -> float:
    """How much of a frame is another than in the one before, 0 for the first one."""
    return 0.0 if before is None else cv2.norm(np.asarray(frame), np.asarray(before), cv2.NORM_L1)


def is_repeat(changes: np.ndarray) -> np.ndarray:
    """Whether the middle one of 2 `AROUND` + 1 frames (..., F) repeats the one before.

    Args:
        changes: Of each frame from the one before, in any unit.
    """
    # The larger of each side: where a video is doubled, every other neighbour is a repeat itself.
    before, after = changes[..., :AROUND].max(-1), changes[..., -AROUND:].max(-1)
    middle = changes[..., AROUND]
    stillest = middle <= changes[..., AROUND - 1 : AROUND + 2].min(-1)
    return stillest & (middle < STILL * np.minimum(before, after))


def repeated_frames(changes: np.ndarray) -> np.ndarray:
    """The indices of frames that repeat the one before.

    Args:
        changes: (N,) change of each frame from the one before; the first is not looked at.
    """
    around = 2 * AROUND + 1
    if len(changes) <= around:
        return np.empty(0, int)
    return np.flatnonzero(is_repeat(sliding_window_view(changes[1:], around))) + AROUND + 1


def shown_again(candidates: np.ndarray) -> np.ndarray:
    """(N,) which frames repeat the one before: by their candidates (N,K,3), which are the same."""
    again = np.zeros(len(candidates), bool)
    again[1:] = (candidates[1:] == candidates[:-1]).all((1, 2)) & (candidates[1:, 0, 2] > 0)
    return again
