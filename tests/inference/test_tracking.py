"""Hand-made candidates with known paths."""

import numpy as np
import pytest

from tracknet.inference.tracking import Follower, OfflineTracker, OnlineTracker, Smoother
from tracknet.inference.tracking.motion import JERK, STEP

SIZE = (300, 400)  # a diagonal of 500
AWAY = (5.0, 290.0, 0.01)
THRESHOLD = 0.5


def clip(path, scores, others=None):
    """Candidates (N,3,3): the path's, one far away, and one without a score."""
    found = np.zeros((len(path), 3, 3))
    found[:] = AWAY
    found[:, 2, 2] = 0
    found[:, 0, :2], found[:, 0, 2] = path, scores
    for frame, (x, y, score) in (others or {}).items():
        found[frame, 1] = x, y, score
    order = np.argsort(-found[..., 2], axis=1, kind="stable")
    return np.take_along_axis(found, order[..., None], 1)


def straight(count, step=(10, 3)):
    return np.array([20.0, 30.0]) + np.arange(count)[:, None] * np.array(step, float)


@pytest.fixture(params=[OnlineTracker, OfflineTracker], ids=["online", "offline"])
def tracker(request):
    return request.param(weak=0.6, start=0.1, turn=0.2)


def test_certain_candidates_are_detected(tracker):
    path = straight(9)
    track = tracker.track(clip(path, [0.9] * 9), THRESHOLD, SIZE)
    assert track.source.tolist() == ["detected"] * 9
    np.testing.assert_allclose(track.xy, path)
    assert track.score.tolist() == [0.9] * 9


def test_a_weak_candidate_on_the_path_is_tracked_and_one_alone_is_not(tracker):
    path, scores = straight(9), [0.9, 0.9, 0.9, 0.4, 0.9, 0.2, 0.2, 0.2, 0.2]
    track = tracker.track(clip(path, scores, {7: (300, 200, 0.39)}), THRESHOLD, SIZE)
    assert track.source[:5].tolist() == [*["detected"] * 3, "tracked", "detected"]
    np.testing.assert_allclose(track.xy[3], path[3])
    assert track.source[7] == ""


def test_the_candidate_on_the_path_beats_a_better_one_elsewhere(tracker):
    path, scores = straight(9), [0.8] * 4 + [0.6] + [0.8] * 4
    track = tracker.track(clip(path, scores, {4: (350, 250, 0.7)}), THRESHOLD, SIZE)
    np.testing.assert_allclose(track.xy, path)
    assert track.source.tolist() == [*["detected"] * 4, "tracked", *["detected"] * 4]


def test_a_hit_is_followed_at_once(tracker):
    path = np.concatenate([straight(6), straight(6, (-25, 10)) + straight(6)[-1]])
    track = tracker.track(clip(path, [0.9] * 12), THRESHOLD, SIZE)
    np.testing.assert_allclose(track.xy, path)


def test_short_gaps_are_filled_once_and_long_ones_are_not():
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


def test_a_gap_that_no_ball_could_cross_is_not_filled():
    far = np.array([[20.0, 30], [20, 30], [0, 0], [300, 200], [300, 200]])
    found = clip(far, [0.9, 0.9, 0.1, 0.9, 0.9])
    assert OfflineTracker(gap=2, reach=0.08).track(found, THRESHOLD, SIZE).source[2] == ""
    assert OfflineTracker(gap=2, reach=0.5).track(found, THRESHOLD, SIZE).source[2] != ""


def test_offline_looks_ahead_where_online_cannot():
    """Two candidates alike; only what follows tells which one is the ball."""
    path = straight(8)
    found = clip(path, [0.6] + [0.8] * 7, {0: (300, 200, 0.62)})
    costs = {"weak": 0.7, "start": 0.15, "turn": 0.2}
    offline = OfflineTracker(**costs).track(found, THRESHOLD, SIZE)
    online = OnlineTracker(**costs).track(found, THRESHOLD, SIZE)
    np.testing.assert_allclose(offline.xy[0], path[0])
    np.testing.assert_allclose(online.xy[0], (300, 200))


def test_online_expects_a_ball_to_go_on_as_gravity_has_it():
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
def test_online_a_ball_is_followed_through_short_gaps(missed, goes_on):
    path, scores = straight(12), np.full(12, 0.9)
    scores[6 : 6 + missed] = 0.05
    scores[6 + missed] = 0.45  # too weak to begin with, enough to go on
    track = OnlineTracker(patience=2).track(clip(path, scores), THRESHOLD, SIZE)
    assert (track.source[6 + missed] == "tracked") == goes_on
    assert not track.visible[6 : 6 + missed].any()


