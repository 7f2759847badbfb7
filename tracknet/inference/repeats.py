"""Frames that a video shows again are looked at once, see `tracknet.data.repeats`."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np

from tracknet.data.repeats import AROUND, change, is_repeat
from tracknet.inference.backgrounds import Shot

Item = TypeVar("Item")


def once(shots: Iterable[Shot]) -> Iterator[Shot]:
    """The shots without those that repeat the one before, which counts them in `Shot.shown`."""
    changes: deque[float] = deque(maxlen=2 * AROUND + 1)
    waiting: deque[Shot] = deque()
    held = before = None
    for index, shot in enumerate(shots):
        changes.append(change(before, shot.frame))
        before = shot.frame
        waiting.append(shot)
        if len(waiting) <= AROUND:
            continue
        # The first change is of nothing.
        repeat = index > 2 * AROUND and bool(is_repeat(np.array(changes)))
        held, whole = _next(held, waiting.popleft(), repeat)
        yield from whole
    for shot in waiting:
        held, whole = _next(held, shot, False)
        yield from whole
    yield from [] if held is None else [held]


def _next(held: Shot | None, shot: Shot, repeat: bool) -> tuple[Shot, list[Shot]]:
    """The shot that may be shown again, and the one that will not be any more."""
    if held and repeat:
        return replace(held, shown=held.shown + 1), []
    return shot, [] if held is None else [held]


def as_shown(items: Iterable[Item], shots: Iterable[Shot]) -> Iterator[Item]:
    """What was found in each of the shots, for every frame of the video."""
    for item, shot in zip(items, shots, strict=True):
        yield from [item] * shot.shown
