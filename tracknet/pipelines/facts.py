"""What a checkpoint says of its network and its training, in words; it may be anybody's."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tracknet.record import LOOK, Record, whole_state
from tracknet.trust import CONFIGS, TARGET, plain_fault, short

MANIFEST, LARGEST = "manifest.json", 1 << 20
PARTS = ("backbone", "decoder", "detail", "attention", "inputs", "fit", "temporal")
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"""What batch norm keeps beside parameters."""
Fact = tuple[str, Sequence[str]]
"""What it is of, and what is said, in parts."""


def facts_of(checkpoint: dict[str, Any]) -> Iterator[Fact]:
    """What a checkpoint that was read says by itself."""
    record = Record.of(checkpoint)
    config, weights = record.config, record.weights
    yield "network", [f"{part}={_choice(part, config.get(part))}" for part in PARTS]
    height, width = config["image_size"]
    maps = f"heatmaps of every {config['heatmap_stride']} pixels"
    yield "input", [f"{config['frames']} frames of {height}x{width}", maps]
    if look := checkpoint.get(LOOK):
        own = Record.of(look).config
        patch = "x".join(map(str, own["image_size"]))
        fine = f"{look['zoom'] * height}x{look['zoom'] * width}"
        yield "second look", [f"{own['frames']} frames of {patch} out of {fine}"]
    state = whole_state(checkpoint)
    learned = [value.numel() for name, value in state.items() if not name.endswith(STATISTICS)]
    yield "parameters", [f"{sum(learned):,}", f"{weights['kind']} weights ({weights['name']})"]
    yield "data", [_choice("data", config.get("data"))]
    epoch, steps = (checkpoint.get(key) for key in ("epoch", "global_step"))
    known = type(epoch) is int and type(steps) is int
    yield "trained", [f"this is epoch {epoch}, after {steps:,} steps"] if known else []
    f1 = record.val_f1
    yield "validation", ["not measured" if f1 is None else f"strict F1 {f1:.3f}"]
    yield "threshold", [f"{value:.2f} ({_named(k)})" for k, value in record.thresholds.items()]


def _named(threshold: str) -> str:
    return "after the second look" if threshold == LOOK else f"overlap={threshold}"


def _choice(group: str, part: Any) -> str:
    """The option of a group that a configuration was made of, else what it names."""
    if not isinstance(part, Mapping):
        return "none"
    for option in sorted((CONFIGS / group).glob("*.yaml")):
        own = yaml.safe_load(option.read_text(encoding="utf-8")) or {}
        if TARGET in own and own[TARGET] == part.get(TARGET):
            return option.stem
    return short(part.get(TARGET, "none"))


def manifest_of(file: Path, checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of the run that a network is of; empty where there is none that can be read.

    Args:
        file: The checkpoint's.
        checkpoint: What was read of it; a model's folder has the manifest in its configuration.
    """
    content = checkpoint.get("manifest")
    if content is None:
        beside = file.absolute().parents[1] / MANIFEST
        try:
            small = beside.is_file() and beside.stat().st_size < LARGEST
            content = json.loads(beside.read_text(encoding="utf-8")) if small else {}
        except (OSError, ValueError, RecursionError):
            return {}
    return content if isinstance(content, dict) and not plain_fault(content) else {}


def written_by(manifest: Mapping[str, Any]) -> list[str]:
    """What a run was trained with; nothing where its manifest does not say so."""
    try:
        commit = manifest["git_commit"]
        said = [f"{name} {version}" for name, version in manifest["packages"].items()]
        said += [f"on {manifest['device']}", *([f"commit {commit}"] if commit else [])]
    except (LookupError, TypeError, AttributeError):
        return []
    return [short(part) for part in said]


def splits_of(manifest: Mapping[str, Any]) -> list[str]:
    """How many clips each split had, and what tells them from others; nothing likewise."""
    try:
        splits = manifest["splits"].items()
        return [
            short(f"{name}: {own['clips']} clips, labels {own['sha256'][:12]}")
            for name, own in splits
        ]
    except (LookupError, TypeError, AttributeError):
        return []
