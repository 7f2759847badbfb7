"""The same rally twice, under other names and encoded anew.

Two rallies of one match share venue and camera, so pictures alone say little; what moves, and when,
is another in each.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np

from tracknet.problems import Problem

TINY = (18, 32)
"""(H, W) at which frames are compared: encoders leave such pictures alone."""
ALIKE = 0.37
"""Mean correlation of what moves in two clips from which they are one. Of 461 pairs of real rallies
the highest was 0.20; of rallies that were cut, shrunk and encoded anew the lowest was 0.54."""
OVERLAP = 30
"""Frames that two clips must share to be compared."""
PART, PARTS = 600, 8
"""Frames of a part of a long clip, and how many of them are looked for."""
STRIP = 2000
"""Ways to align two clips that are tried at once: those of long clips would fill a memory."""


@dataclass(frozen=True)
class Signature:
    """What moves in a clip, and when, in half a kilobyte a frame.

    Attributes:
        tiny: (N, 576) uint8, the frames at the size at which they are compared.
        changes: (N,) mean change of the picture from the frame before, in gray levels.
    """

    tiny: np.ndarray
    changes: np.ndarray

    def __len__(self) -> int:
        return len(self.tiny)

    def motion(self, first: int, last: int) -> np.ndarray:
        """(last - first, 576) change of the tiny picture from the one before, of length 1 or 0."""
        frames = np.arange(first - 1, last).clip(0)  # before the first one nothing moves
        moved = np.diff(self.tiny[frames].astype(np.float32), axis=0)
        moved -= moved.mean(1, keepdims=True)
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        return np.divide(moved, length, out=moved, where=length > 0)


def signature(frames: Iterable[np.ndarray]) -> Signature:
    """The signature of a clip's frames, (H,W,3) uint8 each, in order."""
    tiny, changes, last = bytearray(), [], None
    for frame in frames:
        gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        tiny += cv2.resize(gray, TINY[::-1], interpolation=cv2.INTER_AREA).data
        changes.append(0.0 if last is None else float(cv2.absdiff(gray, last).mean()))
        last = gray
    pictures = np.frombuffer(tiny, np.uint8).reshape(-1, TINY[0] * TINY[1])
    return Signature(pictures, np.array(changes))


def likeness(one: Signature, other: Signature) -> float:
    """The highest mean correlation of what moves, over all ways to align two clips in time.

    Of a long clip only some parts are looked for in the other one: all of a match would take very
    long.
    """
    short, long = sorted((one, other), key=len)
    parts = np.array_split(np.arange(len(short)), -(-len(short) // PART))
    chosen = np.linspace(0, len(parts) - 1, min(PARTS, len(parts))).astype(int)
    sought = (short.motion(parts[i][0], parts[i][-1] + 1) for i in chosen)
    return max(likeness for part in sought for likeness in _likenesses(part, long))


def _likenesses(part: np.ndarray, whole: Signature) -> Iterator[float]:
    """The mean correlation for each way to lay a part over the whole, or over its ends."""
    rows, columns = len(part), len(whole)
    shortest = min(OVERLAP, rows, columns)
    offsets = range(shortest - rows, columns - shortest + 1)
    for strip in (offsets[i : i + STRIP] for i in range(0, len(offsets), STRIP)):
        first, last = max(0, strip[0]), min(columns, strip[-1] + rows)
        similar = part @ whole.motion(first, last).T
        for offset in strip:
            yield float(np.diagonal(similar, offset - first).mean())


def duplicate_problems(clips: Sequence[tuple[str, str, Signature]]) -> Iterator[Problem]:
    """Rallies that are in two splits.

    Args:
        clips: The split, the name and the signature of each.
    """
    for (split, name, one), (elsewhere, other_name, other) in combinations(clips, 2):
        if split != elsewhere and likeness(one, other) >= ALIKE:
            message = f"shows the same rally as {other_name}; take one of them out of its split"
            yield Problem("cross_split_duplicate", name, None, message)
