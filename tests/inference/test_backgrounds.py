"""Which background stands behind a frame."""

from dataclasses import replace

import numpy as np
import pytest

from tracknet.data.background import median_background
from tracknet.inference import backgrounds
from tracknet.inference.backgrounds import Shot, with_background


@pytest.fixture
def chunks(monkeypatch):
    """Chunks of five frames."""
    monkeypatch.setattr(backgrounds, "CHUNK", 5)


@pytest.fixture
def early(monkeypatch):
    """The background of a stream after eight frames, and every ten."""
    monkeypatch.setattr(backgrounds, "FIRST", 8)
    monkeypatch.setattr(backgrounds, "EVERY", 10)


def flat(count: int) -> list[Shot]:
    return [Shot(np.full((2, 2, 3), i, np.uint8)) for i in range(count)]


def test_each_chunk_has_its_median_and_the_last_one_reaches_back(chunks):
    found = [int(shot.background[0, 0, 0]) for shot in with_background(flat(12))]
    assert found == [2] * 5 + [7] * 5 + [9] * 2


def test_a_video_shorter_than_a_chunk_has_one_median(chunks):
    assert [int(s.background[0, 0, 0]) for s in with_background(flat(3))] == [1] * 3


@pytest.mark.parametrize("count", [1, 2, 7, 64, 90])
def test_the_median_is_the_lower_middle_of_the_samples(count):
    frames = np.random.default_rng(count).integers(0, 256, (count, 7, 9, 3), dtype=np.uint8)
    n = min(count, 64)
    chosen = np.linspace(0, count - 1, n).round().astype(int)
    expected = np.sort(frames[chosen], 0)[(n - 1) // 2]
    np.testing.assert_array_equal(median_background(frames), expected)
    np.testing.assert_array_equal(median_background(list(frames)), expected)


def test_a_running_background_is_of_frames_that_came_before(early):
    shots = list(with_background(flat(40), live=True))
    assert [int(shot.frame[0, 0, 0]) for shot in shots] == list(range(40))
    levels = [int(shot.background[0, 0, 0]) for shot in shots]
    assert levels[:8] == [levels[0]] * 8
    assert 2 <= levels[0] <= 5
    changes = [i for i in range(1, 40) if levels[i] != levels[i - 1]]
    assert changes == [9, 19, 29, 39]
    assert all(level <= i for i, level in enumerate(levels) if i >= 8)


def test_a_stream_that_ends_before_its_first_background_has_one_too(early):
    shots = list(with_background(flat(5), live=True))
    assert len(shots) == 5
    assert list(with_background(iter([]), live=True)) == []


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("original", [None, np.zeros((4, 4, 3), np.uint8)])
def test_of_large_frames_fewer_wait_and_none_is_lost(monkeypatch, live, original):
    each = 12 + (0 if original is None else original.nbytes)
    monkeypatch.setattr(backgrounds, "HELD_BYTES", 4 * each)  # four frames of 2x2
    taken = []
    own = (replace(shot, original=original) for shot in flat(10))
    frames = (taken.append(i) or shot for i, shot in enumerate(own))
    shots = with_background(frames, live)
    next(shots)
    assert len(taken) == 4
    assert [int(shot.frame[0, 0, 0]) for shot in shots] == list(range(1, 10))
