"""A training that gets no better ends, and stays ended."""

import warnings
from typing import Any

from lightning.pytorch import LightningModule, Trainer, callbacks

from tracknet.errors import InputWarning


class EarlyStopping(callbacks.EarlyStopping):
    """Lightning's, but a run that it has stopped trains no further epoch with each resume.

    Its patience is the one that is given now: more of it lets the run go on.
    """

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict({**state_dict, "patience": self.patience})

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if 0 < self.wait_count >= self.patience:
            trainer.should_stop = True
            if trainer.is_global_zero:
                warnings.warn(
                    f"{self.monitor} had not become better in {self.wait_count} validations, so "
                    "the training is over; for more, add "
                    "callbacks.early_stopping.patience=<more>",
                    InputWarning,
                    stacklevel=2,
                )
