"""The still background behind each frame of a video, while its frames come."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from tracknet.data.background import median_background

CHUNK = 256
"""Frames of a video that share one background."""
FIRST, EVERY = 32, 64
"""Of a live stream: frames before its first background, and until the next one."""


@dataclass(frozen=True)
class Shot:
    """A frame at network size, (H, W, 3) uint8, and the still background behind it, or None."""

    frame: np.ndarray
    background: np.ndarray | None


def with_background(frames: Iterable[np.ndarray], chunk: int = CHUNK) -> Iterator[Shot]:
    """Joins each frame with the median of its chunk of the video.

    The last chunk reaches back so that it is as long as the others, where the video allows.

    Args:
        frames: (H, W, 3) uint8 each.
        chunk: Frames that share one background; no more are held.
    """
    before: deque[np.ndarray] = deque()
    held: list[np.ndarray] = []
    for frame in frames:
        held.append(frame)
        if before:
            before.popleft()
        if len(held) == chunk:
            background = median_background(held)
            yield from (Shot(frame, background) for frame in held)
            before, held = deque(held), []
    if held:
        background = median_background([*before, *held])
        yield from (Shot(frame, background) for frame in held)


def with_running_background(
    frames: Iterable[np.ndarray], first: int = FIRST, every: int = EVERY
) -> Iterator[Shot]:
    """Joins each frame with a median of frames that came before it, for streams that do not wait.

    The first frames are held back until there are enough for a median.

    Args:
        frames: (H, W, 3) uint8 each.
        first: Frames of the first median.
        every: Frames after which it is taken anew, over as many as a chunk has.
    """
    recent: deque[np.ndarray] = deque(maxlen=CHUNK)
    background = None
    for count, frame in enumerate(frames, 1):
        recent.append(frame)
        if background is None:
            if count == first:
                background = median_background(list(recent))
                yield from (Shot(held, background) for held in recent)
            continue
        if count % every == 0:
            background = median_background(list(recent))
        yield Shot(frame, background)
    if background is None and recent:
        background = median_background(list(recent))
        yield from (Shot(held, background) for held in recent)
