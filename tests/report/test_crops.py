"""How frames are fetched and drawn on."""

from fractions import Fraction

import numpy as np
import pytest

from tracknet.metrics import Outcome
from tracknet.report import crops
from tracknet.report.crops import BLUE, CROP, GREEN, MAGNIFICATION, RED, draw
from tracknet.report.worst import Case
from tracknet.types import Clip, Labels, Track
from tracknet.video import VideoWriter, read_frames


def test_reads_each_clip_once_and_only_as_far_as_needed(tmp_path, monkeypatch):
    clips, nothing = [], Labels(np.full((100, 2), np.nan), np.zeros(100))
    track = Track(np.full((100, 2), 16.0), np.ones(100), np.full(100, "detected"))
    for k in range(3):
        with VideoWriter(tmp_path / f"{k}.mp4", (32, 32), Fraction(30), crf=1) as video:
            for i in range(8):
                video.write(np.full((32, 32, 3), 60 * k + 10 * i, np.uint8))
        clips.append(Clip(f"{k}", "m", tmp_path / f"{k}.mp4", nothing))
    read = []

    def spy(source):
        for i, frame in enumerate(read_frames(source)):
            read.append((source.stem, i))
            yield frame

    monkeypatch.setattr(crops, "read_frames", spy)
    cases = [Case(*place, (Outcome.FP2,)) for place in [(2, 3), (0, 1), (2, 0), (0, 99)]]
    *pictures, missing = crops.crops(cases, clips, [nothing] * 3, [track] * 3)
    assert missing is None
    for case, picture in zip(cases, pictures, strict=False):
        assert abs(picture[0, 0].mean() - (60 * case.clip + 10 * case.frame)) < 3
    assert sorted(read) == [("0", i) for i in range(8)] + [("2", i) for i in range(4)]


def colour_at(crop, colour):
    """Mean (x, y) of the pixels of a colour."""
    ys, xs = np.nonzero((crop == colour).all(-1))
    return np.array([xs.mean(), ys.mean()])


def test_markers_lie_where_the_points_are():
    frame = np.zeros((200, 300, 3), np.uint8)
    crop = draw(frame, np.array([100.0, 80.0]), np.array([120.0, 90.0]))
    assert crop.shape == (CROP[0] * MAGNIFICATION, CROP[1] * MAGNIFICATION, 3)
    apart = colour_at(crop, RED) - colour_at(crop, GREEN)
    np.testing.assert_allclose(apart, [20 * MAGNIFICATION, 10 * MAGNIFICATION], atol=0.6)


@pytest.mark.parametrize("point", [(0.0, 0.0), (150.0, 100.0), (299.0, 199.0)])
def test_the_marked_pixel_is_the_point_magnified(point):
    frame = np.zeros((200, 300, 3), np.uint8)
    x, y = map(int, point)
    frame[y, x] = (0, 0, 255)
    crop = draw(frame, np.array(point), None)
    centre = colour_at(crop, (0, 0, 255))
    ys, xs = np.nonzero((crop == GREEN).all(-1))
    radius = np.hypot(xs - centre[0], ys - centre[1])
    assert (radius.min(), radius.max()) == pytest.approx((12, 12), abs=1.5)


def test_points_far_apart_stand_in_two_halves():
    frame = np.zeros((200, 300, 3), np.uint8)
    crop = draw(frame, np.array([250.0, 80.0]), np.array([50.0, 90.0]))
    half = crop.shape[1] // 2
    assert crop.shape == (CROP[0] * MAGNIFICATION, CROP[1] * MAGNIFICATION, 3)
    assert colour_at(crop, GREEN)[0] < half < colour_at(crop, RED)[0]


def test_a_frame_smaller_than_the_crop_is_padded():
    crop = draw(np.full((20, 30, 3), 90, np.uint8), np.array([4.0, 4.0]), None)
    assert crop.shape == (CROP[0] * MAGNIFICATION, CROP[1] * MAGNIFICATION, 3)
    assert (crop[-1, -1] == 0).all()


@pytest.mark.parametrize(
    ("others", "order"),
    [
        (((60.0, 82.0), (63.0, 85.0)), (GREEN, RED, BLUE)),
        (((150.0, 82.0), (63.0, 85.0)), (GREEN, BLUE, RED)),
        (((200.0, 20.0), (203.0, 25.0)), (GREEN, RED, BLUE)),
        (((150.0, 82.0), (250.0, 20.0)), (GREEN, RED, BLUE)),
    ],
    ids=["one pane", "label and other", "both elsewhere", "three panes"],
)
def test_two_predictions_have_two_colours(others, order):
    frame = np.zeros((200, 300, 3), np.uint8)
    crop = draw(frame, np.array([50.0, 80.0]), *map(np.array, others))
    assert crop.shape == (CROP[0] * MAGNIFICATION, CROP[1] * MAGNIFICATION, 3)
    across = [colour_at(crop, colour)[0] for colour in order]
    assert across == sorted(across)
    assert (crop == RED).all(-1).sum() == pytest.approx((crop == BLUE).all(-1).sum(), rel=0.4)


def test_a_prediction_that_is_absent_keeps_the_other_ones_colour():
    crop = draw(np.zeros((90, 160, 3), np.uint8), None, None, np.array([50.0, 40.0]))
    assert (crop == BLUE).all(-1).any()
    assert not (crop == RED).all(-1).any()
