"""On which side of the labels positions lie, by hand."""

import numpy as np
import pytest

from tracknet.metrics import offset
from tracknet.metrics.bootstrap import median_error
from tracknet.metrics.offset import directions
from tracknet.types import Labels, Track


def clip(xy, apart=(0, 0), seen=None):
    """Labels at (N,2), visible where `seen`, and positions that far from them."""
    xy = np.array(xy, np.float32).reshape(-1, 2)
    seen = np.full(len(xy), True) if seen is None else np.array(seen, bool)
    labels = Labels(np.where(seen[:, None], xy, np.nan), seen.astype(np.int8))
    track = Track(xy.astype(float) + apart, np.ones(len(xy)), np.full(len(xy), "detected"))
    return labels, track


def offsets(*clips):
    return offset(*(list(side) for side in zip(*clips, strict=True)))


RIGHT = [(10 * t, 100) for t in range(9)]
LEFT = [(200 - 30 * t, 100) for t in range(9)]


def test_sides_are_of_the_picture_and_of_the_flight():
    found = offsets(clip(RIGHT, (-2, 1)), clip(LEFT, (-2, 1)))
    medians = {side: own["median_px"] for side, own in found["all"].items()}
    assert medians == {"x": -2, "y": 1, "along": 0}
    assert [own["balls"] for own in found["all"].values()] == [18, 18, 14]  # ends have no direction
    assert found["10 to 20 px"]["along"]["median_px"] == -2  # behind a ball that flies to the right
    assert found["20 to 40 px"]["along"]["median_px"] == 2  # ahead of one that flies to the left
    assert found["0 to 5 px"]["x"] == {"balls": 0, "median_px": None, "error_px": None}


def test_along_is_the_share_of_the_offset_in_the_direction():
    down = [(100, 12 * t) for t in range(5)]
    slanted = [(3 * t, 4 * t) for t in range(5)]
    assert offsets(clip(down, (5, -1.5)))["all"]["along"]["median_px"] == -1.5
    assert offsets(clip(slanted, (3, 4)))["all"]["along"]["median_px"] == pytest.approx(5)
    assert offsets(clip(slanted, (4, -3)))["all"]["along"]["median_px"] == pytest.approx(0)


def test_a_direction_needs_both_neighbours_and_a_moving_ball():
    seen = [1, 1, 1, 0, 1, 1]
    labels, _ = clip([(0, 0), (10, 0), (20, 0), (30, 0), (40, 0), (50, 0)], seen=seen)
    known = np.isfinite(directions(labels)).all(1)
    assert known.tolist() == [False, True, False, True, False, False]
    resting, _ = clip([(0.9 * t, 0) for t in range(4)])
    assert np.isnan(directions(resting)).all()
    assert directions(clip([])[0]).shape == (0, 2)
    assert directions(clip([(1, 1)])[0]).shape == (1, 2)


def test_an_error_of_a_label_is_none_of_the_direction():
    """Labels that jitter make no lag, which a direction from their own position would find."""
    rng = np.random.default_rng(0)
    true = np.column_stack([2.0 * np.arange(4000), np.full(4000, 50.0)])
    labels, _ = clip(true + rng.normal(0, 1, true.shape))
    _, track = clip(true)
    assert abs(offset([labels], [track])["all"]["along"]["median_px"]) < 0.1


def test_what_is_far_away_or_missing_does_not_count():
    one = clip(RIGHT, (1, 0))
    one[1].xy[[2, 3]] += [[16, 0], [12, 0]]  # 17 and 13 px away
    one[1].source[4] = ""
    one[1].xy[4] = np.nan
    assert offsets(one)["all"]["x"]["balls"] == 7
    two = clip(RIGHT, (1, 0), seen=[1] * 5 + [0] * 4)
    assert offsets(two)["all"]["x"]["balls"] == 5


def test_the_error_is_that_of_other_clips():
    """Clips of one offset each: frames of a clip say nothing more than one of them."""
    own = [clip(RIGHT * 5, (shift, 0)) for shift in (-1, 0, 1)]
    error = offsets(*own)["all"]["x"]["error_px"]
    assert 0.5 < error < 0.9
    assert offsets(*own[:1])["all"]["x"]["error_px"] is None
    assert offsets(*[clip(RIGHT, (2, 0))] * 3)["all"]["x"]["error_px"] == 0


def test_the_error_of_many_small_clips_is_the_known_one():
    values = np.random.default_rng(0).normal(0, 1, (400, 1))
    assert median_error(list(values)) == pytest.approx(1.2533 / 20, rel=0.25)
    assert median_error([np.empty(0), np.ones(3)]) is None


def test_no_clips():
    found = offset([], [])
    assert {side["balls"] for group in found.values() for side in group.values()} == {0}
