"""Where the mistakes are: by clip, visibility class, the ball's speed and the length of gaps."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tracknet.metrics.causes import CAUSES, PLACING, causes, missed
from tracknet.metrics.counts import BOTH, Counts, ratio
from tracknet.metrics.protocols import STRICT
from tracknet.types import ABSENT, Labels, Track

SPEEDS = {
    "0 to 5 px": (0, 5),
    "5 to 10 px": (5, 10),
    "10 to 20 px": (10, 20),
    "20 to 40 px": (20, 40),
    "40 px and more": (40, np.inf),
}
"""Bins of the ball's speed, original pixels a frame: from the first number, below the second."""
GAPS = {"1 or 2 frames": (1, 3), "3 to 9 frames": (3, 10), "10 frames and more": (10, np.inf)}
"""Bins of the length of a gap, frames: from the first number, below the second."""
UNKNOWN = "unknown"
COUNTS = ("tp", "fp1", "fp2", "fn", "tn")
BY_CLIP = (*COUNTS, *Counts.FIGURES)
BY_BALL = (*COUNTS, "accuracy")
"""A false alarm has neither a class of visible ball nor a speed: no precision of these."""
BY_GAP = ("fp1", "fn")


def breakdown(
    names: Sequence[str],
    labels: Sequence[Labels],
    tracks: Sequence[Track],
    candidates: Sequence[np.ndarray] | None = None,
) -> dict[str, Any]:
    """The ``breakdown`` part of ``metrics.json``.

    Args:
        names: One per clip.
        labels: Of the same clips, original pixels.
        tracks: Their predictions, original pixels.
        candidates: Theirs, (N,K,3), original pixels and score; None where they are not known.

    Returns:
        protocol: ``strict``. all: counts and accuracy of all frames. clip: name -> counts and
        figures as in ``protocols``. visibility: class, 0 for no ball -> counts and accuracy. speed:
        bin of `SPEEDS`, or ``unknown`` where the ball is visible in neither neighbour -> the same
        for frames with a visible ball. gap: bin of `GAPS` -> the fp1 and fn in runs of so many
        missed balls. Each also has median_px, the median error, None without any, and how many of
        its missed balls have which of the `CAUSES`; without candidates ``placing`` alone is known.

    Raises:
        ValueError: Numbers of clips or of frames differ, or a position is missing.
    """
    outcome, _, error = STRICT.frames(labels, tracks)
    ranked = [None] * len(labels) if candidates is None else candidates
    cause = _joined(map(causes, labels, tracks, ranked))
    known = (PLACING,) if candidates is None else CAUSES
    visibility = _joined(clip.visibility for clip in labels)
    speed, gap = _joined(map(speeds, labels)), _joined(map(gaps, labels, tracks))
    bins = {name: (low <= speed) & (speed < high) for name, (low, high) in SPEEDS.items()}
    bins[UNKNOWN] = (visibility > ABSENT) & np.isnan(speed)
    lengths = {name: (low <= gap) & (gap < high) for name, (low, high) in GAPS.items()}
    classes = np.unique(visibility[visibility >= ABSENT])
    ends = np.cumsum([0, *map(len, labels)])
    clips = dict(zip(names, map(slice, ends, ends[1:]), strict=True))

    def figures(chosen: slice | np.ndarray, shown: Sequence[str]) -> dict[str, Any]:
        counted = STRICT.counts.of(outcome[chosen]).as_dict()
        near = error[chosen][np.isin(outcome[chosen], BOTH)]
        median = float(np.median(near)) if len(near) else None
        why = {name: int((cause[chosen] == name).sum()) for name in known}
        return {name: counted[name] for name in shown} | {"median_px": median} | why

    return {
        "protocol": STRICT.name,
        "all": figures(slice(None), BY_BALL),
        "clip": {name: figures(own, BY_CLIP) for name, own in clips.items()},
        "visibility": {str(int(k)): figures(visibility == k, BY_BALL) for k in classes},
        "speed": {name: figures(chosen, BY_BALL) for name, chosen in bins.items()},
        "gap": {name: figures(chosen, BY_GAP) for name, chosen in lengths.items()},
    }


def _joined(clips: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.empty(0, np.int8), *clips])


def gaps(labels: Labels, track: Track) -> np.ndarray:
    """Of each missed ball, how many consecutive frames with one it is among; 0 elsewhere, (N,).

    A frame without a ball, or without a label, ends a gap as one whose ball is found does.
    """
    lost = missed(labels, track)
    number = np.cumsum(np.diff(lost, prepend=False))
    return np.where(lost, np.bincount(number, minlength=1)[number], 0)


def speeds(labels: Labels) -> np.ndarray:
    """The ball's speed in every frame, (N,) original pixels a frame.

    It is the mean of the ways from the frame before and to the frame after, or one of them where
    the ball is visible in that neighbour alone; NaN where it is in neither, or not in the frame.
    """
    xy = np.where(STRICT.ball(labels)[:, None], labels.xy, np.nan).astype(np.float64)
    ways = np.full((2, len(labels)), np.nan)
    ways[0, 1:] = ways[1, :-1] = np.linalg.norm(np.diff(xy, axis=0), axis=-1)
    known = np.isfinite(ways).sum(0)
    return np.where(known > 0, ratio(np.nansum(ways, 0), known), np.nan)
