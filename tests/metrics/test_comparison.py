"""The paired bootstrap."""

from dataclasses import astuple

import numpy as np
import pytest

from tracknet.metrics import PROTOCOLS, STRICT, Counts, f1_difference, score
from tracknet.types import Labels, Track


def clip_of(rng, hard, better):
    """20 balls, of which one model misses as many as the clip is hard, the other `better` fewer."""
    n = 20
    labels = Labels(np.full((n, 2), 50, np.float32), np.ones(n, np.int8), (720, 1280))
    tracks = []
    for missed in (hard, max(0, hard - better)):
        gone = np.isin(np.arange(n), rng.choice(n, missed, replace=False))
        xy = np.where(gone[:, None], np.nan, 50.0)
        tracks.append(Track(xy, np.ones(n), np.where(gone, "", "detected")))
    return labels, *tracks


@pytest.fixture(scope="module")
def clips():
    """One model misses 2 balls fewer in each of 30 clips, which are of very different hardness."""
    rng = np.random.default_rng(0)
    return list(zip(*(clip_of(rng, hard, 2) for hard in rng.integers(2, 18, 30)), strict=True))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_is_the_difference_of_the_figures(clips, name):
    labels, first, other = clips
    difference, (low, high) = f1_difference(PROTOCOLS[name], labels, first, other)
    figures = [score(labels, tracks)[name]["f1"] for tracks in (first, other)]
    assert difference == pytest.approx(figures[1] - figures[0])
    assert low < difference < high
    back, (low_back, high_back) = f1_difference(PROTOCOLS[name], labels, other, first)
    assert (back, low_back, high_back) == pytest.approx((-difference, -high, -low))


def test_agrees_with_drawing_clips_one_by_one(clips):
    labels, first, other = clips
    counts = [
        [astuple(STRICT.count(*pair)) for pair in zip(labels, tracks, strict=True)]
        for tracks in (first, other)
    ]
    rng, drawn = np.random.default_rng(5), []
    for _ in range(2000):
        chosen = rng.integers(0, len(labels), len(labels))
        one, two = (Counts(*np.sum([own[i] for i in chosen], 0)).f1 for own in counts)
        drawn.append(two - one)
    _, interval = f1_difference(STRICT, labels, first, other)
    assert interval == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.004)


def test_what_is_hard_for_both_cancels_out(clips):
    """The intervals of the two overlap by far, yet one is surely better."""
    labels, first, other = clips
    (_, high), (low, _) = (score(labels, t)["strict"]["f1_interval"] for t in (first, other))
    assert low < high
    _, (low, _) = f1_difference(STRICT, labels, first, other)
    assert low > 0


def test_equal_models_and_no_clips_do_not_differ(clips):
    labels, first, _ = clips
    assert f1_difference(STRICT, labels, first, first) == (0, (0, 0))
    assert f1_difference(STRICT, [], [], []) == (0, None)


def test_one_clip_shows_a_difference_without_an_interval(clips):
    labels, first, other = (part[:1] for part in clips)
    difference, interval = f1_difference(STRICT, labels, first, other)
    assert difference > 0
    assert interval is None


def test_refuses_what_is_not_parallel(clips):
    labels, first, other = clips
    with pytest.raises(ValueError, match="labels of 30 clips, predictions of 29"):
        f1_difference(STRICT, labels, first, other[1:])
