"""What a run was made of, so that it can be made again."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning.pytorch as pl

from tracknet.data.splits import split_sha256
from tracknet.data.store import StoredClip
from tracknet.models import HeatmapModel

PACKAGES = ("tracknet", "torch", "torchvision", "transformers", "lightning", "hydra-core", "numpy")


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
    path.write_text(json.dumps(manifest, indent=1) + "\n")


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
