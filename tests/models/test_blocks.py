import pytest
import torch

from tracknet.models.blocks import ConvNorm, ResidualBlock, norm_layer


@pytest.mark.parametrize("norm", ["group", "batch", "none"])
@pytest.mark.parametrize("channels", [1, 6, 8, 12, 31])
def test_every_norm_takes_every_width(norm, channels):
    x = torch.randn(2, channels, 4, 6)
    assert norm_layer(norm, channels)(x).shape == x.shape
    out = ResidualBlock(channels, 5, norm)(x)
    assert out.shape == (2, 5, 4, 6)
    assert out.min() >= 0


def test_a_bias_only_where_no_norm_has_one():
    assert ConvNorm(3, 4, "none")[0].bias is not None
    assert ConvNorm(3, 4, "group")[0].bias is None
