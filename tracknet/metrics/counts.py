"""What became of the frames of a clip, how often, and the ratios that papers make of it."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar

import numpy as np


class Outcome(IntEnum):
    """What became of one frame.

    TP: ball labelled and predicted, close enough. FP1: both, too far away. FP2: predicted only.
    FN: labelled only. TN: neither. UNSCORED: unlabelled, in no count.
    """

    UNSCORED = -1
    TP = 0
    FP1 = 1
    FP2 = 2
    FN = 3
    TN = 4


BOTH = (Outcome.TP, Outcome.FP1)
"""Labelled and predicted: what has a distance."""
PREDICTED = (*BOTH, Outcome.FP2)


def ratio(numerator: Any, denominator: Any) -> Any:
    """Elementwise quotient of counts; 0 where the denominator is 0."""
    denominator = np.asarray(denominator)
    zeros = np.zeros(denominator.shape)
    return np.divide(numerator, denominator, out=zeros, where=denominator > 0)[()]


@dataclass(frozen=True)
class Counts:
    """How many frames had which outcome: integers, or integer arrays of one shape.

    A ball predicted in a wrong place is a miss as well as a false alarm.
    """

    tp: Any = 0
    fp1: Any = 0
    fp2: Any = 0
    fn: Any = 0
    tn: Any = 0

    FIGURES: ClassVar = ("precision", "recall", "f1", "accuracy")

    @classmethod
    def of(cls, outcomes: np.ndarray) -> "Counts":
        """The counts of `Outcome` codes (N,)."""
        return cls(*(int(np.sum(outcomes == o)) for o in Outcome if o is not Outcome.UNSCORED))

    @property
    def predicted(self) -> Any:
        """Frames with a prediction: the denominator of precision."""
        return self.tp + self.fp1 + self.fp2

    @property
    def relevant(self) -> Any:
        """Frames that should have been found: the denominator of recall."""
        return self.tp + self.fp1 + self.fn

    @property
    def precision(self) -> Any:
        return ratio(self.tp, self.predicted)

    @property
    def recall(self) -> Any:
        return ratio(self.tp, self.relevant)

    @property
    def f1(self) -> Any:
        """2PR/(P+R), reduced to one division, so that equal figures compare equal."""
        return ratio(2 * self.tp, self.predicted + self.relevant)

    @property
    def accuracy(self) -> Any:
        return ratio(self.tp + self.tn, self.predicted + self.fn + self.tn)

    def as_dict(self) -> dict[str, int | float]:
        """Counts and figures under the names of ``metrics.json``."""
        counts = {name: int(value) for name, value in vars(self).items()}
        return counts | {name: float(getattr(self, name)) for name in self.FIGURES}


class LenientCounts(Counts):
    """Counts in which a ball predicted in a wrong place is not a miss."""

    @property
    def relevant(self) -> Any:
        return self.tp + self.fn
