"""The still background behind each frame of a video, while its frames come."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from tracknet.data.background import median_background
from tracknet.video import Frame, frame_bytes

CHUNK = 256
"""Frames of a video that share one background."""
HELD_BYTES = 1 << 30
"""What they may take while they wait; of very large ones there are fewer."""
FIRST, EVERY = 32, 64
"""Of a live stream: frames before its first background, and until the next one."""


@dataclass(frozen=True)
class Shot:
    """A frame on its way through the network.

    Attributes:
        frame: (H, W, 3) uint8 at network size.
        background: The still background behind it, of the same size; None where there is none.
        original: The frame as it came, where it will be looked at a second time.
        shown: How many frames of the video it stands for, one behind the other.
    """

    frame: np.ndarray
    background: np.ndarray | None = None
    original: Frame | None = None
    shown: int = 1

    @property
    def bytes(self) -> int:
        """What it takes while it waits."""
        return self.frame.nbytes + (0 if self.original is None else frame_bytes(self.original))


def with_background(shots: Iterable[Shot], live: bool = False) -> Iterator[Shot]:
    """Gives each frame a median of the frames round it.

    Those of a video wait until their chunk is complete; the last one reaches back so that it is
    as long as the others, where the video allows. Those of a live stream have the median of frames
    that came before, and only the `FIRST` ones wait.

    Args:
        shots: Frames of one size; a chunk of them is held.
        live: Whether they are those of a stream.
    """
    recent: deque[Shot] = deque(maxlen=CHUNK)
    background, waiting, chunk = None, 0, CHUNK
    for count, shot in enumerate(shots, 1):
        if count == 1:
            chunk = max(1, min(CHUNK, HELD_BYTES // shot.bytes))
            recent = deque(maxlen=chunk)
        recent.append(shot)
        waiting += 1
        first = min(FIRST, chunk)
        if (count == first or count % EVERY == 0) if live else waiting == chunk:
            background = median_background([each.frame for each in recent])
        if background is not None:
            yield from (replace(each, background=background) for each in list(recent)[-waiting:])
            background, waiting = background if live else None, 0
    if waiting:
        background = median_background([each.frame for each in recent])
        yield from (replace(each, background=background) for each in list(recent)[-waiting:])
