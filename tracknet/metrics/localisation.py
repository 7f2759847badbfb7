"""How near the predictions are, whatever limit a protocol draws."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracknet.metrics.counts import BOTH, ratio
from tracknet.metrics.distances import nearest
from tracknet.metrics.protocols import STRICT
from tracknet.types import Labels, Track

PCK_RADII = range(1, 21)
SCORES = (0.2, 0.05)
"""Candidates that score more than one of these are looked among."""


def errors(labels: Sequence[Labels], tracks: Sequence[Track]) -> np.ndarray:
    """Errors (M,) in original pixels of all frames with a visible and a predicted ball.

    Args:
        labels: One per clip, original pixels; visibility > 0 is visible.
        tracks: The predictions of the same clips, original pixels.

    Raises:
        ValueError: Numbers of clips or of frames differ, or a position is missing.
    """
    outcome, _, distance = STRICT.frames(labels, tracks)
    return distance[np.isin(outcome, BOTH)]


def localisation(
    labels: Sequence[Labels],
    tracks: Sequence[Track],
    candidates: Sequence[np.ndarray] | None = None,
) -> dict[str, Any]:
    """The ``localisation`` part of ``metrics.json``.

    Args:
        labels: One per clip, original pixels; visibility > 0 is visible.
        tracks: The predictions of the same clips, original pixels.
        candidates: Theirs, (N,K,3), original pixels and score; None where they are not known.

    Returns:
        visible: frames with a visible ball. predicted: those of them with a prediction. median_px
        and p90_px: median and 90th percentile of their errors, None without any. pck: radius 1 to
        20 px -> share of the visible frames with a prediction within it (<=). pck_candidates, with
        candidates: each of `SCORES` -> the same with any candidate that scores more.

    Raises:
        ValueError: Numbers of clips or of frames differ, or a position is missing.
    """
    error = errors(labels, tracks)
    visible = sum(int(STRICT.ball(clip).sum()) for clip in labels)
    median, p90 = np.percentile(error, [50, 90]).tolist() if len(error) else (None, None)
    figures = {
        "visible": visible,
        "predicted": len(error),
        "median_px": median,
        "p90_px": p90,
        "pck": _pck(error, visible),
    }
    if candidates is not None:
        figures["pck_candidates"] = {
            str(score): _pck(_nearest(labels, candidates, score), visible) for score in SCORES
        }
    return figures


def _nearest(
    labels: Sequence[Labels], candidates: Sequence[np.ndarray], score: float
) -> np.ndarray:
    """How far the nearest candidate of each visible ball is, (M,)."""
    pairs = zip(labels, candidates, strict=True)
    return np.concatenate(
        [np.empty(0), *(nearest(own, k, score)[STRICT.ball(own)] for own, k in pairs)]
    )


def _pck(error: np.ndarray, visible: int) -> dict[str, float]:
    return {str(r): float(ratio((error <= r).sum(), visible)) for r in PCK_RADII}
