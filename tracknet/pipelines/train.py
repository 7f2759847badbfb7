"""Trains a network from a configuration."""

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from omegaconf import DictConfig, OmegaConf

from tracknet.build import build, build_all, build_model
from tracknet.checkpoint import find_checkpoint, load, read_checkpoint, rewrite
from tracknet.data.formats.base import Dataset
from tracknet.data.store import StoredClip
from tracknet.devices import supports_bfloat16
from tracknet.errors import InputError, InputWarning
from tracknet.metrics import best_threshold
from tracknet.pipelines.card import print_card, print_next_steps
from tracknet.pipelines.common import build_dataset, candidates_of, find_clips, open_clips
from tracknet.pipelines.manifest import write_manifest
from tracknet.resume import check_same_network
from tracknet.training.callbacks import TimeLimit
from tracknet.training.datamodule import WindowDataModule
from tracknet.training.module import HeatmapModule


def train(cfg: DictConfig) -> dict[str, float]:
    """Trains, keeps the best checkpoint by validation F1, and returns the best figures.

    Raises:
        InputError: Sizes, data, settings or a checkpoint do not fit; nothing was trained.
        Interrupted: A signal came; the state of that batch is in `last.ckpt`.
    """
    config = OmegaConf.to_container(cfg, resolve=True)
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
    # What Lightning announces of itself and of the device stands in the start-up card.
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    for untrue_or_idle in (
        ".*LeafSpec.*",
        ".*your dataloader is not resumable.*",
        ".*exists and is not empty.*",
        ".*smaller than the logging interval.*",
    ):
        warnings.filterwarnings("ignore", untrue_or_idle)
    pl.seed_everything(config["seed"], verbose=False)

    model = build_model(config, weights)
    codec = build(config["codec"])
    size = tuple(config["image_size"])
    augmentation = build(config["transform"]) if config["transform"] else None
    if augmentation is not None and augmentation.crop is not None:
        model.backbone.check_size(tuple(augmentation.crop), model.heatmap_stride, "transform.crop")

    dataset = build_dataset(config)
    found = {split: find_clips(config, dataset, split) for split in ("train", "val")}
    splits = {split: open_clips(config, clips, size) for split, clips in found.items()}
    data = WindowDataModule(
        splits["train"],
        splits["val"],
        config["frames"],
        config["background"],
        augmentation,
        config["batch_size"],
        config["num_workers"],
        config["seed"],
        config["overfit"],
    )
    module = HeatmapModule(
        model,
        codec,
        build(config["loss"]),
        build(config["optimizer"]),
        build(config["scheduler"]),
        config,
        config["seed"],
    )
    limit = config["trainer"]["max_time"]
    trainer = build(
        {**config["trainer"], "precision": precision(config["trainer"]), "max_time": None},
        callbacks=[*build_all(config["callbacks"]), *([TimeLimit(limit)] if limit else [])],
        logger=build_all(config["logger"]),
    )
    print_card(config, model, splits, trainer, output)
    write_manifest(output / "manifest.json", config, model, splits, trainer)

    trainer.fit(module, datamodule=data, ckpt_path=start and str(start), weights_only=True)
    return finish(output, splits["val"], dataset)


def finish(output: Path, val: list[StoredClip], dataset: Dataset) -> dict[str, float]:
    """Chooses the threshold for overlapping windows too, stores it, and writes `summary.json`."""
    best = find_checkpoint(output)
    checkpoint = read_checkpoint(best)
    ours = checkpoint["tracknet"]
    predictor = load(best, overlap="mean")
    tracks = [
        clip.track(found[:, 0])
        for clip, found in zip(val, candidates_of(predictor, val), strict=True)
    ]
    threshold, f1 = best_threshold([clip.labels for clip in val], tracks)
    ours["thresholds"]["mean"] = threshold
    rewrite(best, checkpoint)
    figures = {
        "epoch": checkpoint["epoch"],
        "val_f1": ours["val_f1"],
        "threshold": ours["thresholds"]["none"],
        "val_f1_overlap_mean": f1,
        "threshold_overlap_mean": threshold,
    }
    (output / "summary.json").write_text(json.dumps(figures, indent=1) + "\n")
    print_next_steps(output, figures, dataset)
    return figures


def precision(trainer: dict[str, Any]) -> str:
    """Lightning's name of the precision; ``auto`` is mixed bfloat16 where the device has it."""
    if trainer["precision"] != "auto":
        return trainer["precision"]
    on_gpu = trainer["accelerator"] in ("auto", "gpu", "cuda") and torch.cuda.is_available()
    device = torch.device("cuda" if on_gpu else "cpu")
    return "bf16-mixed" if supports_bfloat16(device) else "32-true"


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
