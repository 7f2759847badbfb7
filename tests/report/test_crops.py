"""How frames are fetched and drawn on."""

import io
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from tracknet.metrics import Outcome
from tracknet.report import crops
from tracknet.report.crops import BLUE, CROP, GREEN, MAGNIFICATION, MOVING, RED, draw
from tracknet.report.worst import Case
from tracknet.types import Clip, Labels, Track
from tracknet.video import VideoWriter, open_video


@pytest.fixture
def clips(tmp_path):
    """Three grey videos of 40 frames, brighter from clip to clip and from frame to frame; the ball
    is labelled and predicted at (16, 16), in 100 frames."""
    made, size = [], (32, 32)
    labels = Labels(np.full((100, 2), 16.0, np.float32), np.ones(100, np.int8), size)
    track = Track(np.full((100, 2), 16.0), np.ones(100), np.full(100, "detected"))
    for k in range(3):
        with VideoWriter(tmp_path / f"{k}.mp4", size, Fraction(30), crf=1) as video:
            for i in range(40):
                video.write(np.full((*size, 3), 60 * k + i, np.uint8))
        made.append(Clip(f"{k}", "m", tmp_path / f"{k}.mp4", labels))
    return made, [labels] * 3, [track] * 3


def cases(*places):
    return [Case(*place, (Outcome.FP1,)) for place in places]


def decoded(moving):
    with av.open(io.BytesIO(moving)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def test_reads_each_clip_once_and_only_as_far_as_needed(clips, monkeypatch):
    read = []

    def spy(source):
        info, frames = open_video(source)
        read.append([source.stem, 0])

        def counted():
            for frame in frames:
                read[-1][1] += 1
                yield frame

        return info, counted()

    monkeypatch.setattr(crops, "open_video", spy)
    wanted = cases((2, 3), (0, 1), (2, 0), (0, 99))
    *seen, missing = crops.pictures(wanted, *clips)
    assert missing is None
    for case, picture in zip(wanted, seen, strict=False):
        assert abs(picture.still[0, 0].mean() - (60 * case.clip + case.frame)) < 3
    assert sorted(read) == [["0", 40], ["2", 19]]


def test_the_second_round_a_frame_moves_and_shows_which_it_is(clips):
    middle, first, last = crops.pictures(cases((1, 20), (1, 2), (1, 38)), *clips)
    assert [len(decoded(p.moving)) for p in (middle, first, last)] == [31, 18, 17]
    frames = decoded(middle.moving)
    assert frames[0].shape == (*MOVING, 3)
    brightness = [frame[10, 55].mean() for frame in frames]
    np.testing.assert_allclose(brightness, 60 + np.arange(5, 36), atol=4)
    edges = [frame[1, 100:200].mean() > 200 for frame in frames]
    assert np.flatnonzero(edges).tolist() == [15]


def test_fast_videos_leave_frames_out_but_never_the_one_that_is_shown(clips, tmp_path):
    (clip, *_), labels, tracks = clips
    with VideoWriter(tmp_path / "fast.mp4", (32, 32), Fraction(120)) as video:
        for _ in range(100):
            video.write(np.zeros((32, 32, 3), np.uint8))
    fast = replace(clip, source=tmp_path / "fast.mp4")
    (picture,) = crops.pictures(cases((0, 49)), [fast], labels[:1], tracks[:1])
    frames = decoded(picture.moving)
    assert len(frames) == 12 + 1 + 12  # 49 to 1, and 49 to 97, by fours
    assert frames[12][1, 100:200].mean() > 200


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
