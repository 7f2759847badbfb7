"""What all trackers do."""

import numpy as np
import pytest

from tracknet.inference.tracking import OfflineTracker, OnlineTracker

SIZE = (300, 400)  # a diagonal of 500
THRESHOLD = 0.5


@pytest.fixture(params=[OnlineTracker, OfflineTracker], ids=["online", "offline"])
def tracker(request):
    return request.param(weak=0.6, start=0.1, turn=0.2)


def test_certain_candidates_are_detected(clip, straight, tracker):
    path = straight(9)
    track = tracker.track(clip(path, [0.9] * 9), THRESHOLD, SIZE)
    assert track.source.tolist() == ["detected"] * 9
    np.testing.assert_allclose(track.xy, path)
    assert track.score.tolist() == [0.9] * 9


def test_a_weak_candidate_on_the_path_is_tracked_and_one_alone_is_not(clip, straight, tracker):
    path, scores = straight(9), [0.9, 0.9, 0.9, 0.4, 0.9, 0.2, 0.2, 0.2, 0.2]
    track = tracker.track(clip(path, scores, {7: (300, 200, 0.39)}), THRESHOLD, SIZE)
    assert track.source[:5].tolist() == [*["detected"] * 3, "tracked", "detected"]
    np.testing.assert_allclose(track.xy[3], path[3])
    assert track.source[7] == ""


def test_the_candidate_on_the_path_beats_a_better_one_elsewhere(clip, straight, tracker):
    path, scores = straight(9), [0.8] * 4 + [0.6] + [0.8] * 4
    track = tracker.track(clip(path, scores, {4: (350, 250, 0.7)}), THRESHOLD, SIZE)
    np.testing.assert_allclose(track.xy, path)
    assert track.source.tolist() == [*["detected"] * 4, "tracked", *["detected"] * 4]


def test_a_hit_is_followed_at_once(clip, straight, tracker):
    path = np.concatenate([straight(6), straight(6, (-25, 10)) + straight(6)[-1]])
    track = tracker.track(clip(path, [0.9] * 12), THRESHOLD, SIZE)
    np.testing.assert_allclose(track.xy, path)


def test_nothing_there(clip, straight, tracker):
    track = tracker.track(clip(straight(5), [0.1] * 5), THRESHOLD, SIZE)
    assert not track.visible.any()
    assert track.score.tolist() == [0.1] * 5
    one = tracker.track(clip(straight(1), [0.9]), THRESHOLD, SIZE)
    assert one.source.tolist() == ["detected"]


def test_a_frame_that_is_shown_again_is_no_step(clip, straight, tracker):
    found = clip(straight(12), [0.9] * 6 + [0.35] * 6)
    plain = tracker.track(found, THRESHOLD, SIZE)
    assert plain.visible.all()
    row = np.repeat(np.arange(12), [1, 1, 1, 1, 2] * 2 + [1, 3])
    again = tracker.track(found[row], THRESHOLD, SIZE)
    np.testing.assert_array_equal(again.xy, plain.xy[row])
    assert again.source.tolist() == plain.source[row].tolist()
    # Frames in which nothing at all was found are not the same one.
    nothing = np.zeros((4, 3, 3))
    assert not tracker.track(nothing, THRESHOLD, SIZE).visible.any()
