"""The frames that a model got most wrong, and those on which two models differ most."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tracknet.metrics import STRICT, Outcome, distances
from tracknet.types import Labels, Track

RIGHT = (Outcome.TP, Outcome.TN)
ONE_ALONE = 1e6
"""A ball that one of two models alone sees counts as farther apart than any two, in pixels."""


@dataclass(frozen=True)
class Mistake:
    """One wrongly predicted frame.

    Attributes:
        clip: Index of the clip.
        frame: Index of the frame in its clip.
        outcome: `Outcome.FP1`, `FP2` or `FN`, of protocol ``strict``.
        score: The score of the prediction, also of a rejected one.
        distance: Of prediction and label, original pixels; NaN where either is absent.
    """

    clip: int
    frame: int
    outcome: Outcome
    score: float
    distance: float


@dataclass(frozen=True)
class Disagreement:
    """A frame that one of two models has right.

    Attributes:
        clip: Index of the clip.
        frame: Index of the frame in its clip.
        outcomes: What became of it with the first and with the other model, protocol ``strict``.
    """

    clip: int
    frame: int
    outcomes: tuple[Outcome, Outcome]


def worst_mistakes(
    labels: Sequence[Labels], tracks: Sequence[Track], count: int = 24
) -> list[Mistake]:
    """The most confident false positives, farthest misplacements and misses of lowest score.

    The three kinds take turns, see `in_turns`.

    Args:
        labels: One per clip, original pixels.
        tracks: The predictions of the same clips, original pixels.
        count: How many are returned at most.
    """
    outcomes, apart = [], []
    severities: dict[Outcome, list[np.ndarray]] = {
        kind: [] for kind in (Outcome.FP2, Outcome.FP1, Outcome.FN)
    }
    for label, track in zip(labels, tracks, strict=True):
        outcomes.append(STRICT.outcomes(label, track))
        apart.append(distances(label, track))
        for kind, severity in zip(severities, (track.score, apart[-1], -track.score), strict=True):
            severities[kind].append(np.where(outcomes[-1] == kind, severity, np.nan))
    return [
        Mistake(
            clip,
            frame,
            Outcome(outcomes[clip][frame]),
            float(tracks[clip].score[frame]),
            float(apart[clip][frame]),
        )
        for clip, frame in in_turns(severities.values(), count)
    ]


def worst_disagreements(
    labels: Sequence[Labels], first: Sequence[Track], other: Sequence[Track], count: int = 24
) -> list[Disagreement]:
    """Frames that one model has right and the other has not, the farthest apart first.

    Those that the first has right and those that the other has right take turns, see `in_turns`.
    Balls that one of them alone sees come before balls that both see, the surer ones first.

    Args:
        labels: One per clip, original pixels.
        first: The predictions of a model, original pixels.
        other: Those of another one.
        count: How many are returned at most.
    """
    outcomes, severities = [], ([], [])
    for label, *tracks in zip(labels, first, other, strict=True):
        own = [STRICT.outcomes(label, track) for track in tracks]
        right = [np.isin(codes, RIGHT) for codes in own]
        score = np.max([np.where(track.visible, track.score, 0) for track in tracks], axis=0)
        apart = np.linalg.norm(tracks[0].xy - tracks[1].xy, axis=-1)
        apart = np.where(np.isnan(apart), ONE_ALONE * (1 + score), apart)
        outcomes.append(own)
        for severity, better, worse in zip(severities, right, right[::-1], strict=True):
            scored = label.visibility >= 0
            severity.append(np.where(scored & better & ~worse, apart, np.nan))
    return [
        Disagreement(clip, frame, (Outcome(first[frame]), Outcome(other[frame])))
        for clip, frame in in_turns(severities, count)
        for first, other in [outcomes[clip]]
    ]


def in_turns(kinds: Iterable[Sequence[np.ndarray]], count: int) -> list[tuple[int, int]]:
    """The most severe frames, as different ones as can be.

    The kinds take turns. Within a kind, one frame of every run of consecutive frames comes before
    the second of any run, and one of every clip before the second of any clip.

    Args:
        kinds: For each kind and clip the severity of each frame, (N,), NaN where it is no case.
        count: How many are returned at most.

    Returns:
        (clip, frame) of each.
    """
    ranked: list[tuple[int, int, tuple[int, int]]] = []
    for kind, clips in enumerate(kinds):
        queue: list[tuple[tuple[int, int, float], tuple[int, int]]] = []
        for clip, severity in enumerate(clips):
            case = np.isfinite(severity)
            run = np.cumsum(np.diff(case, prepend=False)).tolist()
            frames = np.flatnonzero(case)
            in_run: dict[int, int] = {}
            in_clip: dict[int, int] = {}
            for frame in frames[np.argsort(-severity[frames], kind="stable")].tolist():
                turn = in_run[run[frame]] = in_run.get(run[frame], -1) + 1
                place = in_clip[turn] = in_clip.get(turn, -1) + 1
                queue.append(((turn, place, -float(severity[frame])), (clip, frame)))
        queue.sort(key=lambda item: item[0])
        ranked += [(rank, kind, place) for rank, (_, place) in enumerate(queue)]
    return [place for *_, place in sorted(ranked)[:count]]
