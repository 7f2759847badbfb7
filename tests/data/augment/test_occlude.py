"""A patch covers the place it is given, in its frame alone."""

import torch

from tracknet.data.augment.occlude import occlude


def test_a_patch_covers_its_place():
    frames = torch.zeros(2, 3, 3, 20, 30)
    patches = torch.full((2, 3, 4), torch.nan)
    patches[1, 2] = torch.tensor([10.0, 6.0, 4.0, 2.0])
    colour = torch.tensor([[1.0, 1.0, 1.0], [0.2, 0.4, 0.6]])
    occlude(frames, patches, colour)
    expected = torch.zeros_like(frames)
    expected[1, 2, :, 4:9, 6:15] = colour[1, :, None, None]
    assert frames.equal(expected)


def test_a_patch_may_reach_over_the_border():
    frames = torch.zeros(1, 1, 3, 8, 8)
    occlude(frames, torch.tensor([[[0.0, 7.0, 3.0, 3.0]]]), torch.ones(1, 3))
    assert frames.sum() == 3 * 4 * 4
