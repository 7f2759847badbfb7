"""Why balls are missed, of candidates by hand."""

import numpy as np

from tests.metrics.test_breakdown import labels_of, track_of
from tracknet.metrics import breakdown, causes, localisation


def candidates_of(*frames):
    """Of each frame two candidates (x, score); y is 10 as that of the labels."""
    return np.array([[(x, 10, score) for x, score in frame] for frame in frames], float)


NOTHING = (0, 0.0), (0, 0.0)
LABELS = labels_of((1, 100), (1, 100), (1, 100), (1, 100), (1, 100), (1, 100), (0, 0), (-1, 0))
TRACK = track_of(103, 108, 300, None, None, 108.5, 50, None)
CANDIDATES = candidates_of(
    ((103, 0.9), (0, 0)),
    ((108, 0.9), (100, 0.3)),  # within 8 px is only badly placed, whatever else there is
    ((300, 0.9), (107, 0.06)),
    ((100, 0.05), (200, 0.04)),  # it must be more than that
    NOTHING,
    ((108.5, 0.9), (92, 0.3)),
    ((50, 0.9), (0, 0)),
    ((100, 0.9), (0, 0)),
)


def test_a_missed_ball_has_one_cause():
    placing, choosing, unseen = "placing", "choosing", "unseen"
    said = ["", placing, choosing, unseen, unseen, choosing, "", ""]
    assert causes(LABELS, TRACK, CANDIDATES).tolist() == said
    blind = ["", placing, *["unknown"] * 4, "", ""]
    assert causes(LABELS, TRACK, None).tolist() == blind


def test_causes_are_those_that_the_curves_show():
    """What is lost by choosing is what candidates have within 8 px and the track has not."""
    near = localisation([LABELS], [TRACK], [CANDIDATES])
    every = breakdown(["a"], [LABELS], [TRACK], [CANDIDATES])["all"]
    reported, any_one = near["pck"], near["pck_candidates"]["0.05"]
    assert [reported["4"], reported["8"]] == [1 / 6, 2 / 6]
    assert [any_one[r] for r in ("4", "7", "8", "9")] == [2 / 6, 3 / 6, 4 / 6, 4 / 6]
    assert near["pck_candidates"]["0.2"]["8"] == 3 / 6
    assert every["choosing"] == 6 * (any_one["8"] - reported["8"]) == 2
    assert every["placing"] == 6 * (reported["8"] - reported["4"]) == 1
    assert every["unseen"] == 6 - 6 * any_one["8"] == 2
    assert every["placing"] + every["choosing"] + every["unseen"] == every["fp1"] + every["fn"]


def test_without_candidates_only_placing_is_known():
    every = breakdown(["a"], [LABELS], [TRACK])["all"]
    assert every["placing"] == 1
    assert not {"choosing", "unseen"} & {*every}
    assert "pck_candidates" not in localisation([LABELS], [TRACK])
