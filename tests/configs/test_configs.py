"""Every YAML of every group composes and builds, offline and on the CPU.

The rows come from the folder: a new YAML is tested from the moment it exists, and a new group
fails until `CHECKS` says what its options must give.
"""

from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from hydra.errors import ConfigCompositionException
from lightning.pytorch.loggers import Logger
from omegaconf import OmegaConf
from torch.utils.data import default_collate

from tracknet.build import build, build_all, build_named
from tracknet.data.augment import Augmentation
from tracknet.data.batch import Batch
from tracknet.inference.predictor import Prediction
from tracknet.inference.writers import Writers
from tracknet.network import build_model, freeze_unreached
from tracknet.types import FeatureInfo, Track
from tracknet.video import VideoInfo

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs"
ENTRIES = sorted(file.stem for file in CONFIGS.glob("*.yaml"))
GROUPS = {
    group.name: sorted(file.stem for file in group.glob("*.yaml"))
    for group in sorted(CONFIGS.iterdir())
    if group.is_dir()
}
T, H, W, STRIDE = 3, 64, 128, 4


@pytest.fixture
def composed(compose, tmp_path):
    """Composes an entry configuration and resolves it; what users must name is filled in."""

    def make(entry: str, *overrides: str) -> dict[str, Any]:
        needed = {
            "predict": ["ckpt=run", "source=match.mp4"],
            "adapt": ["ckpt=run", "source=match.mp4"],
            "compare": ["runs=[a,b]"],
            "export": ["ckpt=run"],
            "import_checkpoint": ["source=a.pt", "kind=wasb"],
            "from_labels": ["annotations=a.zip"],
        }
        named = needed.get(entry, [])
        chosen = {o for o in overrides if o.startswith("data=")} - {"data=mixed", "data=synthetic"}
        if chosen or {"experiment=badminton", "experiment=own_video"} & {*overrides}:
            named = ["data.root=."]
        if {"experiment=second_look", "task=second_look"} & {*overrides}:
            named = ["task.first=run"]
        settings = [f"paths.output={tmp_path}", *named, *overrides]
        return OmegaConf.to_container(compose(entry, settings), resolve=True, throw_on_missing=True)

    return make


def check_head(config: dict[str, Any], _: str) -> None:
    for maps in (1, 3):
        head = build(config, "head", in_channels=8, out_channels=T * maps, maps=maps)
        assert head(torch.zeros(2, 8, 16, 32)).shape == (2, T * maps, 16, 32)


def check_detail(config: dict[str, Any], option: str) -> None:
    if not config["detail"]:
        assert option == "none"
        return
    options = {"out_size": (16, 32), "heatmap_stride": STRIDE}
    detail = build(config, "detail", in_channels=3 * T, out_channels=8, **options)
    assert detail(torch.zeros(2, 3 * T, H, W)).shape == (2, 8, 16, 32)


def check_attention(config: dict[str, Any], option: str) -> None:
    if not config.get("attention"):
        assert option == "none"
        return
    for maps in (1, 3):
        attention = build(config, "attention", frames=T, maps=maps)
        frames = torch.rand(2, T, 3, H, W)
        assert attention(torch.zeros(2, T * maps, 16, 32), frames).shape == (2, T * maps, 16, 32)


def check_temporal(config: dict[str, Any], _: str) -> None:
    temporal = build(config, "temporal", pictures=T, channels=3, frames=T)
    folded = temporal.fold(torch.zeros(2, T, 3, 16, 32))
    assert folded.shape[1] == temporal.in_channels
    temporal.attach(FeatureInfo("pyramid", (5,), (STRIDE,)), STRIDE)
    (fused,) = temporal.fuse(temporal.keep([torch.zeros(len(folded), 5, 4, 8)]))
    maps = torch.zeros(len(fused), temporal.out_channels, 4, 8)
    assert temporal.unfold(maps).shape == (2, T, 4, 8)


def check_codec(config: dict[str, Any], _: str) -> None:
    codec = build(config, "codec")
    xy = torch.tensor([[[[41.3, 26.6]]]])
    target, weight = codec.encode(xy, torch.ones(1, 1, 1), (16, 32), STRIDE)
    logits = target.reshape(1, codec.maps, 16, 32).clone()
    logits[:, 0] = logits[:, 0].clamp(1e-6, 1 - 1e-6).logit()
    maps = codec.probability(logits)
    assert codec.heatmap(maps).shape == (1, 1, 16, 32)
    best = codec.decode(maps, STRIDE)[:, :, 0]
    assert torch.allclose(best[..., :2], xy[0], atol=0.5 * STRIDE)
    assert weight.tolist() == [[1]]


