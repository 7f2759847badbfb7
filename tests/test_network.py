"""A whole network on pretrained weights; every pair of groups is in configs/test_configs.py."""

import pytest
import torch
from omegaconf import OmegaConf

from tracknet.errors import InputError
from tracknet.network import build_model, freeze_unreached

KINDS = {
    **dict.fromkeys(["dinov3", "dinov3_plain", "dinov2", "dinov2_registers", "vit"], "vit"),
    **dict.fromkeys(["dinov3_convnext", "convnext", "convnextv2"], "convnext"),
}


@pytest.fixture
def pretrained(compose, checkpoints, tmp_path):
    def build(kind, *overrides):
        settings = [
            f"backbone={KINDS[kind]}",
            f"backbone.cfg.pretrained_model_name={checkpoints / kind}",
            "backbone.cfg.strict=true",
            f"paths.output={tmp_path}",
            *overrides,
        ]
        model = build_model(OmegaConf.to_container(compose("train", settings), resolve=True))
        freeze_unreached(model)
        return model

    return build


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_sees_pictures_as_its_processor_makes_them(pretrained, checkpoints, kind):
    from transformers import AutoImageProcessor, AutoModel

    side = 112 if kind == "dinov2" else 64
    model = pretrained(kind, f"image_size=[{side},{side}]").eval()
    picture = torch.randint(0, 256, (3, side, side), dtype=torch.uint8)
    processor = AutoImageProcessor.from_pretrained(checkpoints / kind)
    x = processor(picture, do_resize=False, do_center_crop=False, return_tensors="pt").pixel_values
    own = AutoModel.from_pretrained(checkpoints / kind).eval()
    with torch.no_grad():
        features, _ = model.encode((picture / 255).expand(1, model.frames, -1, -1, -1))
        if KINDS[kind] == "vit":
            options = {"interpolate_pos_encoding": True} if kind == "vit" else {}
            expected = own(x, **options).last_hidden_state[:, -features[0, ..., 0].numel() :]
            assert torch.allclose(features.flatten(1, 2), expected, atol=1e-4)
        else:
            stages = own(x, output_hidden_states=True).hidden_states[-3:]
            for level, norm, stage in zip(features, model.backbone.norms, stages, strict=True):
                assert torch.allclose(level, norm(stage), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_reach_the_first_layer(pretrained, kind):
    side = 112 if kind == "dinov2" else 64
    model = pretrained(kind, f"image_size=[{side},{side}]")
    assert all(module.training for module in model.modules())
    model(torch.rand(2, model.frames, 3, side, side)).square().sum().backward()
    first = next(m for m in model.modules() if isinstance(m, torch.nn.Conv2d))
    assert first.weight.shape[1] == 3 * model.frames
    assert first.weight.grad.abs().sum() > 0
    assert all(p.requires_grad == (p.grad is not None) for p in model.parameters())
    frozen = [n for n, p in model.backbone.named_parameters() if not p.requires_grad]
    if KINDS[kind] == "vit":
        assert all("mask_token" in n or "pooler" in n for n in frozen)


@pytest.mark.parametrize(
    "inputs",
    [
        [],
        ["inputs.differences=false"],
        ["inputs.background=true"],
        ["inputs=frames", "inputs.previous=true"],
    ],
    ids=" ".join,
)
def test_inputs_that_show_a_frame_by_others_do_not_go_with_features_that_are_shared(
    compose, tmp_path, inputs
):
    settings = ["backbone=conv", "decoder=unet", "temporal=shared", f"paths.output={tmp_path}"]
    config = OmegaConf.to_container(compose("train", [*settings, *inputs]), resolve=True)
    with pytest.raises(InputError, match=r"take inputs=frames with inputs\.previous=false, or"):
        build_model(config)


@pytest.mark.parametrize("kind", ["dinov3", "convnext"])
def test_a_still_frame_gives_pretrained_features_that_are_shared(pretrained, kind):
    options = ["image_size=[64,64]", "inputs=frames", "temporal=shared"]
    model, other = (
        pretrained(kind, *options, f"inputs.background={shown}").eval()
        for shown in ("true", "false")
    )
    frames = torch.rand(1, 1, 3, 64, 64)
    with torch.no_grad():
        seen, _ = model.see(frames, frames[:, 0])
        expected, _ = other.see(frames)
    torch.testing.assert_close(seen, expected, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("kind", ["dinov3", "convnext"])
def test_differences_leave_pretrained_features_as_they_were(pretrained, kind, background):
    options = ["image_size=[64,64]", f"inputs.background={str(background).lower()}"]
    model, other = (
        pretrained(kind, *options, f"inputs.differences={differences}").eval()
        for differences in ("true", "false")
    )
    frames, still = torch.rand(1, model.frames, 3, 64, 64), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        seen, _ = model.encode(frames, still)
        expected, _ = other.encode(frames, still)
    torch.testing.assert_close(seen, expected, atol=1e-4, rtol=1e-3)


def test_a_size_that_the_patch_does_not_divide_is_refused(pretrained):
    with pytest.raises(ValueError, match=r"image_size 288x512 .*; use 280x504"):
        pretrained("dinov2")
    pretrained("dinov2", "image_size=[280,504]")


def test_probing_the_gradients_leaves_no_trace(compose, tmp_path):
    settings = ["backbone=conv", "decoder=unet", "image_size=[32,64]", f"paths.output={tmp_path}"]
    config = OmegaConf.to_container(compose("train", settings), resolve=True)
    model = build_model({**config, "background": True})
    counts = [b for name, b in model.named_buffers() if name.endswith("num_batches_tracked")]
    assert counts
    assert not any(counts)
    assert all(p.grad is None for p in model.parameters())
