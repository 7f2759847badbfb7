"""Which windows of T consecutive frames cover a clip, and which of them gives a frame."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

Item = TypeVar("Item")


@dataclass(frozen=True)
class Window(Generic[Item]):
    """T consecutive frames.

    Attributes:
        start: Index of the first frame.
        length: How many of the items are the clip's; the others repeat the last one.
        items: T of what stands for a frame.
    """

    start: int
    length: int
    items: list[Item]


def windows(clip: Iterable[Item], frames: int, step: int) -> Iterator[Window[Item]]:
    """Windows that cover every frame, in order; the last one ends at the last frame.

    Args:
        clip: What stands for its frames, in order; it may still be arriving.
        frames: T. A shorter clip repeats its last frame.
        step: Frames from one window's start to the next one's, at most T.
    """
    recent: deque[Item] = deque(maxlen=frames)
    count, due = 0, frames
    for item in clip:
        recent.append(item)
        count += 1
        if count == due:
            yield Window(count - frames, frames, list(recent))
            due += step
    if 0 < count < frames:
        yield Window(0, count, [*recent, *[recent[-1]] * (frames - count)])
    elif count > due - step:
        yield Window(count - frames, frames, list(recent))


def window_starts(length: int, frames: int, step: int) -> list[int]:
    """First frames of the windows that cover a clip of known length."""
    return [window.start for window in windows(range(length), frames, step)]


def rows_of(start: int, frames: int, length: int) -> np.ndarray:
    """(T,) the frames that a window shows; a clip shorter than it repeats its last one."""
    return np.arange(start, start + frames).clip(max=length - 1)


def unseen(done: int, start: int, length: int) -> slice:
    """The part of a window that no earlier one gave: each frame is the first one's that holds it.

    Args:
        done: Frames that the windows before it reached.
        start: Of this one.
        length: How many of its frames are the clip's.
    """
    return slice(max(0, done - start), length)
