"""Trains a network on for videos that nobody has labelled, by what it is certain of in them."""

import shutil
import sys
from collections.abc import Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from tracknet.build import build
from tracknet.checkpoint import BUILT, load, read_trusted
from tracknet.console import fail, quoted, say, warn
from tracknet.data.formats.base import ALL, LabelError
from tracknet.data.formats.generic import Generic
from tracknet.data.formats.pseudo import Pseudo
from tracknet.data.mixed import Mixed
from tracknet.errors import InputError
from tracknet.files import write_json
from tracknet.pipelines.common import find_clips, open_clips, open_dataset
from tracknet.pipelines.compare import compare
from tracknet.pipelines.evaluate import evaluate
from tracknet.pipelines.own import data_of, names_data
from tracknet.pipelines.pseudo_labels import (
    counts_of,
    label_videos,
    print_labels,
    reasons_of,
    sha256_of,
)
from tracknet.pipelines.second_look import FirstLookTask
from tracknet.pipelines.settings import check_settings, read_settings
from tracknet.pipelines.tables import print_written
from tracknet.pipelines.train import train
from tracknet.record import LOOK, Record, find_checkpoint, read_checkpoint, rewrite
from tracknet.report import write_adaptation
from tracknet.training.callbacks import Interrupted
from tracknet.training.sampling import Sampling
from tracknet.trust import TARGET, as_list, check_targets
from tracknet.video import find_sources, is_stream

LEARNING = ("task", "loss", "transform", "parameters", "optimizer")
"""Of the run besides its network: how that learnt."""
RESULT = "adaptation.json"
"""What came of it; an adaptation that was stopped has none yet."""
OWN, VIDEOS = "own", "videos"
"""The parts of the data that is trained on: the run's own, and the pseudo-labelled one."""

Labelled = dict[str, Any]
"""What people have labelled: ``data``, ``fold``, and of what is scored ``split``."""


def adapt(cfg: DictConfig) -> dict[str, Any]:
    """Labels videos by a run, trains it on with them, and keeps what comes of it if it is no worse.

    The run directory that comes of it holds `labels/`, `reference/` with both evaluations on what
    people have labelled and their comparison, `adaptation.json` and `adaptation.html` as well.

    Returns:
        What `adaptation.json` holds.

    Raises:
        InputError: The run, the reference or a setting cannot be used, or nothing of the videos is
            certain enough.
        SystemExit: The network was worse than before, so that the run has the old weights; or a
            video could not be used.
    """
    config = read_settings(cfg, "adapt")
    output = Path(config["paths"]["output"])
    if (output / RESULT).is_file():
        raise InputError(f"{output}: holds a whole adaptation; choose another hydra.run.dir")
    teacher = find_checkpoint(config["ckpt"])
    trust = as_list(config["trust"])
    checkpoint, record = read_trusted(teacher, trust)
    check_targets(record.config, LEARNING, trust, teacher)
    sources = find_sources(config["source"])
    if streams := [source for source in sources if is_stream(source)]:
        raise InputError(f"source={streams[0]} is a stream; adapt to a file of it")
    own = _own_data(config, record.config, teacher)
    reference = _reference(config, own)
    training = _training(config, record, teacher, _mixed(own, reference, output / "labels"))
    if LOOK in checkpoint:
        training["task"] = {TARGET: _name_of(FirstLookTask), "tracker": str(teacher)}
    check_settings(training, "train")
    if reference:
        _score(config, record, teacher, reference, output / "reference" / "before")

    predictor = load(teacher, quality="best", device=config["device"], trust=trust)
    made_by = {"network": sha256_of(teacher), "selection": config["selection"]}
    selection = build(config, "selection")
    paths = [Path(source) for source in sources]
    videos, broken = label_videos(predictor, selection, paths, output / "labels", made_by)
    own_clips = "the run's own validation clips" if reference else "nothing"
    mixed = own["data"] if own else {TARGET: "nothing"}
    facts = {
        "run": str(config["ckpt"]),
        "mixed with": str(mixed.get("root") or mixed[TARGET]),
        "measured on": config["reference"] or own_clips,
        "threshold": f"{predictor.threshold:.2f}",
    }
    counts = {name: dict(counts_of(video["segments"])) for name, video in videos.items()}
    result: dict[str, Any] = {"videos": counts}
    print_labels(videos, output / "labels")
    reasons = reasons_of(videos)
    if not any(count["ball"] for count in counts.values()):
        why = "; ".join([*broken, *(f"{why}: {n} frames" for _, why, _, n in reasons)])
        raise InputError(f"no path in {len(paths)} videos is certain enough to learn from: {why}")
    clips = open_clips(training, find_clips(training, Pseudo(output / "labels"), "train"))
    page = partial(write_adaptation, output / "adaptation.html", facts, videos, reasons, clips)
    page(result)

    try:
        train(OmegaConf.create(training))
    except Interrupted as stop:
        warn(f"stopped; the same command goes on with {quoted(f'hydra.run.dir={output}')}")
        sys.exit(stop.code)
    result |= _judged(config, record, teacher, reference)
    page(result)
    write_json(output / RESULT, result)
    print_written(output, RESULT, "adaptation.html")
    if not result["kept"]:
        broken.append(
            f"{output}: strict F1 fell from {result['before']:.3f} to {result['after']:.3f} on "
            f"what is labelled, by more than tolerance={config['tolerance']}; the run has the old "
            "weights, and the worse ones are in checkpoints/rejected.ckpt"
        )
    elif reference:
        say(f"strict F1 {result['before']:.3f} before, {result['after']:.3f} after", result=True)
    if broken:
        fail(*broken)
    return result


