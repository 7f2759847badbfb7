import pytest
import torch
from torch import nn

from tracknet.models.necks.adapt import adapted, neck
from tracknet.types import FeatureInfo


def example(features, size=(64, 96)):
    """What a backbone with these features gives for a picture of `size`."""
    maps = [
        torch.randn(2, c, size[0] // s, size[1] // s, requires_grad=True)
        for c, s in zip(features.channels, features.strides, strict=True)
    ]
    return maps if features.layout == "pyramid" else maps[0].permute(0, 2, 3, 1)


def check(info, out, size=(64, 96)):
    levels = out if info.layout == "pyramid" else [out.permute(0, 3, 1, 2)]
    assert [tuple(level.shape) for level in levels] == [
        (2, c, size[0] // s, size[1] // s) for c, s in zip(info.channels, info.strides, strict=True)
    ]


@pytest.mark.parametrize("layout", ["tokens", "pyramid"])
def test_same_layout_is_left_alone(layout):
    features = FeatureInfo(layout, (24,), (16,))
    assert adapted(features, layout, 4) is features
    assert isinstance(neck(features, features), nn.Identity)


@pytest.mark.parametrize(
    ("stride", "heatmap_stride", "strides"),
    [
        (16, 4, (4, 8, 16)),
        (16, 1, (4, 8, 16)),
        (16, 8, (8, 16)),
        (16, 16, (16,)),
        (16, 32, (16,)),
        (8, 2, (2, 4, 8)),
        (14, 4, (7, 14)),
    ],
)
def test_tokens_to_pyramid(stride, heatmap_stride, strides):
    features = FeatureInfo("tokens", (24,), (stride,))
    info = adapted(features, "pyramid", heatmap_stride)
    between = neck(features, info)
    assert info.layout == "pyramid"
    assert info.strides == strides
    size = (4 * stride, 6 * stride)
    tokens = example(features, size)
    out = between(tokens)
    check(info, out, size)
    sum(level.square().sum() for level in out).backward()
    assert all(p.grad is not None for p in between.parameters())


@pytest.mark.parametrize(("heatmap_stride", "level"), [(1, 0), (4, 1), (5, 2), (16, 3), (64, 3)])
def test_pyramid_to_tokens_takes_the_finest_useful_level(heatmap_stride, level):
    features = FeatureInfo("pyramid", (2, 4, 6, 8), (2, 4, 8, 16))
    info = adapted(features, "tokens", heatmap_stride)
    assert info == FeatureInfo("tokens", (features.channels[level],), (features.strides[level],))
    levels = example(features)
    out = neck(features, info)(levels)
    check(info, out)
    assert torch.equal(out, levels[level].permute(0, 2, 3, 1))
