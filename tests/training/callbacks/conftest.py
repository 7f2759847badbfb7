"""A training that takes no time."""

import lightning.pytorch as pl
import pytest
import torch
from torch.utils.data import DataLoader

BATCHES = 4


class Line(pl.LightningModule):
    """A network of one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.validated = 0

    def training_step(self, batch, index):
        loss = self.layer(batch).square().mean()
        self.log("loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch, index) -> None:
        self.validated += 1

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


@pytest.fixture
def fit(tmp_path):
    """Trains a network of one weight, of four batches an epoch and one of validation."""

    def run(*callbacks, **options) -> Line:
        plain = {"accelerator": "cpu", "logger": False, "max_epochs": 2, "log_every_n_steps": 1}
        quiet = {"enable_checkpointing": False, "enable_model_summary": False}
        quiet["enable_progress_bar"] = any(
            isinstance(c, pl.callbacks.ProgressBar) for c in callbacks
        )
        trainer = pl.Trainer(**plain | quiet | options, callbacks=[*callbacks])
        line, data = Line(), torch.ones(BATCHES, 1)
        trainer.fit(line, DataLoader(data), DataLoader(data[:1]))
        return line

    return run
