"""The frames that a model got most wrong, and those on which two models differ most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tracknet.metrics import STRICT, Outcome, distances
from tracknet.types import UNLABELLED, Labels, Track

RIGHT = (Outcome.TP, Outcome.TN)
ONE_ALONE = 1e6
"""A ball that one of two models alone sees counts as farther apart than any two, in pixels."""


@dataclass(frozen=True)
class Case:
    """A frame worth a look.

    Attributes:
        clip: Index of the clip.
        frame: Index of the frame in its clip.
        outcomes: What became of it with each model, protocol ``strict``.
    """

    clip: int
    frame: int
    outcomes: tuple[Outcome, ...]


def worst_mistakes(
    labels: Sequence[Labels], tracks: Sequence[Track], count: int = 24
) -> list[Case]:
    """The most confident false positives, farthest misplacements and misses of lowest score.

    The three kinds take turns, see `_in_turns`.

    Args:
        labels: One per clip, original pixels.
        tracks: The predictions of the same clips, original pixels.
        count: How many are returned at most.
    """
    frames = []
    for label, track in zip(labels, tracks, strict=True):
        outcomes = STRICT.outcomes(label, track)
        kinds = [outcomes == kind for kind in (Outcome.FP2, Outcome.FP1, Outcome.FN)]
        severities = [track.score, distances(label, track), -track.score]
        frames.append((outcomes[:, None], kinds, severities))
    return _in_turns(frames, count)


def worst_disagreements(
    labels: Sequence[Labels], first: Sequence[Track], other: Sequence[Track], count: int = 24
) -> list[Case]:
    """Frames that one model has right and the other has not, the farthest apart first.

    Those that the first has right and those that the other has right take turns, see `_in_turns`.
    Balls that one of them alone sees come before balls that both see, the surer ones first.

    Args:
        labels: One per clip, original pixels.
        first: The predictions of a model, original pixels.
        other: Those of another one.
        count: How many are returned at most.
    """
    frames = []
    for label, *tracks in zip(labels, first, other, strict=True):
        outcomes = np.stack([STRICT.outcomes(label, track) for track in tracks], axis=-1)
        one, two = np.isin(outcomes, RIGHT).T & (label.visibility > UNLABELLED)
        score = np.max([np.where(track.visible, track.score, 0) for track in tracks], axis=0)
        apart = np.linalg.norm(tracks[0].xy - tracks[1].xy, axis=-1)
        apart = np.where(np.isnan(apart), ONE_ALONE * (1 + score), apart)
        frames.append((outcomes, [one & ~two, two & ~one], [apart, apart]))
    return _in_turns(frames, count)


def _in_turns(
    clips: Sequence[tuple[np.ndarray, Sequence[np.ndarray], Sequence[np.ndarray]]], count: int
) -> list[Case]:
    """The most severe cases, as different ones as can be.

    The kinds take turns. Within a kind, one frame of every run of consecutive frames comes before
    the second of any run, and one of every clip before the second of any clip.

    Args:
        clips: Of each the outcomes (N,M), and for each kind of case, which a frame is one of at
            most, whether the frames are one (N,) bool and how severe (N,).
        count: How many are returned at most.
    """
    if not clips:
        return []
    tables = (
        pd.DataFrame(
            {
                "clip": clip,
                "frame": range(len(outcomes)),
                "kind": np.select(kinds, range(len(kinds)), -1),
                "mildness": -np.select(kinds, severities),
            }
        )
        for clip, (outcomes, kinds, severities) in enumerate(clips)
    )
    frames = pd.concat(tables, ignore_index=True)
    cases = frames[frames["kind"] >= 0].copy()
    cases["run"] = cases["frame"] - cases.groupby(["kind", "clip"]).cumcount()
    cases = cases.sort_values("mildness", kind="stable")
    cases["turn"] = cases.groupby(["kind", "clip", "run"]).cumcount()
    cases["place"] = cases.groupby(["kind", "clip", "turn"]).cumcount()
    cases = cases.sort_values(["turn", "place", "mildness"])
    cases["rank"] = cases.groupby("kind").cumcount()
    chosen = cases.sort_values(["rank", "kind"])[["clip", "frame"]].head(count)
    return [
        Case(clip, frame, tuple(map(Outcome, clips[clip][0][frame])))
        for clip, frame in chosen.itertuples(index=False)
    ]
