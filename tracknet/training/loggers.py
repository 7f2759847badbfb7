"""Lightning's loggers, made for runs that are resumed and for pictures."""

import csv
import io
import os
import warnings
from pathlib import Path

import numpy as np
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.loggers.logger import rank_zero_experiment
from lightning.pytorch.utilities import rank_zero_only

from tracknet.errors import InputError
from tracknet.files import write_text
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

    @rank_zero_only
    def save(self) -> None:
        """Writes the rows that wait.

        Raises:
            InputError: The disk is full, or somebody deleted the folder.
        """
        try:
            super().save()
        except OSError as error:
            raise InputError(
                f"{self.log_dir}: metrics.csv cannot be written ({error.strerror}); make room on "
                "the disk, or put the run directory back, and go on from its checkpoints/last.ckpt"
            ) from error


class RunTensorBoardLogger(TensorBoardLogger):
    """Writes below `tensorboard/` of the run directory, and shows pictures as other loggers do."""

    def __init__(self, save_dir: str) -> None:
        super().__init__(save_dir, name="tensorboard", version="")

    def log_image(self, key: str, images: list[np.ndarray], step: int | None = None) -> None:
        """Shows (H,W,3) uint8 RGB."""
        for picture in images:
            self.experiment.add_image(key, picture, step, dataformats="HWC")


def forget_after(file: Path, steps: int, within_epoch: bool, every: int) -> None:
    """Takes out of a `metrics.csv` what a resumed run will log again, or has not logged yet.

    Args:
        file: That one; it need not be there.
        steps: Optimizer steps of the checkpoint that the run goes on from.
        within_epoch: Whether that lies within an epoch, so that its figures are not due.
        every: Steps from one that is logged to the next.
    """
    if not file.is_file():
        return
    try:
        header, *rows = csv.reader(file.read_text().splitlines())
        step = header.index("step")
        [int(row[step]) for row in rows if len(row) == len(header)]
    except (ValueError, csv.Error):  # no table of a training: another one is begun
        os.replace(file, file.with_name(f"{file.name}.damaged"))
        return
    of_epoch = [i for i, name in enumerate(header) if name.startswith("val/") or "_epoch" in name]

    def stays(row: list[str]) -> bool:
        if len(row) != len(header) or int(row[step]) >= steps:
            return False
        if not within_epoch or int(row[step]) < steps - 1:
            return True
        return steps % every == 0 and not any(row[i] for i in of_epoch)

    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *filter(stays, rows)])
    write_text(file, text.getvalue())
