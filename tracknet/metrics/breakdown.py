"""Where the mistakes are: strict outcomes by clip, by visibility class and by the ball's speed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracknet.metrics.counts import Counts, Outcome, ratio
from tracknet.metrics.distances import distances
from tracknet.metrics.protocols import STRICT, check_clips
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
    check_clips(labels, tracks)
    outcomes = [STRICT.outcomes(*pair) for pair in zip(labels, tracks, strict=True)]
    distance = [distances(*pair) for pair in zip(labels, tracks, strict=True)]
    outcome, error = _joined(outcomes), _joined(distance)
    visibility = _joined([clip.visibility for clip in labels])
    speed = _joined([speeds(clip) for clip in labels])
    bins = {name: (low <= speed) & (speed < high) for name, (low, high) in SPEEDS.items()}
    bins[UNKNOWN] = (visibility > ABSENT) & np.isnan(speed)
    return {
        "protocol": STRICT.name,
        "clip": {
            name: _figures(codes, away, BY_CLIP)
            for name, codes, away in zip(names, outcomes, distance, strict=True)
        },
        "visibility": {
            str(int(kind)): _figures(
                outcome[visibility == kind], error[visibility == kind], BY_BALL
            )
            for kind in np.unique(visibility[visibility >= ABSENT])
        },
        "speed": {
            name: _figures(outcome[chosen], error[chosen], BY_BALL) for name, chosen in bins.items()
        },
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


def _figures(outcome: np.ndarray, error: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    figures = STRICT.counts.of(outcome).as_dict()
    near = error[np.isin(outcome, (Outcome.TP, Outcome.FP1))]
    median = float(np.median(near)) if len(near) else None
    return {name: figures[name] for name in names} | {"median_px": median}


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.empty(0), *parts])
