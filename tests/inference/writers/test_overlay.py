"""What is drawn on a video's frames."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tracknet.inference.predictor import Prediction
from tracknet.inference.writers import Overlay
from tracknet.video import VideoInfo, frame_time, read_frames, read_raw


@pytest.fixture
def overlay(tmp_path):
    """Makes an overlay of frames of one size."""
    return lambda size: Overlay(tmp_path, "o", VideoInfo(size, Fraction(25), 0, 0))


@pytest.fixture
def drawn(tmp_path):
    """Reads it again."""
    return lambda: list(read_frames(tmp_path / "o_overlay.mp4"))


def test_the_ball_is_ringed_and_trailed(predictor, dots, overlay, drawn):
    frames, xy = dots(4, (540, 960), radius=4)
    with overlay((540, 960)) as writer:
        for row in predictor(threshold=0.02).stream(frames):
            writer.write(row, frames[row.frame])
    last = drawn()[-1].astype(int)
    (x, y), (before_x, before_y) = xy[3].round().astype(int), xy[2].round().astype(int)

    def is_yellow(pixel: np.ndarray) -> bool:
        return pixel[:2].min() > 120 and pixel[2] < 90

    assert is_yellow(last[y, x + 7])
    assert is_yellow(last[y - 7, x])
    assert last[y, x].min() > 200  # the ball itself stays in sight
    assert is_yellow(last[(y + before_y) // 2, (x + before_x) // 2])


def test_no_frame_no_file(overlay, tmp_path):
    with overlay((64, 96)) as writer:
        pass
    assert writer.files == list(tmp_path.iterdir()) == []


def test_nothing_is_drawn_without_a_ball(overlay, drawn):
    frame = np.full((64, 96, 3), 90, np.uint8)
    nothing = Prediction(0, np.nan, np.nan, 0.1, "", np.zeros((1, 3)))
    with overlay((64, 96)) as writer:
        writer.write(nothing, frame)
    assert np.ptp(drawn()[0]) <= 4


def test_a_clock_that_starts_again_is_said_and_followed(tmp_path):
    nothing = Prediction(0, np.nan, np.nan, 0.1, "", np.zeros((1, 3)))
    info = VideoInfo((64, 96), Fraction(25), 0, 0)
    with Overlay(tmp_path, "o", info) as writer:
        for time in (5000, 5040, 5100, 0, 50, 90):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 96, 3), np.uint8))
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            writer.write(nothing, frame)
    times = [frame_time(frame) for frame in read_raw(tmp_path / "o_overlay.mp4")]
    assert times == [Fraction(t, 1000) for t in (0, 40, 100, 140, 190, 230)]
    [problem] = info.problems
    assert (problem.kind, problem.message[:22]) == ("clock", "o: its clock jumps 1 t")


@pytest.mark.parametrize("x", [0, 1, 60, 94, 95])
@pytest.mark.parametrize("y", [0, 33, 62])
def test_drawing_at_the_edges(overlay, drawn, x, y):
    frame = np.zeros((63, 96, 3), np.uint8)
    with overlay((63, 96)) as writer:
        for i in range(3):
            ball = Prediction(i, x, max(0, y - i), 0.9, "detected", np.zeros((1, 3)))
            writer.write(ball, frame)
    assert len(drawn()) == 3
