import sys

import pytest
import torch
from torch import nn

import tracknet
from tracknet.checkpoint import merged
from tracknet.errors import InputError
from tracknet.models import TimmBackbone, ViTBackbone, ViTBackboneConfig
from tracknet.models.lora import merge_adapters
from tracknet.network import build_model, freeze_unreached
from tracknet.pipelines.initialise import initialise
from tracknet.record import KEY, read_checkpoint

SETTINGS = [
    *("backbone=timm", "backbone.name=test_vit", "backbone.pretrained=false"),
    *("decoder=unet", "frames=3", "image_size=[64,128]"),
]


def learned(model):
    """As if every adapter had learned something."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora_B." in name:
                parameter.normal_(std=0.05)


@pytest.fixture
def network(resolved):
    config = resolved("train", [*SETTINGS, "backbone.lora=4"])
    torch.manual_seed(0)
    model = build_model(config)
    freeze_unreached(model)
    return model, config


def test_adapters_decoder_and_head_learn(network):
    model, _ = network
    for name, parameter in model.named_parameters():
        inside = name.startswith("backbone.")
        assert parameter.requires_grad == (not inside or ".lora_" in name), name
    assert any("patch_embed.proj.lora_A" in name for name, _ in model.named_parameters())
    model(torch.rand(1, 3, 3, 64, 128)).sum().backward()
    assert all(p.requires_grad == (p.grad is not None) for p in model.parameters())


def test_at_most_a_tenth_of_a_small_vit_learns(resolved):
    choices = ["backbone=timm", "backbone.name=vit_small_patch16_224", "backbone.pretrained=false"]
    config = resolved("train", [*choices, "backbone.lora=8"])
    with torch.device("meta"):
        model = build_model(config)
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    total, learns = sum(n for n, _ in sizes), sum(n for n, own in sizes if own)
    assert total > 22_000_000
    assert learns / total < 0.1


@pytest.mark.parametrize("name", ["test_vit", "test_resnet", "test_convnext"])
def test_merged_gives_what_it_gave_with_adapters(name):
    torch.manual_seed(0)
    backbone = TimmBackbone(name, False, lora=4, in_channels=9).eval()
    plain = TimmBackbone(name, False, in_channels=9)
    x = torch.randn(2, 9, 64, 64)
    with torch.no_grad():
        before = backbone(x)
        learned(backbone)
        expected = backbone(x)
        merge_adapters(backbone)
        given = backbone(x)
    assert backbone.state_dict().keys() == plain.state_dict().keys()
    for old, new, own in zip(before, expected, given, strict=True):
        assert (new - old).abs().max() > 1e-3
        torch.testing.assert_close(own, new, atol=1e-5, rtol=1e-5)


def test_statistics_of_a_batch_stay_as_they_are():
    backbone = TimmBackbone("test_resnet", False, lora=2).train()
    norms = [m for m in backbone.net.modules() if isinstance(m, nn.BatchNorm2d)]
    before = [norm.running_mean.clone() for norm in norms]
    backbone(torch.randn(2, 3, 64, 64))
    assert norms
    assert all(a.equal(norm.running_mean) for a, norm in zip(before, norms, strict=True))
    assert backbone.net.training


@pytest.fixture
def checkpoint(network, tmp_path):
    model, config = network
    learned(model)
    record = {"config": config, "weights": model.backbone.weights}
    content = {
        "state_dict": {f"model.{name}": value for name, value in model.state_dict().items()},
        KEY: record | {"thresholds": {"none": 0.5}, "val_f1": 0.0},
    }
    torch.save(content, tmp_path / "best.ckpt")
    return tmp_path / "best.ckpt", model


def test_what_predicts_and_what_is_exported_is_merged(checkpoint):
    file, model = checkpoint
    frames = torch.randint(0, 256, (1, 3, 64, 128, 3), dtype=torch.uint8)
    with torch.no_grad():
        expected = model.eval()(frames.permute(0, 1, 4, 2, 3) / 255)
    network = tracknet.load(file, device="cpu").network
    assert not any("lora" in name for name in network.model.state_dict())
    torch.testing.assert_close(network(frames.numpy(), None), expected, atol=1e-5, rtol=1e-5)
    plain = merged(read_checkpoint(file))
    assert plain[KEY]["config"]["backbone"]["lora"] == 0
    rebuilt = build_model(plain[KEY]["config"])
    state = plain["state_dict"].items()
    rebuilt.load_state_dict({name.removeprefix("model."): value for name, value in state})


def test_adapters_are_put_beside_the_weights_of_an_earlier_run(checkpoint, resolved, tmp_path):
    file, _ = checkpoint
    plain = merged(read_checkpoint(file))
    torch.save(plain, tmp_path / "plain.ckpt")
    model = build_model(resolved("train", [*SETTINGS, "backbone.lora=2"]))
    first, *left = initialise(model, tmp_path / "plain.ckpt")
    count = len(plain["state_dict"])
    assert f"{count} of {len(model.state_dict())} tensors" in first
    assert all(".lora_" in line and line.endswith("stays as it was made") for line in left)


def test_a_stem_without_an_adapter_learns_itself():
    """NFNet norms the weights of its convolutions, which no sum beside them can follow."""
    backbone = TimmBackbone("test_nfnet", False, lora=2, in_channels=9)
    named = backbone.named_parameters()
    learns = [p for name, p in named if p.requires_grad and ".lora_" not in name]
    assert learns
    assert {*map(id, learns)} == {*map(id, backbone.inflated_stem())}


def test_without_peft_there_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(InputError, match=r"lora needs peft: pip install tracknet\[lora\]"):
        TimmBackbone("test_vit", False, lora=4)


def test_a_frozen_network_has_nothing_to_adapt():
    with pytest.raises(InputError, match="freeze=true leaves nothing to learn"):
        TimmBackbone("test_vit", False, freeze=True, lora=4)


@pytest.mark.parametrize("kind", ["timm", "dinov3"])
def test_blocks_that_are_computed_twice_give_the_same_gradients(checkpoints, kind):
    def gradients(checkpointing):
        torch.manual_seed(0)
        if kind == "timm":
            backbone = TimmBackbone("test_vit", False, checkpointing=checkpointing)
        else:
            folder = str(checkpoints / kind)
            cfg = ViTBackboneConfig(folder, strict=True, checkpointing=checkpointing)
            backbone = ViTBackbone(cfg)
            backbone.net.net.config.pos_embed_rescale = None  # random in train mode
        torch.manual_seed(1)
        backbone(torch.rand(1, 3, 64, 64)).square().sum().backward()
        return [p.grad for p in backbone.parameters() if p.grad is not None]

    for own, expected in zip(gradients(True), gradients(False), strict=True):
        torch.testing.assert_close(own, expected, atol=1e-5, rtol=1e-4)


def test_a_stand_in_has_no_blocks():
    cfg = ViTBackboneConfig("nobody/absent", use_pretrained=False, checkpointing=True)
    with pytest.raises(InputError, match="Conv2d patch embedding does not support it"):
        ViTBackbone(cfg)
