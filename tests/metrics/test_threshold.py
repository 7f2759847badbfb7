"""The rule that turns scores into predictions, and the threshold that serves it best."""

import numpy as np
import pytest

from tracknet.metrics import STRICT, at_threshold, best_threshold, best_tracked, precision_recall
from tracknet.types import Labels, Track


def labels_of(visible):
    visible = np.asarray(visible)
    xy = np.where(visible[:, None] > 0, 5.0, np.nan).astype(np.float32)
    return Labels(np.broadcast_to(xy, (len(visible), 2)), visible.astype(np.int8))


def candidates_of(scores, x=5.0, dtype=np.float64):
    n = len(scores)
    xy = np.column_stack([np.broadcast_to(x, n), np.full(n, 5.0)])
    return Track(xy, np.asarray(scores, dtype), np.full(n, "detected"))


def test_a_ball_is_predicted_where_score_is_at_least_the_threshold():
    track = at_threshold(candidates_of([0.49, 0.5, 0.51]), 0.5)
    assert track.visible.tolist() == [False, True, True]
    assert np.isnan(track.xy[:, 0]).tolist() == [True, False, False]
    assert track.source.tolist() == ["", "detected", "detected"]
    assert track.score.tolist() == [0.49, 0.5, 0.51]


def test_a_frame_without_a_ball_stays_without():
    empty = Track(np.full((1, 2), np.nan), np.array([0.9]), np.array([""]))
    assert not at_threshold(empty, 0.1).visible.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_best_is_what_scoring_every_threshold_finds(dtype):
    rng = np.random.default_rng(3)
    for _ in range(8):
        labels = [labels_of(rng.integers(-1, 3, n)) for n in (0, 9, 14)]
        candidates = [
            candidates_of(rng.integers(0, 21, len(c)) / 20, rng.choice([5, 50], len(c)), dtype)
            for c in labels
        ]
        figures = {
            step / 20: STRICT.score(labels, [at_threshold(c, step / 20) for c in candidates])
            for step in range(1, 20)
        }
        best = max(f["f1"] for f in figures.values())
        ties = [t for t, f in figures.items() if f["f1"] == best]
        expected = min(ties, key=lambda t: (round(abs(t - 0.5), 6), t))
        assert best_threshold(labels, candidates) == (expected, best)

        def tracked(threshold, candidates=candidates):
            return [at_threshold(own, threshold) for own in candidates]

        assert best_tracked(labels, tracked) == (expected, best)


def test_best_by_hand():
    """Balls score 0.8 and 0.3, a false one 0.5: 0.3 gives 2/3 and 1, above it 1 and 1/2."""
    threshold, f1 = best_threshold([labels_of([1, 1, 0])], [candidates_of([0.8, 0.3, 0.5])])
    assert (threshold, f1) == (0.3, pytest.approx(0.8))


def test_of_equals_the_nearest_to_a_half_wins():
    labels = [labels_of([1, 0])]
    assert best_threshold(labels, [candidates_of([0.9, 0.1])]) == (0.5, 1.0)
    assert best_threshold(labels, [candidates_of([0.3, 0.1])]) == (0.3, 1.0)
    assert best_threshold(labels, [candidates_of([0.9, 0.72])]) == (0.75, 1.0)
    assert best_threshold([], []) == (0.5, 0.0)


def test_lower_of_two_that_are_equally_near_wins():
    """0.45 keeps a hit and a false one, 0.55 neither, 0.5 a false one: shaped by a third ball."""
    labels = [labels_of([1, 1, 1, 0])]
    candidates = [candidates_of([0.95, 0.95, 0.45, 0.52])]
    at = {t: STRICT.score(labels, [at_threshold(candidates[0], t)])["f1"] for t in (0.5, 0.55)}
    assert at[0.5] < at[0.55]
    assert best_threshold(labels, candidates)[0] == 0.45


def test_refuses_what_is_not_parallel():
    with pytest.raises(ValueError, match="labels of 1 clips, predictions of 0"):
        best_threshold([labels_of([1])], [])


def test_precision_recall_by_hand():
    """Equal scores are one point: 0.9 hit; then 0.8 false and hit; then 0.1 misplaced."""
    labels = [labels_of([1, 0, 1, 1, 1])]
    candidates = candidates_of([0.9, 0.8, 0.8, 0.1, 0.05], [5, 5, 5, 50, 50])
    rejected = at_threshold(candidates, 0.1)
    precision, recall = precision_recall(labels, [rejected])
    assert precision == pytest.approx([1, 2 / 3, 1 / 2])
    assert recall == pytest.approx([1 / 4, 1 / 2, 1 / 2])


def test_precision_recall_without_predictions_is_empty():
    assert [len(part) for part in precision_recall([], [])] == [0, 0]