def _own_data(
    config: Mapping[str, Any], record: Mapping[str, Any], teacher: Path
) -> Labelled | None:
    """The data that the run was trained on, if it is still there.

    Raises:
        InputError: It was named, and cannot be read.
    """
    try:
        if names_data(config):
            own = {"data": config["data"], "fold": None}
        else:
            own = data_of(record, config, teacher)
        dataset = open_dataset(own)
        for split in ("train", "val"):
            clips, problems = dataset.clips(split)
            if not clips:
                raise LabelError(problems[0].message)
    except (InputError, OSError) as error:
        if "data" in config:
            raise
        warn(
            f"the run's own data cannot be read ({error}); without it the network soon forgets "
            "what is not in the videos. Say where it is by data=<layout> data.root=<folder>"
        )
        return None
    return own


def _reference(config: Mapping[str, Any], own: Labelled | None) -> Labelled | None:
    """What people have labelled, to measure by."""
    if config["reference"]:
        generic = {TARGET: _name_of(Generic), "root": config["reference"]}
        splits = {split: [split] for split in ("train", "val", "test")}
        return {"data": generic | {"splits": splits}, "fold": None, "split": ALL}
    if own:
        return own | {"split": "val"}
    warn(
        "nothing labelled says whether the network gets better or worse; name some clips of the "
        "same place by reference=<folder>"
    )
    return None


def _mixed(own: Labelled | None, reference: Labelled | None, labels: Path) -> Labelled:
    """What to train on; the run's own data validates, else the reference, else the same labels."""
    pseudo = {TARGET: _name_of(Pseudo), "root": str(labels), "splits": ["train"]}
    parts = {VIDEOS: pseudo}
    fold = None
    if own:
        parts[OWN] = own["data"]
        fold = own["fold"] and f"{OWN}/{own['fold']}"
    elif reference:
        dataset = build(reference, "data")
        folders = [*chain.from_iterable(dataset.splits.values())] if dataset.has_splits else ["."]
        parts["reference"] = reference["data"] | {"splits": {"val": folders}}
    else:
        pseudo["splits"] = ["train", "val"]
    return {"data": {TARGET: _name_of(Mixed), "parts": parts}, "fold": fold}


