"""Which frames a window holds, and which window gives a frame."""

import pytest

from tracknet.windows import unseen, window_starts, windows


def held(count: int, frames: int, step: int) -> list[tuple[int, int, list[int]]]:
    return [(w.start, w.length, w.items) for w in windows(range(count), frames, step)]


def test_the_last_window_reaches_back():
    assert held(7, 3, 3) == [(0, 3, [0, 1, 2]), (3, 3, [3, 4, 5]), (4, 3, [4, 5, 6])]


def test_no_window_twice():
    assert held(6, 3, 3) == [(0, 3, [0, 1, 2]), (3, 3, [3, 4, 5])]
    assert window_starts(6, 3, 1) == [0, 1, 2, 3]


def test_a_short_video_repeats_its_last_frame():
    assert held(2, 4, 4) == held(2, 4, 1) == [(0, 2, [0, 1, 1, 1])]


def test_no_frame_no_window():
    assert held(0, 3, 3) == []


@pytest.mark.parametrize("count", range(1, 12))
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_every_frame_is_in_a_window_and_the_first_that_holds_it_gives_it(count, frames):
    for step in range(1, frames + 1):
        done, given = 0, []
        for window in windows(range(count), frames, step):
            given += window.items[unseen(done, window.start, window.length)]
            done = window.start + window.length
        assert given == list(range(count))
