"""A training configuration -> the network, how it learns, and the data it learns from."""

import logging
import warnings
from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from tracknet.build import build
from tracknet.data.formats.base import Dataset
from tracknet.data.store import StoredClip
from tracknet.devices import supports_bfloat16
from tracknet.errors import InputError, InputWarning
from tracknet.network import build_model
from tracknet.pipelines.common import build_dataset, find_clips, open_clips
from tracknet.training.datamodule import WindowDataModule
from tracknet.training.module import HeatmapModule

GENTLE = 3e-4
"""The highest learning rate at which nobody wonders where pretrained weights went."""


@dataclass(frozen=True)
class Training:
    """What a trainer needs, and what it was made of.

    Attributes:
        dataset: Where the clips were found.
        splits: ``train`` and ``val`` as stored clips.
        data: Their windows.
        module: The network and how it learns.
    """

    dataset: Dataset
    splits: dict[str, list[StoredClip]]
    data: WindowDataModule
    module: HeatmapModule


def assemble(config: dict[str, Any], weights: dict[str, Any] | None = None) -> Training:
    """Builds network and data of a training configuration; decodes clips that are not stored.

    Args:
        config: Resolved.
        weights: The record of a checkpoint's weights, whose network is built again.

    Raises:
        InputError: Sizes, data or settings do not fit.
    """
    model = build_model(config, weights)
    codec = build(config, "codec")
    size = tuple(config["image_size"])
    augmentation = build(config, "transform")
    if augmentation is not None and augmentation.crop is not None:
        model.backbone.check_size(tuple(augmentation.crop), model.heatmap_stride, "transform.crop")

    backbone, rate = model.backbone, config["optimizer"].get("lr") or 0
    if backbone.weights["kind"] == "pretrained" and not backbone.frozen and rate > GENTLE:
        warnings.warn(
            f"optimizer.lr={rate} suits networks from nothing, and {backbone.weights['name']} is "
            "pretrained, which it soon forgets; take optimizer.lr=1e-4, as experiment=finetune_vit "
            "does",
            InputWarning,
            stacklevel=2,
        )

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
        build(config, "sampling"),
        config["resident"],
    )
    module = HeatmapModule(
        model,
        codec,
        build(config, "loss"),
        build(config, "optimizer"),
        build(config, "scheduler"),
        config,
        config["seed"],
    )
    return Training(dataset, splits, data, module)


def build_trainer(config: dict[str, Any], callbacks: list, logger: Any, **own: Any) -> Trainer:
    """Lightning's trainer; `own` takes the place of what the configuration says.

    Raises:
        InputError: Lightning refuses its settings.
    """
    trainer = config["trainer"]
    own = {"precision": _precision(trainer), "max_time": None, **own}
    try:
        return build({"trainer": trainer | own}, "trainer", callbacks=callbacks, logger=logger)
    except (MisconfigurationException, TypeError) as error:  # what fits no device of this machine
        raise InputError(f"trainer: {error}") from error


def _precision(trainer: dict[str, Any]) -> str:
    """Lightning's name of the precision; ``auto`` is mixed bfloat16 where the device has it."""
    if trainer["precision"] != "auto":
        return trainer["precision"]
    on_gpu = trainer["accelerator"] in ("auto", "gpu", "cuda") and torch.cuda.is_available()
    device = torch.device("cuda" if on_gpu else "cpu")
    return "bf16-mixed" if supports_bfloat16(device) else "32-true"


def quiet_lightning() -> None:
    """Silences what Lightning announces of itself, which the start-up card says, or untruly."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    for untrue_or_idle in (
        ".*LeafSpec.*",
        ".*your dataloader is not resumable.*",
        ".*exists and is not empty.*",
        ".*smaller than the logging interval.*",
    ):
        warnings.filterwarnings("ignore", untrue_or_idle)
