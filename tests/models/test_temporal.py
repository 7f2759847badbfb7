import torch

from tracknet.models.temporal import StackTime


def test_time_becomes_channels_in_order():
    temporal = StackTime(pictures=4, frames=3)
    assert (temporal.in_channels, temporal.out_channels) == (12, 3)
    pictures = torch.rand(2, 4, 3, 5, 7)
    folded = temporal.fold(pictures)
    assert folded.shape == (2, 12, 5, 7)
    assert all(folded[:, 3 * p + c].equal(pictures[:, p, c]) for p in range(4) for c in range(3))


def test_maps_are_one_per_frame():
    maps = torch.rand(2, 3, 5, 7)
    assert StackTime(4, 3).unfold(maps).equal(maps)
