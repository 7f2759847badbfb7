"""Heatmap networks: trained on windows, validated by strict F1."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer

from tracknet.build import build, build_named
from tracknet.checkpoint import load, own_packages
from tracknet.data.augment import Augmentation
from tracknet.data.formats.base import Dataset
from tracknet.data.store import StoredClip
from tracknet.errors import InputError, InputWarning
from tracknet.files import write_json
from tracknet.inference.overlap import OVERLAPS
from tracknet.inference.predictor import Predictor
from tracknet.metrics import best_threshold
from tracknet.models import HeatmapModel
from tracknet.network import build_model, freeze_unreached
from tracknet.pipelines.card import print_card, print_next_steps, write_manifest
from tracknet.pipelines.common import candidates_of, find_clips, open_clips, open_dataset
from tracknet.pipelines.task import Training
from tracknet.record import Record, find_checkpoint, read_checkpoint, rewrite
from tracknet.training.datamodule import WindowDataModule
from tracknet.training.module import HeatmapModule
from tracknet.training.validation import Validation

LEARNING = ("codec", "loss", "parameters", "optimizer", "scheduler")
GENTLE = 3e-4
"""The highest learning rate at which nobody wonders where pretrained weights went."""


@dataclass(frozen=True)
class HeatmapTraining(Training):
    """What a `HeatmapTask` assembles."""

    data: WindowDataModule
    module: HeatmapModule


class HeatmapTask:
    """Trains a `HeatmapModule`; see `Task`."""

    needs = ("inputs", "fit", "temporal", "backbone", "decoder", "head", *LEARNING)
    step: int | None = 1
    """Frames from one training window's start to the next one's; None: of a window."""

    def clips(self, config: dict[str, Any], dataset: Dataset) -> dict[str, list[StoredClip]]:
        """What is trained and validated on, by split."""
        found = {split: find_clips(config, dataset, split) for split in ("train", "val")}
        opened = {split: open_clips(config, clips) for split, clips in found.items()}
        # A network that predicts does not see frames that repeat the one before either.
        return {split: [clip.once() for clip in clips] for split, clips in opened.items()}

    def assemble(
        self, config: dict[str, Any], trainer: Trainer, weights: dict[str, Any] | None = None
    ) -> HeatmapTraining:
        model = build_model(config, weights)
        freeze_unreached(model)
        steps = build_named(config, "transform")
        for name, step in steps.items():
            if crop := getattr(step, "crop", None):
                key = f"transform.{name}.crop"
                model.backbone.check_size(tuple(crop), model.heatmap_stride, key)
            if getattr(step, "needs_background", False) and not model.background:
                raise InputError(
                    f"transform.{name}: puts other backgrounds behind the frames, and the network "
                    "sees none; add inputs.background=true, or take transform=strong"
                )
        _warn_of_rate(model, config["optimizer"].get("lr") or 0)

        dataset = open_dataset(config)
        splits = self.clips(config, dataset)
        data = WindowDataModule(
            splits["train"],
            splits["val"],
            model.frames,
            model.background,
            Augmentation(steps) if steps else None,
            config["batch_size"],
            config["num_workers"],
            config["seed"],
            config["overfit"],
            build(config, "sampling"),
            config["resident"],
            self.step or model.frames,
        )
        data.check_devices(trainer.world_size)
        learning = {name: build(config, name) for name in LEARNING}
        learning["validation"] = Validation(data.val_windows.clips)
        module = HeatmapModule(model, **learning, config=config, seed=config["seed"])
        module.total_steps = data.steps_under(trainer)
        module.windows = {"training": data.train_windows, "validation": data.val_windows}
        return HeatmapTraining(dataset, splits, data, module)

    def describe(
        self, config: dict[str, Any], training: HeatmapTraining, trainer: Trainer, output: Path
    ) -> None:
        model, splits = training.module.model, training.splits
        print_card(config, training.module, splits, training.data, trainer, output)
        write_manifest(output / "manifest.json", config, model, splits, trainer)

    def finish(self, output: Path, training: HeatmapTraining) -> dict[str, float]:
        """Chooses every kind of overlap's threshold, stores them, and writes `summary.json`."""
        best = find_checkpoint(output)
        checkpoint = read_checkpoint(best)
        record = Record.of(checkpoint)
        val = training.splits["val"]
        labels, f1 = [clip.labels for clip in val], {}
        config = training.module.config
        predictor = load(best, trust=own_packages(config))
        found = candidates_of(predictor, val, Predictor.every_overlap)
        for overlap in OVERLAPS:
            if overlap == "none":  # chosen with the checkpoint itself
                continue
            tracks = [clip.track(own[overlap][:, 0]) for clip, own in zip(val, found, strict=True)]
            record.thresholds[overlap], f1[overlap] = best_threshold(labels, tracks)
        record.put_into(checkpoint)
        rewrite(best, checkpoint)
        figures = {
            "epoch": checkpoint["epoch"],
            "val_f1": record.val_f1,
            "threshold": record.thresholds["none"],
            "val_f1_overlap_mean": f1["mean"],
            "threshold_overlap_mean": record.thresholds["mean"],
        }
        write_json(output / "summary.json", figures)
        print_next_steps(output, figures, config, training.dataset, val[0].clip.source)
        return figures


def _warn_of_rate(model: HeatmapModel, rate: float) -> None:
    backbone = model.backbone
    if backbone.weights["kind"] == "pretrained" and not backbone.frozen and rate > GENTLE:
        warnings.warn(
            f"optimizer.lr={rate} suits networks from nothing, and {backbone.weights['name']} is "
            "pretrained, which it soon forgets; take optimizer.lr=1e-4, as experiment=finetune_vit "
            "does",
            InputWarning,
            stacklevel=3,
        )
