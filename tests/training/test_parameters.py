from functools import partial

import pytest
import torch
from torch import nn

from tracknet.errors import InputError
from tracknet.models import TimmBackbone
from tracknet.pipelines.card import _groups
from tracknet.training.module import HeatmapModule
from tracknet.training.parameters import RATE, layer_decay, no_decay
from tracknet.training.schedule import warmup_cosine


def test_scales_and_offsets_do_not_shrink():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.LayerNorm(5))
    model[2].requires_grad_(False)
    optimizer = torch.optim.AdamW(no_decay(model), 1e-3, weight_decay=0.3)
    decay = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert decay == {
        id(model[0].weight): 0.3,
        **dict.fromkeys(map(id, (model[0].bias, model[1].weight, model[1].bias)), 0.0),
    }


def by_layer(model, decay=0.5):
    """Name of each parameter -> share of the rate, and whether it shrinks."""
    names = {id(p): name for name, p in model.named_parameters()}
    groups = layer_decay(model, decay)
    assert len({group["name"] for group in groups}) == len(groups)
    found = [(names[id(p)], g[RATE], "weight_decay" not in g) for g in groups for p in g["params"]]
    assert len(found) == len(names)
    return {name: (scale, shrinks) for name, scale, shrinks in found}


class Net(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone, self.head = backbone, nn.Conv2d(4, 1, 1)


def test_early_layers_learn_more_slowly():
    rates = by_layer(Net(TimmBackbone("test_vit", False)))  # six blocks
    assert rates["head.weight"] == (1, True)
    assert rates["head.bias"] == (1, False)
    net = "backbone.net.model"
    assert rates[f"{net}.patch_embed.proj.weight"] == (0.5**7, True)
    assert rates[f"{net}.pos_embed"] == (0.5**7, True)
    assert rates[f"{net}.blocks.0.attn.qkv.weight"] == (0.5**6, True)
    assert rates[f"{net}.blocks.5.mlp.fc1.bias"] == (0.5, False)
    assert rates[f"{net}.norm.weight"] == (0.5, False)


def test_an_inflated_stem_learns_as_fast_as_the_head():
    rates = by_layer(Net(TimmBackbone("test_vit", False, in_channels=9)))
    assert rates["backbone.net.model.patch_embed.proj.weight"] == (1, True)
    assert rates["backbone.net.model.pos_embed"][0] == 0.5**7


def test_a_deep_network_has_twelve_layers():
    blocks = [nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)) for _ in range(30)]
    rates = by_layer(Net(nn.ModuleList([nn.Linear(2, 2), nn.Sequential(*blocks)])))
    scales = {scale for scale, _ in rates.values()}
    assert scales == {0.5**i for i in range(14)}


def module_with(model, scheduler):
    learning = {"codec": None, "loss": nn.Identity(), "validation": None, "config": {}}
    optimizer = partial(torch.optim.AdamW, lr=1e-3)
    groups = partial(layer_decay, decay=0.5)
    module = HeatmapModule(
        model, **learning, parameters=groups, optimizer=optimizer, scheduler=scheduler
    )
    module.total_steps = 100
    return module


def test_rates_follow_the_schedule_and_keep_their_shares():
    model = Net(TimmBackbone("test_vit", False))
    made = module_with(model, warmup_cosine).configure_optimizers()
    groups = made["optimizer"].param_groups
    highest = {group["name"]: group["initial_lr"] for group in groups}
    assert highest["decoder and head, weights"] == pytest.approx(1e-3)
    assert highest["backbone, layer 6 of 6, norms and biases"] == pytest.approx(5e-4)
    one_rate = partial(torch.optim.lr_scheduler.OneCycleLR, max_lr=1e-3)
    with pytest.raises(InputError, match="take scheduler=warmup_cosine"):
        module_with(model, one_rate).configure_optimizers()
    assert list(_groups({"lr": 1e-3, "weight_decay": 0.1}, layer_decay(model, 0.5)))[-2:] == [
        ("decoder and head, weights", "4", "0.001", "0.1"),
        ("decoder and head, norms and biases", "1", "0.001", "0"),
    ]
