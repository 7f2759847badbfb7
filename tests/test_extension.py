"""Twelve changes from outside, each one file and one YAML: those that docs/extending.md shows."""

import csv
import json
import os
import re
from fractions import Fraction
from pathlib import Path

import pytest
import torch

import tracknet.models.backbones
from tracknet.data.predictions import VIDEO_COLUMNS
from tracknet.network import build_model
from tracknet.video import VideoWriter

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text()
FILES = dict(re.findall(r"```\w+ (\S+)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = {
    command: dict(re.findall(rf"(\w+)=({'|'.join(Path(f).stem for f in FILES)})\b", arguments))
    for command, arguments in re.findall(
        r"scripts/(\w+)\.py ((?:.*\\\n)*.*)", re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)[0]
    )
}
"""Of the page's commands: which choice of which group."""
SIZE, FRAMES = (64, 128), 16


@pytest.fixture(scope="module")
def outside(tmp_path_factory) -> Path:
    """The page's files, and clips in its layout, in a folder of their own."""
    folder = tmp_path_factory.mktemp("my")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for split in ("train", "val", "test"):
        (folder / "clips" / split).mkdir(parents=True)
        write_clip(folder / "clips" / split / "rally")
    return folder


def write_clip(path: Path) -> None:
    """A white square that flies to the right, gone in the last frame."""
    lines = []
    with VideoWriter(path.with_suffix(".mp4"), SIZE, Fraction(25)) as video:
        for i in range(FRAMES):
            frame = torch.full((*SIZE, 3), 40, dtype=torch.uint8).numpy()
            x, y = 20 + 5 * i, 30
            seen = i < FRAMES - 1
            if seen:
                frame[y - 2 : y + 3, x - 2 : x + 3] = 255
            video.write(frame)
            lines.append(f"{x} {y}\n" if seen else "-\n")
    path.with_suffix(".txt").write_text("".join(lines))


@pytest.fixture(scope="module")
def commands(run_script, outside) -> dict[str, Path]:
    """The page's three commands, run to their end; where each one wrote."""
    runs = {}
    data = [f"data.root={outside / 'clips'}", f"paths.store={outside / 'store'}"]
    for command, own in (
        ("train", [*data, "image_size=[64,128]", "batch_size=4", "trainer.max_epochs=2"]),
        ("evaluate", [*data, "ckpt={train}", "data=lines"]),
        ("predict", ["ckpt={train}", f"source={outside / 'clips' / 'test' / 'rally.mp4'}"]),
    ):
        runs[command] = outside / command
        choices = [f"{group}={choice}" for group, choice in COMMANDS[command].items()]
        trust = [] if command == "train" else re.findall(r"^mine='(.*)'$", PAGE, re.MULTILINE)
        settings = [*trust, *(setting.format(**runs) for setting in own)]
        done = run_script(
            *(command, "--config-dir", outside / "configs", *choices, *settings),
            f"hydra.run.dir={runs[command]}",
            PYTHONPATH=f"{outside}{os.pathsep}{ROOT}",
        )
        assert done.returncode == 0, done.stderr
        (runs[command] / "printed").write_text(done.stdout)
    return runs


def test_there_are_twelve_each_with_one_choice():
    modules = {name.removesuffix(".py") for name in FILES if name.endswith(".py")}
    targets = re.findall(r"_target_: (\w+)\.", "".join(v for k, v in FILES.items() if "yaml" in k))
    assert len(modules) == 12
    assert sorted(targets) == sorted(modules)
    groups = [Path(name).parent.name for name in FILES if name.endswith(".yaml")]
    assert sorted(groups) == sorted({g for chosen in COMMANDS.values() for g in chosen})


def test_a_network_of_these_parts_is_trained(commands):
    checkpoint = torch.load(commands["train"] / "checkpoints" / "last.ckpt", weights_only=True)
    config = checkpoint["tracknet"]["config"]
    for group, choice in COMMANDS["train"].items():
        mine = re.findall(r"_target_: (\S+)", FILES[f"configs/{group}/{choice}.yaml"])
        assert mine[0] in json.dumps(config[group])
    printed = (commands["train"] / "printed").read_text()
    assert all(part in printed for part in ("GrayInput", "StridedBackbone", "PlainDecoder"))
    assert "'trust=[gray_input,mixing_time,plain_decoder,square_codec,strided_backbone]'" in printed
    assert any("temporal.mixers" in name for name in checkpoint["state_dict"])
    logged = [
        json.loads(line) for line in (commands["train"] / "log.jsonl").read_text().splitlines()
    ]
    assert {"val/loss", "val/f1", "val/predictions"} <= {key for row in logged for key in row}


def test_it_is_scored_by_this_protocol_with_this_tracker(commands):
    metrics = json.loads((commands["evaluate"] / "metrics.json").read_text())
    assert metrics["facts"]["tracking"] == "nearest"
    for kind in ("protocols", "protocols_at_0.5"):
        counts = metrics[kind]["ten_px"]
        assert sum(counts[name] for name in ("tp", "fp1", "fp2", "fn", "tn")) == FRAMES
    assert "ten_px" in (commands["evaluate"] / "printed").read_text()
    assert "ten_px" in (commands["evaluate"] / "report.html").read_text()


def test_its_predictions_are_written_by_this_writer_too(commands):
    written = commands["predict"]
    assert (written / "rally.svg").read_text().startswith("<svg ")
    assert str(written / "rally.svg") in (written / "printed").read_text()
    with open(written / "rally.csv") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == VIDEO_COLUMNS
    assert len(rows) == FRAMES
    assert (written / "rally_overlay.mp4").is_file()


def test_inside_the_repository(resolved, monkeypatch, outside):
    # As if the file lay beside the other backbones.
    package = tracknet.models.backbones
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(outside)])
    target = f"backbone._target_={package.__name__}.strided_backbone.StridedBackbone"
    choice = [f"hydra.searchpath=[file://{outside / 'configs'}]", "backbone=strided", target]
    model = build_model(resolved("train", [*choice, "decoder=fpn", "image_size=[64,128]"]))
    with torch.no_grad():
        assert model(*model.blank((64, 128))).shape == (1, model.frames, 16, 32)
