"""The best path of a whole clip."""

import numpy as np

from tracknet.inference.tracking import OfflineTracker, OnlineTracker

SIZE = (300, 400)  # a diagonal of 500
THRESHOLD = 0.5


def test_short_gaps_are_filled_once_and_long_ones_are_not(clip, straight):
    path = straight(14)
    scores = np.array([0.1, 0.9, 0.9, 0.1, 0.1, 0.9, 0.9, 0.1, 0.1, 0.1, 0.9, 0.9, 0.1, 0.1])
    track = OfflineTracker(gap=2).track(clip(path, scores), THRESHOLD, SIZE)
    expected = ["", "detected", "detected", "interpolated", "interpolated", "detected", "detected"]
    assert track.source.tolist() == [*expected, "", "", "", "detected", "detected", "", ""]
    np.testing.assert_allclose(track.xy[3:5], path[3:5])
    assert (track.score[track.source == "interpolated"] == 0).all()
    assert np.isnan(track.xy[~track.visible]).all()
    online = OnlineTracker().track(clip(path, scores), THRESHOLD, SIZE)
    assert (online.source != "interpolated").all()
    assert (online.visible == (scores > 0.5)).all()


def test_a_gap_that_no_ball_could_cross_is_not_filled(clip):
    far = np.array([[20.0, 30], [20, 30], [0, 0], [300, 200], [300, 200]])
    found = clip(far, [0.9, 0.9, 0.1, 0.9, 0.9])
    assert OfflineTracker(gap=2, reach=0.08).track(found, THRESHOLD, SIZE).source[2] == ""
    assert OfflineTracker(gap=2, reach=0.5).track(found, THRESHOLD, SIZE).source[2] != ""


def test_offline_looks_ahead_where_online_cannot(clip, straight):
    """Two candidates alike; only what follows tells which one is the ball."""
    path = straight(8)
    found = clip(path, [0.6] + [0.8] * 7, {0: (300, 200, 0.62)})
    costs = {"weak": 0.7, "start": 0.15, "turn": 0.2}
    offline = OfflineTracker(**costs).track(found, THRESHOLD, SIZE)
    online = OnlineTracker(**costs).track(found, THRESHOLD, SIZE)
    np.testing.assert_allclose(offline.xy[0], path[0])
    np.testing.assert_allclose(online.xy[0], (300, 200))
