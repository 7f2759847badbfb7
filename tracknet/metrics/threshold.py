"""From scored candidates to predictions: a ball is predicted where score >= threshold."""

from collections.abc import Callable, Sequence

import numpy as np

from tracknet.metrics.counts import PREDICTED, Counts, Outcome, ratio
from tracknet.metrics.protocols import STRICT
from tracknet.types import Labels, Track

STEPS = np.arange(1, 20)
THRESHOLDS = STEPS / 20


def accepted(score: np.ndarray, threshold: float | np.ndarray) -> np.ndarray:
    """The one rule: bool, True where a candidate's score makes it a prediction."""
    return score.astype(np.float64) >= threshold


def at_threshold(track: Track, threshold: float) -> Track:
    """The track without the balls that score below `threshold`; scores stay.

    Args:
        track: Candidates, original pixels.
        threshold: In the units of the scores.
    """
    kept = track.visible & accepted(track.score, threshold)
    return Track(
        np.where(kept[:, None], track.xy, np.nan), track.score, np.where(kept, track.source, "")
    )


def best_threshold(labels: Sequence[Labels], candidates: Sequence[Track]) -> tuple[float, float]:
    """The score threshold, 0.05 to 0.95 in steps of 0.05, with the highest strict F1.

    Args:
        labels: One per clip, original pixels.
        candidates: The best candidate of every frame, none rejected, original pixels.

    Returns:
        The threshold and its F1; of equally good ones, the nearest to 0.5 (the lower of two).

    Raises:
        ValueError: Numbers of clips or of frames differ, or a position is missing.
    """
    outcome, score, _ = STRICT.frames(labels, candidates)
    kept = accepted(score, THRESHOLDS[:, None])
    tp, fp1, fp2 = ((kept & (outcome == hit)).sum(1) for hit in PREDICTED)
    fn = STRICT.counts.of(outcome).relevant - tp - fp1
    return _best(Counts(tp, fp1, fp2, fn).f1)


def best_tracked(
    labels: Sequence[Labels], tracked: Callable[[float], Sequence[Track]]
) -> tuple[float, float]:
    """As `best_threshold`, where what is picked among the candidates depends on the threshold.

    Args:
        labels: One per clip, original pixels.
        tracked: Threshold -> the tracks of the clips, original pixels.

    Returns:
        The threshold and its F1.
    """
    counts = (STRICT.counts.of(STRICT.frames(labels, tracked(t))[0]) for t in THRESHOLDS.tolist())
    return _best(np.array([own.f1 for own in counts]))


def _best(f1: np.ndarray) -> tuple[float, float]:
    best = np.lexsort((np.abs(STEPS - 10), -f1))[0]
    return float(THRESHOLDS[best]), float(f1[best])


def counts_at(labels: Sequence[Labels], candidates: Sequence[Track], threshold: float) -> Counts:
    """The strict counts of all clips together at a threshold; arguments as `best_threshold`'s."""
    kept = [at_threshold(track, threshold) for track in candidates]
    outcome, _, _ = STRICT.frames(labels, kept)
    return STRICT.counts.of(outcome)


def precision_recall(
    labels: Sequence[Labels], candidates: Sequence[Track]
) -> tuple[np.ndarray, np.ndarray]:
    """Strict precision and recall at every score that occurs, from the highest score down.

    Args:
        labels: One per clip, original pixels.
        candidates: Predictions of the same clips, original pixels.

    Returns:
        Precision and recall, (K,) each, for K different scores of predictions.

    Raises:
        ValueError: Numbers of clips or of frames differ, or a position is missing.
    """
    outcome, score, _ = STRICT.frames(labels, candidates)
    predicted = np.isin(outcome, PREDICTED)
    order = np.argsort(-score[predicted], kind="stable")
    score, hit = score[predicted][order], outcome[predicted][order] == Outcome.TP
    last_of_equals = np.flatnonzero(np.diff(score, append=-np.inf))
    tp = np.cumsum(hit)[last_of_equals]
    relevant = np.full(len(tp), STRICT.counts.of(outcome).relevant)
    return ratio(tp, last_of_equals + 1), ratio(tp, relevant)
