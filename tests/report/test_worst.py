"""Which frames are called the worst."""

import numpy as np
import pytest

from tracknet.metrics import Outcome
from tracknet.report.worst import Case, worst_disagreements, worst_mistakes
from tracknet.types import Labels, Track


def clip_of(*rows):
    """Rows (labelled x or None, predicted x or None, score)."""
    label, guess = (
        np.array([[np.nan if row[i] is None else row[i], 5.0] for row in rows], np.float32)
        for i in (0, 1)
    )
    labelled, predicted = np.isfinite(label[:, 0]), np.isfinite(guess[:, 0])
    return (
        Labels(label, labelled.astype(np.int8)),
        Track(guess, np.array([row[2] for row in rows]), np.where(predicted, "detected", "")),
    )


GOOD = (5, 5, 0.9)


def places(clips, **options):
    labels, tracks = zip(*clips, strict=True)
    return [(m.clip, m.frame) for m in worst_mistakes(labels, tracks, **options)]


def test_only_mistakes_with_what_they_are():
    label, track = clip_of(GOOD, (None, 7, 0.8), (5, 105, 0.7), (5, None, 0.1), (None, None, 0))
    false, misplaced, missed = worst_mistakes([label], [track])
    assert false == Case(0, 1, (Outcome.FP2,))
    assert misplaced == Case(0, 2, (Outcome.FP1,))
    assert missed == Case(0, 3, (Outcome.FN,))


@pytest.mark.parametrize(
    ("mild", "severe"),
    [
        ((None, 7, 0.3), (None, 7, 0.8)),
        ((5, 15, 0.9), (5, 95, 0.1)),
        ((5, None, 0.4), (5, None, 0.01)),
    ],
    ids=["surer", "farther", "blinder"],
)
def test_the_worse_comes_first(mild, severe):
    assert places([clip_of(mild, GOOD, severe)]) == [(0, 2), (0, 0)]


def test_clips_take_turns_and_runs_come_once():
    first = clip_of(*[(None, 7, s) for s in (0.90, 0.95, 0.91)], GOOD, (None, 7, 0.6))
    second = clip_of(GOOD, (None, 7, 0.3))
    assert places([first, second]) == [(0, 1), (1, 1), (0, 4), (0, 2), (0, 0)]
    assert places([first, second], count=2) == [(0, 1), (1, 1)]


TP, FP1, FP2, FN, TN = Outcome.TP, Outcome.FP1, Outcome.FP2, Outcome.FN, Outcome.TN


def differing(*clips, **options):
    """Clips of rows (labelled x, the first's x, the other's x); each is surer the later it is."""
    labels, first, other = [], [], []
    for rows in clips:
        scores = [0.5 + i / 100 for i in range(len(rows))]
        for tracks, column in ((first, 1), (other, 2)):
            own = [(row[0], row[column], score) for row, score in zip(rows, scores, strict=True)]
            tracks.append(clip_of(*own)[1])
        labels.append(clip_of(*own)[0])
    return worst_disagreements(labels, first, other, **options)


def test_models_disagree_where_one_alone_is_right():
    rows = [(5, 5, 5), (5, 5, 50), (None, None, 7), (5, None, 5), (5, None, 50), (None, 8, 9)]
    found = {found.frame: found.outcomes for found in differing(rows)}
    assert found == {1: (TP, FP1), 2: (TN, FP2), 3: (FN, TP)}


def test_an_unlabelled_frame_is_no_disagreement():
    labels, track = clip_of((5, 5, 0.9))
    unlabelled = Labels(labels.xy, np.array([-1], np.int8))
    assert worst_disagreements([unlabelled], [track], [clip_of((5, 50, 0.9))[1]]) == []


def test_disagreements_take_turns_and_a_lone_ball_comes_first():
    same = (5, 5, 5)
    near, far = (5, 5, 20), (5, 5, 90)
    first = [near, same, far, same, (None, None, 7), same, (None, None, 7)]
    assert differing(first, [same, (5, 30, 5)]) == [
        Case(0, 6, (TN, FP2)),  # the surer one
        Case(1, 1, (FP1, TP)),
        *(Case(0, frame, (TN, FP2)) for frame in (4,)),
        *(Case(0, frame, (TP, FP1)) for frame in (2, 0)),
    ]
    assert len(differing(first, [same], count=2)) == 2
