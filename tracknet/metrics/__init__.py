"""Protocols and curves, from coordinates alone."""

from tracknet.metrics.bootstrap import interval
from tracknet.metrics.breakdown import breakdown, speeds
from tracknet.metrics.comparison import f1_difference
from tracknet.metrics.counts import Counts, LenientCounts, Outcome
from tracknet.metrics.distances import distances
from tracknet.metrics.localisation import errors, localisation
from tracknet.metrics.protocols import PROTOCOLS, STRICT, Protocol, score
from tracknet.metrics.threshold import at_threshold, best_threshold, precision_recall

__all__ = [
    "PROTOCOLS",
    "STRICT",
    "Counts",
    "LenientCounts",
    "Outcome",
    "Protocol",
    "at_threshold",
    "best_threshold",
    "breakdown",
    "distances",
    "errors",
    "f1_difference",
    "interval",
    "localisation",
    "precision_recall",
    "score",
    "speeds",
]
