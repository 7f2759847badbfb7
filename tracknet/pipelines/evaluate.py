"""Scores a checkpoint, or a predictions file, on a labelled split."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from tracknet.build import build, build_all
from tracknet.checkpoint import read_trusted
from tracknet.data.predictions import candidates_beside, read_predictions
from tracknet.data.splits import split_sha256
from tracknet.data.store import StoredClip
from tracknet.errors import InputError
from tracknet.files import write_json
from tracknet.metrics import breakdown, localisation, score
from tracknet.owned import refuse_foreign
from tracknet.pipelines.common import find_clips, lengths_of, open_clips
from tracknet.pipelines.scored import by_network, from_file, half_beside
from tracknet.pipelines.settings import read_settings
from tracknet.pipelines.tables import print_metrics
from tracknet.report import write_report

SCORED = ("data", "split", "max_clips", "image_size", "fit")
"""Of the configuration: what was scored, for comparing on the same."""


def evaluate(cfg: DictConfig) -> dict[str, Any]:
    """Writes `predictions.csv`, `metrics.json` and `report.html`; returns the metrics.

    See `by_network` for what else a checkpoint's evaluation writes.

    Raises:
        InputError: Neither or both of ckpt and predictions are given, or they cannot be read; a
            setting is out of its range; or `predictions.csv` of somebody would be replaced.
    """
    config = read_settings(cfg, "evaluate")
    if (config["ckpt"] is None) == (config["predictions"] is None):
        raise InputError(
            "name what to score: ckpt=<run directory or file>, or predictions=<csv>, not both"
        )
    output = Path(config["paths"]["output"])
    output.mkdir(parents=True, exist_ok=True)
    file = output / "predictions.csv"
    dataset, split = build(config, "data"), config["split"]
    if config["ckpt"]:
        for own in (file, candidates_beside(file), half_beside(file)):
            refuse_foreign(own)  # before hours of work
        own = read_trusted(config["ckpt"], config["trust"])[1].config
        config |= {key: own[key] for key in ("image_size", "fit")}
    clips = open_clips(config, find_clips(config, dataset, split))
    lengths, labels = lengths_of(clips), [clip.labels for clip in clips]
    tracker, further = build(config, "tracking"), build_all(config, "protocols")
    predict = by_network if config["ckpt"] else from_file
    scored = predict(config, clips, tracker, file)
    # What stands in the file, so that scoring it again gives the same figures.
    tracks = list(read_predictions(file, lengths)[0].values())
    facts = {"dataset": f"{dataset.name} ({dataset.root})", "split": split}
    if tracker:
        facts["tracking"] = tracker.name
    facts |= {"frames without a row": "0", **scored.facts}
    metrics = {
        "split": split,
        "dataset": dataset.name,
        "split_sha256": split_sha256(clip.clip for clip in clips),
        "scored": {key: config[key] for key in SCORED},
        "facts": facts,
        "protocols": score(labels, tracks, further),
        "localisation": localisation(labels, tracks),
        "breakdown": breakdown(list(lengths), labels, tracks),
    }
    if scored.half:
        half = list(read_predictions(scored.half, lengths)[0].values())
        metrics |= {
            "frames_per_second": scored.speed,
            "protocols_at_0.5": score(labels, half, further),
        }
    metrics["median_clip"] = str(_median_clip(clips, metrics["breakdown"]["clip"]))
    write_json(output / "metrics.json", metrics)
    write_report(
        output / "report.html",
        title=f"{dataset.name} {split}",
        facts=facts,
        clips=[clip.clip for clip in clips],
        labels=labels,
        tracks=tracks,
        candidates=scored.best,
        metrics=metrics,
        run=Path(config["ckpt"]) if config["ckpt"] else None,
    )
    print_metrics(metrics, output)
    return metrics


def _median_clip(clips: Sequence[StoredClip], figures: dict[str, Any]) -> Path:
    """The source of the clip whose F1 is the median: a fair one to look at."""
    ranked = sorted(clips, key=lambda clip: figures[clip.clip.name]["f1"])
    return ranked[(len(ranked) - 1) // 2].clip.source


def headline(metrics: dict[str, Any]) -> dict[str, float]:
    """The figures of an evaluation that stand in the table of a sweep."""
    strict, wasb = (metrics["protocols"][name] for name in ("strict", "wasb"))
    speed = metrics.get("frames_per_second")
    return {
        "strict_f1": strict["f1"],
        **{f"wasb_{name}": wasb[name] for name in ("f1", "ap", "rmse")},
        **({"frames_per_second": speed} if speed else {}),
    }
