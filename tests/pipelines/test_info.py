"""``tracknet-info``: what a machine has, and what is in a run, whoever wrote it."""

import json
import os
import shutil
import sys
from importlib.metadata import version

import pytest
import torch

from tracknet.checkpoint import load
from tracknet.cli import info as command
from tracknet.pipelines.info import info
from tracknet.record import KEY, read_checkpoint


@pytest.fixture
def facts(capsys):
    """Line by line, what is said of what."""

    def of(*named: object) -> dict[str, str]:
        assert info([str(one) for one in named])
        lines, found, name = capsys.readouterr().out.splitlines(), {}, ""
        for line in lines:
            if line == "next:":
                break
            name = line[:12].strip() or name
            found[name] = f"{found.get(name, '')} {line[12:]}".strip()
        found["next"] = "\n".join(line.strip() for line in lines if line.startswith("  "))
        return found

    return of


def test_the_machine(facts):
    found = facts()
    assert f"torch {version('torch')}" in found["packages"]
    assert f"{os.cpu_count()} cores" in found["cpu"]
    assert found["python"].endswith(sys.executable)
    assert found["outputs"].endswith("B free")
    assert {"tracknet", "system", "models", "ffmpeg", "mps", "auto"} <= found.keys()
    assert any(name.startswith("cuda") for name in found)


def test_a_run(facts, tiny_run):
    found = facts(tiny_run)
    figures = json.loads((tiny_run / "summary.json").read_text())
    parameters = sum(p.numel() for p in load(tiny_run).network.model.parameters())
    assert found["checkpoint"].startswith(f"{tiny_run}/checkpoints/best.ckpt, ")
    assert found["network"].startswith("backbone=conv, decoder=unet, detail=conv, ")
    assert found["input"] == "5 frames of 64x128, heatmaps of every 4 pixels"
    assert found["parameters"] == f"{parameters:,}, random weights (ConvBackbone)"
    assert found["data"] == "synthetic"
    assert found["trained"].endswith("the run has 2 epochs")
    assert found["validation"] == f"strict F1 {figures['val_f1']:.3f}"
    assert f"{figures['threshold']:.2f} (overlap=none)" in found["threshold"]
    assert f"torch {version('torch')}" in found["written by"]
    assert f"resume={tiny_run} trainer.max_epochs=4" in found["next"]


def test_a_checkpoint_by_itself(facts, tiny_run, tmp_path):
    file = tmp_path / "mine.ckpt"
    shutil.copy(tiny_run / "checkpoints" / "best.ckpt", file)
    found = facts(file)
    assert "steps" in found["trained"]
    assert "the run" not in found["trained"]
    assert "written by" not in found
    assert "resume=" not in found["next"]


def test_a_run_without_a_best_checkpoint_and_one_whose_last_is_damaged(facts, tiny_run, tmp_path):
    early, damaged = tmp_path / "early", tmp_path / "damaged"
    for run in (early, damaged):
        shutil.copytree(tiny_run, run)
    (early / "checkpoints" / "best.ckpt").unlink()
    assert "last.ckpt" in facts(early)["checkpoint"]
    (damaged / "checkpoints" / "last.ckpt").write_bytes(b"PK")
    assert "last.ckpt is damaged" in facts(damaged)["trained"]


@pytest.mark.parametrize("name", ["Run (1), [a]=b #'1' & {x}: ~é", "--help", "1e5", "new\nline"])
def test_a_path_of_any_name(capsys, monkeypatch, tiny_run, tmp_path, name):
    shutil.copytree(tiny_run, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["scripts/info.py", "--", name])
    with pytest.raises(SystemExit, match="0"):
        command()
    assert "random weights (ConvBackbone)" in capsys.readouterr().out


def test_what_is_none_is_a_sentence_and_the_others_are_shown(capsys, tiny_run, tmp_path):
    (tmp_path / "match.mp4").write_bytes(b"no checkpoint")
    (tmp_path / "empty").mkdir()
    named = ["match.mp4", "empty", "nothing"]
    assert not info([*(str(tmp_path / name) for name in named), str(tiny_run)])
    out, said = capsys.readouterr()
    assert [line[:7] for line in said.splitlines()] == ["error: "] * 3
    assert "match.mp4: not a checkpoint" in said
    assert "ConvBackbone" in out


def test_nothing_of_somebody_elses_checkpoint_is_run(capsys, tiny_run, tmp_path):
    checkpoint = read_checkpoint(tiny_run)
    config = checkpoint[KEY]["config"]
    config["backbone"]["_target_"] = "theirs.Backbone"
    config["data"] = {"_target_": 7, "root": ["a"]}
    checkpoint["epoch"] = "\x1b[2J"
    (tmp_path / "checkpoints").mkdir()
    torch.save(checkpoint, tmp_path / "checkpoints" / "best.ckpt")
    (tmp_path / "manifest.json").write_text('{"packages": {"\\u001b[2J": 1}}')
    assert info([str(tmp_path)])
    out = capsys.readouterr().out
    assert "backbone=theirs.Backbone" in out
    assert "'trust=[theirs]'" in out
    assert "\x1b" not in out
