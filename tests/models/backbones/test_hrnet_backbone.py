import pytest
import torch

from tracknet.errors import InputError
from tracknet.models import HRNetBackbone

SMALL = {"widths": [4, 6, 8], "stem": 8, "depth": 1, "in_channels": 9}


@pytest.mark.parametrize("norm", ["group", "batch", "none"])
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_as_many_levels_come_out_as_are_wanted(levels, norm):
    backbone = HRNetBackbone(**SMALL, levels=levels, norm=norm)
    out = backbone(torch.randn(2, 9, 16, 24))
    assert [tuple(x.shape[1:]) for x in out] == [(4, 16, 24), (6, 8, 12), (8, 4, 6)][:levels]
    assert backbone.features.channels == (4, 6, 8)[:levels]
    assert backbone.features.strides == (1, 2, 4)[:levels]
    sum(x.square().sum() for x in out).backward()
    assert all(p.grad is not None for p in backbone.parameters())


def test_a_size_that_a_hidden_branch_would_cut_off_is_refused():
    with pytest.raises(InputError, match="30x64 is not a multiple of the backbone's stride 4"):
        HRNetBackbone(**SMALL, levels=1).check_size((30, 64))


def test_more_levels_than_branches():
    with pytest.raises(InputError, match="levels=4: expected at most 3"):
        HRNetBackbone(**SMALL, levels=4)


def test_what_is_unused_says_nothing_but_keeps_its_statistics():
    backbone = HRNetBackbone(**SMALL, levels=1, unused=True)
    frozen = {n for n, p in backbone.named_parameters() if not p.requires_grad}
    assert {name.rsplit(".", 4)[0] for name in frozen} == {"stages.1.fuse"}
    before = {k: v.clone() for k, v in backbone.state_dict().items()}
    backbone(torch.randn(2, 9, 16, 24))[0].sum().backward()
    after = backbone.state_dict()
    assert not after["stages.1.fuse.2.0.1.running_mean"].equal(
        before["stages.1.fuse.2.0.1.running_mean"]
    )
    assert all(p.grad is None for n, p in backbone.named_parameters() if n in frozen)
    assert all(p.grad is not None for n, p in backbone.named_parameters() if n not in frozen)
