"""The field's scoring protocols: counts and figures from coordinates alone.

Every protocol works per frame, with at most one predicted ball a frame. A protocol is one
`Protocol`; adding one means stating which labels it takes for a ball, what is close enough
and what counts as a miss. docs/metrics.md has them in a table. All positions are pixels of the
original frame. Frames that a data set does not want scored are unlabelled.
"""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np

from tracknet.metrics.bootstrap import interval
from tracknet.metrics.counts import BOTH, PREDICTED, Counts, LenientCounts, Outcome, ratio
from tracknet.metrics.distances import distances
from tracknet.types import ABSENT, UNLABELLED, Labels, Track


@dataclass(frozen=True)
class Protocol:
    """One paper's way of scoring.

    Attributes:
        name: The name that figures are printed under.
        ball: Labels -> bool (N,): which of them count as a ball.
        close: Labels and track -> bool (N,): where the prediction is close enough.
        counts: How outcomes add up to figures.
        extras: Further figures of all clips together.
    """

    name: str
    ball: Callable[[Labels], np.ndarray]
    close: Callable[[Labels, Track], np.ndarray]
    counts: type[Counts] = Counts
    extras: Callable[["Protocol", Sequence[Labels], Sequence[Track]], dict[str, Any]] = (
        lambda protocol, labels, tracks: {}
    )

    def outcomes(self, labels: Labels, track: Track) -> np.ndarray:
        """`Outcome` codes of one clip's frames, (N,) int8.

        Raises:
            ValueError: Lengths differ, a ball is labelled or predicted without a position, or the
                protocol scales and the labels do not know the size of their frame.
        """
        _check_clip(labels, track)
        labelled, predicted = self.ball(labels), track.visible
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
        clips = [self.outcomes(*pair) for pair in zip(labels, tracks, strict=True)]
        total = self.counts.of(np.concatenate([np.empty(0), *clips]))
        return total.as_dict() | self.extras(self, labels, tracks)

    def frames(
        self, labels: Sequence[Labels], tracks: Sequence[Track]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Outcome, score and distance in original pixels of all clips' frames, (M,) each.

        Raises:
            ValueError: As `score`.
        """
        check_clips(labels, tracks)
        clips = [(np.empty(0),) * 3]
        for pair in zip(labels, tracks, strict=True):
            clips.append((self.outcomes(*pair), pair[1].score, distances(*pair)))
        outcome, score, distance = map(np.concatenate, zip(*clips, strict=True))
        return outcome, score, distance


def score(
    labels: Sequence[Labels], tracks: Sequence[Track], further: Sequence[Protocol] = ()
) -> dict[str, dict[str, Any]]:
    """The ``protocols`` part of ``metrics.json``.

    Args:
        labels: One per clip, original pixels, with the size of their frame.
        tracks: The predictions of the same clips in the same order, original pixels.
        further: Protocols beside those of `PROTOCOLS`.

    Returns:
        Protocol name -> tp, fp1, fp2, fn, tn, precision, recall, f1, accuracy; ``strict`` adds
        f1_interval (None for fewer than two clips), ``wasb`` adds ap and rmse. A ratio with
        denominator 0 is 0.

    Raises:
        ValueError: Numbers of clips or of frames differ, or a position or a frame's size is
            missing.
    """
    return {p.name: p.score(labels, tracks) for p in (*PROTOCOLS.values(), *further)}


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
        ("labelled", labels.visibility > ABSENT, labels.xy),
        ("predicted", track.visible, track.xy),
    ):
        nowhere = present & ~np.isfinite(xy).all(-1)
        if nowhere.any():
            raise ValueError(
                f"frame {nowhere.argmax()}: a ball is {what} at {xy[nowhere.argmax()]}; give it a "
                "position, or mark the frame as one without a ball"
            )


def _f1_interval(
    protocol: Protocol, labels: Sequence[Labels], tracks: Sequence[Track]
) -> dict[str, Any]:
    clips = [astuple(protocol.count(*pair)) for pair in zip(labels, tracks, strict=True)]
    ends = interval(lambda sums: protocol.counts(*sums.T).f1, clips)
    return {"f1_interval": ends and list(ends)}


def _ap_and_rmse(
    protocol: Protocol, labels: Sequence[Labels], tracks: Sequence[Track]
) -> dict[str, Any]:
    """WASB's average precision and root mean square error (original pixels).

    The highest precision at a recall value is the one where that recall is first reached, so the
    sum over recall values is one over true positives. Source of both: METRICS.md and
    nttcom/WASB-SBDT, src/utils/evaluator.py. Equal scores rank in the order of clips and frames.
    """
    outcome, score, error = protocol.frames(labels, tracks)
    predicted = np.isin(outcome, PREDICTED)
    ranked = outcome[predicted][np.argsort(-score[predicted], kind="stable")] == Outcome.TP
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    error = error[np.isin(outcome, BOTH)]
    return {
        "ap": float(ratio(precision[ranked].sum(), protocol.counts.of(outcome).relevant)),
        "rmse": float(np.sqrt(ratio((error**2).sum(), len(error)))),
    }


def _visible(labels: Labels) -> np.ndarray:
    return labels.visibility > ABSENT


def _seen(labels: Labels) -> np.ndarray:
    return np.isin(labels.visibility, (1, 2))


def _visible_off_the_corner(labels: Labels) -> np.ndarray:
    return _visible(labels) & (labels.xy != 0).any(-1)


def _within_4_px(labels: Labels, track: Track) -> np.ndarray:
    return distances(labels, track) < 4


def _within_5_px_of_720p(labels: Labels, track: Track) -> np.ndarray:
    return distances(labels, track, (720, 1280)) < 5


def _within_4_cells(labels: Labels, track: Track) -> np.ndarray:
    return distances(labels, track, (288, 512), truncate=True) <= 4


STRICT = Protocol("strict", _visible, _within_4_px, Counts, _f1_interval)
WASB = Protocol("wasb", _seen, _within_4_px, LenientCounts, _ap_and_rmse)
TRACKNETV1 = Protocol("tracknetv1", _visible, _within_5_px_of_720p)
TRACKNETV2 = Protocol("tracknetv2", _visible, _within_4_cells, LenientCounts)
TRACKNETV3 = Protocol("tracknetv3", _visible_off_the_corner, _within_4_cells, LenientCounts)
PROTOCOLS = {p.name: p for p in (STRICT, WASB, TRACKNETV1, TRACKNETV2, TRACKNETV3)}