def test_following_a_stream_is_tracking_online():
    rng = np.random.default_rng(0)
    found = clip(straight(60) % 300, rng.uniform(0.2, 0.9, 60))
    found[:, 1] = np.column_stack([rng.uniform(0, 300, (60, 2)), rng.uniform(0, 0.2, 60)])
    tracker = OnlineTracker()
    follower = Follower(tracker, THRESHOLD, SIZE)
    track = tracker.track(found, THRESHOLD, SIZE)
    for row, xy, visible in zip(found, track.xy, track.visible, strict=True):
        pick = follower.pick(row)
        assert (pick < 3) == visible
        if visible:
            np.testing.assert_array_equal(row[pick, :2], xy)


def test_nothing_there(tracker):
    track = tracker.track(clip(straight(5), [0.1] * 5), THRESHOLD, SIZE)
    assert not track.visible.any()
    assert track.score.tolist() == [0.1] * 5
    one = tracker.track(clip(straight(1), [0.9]), THRESHOLD, SIZE)
    assert one.source.tolist() == ["detected"]


def flight(count, start, velocity, pull):
    """(N,2) places of a ball in diagonals, thrown from a place."""
    t = np.arange(count)[:, None]
    return np.array(start) + t * np.array(velocity) + t**2 / 2 * np.array(pull)


def test_smoothed_places_are_the_most_likely_ones():
    """Against the posterior mean of the same Gaussian model, solved as a whole."""
    rng = np.random.default_rng(0)
    smoother = Smoother(jerk=0.003, speed=0.05, noise=0.002, gate=1e9)
    places = rng.normal(0.5, 0.05, (7, 2))
    # All that is random: where the motion begins, and each frame's change of acceleration.
    sizes = [smoother.noise, smoother.speed, smoother.jerk, *[smoother.jerk] * 6]
    effect = np.zeros((7, len(sizes)))  # of each of them on the place in each frame
    state = np.eye(3, len(sizes))
    for frame in range(7):
        effect[frame] = state[0]
        state = STEP @ state
        state[:, 3 + frame : 4 + frame] += JERK[:, None]
    prior = effect @ np.diag(np.square(sizes)) @ effect.T
    seen = prior[1:, 1:] + smoother.noise**2 * np.eye(6)
    expected = places[0] + prior[:, 1:] @ np.linalg.solve(seen, places[1:] - places[0])
    np.testing.assert_allclose(smoother(places), expected, atol=1e-9)


def test_smoothing_takes_jitter_and_leaves_hits_and_gaps():
    rng = np.random.default_rng(1)
    rise = flight(20, (0.1, 0.5), (0.02, -0.02), (0, 0.001))
    back = flight(20, rise[-1], (-0.03, 0.01), (0, 0.001))[1:]
    path = np.concatenate([rise, back])
    places = path + rng.normal(0, 0.001, path.shape)
    places[[8, 9]] = np.nan
    smoothed = Smoother(noise=0.001)(places)
    seen = np.isfinite(places[:, 0])
    assert (np.isfinite(smoothed[:, 0]) == seen).all()

    def error(found):
        return np.sqrt(np.square(found - path)[seen].sum(1).mean())

    assert error(smoothed) < 0.75 * error(places)
    hit = slice(17, 22)
    assert np.linalg.norm(smoothed[hit] - path[hit], axis=1).max() < 0.003


def test_a_smoother_moves_picks_and_nothing_else():
    rng = np.random.default_rng(2)
    path = straight(12) + rng.normal(0, 1, (12, 2))
    found = clip(path, [0.9] * 5 + [0.1] * 2 + [0.9] * 5)
    plain = OfflineTracker().track(found, THRESHOLD, SIZE)
    smooth = OfflineTracker(smoother=Smoother(noise=0.002)).track(found, THRESHOLD, SIZE)
    assert smooth.source.tolist() == plain.source.tolist()
    np.testing.assert_array_equal(smooth.score, plain.score)
    moved = np.linalg.norm(smooth.xy - plain.xy, axis=1)[plain.visible]
    assert 0.1 < moved.max() < 3


def test_smoothed_places_stay_in_the_frame():
    path = straight(12, (10, 0))
    path[:, 1] = [0, 1, 0, 2, 0, 0, 0, 2, 0, 1, 0, 0]
    tracker = OfflineTracker(smoother=Smoother(noise=0.003))
    track = tracker.track(clip(path, [0.9] * 12), THRESHOLD, SIZE)
    smoothed = tracker.smoother(path / 500) * 500
    assert smoothed.min() < 0
    np.testing.assert_allclose(track.xy, smoothed.clip(0))
