"""Protocols and curves, from coordinates alone."""

from tracknet.metrics.bootstrap import interval
from tracknet.metrics.protocols import (
    PROTOCOLS,
    STRICT,
    WASB,
    Counts,
    LenientCounts,
    Outcome,
    Protocol,
    distances,
    score,
)
from tracknet.metrics.threshold import at_threshold, best_threshold, precision_recall

__all__ = [
    "PROTOCOLS",
    "STRICT",
    "WASB",
    "Counts",
    "LenientCounts",
    "Outcome",
    "Protocol",
    "at_threshold",
    "best_threshold",
    "distances",
    "interval",
    "precision_recall",
    "score",
]
