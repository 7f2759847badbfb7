"""Patches: the same small part of consecutive frames, cut out round a point."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np

from tracknet.geometry import Size

Item = TypeVar("Item")


def corners(points: np.ndarray, patch: Size, frame: Size) -> np.ndarray:
    """The first pixels of patches in whose middle the points are, as far as the frame goes.

    Args:
        points: (..., 2) x, y, pixels of the frame.
        patch: (H, W), no larger than the frame.
        frame: (H, W).

    Returns:
        (..., 2) x, y as whole numbers.
    """
    first = np.round(points).astype(int) - (patch[1] // 2, patch[0] // 2)
    return first.clip(0, (frame[1] - patch[1], frame[0] - patch[0]))


def centred(items: Iterable[Item], count: int) -> Iterator[list[Item]]:
    """Of each item the `count` consecutive ones in whose middle it is; the ends are repeated."""
    before, ahead = count // 2, count - 1 - count // 2
    recent: deque[Item] = deque(maxlen=count)
    length = 0
    for length, item in enumerate(items, 1):
        recent.extend([item] * (before + 1 if length == 1 else 1))
        if length > ahead:
            yield list(recent)
    if length:
        recent.extend([recent[-1]] * (ahead - length))
    for _ in range(min(ahead, length)):
        recent.append(recent[-1])
        yield list(recent)
