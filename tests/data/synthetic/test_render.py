from dataclasses import replace

import numpy as np
import pytest

from tracknet.data.synthetic.physics import Flight
from tracknet.data.synthetic.render import NO_BALL, SPLITS, scene, smear

SIZE = (360, 640)


def centroid(weights: np.ndarray) -> np.ndarray:
    y, x = np.indices(weights.shape)
    return np.array([(x * weights).sum(), (y * weights).sum()]) / weights.sum()


@pytest.mark.parametrize("diameter", [3.0, 4.5, 6.0])
def test_a_smear_is_centred_on_the_path_and_has_the_area_of_the_disc(diameter):
    rng = np.random.default_rng(0)
    for centre in rng.uniform(10, 20, (20, 2)):
        for length in (0.0, 12.0):
            path = centre + np.linspace(-0.5, 0.5, 9)[:, None] * [length, 0.5 * length]
            share, origin = smear(path, diameter)
            assert share.max() <= 1
            assert np.abs(centroid(share) + origin - centre).max() < 0.1
            assert share.sum() == pytest.approx(np.pi * diameter**2 / 4, rel=0.12)


@pytest.mark.parametrize("clip", [1, 2])
def test_a_label_is_the_centre_of_the_ball_in_the_picture(clip):
    shown = scene(0, "train", clip, 60, SIZE)
    # A still exposure, no noise, nobody near: what differs is the ball and its shadow.
    for player in shown.players:
        player.path[:] = 200
    shown = replace(shown, shutter=0.0, noise=np.zeros_like(shown.noise))
    empty = replace(shown, flight=Flight())
    checked = 0
    for index in range(60):
        image, ball = shown.frame(index)
        if not ball.visible:
            continue
        x, y = np.round(ball.xy).astype(int)
        box = np.s_[max(y - 5, 0) : y + 6, max(x - 5, 0) : x + 6]
        before = empty.frame(index)[0][box].astype(float)
        colour = np.array(shown.venue.ball, float)
        # The share of ball in each pixel, solved from the mixture of its and the place's colour.
        away = colour - before
        share = ((image[box] - before) * away).sum(-1) / np.maximum((away**2).sum(-1), 1)
        clean = (away**2).sum(-1).min() > 2000 and share.min() > -0.02 and share.sum() > 5
        if not clean or share.shape != (11, 11):
            continue  # over a white line or its own shadow, or at the border
        found = centroid(share.clip(0)) + np.array([x - 5, y - 5])
        assert np.abs(found - ball.xy).max() < 0.3, f"frame {index}"
        checked += 1
    assert checked >= 10


def test_the_same_seed_gives_the_same_frames_and_another_gives_others():
    first, again, other = (scene(seed, "val", 2, 20, SIZE) for seed in (0, 0, 1))
    for index in (0, 9, 19):
        image, ball = first.frame(index)
        assert np.array_equal(image, again.frame(index)[0])
        assert ball == again.frame(index)[1]
        assert not np.array_equal(image, other.frame(index)[0])


def test_splits_are_different_streams():
    images = [scene(0, split, 1, 2, (90, 160)).frame(0)[0] for split in SPLITS]
    assert not np.array_equal(images[0], images[1])
    assert not np.array_equal(images[1], images[2])


def test_some_cameras_rest_and_some_move():
    paths = [
        np.array([view.apply(np.zeros(2)) for view in scene(0, "test", clip, 60, SIZE).views])
        for clip in (1, 2, 3, 4)
    ]
    reach = [np.ptp(path, axis=0).max() for path in paths]
    assert reach[0] == reach[2] == 0
    assert min(reach[1], reach[3]) > 5
    steps = [np.abs(np.diff(path, axis=0)).max() for path in paths]
    assert max(steps) < 5  # a slight move, not a cut


def test_a_ball_behind_a_player_is_not_labelled():
    shown = scene(0, "train", 1, 60, SIZE)
    index = next(i for i in range(60) if shown.frame(i)[1].visible)
    # Everybody stands between the camera and the ball, where it is seen.
    ball = shown.flight.at(np.array([index / 30]))[0]
    camera = shown.camera
    behind = shown.players[0]
    covered = []
    for ahead in np.linspace(0.3, 8, 60):
        behind.path[index] = ball[0], ball[1] - ahead
        image, label = shown.frame(index)
        covered.append(label == NO_BALL)
        if label == NO_BALL:
            alone = replace(shown, flight=Flight()).frame(index)[0]
            xy, _ = camera.project(shown.venue.to_world(ball))
            x, y = np.round(shown.views[index].apply(xy)).astype(int)
            assert np.abs(image[y, x].astype(int) - alone[y, x]).max() < 80
    assert any(covered)
    assert not all(covered)
