"""The interval over clips."""

import numpy as np
import pytest

from tracknet.metrics import Counts, interval


def f1(sums):
    return Counts(*sums.T).f1


def test_brackets_the_estimate_and_is_deterministic():
    clips = np.random.default_rng(0).integers(0, 50, (30, 5))
    low, high = interval(f1, clips)
    assert low < Counts(*clips.sum(0)).f1 < high
    assert (low, high) == interval(f1, clips)
    assert (low, high) != interval(f1, clips, seed=1)


def test_is_as_wide_as_theory_says():
    """The mean of n values with deviation s has a 95 % interval of +-1.96 s / sqrt(n)."""
    values = np.random.default_rng(1).integers(0, 1000, (400, 1))
    low, high = interval(lambda sums: sums[:, 0] / 400, values, resamples=4000)
    half = 1.96 * values.std() / np.sqrt(400)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), rel=0.01)


def test_draws_clips_whole():
    """Of a perfect and an empty clip, F1 is 0, 2/3 or 1, each drawn often enough to be seen."""
    assert interval(f1, [[10, 0, 0, 0, 0], [0, 0, 0, 10, 0]]) == (0.0, 1.0)


def test_one_clip_or_none_has_no_interval():
    assert interval(f1, [[1, 0, 0, 1, 0]]) is None
    assert interval(f1, []) is None
