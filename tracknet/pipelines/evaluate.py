"""Scores a checkpoint, or a predictions file, on a labelled split."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from tracknet.build import build_all
from tracknet.checkpoint import read_trusted
from tracknet.data.formats.base import ALL
from tracknet.data.predictions import candidates_beside, read_predictions
from tracknet.data.splits import split_sha256
from tracknet.data.store import StoredClip
from tracknet.errors import InputError
from tracknet.files import write_json
from tracknet.metrics import breakdown, localisation, offset, score
from tracknet.owned import refuse_foreign
from tracknet.pipelines.common import find_clips, lengths_of, open_clips, open_dataset
from tracknet.pipelines.own import METRICS, SCORED, data_of, names_data, read_scored
from tracknet.pipelines.scored import by_network, from_file, half_beside
from tracknet.pipelines.settings import read_settings
from tracknet.pipelines.tables import print_metrics
from tracknet.record import find_checkpoint
from tracknet.report import write_report
from tracknet.zoo import or_models


def evaluate(cfg: DictConfig) -> dict[str, Any]:
    """Writes `predictions.csv`, `metrics.json` and `report.html`; returns the metrics.

    See `by_network` for what else a checkpoint's evaluation writes. Without ``data=`` the data is
    that of the run; a folder without splits is scored as a whole.

    Raises:
        InputError: Neither or both of ckpt and predictions are given, or they cannot be read; a
            setting is out of its range; or `predictions.csv` of somebody would be replaced.
    """
    config = read_settings(cfg, "evaluate")
    if (config["ckpt"] is None) == (config["predictions"] is None):
        raise InputError(
            f"name what to score: ckpt=<run directory, checkpoint file, {or_models()}>, or "
            "predictions=<csv>, not both"
        )
    config |= _own(config)
    dataset = open_dataset(config)
    if not getattr(dataset, "has_splits", True):
        config["split"] = ALL
    split, output = config["split"], Path(config["paths"]["output"])
    output.mkdir(parents=True, exist_ok=True)
    file = output / "predictions.csv"
    if config["ckpt"]:
        for own in (file, candidates_beside(file), half_beside(file)):
            refuse_foreign(own)  # before hours of work
    clips = open_clips(config, find_clips(config, dataset, split))
    lengths, labels = lengths_of(clips), [clip.labels for clip in clips]
    further = build_all(config, "protocols")
    predict = by_network if config["ckpt"] else from_file
    scored = predict(config, clips, file)
    # What stands in the file, so that scoring it again gives the same figures.
    tracks = list(read_predictions(file, lengths)[0].values())
    facts = {"dataset": f"{dataset.name} ({dataset.root})", "split": split}
    facts |= {"fold": config["fold"]} if config["fold"] is not None else {}
    facts |= {"frames without a row": "0", **scored.facts}
    metrics = {
        "split": split,
        "dataset": dataset.name,
        "split_sha256": split_sha256(clip.clip for clip in clips),
        "scored": {key: config[key] for key in SCORED},
        "facts": facts,
        "protocols": score(labels, tracks, further),
        "localisation": localisation(labels, tracks, scored.candidates),
        "breakdown": breakdown(list(lengths), labels, tracks, scored.candidates),
        "offset": offset(labels, tracks),
    }
    if scored.half:
        half = list(read_predictions(scored.half, lengths)[0].values())
        metrics |= {
            "frames_per_second": scored.speed,
            "weights_sha256": scored.weights,
            "protocols_at_0.5": score(labels, half, further),
        }
    metrics["median_clip"] = str(_median_clip(clips, metrics["breakdown"]["clip"]))
    write_json(output / METRICS, metrics)
    write_report(
        output / "report.html",
        title=f"{dataset.name} {split}",
        facts=facts,
        clips=[clip.clip for clip in clips],
        labels=labels,
        tracks=tracks,
        candidates=scored.candidates,
        metrics=metrics,
        run=Path(config["ckpt"]) if config["ckpt"] else None,
    )
    print_metrics(metrics, output)
    return metrics


def _median_clip(clips: Sequence[StoredClip], figures: dict[str, Any]) -> Path:
    """The source of the clip whose F1 is the median: a fair one to look at."""
    ranked = sorted(clips, key=lambda clip: figures[clip.clip.name]["f1"])
    return ranked[(len(ranked) - 1) // 2].clip.source


def _own(config: dict[str, Any]) -> dict[str, Any]:
    """What a checkpoint, or the evaluation that a predictions file is of, says of its data.

    Raises:
        InputError: It is needed, and not said, or names parts that it may not.
    """
    known = names_data(config)
    if config["predictions"]:
        if known:
            return {}
        beside = Path(config["predictions"]).with_name(METRICS)
        if not beside.is_file():
            raise InputError("which data? add data=<layout> data.root=<folder> split=<split>")
        scored = read_scored(beside, config)
        return {key: scored[key] for key in ("data", "fold", "image_size", "fit")}
    record = read_trusted(config["ckpt"], config["trust"])[1].config
    own = {key: record[key] for key in ("image_size", "fit")}
    if known:
        return own
    return own | data_of(record, config | own, find_checkpoint(config["ckpt"]))


def headline(metrics: dict[str, Any]) -> dict[str, Any]:
    """The figures of an evaluation that stand in the table of a sweep."""
    strict, wasb = (metrics["protocols"][name] for name in ("strict", "wasb"))
    speed = metrics.get("frames_per_second")
    fold = metrics["scored"]["fold"]
    return {
        **({} if fold is None else {"fold": fold}),
        "strict_f1": strict["f1"],
        **{f"wasb_{name}": wasb[name] for name in ("f1", "ap", "rmse")},
        **({"frames_per_second": speed} if speed else {}),
    }
