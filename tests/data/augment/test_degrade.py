"""Blur spreads and noise disturbs, sample by sample, without moving anything."""

import numpy as np
import pytest
import torch

from tracknet.data.augment import Blur, Noise
from tracknet.data.augment.pixels import RADIUS
from tracknet.data.batch import Batch

SIZE = 21
MIDDLE = SIZE // 2


def batch_of(pictures):
    """Whose every picture is a frame."""
    xy = torch.zeros(*pictures.shape[:2], 1, 2)
    return Batch(pictures, xy, xy[..., 0], torch.zeros(len(xy), 2))


def blur(pictures, covariance):
    return Blur().apply(batch_of(pictures), {"covariance": covariance}).pictures


def add_noise(frames, strength, seed):
    return Noise().apply(batch_of(frames), {"strength": strength, "seed": seed}).pictures


def dot(samples):
    pictures = torch.zeros(samples, 2, 3, SIZE, SIZE)
    pictures[..., MIDDLE, MIDDLE] = 1
    return pictures


def moments(picture):
    """Mean x, y and variance of x, y and their covariance."""
    picture = picture / picture.sum()
    offset = torch.arange(SIZE) - MIDDLE
    x, y = offset[None], offset[:, None]
    mean = [(picture * axis).sum().item() for axis in (x, y)]
    return mean, [(picture * square).sum().item() for square in (x * x, y * y, x * y)]


@pytest.mark.parametrize("covariance", [(1.0, 1.0, 0.0), (1.5, 0.5, 0.0), (1.0, 1.0, 0.6)])
def test_blur_has_the_covariance_and_moves_nothing(covariance):
    out = blur(dot(1), torch.tensor([covariance]))
    mean, spread = moments(out[0, 1, 2])
    assert mean == pytest.approx([0, 0], abs=1e-5)
    assert spread == pytest.approx(covariance, abs=0.02)
    torch.testing.assert_close(out.sum((-2, -1)), torch.ones(1, 2, 3))


def test_a_line_of_motion_is_long_one_way_only():
    out = blur(dot(1), torch.tensor([[2.0, 2.0, 2.0]]))[0, 0, 0]
    assert out[MIDDLE + 1, MIDDLE + 1] > 0.1
    assert out[MIDDLE + 1, MIDDLE - 1] < 1e-6


def test_each_sample_is_blurred_by_its_own_and_sharp_ones_not_at_all():
    amounts = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 0.0], [2.0, 0.1, 0.0]])
    pictures = torch.rand(3, 2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    out = blur(pictures.clone(), amounts)
    assert out[1].equal(pictures[1])
    for i in (0, 2):
        torch.testing.assert_close(out[i : i + 1], blur(pictures[i : i + 1].clone(), amounts[[i]]))


def test_blur_does_not_darken_the_border():
    out = blur(torch.ones(1, 1, 3, 2 * RADIUS, SIZE), torch.tensor([[1.0, 1.0, 0.0]]))
    torch.testing.assert_close(out, torch.ones_like(out))


def test_noise_depends_on_the_sample_s_seed_alone():
    strength, seed = torch.tensor([0.05, 0.0, 0.1]), torch.tensor([7, 8, 9])
    frames = torch.full((3, 2, 3, 64, 64), 0.5)
    out = add_noise(frames.clone(), strength, seed)
    assert out[1].equal(frames[1])
    assert out[[2]].equal(add_noise(frames[[2]].clone(), strength[[2]], seed[[2]]))
    assert out[0].std().item() == pytest.approx(0.05, rel=0.05)
    assert not out[0, 0].equal(out[0, 1])
    assert out[0, :, 0].equal(out[0, :, 2])  # of brightness
    assert not out[0].equal(add_noise(frames.clone(), strength, seed + 1)[0])


def test_half_of_the_windows_are_noisy_and_no_background_is(windows, augmented):
    out, drawn = augmented(Noise(0.1), windows(40, pictures=torch.full((40, 4, 3, 12, 12), 0.5)))
    assert (out.pictures[:, 0] == 0.5).all()
    assert 10 < (drawn["strength"] > 0).sum() < 30
    assert (out.pictures[:, 1:] != 0.5).flatten(1).any(1).equal(drawn["strength"] > 0)
    spread = out.pictures[:, 1:, 0].flatten(1).std(1)
    torch.testing.assert_close(spread, drawn["strength"], atol=0.005, rtol=0.1)


@pytest.mark.parametrize(("still", "motion"), [(1.0, 0.0), (0.0, 2.0), (0.8, 1.0)])
def test_half_of_the_windows_are_blurred_within_the_limits(still, motion, windows, augmented):
    batch = windows(200, pictures=torch.rand(200, 2, 3, 6, 6), t=2)
    before = batch.pictures.clone()
    out, drawn = augmented(Blur(still, motion), batch)
    chosen = drawn["covariance"].any(1)
    assert 70 < chosen.sum() < 130
    changed = (out.pictures != before).flatten(1).any(1)
    assert not changed[~chosen].any()
    assert changed[chosen].all()  # even where it moves by less than a pixel, at any angle
    xx, yy, xy = drawn["covariance"][chosen].T
    middle, half = (xx + yy) / 2, (((xx - yy) / 2) ** 2 + xy**2).sqrt()
    narrow, long = (middle - half).clamp_min(0).sqrt(), (middle + half).sqrt()
    limit = (max(still, 0.3) ** 2 + motion**2) ** 0.5
    assert narrow.max() <= max(still, 0.3) + 0.01
    assert 0.8 * limit < long.max() <= limit + 0.01


@pytest.mark.parametrize("angle", range(0, 180, 15))
def test_motion_is_blurred_at_every_angle(angle):
    x, y = 1.5 * np.cos(np.deg2rad(angle)), 1.5 * np.sin(np.deg2rad(angle))
    covariance = [0.09 + x * x, 0.09 + y * y, x * y]
    _, spread = moments(blur(dot(1), torch.tensor([covariance]))[0, 0, 0])
    assert spread == pytest.approx(covariance, abs=0.26)
