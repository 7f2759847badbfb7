"""On which side of their labels positions lie; what all of them share can be taken away."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracknet.metrics.bootstrap import median_error
from tracknet.metrics.breakdown import SPEEDS, UNKNOWN, speeds
from tracknet.metrics.distances import places
from tracknet.metrics.protocols import STRICT, check_clips
from tracknet.types import Labels, Track

MATCHED = 16
"""Original pixels within which a position is taken for the labelled ball's. The median of what lies
within 4 would hide an offset of 3."""
MOVING = 1
"""Original pixels a frame from which a ball has a direction."""


def offset(labels: Sequence[Labels], tracks: Sequence[Track]) -> dict[str, Any]:
    """The ``offset`` part of ``metrics.json``: position minus label, original pixels.

    Args:
        labels: One per clip, original pixels.
        tracks: The predictions of the same clips, original pixels.

    Returns:
        ``all`` and every bin of `SPEEDS` -> ``x`` (to the right), ``y`` (down) and ``along`` (ahead
        in the ball's direction, where it has one) -> balls, those that count; median_px, None
        without any; error_px, the standard error of that, None for fewer than two clips.

    Raises:
        ValueError: Numbers of clips differ.
    """
    check_clips(labels, tracks)
    pairs = list(zip(labels, tracks, strict=True))
    sides, fast = [_sides(*pair) for pair in pairs], [speeds(own) for own in labels]
    groups = {"all": [np.full(len(own), True) for own in labels]} | {
        name: [(low <= own) & (own < high) for own in fast] for name, (low, high) in SPEEDS.items()
    }
    groups[UNKNOWN] = [np.isnan(own) for own in fast]
    return {
        name: {
            side: _figures([own[side][kept] for own, kept in zip(sides, chosen, strict=True)])
            for side in ("x", "y", "along")
        }
        for name, chosen in groups.items()
    }


def directions(labels: Labels) -> np.ndarray:
    """Where the ball flies, (N,2) unit vectors, NaN where that is not known.

    From the labels before and after alone: with its own, which the offset is measured from, an
    error of the label would be one of the direction, too.
    """
    xy = np.where(STRICT.ball(labels)[:, None], places(labels), np.nan)
    ways = np.full(xy.shape, np.nan)
    ways[1:-1] = (xy[2:] - xy[:-2]) / 2
    length = np.linalg.norm(ways, axis=-1, keepdims=True)
    return np.divide(ways, length, out=np.full(xy.shape, np.nan), where=length >= MOVING)


def _sides(labels: Labels, track: Track) -> dict[str, np.ndarray]:
    """Side -> signed offsets (N,), NaN where there is none."""
    apart = track.xy - places(labels)
    matched = STRICT.ball(labels) & track.visible & (np.linalg.norm(apart, axis=-1) <= MATCHED)
    apart = np.where(matched[:, None], apart, np.nan)
    along = (apart * directions(labels)).sum(-1)
    return {"x": apart[:, 0], "y": apart[:, 1], "along": along}


def _figures(clips: Sequence[np.ndarray]) -> dict[str, Any]:
    known = [values[np.isfinite(values)] for values in clips]
    every = np.concatenate([np.empty(0), *known])
    return {
        "balls": len(every),
        "median_px": float(np.median(every)) if len(every) else None,
        "error_px": median_error(known),
    }
