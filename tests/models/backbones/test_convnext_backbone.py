import json
import shutil
import warnings

import pytest
import torch
import torch.nn.functional as F

from tracknet.models import ConvNeXtBackbone, ConvNeXtBackboneConfig
from tracknet.types import FeatureInfo

ABSENT = "nobody/absent"
KINDS = ["dinov3_convnext", "convnext", "convnextv2"]


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


def pretrained(folder, in_channels=3):
    return ConvNeXtBackbone(ConvNeXtBackboneConfig(str(folder), strict=True), in_channels)


@pytest.mark.parametrize("kind", KINDS)
def test_levels_are_the_networks_own_stages_normalised(checkpoints, kind):
    from transformers import AutoModel

    backbone = pretrained(checkpoints / kind)
    assert backbone.training
    assert backbone.features == FeatureInfo("pyramid", (16, 24, 32), (8, 16, 32))
    assert backbone.weights["mean"] == [0.1, 0.2, 0.3]
    assert backbone.weights["std"] == [0.4, 0.5, 0.6]
    backbone.eval()
    x = torch.randn(2, 3, 64, 96)
    own = AutoModel.from_pretrained(checkpoints / kind, local_files_only=True).eval()
    with torch.no_grad():
        levels = backbone(x)
        stages = own(x, output_hidden_states=True).hidden_states[-3:]
    assert [tuple(level.shape) for level in levels] == [
        (2, 16, 8, 12),
        (2, 24, 4, 6),
        (2, 32, 2, 3),
    ]
    for level, stage in zip(levels, stages, strict=True):
        expected = F.layer_norm(stage.permute(0, 2, 3, 1), stage.shape[1:2]).permute(0, 3, 1, 2)
        assert torch.allclose(level, expected, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_static_clip_gives_the_features_of_one_frame(checkpoints, kind):
    one, three = (pretrained(checkpoints / kind, n).eval() for n in (3, 9))
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        for a, b in zip(three(x.repeat(1, 3, 1, 1)), one(x), strict=True):
            assert torch.allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_restored_without_files(checkpoints, kind, tmp_path):
    folder = tmp_path / kind
    shutil.copytree(checkpoints / kind, folder)
    backbone = pretrained(folder, 6).eval()
    record = json.loads(json.dumps(backbone.weights))
    shutil.rmtree(folder)
    again = ConvNeXtBackbone(
        ConvNeXtBackboneConfig(str(folder), strict=True), 6, restored=record
    ).eval()
    again.load_state_dict(backbone.state_dict())
    x = torch.randn(1, 6, 64, 64)
    with torch.no_grad():
        for a, b in zip(again(x), backbone(x), strict=True):
            assert torch.equal(a, b)
    assert again.weights == backbone.weights


def test_stand_in_warns_is_recorded_and_restored():
    with pytest.warns(UserWarning, match="hf download nobody/absent"):
        backbone = ConvNeXtBackbone(ConvNeXtBackboneConfig(ABSENT), 9)
    assert [tuple(f.shape) for f in backbone(torch.randn(1, 9, 64, 96))] == [
        (1, 192, 8, 12),
        (1, 384, 4, 6),
        (1, 768, 2, 3),
    ]
    assert backbone.features == FeatureInfo("pyramid", (192, 384, 768), (8, 16, 32))
    assert backbone.weights["kind"] == "stand-in"
    assert "convnext_tiny" in backbone.weights["name"]
    again = ConvNeXtBackbone(ConvNeXtBackboneConfig(ABSENT), 9, restored=backbone.weights)
    again.load_state_dict(backbone.state_dict())


def test_strict_refuses_the_stand_in():
    with pytest.raises(FileNotFoundError, match="hf download nobody/absent"):
        ConvNeXtBackbone(ConvNeXtBackboneConfig(ABSENT, strict=True))


def test_network_without_the_strides_is_refused(tmp_path):
    from transformers import AutoModel, ConvNextConfig, ConvNextImageProcessor

    config = ConvNextConfig(hidden_sizes=[8, 16], depths=[1, 1], num_stages=2)
    AutoModel.from_config(config).save_pretrained(tmp_path)
    ConvNextImageProcessor().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="strides"):
        pretrained(tmp_path)


def test_size_that_does_not_divide_is_refused_with_one_that_does(checkpoints):
    backbone = pretrained(checkpoints / "convnext")
    backbone.check_size((288, 512))
    with pytest.raises(ValueError, match="stride 32; use 704x1280"):
        backbone.check_size((720, 1280))
