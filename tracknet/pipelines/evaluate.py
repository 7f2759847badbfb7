"""Scores a checkpoint, or a predictions file, on a labelled split."""

import json
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from tracknet.build import build
from tracknet.checkpoint import read_checkpoint
from tracknet.data.splits import split_sha256
from tracknet.errors import InputError
from tracknet.metrics import breakdown, localisation, score
from tracknet.pipelines.common import build_dataset, find_clips, open_clips
from tracknet.pipelines.predicted import by_network, from_file
from tracknet.pipelines.settings import read_settings
from tracknet.pipelines.tables import print_metrics
from tracknet.report import write_report


def evaluate(cfg: DictConfig) -> dict[str, Any]:
    """Writes `predictions.csv`, `metrics.json` and `report.html`; returns the metrics.

    See `by_network` for what else a checkpoint's evaluation writes.

    Raises:
        InputError: Neither or both of ckpt and predictions are given, or they cannot be read; or a
            setting is out of its range.
    """
    config = read_settings(cfg)
    if (config["ckpt"] is None) == (config["predictions"] is None):
        raise InputError(
            "name what to score: ckpt=<run directory or file>, or predictions=<csv>, not both"
        )
    output = Path(config["paths"]["output"])
    output.mkdir(parents=True, exist_ok=True)
    dataset, split = build_dataset(config), config["split"]
    clips = open_clips(config, find_clips(config, dataset, split), _image_size(config))
    names, labels = [clip.clip.name for clip in clips], [clip.labels for clip in clips]
    tracker = build(config, "tracking")
    predict = by_network if config["ckpt"] else from_file
    predicted = predict(config, clips, tracker, output / "predictions.csv")
    tracks = [predicted.tracks[name] for name in names]
    facts = {"dataset": f"{dataset.name} ({dataset.root})", "split": split}
    if tracker:
        facts["tracking"] = tracker.name
    facts |= {"frames without a row": str(predicted.missing), **predicted.facts}
    metrics = {
        "split": split,
        "dataset": dataset.name,
        "split_sha256": split_sha256(clip.clip for clip in clips),
        "facts": facts,
        "protocols": score(labels, tracks),
        **predicted.figures,
        "localisation": localisation(labels, tracks),
        "breakdown": breakdown(names, labels, tracks),
    }
    (output / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    write_report(
        output / "report.html",
        title=f"{dataset.name} {split}",
        facts=facts,
        clips=[clip.clip for clip in clips],
        labels=labels,
        tracks=tracks,
        candidates=predicted.best,
        metrics=metrics,
    )
    print_metrics(metrics, output)
    return metrics


def headline(metrics: dict[str, Any]) -> dict[str, float]:
    """The figures of an evaluation that stand in the table of a sweep."""
    strict, wasb = (metrics["protocols"][name] for name in ("strict", "wasb"))
    speed = metrics.get("frames_per_second")
    return {
        "strict_f1": strict["f1"],
        "wasb_f1": wasb["f1"],
        "wasb_ap": wasb["ap"],
        "wasb_rmse": wasb["rmse"],
        **({"frames_per_second": speed} if speed else {}),
    }


def _image_size(config: dict[str, Any]) -> tuple[int, int]:
    """The checkpoint's network size; without one, any size tells how many frames there are."""
    if config["ckpt"]:
        return tuple(read_checkpoint(config["ckpt"])["tracknet"]["config"]["image_size"])
    return tuple(config["image_size"])
