"""What is taken for a label, what for none, and what is left: each for its own reason."""

import numpy as np
import pytest

from tracknet.inference.selection import Confident
from tracknet.types import Track

SIZE = (600, 800)  # a diagonal of 1000
THRESHOLD = 0.5


def path(frames, start=(100, 100), step=(6, 2)):
    """(N,2) a ball at constant speed."""
    return np.array(start) + np.arange(frames)[:, None] * np.array(step)


def track_of(*parts):
    """A track of positions (N,2), each with its score, or of so many frames without a ball."""
    xy, score = [], []
    for part, own in parts:
        places = np.full((part, 2), np.nan) if isinstance(part, int) else part
        xy.append(places)
        score.append(np.broadcast_to(own, len(places)))
    xy, score = np.concatenate(xy).astype(float), np.concatenate(score)
    return Track(xy, score, np.where(np.isfinite(xy[:, 0]), "detected", ""))


def kinds(track, selection=None, other=0.0):
    """First frame, last frame and kind of each segment."""
    second = np.full((len(track), 3), [5.0, 5.0, other])
    best = np.concatenate([np.nan_to_num(track.xy), track.score[:, None]], 1)
    candidates = np.stack([best, second], 1)
    labels, segments = (selection or Confident()).select(track, candidates, THRESHOLD, SIZE)
    assert [s.first for s in segments[1:]] == [s.last + 1 for s in segments[:-1]]
    assert (segments[0].first, segments[-1].last) == (0, len(track) - 1)
    for segment in segments:
        own = labels.visibility[segment.first : segment.last + 1]
        assert {*own.tolist()} == {{"ball": 1, "no ball": 0, "left out": -1}[segment.kind]}
    return [(s.first, s.last, s.kind) for s in segments], [s.why for s in segments]


def test_a_smooth_path_takes_weak_frames_along():
    score = np.full(12, 0.8)
    score[4:6] = 0.2
    found, _ = kinds(track_of((path(12), score)))
    assert found == [(0, 11, "ball")]


@pytest.mark.parametrize(
    ("positions", "score", "why"),
    [
        (path(7), 0.9, "fewer than 8 frames"),
        (path(12), 0.59, "median score is below 0.60"),
        (path(12, step=(1.5, 1)), 0.9, "stays within 3%"),
    ],
    ids=["short", "doubtful", "a lamp"],
)
def test_what_is_no_certain_path(positions, score, why):
    found, [said] = kinds(track_of((positions, score)))
    assert found == [(0, len(positions) - 1, "left out")]
    assert why in said


def test_a_hit_ends_a_path_and_begins_another():
    forth = path(9, step=(16, 2))
    back = path(11, forth[-1], (-12, 2))[1:]
    found, _ = kinds(track_of((forth, 0.9), (back, 0.9)))
    assert found == [(0, 8, "ball"), (9, 18, "ball")]


def test_a_leap_there_and_back_is_left_out():
    positions = path(25)
    positions[12] += (50, 0)
    found, _ = kinds(track_of((positions, 0.9)))
    assert found[0] == (0, 11, "ball")
    assert found[-1] == (14, 24, "ball")
    assert {kind for *_, kind in found[1:-1]} == {"left out"}


def test_a_step_that_no_ball_can_make_parts_two_paths():
    found, _ = kinds(track_of((path(10), 0.9), (path(10, (600, 300)), 0.9)))
    assert [kind for *_, kind in found].count("ball") == 2
    assert (0, 9, "ball") in found


def test_repeated_frames_break_no_path():
    fast = path(10, step=(25, 0))
    repeated = np.repeat(fast, [1, 1, 2, 1, 1, 1, 2, 1, 1, 1], axis=0)
    assert kinds(track_of((repeated, 0.9)))[0] == [(0, 11, "ball")]
    # The same stop is a stop where the ball goes on from it more slowly.
    assert len(kinds(track_of((np.append(fast[:6], path(6, fast[5], (3, 0)), 0), 0.9)))[0]) > 1


@pytest.mark.parametrize(
    ("frames", "highest", "kind", "why"),
    [
        (15, 0.24, "no ball", "long silence: no candidate of 0.25"),
        (14, 0.0, "left out", "fewer than 15 frames"),
        (30, 0.25, "left out", "no path, but a candidate of 0.25 or more"),
    ],
)
def test_silences(frames, highest, kind, why):
    found, [said] = kinds(track_of((frames, 0.0)), other=highest)
    assert found == [(0, frames - 1, kind)]
    assert why in said


def test_one_doubtful_frame_parts_a_silence():
    score = np.zeros(40)
    score[20] = 0.3
    found, _ = kinds(track_of((40, score)))
    assert found == [(0, 19, "no ball"), (20, 20, "left out"), (21, 39, "no ball")]


def test_the_threshold_is_the_measure_of_scores():
    found, _ = kinds(track_of((path(12), 0.7)), Confident(score=1.5))
    assert found == [(0, 11, "left out")]
    found, _ = kinds(track_of((path(12), 0.7)), Confident(score=1.4))
    assert found == [(0, 11, "ball")]


def test_labels_are_the_places_of_the_path():
    track = track_of((path(8), 0.9), (16, 0.0))
    candidates = np.concatenate([np.nan_to_num(track.xy), track.score[:, None]], 1)[:, None]
    labels, _ = Confident().select(track, candidates, THRESHOLD, SIZE)
    np.testing.assert_allclose(labels.xy[:8], path(8))
    assert np.isnan(labels.xy[8:]).all()
    assert labels.visibility.tolist() == [1] * 8 + [0] * 16
    assert labels.size == SIZE


@pytest.mark.parametrize(("off", "kind"), [(5, "ball"), (7, "left out")])
def test_a_gap_is_filled_by_faint_candidates_on_the_way(off, kind):
    """A ball that falls: the curve through the gap is no straight line."""
    i = np.arange(20)
    fall = np.stack([100 + 6 * i, 100 + 0.5 * i**2], 1)
    track = track_of((fall[:8], 0.9), (4, 0.05), (fall[12:], 0.9))
    beside = fall + np.array([off, 0])
    candidates = np.full((20, 2, 3), [700.0, 500.0, 0.08])
    candidates[:, 1] = np.concatenate([beside, np.full((20, 1), 0.04)], 1)
    labels, segments = Confident().select(track, candidates, THRESHOLD, SIZE)
    found = [(s.first, s.last, s.kind) for s in segments]
    if kind == "ball":
        assert found == [(0, 19, "ball")]
        np.testing.assert_allclose(labels.xy[8:12], beside[8:12])
    else:
        assert found == [(0, 7, "ball"), (8, 11, "left out"), (12, 19, "ball")]
    np.testing.assert_allclose(labels.xy[:8], fall[:8])
