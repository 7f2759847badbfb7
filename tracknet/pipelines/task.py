"""What a training builds, shows, and how it finishes: the choices of group ``task``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lightning.pytorch import LightningDataModule, LightningModule, Trainer

from tracknet.data.formats.base import Dataset
from tracknet.data.store import StoredClip


@dataclass(frozen=True)
class Training:
    """What a trainer needs, and what it was made of.

    Attributes:
        dataset: Where the clips were found.
        splits: ``train`` and ``val`` as stored clips.
        data: Their batches.
        module: The network, as `model`, and how it learns; it logs what the callbacks follow.
    """

    dataset: Dataset
    splits: dict[str, list[StoredClip]]
    data: LightningDataModule
    module: LightningModule


class Task(Protocol):
    """One kind of training.

    Attributes:
        needs: The groups that its configuration cannot do without.
    """

    needs: Sequence[str]

    def assemble(
        self, config: dict[str, Any], trainer: Trainer, weights: dict[str, Any] | None = None
    ) -> Training:
        """Builds network and data; decodes clips that are not stored.

        Args:
            config: Resolved.
            trainer: Who will train; it has not begun.
            weights: The record of a checkpoint's weights, whose network is built again.

        Raises:
            InputError: Sizes, data, devices or settings do not fit.
        """
        ...

    def describe(
        self, config: dict[str, Any], training: Training, trainer: Trainer, output: Path
    ) -> None:
        """Prints the start-up card, and writes into the run directory what was trained."""
        ...

    def finish(self, output: Path, training: Training) -> dict[str, float]:
        """What is left to do once `best.ckpt` is there; returns the best figures."""
        ...
