"""Which frames a window holds, and which window gives a frame."""

import pytest

from tracknet.windows import rows_of, unseen, window_starts, windows


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


@pytest.mark.parametrize("count", range(1, 12))
@pytest.mark.parametrize("frames", [1, 3, 4])
def test_windows_begin_every_step_and_the_last_one_ends_with_the_clip(count, frames):
    for step in range(1, frames + 1):
        starts = window_starts(count, frames, step)
        assert starts == [start for start, _, _ in held(count, frames, step)]
        assert starts[:-1] == [step * i for i in range(len(starts) - 1)]
        assert 0 < starts[-1] - (starts[-2] if starts[1:] else -1) <= step
        assert starts[-1] + frames == max(count, frames)
        rows = [rows_of(start, frames, count).tolist() for start in starts]
        assert rows == [items for _, _, items in held(count, frames, step)]


def test_a_window_comes_as_soon_as_its_frames_have():
    seen = []
    stream = windows((seen.append(i) or i for i in range(9)), 3, 2)
    assert [(next(stream).start, len(seen)) for _ in range(3)] == [(0, 3), (2, 5), (4, 7)]
