"""The best candidate of each frame as it comes."""

import numpy as np
import pytest

from tracknet.inference.tracking import OnlineTracker

SIZE = (300, 400)  # a diagonal of 500
THRESHOLD = 0.5


def test_online_expects_a_ball_to_go_on_as_gravity_has_it(clip):
    """After a steep fall the right candidate is not where the last velocity leads."""
    steps = np.arange(12.0)
    path = np.stack([20 + 6 * steps, 10 + 2 * steps**2], 1)
    scores = [0.9] * 10 + [0.5, 0.5]
    ahead = 2 * path[9] - path[8]
    found = clip(path, scores, {10: (*ahead, 0.5), 11: (*(2 * ahead - path[9]), 0.5)})
    found = found[:, [1, 0, 2]]  # of two alike, the one of constant velocity stands first
    track = OnlineTracker(jerk=0.004).track(found, THRESHOLD, SIZE)
    np.testing.assert_allclose(track.xy[10:], path[10:])


@pytest.mark.parametrize(("missed", "goes_on"), [(2, True), (3, False)])
def test_online_a_ball_is_followed_through_short_gaps(clip, straight, missed, goes_on):
    path, scores = straight(12), np.full(12, 0.9)
    scores[6 : 6 + missed] = 0.05
    scores[6 + missed] = 0.45  # too weak to begin with, enough to go on
    track = OnlineTracker(patience=2).track(clip(path, scores), THRESHOLD, SIZE)
    assert (track.source[6 + missed] == "tracked") == goes_on
    assert not track.visible[6 : 6 + missed].any()


def test_following_a_stream_is_tracking_online_without_looking_ahead(clip, straight):
    rng = np.random.default_rng(0)
    found = clip(straight(60) % 300, rng.uniform(0.2, 0.9, 60))
    found[:, 1] = np.column_stack([rng.uniform(0, 300, (60, 2)), rng.uniform(0, 0.2, 60)])
    tracker = OnlineTracker()
    track = tracker.track(found, THRESHOLD, SIZE)
    coming = iter(found)
    picks = tracker.follow(coming, THRESHOLD, SIZE)
    for frame, (row, xy, visible) in enumerate(zip(found, track.xy, track.visible, strict=True), 1):
        pick = next(picks)
        assert (pick < 3) == visible
        assert coming.__length_hint__() == 60 - frame
        if visible:
            np.testing.assert_array_equal(row[pick, :2], xy)
