"""Checkpoints of a run whose folder may move."""

from pathlib import Path
from typing import Any, Literal

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

TO_GO_ON = (
    "loops",
    "callbacks",
    "optimizer_states",
    "lr_schedulers",
    "current_model_state",
    "averaging_state",
)
"""Entries of a checkpoint that a training goes on from."""


class RunCheckpoint(ModelCheckpoint):
    """Lightning's, but a run goes on with its best score wherever its folder is by now.

    Lightning's own forgets the score when the folder was moved, renamed or copied, and replaces
    the best network by the next one.

    Args:
        dirpath: Folder of the checkpoints.
        filename: Without ``.ckpt``.
        monitor: Figure by which an epoch's network is kept or not; None keeps the last epoch's.
        mode: Whether that figure is best at its ``max`` or ``min``.
        network_alone: Whether only what prediction needs is kept: the (averaged) weights, once,
            without the state to go on from.
    """

    def __init__(
        self,
        dirpath: str,
        filename: str,
        monitor: str | None = None,
        mode: Literal["min", "max"] = "max",
        network_alone: bool = False,
    ) -> None:
        super().__init__(
            dirpath, filename, monitor=monitor, mode=mode, enable_version_counter=False
        )
        self.network_alone = network_alone
        self._saves = False

    def _save_checkpoint(self, trainer: Trainer, filepath: str) -> None:
        self._saves = True
        try:
            super()._save_checkpoint(trainer, filepath)
        finally:
            self._saves = False

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        if self._saves and self.network_alone:
            for name in TO_GO_ON:
                checkpoint.pop(name, None)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if not Path(self._here(state_dict["best_model_path"])).is_file():
            return  # another run's checkpoint: in this folder nothing is the best so far
        moved: dict[str, Any] = {
            name: self._here(state_dict[name])
            for name in ("best_model_path", "kth_best_model_path", "last_model_path")
        }
        scores = state_dict["best_k_models"].items()
        moved["best_k_models"] = {self._here(path): score for path, score in scores}
        super().load_state_dict({**state_dict, **moved, "dirpath": self.dirpath})

    def _here(self, path: str) -> str:
        """The file of that name in this folder; an empty path stays empty."""
        return path and str(Path(self.dirpath or "", Path(path).name))
