"""From nothing to a trajectory: train, evaluate, predict, and load in one line."""

import csv
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

import tracknet
from tracknet.build import build
from tracknet.data.predictions import PredictionError
from tracknet.devices import pick_device
from tracknet.errors import InputError
from tracknet.inference.network import WINDOWS
from tracknet.metrics import best_threshold
from tracknet.pipelines.common import candidates_of, open_clips
from tracknet.pipelines.evaluate import evaluate
from tracknet.pipelines.predict import predict
from tracknet.pipelines.settings import read_settings
from tracknet.record import CheckpointError, Record, read_checkpoint
from tracknet.video import read_frames

FRAMES = 24
COUNTS = {"tp", "fp1", "fp2", "fn", "tn", "precision", "recall", "f1", "accuracy"}
FRESH_PROCESS = """
import sys, numpy, torch, tracknet.checkpoint, tracknet.inference.predictor
print(*{"lightning", "transformers", "matplotlib"} & set(sys.modules))
checkpoint = torch.load(sys.argv[1], weights_only=True)
track = tracknet.checkpoint.load(sys.argv[1]).predict(numpy.zeros((5, 90, 160, 3), numpy.uint8))
print(checkpoint["tracknet"]["config"]["backbone"]["widths"], len(track))
print(*{"lightning", "transformers", "matplotlib"} & set(sys.modules))
"""


