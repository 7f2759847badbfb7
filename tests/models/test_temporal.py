import torch

from tracknet.models.temporal import StackTime
from tracknet.types import FeatureInfo


def test_time_becomes_channels_in_order():
    temporal = StackTime(pictures=4, channels=3, frames=3)
    assert (temporal.in_channels, temporal.out_channels) == (12, 3)
    pictures = torch.rand(2, 4, 3, 5, 7)
    folded = temporal.fold(pictures)
    assert folded.shape == (2, 12, 5, 7)
    assert all(folded[:, 3 * p + c].equal(pictures[:, p, c]) for p in range(4) for c in range(3))


def test_maps_are_one_per_frame():
    maps = torch.rand(2, 3, 5, 7)
    assert StackTime(4, 3, 3).unfold(maps).equal(maps)


def test_any_number_of_channels_is_folded():
    temporal = StackTime(pictures=2, channels=5, frames=1)
    assert temporal.in_channels == 10
    assert temporal.fold(torch.rand(2, 2, 5, 3, 4)).shape == (2, 10, 3, 4)


def test_features_pass_unless_a_choice_compares_them():
    temporal, features = StackTime(4, 3, 3), FeatureInfo("tokens", (8,), (16,))
    assert temporal.attach(features) is features
    assert temporal.fuse(features) is features
