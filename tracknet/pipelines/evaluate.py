"""Scores a checkpoint, or a predictions file, on a labelled split."""

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf

from tracknet.build import build
from tracknet.checkpoint import load, read_checkpoint
from tracknet.data.predictions import (
    candidates_beside,
    read_candidates,
    read_predictions,
    write_candidates,
    write_predictions,
)
from tracknet.data.splits import split_sha256
from tracknet.data.store import StoredClip
from tracknet.errors import InputError
from tracknet.inference.tracking import Tracker
from tracknet.metrics import at_threshold, breakdown, localisation, score
from tracknet.pipelines.common import build_dataset, candidates_of, find_clips, open_clips
from tracknet.pipelines.settings import check_settings
from tracknet.pipelines.tables import print_metrics
from tracknet.report import write_report
from tracknet.types import Labels, Track


def evaluate(cfg: DictConfig) -> dict[str, Any]:
    """Writes `predictions.csv`, `metrics.json` and `report.html`; returns the metrics.

    From a checkpoint, all protocols are scored at threshold 0.5 too (`predictions_at_0.5.csv`),
    for comparison with runs whose best threshold is another.

    Raises:
        InputError: Neither or both of ckpt and predictions are given, or they cannot be read; or a
            setting is out of its range.
    """
    config = OmegaConf.to_container(cfg, resolve=True)
    check_settings(config)
    if (config["ckpt"] is None) == (config["predictions"] is None):
        raise InputError(
            "name what to score: ckpt=<run directory or file>, or predictions=<csv>, not both"
        )
    output = Path(config["paths"]["output"])
    output.mkdir(parents=True, exist_ok=True)
    dataset, split = build_dataset(config), config["split"]
    image_size = _image_size(config)
    clips = open_clips(config, find_clips(config, dataset, split), image_size)
    names = [clip.clip.name for clip in clips]
    facts = {"dataset": f"{dataset.name} ({dataset.root})", "split": split}

    labels, lengths = [clip.labels for clip in clips], {c.clip.name: len(c) for c in clips}
    tracker = build(config["tracking"]) if config["tracking"] else None
    if tracker:
        facts |= {"tracking": tracker.mode}
    best, by_network, predictions = None, {}, output / "predictions.csv"
    if config["ckpt"]:
        choices = {key: config[key] for key in ("threshold", "overlap", "device", "batch_size")}
        predictor = load(config["ckpt"], **choices)
        started = time.perf_counter()
        found = candidates_of(predictor, clips)
        best = [clip.track(c[:, 0]) for clip, c in zip(clips, found, strict=True)]
        originals = {
            name: _original(*pair) for name, *pair in zip(names, clips, found, strict=True)
        }

        def accepted(threshold: float) -> dict[str, Track]:
            if tracker:
                return _tracked(tracker, originals, threshold, labels)
            tracks = (at_threshold(track, threshold) for track in best)
            return dict(zip(names, tracks, strict=True))

        at_best, at_half = accepted(predictor.threshold), output / "predictions_at_0.5.csv"
        seconds = time.perf_counter() - started
        write_predictions(predictions, at_best)
        write_predictions(at_half, accepted(0.5))
        read, _ = read_predictions(at_half, lengths)
        by_network = {
            "frames_per_second": sum(lengths.values()) / seconds,
            "protocols_at_0.5": score(labels, [read[name] for name in names]),
        }
        write_candidates(candidates_beside(predictions), originals)
        facts |= {
            "checkpoint": str(config["ckpt"]),
            "threshold": f"{predictor.threshold:.2f}",
            "overlap": predictor.overlap,
        }
    elif tracker:
        threshold = config["threshold"]
        if threshold is None:
            raise InputError(
                "tracking a predictions file needs the threshold from which a candidate is "
                "certain; set threshold= to the one that its report names"
            )
        originals = read_candidates(candidates_beside(Path(config["predictions"])), lengths)
        write_predictions(predictions, _tracked(tracker, originals, threshold, labels))
        facts |= {"predictions": str(config["predictions"]), "threshold": f"{threshold:.2f}"}
    elif (threshold := config["threshold"]) is not None:
        given, missing = read_predictions(Path(config["predictions"]), lengths)
        kept = {name: at_threshold(track, threshold) for name, track in given.items()}
        write_predictions(predictions, kept)
        facts |= {
            "predictions": str(config["predictions"]),
            "threshold": f"{threshold:.2f}",
            # What is written has a row for each frame.
            "frames without a row": str(missing),
        }
    else:
        shutil.copyfile(config["predictions"], predictions)
        facts |= {"predictions": str(config["predictions"])}
    # The file is what is scored, so that scoring it again gives the same figures.
    read, missing = read_predictions(predictions, lengths)
    facts.setdefault("frames without a row", str(missing))
    tracks = [read[name] for name in names]
    metrics = {
        "split": split,
        "dataset": dataset.name,
        "split_sha256": split_sha256(clip.clip for clip in clips),
        "facts": facts,
        "protocols": score(labels, tracks),
        **by_network,
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
        candidates=best,
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


def _original(clip: StoredClip, candidates: np.ndarray) -> np.ndarray:
    """Candidates (N,K,3) in network pixels, moved to original ones."""
    xy = clip.letterbox.to_original(candidates[..., :2])
    return np.concatenate([xy, candidates[..., 2:]], -1)


def _tracked(
    tracker: Tracker,
    candidates: dict[str, np.ndarray],
    threshold: float,
    labels: Sequence[Labels],
) -> dict[str, Track]:
    return {
        name: tracker.track(found, threshold, clip.size)
        for (name, found), clip in zip(candidates.items(), labels, strict=True)
    }
