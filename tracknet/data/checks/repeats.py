"""Frames that repeat the one before: a video of 25 frames a second that was made one of 30."""

from collections.abc import Iterator

import numpy as np

from tracknet.data.repeats import repeated_frames
from tracknet.problems import Problem

SHARE, LEAST = 0.04, 4
"""Of a clip's frames, and how many of them: fewer are hiccups, of which nothing need be said."""


def repeat_problems(clip: str, changes: np.ndarray) -> Iterator[Problem]:
    """The problem of a clip of that name with `repeated_frames`, if it has many.

    Args:
        clip: Its name.
        changes: (N,) mean change of each frame from the one before; the first is not looked at.
    """
    repeats = repeated_frames(changes)
    if len(repeats) >= max(LEAST, SHARE * len(changes)):
        message = (
            f"{len(repeats)} of {len(changes)} frames repeat the one before, as in a video of 25 "
            "frames/s that was made one of 30"
        )
        yield Problem("repeated_frame", clip, int(repeats[0]), message)
