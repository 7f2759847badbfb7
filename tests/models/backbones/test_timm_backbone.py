import copy
import sys

import pytest
import timm
import torch
from safetensors.torch import save_file

import tracknet
from tests.backbones import NETWORKS
from tracknet.errors import InputError, InputWarning
from tracknet.models import TimmBackbone
from tracknet.network import build_model
from tracknet.record import KEY
from tracknet.types import FeatureInfo

TINY, VIT = "test_resnet", "test_vit"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A file of each network's weights, with its classes, as timm publishes them."""
    root = tmp_path_factory.mktemp("weights")
    for name in (TINY, VIT):
        save_file(timm.create_model(name).state_dict(), root / f"{name}.safetensors")
    return root


@pytest.mark.parametrize("name", [TINY, VIT])
def test_features_are_timms_own(weights, name):
    file = weights / f"{name}.safetensors"
    backbone = TimmBackbone(name, str(file)).eval()
    assert backbone.weights["kind"] == "pretrained"
    assert backbone.state_dict().keys() == TimmBackbone(name, False).state_dict().keys()
    own = timm.create_model(
        name, checkpoint_path=file, dynamic_img_size=True if "vit" in name else None
    )
    x = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        expected = own.eval().forward_features(x)
        last = backbone(x)
    if name == VIT:
        assert backbone.features == FeatureInfo("tokens", (64,), (16,))
        assert last.shape == (2, 4, 6, 64)
        torch.testing.assert_close(last.flatten(1, 2), expected[:, own.num_prefix_tokens :])
    else:
        assert backbone.features.strides == (2, 4, 8, 16, 32)
        torch.testing.assert_close(last[-1], expected)


@pytest.mark.parametrize("name", [TINY, VIT])
def test_a_static_clip_gives_the_features_of_one_frame(weights, name):
    one, three = (
        TimmBackbone(name, str(weights / f"{name}.safetensors"), in_channels=n).eval()
        for n in (3, 9)
    )
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        seen, expected = three(x.repeat(1, 3, 1, 1)), one(x)
    torch.testing.assert_close(seen[-1], expected[-1], atol=1e-4, rtol=1e-4)


def test_weights_of_the_cache_are_found_and_nothing_else_is_fetched(weights, tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.warns(InputWarning, match=r"hf download timm/test_vit\..*RANDOM WEIGHTS STANDS IN"):
        assert TimmBackbone(VIT).weights["kind"] == "random"
    with pytest.raises(FileNotFoundError, match="hf download timm/test_vit"):
        TimmBackbone(VIT, strict=True)
    hub = timm.get_pretrained_cfg(VIT).hf_hub_id.replace("/", "--")
    snapshot = tmp_path / f"models--{hub}" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").symlink_to(weights / f"{VIT}.safetensors")
    (tmp_path / f"models--{hub}" / "refs").mkdir()
    (tmp_path / f"models--{hub}" / "refs" / "main").write_text("0" * 40)
    assert TimmBackbone(VIT, strict=True).weights["kind"] == "pretrained"


def test_weights_that_lack_something_are_no_weights(weights, tmp_path):
    state = timm.models.load_state_dict(str(weights / f"{TINY}.safetensors"))
    gone = {name: value for name, value in state.items() if not name.startswith("layer3.0.conv1")}
    save_file(gone, tmp_path / "less.safetensors")
    with pytest.raises(InputError, match=r"cannot be loaded .*layer3\.0\.conv1\.weight"):
        TimmBackbone(TINY, str(tmp_path / "less.safetensors"))
    (tmp_path / "broken.safetensors").write_bytes(b"\0" * 100)
    with pytest.raises(InputError, match="cannot be read"):
        TimmBackbone(TINY, str(tmp_path / "broken.safetensors"))
    with pytest.raises(FileNotFoundError, match="no such file"):
        TimmBackbone(TINY, str(tmp_path / "absent.pth"))
    with pytest.raises(InputError, match="pretrained=false asks for; drop one"):
        TimmBackbone(TINY, False, strict=True)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnet19", "has no network name=resnet19; did you mean resnet"),
        ("hf-hub:somebody/net", "has no network name=hf-hub:somebody/net"),
        ("local-dir:/tmp", "has no network"),
        ("../../etc/passwd", "has no network"),
        ("resnet18.../../x", "gives no features in timm .Model name"),
        ("crossvit_9_240", "backbone.name=resnet18 works with every decoder"),
    ],
)
def test_what_is_no_such_network(name, said):
    with pytest.raises(InputError, match=said) as refused:
        TimmBackbone(name, False)
    assert "\n" not in str(refused.value)


def test_a_size_that_does_not_suit_is_refused_with_one_that_does():
    with pytest.raises(InputError, match=r"290x514 .*stride 16; use 288x512"):
        TimmBackbone(VIT, False).check_size((290, 514))
    fixed = TimmBackbone("test_maxvit", False, image_size=(64, 128))
    assert fixed.only == (64, 128)
    fixed.check_size((64, 128), 4)
    with pytest.raises(
        InputError, match=r"crop 32x64: timm test_maxvit takes 64x128 alone, .*=standard"
    ):
        fixed.check_size((32, 64), 4, "transform.warp.crop")


def test_without_timm_there_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(
        InputError, match=r"^backbone=timm needs timm: pip install tracknet\[timm\]$"
    ):
        TimmBackbone(TINY, False)


@pytest.fixture(scope="module")
def checkpoint(resolved, tmp_path_factory):
    """A checkpoint of a network with such a backbone, as a training leaves it."""
    settings = ["backbone=timm", f"backbone.name={VIT}", "backbone.pretrained=false"]
    config = resolved("train", [*settings, "image_size=[64,128]", "frames=3"])
    model = build_model(config)
    state = {f"model.{name}": value for name, value in model.state_dict().items()}
    record = {
        "config": config,
        "weights": model.backbone.weights,
        "thresholds": {"none": 0.5},
        "val_f1": 0.0,
    }
    folder = tmp_path_factory.mktemp("checkpoint")
    torch.save({"state_dict": state, KEY: record}, folder / "best.ckpt")
    return folder / "best.ckpt", model


def test_a_checkpoint_builds_the_network_again_and_predicts(checkpoint, monkeypatch):
    file, model = checkpoint
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", None)  # no cache is looked at
    network = tracknet.load(file, device="cpu").network
    frames = torch.randint(0, 256, (1, 3, 64, 128, 3), dtype=torch.uint8)
    with torch.no_grad():
        expected = model.eval()(frames.permute(0, 1, 4, 2, 3) / 255)
    torch.testing.assert_close(network(frames.numpy(), None), expected)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"name": "hf-hub:somebody/net"}, "has no network name=hf-hub"),
        ({"name": "../../net"}, "has no network name="),
        ({"name": "vit_large_patch16_224"}, "weights are missing"),
        ({"name": 7}, "expected text"),
        ({"name": {"_target_": "os.system"}}, "expected no part at all"),
    ],
)
def test_a_hostile_checkpoint_is_refused(checkpoint, tmp_path, settings, said):
    content = copy.deepcopy(torch.load(checkpoint[0], weights_only=True))
    content[KEY]["config"]["backbone"] |= settings
    torch.save(content, tmp_path / "bad.ckpt")
    with pytest.raises(InputError, match=said):
        tracknet.load(tmp_path / "bad.ckpt")


def test_a_dozen_families_are_tested():
    assert len({network.family for network in NETWORKS if network.group == "timm"}) >= 12
