"""Networks of timm and transformers with every decoder, temporal and input, covered pairwise."""

from itertools import combinations, product

import pytest
import torch

from tests.backbones import (
    DECODERS,
    FRAMES,
    FRAMEWISE,
    INPUTS,
    NETWORKS,
    PAGE,
    TEMPORALS,
    compositions,
    page_with,
    save_configurations,
    table,
)
from tracknet.build import build
from tracknet.network import build_model, freeze_unreached

FACTORS = (NETWORKS, DECODERS, TEMPORALS, list(INPUTS))
REFUSED = {("shared", inputs) for inputs in INPUTS if inputs not in FRAMEWISE}


@pytest.fixture(scope="module")
def configurations(tmp_path_factory):
    folder = tmp_path_factory.mktemp("configurations")
    save_configurations(folder)
    return folder


def test_every_pair_of_choices_is_trained():
    rows = [(one.network, one.decoder, one.temporal, one.inputs) for one in compositions()]
    for a, b in combinations(range(len(FACTORS)), 2):
        pairs = set(product(FACTORS[a], FACTORS[b]))
        assert {(row[a], row[b]) for row in rows} == {p for p in pairs if p not in REFUSED}


@pytest.mark.slow
def test_the_table_is_up_to_date(configurations):
    shown = PAGE.read_text(encoding="utf-8")
    assert shown == page_with(table(configurations)), "run python -m tests.backbones"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning:timm")
@pytest.mark.parametrize(
    "one",
    list(compositions()),
    ids=lambda one: f"{one.network.name}-{one.decoder}-{one.temporal}-{one.inputs}",
)
def test_one_step_moves_everything_that_learns(resolved, configurations, one):
    network = one.network
    name = configurations / network.name if network.group == "hf" else network.name
    settings = [
        f"backbone={network.group}",
        f"backbone.name={name}",
        "backbone.pretrained=false",
        f"decoder={one.decoder}",
        f"temporal={one.temporal}",
        *INPUTS[one.inputs],
        f"image_size=[{network.size[0]},{network.size[1]}]",
        f"frames={FRAMES}",
    ]
    torch.manual_seed(0)
    config = resolved("train", settings)
    model = build_model(config)
    freeze_unreached(model)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 1e-3)
    background = torch.rand(2, 3, *network.size) if model.background else None
    logits = model(torch.rand(2, FRAMES, 3, *network.size), background)
    loss = build(config, "loss")(logits, torch.rand_like(logits), torch.ones(2, FRAMES))
    loss.backward()
    for label, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, label
            assert parameter.grad.isfinite().all(), label
    before = model.head.logits.weight.detach().clone()
    optimizer.step()
    assert not before.equal(model.head.logits.weight)
