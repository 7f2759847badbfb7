import torch
from torch import nn

from tracknet.training.parameters import no_decay


def test_scales_and_offsets_do_not_shrink():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.LayerNorm(5))
    model[2].requires_grad_(False)
    optimizer = torch.optim.AdamW(no_decay(model), 1e-3, weight_decay=0.3)
    decay = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert decay == {
        id(model[0].weight): 0.3,
        **dict.fromkeys(map(id, (model[0].bias, model[1].weight, model[1].bias)), 0.0),
    }
