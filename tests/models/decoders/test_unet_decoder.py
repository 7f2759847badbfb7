import pytest
import torch
from torch import nn

from tracknet.models import UNetDecoder
from tracknet.types import FeatureInfo

CHANNELS, STRIDES = (4, 6, 8, 10), (2, 4, 8, 16)
FEATURES = {"pyramid": FeatureInfo("pyramid", CHANNELS, STRIDES)}


def pyramid(size=(32, 64), batch=2):
    return [
        torch.randn(batch, c, size[0] // s, size[1] // s, requires_grad=True)
        for c, s in zip(CHANNELS, STRIDES, strict=True)
    ]


def build(stride, size=(32, 64), norm="group"):
    return UNetDecoder.from_features(FEATURES, (size[0] // stride, size[1] // stride), stride, norm)


@pytest.mark.parametrize("norm", ["group", "batch", "none"])
@pytest.mark.parametrize(
    ("stride", "skipped", "channels"),
    [(1, 0, 4), (2, 0, 4), (4, 1, 6), (8, 2, 8), (16, 3, 10), (32, 3, 10)],
)
def test_shape_and_gradients_at_every_stride(stride, skipped, channels, norm):
    decoder, levels = build(stride, norm=norm), pyramid()
    out = decoder(levels)
    assert out.shape == (2, channels, 32 // stride, 64 // stride)
    assert decoder.out_channels == channels
    out.square().sum().backward()
    assert [level.grad is not None for level in levels] == [i >= skipped for i in range(4)]
    assert all(p.grad is not None for p in decoder.parameters())


@pytest.mark.parametrize("stride", [1, 2, 4, 8])
def test_nothing_is_computed_beyond_the_output(stride):
    decoder, sizes = build(stride), []
    for block in decoder.blocks:
        block.register_forward_hook(lambda _m, _i, out: sizes.append(out.shape[-1]))
    decoder(pyramid())
    assert sizes == sorted(size for size in (8, 16, 32) if size <= 64 // stride)


def test_the_size_at_forward_wins():
    decoder = build(2)
    assert decoder(pyramid((48, 32)), (24, 16)).shape == (2, 4, 24, 16)
    assert decoder(pyramid((48, 32))).shape == (2, 4, 16, 32)


def test_odd_levels_are_joined():
    levels = [torch.randn(1, c, *s) for c, s in ((4, (9, 15)), (6, (5, 8)), (8, (3, 4)))]
    decoder = UNetDecoder(CHANNELS[:3], (9, 15))
    assert decoder(levels).shape == (1, 4, 9, 15)


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_a_cell_lands_where_it_was(stride):
    features = {"pyramid": FeatureInfo("pyramid", (1, 1, 1), (2, 4, 8))}
    size = 64 // stride, 96 // stride
    decoder = UNetDecoder.from_features(features, size, stride, "none")
    for conv in (m for m in decoder.modules() if isinstance(m, nn.Conv2d)):
        nn.init.ones_(conv.weight)
        nn.init.zeros_(conv.bias)
    levels = [torch.zeros(1, 1, 64 // s, 96 // s) for s in (2, 4, 8)]
    levels[2][0, 0, 4, 5] = 1
    heat = decoder(levels)[0, 0]
    y = (heat.sum(1) * torch.arange(len(heat))).sum() / heat.sum()
    x = (heat.sum(0) * torch.arange(heat.shape[1])).sum() / heat.sum()
    # (p + 0.5) * 8 / stride - 0.5, the half-pixel rule of tracknet.geometry.
    expected = 4.5 * 8 / stride - 0.5, 5.5 * 8 / stride - 0.5
    assert (y.item(), x.item()) == pytest.approx(expected, abs=1e-3)
