"""A backbone of one's own takes one file and one YAML: those that docs/extending.md shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import torch
from omegaconf import OmegaConf

import tracknet.models.backbones
from tracknet.network import build_model

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text()
NAMED = dict(re.findall(r"```\w+ (\S+)\n(.*?)```", PAGE, re.DOTALL))
[INSIDE] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_outside_the_repository(tiny_data, tmp_path):
    for name, text in NAMED.items():
        write(tmp_path, name, text)
    run = tmp_path / "run"
    command = [
        *(sys.executable, ROOT / "scripts" / "train.py", "--config-dir", tmp_path / "configs"),
        *("backbone=strided", "decoder=unet", "debug=shapes"),
        *tiny_data,
        f"hydra.run.dir={run}",
    ]
    trained = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert trained.returncode == 0, trained.stderr
    assert "StridedBackbone" in trained.stdout
    checkpoint = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 1
    assert checkpoint["tracknet"]["config"]["backbone"]["width"] == 16
    assert {file.name for file in (run / ".hydra").iterdir()} == {
        *("config.yaml", "hydra.yaml", "overrides.yaml")
    }


def test_inside_the_repository(compose, monkeypatch, tmp_path):
    write(tmp_path, "strided_backbone.py", NAMED["strided_backbone.py"])
    write(tmp_path, "configs/backbone/strided.yaml", INSIDE)
    # As if the file lay beside the other backbones.
    package = tracknet.models.backbones
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    choice = [f"hydra.searchpath=[file://{tmp_path / 'configs'}]", "backbone=strided"]
    cfg = compose("train", [*choice, "decoder=fpn", "image_size=[64,128]", "paths.output=."])
    model = build_model(OmegaConf.to_container(cfg, resolve=True))
    with torch.no_grad():
        assert model(torch.zeros(1, model.frames, 3, 64, 128)).shape == (1, model.frames, 16, 32)
