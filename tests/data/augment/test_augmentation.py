"""Where a dot goes, its coordinate goes: flips, zooms, turns and crops, alike for a window."""

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from tracknet.codecs import GaussianCodec
from tracknet.data.augment import Augmentation

H, W = 48, 80
KINDS = {
    "none": {},
    "shift": {"shift": 0.2},
    "flip": {"flip": 1.0},
    "scale": {"scale": 1.5},
    "rotation": {"rotation": 20},
    "crop": {"crop": (32, 48)},
    "all": {"flip": 0.5, "scale": 1.5, "rotation": 20, "crop": (32, 48), "reverse": 0.5},
    "gamma": {"gamma": 1.5},
    "blur": {"blur": 1.0},
    "motion blur": {"motion_blur": 2.0},
    "everything": {
        "flip": 0.5,
        "scale": 1.5,
        "rotation": 20,
        "crop": (36, 56),
        "reverse": 0.5,
        "contrast": 0.2,
        "gamma": 1.4,
        "blur": 0.8,
        "motion_blur": 1.0,
        "noise": 1e-6,
    },
}


def augmentation(**kind):
    return Augmentation(**{"flip": 0.0, **kind})


def dots(xy, sigma=1.5):
    """(B,T,2) -> (B,T,3,H,W) with a soft dot at each of them."""
    rows, columns = torch.meshgrid(torch.arange(float(H)), torch.arange(float(W)), indexing="ij")
    x, y = xy[..., 0, None, None], xy[..., 1, None, None]
    heat = torch.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    return heat[:, :, None].repeat(1, 1, 3, 1, 1)


def centroids(pictures):
    heat = pictures.mean(2)
    heat = heat - heat.amin((-2, -1), keepdim=True)  # contrast lifts the ground
    mass = heat.sum((-2, -1))
    x = (heat.sum(-2) * torch.arange(heat.shape[-1])).sum(-1) / mass
    y = (heat.sum(-1) * torch.arange(heat.shape[-2])).sum(-1) / mass
    return torch.stack([x, y], -1)


def draw(augment, xy, visibility, seed=0):
    rows = [
        augment.draw(np.random.default_rng([seed, i]), (H, W), xy[i].numpy(), visibility[i].numpy())
        for i in range(len(xy))
    ]
    return default_collate(rows)


