import json
import shutil
import subprocess
import sys
import warnings

import pytest
import torch

from tracknet.errors import InputError
from tracknet.models import ViTBackbone, ViTBackboneConfig
from tracknet.types import FeatureInfo

ABSENT = "nobody/absent"
KINDS = ["dinov3", "dinov3_plain", "dinov2", "dinov2_registers", "vit"]


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


def pretrained(folder, in_channels=3):
    return ViTBackbone(ViTBackboneConfig(str(folder), strict=True), in_channels)


def clip_for(backbone, in_channels=3):
    stride = backbone.features.strides[0]
    return torch.randn(2, in_channels, 3 * stride, 5 * stride)


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_are_the_networks_own_patch_tokens(checkpoints, kind):
    from transformers import AutoModel

    backbone = pretrained(checkpoints / kind)
    assert backbone.training
    assert all(p.dtype == torch.float32 for p in backbone.parameters())
    backbone.eval()
    x = clip_for(backbone)
    own = AutoModel.from_pretrained(checkpoints / kind, local_files_only=True).eval()
    options = {"interpolate_pos_encoding": True} if kind == "vit" else {}
    with torch.no_grad():
        tokens = backbone(x)
        hidden = own(x, **options).last_hidden_state
    assert tokens.shape == (2, 3, 5, 32)
    assert torch.equal(tokens.flatten(1, 2), hidden[:, -15:])
    assert backbone.features == FeatureInfo("tokens", (32,), (own.config.patch_size,))
    assert backbone.weights["mean"] == [0.1, 0.2, 0.3]
    assert backbone.weights["std"] == [0.4, 0.5, 0.6]


@pytest.mark.parametrize("kind", KINDS)
def test_static_clip_gives_the_features_of_one_frame(checkpoints, kind):
    one, three = (pretrained(checkpoints / kind, n).eval() for n in (3, 9))
    x = clip_for(one)
    with torch.no_grad():
        assert torch.allclose(three(x.repeat(1, 3, 1, 1)), one(x), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_restored_without_files(checkpoints, kind, tmp_path, monkeypatch):
    import transformers

    folder = tmp_path / kind
    shutil.copytree(checkpoints / kind, folder)
    backbone = pretrained(folder, 6).eval()
    record = json.loads(json.dumps(backbone.weights))
    assert record == backbone.weights
    shutil.rmtree(folder)

    def refuse(*args, **kwargs):
        raise AssertionError("a checkpoint must load without files")

    monkeypatch.setattr(transformers.AutoModel, "from_pretrained", refuse)
    monkeypatch.setattr(transformers.AutoImageProcessor, "from_pretrained", refuse)
    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", refuse)
    again = ViTBackbone(ViTBackboneConfig(str(folder), strict=True), 6, restored=record).eval()
    again.load_state_dict(backbone.state_dict())
    x = clip_for(again, 6)
    with torch.no_grad():
        assert torch.equal(again(x), backbone(x))
    assert (again.weights, again.features) == (record, backbone.features)
    assert again.weights["kind"] == "pretrained"


def test_network_that_is_no_plain_transformer_is_refused(checkpoints):
    with pytest.raises(ValueError, match="plain vision transformers"):
        pretrained(checkpoints / "convnext")


def test_stand_in_warns_and_is_recorded():
    with pytest.warns(UserWarning, match="hf download nobody/absent"):
        backbone = ViTBackbone(ViTBackboneConfig(ABSENT, fallback_dim=48, patch_size=8), 9)
    assert backbone(torch.zeros(2, 9, 24, 40)).shape == (2, 3, 5, 48)
    assert backbone.features == FeatureInfo("tokens", (48,), (8,))
    assert backbone.weights["kind"] == "stand-in"
    assert backbone.weights["config"] is None
    assert backbone.weights["mean"] == [0.485, 0.456, 0.406]


def test_stand_in_that_was_asked_for_or_restored_does_not_warn():
    backbone = ViTBackbone(ViTBackboneConfig(ABSENT, use_pretrained=False))
    assert backbone.weights["kind"] == "stand-in"
    again = ViTBackbone(ViTBackboneConfig(ABSENT), restored=backbone.weights)
    again.load_state_dict(backbone.state_dict())
    assert again.weights == backbone.weights


def test_strict_refuses_the_stand_in():
    with pytest.raises(FileNotFoundError, match="hf download nobody/absent"):
        ViTBackbone(ViTBackboneConfig(ABSENT, strict=True))
    with pytest.raises(ValueError, match="use_pretrained=false"):
        ViTBackbone(ViTBackboneConfig(ABSENT, use_pretrained=False, strict=True))


def test_size_that_does_not_divide_is_refused_with_one_that_does():
    backbone = ViTBackbone(ViTBackboneConfig(ABSENT, use_pretrained=False))
    backbone.check_size((288, 512))
    message = "image_size 290x514 is not a multiple of the backbone's stride 16; use 288x512"
    with pytest.raises(ValueError, match=message):
        backbone.check_size((290, 514))
    with pytest.raises(ValueError, match=message):
        backbone(torch.zeros(1, 3, 290, 514))


def test_importing_the_models_imports_no_heavy_library():
    code = (
        "import sys, tracknet.models; "
        "print(sorted({'transformers', 'torchvision', 'lightning', 'hydra'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "[]\n", result.stderr


def test_a_recorded_network_names_no_code_and_no_place(checkpoints):
    cfg = ViTBackboneConfig(str(checkpoints / "dinov3"), strict=True)
    record = ViTBackbone(cfg).weights
    wicked = {
        "attn_implementation": "somebody/kernel",
        "auto_map": {"AutoModel": "somebody/code--model.Net"},
        "quantization_config": {"quant_method": "wicked"},
        "_attn_implementation": "somebody/kernel",
    }
    again = ViTBackbone(cfg, restored={**record, "config": {**record["config"], **wicked}})
    own = again.net.net.config
    assert own._attn_implementation in ("sdpa", "eager")
    assert not any(hasattr(own, name) for name in ("auto_map", "quantization_config"))
    for config, said in (
        ({"num_hidden_layers": 10**8}, "expected at most 1000"),
        ({"model_type": "os"}, "'os' is none of convnext, "),
    ):
        with pytest.raises(InputError, match=said):
            ViTBackbone(cfg, restored={**record, "config": {**record["config"], **config}})
