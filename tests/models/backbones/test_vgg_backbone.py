import pytest
import torch
from torch import nn

from tracknet.errors import InputError
from tracknet.models import VGGBackbone


@pytest.mark.parametrize("relu_first", [True, False])
@pytest.mark.parametrize("norm", ["group", "batch", "none"])
def test_levels_and_gradients(norm, relu_first):
    backbone = VGGBackbone([4, 6, 8], [1, 2, 1], norm, relu_first, in_channels=9)
    out = backbone(torch.randn(2, 9, 16, 24))
    assert [tuple(x.shape[1:]) for x in out] == [(4, 16, 24), (6, 8, 12), (8, 4, 6)]
    assert backbone.features.strides == (1, 2, 4)
    sum(x.square().sum() for x in out).backward()
    assert all(p.grad is not None for p in backbone.parameters())


def test_both_orders_of_a_unit():
    def kinds(relu_first):
        [unit] = VGGBackbone([4], [1], relu_first=relu_first).levels[0]
        return [type(module) for module in unit], unit[0].bias is not None

    assert kinds(True) == ([nn.Conv2d, nn.ReLU, nn.BatchNorm2d], True)
    assert kinds(False) == ([nn.Conv2d, nn.BatchNorm2d, nn.ReLU], False)


def test_a_number_of_units_for_each_level():
    with pytest.raises(InputError, match=r"units=\[2, 2\]: expected 3, one for each width"):
        VGGBackbone([4, 6, 8], [2, 2])
