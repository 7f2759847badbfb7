"""What the pretrained backbones share, for every kind of network that they take."""

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from tracknet.models import (
    ConvNeXtBackbone,
    ConvNeXtBackboneConfig,
    ViTBackbone,
    ViTBackboneConfig,
)

VIT = ["dinov3", "dinov3_plain", "dinov2", "dinov2_registers", "vit"]
CONVNEXT = ["dinov3_convnext", "convnext", "convnextv2"]
ABSENT = "nobody/absent"


def open_backbone(folder, in_channels=3, **options):
    if folder.name in VIT:
        return ViTBackbone(ViTBackboneConfig(str(folder), strict=True, **options), in_channels)
    cfg = ConvNeXtBackboneConfig(str(folder), strict=True, **options)
    return ConvNeXtBackbone(cfg, in_channels)


def picture_for(backbone, in_channels=3):
    side = 2 * max(backbone.features.strides)
    return torch.randn(2, in_channels, side, side)


def features_of(backbone, x):
    levels = backbone(x)
    return levels if isinstance(levels, list) else [levels]


def stem_of(backbone):
    return next(m for m in backbone.modules() if isinstance(m, nn.Conv2d))


def trained(module):
    return {name for name, p in module.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("kind", VIT + CONVNEXT)
def test_weights_saved_in_bfloat16_are_trained_in_float32(checkpoints, kind, tmp_path):
    from transformers import AutoImageProcessor, AutoModel

    own = AutoModel.from_pretrained(checkpoints / kind, local_files_only=True).to(torch.bfloat16)
    own.save_pretrained(tmp_path / kind)
    AutoImageProcessor.from_pretrained(checkpoints / kind).save_pretrained(tmp_path / kind)
    backbone = open_backbone(tmp_path / kind)
    assert {tensor.dtype for tensor in backbone.state_dict().values()} == {torch.float32}
    assert all(module.training for module in backbone.modules())
    again = open_backbone(checkpoints / kind)
    assert torch.equal(stem_of(backbone).weight, stem_of(again).weight.bfloat16().float())


@pytest.mark.parametrize("kind", VIT + CONVNEXT)
def test_frozen_is_frozen_and_in_eval_mode(checkpoints, kind):
    backbone = open_backbone(checkpoints / kind, freeze=True).train()
    assert backbone.training
    assert not any(module.training for module in backbone.net.modules())
    assert trained(backbone.net) == set()
    levels = features_of(backbone, picture_for(backbone))
    learning = kind in CONVNEXT  # their own norms of the levels are no part of the network
    assert all(level.requires_grad == learning for level in levels)


@pytest.mark.parametrize("kind", VIT + CONVNEXT)
def test_an_inflated_stem_learns_below_a_frozen_network(checkpoints, kind):
    backbone = open_backbone(checkpoints / kind, 9, freeze=True).train()
    assert not any(module.training for module in backbone.net.modules())
    stem = stem_of(backbone)
    assert trained(backbone.net) == {
        name for name, p in backbone.net.named_parameters() if p is stem.weight or p is stem.bias
    }
    sum(level.pow(3).sum() for level in features_of(backbone, picture_for(backbone, 9))).backward()
    assert stem.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("in_channels", [3, 9])
def test_a_frozen_stand_in_is_frozen_too(in_channels):
    cfg = ConvNeXtBackboneConfig(ABSENT, use_pretrained=False, freeze=True)
    backbone = ConvNeXtBackbone(cfg, in_channels).train()
    x = torch.randn(1, in_channels, 64, 64)
    # Torchvision's stochastic depth would drop different blocks of the two.
    assert all(torch.equal(a, b) for a, b in zip(backbone(x), backbone(x), strict=True))
    assert len(trained(backbone.net)) == (2 if in_channels == 9 else 0)
    cfg = ViTBackboneConfig(ABSENT, use_pretrained=False, freeze=True)
    assert len(trained(ViTBackbone(cfg, in_channels))) == (2 if in_channels == 9 else 0)


def test_a_name_is_found_in_the_cache(checkpoints, tmp_path, monkeypatch):
    from huggingface_hub import constants

    folder = tmp_path / "models--someone--tiny"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0" * 40)
    (folder / "snapshots").mkdir()
    (folder / "snapshots" / ("0" * 40)).symlink_to(checkpoints / "dinov3")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    cfg = ViTBackboneConfig("someone/tiny", strict=True)
    backbone = ViTBackbone(cfg)
    assert (backbone.weights["kind"], backbone.weights["name"]) == ("pretrained", "someone/tiny")
    assert torch.equal(
        stem_of(backbone).weight, stem_of(open_backbone(checkpoints / "dinov3")).weight
    )


def test_a_broken_download_is_no_reason_for_a_stand_in(checkpoints, tmp_path):
    folder = shutil.copytree(checkpoints / "dinov3", tmp_path / "dinov3")
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"dinov3 cannot be read \(.*\); are the files complete\?"):
        ViTBackbone(ViTBackboneConfig(str(folder)))


def test_weights_that_lack_a_layer_are_no_weights(checkpoints, tmp_path):
    """transformers would make up what is missing, and say so in a log alone."""
    folder = shutil.copytree(checkpoints / "dinov3", tmp_path / "dinov3")
    tensors = load_file(folder / "model.safetensors")
    lost = [name for name in tensors if "layer.1." in name]
    save_file({k: v for k, v in tensors.items() if k not in lost}, folder / "model.safetensors")
    message = f"dinov3 cannot be read .{len(lost)} parameters are not in the files"
    with pytest.raises(ValueError, match=message):
        ViTBackbone(ViTBackboneConfig(str(folder)))


def test_a_folder_that_lacks_a_file_is_told_which(checkpoints, tmp_path):
    folder = shutil.copytree(checkpoints / "dinov3", tmp_path / "dinov3")
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(OSError, match="Complete the folder: save the network and its image proc"):
        ViTBackbone(ViTBackboneConfig(str(folder), strict=True))


def test_a_size_must_suit_the_heatmap_as_well(checkpoints):
    backbone = open_backbone(checkpoints / "dinov2")
    message = "backbone's stride 14 and of heatmap_stride=4; use 280x504"
    with pytest.raises(ValueError, match=message):
        backbone.check_size((288, 512), 4)
    with pytest.raises(ValueError, match=r"transform\.crop 160x256 is not a multiple of"):
        backbone.check_size((160, 256), 4, "transform.crop")
    backbone.check_size((280, 504), 4)
    backbone.check_size((294, 518))