def check_inputs(config: dict[str, Any], _: str) -> None:
    inputs = build(config, "inputs", frames=T)
    background = torch.rand(2, 3, 8, 16) if inputs.background else None
    pictures = inputs(torch.rand(2, T, 3, 8, 16), background)
    assert pictures.shape == (2, inputs.pictures, inputs.channels, 8, 16)


def check_fit(config: dict[str, Any], _: str) -> None:
    fit = build(config, "fit")((H, W), (32, 48))
    assert fit.resize(np.zeros((H, W, 3), np.uint8)).shape == (32, 48, 3)
    place = np.array([W / 2, H / 2])
    np.testing.assert_allclose(fit.to_original(fit.to_network(place)), place)


def check_parameters(config: dict[str, Any], _: str) -> None:
    model = torch.nn.Conv2d(1, 1, 1)
    groups = build(config, "parameters")(model)
    assert {id(p) for group in groups for p in group["params"]} == set(map(id, model.parameters()))


def check_protocols(config: dict[str, Any], option: str) -> None:
    assert (build_all(config, "protocols") == []) == (option == "none")


def check_task(config: dict[str, Any], _: str) -> None:
    task = build(config, "task")
    assert callable(task.assemble)
    assert callable(task.finish)


def check_loss(config: dict[str, Any], _: str) -> None:
    function = build(config, "loss")
    maps = getattr(function, "maps", 1)
    logits = torch.zeros(2, T * maps, 8, 16, requires_grad=True)
    target = torch.rand(2, T, maps, 8, 16) if maps > 1 else torch.rand(2, T, 8, 16)
    loss = function(logits, target, torch.ones(2, T))
    loss.backward()
    assert loss.shape == ()
    assert logits.grad.isfinite().all()


def check_data(config: dict[str, Any], option: str) -> None:
    dataset = build(config, "data")
    assert dataset.name == option
    assert callable(dataset.clips)


def check_transform(config: dict[str, Any], option: str) -> None:
    if not config["transform"]:
        assert option == "none"
        return
    augmentation = Augmentation(build_named(config, "transform"))
    size, xy = tuple(config["image_size"]), np.full((T, 1, 2), 50.0, np.float32)
    drawn = augmentation.draw(np.random.default_rng(0), size, xy[:, 0])
    bytes_ = np.zeros((T, *size, 3), np.uint8)
    pictures, xy, seen, window, drawn = default_collate(
        [(bytes_, xy, np.ones((T, 1)), np.zeros(2), drawn)] * 2
    )
    out = augmentation.apply(Batch(pictures, xy, seen, window), drawn)
    crop = config["transform"]["warp"]["crop"]
    assert out.pictures.shape == (2, T, 3, *(crop or size))
    assert out.pictures.is_floating_point()
    assert out.xy.isfinite().all()
    assert out.visibility.shape == out.xy.shape[:3]


def check_sampling(config: dict[str, Any], option: str) -> None:
    assert f"{build(config, 'sampling').balance}s" == option


def check_tracking(config: dict[str, Any], option: str) -> None:
    if not config["tracking"]:
        assert option == "none"
        return
    tracker = build(config, "tracking")
    assert tracker.name == option
    track = tracker.track(np.array([[[30.0, 20.0, 0.9]]] * 4), 0.5, (H, W))
    assert track.source.tolist() == ["detected"] * 4


def check_selection(config: dict[str, Any], _: str) -> None:
    found = np.array([[[4.0 * i, 20.0, 0.9]] for i in range(12)])
    track = Track(found[:, 0, :2], found[:, 0, 2], np.full(12, "detected"))
    _, [segment] = build(config, "selection").select(track, found, 0.5, (H, W))
    assert (segment.first, segment.last, segment.kind) == (0, 11, "ball")


def check_writers(config: dict[str, Any], _: str) -> None:
    folder, info = Path(config["paths"]["output"]), VideoInfo((H, W), Fraction(25), 0, 0)
    with Writers(build_all(config, "writers"), folder, "rally", info) as writers:
        assert writers.need_frames
        nothing = Prediction(0, np.nan, np.nan, 0.1, "", np.zeros((1, 3)))
        writers.write(nothing, np.zeros((H, W, 3), np.uint8))
    assert {file.name for file in writers.files} == {"rally.csv", "rally_overlay.mp4"}


def check_optimizer(config: dict[str, Any], _: str) -> None:
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = build(config, "optimizer")([weight])
    weight.sum().backward()
    optimizer.step()
    assert weight.item() < 1


