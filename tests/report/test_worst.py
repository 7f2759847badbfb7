"""Which frames are called the worst, and how they are drawn."""

from fractions import Fraction

import numpy as np
import pytest

from tracknet.metrics import Outcome
from tracknet.report import worst
from tracknet.report.worst import (
    CROP,
    GREEN,
    MAGNIFICATION,
    RED,
    Mistake,
    draw,
    fetch_frames,
    worst_mistakes,
)
from tracknet.types import Clip, Labels, Track
from tracknet.video import VideoWriter, read_frames


def clip_of(*rows):
    """Rows (labelled x or None, predicted x or None, score)."""
    label, guess = (
        np.array([[np.nan if row[i] is None else row[i], 5.0] for row in rows], np.float32)
        for i in (0, 1)
    )
    labelled, predicted = np.isfinite(label[:, 0]), np.isfinite(guess[:, 0])
    return (
        Labels(label, labelled.astype(np.int8)),
        Track(guess, np.array([row[2] for row in rows]), np.where(predicted, "detected", "")),
    )


GOOD = (5, 5, 0.9)


def places(clips, **options):
    labels, tracks = zip(*clips, strict=True)
    return [(m.clip, m.frame) for m in worst_mistakes(labels, tracks, **options)]


def test_only_mistakes_with_their_facts():
    label, track = clip_of(GOOD, (None, 7, 0.8), (5, 105, 0.7), (5, None, 0.1), (None, None, 0))
    false, misplaced, missed = worst_mistakes([label], [track])
    assert (false.frame, false.outcome, false.score) == (1, Outcome.FP2, 0.8)
    assert misplaced == Mistake(0, 2, Outcome.FP1, 0.7, 100.0)
    assert (missed.frame, missed.outcome, missed.score) == (3, Outcome.FN, 0.1)


@pytest.mark.parametrize(
    ("mild", "severe"),
    [
        ((None, 7, 0.3), (None, 7, 0.8)),
        ((5, 15, 0.9), (5, 95, 0.1)),
        ((5, None, 0.4), (5, None, 0.01)),
    ],
    ids=["surer", "farther", "blinder"],
)
def test_the_worse_comes_first(mild, severe):
    assert places([clip_of(mild, GOOD, severe)]) == [(0, 2), (0, 0)]


def test_clips_take_turns_and_runs_come_once():
    first = clip_of(*[(None, 7, s) for s in (0.90, 0.95, 0.91)], GOOD, (None, 7, 0.6))
    second = clip_of(GOOD, (None, 7, 0.3))
    assert places([first, second]) == [(0, 1), (1, 1), (0, 4), (0, 2), (0, 0)]
    assert places([first, second], count=2) == [(0, 1), (1, 1)]


def test_reads_each_clip_once_and_only_as_far_as_needed(tmp_path, monkeypatch):
    clips = []
    for k in range(3):
        with VideoWriter(tmp_path / f"{k}.mp4", (32, 32), Fraction(30), crf=1) as video:
            for i in range(8):
                video.write(np.full((32, 32, 3), 60 * k + 10 * i, np.uint8))
        clips.append(Clip(f"{k}", "m", tmp_path / f"{k}.mp4", Labels(np.empty((0, 2)), [])))
    read = []

    def spy(source):
        for i, frame in enumerate(read_frames(source)):
            read.append((source.stem, i))
            yield frame

    monkeypatch.setattr(worst, "read_frames", spy)
    wanted = [(2, 3), (0, 1), (2, 0), (0, 99)]
    frames = fetch_frames([Mistake(c, f, Outcome.FN, 0, 0) for c, f in wanted], clips)
    assert sorted(frames) == [(0, 1), (2, 0), (2, 3)]
    for (clip, frame), picture in frames.items():
        assert abs(picture.mean() - (60 * clip + 10 * frame)) < 3
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
