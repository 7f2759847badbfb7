"""Where a dot goes, its coordinate goes: flips, zooms, turns and crops, alike for a window."""

from dataclasses import replace

import pytest
import torch

from tracknet.codecs import GaussianCodec
from tracknet.data.augment import Warp
from tracknet.data.batch import to_unit

H, W = 48, 80
KINDS = {
    "shift": {"shift": 0.2},
    "flip": {"flip": 1.0},
    "scale": {"scale": 1.5},
    "rotation": {"rotation": 20},
    "crop": {"crop": (32, 48)},
    "everything": {"flip": 0.5, "scale": 1.5, "rotation": 20, "crop": (32, 48)},
}


def step(**kind):
    return Warp(**{"flip": 0.0, **kind})


def whole(xy, size):
    """Which dots lie at least 8 pixels inside."""
    return (xy >= 8).all(-1) & (xy <= torch.tensor(size[::-1]) - 9).all(-1)


@pytest.mark.parametrize("kind", KINDS)
def test_dots_stay_at_their_coordinates(kind, windows, offsets, augmented):
    batch, size = windows(40, xy=torch.cat([windows(40).xy, windows(40, seed=1).xy], 2)), (H, W)
    out, _ = augmented(step(**KINDS[kind]), batch)
    size = KINDS[kind].get("crop", size)
    assert out.pictures.shape == (40, 3, 3, *size)
    apart = (out.xy[:, :, 0] - out.xy[:, :, 1]).norm(dim=-1) > 14
    for xy in out.xy.unbind(2):
        inside = whole(xy, size) & apart
        assert inside.sum() > 12
        assert offsets(out.pictures, xy)[inside].norm(dim=-1).max() < 0.1
    assert not out.xy.allclose(batch.xy, atol=1e-4)


@pytest.mark.parametrize("kind", [{}, {"flip": 0.5, "scale": 1.2, "rotation": 10}], ids=str)
def test_a_dot_at_the_border_is_cut_off_where_it_ought_to_be(
    kind, windows, dots, offsets, augmented
):
    size = (24, 32)
    out, drawn = augmented(step(crop=size, on_ball=0.0, **kind), windows(150, seed=1))
    [xy] = out.xy.unbind(2)
    inside = (xy > -0.5).all(-1) & (xy < torch.tensor(size[::-1]) - 0.5).all(-1)
    near = inside & ~whole(xy, size)
    assert near.sum() > 50
    zoomed = 1.5 / drawn["matrix"][:, :, :2].det().abs().sqrt()
    expected = offsets(dots(out.xy, size, zoomed.view(-1, 1, 1, 1, 1)), xy)
    assert (offsets(out.pictures, xy) - expected)[near].norm(dim=-1).max() < 0.1
    target, _ = GaussianCodec().encode(out.xy, out.visibility, size, 1)
    assert target.amax((-2, -1)).equal(inside.float())


def test_nothing_asked_for_changes_nothing(windows, augmented):
    batch = windows(2, pictures=torch.rand(2, 4, 3, H, W))
    out, _ = augmented(step(), batch)
    torch.testing.assert_close(out.pictures, batch.pictures, atol=1e-4, rtol=0)
    torch.testing.assert_close(out.xy, batch.xy, atol=1e-4, rtol=0)
    assert out.visibility is batch.visibility


def test_bytes_and_fractions_are_sampled_alike(windows, augmented):
    pictures = torch.randint(256, (4, 4, H, W, 3), dtype=torch.uint8)
    batch = windows(4, pictures=pictures)
    out, drawn = augmented(step(**KINDS["everything"]), batch)
    assert not drawn["matrix"][0].equal(drawn["matrix"][1])
    again, _ = augmented(step(**KINDS["everything"]), replace(batch, pictures=to_unit(pictures)))
    assert out.pictures.equal(again.pictures)
    assert out.pictures.shape == (4, 4, 3, 32, 48)


def test_a_frame_without_a_position_leaves_the_others_alone(windows, augmented):
    batch = windows(8)
    expected, _ = augmented(step(rotation=10, shift=0.1), batch)
    holes = batch.xy.clone()
    holes[:, 1] = torch.nan
    moved, _ = augmented(step(rotation=10, shift=0.1), replace(batch, xy=holes))
    assert moved.xy[:, 1].isnan().all()
    assert moved.xy[:, [0, 2]].equal(expected.xy[:, [0, 2]])


def test_a_ball_that_leaves_the_crop_is_outside_the_map(windows, augmented):
    xy = torch.tensor([[4.0, 4], [75, 43], [torch.nan, torch.nan]])[:, None].repeat(12, 1, 1, 1)
    visibility = torch.tensor([[[1], [1], [0]]] * 12, dtype=torch.int8)
    out, _ = augmented(step(crop=(16, 24), on_ball=1.0), windows(xy=xy, visibility=visibility))
    target, weight = GaussianCodec().encode(out.xy, visibility, (16, 24), 1)
    assert sorted(target.amax((-2, -1))[0].tolist()) == [0, 0, 1]
    assert (target.amax((-2, -1)).sum(1) == 1).all()
    assert (weight == 1).all()


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_crops_hold_the_ball_as_often_as_asked(scale, windows, augmented):
    xy = torch.rand(200, 1, 1, 2, generator=torch.Generator().manual_seed(0))
    batch = windows(xy=xy * torch.tensor([W - 1.0, H - 1.0]), pictures=torch.zeros(200, 1, 3, 1, 1))
    moved = augmented(step(crop=(24, 32), on_ball=1.0, scale=scale, flip=0.5), batch)[0].xy
    assert (moved > -0.51).all()
    assert (moved < torch.tensor([32, 24]) - 0.49).all()


@pytest.mark.parametrize("kind", [{}, {"scale": 1.4}, {"scale": 1.2, "rotation": 8}])
@pytest.mark.parametrize("on_ball", [0.0, 1.0])
def test_crops_lie_inside_the_frame(kind, on_ball, windows, augmented):
    white = windows(60, pictures=torch.ones(60, 3, 3, H, W))
    out, _ = augmented(step(crop=(24, 40), on_ball=on_ball, **kind), white)
    assert out.pictures.min() > 0.25  # a zoomed corner pixel reaches less than half a pixel outside


def test_crops_are_spread_over_the_frame(windows, augmented):
    _, drawn = augmented(step(crop=(16, 20), on_ball=0.0), windows(300))
    left_top = drawn["matrix"][:, :, 2]
    room = torch.tensor([W - 20.0, H - 16.0])
    assert (left_top.amin(0) < 0.05 * room).all()
    assert (left_top.amax(0) > 0.95 * room).all()
    assert (left_top >= -1e-4).all()
    assert (left_top <= room + 1e-4).all()
