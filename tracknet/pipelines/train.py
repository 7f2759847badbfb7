"""Trains a network from a configuration."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf

from tracknet.build import build_all
from tracknet.checkpoint import find_checkpoint, load, read_checkpoint, rewrite
from tracknet.data.formats.base import Dataset
from tracknet.data.store import StoredClip
from tracknet.errors import InputError, InputWarning
from tracknet.metrics import best_threshold
from tracknet.pipelines.assemble import assemble, build_trainer, quiet_lightning
from tracknet.pipelines.card import print_card, print_next_steps
from tracknet.pipelines.common import candidates_of_overlaps
from tracknet.pipelines.manifest import write_manifest
from tracknet.pipelines.settings import read_settings
from tracknet.resume import OVERRIDES, check_same_batches, check_same_network
from tracknet.training.callbacks import TimeLimit


def train(cfg: DictConfig, overrides: Sequence[str] | None = None) -> dict[str, float]:
    """Trains, keeps the best checkpoint by validation F1, and returns the best figures.

    On several devices, Lightning starts the program once more for each further one.

    Args:
        cfg: As composed.
        overrides: What `cfg` was composed with, for a later ``resume=``; None keeps nothing.

    Raises:
        InputError: Sizes, data, settings or a checkpoint do not fit; nothing was trained.
        Interrupted: A signal came; the state of that batch is in `last.ckpt`.
    """
    config = read_settings(cfg)
    output = Path(config["paths"]["output"])
    output.mkdir(parents=True, exist_ok=True)
    start = _start(config, output)
    if start is None and (output / "checkpoints").is_dir():
        raise InputError(
            f"{output} holds a training run already; go on with it by resume={output}, or choose "
            "another hydra.run.dir"
        )
    weights = None
    if start:
        checkpoint = read_checkpoint(start)
        saved = checkpoint["tracknet"]
        argument = "resume=" if config["resume"] else "ckpt_path="
        check_same_network(saved["config"], config, argument)
        check_same_batches(checkpoint, config, argument)
        # The network that was trained, whatever weights this machine has by now.
        weights = saved["weights"]
        done = checkpoint["loops"]["fit_loop"]["epoch_progress"]["current"]["completed"]
        if done >= config["trainer"]["max_epochs"]:
            warnings.warn(
                f"all {done} epochs are trained already; for more, add trainer.max_epochs=<more>",
                InputWarning,
                stacklevel=2,
            )
    OmegaConf.save(OmegaConf.create(config), output / "config.yaml")
    if overrides is not None:
        OmegaConf.save(OmegaConf.create(list(overrides)), output / OVERRIDES)
    quiet_lightning()
    pl.seed_everything(config["seed"], verbose=False)

    limit = config["trainer"]["max_time"]
    callbacks = [*build_all(config, "callbacks"), *([TimeLimit(limit)] if limit else [])]
    trainer = build_trainer(config, callbacks, build_all(config, "logger"))
    parts = assemble(config, weights)
    parts.data.check_devices(trainer.world_size)
    model, splits = parts.module.model, parts.splits
    if trainer.is_global_zero:
        print_card(config, model, splits, parts.data, trainer, output)
        write_manifest(output / "manifest.json", config, model, splits, trainer)

    try:
        trainer.fit(
            parts.module, datamodule=parts.data, ckpt_path=start and str(start), weights_only=True
        )
    except MisconfigurationException as error:
        raise InputError(f"trainer: {error}") from error
    # Of several devices' processes one has the results.
    return finish(output, splits["val"], parts.dataset) if trainer.is_global_zero else {}


def finish(output: Path, val: list[StoredClip], dataset: Dataset) -> dict[str, float]:
    """Chooses every kind of overlap's threshold, stores them, and writes `summary.json`."""
    best = find_checkpoint(output)
    checkpoint = read_checkpoint(best)
    ours = checkpoint["tracknet"]
    labels, f1 = [clip.labels for clip in val], {}
    for overlap, clips in candidates_of_overlaps(load(best), val).items():
        if overlap == "none":  # chosen with the checkpoint itself
            continue
        tracks = [clip.track(found[:, 0]) for clip, found in zip(val, clips, strict=True)]
        ours["thresholds"][overlap], f1[overlap] = best_threshold(labels, tracks)
    rewrite(best, checkpoint)
    figures = {
        "epoch": checkpoint["epoch"],
        "val_f1": ours["val_f1"],
        "threshold": ours["thresholds"]["none"],
        "val_f1_overlap_mean": f1["mean"],
        "threshold_overlap_mean": ours["thresholds"]["mean"],
    }
    (output / "summary.json").write_text(json.dumps(figures, indent=1) + "\n")
    print_next_steps(output, figures, dataset)
    return figures


def _start(config: dict[str, Any], output: Path) -> Path | None:
    """The checkpoint that training goes on from; None for a new run.

    Raises:
        CheckpointError: It is named, but there is none.
    """
    if config["ckpt_path"] == "last" and not config["resume"]:
        last = output / "checkpoints" / "last.ckpt"
        return last if last.is_file() else None
    named = config["resume"] or config["ckpt_path"]
    return find_checkpoint(named, "last") if named else None
