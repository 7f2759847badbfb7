import json
import shutil

import pytest
import torch

from tests.backbones import save_configurations
from tracknet.errors import InputError, InputWarning
from tracknet.models import HFBackbone
from tracknet.types import FeatureInfo


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A tiny ResNet and a tiny Swin with their weights, as `save_pretrained` leaves them."""
    from transformers import AutoConfig, AutoModel, ViTImageProcessor

    root = tmp_path_factory.mktemp("saved")
    save_configurations(root)
    for name in ("resnet", "swin"):
        config = AutoConfig.from_pretrained(root / name)
        AutoModel.from_config(config).save_pretrained(root / name)
        processor = ViTImageProcessor(image_mean=[0.1, 0.2, 0.3], image_std=[0.4, 0.5, 0.6])
        processor.save_pretrained(root / name)
    return root


@pytest.mark.parametrize("name", ["resnet", "swin"])
def test_levels_are_the_networks_own(saved, name):
    from transformers import AutoModel

    backbone = HFBackbone(str(saved / name)).eval()
    assert backbone.features == FeatureInfo("pyramid", backbone.features.channels, (4, 8, 16, 32))
    assert (backbone.weights["kind"], backbone.weights["mean"]) == ("pretrained", [0.1, 0.2, 0.3])
    x = torch.randn(1, 3, 160, 192)  # no level smaller than a window, which SwinModel cannot take
    own = AutoModel.from_pretrained(saved / name).eval()
    with torch.no_grad():
        levels = backbone(x)
        states = own(x, output_hidden_states=True)
    assert [level.shape[-1] for level in levels] == [48, 24, 12, 6]
    if name == "resnet":
        torch.testing.assert_close(levels[-1], states.last_hidden_state)
    else:  # each level behind a norm that is new
        norm = torch.nn.functional.layer_norm
        last = states.hidden_states[-1]
        expected = norm(last, last.shape[-1:]).transpose(1, 2).unflatten(2, (5, 6))
        torch.testing.assert_close(levels[-1], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["resnet", "swin"])
def test_restored_without_files(saved, tmp_path, name):
    folder = shutil.copytree(saved / name, tmp_path / name)
    backbone = HFBackbone(str(folder), in_channels=6).eval()
    record = json.loads(json.dumps(backbone.weights))
    shutil.rmtree(folder)
    again = HFBackbone(str(folder), in_channels=6, restored=record).eval()
    again.load_state_dict(backbone.state_dict())
    x = torch.randn(1, 6, 64, 64)
    with torch.no_grad():
        assert all(a.equal(b) for a, b in zip(again(x), backbone(x), strict=True))
    assert (again.weights, again.features) == (record, backbone.features)


def test_random_weights_are_asked_for_and_said(saved):
    backbone = HFBackbone(str(saved / "resnet"), pretrained=False)
    assert backbone.weights["kind"] == "random"
    assert backbone.weights["config"]["model_type"] == "resnet"
    with pytest.raises(InputError, match="pretrained=false asks for; drop one"):
        HFBackbone(str(saved / "resnet"), pretrained=False, strict=True)
    with pytest.warns(InputWarning, match="convnext WITH RANDOM WEIGHTS STANDS IN"):
        backbone = HFBackbone(str(saved / "convnext"))
    assert backbone.weights["kind"] == "random"
    with pytest.raises(FileNotFoundError, match="Complete the folder"):
        HFBackbone(str(saved / "convnext"), strict=True)


def test_what_is_not_on_this_machine_is_an_error():
    with pytest.raises(FileNotFoundError, match="hf download nobody/absent"):
        HFBackbone("nobody/absent")


@pytest.mark.parametrize(
    ("wicked", "said"),
    [
        (
            {"model_type": "timm_backbone", "backbone": "hf-hub:somebody/net"},
            "timm_backbone' is none of",
        ),
        ({"model_type": "bert"}, "'bert' is none of beit, "),
        ({"depths": [10**8]}, "expected at most 1000"),
        ({"depths": [[10**8]]}, "expected at most 1000"),
        ({"embedding_size": 10**9}, "expected at most 100000"),
    ],
)
def test_a_hostile_record_is_refused(saved, wicked, said):
    record = HFBackbone(str(saved / "resnet"), pretrained=False).weights
    changed = {**record, "config": {**record["config"], **wicked}}
    with pytest.raises(InputError, match=said):
        HFBackbone("anything", restored=changed)
    with pytest.raises(InputError, match="does not say which"):
        HFBackbone("anything", restored={**record, "config": None})


def test_a_network_that_is_no_backbone_is_refused(checkpoints):
    with pytest.raises(InputError, match="transformers has no backbone of; choose another"):
        HFBackbone(str(checkpoints / "vit"))
