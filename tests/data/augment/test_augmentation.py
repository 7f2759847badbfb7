"""What goes across steps: one after the other, alike for a window, drawn from its generator."""

from dataclasses import replace

import pytest
import torch

from tracknet.data.augment import Augmentation, Blur, Colour, Mixup, Noise, Occlude, Reverse, Warp
from tracknet.data.batch import to_unit

H, W = 48, 80
CROP = (32, 48)
WARP = Warp(CROP, scale=1.5, rotation=20)
COLOUR = Colour(0.1, 0.2, 0.3, 0.1, 1.4)
EVERYTHING = {
    "warp": WARP,
    "reverse": Reverse(0.5),
    "mixup": Mixup(0.3),
    "colour": COLOUR,
    "blur": Blur(0.8, 1.0),
    "noise": Noise(0.01),
}
CHAINS = {
    "none": {},
    **{name: {name: step} for name, step in EVERYTHING.items()},
    "everything": EVERYTHING,
    "the other way round": dict(reversed(EVERYTHING.items())),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_dots_stay_at_their_coordinates(chain, windows, drawn, offsets):
    batch, augmentation = windows(60), Augmentation(CHAINS[chain])
    parameters = drawn(augmentation, batch)
    out = augmentation.apply(batch, parameters)
    size = CROP if "warp" in CHAINS[chain] else (H, W)
    assert out.pictures.shape == (60, 3, 3, *size)
    balls = [*out.xy.unbind(2)]
    for xy, seen in zip(balls, out.visibility.unbind(2), strict=True):
        inside = (xy >= 8).all(-1) & (xy <= torch.tensor(size[::-1]) - 9).all(-1) & (seen > 0)
        for other, shown in zip(balls, out.visibility.unbind(2), strict=True):
            if other is not xy:  # where the two dots do not touch
                inside &= ((other - xy).norm(dim=-1) > 14) | (shown == 0)
        assert inside.sum() > 3
        assert offsets(out.pictures, xy)[inside].norm(dim=-1).max() < 0.1


def test_without_steps_bytes_become_fractions(windows):
    pictures = torch.randint(256, (2, 4, H, W, 3), dtype=torch.uint8)
    batch = windows(2, pictures=pictures)
    out = Augmentation({}).apply(batch, {})
    assert out.pictures.equal(to_unit(pictures))
    assert (out.xy is batch.xy, out.visibility is batch.visibility) == (True, True)


@pytest.mark.parametrize("chain", ["everything", "the other way round"])
def test_bytes_may_go_in_whatever_comes_first(chain, windows, drawn):
    batch = windows(4, pictures=torch.randint(256, (4, 4, H, W, 3), dtype=torch.uint8))
    augmentation = Augmentation(CHAINS[chain])
    parameters = drawn(augmentation, batch)
    out = augmentation.apply(batch, parameters).pictures
    again = augmentation.apply(replace(batch, pictures=to_unit(batch.pictures)), parameters)
    assert out.equal(again.pictures)


def test_all_pictures_of_a_window_alike_and_windows_not(windows, drawn):
    augmentation = Augmentation({"warp": WARP, "colour": COLOUR, "blur": Blur(0.8, 1.0)})
    batch = windows(4, pictures=torch.rand(1, 1, 3, H, W).repeat(4, 4, 1, 1, 1))
    out = augmentation.apply(batch, drawn(augmentation, batch)).pictures
    assert all(out[:, i].equal(out[:, 0]) for i in range(1, 4))
    assert not any(out[i].allclose(out[0]) for i in range(1, 4))


def test_a_draw_is_a_function_of_its_generator(windows, drawn):
    augmentation, batch = Augmentation({**EVERYTHING, "occlude": Occlude(0.5)}), windows(40)
    one, again, other = (drawn(augmentation, batch, seed) for seed in (0, 0, 1))
    assert one.keys() == augmentation.steps.keys()
    for name, parameters in one.items():
        for key, value in parameters.items():
            assert value.equal(again[name][key])
            assert not value.equal(other[name][key])
            assert value.dtype == (torch.int64 if key in ("seed", "picks") else torch.float32)


def test_the_same_draws_give_the_same_pictures(windows, drawn):
    augmentation = Augmentation({**EVERYTHING, "occlude": Occlude(0.5)})
    parameters = drawn(augmentation, windows(10))
    one, again = (augmentation.apply(windows(10), parameters) for _ in range(2))
    assert one.pictures.equal(again.pictures)
    assert one.xy.equal(again.xy)
