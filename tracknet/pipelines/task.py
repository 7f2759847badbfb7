"""What a training builds, and how it finishes: the choices of group ``task``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tracknet.data.formats.base import Dataset
from tracknet.data.store import StoredClip
from tracknet.training.datamodule import WindowDataModule
from tracknet.training.module import HeatmapModule


@dataclass(frozen=True)
class Training:
    """What a trainer needs, and what it was made of.

    Attributes:
        dataset: Where the clips were found.
        splits: ``train`` and ``val`` as stored clips.
        data: Their batches.
        module: The network, as `model`, and how it learns.
    """

    dataset: Dataset
    splits: dict[str, list[StoredClip]]
    data: WindowDataModule
    module: HeatmapModule


class Task(Protocol):
    """One kind of training."""

    def assemble(self, config: dict[str, Any], weights: dict[str, Any] | None = None) -> Training:
        """Builds network and data; decodes clips that are not stored.

        Args:
            config: Resolved.
            weights: The record of a checkpoint's weights, whose network is built again.

        Raises:
            InputError: Sizes, data or settings do not fit.
        """
        ...

    def finish(self, output: Path, training: Training) -> dict[str, float]:
        """What is left to do once `best.ckpt` is there; returns the best figures.

        Args:
            output: The run directory.
            training: What was trained.
        """
        ...
