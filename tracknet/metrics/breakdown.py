"""Where the mistakes are: strict outcomes by clip, by visibility class and by the ball's speed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

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
UNKNOWN = "unknown"
COUNTS = ("tp", "fp1", "fp2", "fn", "tn")
BY_CLIP = (*COUNTS, *Counts.FIGURES)
BY_BALL = (*COUNTS, "accuracy")
"""A false alarm has neither a class of visible ball nor a speed: no precision of these."""


def breakdown(
    names: Sequence[str], labels: Sequence[Labels], tracks: Sequence[Track]
) -> dict[str, Any]:
    """The ``breakdown`` part of ``metrics.json``.

    Args:
        names: One per clip.
        labels: Of the same clips, original pixels.
        tracks: Their predictions, original pixels.

    Returns:
        protocol: ``strict``. clip: name -> counts and figures as in ``protocols``. visibility:
        class, 0 for no ball -> counts and accuracy. speed: bin of `SPEEDS`, or ``unknown`` where
        the ball is visible in neither neighbour -> the same for frames with a visible ball. Each
        also has median_px, the median error, None without any.

    Raises:
        ValueError: Numbers of clips or of frames differ, or a position is missing.
    """
    outcome, _, error = STRICT.frames(labels, tracks)
    visibility = np.concatenate([np.empty(0), *(clip.visibility for clip in labels)])
    speed = np.concatenate([np.empty(0), *map(speeds, labels)])
    bins = {name: (low <= speed) & (speed < high) for name, (low, high) in SPEEDS.items()}
    bins[UNKNOWN] = (visibility > ABSENT) & np.isnan(speed)
    classes = np.unique(visibility[visibility >= ABSENT])
    ends = np.cumsum([0, *map(len, labels)])
    clips = dict(zip(names, map(slice, ends, ends[1:]), strict=True))

    def figures(chosen: slice | np.ndarray, shown: Sequence[str]) -> dict[str, Any]:
        counted = STRICT.counts.of(outcome[chosen]).as_dict()
        near = error[chosen][np.isin(outcome[chosen], BOTH)]
        median = float(np.median(near)) if len(near) else None
        return {name: counted[name] for name in shown} | {"median_px": median}

    return {
        "protocol": STRICT.name,
        "clip": {name: figures(own, BY_CLIP) for name, own in clips.items()},
        "visibility": {str(int(k)): figures(visibility == k, BY_BALL) for k in classes},
        "speed": {name: figures(chosen, BY_BALL) for name, chosen in bins.items()},
    }


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