def windows(n=24, t=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    xy = 4 + torch.rand(n, t, 2, generator=generator) * torch.tensor([W - 9.0, H - 9.0])
    return xy, torch.ones(n, t, dtype=torch.int8)


@pytest.mark.parametrize("kind", KINDS)
def test_a_dot_stays_at_its_coordinate(kind):
    augment, (xy, visibility) = augmentation(**KINDS[kind]), windows()
    parameters = draw(augment, xy, visibility)
    out = augment.apply([dots(xy)], xy, visibility, parameters, still=0)
    pictures, moved = out.pictures, out.xy
    h, w = augment.crop or (H, W)
    assert pictures.shape == (24, 3, 3, h, w)
    whole = (moved > 7).all(-1) & (moved < torch.tensor([w, h]) - 8).all(-1)
    assert whole.sum() > 12
    assert (centroids(pictures)[whole] - moved[whole]).norm(dim=-1).max() < 0.1
    still = kind in ("none", "gamma", "blur", "motion blur")
    assert still == moved.allclose(xy, atol=1e-4)


def test_nothing_asked_for_changes_nothing():
    augment, (xy, visibility) = augmentation(), windows(2)
    pictures = torch.rand(2, 4, 3, H, W)
    drawn = draw(augment, xy, visibility)
    assert list(drawn) == ["matrix"]
    out = augment.apply([pictures.clone()], xy, visibility, drawn, still=1)
    torch.testing.assert_close(out.pictures, pictures, atol=1e-4, rtol=0)
    torch.testing.assert_close(out.xy, xy, atol=1e-4, rtol=0)
    assert out.visibility.equal(visibility)
    assert out.second is None


def test_all_pictures_of_a_window_alike_and_windows_not():
    augment = augmentation(**KINDS["all"], brightness=0.1, contrast=0.2, saturation=0.3, tint=0.1)
    xy, visibility = windows(4)
    pictures = torch.rand(1, 1, 3, H, W).repeat(4, 4, 1, 1, 1)
    drawn = draw(augment, xy, visibility)
    out = augment.apply([pictures], xy, visibility, drawn, still=1).pictures
    assert all(out[:, i].equal(out[:, 0]) for i in range(1, 4))
    assert not any(out[i].allclose(out[0]) for i in range(1, 4))


def test_reversed_windows():
    augment = augmentation(reverse=0.5)
    xy, _ = windows(16)
    visibility = torch.tensor([[1, 0, -1]] * 16, dtype=torch.int8)
    xy[:, 1:] = torch.nan
    pictures = torch.tensor([0.9, 0.1, 0.2, 0.3]).view(1, 4, 1, 1, 1).repeat(16, 1, 3, H, W)
    parameters = draw(augment, xy, visibility)
    backwards = parameters["reverse"] == 1
    assert 0 < backwards.sum() < 16
    out = augment.apply([pictures], xy, visibility, parameters, still=1)
    for i in range(16):
        order = [2, 1, 0] if backwards[i] else [0, 1, 2]
        levels = out.pictures[i, :, 0, H // 2, W // 2]
        torch.testing.assert_close(levels, torch.tensor([9.0, *(1 + t for t in order)]) / 10)
        assert out.visibility[i].tolist() == visibility[i, order].tolist()
        torch.testing.assert_close(out.xy[i], xy[i, order], atol=1e-4, rtol=0, equal_nan=True)


def test_a_frame_without_a_position_leaves_the_others_alone():
    augment, (xy, visibility) = augmentation(**KINDS["all"]), windows(8)
    parameters = draw(augment, xy, visibility)
    expected = augment.apply([dots(xy)], xy, visibility, parameters, still=0).xy
    holes = xy.clone()
    holes[:, 1] = torch.nan
    moved = augment.apply([dots(xy)], holes, visibility, parameters, still=0).xy
    assert moved[:, 1].isnan().all()
    assert moved[:, [0, 2]].equal(expected[:, [0, 2]])


def test_a_ball_that_leaves_the_crop_is_outside_the_map():
    augment = augmentation(crop=(16, 24), on_ball=1.0)
    xy = torch.tensor([[[4.0, 4], [75, 43], [torch.nan, torch.nan]]]).repeat(12, 1, 1)
    visibility = torch.tensor([[1, 1, 0]] * 12, dtype=torch.int8)
    moved = augment.apply([dots(xy)], xy, visibility, draw(augment, xy, visibility), still=0).xy
    target, weight = GaussianCodec().encode(moved, visibility, (16, 24))
    assert sorted(target.amax((-2, -1))[0].tolist()) == [0, 0, 1]
    assert (target.amax((-2, -1)).sum(1) == 1).all()
    assert (weight == 1).all()


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_crops_hold_the_ball_as_often_as_asked(scale):
    augment = augmentation(crop=(24, 32), on_ball=1.0, scale=scale, flip=0.5)
    xy = torch.rand(200, 1, 2, generator=torch.Generator().manual_seed(0))
    xy = xy * torch.tensor([W - 1.0, H - 1.0])
    visibility = torch.ones(200, 1, dtype=torch.int8)
    parameters = draw(augment, xy, visibility)
    moved = augment.apply([torch.zeros(200, 1, 3, 1, 1)], xy, visibility, parameters, still=0).xy
    assert (moved > -0.51).all()
    assert (moved < torch.tensor([32, 24]) - 0.49).all()


@pytest.mark.parametrize("kind", [{}, {"scale": 1.4}, {"scale": 1.2, "rotation": 8}])
@pytest.mark.parametrize("on_ball", [0.0, 1.0])
def test_crops_lie_inside_the_frame(kind, on_ball):
    augment, (xy, visibility) = augmentation(crop=(24, 40), on_ball=on_ball, **kind), windows(60)
    white = torch.ones(60, 1, 3, H, W)
    drawn = draw(augment, xy, visibility)
    out = augment.apply([white], xy, visibility, drawn, still=0).pictures
    assert out.min() > 0.25  # a zoomed corner pixel reaches less than half a pixel outside


def test_crops_are_spread_over_the_frame():
    augment = augmentation(crop=(16, 20), on_ball=0.0)
    xy, visibility = windows(300)
    left_top = draw(augment, xy, visibility)["matrix"][:, :, 2]
    room = torch.tensor([W - 20.0, H - 16.0])
    assert (left_top.amin(0) < 0.05 * room).all()
    assert (left_top.amax(0) > 0.95 * room).all()
    assert (left_top >= -1e-4).all()
    assert (left_top <= room + 1e-4).all()


def test_a_draw_is_a_function_of_its_generator():
    augment, (xy, visibility) = (
        augmentation(**KINDS["everything"], occlude=0.5, mixup=0.5),
        windows(40),
    )
    one, again, other = (draw(augment, xy, visibility, seed) for seed in (0, 0, 1))
    assert all(one[name].equal(again[name]) for name in one)
    assert not any(one[name].equal(other[name]) for name in one)


def test_blur_and_patches_come_with_a_window_and_noise_spares_the_background():
    augment, (xy, visibility) = augmentation(noise=0.1, occlude=1.0), windows(8)
    pictures = torch.full((8, 4, 3, H, W), 0.5)
    drawn = draw(augment, xy, visibility)
    out = augment.apply([pictures], xy, visibility, drawn, still=1)
    assert (out.pictures[:, 0] - 0.5).abs().max() < 1e-5
    noisy = drawn["noise"] > 0
    assert 0 < noisy.sum() < 8
    assert ((out.pictures[:, 1:] != 0.5).float().mean((1, 2, 3, 4)) > 0.8).equal(noisy)
    hidden = (out.pictures[:, 1:] - 0.5).abs().amax(2).gt(0.01)[~noisy].flatten(2).any(-1)
    assert hidden.equal(drawn["hidden"][~noisy] > 0)
    assert hidden.any(1).all()
    assert not hidden.all(1).any()
    assert out.visibility.equal(visibility)


def test_an_absent_ball_is_not_hidden():
    augment, (xy, _) = augmentation(occlude=1.0), windows(8)
    absent = torch.zeros(8, 3, dtype=torch.int8)
    pictures = torch.full((8, 3, 3, H, W), 0.5)
    drawn = draw(augment, xy, absent)
    out = augment.apply([pictures], torch.full_like(xy, torch.nan), absent, drawn, still=0)
    torch.testing.assert_close(out.pictures, torch.full_like(pictures, 0.5))
