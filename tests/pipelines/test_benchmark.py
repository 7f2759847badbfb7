"""What is timed is the training of the configuration, and its figures fit together."""

import json

import pytest

from tracknet.pipelines.benchmark import benchmark


def test_a_training_is_timed(compose, tiny_data, tiny_network, tmp_path):
    settings = [*tiny_data, *tiny_network, f"paths.output={tmp_path}", "transform=heavy"]
    # More batches than an epoch has.
    settings += ["transform.warp.crop=[32,64]", "num_workers=1", "pairs=2", "batches=6"]
    settings += ["sampling=clips", "batch_size=8"]
    figures = benchmark(compose("benchmark", settings))
    assert json.loads((tmp_path / "benchmark.json").read_text()) == figures
    middle, least, most = figures["ratio"]
    assert 0 < least <= middle <= most
    resident = figures["batch_pass_ms"] + figures["step_ms"]
    assert figures["resident_windows_per_s"] == pytest.approx(8 / resident * 1000)
    for name in ("decode_frames_per_s", "prepare_frames_per_s", "loader_windows_per_s"):
        assert figures[name] > 0
    assert figures["predict_frames_per_s"] > 0
    assert "cached" not in figures
    assert figures["device"] == "cpu"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["benchmark.json"]


def test_what_a_training_does_without_a_benchmark_does_without(
    compose, tiny_data, tiny_network, tmp_path
):
    settings = [*tiny_data, *tiny_network, f"paths.output={tmp_path}", "pairs=1", "batches=1"]
    settings += ["trainer.gradient_clip_val=null", "~callbacks.average"]
    assert benchmark(compose("benchmark", settings))["step_ms"] > 0


def test_prediction_with_cached_frames_takes_turns_with_whole_windows(
    compose, tiny_data, tiny_network, tmp_path
):
    settings = [*tiny_data, *tiny_network, f"paths.output={tmp_path}", "pairs=1", "batches=2"]
    settings += ["temporal=shared", "inputs=frames"]
    middle, least, most = benchmark(compose("benchmark", settings))["cached"]
    assert 0 < least <= middle <= most
