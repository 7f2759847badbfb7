"""Where a dot goes, its coordinate goes: flips, zooms, turns and crops, alike for a window."""

import re

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from tracknet.codecs import GaussianCodec
from tracknet.data.augment import Augmentation
from tracknet.errors import InputError

H, W = 48, 80
GEOMETRY = {"flip": 0.5, "scale": 1.5, "rotation": 20, "crop": (32, 48), "reverse": 0.5}
COLOUR = {"brightness": 0.1, "contrast": 0.2, "saturation": 0.3, "tint": 0.1}
BLUR = {"blur": 0.8, "motion_blur": 1.0}
KINDS = {
    "none": {},
    "shift": {"shift": 0.2},
    "flip": {"flip": 1.0},
    "scale": {"scale": 1.5},
    "rotation": {"rotation": 20},
    "crop": {"crop": (32, 48)},
    "geometry": GEOMETRY,
    "colour": COLOUR,
    "gamma": {"gamma": 1.5},
    "blur": {"blur": 1.0},
    "motion blur": {"motion_blur": 2.0},
    "noise": {"noise": 0.02},
    "mixup": {"mixup": 0.5},
    "everything": {**GEOMETRY, **COLOUR, **BLUR, "gamma": 1.4, "noise": 0.01, "mixup": 0.3},
}


def augmentation(**kind):
    return Augmentation(**{"flip": 0.0, **kind})


def dots(xy, size=(H, W), sigma=1.5):
    """(B,T,2) -> (B,T,3,h,w) with a soft dot at each of them, on dark ground."""
    rows, columns = (torch.arange(float(side)) for side in size)
    x, y = xy[..., 0, None, None], xy[..., 1, None, None]
    heat = torch.exp(-((columns - x) ** 2 + (rows[:, None] - y) ** 2) / (2 * sigma**2))
    return (0.15 + 0.6 * heat)[:, :, None].repeat(1, 1, 3, 1, 1)


def offsets(pictures, xy, sigma=1.7, reach=2.0):
    """How far from each `xy` (B,T,2) its dot lies: the centre of mass round it.

    Weights that fall off round `xy` keep noise and other dots out, and draw the centre towards it
    by a factor that is undone.
    """
    heat = pictures.mean(2)
    heat = heat - heat.flatten(2).median(-1).values[..., None, None]
    x = torch.arange(heat.shape[-1]) - xy[..., 0, None]
    y = torch.arange(heat.shape[-2]) - xy[..., 1, None]
    heat = heat * torch.exp(-(x[..., None, :] ** 2 + y[..., None] ** 2) / (2 * reach**2))
    found = torch.stack([(heat.sum(-2) * x).sum(-1), (heat.sum(-1) * y).sum(-1)], -1)
    return found / heat.sum((-2, -1))[..., None] * (1 + sigma**2 / reach**2)


def draw(augment, xy, visibility, seed=0):
    rows = [
        augment.draw(np.random.default_rng([seed, i]), (H, W), xy[i].numpy(), visibility[i].numpy())
        for i in range(len(xy))
    ]
    return default_collate(rows)


