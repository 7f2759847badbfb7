import pytest
import torch

from tracknet.models import ConcatDecoder
from tracknet.types import FeatureInfo

CHANNELS, STRIDES = (4, 6, 8, 10), (1, 2, 4, 8)
FEATURES = {"pyramid": FeatureInfo("pyramid", CHANNELS, STRIDES)}


def pyramid(size=(32, 64)):
    return [
        torch.randn(2, c, size[0] // s, size[1] // s, requires_grad=True)
        for c, s in zip(CHANNELS, STRIDES, strict=True)
    ]


def build(stride, **settings):
    return ConcatDecoder.from_features(FEATURES, (32 // stride, 64 // stride), stride, **settings)


@pytest.mark.parametrize("relu_first", [True, False])
@pytest.mark.parametrize("norm", ["group", "batch", "none"])
@pytest.mark.parametrize(("stride", "skipped"), [(1, 0), (2, 1), (4, 2), (8, 3), (16, 3)])
def test_shape_and_gradients_at_every_stride(stride, skipped, norm, relu_first):
    decoder, levels = build(stride, norm=norm, relu_first=relu_first), pyramid()
    out = decoder(levels)
    assert out.shape == (2, CHANNELS[skipped], 32 // stride, 64 // stride)
    assert decoder.out_channels == CHANNELS[skipped]
    out.square().sum().backward()
    assert [level.grad is not None for level in levels] == [i >= skipped for i in range(4)]
    assert all(p.grad is not None for p in decoder.parameters())


def test_the_last_number_of_units_goes_for_finer_levels():
    assert [len(block) for block in build(1).blocks] == [3, 2, 2]
    assert [len(block) for block in build(1, units=[2, 1]).blocks] == [2, 1, 1]


def test_the_order_of_what_is_joined():
    decoders, levels = [build(4, skip_first=first) for first in (True, False)], pyramid()
    decoders[1].load_state_dict(decoders[0].state_dict())
    first, second = (decoder.blocks[0][0][0] for decoder in decoders)
    with torch.no_grad():  # the level's channels of one are the other's last ones
        second.weight.copy_(torch.cat([first.weight[:, 8:], first.weight[:, :8]], 1))
    torch.testing.assert_close(decoders[0](levels), decoders[1](levels))


def test_the_size_at_forward_wins():
    assert build(1)(pyramid((48, 32)), (48, 32)).shape == (2, 4, 48, 32)
