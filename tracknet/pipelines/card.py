"""The start-up card and the closing words of a training run."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from hydra.core.hydra_config import HydraConfig
from rich.filesize import decimal

from tracknet.console import command, console, print_table
from tracknet.data.formats.base import Dataset
from tracknet.data.resident import size_of, stays_resident
from tracknet.data.store import StoredClip
from tracknet.models import HeatmapModel
from tracknet.training.datamodule import WindowDataModule
from tracknet.types import count_labels


def print_card(
    config: Mapping[str, Any],
    model: HeatmapModel,
    splits: Mapping[str, Sequence[StoredClip]],
    data: WindowDataModule,
    trainer: pl.Trainer,
    output: Path,
) -> None:
    """Prints the network stage by stage, the weights, the data and where outputs go."""
    columns = ["stage", "module", "output", "stride", "parameters"]
    print_table("network", columns, _stages(config, model), left=2)

    out = console()
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    frozen = sum(p.numel() for p in model.parameters() if not p.requires_grad)
    weights = model.backbone.weights
    out.print(f"parameters  {trainable:,} trainable, {frozen:,} frozen")
    out.print(f"weights     {weights['kind']} ({weights['name']})")
    device = trainer.strategy.root_device
    others = f" and {trainer.world_size - 1} more" if trainer.world_size > 1 else ""
    out.print(f"device      {device}{others}, precision {trainer.precision}")
    for name, clips in splits.items():
        out.print(f"{name:<11} {describe(clips)}")
    seen = data.batches_under(trainer) * data.batch_size * trainer.world_size
    out.print(
        f"epoch       {seen:,} of {len(data.train_windows):,} windows, {trainer.max_epochs} times"
    )
    resident = stays_resident(config["resident"], splits["train"], device)
    where = f"on {device}" if resident else "memory-mapped"
    out.print(f"frames      {decimal(size_of(splits['train']))} of training, {where}")
    out.print(f"outputs     {output}\n")


def describe(clips: Sequence[StoredClip]) -> str:
    """Clips, frames, how many are labelled and with a ball, in words."""
    balls, without, unlabelled = count_labels(clip.labels for clip in clips)
    labelled, frames = balls + without, balls + without + unlabelled
    return (
        f"{len(clips)} clips, {frames:,} frames: {labelled:,} labelled, {balls:,} of them "
        f"with a ball ({balls / labelled:.0%})"
    )


def _stages(config: Mapping[str, Any], model: HeatmapModel) -> list[tuple[str, ...]]:
    """Runs one empty window through the network and notes what each stage gives."""
    h, w = config["image_size"]
    names = ["backbone", "neck", "decoder", "detail", "head"]
    modules = {name: module for name in names if (module := getattr(model, name)) is not None}
    shapes: dict[torch.nn.Module, list[tuple[int, ...]]] = {}

    def note(module: torch.nn.Module, _: Any, output: Any) -> None:
        outputs = output if isinstance(output, list | tuple) else [output]
        shapes[module] = [tuple(o.shape[1:]) for o in outputs]

    hooks = [module.register_forward_hook(note) for module in modules.values()]
    training = model.training
    with torch.no_grad():
        model.eval()(*model.blank((h, w)))
    model.train(training)
    for hook in hooks:
        hook.remove()

    layouts = {"backbone": model.backbone.features.layout, "neck": model.decoder.layout}
    inputs = model.inputs
    shown = f"{inputs.pictures}x{inputs.channels}x{h}x{w}"
    rows = [("input", type(inputs).__name__, shown, "1", "0")]
    for name, module in modules.items():
        if isinstance(module, torch.nn.Identity):
            continue
        heights = [s[0 if layouts.get(name) == "tokens" else 1] for s in shapes[module]]
        outputs = "\n".join("x".join(map(str, s)) for s in shapes[module])
        strides = "\n".join(f"{h / height:g}" for height in heights)
        parameters = f"{sum(p.numel() for p in module.parameters()):,}"
        rows.append((name, type(module).__name__, outputs, strides, parameters))
    return rows


def print_next_steps(output: Path, figures: Mapping[str, float], dataset: Dataset) -> None:
    """Prints the best figures and the exact commands that come next."""
    out = console()
    out.print(
        f"\nvalidation strict F1 {figures['val_f1']:.3f} at threshold {figures['threshold']:.2f} "
        f"(epoch {figures['epoch']}); with overlapping windows averaged "
        f"{figures['val_f1_overlap_mean']:.3f} at {figures['threshold_overlap_mean']:.2f}"
    )
    out.print("next:")
    run, data = shlex.quote(str(output)), "".join(f" {shlex.quote(o)}" for o in _data(dataset))
    out.print(f"  {command('evaluate')} ckpt={run}{data} split=test")
    out.print(f"  {command('predict')} ckpt={run} source=<video or folder of frames>")
    out.print(f"  {command('train')} resume={run} trainer.max_epochs=<more>")
    out.print(f"  tensorboard --logdir {run}")


def _data(dataset: Dataset) -> list[str]:
    """The overrides with which `evaluate` finds the same data; it takes synthetic clips untold."""
    if dataset.name == "synthetic":
        return []
    given = HydraConfig.get().overrides.task if HydraConfig.initialized() else []
    options = [o for o in given if o.lstrip("+").startswith(("data.", "data@"))]
    options = options or [f"data.root={dataset.root}"]
    return [f"data={dataset.name}", *options]