def windows(n=24, t=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    xy = 8 + torch.rand(n, t, 2, generator=generator) * torch.tensor([W - 17.0, H - 17.0])
    return xy, torch.ones(n, t, dtype=torch.int8)


@pytest.mark.parametrize("kind", KINDS)
def test_a_dot_stays_at_its_coordinate(kind):
    augment, (xy, visibility) = augmentation(**KINDS[kind]), windows(40)
    drawn = draw(augment, xy, visibility)
    out = augment.apply([dots(xy)], xy, visibility, drawn, still=0)
    size = augment.crop or (H, W)
    assert out.pictures.shape == (40, 3, 3, *size)
    inside = whole(out.xy, size)
    if augment.mixup:  # where the two dots do not touch
        mixed = (drawn["mixup"][:, :1] > 0).expand_as(inside)
        apart = (out.xy - out.second[0]).norm(dim=-1) > 14
        both = mixed & apart & whole(out.second[0], size)
        assert both.sum() > 3
        assert offsets(out.pictures, out.second[0])[both].norm(dim=-1).max() < 0.1
        inside &= ~mixed | apart
    assert inside.sum() > 12
    assert offsets(out.pictures, out.xy)[inside].norm(dim=-1).max() < 0.1
    moves = {"shift", "flip", "scale", "rotation", "crop"} & KINDS[kind].keys()
    assert bool(moves) != out.xy.allclose(xy, atol=1e-4)


def whole(xy, size):
    """Which dots lie at least 8 pixels inside."""
    return (xy >= 8).all(-1) & (xy <= torch.tensor(size[::-1]) - 9).all(-1)


@pytest.mark.parametrize("kind", [{}, {"flip": 0.5, "scale": 1.2, "rotation": 10}], ids=str)
def test_a_dot_at_the_border_is_cut_off_where_it_ought_to_be(kind):
    size = (24, 32)
    augment, (xy, visibility) = augmentation(crop=size, on_ball=0.0, **kind), windows(150, seed=1)
    drawn = draw(augment, xy, visibility)
    out = augment.apply([dots(xy)], xy, visibility, drawn, still=0)
    inside = (out.xy > -0.5).all(-1) & (out.xy < torch.tensor(size[::-1]) - 0.5).all(-1)
    near = inside & ~whole(out.xy, size)
    assert near.sum() > 50
    zoomed = 1.5 / drawn["matrix"][:, :, :2].det().abs().sqrt()
    expected = offsets(dots(out.xy, size, zoomed.view(-1, 1, 1, 1)), out.xy)
    assert (offsets(out.pictures, out.xy) - expected)[near].norm(dim=-1).max() < 0.1
    target, _ = GaussianCodec().encode(out.xy, out.visibility, size)
    assert target.amax((-2, -1)).equal(inside.float())


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
    augment = augmentation(**GEOMETRY, **COLOUR, **BLUR)
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
    augment, (xy, visibility) = augmentation(**GEOMETRY), windows(8)
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
        augmentation(**KINDS["everything"], occlude=0.5),
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
    assert hidden.any()
    assert (drawn["hidden"][~noisy] > 0)[hidden].all()  # one beside the ball may lie outside
    assert not hidden.all(1).any()
    assert out.visibility.equal(visibility)


@pytest.mark.parametrize("reverse", [0.0, 1.0])
@pytest.mark.parametrize("seen", [[0, 0, 0], [0, 1, 0], [-1, -1, 2]])
def test_no_patch_where_no_other_frame_shows_the_ball(seen, reverse):
    augment, (xy, _) = augmentation(occlude=1.0, reverse=reverse), windows(16)
    visibility = torch.tensor([seen] * 16, dtype=torch.int8)
    assert not draw(augment, xy, visibility)["hidden"].any()


@pytest.mark.parametrize("reverse", [0.0, 1.0])
def test_every_second_patch_hides_the_ball_somewhere_behind_it(reverse):
    augment = augmentation(occlude=1.0, reverse=reverse)
    xy = torch.tensor([[[30.0, 20], [40, 24], [torch.nan, torch.nan]]]).repeat(200, 1, 1)
    visibility = torch.tensor([[1, 2, 0]] * 200, dtype=torch.int8)
    drawn = draw(augment, xy, visibility)
    out = augment.apply([torch.full((200, 3, 3, H, W), 2.0)], xy, visibility, drawn, still=0)
    covered = out.pictures[:, :, 0] < 1.5
    if reverse:
        covered, xy = covered.flip(1), xy.flip(1)
        assert out.visibility[0].tolist() == [0, 2, 1]
    assert not covered[:, 2].any()
    assert not covered.flatten(2).any(-1).all(1).any()
    first = covered[:, 0]
    chosen = first.flatten(1).any(1)
    assert 70 < chosen.sum() < 130
    hides = first[:, 20, 30][chosen]
    assert 0.35 < hides.float().mean() < 0.65
    left = first[chosen][hides].any(1).int().argmax(-1)
    assert left.min() < 22
    assert left.max() > 27


@pytest.mark.parametrize(
    ("name", "value"),
    [("flip", 2), ("mixup", -0.1), ("scale", 0), ("gamma", -1), ("crop", 64), ("crop", (64,))],
)
def test_a_value_out_of_its_range_is_named(name, value):
    with pytest.raises(InputError, match=rf"transform\.{name}={re.escape(str(value))}; expected"):
        Augmentation(**{name: value})
