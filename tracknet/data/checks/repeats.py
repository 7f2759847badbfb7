"""Frames that repeat the one before: a video of 25 frames a second that was made one of 30."""

from collections.abc import Iterator

import numpy as np

from tracknet.problems import Problem

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


def repeat_problems(clip: str, changes: np.ndarray) -> Iterator[Problem]:
    """The problem of a clip of that name with `repeated_frames`, if it has some."""
    if len(repeats := repeated_frames(changes)):
        message = (
            f"{len(repeats)} of {len(changes)} frames repeat the one before, as in a video of 25 "
            "frames/s that was made one of 30"
        )
        yield Problem("repeated_frame", clip, int(repeats[0]), message)
