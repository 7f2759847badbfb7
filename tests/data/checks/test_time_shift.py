"""Labels moved in time are found by the motion at their places."""

import numpy as np
import pytest

from tracknet.data.checks.time_shift import shift_problems, time_shifts


def moved(xy, by):
    """Labels that stand `by` frames (a number, or one a frame) after their balls."""
    source = np.arange(len(xy)) - np.rint(np.broadcast_to(by, len(xy))).astype(int)
    inside = (source >= 0) & (source < len(xy))
    labels = np.full_like(xy, np.nan)
    labels[inside] = xy[source[inside]]
    return labels, np.where(inside, 1, -1).astype(np.int8)


@pytest.mark.parametrize("seed", range(3))
def test_labels_in_their_place_raise_no_alarm(rally, seed):
    frames, xy = rally(seed)
    assert time_shifts(frames, *moved(xy, 0)) == []


@pytest.mark.parametrize("by", [-6, -1, 1, 3])
def test_a_shift_of_the_whole_clip(rally, by):
    frames, xy = rally()
    (shift,) = time_shifts(frames, *moved(xy, by))
    assert (shift.frames, shift.whole) == (-by, True)
    assert shift.first < 30 < 120 < shift.last
    (problem,) = shift_problems("a", frames, *moved(xy, by))
    assert (problem.kind, problem.clip, problem.frame) == ("time_shift", "a", shift.first)
    assert f"are {abs(by)} {'late' if by > 0 else 'early'}; add {-by} to" in problem.message


@pytest.mark.parametrize("most", [10, -10])
def test_a_drift_inside_a_clip(rally, most):
    frames, xy = rally(count=300)
    shifts = time_shifts(frames, *moved(xy, np.linspace(0, most, 300)))
    assert len(shifts) > 2
    assert not any(shift.whole for shift in shifts)
    found = [shift.frames * -np.sign(most) for shift in shifts]
    assert found == sorted(found)
    assert found[-1] >= 6


def test_a_ball_at_rest_tells_nothing(rally):
    frames, xy = rally(speed=0.1)
    assert time_shifts(frames, *moved(xy, 3)) == []


def test_without_labels(rally):
    frames, xy = rally(count=40)
    assert time_shifts(frames, np.full_like(xy, np.nan), np.zeros(40, np.int8)) == []
    assert time_shifts(frames[:2], xy[:2], np.ones(2, np.int8)) == []
