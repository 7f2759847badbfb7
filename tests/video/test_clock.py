"""When frames are shown whose times are as they are."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tracknet.video import VideoWriter, frame_time, read_raw
from tracknet.video.clock import Clock

STEP, TICK = Fraction(1, 25), Fraction(1, 90_000)
CASES = {
    "after the first": ([36_000, 36_001, 36_003], [0, 1, 3], 0),
    "a pause of hours": ([0, 1, 14_401, 14_402], [0, 1, 14_401, 14_402], 0),
    "none": ([None] * 3, [0, STEP, 2 * STEP], 0),
    "none at first": ([None, 7, 8], [0, STEP, STEP + 1], 0),
    "none between": ([5, None, 6], [0, STEP, 1], 0),
    "twice the same": ([0, 1, 1, 2], [0, 1, 1 + TICK, 2], 0),
    "standing still": ([1, 1, 1, 1], [0, TICK, TICK + STEP, TICK + 2 * STEP], 0),
    "a little late": ([0, 2, 1.5, 3], [0, 2, 2 + TICK, 3], 0),
    "from the start again": ([7, 9, 0, 1, 2], [0, 2, 2 + STEP, 3 + STEP, 4 + STEP], 1),
    "days ahead": ([0, 1, 90_000, 90_002], [0, 1, 1 + STEP, 3 + STEP], 1),
}


@pytest.mark.parametrize("name", CASES)
def test_each_frame_keeps_its_time_as_far_as_times_grow(name):
    given, expected, jumps = CASES[name]
    clock = Clock(STEP, TICK)
    assert [clock(None if time is None else Fraction(time)) for time in given] == expected
    assert clock.jumps == jumps


@pytest.mark.parametrize("fps", ["25", "30000/1001", "120000/1001", "1000", "360/18041", "90000"])
def test_what_is_written_keeps_the_times(tmp_path, fps):
    """The rate of an uneven video is an average, and says nothing of its frames."""
    times = [Fraction(t) for t in ("0", "0.001", "0.04", "7.5", "607.5", "607.533", "15000")]
    with VideoWriter(tmp_path / "a.mp4", (32, 48), Fraction(fps)) as writer:
        for time in times:
            writer.write(np.zeros((32, 48, 3), np.uint8), time)
    found = [frame_time(frame) for frame in read_raw(tmp_path / "a.mp4")]
    assert np.abs(np.subtract(found, times)).max() <= TICK
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.duration / av.time_base < 15_002


@pytest.mark.parametrize("fps", ["25", "30000/1001", "24000/1001", "7/3", "1/2"])
def test_an_even_rate_stays_exact(tmp_path, fps):
    with VideoWriter(tmp_path / "a.mp4", (32, 48), Fraction(fps)) as writer:
        for _ in range(20):
            writer.write(np.zeros((32, 48, 3), np.uint8))
    found = [frame_time(frame) for frame in read_raw(tmp_path / "a.mp4")]
    assert found == [i / Fraction(fps) for i in range(20)]
