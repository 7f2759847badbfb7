"""The field's scoring protocols: counts and figures from coordinates alone.

Every protocol works per frame, with at most one predicted ball a frame. A protocol is one
`Protocol` constant; adding one means stating whom it takes for visible, what is close enough and
what counts as a miss. All positions are pixels of the original frame.
"""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import Any, ClassVar

import numpy as np

from tracknet.metrics.bootstrap import interval
from tracknet.types import UNLABELLED, Labels, Track


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

    def __add__(self, other: "Counts") -> "Counts":
        if type(other) is not type(self):
            return NotImplemented
        return type(self)(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

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


def distances(labels: Labels, track: Track) -> np.ndarray:
    """Distance of prediction and label, (N,) float64 original pixels, NaN where either is absent.

    Labels are float32; they are compared as the decimals that their file holds (634.9, not
    634.900024), so that a distance of exactly the limit is not decided by storage.
    """
    written = labels.xy.astype(str).astype(np.float64)
    return np.linalg.norm(track.xy.astype(np.float64) - written, axis=-1)


@dataclass(frozen=True)
class Protocol:
    """One paper's way of scoring.

    Attributes:
        name: The name that figures are printed under.
        visible: Visibility classes (N,) -> bool (N,): which of them count as a ball.
        close: Labels and track -> bool (N,): where the prediction is close enough.
        counts: How outcomes add up to figures.
        extras: Further figures of all clips together.
    """

    name: str
    visible: Callable[[np.ndarray], np.ndarray]
    close: Callable[[Labels, Track], np.ndarray]
    counts: type[Counts]
    extras: Callable[["Protocol", Sequence[Labels], Sequence[Track]], dict[str, Any]]

    def outcomes(self, labels: Labels, track: Track) -> np.ndarray:
        """`Outcome` codes of one clip's frames, (N,) int8.

        Raises:
            ValueError: Lengths differ, or a ball is labelled or predicted without a position.
        """
        _check_clip(labels, track)
        labelled, predicted = self.visible(labels.visibility), track.visible
        close = self.close(labels, track)
        return np.select(
            [
                labels.visibility == UNLABELLED,
                labelled & predicted & close,
                labelled & predicted,
                predicted,
                labelled,
            ],
            [Outcome.UNSCORED, Outcome.TP, Outcome.FP1, Outcome.FP2, Outcome.FN],
            Outcome.TN,
        ).astype(np.int8)

    def count(self, labels: Labels, track: Track) -> Counts:
        """The counts of one clip.

        Raises:
            ValueError: As `outcomes`.
        """
        return self.counts.of(self.outcomes(labels, track))

    def score(self, labels: Sequence[Labels], tracks: Sequence[Track]) -> dict[str, Any]:
        """Counts and figures of all clips together, as `metrics.json` holds them.

        Raises:
            ValueError: Numbers of clips or of frames differ, or a position is missing.
        """
        check_clips(labels, tracks)
        clips = (self.count(*pair) for pair in zip(labels, tracks, strict=True))
        total = sum(clips, self.counts())
        return total.as_dict() | self.extras(self, labels, tracks)


def score(labels: Sequence[Labels], tracks: Sequence[Track]) -> dict[str, dict[str, Any]]:
    """The ``protocols`` part of ``metrics.json``.

    Args:
        labels: One per clip, original pixels.
        tracks: The predictions of the same clips in the same order, original pixels.

    Returns:
        Protocol name -> tp, fp1, fp2, fn, tn, precision, recall, f1, accuracy; ``strict`` adds
        f1_interval, ``wasb`` adds ap and rmse. A ratio with denominator 0 is 0.

    Raises:
        ValueError: Numbers of clips or of frames differ, or a position is missing.
    """
    return {name: protocol.score(labels, tracks) for name, protocol in PROTOCOLS.items()}


def check_clips(labels: Sequence[Labels], tracks: Sequence[Track]) -> None:
    """Refuses sequences that are not parallel.

    Raises:
        ValueError: Their lengths differ.
    """
    if len(labels) != len(tracks):
        raise ValueError(
            f"labels of {len(labels)} clips, predictions of {len(tracks)}; give one track per clip"
        )


def _check_clip(labels: Labels, track: Track) -> None:
    if len(labels) != len(track):
        raise ValueError(
            f"labels of {len(labels)} frames, predictions of {len(track)} for one clip; bring "
            "both to the video's length (Labels.resized)"
        )
    for what, present, xy in (
        ("labelled", labels.visibility > 0, labels.xy),
        ("predicted", track.visible, track.xy),
    ):
        nowhere = present & ~np.isfinite(xy).all(-1)
        if nowhere.any():
            raise ValueError(
                f"frame {nowhere.argmax()}: a ball is {what} at {xy[nowhere.argmax()]}; give it a "
                "position, or mark the frame as one without a ball"
            )


def _within_4_px(labels: Labels, track: Track) -> np.ndarray:
    return distances(labels, track) < 4


def _f1_interval(
    protocol: Protocol, labels: Sequence[Labels], tracks: Sequence[Track]
) -> dict[str, Any]:
    clips = [astuple(protocol.count(*pair)) for pair in zip(labels, tracks, strict=True)]
    return {"f1_interval": list(interval(lambda sums: protocol.counts(*sums.T).f1, clips))}


def _ap_and_rmse(
    protocol: Protocol, labels: Sequence[Labels], tracks: Sequence[Track]
) -> dict[str, Any]:
    """WASB's average precision and root mean square error (original pixels).

    The highest precision at a recall value is the one where that recall is first reached, so the
    sum over recall values is one over true positives. Source of both: METRICS.md and
    nttcom/WASB-SBDT, src/utils/evaluator.py. Equal scores rank in the order of clips and frames.
    """
    empty = np.empty(0)
    outcomes, scores, errors = [empty], [empty], [empty]
    for clip, track in zip(labels, tracks, strict=True):
        outcomes.append(protocol.outcomes(clip, track))
        scores.append(track.score)
        errors.append(distances(clip, track))
    outcome, score, error = map(np.concatenate, (outcomes, scores, errors))

    predicted = np.isin(outcome, (Outcome.TP, Outcome.FP1, Outcome.FP2))
    ranked = outcome[predicted][np.argsort(-score[predicted], kind="stable")] == Outcome.TP
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    error = error[np.isin(outcome, (Outcome.TP, Outcome.FP1))]
    return {
        "ap": float(ratio(precision[ranked].sum(), protocol.counts.of(outcome).relevant)),
        "rmse": float(np.sqrt(ratio((error**2).sum(), len(error)))),
    }


STRICT = Protocol("strict", lambda v: v > 0, _within_4_px, Counts, _f1_interval)
WASB = Protocol("wasb", lambda v: (v == 1) | (v == 2), _within_4_px, LenientCounts, _ap_and_rmse)
PROTOCOLS = {protocol.name: protocol for protocol in (STRICT, WASB)}
