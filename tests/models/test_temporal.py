import pytest
import torch

from tracknet.models.temporal import SharedTime, StackTime
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
    assert temporal.attach(features, 4) is features
    assert temporal.keep(features) is temporal.fuse(features) is features
    assert temporal.fuse_detail(torch.ones(2)).equal(torch.ones(2))


PYRAMID = FeatureInfo("pyramid", (4, 6, 8), (2, 4, 8))


def shared(frames=3, features=PYRAMID, stride=2, **options):
    torch.manual_seed(0)
    temporal = SharedTime(pictures=frames, channels=6, frames=frames, **options)
    return temporal, temporal.attach(features, stride)


def levels_of(temporal, info, count, size=16):
    """Features of `count` pictures, those that `fuse` takes."""
    sides = [size // stride for stride in PYRAMID.strides]
    maps = [torch.rand(count, c, n, n) for c, n in zip(PYRAMID.channels, sides, strict=True)]
    return temporal.keep(maps)


def test_the_backbone_sees_frame_by_frame():
    temporal, _ = shared()
    assert (temporal.framewise, temporal.in_channels, temporal.out_channels) == (True, 6, 3)
    pictures = torch.rand(2, 3, 6, 5, 7)
    folded = temporal.fold(pictures)
    assert all(folded[3 * b + t].equal(pictures[b, t]) for b in range(2) for t in range(3))


@pytest.mark.parametrize("fusion", ["conv", "attention"])
@pytest.mark.parametrize("frames", [1, 3])
def test_the_levels_of_a_windows_frames_become_one(fusion, frames):
    temporal, info = shared(frames, fusion=fusion)
    assert info == PYRAMID
    fused = temporal.fuse(levels_of(temporal, info, 2 * frames))
    assert [tuple(x.shape) for x in fused] == [(2, 4, 8, 8), (2, 6, 4, 4), (2, 8, 2, 2)]


@pytest.mark.parametrize(("stride", "left"), [(1, 3), (2, 3), (4, 2), (8, 1), (64, 1)])
def test_levels_that_no_decoder_looks_at_are_left_out(stride, left):
    temporal, info = shared(stride=stride)
    assert (info.channels, info.strides) == (PYRAMID.channels[-left:], PYRAMID.strides[-left:])
    assert len(temporal.fuse(levels_of(temporal, info, 3))) == len(temporal.levels) == left


@pytest.mark.parametrize("fusion", ["conv", "attention"])
def test_a_grid_of_tokens_is_fused_as_well(fusion):
    tokens = FeatureInfo("tokens", (10,), (16,))
    temporal, info = shared(features=tokens, stride=4, fusion=fusion)
    assert info == tokens
    assert temporal.fuse(temporal.keep(torch.rand(6, 2, 5, 10))).shape == (2, 2, 5, 10)


@pytest.mark.parametrize("fusion", ["conv", "attention"])
def test_a_window_is_made_of_all_its_frames_in_their_order_and_of_no_other(fusion):
    temporal, info = shared(fusion=fusion)
    for parameter in temporal.parameters():  # attention begins with nothing
        torch.nn.init.normal_(parameter)
    features = [x.requires_grad_() for x in levels_of(temporal.eval(), info, 6)]
    for fused, x in zip(temporal.fuse(features), features, strict=True):
        (seen,) = torch.autograd.grad(fused[0].square().sum(), x, retain_graph=True)
        assert [bool(own.any()) for own in seen] == [True] * 3 + [False] * 3
    turned = [x.flip(0) for x in features]
    for fused, x in zip(temporal.fuse(features), temporal.fuse(turned), strict=True):
        assert not torch.allclose(fused, x.flip(0))


def test_attention_lets_a_frame_look_at_the_others_at_its_place():
    temporal, _ = shared(fusion="attention")
    attention = temporal.levels[0][0]
    x = torch.rand(6, 4, 3, 5)
    assert attention(x).equal(x)  # at first it leaves them as they are
    torch.nn.init.normal_(attention.project.weight)
    x.requires_grad_()
    attention.norm = torch.nn.Identity()  # which looks at the whole picture
    (seen,) = torch.autograd.grad(attention(x)[0, :, 1, 2].sum(), x)
    assert seen[:3, :, 1, 2].any(1).all()
    seen[:3, :, 1, 2] = 0
    assert not seen.any()
    torch.nn.init.zeros_(attention.looks.weight)
    torch.nn.init.zeros_(attention.looks.bias)
    attention.looks.bias.data[2:] = 1  # the values; nothing to choose by, so their mean
    expected = x + attention.project(torch.ones(6, 1, 3, 5))
    torch.testing.assert_close(attention(x), expected)


def test_attention_is_that_of_the_textbook():
    temporal, _ = shared(features=FeatureInfo("tokens", (32,), (16,)), fusion="attention")
    attention = temporal.levels[0][0]
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    x = torch.rand(3, 32, 2, 5)
    looks = attention.looks(attention.norm(x)).view(3, 3, 4, 2, 10)  # T, parts, heads, d, places
    query, key, value = looks.permute(1, 4, 2, 0, 3)
    bias = attention.places[..., 0, 0].permute(2, 0, 1)
    seen = torch.nn.functional.scaled_dot_product_attention(query, key, value, bias)
    expected = x + attention.project(seen.permute(2, 1, 3, 0).reshape(3, 8, 2, 5))
    torch.testing.assert_close(attention(x), expected, atol=1e-5, rtol=1e-5)


def test_the_maps_of_detail_become_one():
    temporal, _ = shared()
    temporal.attach_detail(5)
    assert temporal.fuse_detail(torch.rand(6, 5, 4, 4)).shape == (2, 5, 4, 4)
