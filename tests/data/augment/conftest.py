"""Windows with a soft dot at every coordinate, and steps that are drawn and applied."""

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from tracknet.data.augment import Augmentation
from tracknet.data.batch import Batch
from tracknet.types import ABSENT

SIZE = (48, 80)


@pytest.fixture
def dots():
    """Paints (B,T,K,2) -> (B,T,3,h,w): a soft dot at each of them, on dark ground."""

    def paint(xy, size=SIZE, sigma=1.5):
        rows, columns = (torch.arange(float(side)) for side in size)
        x, y = xy[..., 0, None, None], xy[..., 1, None, None]
        heat = torch.exp(-((columns - x) ** 2 + (rows[:, None] - y) ** 2) / (2 * sigma**2))
        return (0.15 + 0.6 * heat.nan_to_num(0).amax(2))[:, :, None].repeat(1, 1, 3, 1, 1)

    return paint


@pytest.fixture
def offsets():
    """How far from each `xy` (B,T,2) its dot lies: the centre of mass round it.

    Weights that fall off round `xy` keep noise and other dots out, and draw the centre towards it
    by a factor that is undone.
    """

    def measured(pictures, xy, sigma=1.7, reach=2.0):
        heat = pictures.mean(2)
        heat = heat - heat.flatten(2).median(-1).values[..., None, None]
        x = torch.arange(heat.shape[-1]) - xy[..., 0, None]
        y = torch.arange(heat.shape[-2]) - xy[..., 1, None]
        heat = heat * torch.exp(-(x[..., None, :] ** 2 + y[..., None] ** 2) / (2 * reach**2))
        found = torch.stack([(heat.sum(-2) * x).sum(-1), (heat.sum(-1) * y).sum(-1)], -1)
        return found / heat.sum((-2, -1))[..., None] * (1 + sigma**2 / reach**2)

    return measured


@pytest.fixture
def windows(dots):
    """Makes a batch: given positions (B,T,K,2), or one ball a frame, 8 pixels inside at least."""

    def make(n=24, t=3, seed=0, xy=None, visibility=None, pictures=None) -> Batch:
        if xy is None:
            generator = torch.Generator().manual_seed(seed)
            room = torch.tensor([SIZE[1] - 17.0, SIZE[0] - 17.0])
            xy = 8 + torch.rand(n, t, 1, 2, generator=generator) * room
        if visibility is None:
            visibility = torch.ones(xy.shape[:-1], dtype=torch.int8)
        pictures = dots(xy) if pictures is None else pictures
        return Batch(pictures, xy, visibility, torch.zeros(len(xy), 2, dtype=torch.int64))

    return make


@pytest.fixture
def drawn():
    """Draws for each sample of a batch by its own generator, stacked as the loader does."""

    def draw(augmentation: Augmentation, batch: Batch, seed=0, size=SIZE):
        return default_collate(
            [
                augmentation.draw(np.random.default_rng([seed, i]), size, xy[seen > ABSENT].numpy())
                for i, (xy, seen) in enumerate(zip(batch.xy, batch.visibility, strict=True))
            ]
        )

    return draw


@pytest.fixture
def augmented(drawn):
    """Applies one step to a batch: what comes of it, and what was drawn for it."""

    def apply(step, batch: Batch, seed=0):
        augmentation = Augmentation({"step": step})
        parameters = drawn(augmentation, batch, seed)
        return augmentation.apply(batch, parameters), parameters["step"]

    return apply