def _training(
    config: Mapping[str, Any], record: Record, teacher: Path, labelled: Labelled
) -> dict[str, Any]:
    """The configuration of the training: the run's own network, and how that learnt, but gently."""
    output, there = Path(config["paths"]["output"]), record.config
    taken = {*BUILT, *LEARNING, "batch_size", "resident"} & there.keys()
    given = ("scheduler", "trainer", "callbacks", "logger", "paths", "seed", "num_workers", "quiet")
    training = {key: there[key] for key in sorted(taken)} | {key: config[key] for key in given}
    optimizer = dict(there.get("optimizer") or {})
    if "lr" in optimizer:
        optimizer["lr"] = optimizer["lr"] * config["rate"]
    own = OWN in labelled["data"]["parts"]
    share = config["share"] if own else 1.0
    weights = {VIDEOS: share} | ({OWN: 1 - share} if own else {})
    begun = _is_begun(output / "checkpoints")
    return training | {
        **labelled,
        "command": "train",
        "optimizer": optimizer,
        "sampling": {TARGET: _name_of(Sampling), "balance": "dataset", "weights": weights},
        "init_from": None if begun else str(teacher),
        "resume": str(output) if begun else None,
        "ckpt_path": None,
        "overfit": None,
        "max_clips": None,
        "strict": False,
        "trust": config["trust"],
    }


def _is_begun(checkpoints: Path) -> bool:
    """Whether a training was stopped that can go on; one without a checkpoint is forgotten."""
    if any(checkpoints.glob("[!.]*.ckpt")):
        return True
    shutil.rmtree(checkpoints, ignore_errors=True)
    return False


def _score(
    config: Mapping[str, Any], record: Record, ckpt: Path, reference: Labelled, folder: Path
) -> None:
    """An evaluation, as the command makes it."""
    settings = {
        **reference,
        "command": "evaluate",
        "ckpt": str(ckpt),
        "predictions": None,
        "threshold": None,
        "quality": "best",
        "overlap": None,
        "batch_size": "auto",
        "image_size": record.config["image_size"],
        "fit": record.config["fit"],
        "max_clips": None,
        "strict": False,
        "paths": config["paths"] | {"output": str(folder)},
    }
    own = {key: config[key] for key in ("device", "quiet", "trust")}
    evaluate(OmegaConf.create(own | settings))


def _judged(
    config: Mapping[str, Any], record: Record, teacher: Path, reference: Labelled | None
) -> dict[str, Any]:
    """Measures what was trained, and takes it back where it is worse.

    Returns:
        `kept`, and what `_compared` gives.
    """
    output = Path(config["paths"]["output"])
    best = find_checkpoint(output)
    if reference is None:
        _keep_thresholds(best, record)
        return {"kept": True}
    _score(config, record, output, reference, output / "reference" / "after")
    figures = _compared(config, record, output / "reference")
    kept = figures["difference"] >= -config["tolerance"]
    if not kept:
        _take_back(best, teacher)
    return figures | {"kept": kept}


def _compared(config: Mapping[str, Any], record: Record, folder: Path) -> dict[str, Any]:
    """Strict F1 before and after, and their difference with its interval."""
    settings = {
        "command": "compare",
        "runs": [str(folder / "before"), str(folder / "after")],
        "fold": None,
        "split": "test",
        "max_clips": None,
        "image_size": record.config["image_size"],
        "fit": record.config["fit"],
        "strict": False,
        "trust": config["trust"],
        "paths": config["paths"] | {"output": str(folder)},
    }
    runs = compare(OmegaConf.create(settings))["runs"]
    before, after = (runs[name]["strict"] for name in ("before", "after"))
    return {
        "before": before["f1"],
        "after": after["f1"],
        "difference": after["difference"],
        "difference_interval": after["difference_interval"],
    }


def _keep_thresholds(best: Path, record: Record) -> None:
    """Gives a network the thresholds of the old one: pseudo-labels cannot tell better ones."""
    checkpoint = read_checkpoint(best)
    own = Record.of(checkpoint)
    own.thresholds.update(record.thresholds)
    own.put_into(checkpoint)
    rewrite(best, checkpoint)


def _take_back(best: Path, teacher: Path) -> None:
    """Puts the old network in the place of the new one, which is kept beside it."""
    shutil.copyfile(best, best.with_name("rejected.ckpt"))
    rewrite(best, read_checkpoint(teacher))


def _name_of(part: type) -> str:
    return f"{part.__module__}.{part.__qualname__}"
