"""Tiny real data, the means to compose configurations, and an honest little detector."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose as hydra_compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from torch import nn
from torch.nn import functional

from tracknet.codecs import GaussianCodec
from tracknet.geometry import Letterbox
from tracknet.inference.network import TorchNetwork
from tracknet.inference.predictor import Predictor

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
GROUPS = {folder.name for folder in CONFIGS.iterdir() if folder.is_dir()}
Finished = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def compose() -> Callable[[str, Sequence[str]], DictConfig]:
    """Composes an entry configuration with overrides, as the scripts do.

    What chooses files takes Hydra a quarter of a second, so that is composed once; values, which
    Hydra applies last, are applied to a copy of it, by Hydra.
    """
    parse = cache(OverridesParser.create().parse_override)

    @lru_cache(maxsize=32)
    def chosen(name: str, *choices: str) -> DictConfig:
        with initialize_config_dir(str(CONFIGS), version_base="1.3"):
            return hydra_compose(name, list(choices))

    def is_value(given: Override) -> bool:
        group, _, key = given.key_or_group.partition(".")
        plain = not given.package and "/" not in group and group != "hydra"
        return plain and bool(key or group not in GROUPS) and not given.is_sweep_override()

    def composed(name: str, overrides: Sequence[str] = ()) -> DictConfig:
        values = [given for given in map(parse, overrides) if is_value(given)]
        choices = [one for one in overrides if not is_value(parse(one))]
        cfg = copy.deepcopy(chosen(name, *choices))
        ConfigLoaderImpl._apply_overrides_to_config(values, cfg)
        return cfg

    return composed


@pytest.fixture(scope="session")
def resolved(compose) -> Callable[[str, Sequence[str]], dict[str, Any]]:
    """As `compose`, but plain and resolved, as the pipelines take it."""

    def plain(name: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
        return OmegaConf.to_container(compose(name, ["paths.output=.", *overrides]), resolve=True)

    return plain


@pytest.fixture(scope="session")
def run_script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Finished]]:
    """Runs a script, given by name or path, with arguments, in a process of its own: see forks.py.

    `environment` is added to the process's; folders of its PYTHONPATH are looked at first.
    """
    command = [sys.executable, str(ROOT / "tests" / "forks.py")]

    def run(name: str | Path, *arguments: object, **environment: str) -> Finished:
        output = tmp_path_factory.mktemp(Path(name).stem)
        script = [str(ROOT / "scripts" / f"{name}.py") if isinstance(name, str) else str(name)]
        script += map(str, arguments)
        print(json.dumps([str(output), environment, *script]), file=forks.stdin, flush=True)
        code = int(forks.stdout.readline())
        said = ((output / stream).read_text() for stream in ("stdout", "stderr"))
        return subprocess.CompletedProcess(script, code, *said)

    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as forks:
        yield run


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Overrides that choose synthetic clips of a few frames, rendered and decoded once."""
    root = tmp_path_factory.mktemp("data")
    return [
        "data=synthetic",
        f"paths.synthetic={root / 'synthetic'}",
        f"paths.store={root / 'store'}",
        "data.clips={train: 2, val: 1, test: 1}",
        "data.frames=24",
        "data.size=[90,160]",
        "image_size=[64,128]",
        "batch_size=4",
    ]


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for every kind of pretrained network, tiny, as `save_pretrained` leaves it."""
    from transformers import (
        AutoModel,
        ConvNextConfig,
        ConvNextV2Config,
        Dinov2Config,
        Dinov2WithRegistersConfig,
        DINOv3ConvNextConfig,
        DINOv3ViTConfig,
        ViTConfig,
        ViTImageProcessor,
    )

    vit = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 64}
    convnext = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 2, 1]}
    configs = {
        "dinov3": DINOv3ViTConfig(**vit, intermediate_size=64, num_register_tokens=4),
        "dinov3_plain": DINOv3ViTConfig(**vit, intermediate_size=64),
        "dinov2": Dinov2Config(**vit, mlp_ratio=2, patch_size=14),
        "dinov2_registers": Dinov2WithRegistersConfig(
            **vit, mlp_ratio=2, num_register_tokens=3, patch_size=8
        ),
        "vit": ViTConfig(**vit, intermediate_size=64),
        "dinov3_convnext": DINOv3ConvNextConfig(**convnext, layer_scale_init_value=1.0),
        "convnext": ConvNextConfig(**convnext, layer_scale_init_value=1.0),
        "convnextv2": ConvNextV2Config(**convnext),
    }
    root = tmp_path_factory.mktemp("checkpoints")
    processor = ViTImageProcessor(image_mean=[0.1, 0.2, 0.3], image_std=[0.4, 0.5, 0.6])
    for kind, config in configs.items():
        AutoModel.from_config(config).save_pretrained(root / kind)
        processor.save_pretrained(root / kind)
    return root


@pytest.fixture(scope="session")
def tiny_network() -> list[str]:
    """Overrides that choose a network of 46,837 parameters and two epochs of two batches."""
    return [
        "backbone=conv",
        "backbone.widths=[8,16,16]",
        "decoder=unet",
        "transform=standard",
        "trainer.max_epochs=2",
        "trainer.limit_train_batches=2",
        "callbacks.pictures.samples=1",
    ]


@pytest.fixture(scope="session")
def tiny_run(compose, tiny_data, tiny_network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a finished training run of the tiny network on the tiny data."""
    from tracknet.pipelines.train import train

    output = tmp_path_factory.mktemp("tiny") / "run"
    overrides = [*tiny_data, *tiny_network, f"paths.output={output}"]
    train(compose("train", overrides), overrides)
    return output


@pytest.fixture(scope="session")
def tiny_model(compose, tiny_run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that was made of the tiny run."""
    from tracknet.pipelines.export import export

    output = tmp_path_factory.mktemp("models")
    return export(compose("export", [f"ckpt={tiny_run}", f"paths.output={output}", "name=tiny"]))


class Brightness(nn.Module):
    """Takes what is brighter than the background for the ball."""

    def __init__(self, frames: int, background: bool, heatmap_stride: int) -> None:
        super().__init__()
        self.frames, self.background, self.heatmap_stride = frames, background, heatmap_stride

    def forward(self, frames: torch.Tensor, background: torch.Tensor | None = None) -> torch.Tensor:
        assert frames.shape[1:3] == (self.frames, 3)
        if self.background:
            frames = frames - background[:, None]
        small = functional.avg_pool2d(frames.mean(2), self.heatmap_stride)
        blurred = functional.avg_pool2d(small, 5, 1, 2)
        return blurred.clamp(1e-4, 1 - 1e-4).logit()


@pytest.fixture
def predictor():
    """Makes a predictor with the little detector, at 96x160."""

    def make(frames=3, background=False, heatmap_stride=1, threshold=0.15, **options) -> Predictor:
        model = Brightness(frames, background, heatmap_stride)
        network = TorchNetwork(model, precision="float32")
        codec = GaussianCodec(candidates=3, radius=6)
        return Predictor(network, codec, (96, 160), Letterbox, threshold, **options)

    return make
