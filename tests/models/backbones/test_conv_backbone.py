import pytest
import torch

from tracknet.models import ConvBackbone


@pytest.mark.parametrize("size", [(32, 64), (64, 32), (96, 128)])
@pytest.mark.parametrize(
    ("widths", "stem", "strides"),
    [((4, 6, 8, 10), 2, (2, 4, 8, 16)), ((4, 6), 4, (4, 8)), ((5,), 1, (1,)), ((4, 8), 8, (8, 16))],
)
def test_features_are_what_they_are_said_to_be(widths, stem, strides, size):
    backbone = ConvBackbone(widths, stem, in_channels=9)
    info = backbone.features
    assert (info.layout, info.channels, info.strides) == ("pyramid", widths, strides)
    levels = backbone(torch.randn(2, 9, *size))
    expected = [(2, c, size[0] // s, size[1] // s) for c, s in zip(widths, strides, strict=True)]
    assert [tuple(level.shape) for level in levels] == expected


@pytest.mark.parametrize("norm", ["batch", "group", "none"])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_everything_learns_and_no_pixel_is_thrown_away(norm, depth):
    torch.manual_seed(0)
    backbone = ConvBackbone((8, 8, 8), depth=depth, norm=norm)
    x = torch.randn(2, 3, 16, 24, requires_grad=True)
    levels = backbone(x)
    sum(level.square().sum() for level in levels).backward()
    assert (x.grad != 0).all()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in backbone.parameters())


def test_sizes_that_do_not_divide_are_refused():
    backbone = ConvBackbone((4, 4, 4, 4))
    backbone.check_size((288, 512))
    message = r"image_size 290x514 is not a multiple of the backbone's stride 16; use 288x512"
    with pytest.raises(ValueError, match=message):
        backbone.check_size((290, 514))
    with pytest.raises(ValueError, match=r"image_size 8x512 .*; use 16x512"):
        backbone.check_size((8, 512))


def test_its_record_is_of_random_weights_in_plain_data():
    weights = ConvBackbone((4,)).weights
    assert (weights["kind"], weights["name"], weights["config"]) == (
        "random",
        "ConvBackbone",
        None,
    )
    assert len(weights["mean"]) == len(weights["std"]) == 3


def test_channels_last_changes_nothing():
    torch.manual_seed(0)
    backbone = ConvBackbone((4, 8)).eval()
    x = torch.randn(1, 3, 16, 24)
    expected = backbone(x)
    backbone.to(memory_format=torch.channels_last)
    for level, other in zip(
        expected, backbone(x.contiguous(memory_format=torch.channels_last)), strict=True
    ):
        torch.testing.assert_close(level, other, atol=1e-5, rtol=1e-4)
