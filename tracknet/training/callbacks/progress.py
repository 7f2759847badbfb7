"""The progress bar of a run."""

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import TQDMProgressBar

from tracknet.console import shows_bars

COLUMNS = {"train/loss_step": "loss", "val/f1": "F1"}
"""Figures that have a column, and its name: the bar is to fit 80 characters."""


class ProgressBar(TQDMProgressBar):
    """Lightning's bar with few and short columns, on a terminal alone."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        super().setup(trainer, pl_module, stage)
        if not shows_bars():
            self.disable()

    def get_metrics(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, Any]:
        metrics = super().get_metrics(trainer, pl_module)
        ours = {COLUMNS[name]: metrics[name] for name in COLUMNS if name in metrics}
        return ours or {name: metrics[name] for name in metrics if name != "v_num"}
