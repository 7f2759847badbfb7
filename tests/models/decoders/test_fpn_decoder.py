import pytest
import torch
from torch import nn

from tracknet.models import FPNDecoder, FPNDecoderConfig
from tracknet.types import FeatureInfo

CHANNELS, STRIDES = (4, 6, 8, 10), (4, 8, 16, 32)


def pyramid(first, size=(64, 96), batch=2):
    return [
        torch.randn(batch, c, size[0] // s, size[1] // s, requires_grad=True)
        for c, s in list(zip(CHANNELS, STRIDES, strict=True))[first:]
    ]


@pytest.mark.parametrize("fuse", ["sum", "concat"])
@pytest.mark.parametrize("out_size", [(16, 24), (64, 96), (5, 7)])
def test_shape_and_gradients(fuse, out_size):
    cfg = FPNDecoderConfig(lateral_dim=16, fuse=fuse, out_size=out_size)
    decoder = FPNDecoder(in_channels=CHANNELS[1:], cfg=cfg)
    levels = pyramid(1)
    out = decoder(levels)
    assert out.shape == (2, 16, *out_size)
    assert decoder.out_channels == 16
    out.square().sum().backward()
    assert all(level.grad.abs().sum() > 0 for level in levels)
    assert all(p.grad is not None for p in decoder.parameters())


def test_size_at_forward_wins():
    decoder = FPNDecoder(CHANNELS[1:], FPNDecoderConfig(16, out_size=(8, 12)))
    assert decoder(pyramid(1), (16, 24)).shape == (2, 16, 16, 24)


def test_nothing_is_computed_beyond_the_output():
    decoder = FPNDecoder(CHANNELS, FPNDecoderConfig(16, use_p2=True, out_size=(8, 12)))
    sizes = []
    for block in decoder.refine:
        block.register_forward_hook(lambda _m, _i, out: sizes.append(tuple(out.shape[-2:])))
    decoder(pyramid(0))
    assert sizes == [(2, 3), (4, 6), (8, 12), (8, 12)]


@pytest.mark.parametrize(("use_p2", "used"), [(False, 3), (True, 4)])
def test_p2_takes_part_only_when_asked_for(use_p2, used):
    decoder = FPNDecoder(CHANNELS, FPNDecoderConfig(16, use_p2, out_size=(16, 24)))
    levels = pyramid(0)
    decoder(levels).sum().backward()
    assert [level.grad is not None for level in levels].count(True) == used
    assert len(decoder.laterals) == used


def test_p2_needs_a_level_of_stride_4():
    features = FeatureInfo("pyramid", CHANNELS[1:], STRIDES[1:])
    with pytest.raises(ValueError, match=r"use_p2=true needs a level of stride 4"):
        FPNDecoder.from_features(features, (16, 24), use_p2=True)
    with pytest.raises(ValueError, match=r"use_p2=true needs a level of stride 4"):
        FPNDecoder(CHANNELS[1:], FPNDecoderConfig(use_p2=True))


def test_from_features_leaves_fine_levels_out():
    features = FeatureInfo("pyramid", (2, *CHANNELS), (2, *STRIDES))
    decoder = FPNDecoder.from_features(features, (16, 24), lateral_dim=16, fuse="concat")
    assert len(decoder.laterals) == 3
    levels = [torch.randn(2, 2, 32, 48), *pyramid(0)]
    assert decoder(levels).shape == (2, 16, 16, 24)


def test_a_cell_lands_where_it_was():
    decoder = FPNDecoder([1], FPNDecoderConfig(1, out_size=(16, 24), norm="none"))
    for conv in (m for m in decoder.modules() if isinstance(m, nn.Conv2d)):
        nn.init.dirac_(conv.weight)
        nn.init.zeros_(conv.bias)
    level = torch.zeros(1, 1, 4, 6)
    level[0, 0, 2, 3] = 1
    heat = decoder([level])[0, 0]
    y = (heat.sum(1) * torch.arange(16)).sum() / heat.sum()
    x = (heat.sum(0) * torch.arange(24)).sum() / heat.sum()
    # (p + 0.5) * 4 - 0.5, the half-pixel rule of tracknet.geometry.
    assert (y.item(), x.item()) == pytest.approx((9.5, 13.5))
