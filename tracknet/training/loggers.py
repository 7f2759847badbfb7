"""Lightning's loggers, made for runs that are resumed and for pictures."""

import csv
import warnings
from pathlib import Path

import numpy as np
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.loggers.logger import rank_zero_experiment

from tracknet.values import Text


class RunCSVLogger(CSVLogger):
    """Writes `metrics.csv` into the run directory and goes on with the one that a run left.

    Lightning's own deletes the file when a run directory is used again.
    """

    def __init__(self, save_dir: Text) -> None:
        super().__init__(save_dir, name="", version="")

    @property
    @rank_zero_experiment
    def experiment(self):
        if self._experiment is None:
            file = Path(self.log_dir) / "metrics.csv"
            kept = file.read_text() if file.is_file() else ""
            file.unlink(missing_ok=True)
            with warnings.catch_warnings():
                # That it deletes what it finds there, which it no longer does.
                warnings.filterwarnings("ignore", ".*Previous log files in this directory.*")
                experiment = super().experiment
            if kept:
                file.write_text(kept)
                experiment.metrics_keys = next(csv.reader([kept.split("\n", 1)[0]]))
        return super().experiment


class RunTensorBoardLogger(TensorBoardLogger):
    """Writes below `tensorboard/` of the run directory, and shows pictures as other loggers do."""

    def __init__(self, save_dir: str) -> None:
        super().__init__(save_dir, name="tensorboard", version="")

    def log_image(self, key: str, images: list[np.ndarray], step: int | None = None) -> None:
        """Shows (H,W,3) uint8 RGB."""
        for picture in images:
            self.experiment.add_image(key, picture, step, dataformats="HWC")
