import pytest
import torch

from tracknet.models import HeatmapHead


@pytest.mark.parametrize("out_channels", [1, 3])
def test_shape_and_gradients(out_channels):
    head = HeatmapHead(16, out_channels)
    out = head(torch.randn(2, 16, 8, 12))
    assert out.shape == (2, out_channels, 8, 12)
    out.sum().backward()
    assert all(p.grad is not None for p in head.parameters())


@pytest.mark.parametrize("prior", [0.01, 0.1])
def test_untrained_probability_is_the_prior(prior):
    out = HeatmapHead(16, 2, prior)(torch.zeros(1, 16, 8, 12))
    assert out.sigmoid().mean().item() == pytest.approx(prior, rel=0.5)
    assert torch.allclose(HeatmapHead(16, 2, prior).logits.bias.sigmoid(), torch.tensor(prior))


def test_logits_are_raw():
    head = HeatmapHead(8)
    with torch.no_grad():
        head.logits.bias.fill_(1e4)
    assert head(torch.zeros(1, 8, 4, 4)).min() > 9e3
