"""Checkpoints of a run whose folder may move."""

from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from pydantic import Field

from tracknet.record import CheckpointError, read_checkpoint

TO_GO_ON = (
    "loops",
    "callbacks",
    "optimizer_states",
    "lr_schedulers",
    "current_model_state",
    "averaging_state",
)
"""Entries of a checkpoint that a training goes on from."""
SCORE = "score"
"""Entry of a best network's: the figure that it was chosen by."""


class RunCheckpoint(ModelCheckpoint):
    """Lightning's, but a run goes on with its best score wherever its folder is by now.

    Lightning's own forgets the score when the folder was moved, renamed or copied, and replaces
    the best network by the next one. Here the file itself says how good its network is: it may be
    newer than the checkpoint that a run goes on from.

    An epoch that steps or time have cut off is none: it is not kept as the last one.

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
        filename: Annotated[str, Field(pattern=r"^[^/\\]+$")],
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
        if self._saves and self.monitor:
            checkpoint[SCORE] = self.current_score
        if self._saves and self.network_alone:
            for name in TO_GO_ON:
                checkpoint.pop(name, None)

    def _should_skip_saving_checkpoint(self, trainer: Trainer) -> bool:
        cut_off = self.monitor is None and trainer.should_stop and not trainer.is_last_batch
        return cut_off or super()._should_skip_saving_checkpoint(trainer)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        best = Path(self.format_checkpoint_name({}))
        if not self.monitor or not best.is_file():
            return  # another run's checkpoint: in this folder nothing is the best so far
        try:
            score = read_checkpoint(best).get(SCORE)
        except CheckpointError:  # the next one takes its place
            return
        if isinstance(score, torch.Tensor) and score.numel() == 1:
            self.best_model_path = self.kth_best_model_path = str(best)
            self.best_model_score = self.kth_value = score
            self.best_k_models = {str(best): score}
