"""What a training run says of itself: start-up card, manifest and closing words."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from rich.filesize import decimal

from tracknet.checkpoint import trusting
from tracknet.console import command, print_table, quoted, say
from tracknet.data.formats.base import Dataset
from tracknet.data.resident import size_of, stays_resident
from tracknet.data.splits import split_sha256
from tracknet.data.store import StoredClip
from tracknet.files import write_json
from tracknet.models import HeatmapModel
from tracknet.overrides import FILE as OVERRIDES
from tracknet.training.datamodule import WindowDataModule
from tracknet.training.module import HeatmapModule
from tracknet.training.parameters import RATE
from tracknet.types import count_labels

PACKAGES = ("tracknet", "torch", "torchvision", "transformers", "lightning", "hydra-core", "numpy")


def print_card(
    config: Mapping[str, Any],
    module: HeatmapModule,
    splits: Mapping[str, Sequence[StoredClip]],
    data: WindowDataModule,
    trainer: pl.Trainer,
    output: Path,
) -> None:
    """Prints network, weights, what learns how fast, the data and where outputs go."""
    model = module.model
    columns = ["stage", "module", "output", "stride", "parameters"]
    print_table("network", columns, _stages(config, model), left=2)
    columns = ["group", "parameters", "highest rate", "weight decay"]
    print_table("optimizer", columns, _groups(config["optimizer"], module.groups()))

    lines = []
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    frozen = sum(p.numel() for p in model.parameters() if not p.requires_grad)
    weights = model.backbone.weights
    lines.append(f"parameters  {trainable:,} trainable, {frozen:,} frozen")
    lines.append(f"weights     {weights['kind']} ({weights['name']})")
    device = trainer.strategy.root_device
    others = f" and {trainer.world_size - 1} more" if trainer.world_size > 1 else ""
    lines.append(f"device      {device}{others}, precision {trainer.precision}")
    for name, clips in splits.items():
        balls, without, unlabelled = count_labels(clip.labels for clip in clips)
        labelled, frames = balls + without, balls + without + unlabelled
        lines.append(
            f"{name:<11} {len(clips)} clip{'s' * (len(clips) > 1)}, {frames:,} frames: "
            f"{labelled:,} labelled, {balls:,} of them with a ball ({balls / labelled:.0%})"
        )
    if config.get("fold") is not None:
        lines.append(f"fold        {config['fold']} is val, and is left out of train")
    seen = data.batches_under(trainer) * data.batch_size * trainer.world_size
    lines.append(
        f"epoch       {seen:,} of {len(data.train_windows):,} windows, "
        f"{'once' if trainer.max_epochs == 1 else f'{trainer.max_epochs} times'}"
    )
    resident = stays_resident(config["resident"], splits["train"], device)
    where = f"on {device}" if resident else "memory-mapped"
    lines.append(f"frames      {decimal(size_of(splits['train']))} of training, {where}")
    say(*lines, f"outputs     {output}\n")


def _stages(config: Mapping[str, Any], model: HeatmapModel) -> list[tuple[str, ...]]:
    """Runs one empty window through the network and notes what each stage gives."""
    h, w = config["image_size"]
    names = ["backbone", "neck", "decoder", "detail", "head", "attention"]
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


def _groups(
    optimizer: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, ...]]:
    """What learns, and how fast."""
    for i, group in enumerate(groups):
        rate = (group.get("lr") or optimizer.get("lr") or 0) * group.get(RATE, 1)
        decay = group.get("weight_decay", optimizer.get("weight_decay", 0))
        count = sum(p.numel() for p in group["params"])
        yield group.get("name", str(i + 1)), f"{count:,}", f"{rate:.3g}", f"{decay:g}"


def write_manifest(
    path: Path,
    config: Mapping[str, Any],
    model: HeatmapModel,
    splits: Mapping[str, Sequence[StoredClip]],
    trainer: pl.Trainer,
) -> None:
    """Writes git commit, versions, weights, dataset and split hashes, device and seed as JSON."""
    manifest = {
        "git_commit": _git_commit(),
        "packages": {name: version(name) for name in PACKAGES},
        "weights": model.backbone.weights,
        "dataset": config["data"].get("_target_"),
        "splits": {
            name: {"clips": len(clips), "sha256": split_sha256(clip.clip for clip in clips)}
            for name, clips in splits.items()
        },
        "device": str(trainer.strategy.root_device),
        "devices": trainer.world_size,
        "precision": str(trainer.precision),
        "seed": config["seed"],
    }
    write_json(path, manifest)


def _git_commit() -> str | None:
    """The commit of the checkout that runs, with ``+`` where files differ from it.

    None for an installed wheel: a repository around it is another project's.
    """
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    describe = ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--dirty=+"]
    try:
        return subprocess.run(describe, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def print_next_steps(
    output: Path,
    figures: Mapping[str, float],
    config: Mapping[str, Any],
    dataset: Dataset,
    video: Path,
) -> None:
    """Says the best figures of a run and the exact commands that come next.

    Each can be pasted into a shell: the ball is found in a `video`, and twice as many epochs
    trained. They trust the packages that the run was built of.
    """
    run = str(output)
    say(
        f"\nvalidation strict F1 {figures['val_f1']:.3f} at threshold {figures['threshold']:.2f} "
        f"(epoch {figures['epoch']}); with overlapping windows averaged "
        f"{figures['val_f1_overlap_mean']:.3f} at {figures['threshold_overlap_mean']:.2f}",
        result=True,
    )
    goes_on = (output / OVERRIDES).is_file()  # else nothing says what it was composed of
    epochs, tensorboard = config["trainer"]["max_epochs"], config["logger"].get("tensorboard")
    more = f"trainer.max_epochs={2 * epochs}"
    test = config.get("fold") is None and dataset.places().get("test")
    split = "split=test" if test else "split=val"
    say(
        "next:",
        f"  {command('evaluate', run, *trusting(config, 'data'), split)}",
        f"  {command('predict', run, str(video), *trusting(config))}  # or a video of your own",
        *([f"  {command('train', f'resume={run}', more)}"] if goes_on else []),
        *([f"  tensorboard --logdir {quoted(run)}"] if tensorboard else []),
        result=True,
    )
