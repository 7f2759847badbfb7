"""Protocols and curves, from coordinates alone."""

from tracknet.metrics.bootstrap import interval as interval
from tracknet.metrics.breakdown import breakdown as breakdown, speeds as speeds
from tracknet.metrics.causes import CAUSES as CAUSES, NEAR as NEAR, causes as causes
from tracknet.metrics.comparison import f1_difference as f1_difference
from tracknet.metrics.counts import Counts as Counts, Outcome as Outcome
from tracknet.metrics.distances import distances as distances
from tracknet.metrics.localisation import errors as errors, localisation as localisation
from tracknet.metrics.offset import MATCHED as MATCHED, offset as offset
from tracknet.metrics.protocols import (
    PROTOCOLS as PROTOCOLS,
    STRICT as STRICT,
    Protocol as Protocol,
    score as score,
)
from tracknet.metrics.threshold import (
    at_threshold as at_threshold,
    best_threshold as best_threshold,
    best_tracked as best_tracked,
    counts_at as counts_at,
    precision_recall as precision_recall,
)
