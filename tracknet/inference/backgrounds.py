"""The still background behind each frame of a video, while its frames come."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from tracknet.data.background import median_background

CHUNK = 256
"""Frames of a video that share one background."""
HELD_BYTES = 1 << 30
"""What they may take while they wait; of very large ones there are fewer."""
FIRST, EVERY = 32, 64
"""Of a live stream: frames before its first background, and until the next one."""


@dataclass(frozen=True)
class Shot:
    """A frame at network size, (H, W, 3) uint8, and the still background behind it, or None."""

    frame: np.ndarray
    background: np.ndarray | None


def with_background(frames: Iterable[np.ndarray], live: bool = False) -> Iterator[Shot]:
    """Joins each frame with a median of the frames round it.

    Those of a video wait until their chunk is complete; the last one reaches back so that it is
    as long as the others, where the video allows. Those of a live stream have the median of frames
    that came before, and only the `FIRST` ones wait.

    Args:
        frames: (H, W, 3) uint8 each; a chunk of them is held.
        live: Whether they are those of a stream.
    """
    recent: deque[np.ndarray] = deque(maxlen=CHUNK)
    background, waiting, chunk = None, 0, CHUNK
    for count, frame in enumerate(frames, 1):
        if count == 1:
            chunk = max(1, min(CHUNK, HELD_BYTES // frame.nbytes))
            recent = deque(maxlen=chunk)
        recent.append(frame)
        waiting += 1
        first = min(FIRST, chunk)
        if (count == first or count % EVERY == 0) if live else waiting == chunk:
            background = median_background(list(recent))
        if background is not None:
            yield from (Shot(shown, background) for shown in list(recent)[-waiting:])
            background, waiting = background if live else None, 0
    if waiting:
        background = median_background(list(recent))
        yield from (Shot(shown, background) for shown in list(recent)[-waiting:])
