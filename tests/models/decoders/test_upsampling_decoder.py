import pytest
import torch
from torch import nn

from tracknet.models import UpsamplingDecoder
from tracknet.types import FeatureInfo


def sizes_of(decoder, tokens, **kwargs):
    sizes = []
    for stage in decoder.stages:
        stage.register_forward_hook(lambda _m, _i, out: sizes.append(tuple(out.shape[-2:])))
    return decoder(tokens, **kwargs), sizes


@pytest.mark.parametrize(
    ("grid", "out_size", "expected"),
    [
        ((4, 6), (32, 48), [(8, 12), (16, 24), (32, 48)]),
        ((9, 16), (16, 30), [(16, 30), (16, 30), (16, 30)]),
        ((4, 6), (64, 96), [(8, 12), (16, 24), (64, 96)]),
        ((8, 12), (4, 6), [(4, 6), (4, 6), (4, 6)]),
    ],
)
def test_nothing_is_upsampled_beyond_the_output(grid, out_size, expected):
    decoder = UpsamplingDecoder([24, 16, 16, 8], [2, 2, 2], out_size)
    out, sizes = sizes_of(decoder, torch.randn(2, *grid, 24))
    assert out.shape == (2, 8, *out_size)
    assert sizes == expected
    assert decoder.out_channels == 8


def test_size_at_forward_wins():
    decoder = UpsamplingDecoder([8, 8], [2], (16, 16))
    assert decoder(torch.randn(1, 4, 6, 8), (8, 12)).shape == (1, 8, 8, 12)


def test_a_token_lands_where_its_patch_was():
    decoder = UpsamplingDecoder([1, 1, 1], [2, 2], (16, 24), norm="none")
    for conv in (m for m in decoder.modules() if isinstance(m, nn.Conv2d)):
        nn.init.dirac_(conv.weight)
        nn.init.zeros_(conv.bias)
    tokens = torch.zeros(1, 4, 6, 1)
    tokens[0, 2, 3] = 1
    heat = decoder(tokens)[0, 0]
    y = (heat.sum(1) * torch.arange(16)).sum() / heat.sum()
    x = (heat.sum(0) * torch.arange(24)).sum() / heat.sum()
    # (p + 0.5) * 4 - 0.5, the half-pixel rule of tracknet.geometry.
    assert (y.item(), x.item()) == pytest.approx((9.5, 13.5))


def test_from_features():
    features = {"tokens": FeatureInfo("tokens", (12,), (16,))}
    decoder = UpsamplingDecoder.from_features(features, (8, 8), 4, widths=[8, 4])
    assert decoder(torch.randn(1, 2, 2, 12)).shape == (1, 4, 8, 8)


@pytest.mark.parametrize(("norm", "count"), [("group", 2), ("none", 0)])
def test_norm(norm, count):
    decoder = UpsamplingDecoder([8, 8, 8], [2, 2], (8, 8), norm)
    assert sum(isinstance(m, nn.GroupNorm) for m in decoder.modules()) == count


def test_stages_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="3 channels need 2 factors"):
        UpsamplingDecoder([8, 8, 8], [2], (8, 8))