def check_scheduler(config: dict[str, Any], _: str) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    scheduler = build(config, "scheduler")(optimizer, total_steps=10)
    for _ in range(9):
        optimizer.step()
        scheduler.step()
    assert 0 <= optimizer.param_groups[0]["lr"] <= 1


def check_trainer(config: dict[str, Any], _: str) -> None:
    on_cpu = {"accelerator": "cpu", "precision": "32-true"}
    assert isinstance(
        build({"trainer": config["trainer"] | on_cpu}, "trainer", logger=False), pl.Trainer
    )


def check_callbacks(config: dict[str, Any], _: str) -> None:
    assert all(isinstance(callback, pl.Callback) for callback in build_all(config, "callbacks"))


def check_logger(config: dict[str, Any], _: str) -> None:
    assert all(isinstance(logger, Logger) for logger in build_all(config, "logger"))


def check_paths(config: dict[str, Any], _: str) -> None:
    assert config["paths"].keys() >= {"root", "store", "synthetic", "output"}


def composes(config: dict[str, Any], _: str) -> None:
    """Nothing to build that the other groups' rows do not build already."""


CHECKS = {
    "detail": check_detail,
    "head": check_head,
    "attention": check_attention,
    "temporal": check_temporal,
    "codec": check_codec,
    "inputs": check_inputs,
    "fit": check_fit,
    "parameters": check_parameters,
    "protocols": check_protocols,
    "task": check_task,
    "loss": check_loss,
    "data": check_data,
    "transform": check_transform,
    "selection": check_selection,
    "sampling": check_sampling,
    "tracking": check_tracking,
    "writers": check_writers,
    "optimizer": check_optimizer,
    "scheduler": check_scheduler,
    "trainer": check_trainer,
    "callbacks": check_callbacks,
    "logger": check_logger,
    "paths": check_paths,
    "hydra": composes,
    "experiment": composes,
    "debug": composes,
}


PAIRS = list(product(GROUPS["backbone"], GROUPS["decoder"]))
OTHERS = [(g, option) for g in GROUPS.keys() - {"backbone", "decoder"} for option in GROUPS[g]]


@pytest.mark.parametrize(("group", "option"), sorted(OTHERS), ids=map("=".join, sorted(OTHERS)))
def test_option(composed, group, option):
    entry = {
        "tracking": "evaluate",
        "protocols": "evaluate",
        "writers": "predict",
        "selection": "adapt",
    }.get(group, "train")
    CHECKS[group](composed(entry, f"{group}={option}"), option)


TIMES = {
    "stack": [],
    "shared": ["temporal=shared", "inputs=frames"],
    "attention": ["temporal=shared", "temporal.fusion=attention", "inputs=frames"],
}


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize(("backbone", "decoder"), PAIRS, ids=map("+".join, PAIRS))
def test_every_backbone_works_with_every_decoder(composed, checkpoints, backbone, decoder, time):
    size = [f"frames={T}", f"image_size=[{H},{W}]", f"heatmap_stride={STRIDE}", *TIMES[time]]
    config = composed("train", f"backbone={backbone}", f"decoder={decoder}", *size)
    if "cfg" in config["backbone"]:  # whatever this machine's cache holds
        config["backbone"]["cfg"] |= {"use_pretrained": False, "strict": False}
    if "pretrained" in config["backbone"]:
        config["backbone"]["pretrained"] = False
    if backbone == "hf":  # whose networks are files
        config["backbone"]["name"] = str(checkpoints / "convnext")
    model = build_model(config)
    freeze_unreached(model)
    logits = model(torch.zeros(2, T, 3, H, W))
    assert logits.shape == (2, T, H // STRIDE, W // STRIDE)
    assert logits.isfinite().all()
    logits.sum().backward()
    assert all(p.requires_grad == (p.grad is not None) for p in model.parameters())
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize("entry", ENTRIES)
def test_entry(composed, entry):
    assert composed(entry)["command"] == entry


@pytest.mark.parametrize(
    ("typo", "named"),
    [("bakbone=vit", "bakbone"), ("backbone=vitt", "vitt"), ("optimizer.lrr=1", "lrr")],
    ids=["group", "option", "value"],
)
def test_a_misspelt_override_is_refused(composed, typo, named):
    with pytest.raises(ConfigCompositionException, match=named):
        composed("train", typo)


def test_the_configuration_can_be_shown(run_script):
    said = run_script("train", "--cfg", "job", "--resolve", "decoder=unet").stdout
    shown = OmegaConf.create(said)
    assert shown.heatmap_stride == 4
    assert shown.paths.store == "outputs/store"
