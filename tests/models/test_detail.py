import pytest
import torch

from tracknet.models import ConvDetail


@pytest.mark.parametrize("stride", [1, 2, 4, 8])
@pytest.mark.parametrize("widths", [(4,), (4, 6), (4, 6, 8)])
def test_its_map_has_the_heatmaps_size(widths, stride):
    detail = ConvDetail(9, 5, (32 // stride, 64 // stride), stride, widths)
    assert detail(torch.randn(2, 9, 32, 64)).shape == (2, 5, 32 // stride, 64 // stride)
    assert detail(torch.randn(1, 9, 16, 24)).shape == (1, 5, 16 // stride, 24 // stride)


def test_a_size_that_its_strides_do_not_divide_is_padded():
    torch.manual_seed(0)
    detail = ConvDetail(3, 4, (21, 37), 2, (4, 6)).eval()
    picture = torch.randn(1, 3, 42, 74)
    with torch.no_grad():
        whole = detail(torch.nn.functional.pad(picture, (0, 2, 0, 2)))
        assert detail(picture).equal(whole[..., :21, :37])


def test_a_pixel_moves_it_where_it_stands():
    torch.manual_seed(0)
    detail = ConvDetail(3, 4, (16, 32), 4).eval()
    picture = torch.zeros(1, 3, 64, 128)
    changed = picture.clone()
    changed[..., 40, 100] = 10
    with torch.no_grad():
        moved = (detail(changed) - detail(picture)).abs().sum((0, 1))
    rows, columns = moved.nonzero().T
    assert moved[40 // 4, 100 // 4] > 0
    assert (rows - 10).abs().max() <= 4
    assert (columns - 25).abs().max() <= 4