def rows_of(file):
    with open(file, newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def score(compose, tiny_data, tmp_path_factory):
    """Scores a checkpoint or a predictions file on the test split: (metrics, folder)."""

    def scored(*what: str):
        output = tmp_path_factory.mktemp("scored")
        overrides = [*tiny_data, *what, "split=test", f"paths.output={output}"]
        return evaluate(compose("evaluate", overrides)), output

    return scored


@pytest.fixture(scope="module")
def evaluated(score, tiny_run):
    return score(f"ckpt={tiny_run}", "threshold=0", "tracking=none")


@pytest.fixture(scope="module")
def video(resolved, tiny_data):
    """The rendered clip of the test split."""
    [clip], _ = build(resolved("evaluate", tiny_data), "data").clips("test")
    return clip.source


@pytest.fixture(scope="module")
def predicted(compose, tiny_run, video, tmp_path_factory):
    """The folder of the predictions of that clip."""
    output = tmp_path_factory.mktemp("predicted")
    overrides = [f"ckpt={tiny_run}", f"source={video}", "threshold=0", "tracking=none"]
    overrides += [f"paths.output={output}"]
    config = read_settings(compose("predict", overrides), "predict")
    predict(config, [video])
    return output


def test_a_run_directory_holds_the_pinned_files(tiny_run):
    manifest = json.loads((tiny_run / "manifest.json").read_text())
    assert manifest.keys() >= {"git_commit", "packages", "weights", "splits", "device", "seed"}
    assert manifest["splits"].keys() == {"train", "val"}
    summary = json.loads((tiny_run / "summary.json").read_text())
    assert summary.keys() >= {"epoch", "val_f1", "threshold", "val_f1_overlap_mean"}
    assert OmegaConf.load(tiny_run / "config.yaml").heatmap_stride == 4
    assert len(list((tiny_run / "images").glob("*.png"))) == 2
    rows = rows_of(tiny_run / "metrics.csv")
    assert {row["epoch"] for row in rows} == {"0", "1"}
    assert sum(bool(row["val/f1"]) for row in rows) == 2
    for name in ("best", "last"):
        assert (tiny_run / "checkpoints" / f"{name}.ckpt").is_file()


def test_a_fresh_process_needs_the_checkpoint_alone_and_nothing_heavy(tiny_run, tmp_path):
    file = shutil.copy(tiny_run / "checkpoints" / "best.ckpt", tmp_path / "alone.ckpt")
    command = [sys.executable, "-c", FRESH_PROCESS, file]
    fresh = subprocess.run(command, capture_output=True, text=True)
    assert fresh.returncode == 0, fresh.stderr
    assert fresh.stdout == "\n[8, 16, 16] 5\n\n"


def test_damage_that_is_found_before_there_is_a_network_fails(
    run_script, tiny_run, video, tmp_path
):
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(video.read_bytes()[: int(0.9 * video.stat().st_size)])
    settings = ["writers.overlay=null", f"hydra.run.dir={tmp_path}/out"]
    done = run_script("predict", f"ckpt={tiny_run}", f"source={cut}", *settings)
    assert done.returncode == 1
    assert "cut.mp4 is damaged; what could be read is in" in done.stderr
    assert 0 < len(rows_of(tmp_path / "out" / "cut.csv")) < FRAMES


def test_metrics_are_those_that_are_pinned(evaluated):
    metrics, output = evaluated
    assert metrics == json.loads((output / "metrics.json").read_text())
    assert (metrics["split"], metrics["dataset"]) == ("test", "synthetic")
    assert len(metrics["split_sha256"]) == 64
    assert metrics["protocols"]["strict"].keys() >= COUNTS
    assert metrics["protocols"]["wasb"].keys() >= COUNTS | {"ap", "rmse"}
    assert list(metrics["protocols"]) == [
        *("strict", "wasb", "tracknetv1", "tracknetv2", "tracknetv3")
    ]
    for counts in metrics["protocols"].values():
        assert counts.keys() >= COUNTS
        assert sum(counts[name] for name in ("tp", "fp1", "fp2", "fn", "tn")) == FRAMES
    assert len(metrics["localisation"]["pck"]) == 20
    assert list(metrics["breakdown"]["clip"]) == ["test/match1/r00001"]
    assert (output / "report.html").stat().st_size > 1000
    rows = rows_of(output / "predictions.csv")
    assert list(rows[0]) == ["Clip", "Frame", "Visibility", "X", "Y", "Score", "Source"]
    assert [row["Frame"] for row in rows] == [str(i) for i in range(FRAMES)]
    assert {row["Clip"] for row in rows} == {"test/match1/r00001"}


def test_predictions_scored_again_give_the_same_figures(score, evaluated):
    metrics, output = evaluated
    again, _ = score(f"predictions={output / 'predictions.csv'}")
    for part in ("protocols", "localisation", "breakdown", "split_sha256"):
        assert again[part] == metrics[part]


@pytest.mark.parametrize(
    "mode", [*(pytest.param(m, marks=pytest.mark.slow) for m in ("online", "offline")), "smooth"]
)
def test_a_checkpoint_and_its_candidates_are_tracked_alike(score, tiny_run, evaluated, mode):
    free = [f"tracking.{cost}=0" for cost in ("weak", "start", "turn")]
    choices = [f"tracking={mode}", *free, "threshold=1"]
    metrics, output = score(f"ckpt={tiny_run}", *choices)
    assert metrics["facts"]["tracking"] == mode
    _, plain = evaluated
    _, again = score(f"predictions={plain / 'predictions.csv'}", *choices)
    first, second = (rows_of(folder / "predictions.csv") for folder in (output, again))
    for one, other in zip(first, second, strict=True):
        for axis in "XY":  # candidates are written to two digits
            assert float(one.pop(axis)) == pytest.approx(float(other.pop(axis)), abs=0.02)
    assert first == second
    assert {row["Source"] for row in first} == {"tracked"}  # none reaches the threshold


def test_tracking_a_file_needs_a_threshold_and_candidates(score, evaluated, tmp_path):
    _, output = evaluated
    with pytest.raises(InputError, match="set threshold="):
        score(f"predictions={output / 'predictions.csv'}", "tracking=online")
    alone = shutil.copy(output / "predictions.csv", tmp_path / "predictions.csv")
    with pytest.raises(PredictionError, match=r"candidates.csv: no such file"):
        score(f"predictions={alone}", "tracking=online", "threshold=0.5")


def test_the_figures_at_one_half_are_those_of_that_threshold(score, evaluated, tiny_run):
    """The tiny network is sure of nothing: at threshold 0 it finds balls, at 0.5 none."""
    metrics, output = evaluated
    at_half, _ = score(f"ckpt={tiny_run}", "threshold=0.5", "tracking=none")
    assert metrics["protocols_at_0.5"] == at_half["protocols"] != metrics["protocols"]
    again, _ = score(f"predictions={output / 'predictions_at_0.5.csv'}")
    assert again["protocols"] == at_half["protocols"]
    assert "protocols_at_0.5" not in again


def test_a_video_gets_a_row_and_a_picture_for_every_frame(predicted, video):
    rows = rows_of(predicted / f"{video.stem}.csv")
    assert list(rows[0]) == ["Frame", "Visibility", "X", "Y", "Score", "Source"]
    assert [row["Frame"] for row in rows] == [str(i) for i in range(FRAMES)]
    pictures = list(read_frames(predicted / f"{video.stem}_overlay.mp4"))
    assert len(pictures) == FRAMES
    assert pictures[0].shape == next(read_frames(video)).shape


def test_load_predicts_what_the_script_writes(tiny_run, predicted, video):
    track = tracknet.load(tiny_run, threshold=0, tracking="none").predict(video)
    rows = rows_of(predicted / f"{video.stem}.csv")
    assert track.source.tolist() == [row["Source"] for row in rows] == ["detected"] * FRAMES
    xy = [(float(row["X"]), float(row["Y"])) for row in rows]
    assert np.allclose(track.xy, xy, atol=0.006)
    assert np.allclose(track.score, [float(row["Score"]) for row in rows], atol=1e-4)


def test_the_threshold_of_the_validation_split_comes_along(tiny_run):
    summary = json.loads((tiny_run / "summary.json").read_text())
    assert tracknet.load(tiny_run).threshold == summary["threshold_overlap_mean"]
    assert tracknet.load(tiny_run, quality="fast").threshold == summary["threshold"]


def test_batches_suit_the_device_by_default(compose, tiny_run):
    device = pick_device("auto").type
    assert tracknet.load(tiny_run).batch_size == WINDOWS[device]
    assert tracknet.checkpoint.load(tiny_run).batch_size == WINDOWS[device]
    assert compose("evaluate").batch_size == compose("predict").batch_size == "auto"


@pytest.mark.parametrize("overlap", ["mean", "weighted", "pool"])
def test_every_overlap_has_the_threshold_that_is_best_on_validation(
    compose, tiny_data, tiny_run, overlap, tmp_path
):
    settings = compose("evaluate", [*tiny_data, f"paths.output={tmp_path}"])
    config = OmegaConf.to_container(settings, resolve=True)
    clips, _ = build(config, "data").clips("val")
    clips = open_clips(config, clips)
    predictor = tracknet.load(tiny_run, overlap=overlap)
    tracks = [
        clip.track(found[:, 0])
        for clip, found in zip(clips, candidates_of(predictor, clips), strict=True)
    ]
    best, _ = best_threshold([clip.labels for clip in clips], tracks)
    assert predictor.threshold == best
    stored = Record.of(read_checkpoint(tiny_run)).thresholds
    assert stored[overlap] == best


def test_what_is_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"no such checkpoint; name a run directory"):
        tracknet.load(tmp_path)
    (tmp_path / "notes.ckpt").write_text("epoch 1: nice")
    with pytest.raises(CheckpointError, match=r"not a checkpoint: no file of weights, or damaged"):
        tracknet.load(tmp_path / "notes.ckpt")


def test_a_checkpoint_of_an_earlier_version_is_refused(tiny_run, tmp_path):
    checkpoint = read_checkpoint(tiny_run)
    del checkpoint["tracknet"]["config"]["inputs"]
    torch.save(checkpoint, tmp_path / "old.ckpt")
    with pytest.raises(CheckpointError, match=r"has no inputs: an earlier version .* anew"):
        tracknet.load(tmp_path / "old.ckpt")
