import pytest
import torch

from tracknet.data.augment import Augmentation, Blur, Mixup, Reverse, Warp
from tracknet.data.batch import Batch, to_unit
from tracknet.data.window_dataset import WindowDataset


@pytest.fixture
def raw(stored):
    """Makes what a loader gives, of two windows."""

    def make(background=False, **steps):
        augmentation = Augmentation(steps) if steps else None
        return WindowDataset([stored("a", 6)], 3, 3, background, augmentation).batch([0, 1])

    return make


def test_unit():
    pictures = torch.arange(2 * 3 * 4 * 3, dtype=torch.uint8).view(2, 3, 4, 3)
    unit = to_unit(pictures)
    assert (unit.shape, unit.dtype) == ((2, 3, 3, 4), torch.float32)
    assert unit[1, 2, 0, 3] == pictures[1, 0, 3, 2] / 255
    unit = to_unit(torch.tensor([[[0, 255, 51]]], dtype=torch.uint8))
    assert unit.flatten().tolist() == [0, 1, pytest.approx(0.2)]


@pytest.mark.parametrize("background", [False, True])
def test_the_background_lies_before_the_frames(raw, background):
    loaded = raw(background)
    batch = Batch.of(loaded)
    assert (len(batch), batch.still) == (2, int(background))
    for one in (batch, batch.in_unit()):
        assert one.frames.shape[:2] == (2, 3)
        assert one.frames.equal(one.pictures[:, one.still :])
        assert (one.background is not None) == background
        assert one.background is None or one.background.equal(one.pictures[:, 0])
        assert one.xy.allclose(loaded["xy"], equal_nan=True)
        assert one.visibility[:, :, 0].tolist() == [[1, 0, 1], [1, 1, 0]]
        assert one.window.tolist() == [[0, 0], [0, 3]]
    assert batch.in_unit().pictures.equal(to_unit(loaded["pictures"]))
    assert batch.in_unit().in_unit().pictures.equal(batch.in_unit().pictures)


def test_frames_are_a_view(raw):
    batch = Batch.of(raw(True)).in_unit()
    batch.frames[:, 1] = 0.25
    assert (batch.pictures[:, 2] == 0.25).all()


def test_background_and_frames_are_warped_alike_and_only_frames_reversed(raw):
    steps = {"warp": Warp((16, 24), rotation=15, scale=1.3), "reverse": Reverse(1.0)}
    loaded = raw(True, **steps)
    picture = torch.randint(256, (32, 64, 3), dtype=torch.uint8)
    loaded["pictures"][:, [0, 3]] = picture
    batch = Augmentation(steps).apply(Batch.of(loaded), loaded["augmentation"])
    assert batch.frames.shape == (2, 3, 3, 16, 24)
    assert batch.background.equal(batch.frames[:, 0])
    assert not batch.background.allclose(batch.frames[:, 2])
    assert batch.visibility[:, :, 0].tolist() == [[1, 0, 1], [0, 1, 1]]
    assert batch.xy[:, :, 0].isnan().any(-1).tolist() == [
        [False, True, False],
        [True, False, False],
    ]


def test_a_loaders_batch_goes_through_all_steps(raw):
    steps = {"warp": Warp((16, 24), scale=1.3), "mixup": Mixup(1.0), "blur": Blur(0.8)}
    loaded = raw(True, **steps)
    batch = Augmentation(steps).apply(Batch.of(loaded), loaded["augmentation"])
    assert batch.pictures.shape == (2, 4, 3, 16, 24)
    assert batch.xy.shape == (2, 3, 2, 2)
    assert batch.xy[0, :, 1].allclose(batch.xy[1, :, 0], equal_nan=True)
    assert batch.visibility[0].tolist() == [[1, 1], [0, 1], [1, 0]]
