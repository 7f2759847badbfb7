import numpy as np
import pytest
import torch
from tracknet.data.windows import WindowDataset

from tracknet.data.augment import Augmentation
from tracknet.data.batch import prepare_batch, to_unit


@pytest.fixture
def raw(stored):
    """Makes the collated batch of two windows."""

    def make(background=False, augmentation=None):
        windows = WindowDataset([stored("a", 6)], 3, 3, background, augmentation)
        return windows.batch([0, 1])

    return make


def test_unit():
    pictures = torch.arange(2 * 3 * 4 * 3, dtype=torch.uint8).view(2, 3, 4, 3)
    unit = to_unit(pictures)
    assert (unit.shape, unit.dtype) == ((2, 3, 3, 4), torch.float32)
    assert unit[1, 2, 0, 3] == pictures[1, 0, 3, 2] / 255
    assert to_unit(torch.tensor([[[0, 255, 51]]], dtype=torch.uint8)).flatten().tolist() == [
        0,
        1,
        pytest.approx(0.2),
    ]


def test_without_augmentation(raw):
    collated = raw()
    batch = prepare_batch(collated)
    assert batch.background is None
    assert batch.frames.shape == (2, 3, 3, 32, 64)
    assert batch.frames.equal(to_unit(collated["frames"]))
    assert batch.xy.allclose(collated["xy"], equal_nan=True)
    assert batch.visibility.tolist() == [[1, 0, 1], [1, 1, 0]]
    assert batch.window.tolist() == [[0, 0], [0, 3]]


def test_the_background_goes_along(raw):
    collated = raw(background=True)
    batch = prepare_batch(collated)
    assert batch.frames.shape == (2, 3, 3, 32, 64)
    assert batch.background.equal(to_unit(collated["background"]))


def test_background_and_frames_are_warped_alike_and_only_frames_reversed(raw):
    augmentation = Augmentation(crop=(16, 24), rotation=15, scale=1.3, reverse=1.0, tint=0.1)
    collated = raw(True, augmentation)
    picture = torch.from_numpy(np.random.default_rng(0).integers(0, 255, (32, 64, 3), np.uint8))
    collated["background"][:] = picture
    collated["frames"][:, 2] = picture
    batch = prepare_batch(collated, augmentation)
    assert batch.frames.shape == (2, 3, 3, 16, 24)
    assert batch.background.equal(batch.frames[:, 0])
    assert not batch.background.allclose(batch.frames[:, 2])
    assert batch.visibility.tolist() == [[1, 0, 1], [0, 1, 1]]
    assert batch.xy.isnan().any(-1).tolist() == [[False, True, False], [True, False, False]]


def test_a_batch_in_pieces_is_the_batch_at_once(raw):
    augmentation = Augmentation(crop=(16, 24), rotation=15, scale=1.3, mixup=1.0, blur=0.8)
    collated = raw(True, augmentation)
    for name in ("frames", "background"):
        collated[name] = torch.randint(256, collated[name].shape, dtype=torch.uint8)
    batch = prepare_batch(collated, augmentation)
    pictures = to_unit(torch.cat([collated["background"][:, None], collated["frames"]], 1))
    labels, drawn = (collated["xy"], collated["visibility"]), collated["augmentation"]
    whole = augmentation.apply([pictures], *labels, drawn, still=1)
    assert not drawn["matrix"][0].equal(drawn["matrix"][1])
    torch.testing.assert_close(batch.background, whole.pictures[:, 0])
    torch.testing.assert_close(batch.frames, whole.pictures[:, 1:])
