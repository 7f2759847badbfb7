"""Places without jitter."""

import numpy as np

from tracknet.inference.tracking import OfflineTracker, Smoother
from tracknet.inference.tracking.motion import JERK, STEP

SIZE = (300, 400)  # a diagonal of 500
THRESHOLD = 0.5


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


def test_a_smoother_moves_picks_and_nothing_else(clip, straight):
    rng = np.random.default_rng(2)
    path = straight(12) + rng.normal(0, 1, (12, 2))
    found = clip(path, [0.9] * 5 + [0.1] * 2 + [0.9] * 5)
    plain = OfflineTracker().track(found, THRESHOLD, SIZE)
    smooth = OfflineTracker(smoother=Smoother(noise=0.002)).track(found, THRESHOLD, SIZE)
    assert smooth.source.tolist() == plain.source.tolist()
    np.testing.assert_array_equal(smooth.score, plain.score)
    moved = np.linalg.norm(smooth.xy - plain.xy, axis=1)[plain.visible]
    assert 0.1 < moved.max() < 3


def test_smoothed_places_stay_in_the_frame(clip, straight):
    path = straight(12, (10, 0))
    path[:, 1] = [0, 1, 0, 2, 0, 0, 0, 2, 0, 1, 0, 0]
    tracker = OfflineTracker(smoother=Smoother(noise=0.003))
    track = tracker.track(clip(path, [0.9] * 12), THRESHOLD, SIZE)
    smoothed = tracker.smoother(path / 500) * 500
    assert smoothed.min() < 0
    np.testing.assert_allclose(track.xy, smoothed.clip(0))
