"""Which frames a window holds, and which background."""

import numpy as np
import pytest

from tracknet.data.background import median_background
from tracknet.inference.windows import Shot, windows, with_background, with_running_background


def shots(count: int) -> list[Shot]:
    return [Shot(np.full((2, 2, 3), i, np.uint8), None) for i in range(count)]


def flat(count: int) -> list[np.ndarray]:
    return [shot.frame for shot in shots(count)]


def indices(count: int, frames: int, step: int) -> list[tuple[int, int, list[int]]]:
    return [
        (w.start, w.length, [int(s.frame[0, 0, 0]) for s in w.shots])
        for w in windows(shots(count), frames, step)
    ]


def test_the_last_window_reaches_back():
    assert indices(7, 3, 3) == [(0, 3, [0, 1, 2]), (3, 3, [3, 4, 5]), (4, 3, [4, 5, 6])]


def test_no_window_twice():
    assert indices(6, 3, 3) == [(0, 3, [0, 1, 2]), (3, 3, [3, 4, 5])]
    assert [start for start, *_ in indices(6, 3, 1)] == [0, 1, 2, 3]


def test_a_short_video_repeats_its_last_frame():
    assert indices(2, 4, 4) == indices(2, 4, 1) == [(0, 2, [0, 1, 1, 1])]


def test_no_frame_no_window():
    assert indices(0, 3, 3) == []


@pytest.mark.parametrize("count", range(1, 12))
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_every_frame_is_in_a_window(count, frames):
    for step in range(1, frames + 1):
        held = {
            i
            for start, length, _ in indices(count, frames, step)
            for i in range(start, start + length)
        }
        assert held == set(range(count))


def test_each_chunk_has_its_median_and_the_last_one_reaches_back():
    frames = [np.full((2, 2, 3), i, np.uint8) for i in range(12)]
    found = [int(shot.background[0, 0, 0]) for shot in with_background(frames, chunk=5)]
    assert found == [2] * 5 + [7] * 5 + [9] * 2


def test_a_video_shorter_than_a_chunk_has_one_median():
    frames = [np.full((2, 2, 3), i, np.uint8) for i in range(3)]
    assert [int(s.background[0, 0, 0]) for s in with_background(frames, chunk=5)] == [1] * 3


@pytest.mark.parametrize("count", [1, 2, 7, 64, 90])
def test_the_median_is_the_lower_middle_of_the_samples(count):
    frames = np.random.default_rng(count).integers(0, 256, (count, 7, 9, 3), dtype=np.uint8)
    n = min(count, 64)
    chosen = np.linspace(0, count - 1, n).round().astype(int)
    expected = np.sort(frames[chosen], 0)[(n - 1) // 2]
    np.testing.assert_array_equal(median_background(frames), expected)
    np.testing.assert_array_equal(median_background(list(frames)), expected)


def test_a_running_background_is_of_frames_that_came_before():
    shots = list(with_running_background(flat(40), first=8, every=10))
    assert [int(shot.frame[0, 0, 0]) for shot in shots] == list(range(40))
    levels = [int(shot.background[0, 0, 0]) for shot in shots]
    assert levels[:8] == [levels[0]] * 8
    assert 2 <= levels[0] <= 5
    changes = [i for i in range(1, 40) if levels[i] != levels[i - 1]]
    assert changes == [9, 19, 29, 39]
    assert all(level <= i for i, level in enumerate(levels) if i >= 8)


def test_a_stream_that_ends_before_its_first_background_has_one_too():
    shots = list(with_running_background(flat(5), first=8))
    assert len(shots) == 5
    assert list(with_running_background(iter([]), first=8)) == []
