"""Colours change, and nothing else."""

import pytest
import torch

from tracknet.data.augment import Colour
from tracknet.data.augment.pixels import GRAY
from tracknet.data.batch import Batch


def recolour(pictures, **amounts):
    """As drawn, with the largest change in each direction."""
    neutral = [0, 1, 1, 1, 1, 1]
    names = ["brightness", "contrast", "saturation", "red", "green", "blue"]
    values = [amounts.get(name, value) for name, value in zip(names, neutral, strict=True)]
    xy = torch.zeros(*pictures.shape[:2], 1, 2)
    batch = Batch(pictures, xy, xy[..., 0], torch.zeros(len(xy), 2))
    drawn = {"amounts": torch.tensor([values], dtype=torch.float32), "gamma": torch.ones(1)}
    return Colour().apply(batch, drawn).pictures


def noise(mean=0.5, spread=0.1):
    generator = torch.Generator().manual_seed(0)
    picture = mean + spread * (2 * torch.rand(1, 1, 3, 20, 20, generator=generator) - 1)
    return picture + mean - picture.mean((-2, -1), keepdim=True)


@pytest.mark.parametrize("contrast", [0.6, 1.4])
def test_contrast_keeps_the_mean_of_gray(contrast):
    out = recolour(noise(), contrast=contrast)
    assert out.mean().item() == pytest.approx(0.5, abs=1e-4)
    assert (out.std() / noise().std()).item() == pytest.approx(contrast, rel=1e-4)


@pytest.mark.parametrize("saturation", [0.0, 0.5, 1.5])
def test_saturation_keeps_the_luma(saturation):
    weights = torch.tensor(GRAY).view(3, 1, 1)
    out = recolour(noise(), saturation=saturation)
    torch.testing.assert_close((out * weights).sum(2), (noise() * weights).sum(2))
    flat = torch.full((1, 1, 3, 2, 2), 0.3)
    torch.testing.assert_close(recolour(flat, saturation=saturation), flat)
    assert (saturation == 0) == (out.std(2).max().item() < 1e-5)


@pytest.mark.parametrize("level", [0.2, 0.5, 0.8])
def test_tint_scales_a_channel(level):
    out = recolour(torch.full((1, 1, 3, 2, 2), level), red=1.1, blue=0.9)
    assert out[0, 0, :, 0, 0].tolist() == pytest.approx([1.1 * level, level, 0.9 * level])


def test_brightness_adds_and_colours_stay_in_range():
    torch.testing.assert_close(recolour(noise(), brightness=0.15), noise() + 0.15)
    out = recolour(torch.rand(1, 2, 3, 8, 8), brightness=0.5, contrast=2.0)
    assert out.min() >= 0
    assert out.max() == 1


def test_gamma_keeps_black_and_white_and_moves_what_lies_between(windows):
    levels = torch.tensor([0.0, 0.25, 1.0]).view(1, 1, 3, 1, 1).repeat(2, 1, 1, 1, 1)
    amounts = torch.tensor([[0.0, 1, 1, 1, 1, 1]] * 2)
    drawn = {"amounts": amounts, "gamma": torch.tensor([2.0, 0.5])}
    out = Colour(gamma=2.0).apply(windows(2, 1, pictures=levels), drawn).pictures
    torch.testing.assert_close(out.flatten(1), torch.tensor([[0, 0.0625, 1], [0, 0.5, 1]]))


def test_what_is_drawn_stays_within_its_limits_and_reaches_them(windows, augmented):
    batch = windows(500, 1, pictures=torch.rand(500, 2, 3, 2, 2))
    limits = torch.tensor([0.1, 0.2, 0.3, 0.05, 0.05, 0.05])
    out, drawn = augmented(Colour(0.1, 0.2, 0.3, 0.05, 2.0), batch)
    change = (drawn["amounts"] - torch.tensor([0, 1, 1, 1, 1, 1])).abs()
    assert (change <= limits + 1e-6).all()
    assert (change.amax(0) > 0.95 * limits).all()
    assert 0.5 <= drawn["gamma"].min() < 0.52
    assert 1.95 < drawn["gamma"].max() <= 2
    assert out.xy is batch.xy
    assert augmented(Colour(), batch)[0].pictures.allclose(batch.pictures, atol=1e-6)
