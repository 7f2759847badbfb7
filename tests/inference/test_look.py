"""What a second look makes of candidates."""

import numpy as np
import pytest

from tracknet.codecs import GaussianCodec
from tracknet.errors import InputError
from tracknet.geometry import Letterbox
from tracknet.inference.look import AROUND, FLIGHT, SecondLook, led_to


@pytest.fixture
def look(predictor):
    """Looks at patches of 32x32 for what is bright, in frames of 192x320."""

    def make(image_size=(192, 320), frames=3, stride=2) -> SecondLook:
        network = predictor(frames=frames, heatmap_stride=stride).network
        codec = GaussianCodec(candidates=3, radius=3)
        return SecondLook(network, codec, (32, 32), image_size, Letterbox)

    return make


def beside(xy: np.ndarray) -> np.ndarray:
    """(N,3,3): a candidate 7 pixels off the ball, a better one that is none, and a faint one."""
    ball = np.column_stack([np.add(np.nan_to_num(xy, nan=40), (6, -4)), np.full(len(xy), 0.5)])
    false = np.tile([300.0, 180, 0.8], (len(xy), 1))
    faint = np.tile([10.0, 10, 0.01], (len(xy), 1))
    return np.stack([false, ball, faint], 1)


@pytest.mark.parametrize("count", [1, 2, 30])
@pytest.mark.parametrize("size", [(192, 320), (288, 480)])
def test_the_ball_is_placed_and_what_is_none_loses(look, dots, count, size):
    frames, xy = dots(count, size)
    candidates = beside(xy)
    candidates[:, 0, :2] *= size[0] / 192
    found = np.stack(list(look().again(iter(frames), iter(candidates), size)))
    assert found.shape == (count, 3, 3)
    seen = np.isfinite(xy[:, 0])
    off = np.linalg.norm(found[seen, 0, :2] - xy[seen], axis=1)
    assert off.max() < 1.2
    assert (found[seen, 0, 2] > 0.4).all()
    assert (found[~seen, 0, 2] < 0.1).all()
    assert (np.diff(found[..., 2], axis=1) <= 0).all()


def test_two_candidates_of_one_ball_become_one(look, dots):
    frames, xy = dots(3)
    near = np.column_stack([np.add(xy, (5, 0)), np.full(3, 0.6)])
    nearer = np.column_stack([np.subtract(xy, (0, 4)), np.full(3, 0.7)])
    found = np.stack(list(look().again(frames, np.stack([nearer, near], 1), (192, 320))))
    assert (found[:, 0, 2] > 0.4).all()
    assert (found[:, 1, 2] == 0).all()


def test_faint_candidates_and_the_last_ones_are_not_looked_at(look, dots):
    frames, xy = dots(2)
    faint = np.tile([10.0, 10, 0.01], (2, 1, 1))
    np.testing.assert_array_equal(list(look().again(frames, faint, (192, 320))), faint * (1, 1, 0))
    best = np.tile([[300.0, 180, 0.9], [280, 170, 0.9], [260, 160, 0.9]], (2, 1, 1))
    ball = np.concatenate([xy, np.full((2, 1), 0.8)], 1)[:, None]
    assert (
        np.stack(list(look().again(frames, np.hstack([best, ball]), (192, 320))))[..., 2].max()
        < 0.1
    )


def test_between_two_balls_it_looks_where_the_first_network_saw_nothing(look, dots):
    frames, xy = dots(12)
    seen = np.isfinite(xy[:, 0])
    candidates = beside(xy)
    candidates[:, 1, 2] = 0.9
    lost = np.flatnonzero(seen)[4:6]
    candidates[lost, 1] = (200, 20, 0)
    found = np.stack(list(look().again(frames, candidates, (192, 320))))
    off = np.linalg.norm(found[lost, 0, :2] - xy[lost], axis=1)
    assert off.max() < 1.5
    assert (found[lost, 0, 2] > 0.3).all()
    assert (found[~seen, 0, 2] < 0.1).all()


def window(balls: dict[int, tuple[float, float]]) -> np.ndarray:
    """(N,3) of frames with a sure ball at places by how many frames after the middle they are."""
    best = np.tile([0.0, 0, 0.1], (2 * AROUND + 1, 1))
    for frame, place in balls.items():
        best[AROUND + frame] = (*place, 0.9)
    return best


def test_where_balls_before_and_after_lead():
    np.testing.assert_allclose(led_to(window({-1: (10, 20), 3: (50, 40)})), [[20, 25]])
    far = led_to(window({-1: (10, 20), FLIGHT: (100, 20)}))
    np.testing.assert_allclose(far, [[20, 20], [10, 20], [100, 20]])
    # The nearest ones count; one alone stays where it was.
    np.testing.assert_allclose(led_to(window({-9: (0, 0), -2: (10, 20)})), [[10, 20]])
    np.testing.assert_allclose(led_to(window({2: (10, 20), 5: (0, 0)})), [[10, 20]])
    assert len(led_to(window({}))) == 0
    assert len(led_to(window({-1: (1, 1), 0: (2, 2), 1: (3, 3)}))) == 0


def test_a_video_is_looked_at_as_its_frames_are(look, video, dots):
    file, xy = video(12)
    candidates = beside(xy)
    of_file = look().of_video(file, candidates)
    of_frames = np.stack(list(look().again(dots(12)[0], candidates, (192, 320))))
    np.testing.assert_allclose(of_file[:, 0], of_frames[:, 0], atol=0.5)


def test_what_is_shown_again_is_looked_at_once(look, video):
    file, xy = video(12)
    candidates = beside(xy)
    candidates[:, 1, 1] += 0.01 * np.arange(12)
    candidates[8] = candidates[7]
    found = look().of_video(file, candidates)
    assert len(found) == 12
    np.testing.assert_array_equal(found[8], found[7])


@pytest.mark.parametrize("overlap", ["none", "mean"])
@pytest.mark.parametrize("background", [False, True])
def test_a_predictor_looks_again(predictor, look, dots, overlap, background):
    frames, xy = dots(20)
    options = {"background": background, "overlap": overlap}
    plain = [row.candidates for row in predictor(**options).stream(iter(frames))]
    expected = list(look().again(frames, plain, (192, 320)))
    rows = list(predictor(**options, look=look()).stream(iter(frames)))
    np.testing.assert_allclose([row.candidates for row in rows], expected, atol=1e-6)
    seen = np.isfinite(xy[:, 0])
    assert [row.visible for row in rows] == seen.tolist()


def test_a_stream_is_looked_at_once(predictor, look, dots):
    with pytest.raises(InputError, match="quality=fast"):
        next(predictor(look=look()).stream(dots(3)[0], live=True))
