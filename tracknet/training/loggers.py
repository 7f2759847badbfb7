"""Lightning's loggers, made for runs that are resumed and for pictures."""

import csv
import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch.loggers import CSVLogger, MLFlowLogger, TensorBoardLogger, WandbLogger
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

    def log_hyperparams(self, params: Any = None) -> None:
        """They are in `config.yaml` beside it."""

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
        super().__init__(save_dir, name="tensorboard", version="", default_hp_metric=False)

    def log_image(self, key: str, images: list[np.ndarray], step: int | None = None) -> None:
        """Shows (H,W,3) uint8 RGB."""
        for picture in images:
            self.experiment.add_image(key, picture, step, dataformats="HWC")


class RunWandbLogger(WandbLogger):
    """Weights & Biases, as a run of the run directory's name; each start of a training has one.

    Args:
        output: The run directory.
        save_dir: A folder whose `wandb/` keeps what was sent or waits to be, of all trainings. Not
            in the run directory: it holds links that lead elsewhere.
        project: Where it is shown.
        offline: Whether nothing is sent; ``wandb sync`` does that later.
        options: Further ones of ``wandb.init``, such as ``entity`` and ``tags``.
    """

    def __init__(
        self,
        output: Text,
        save_dir: Text,
        project: Text = "tracknet",
        offline: bool = False,
        **options: Any,
    ) -> None:
        _needs("wandb")
        from wandb import Settings

        Path(save_dir).mkdir(parents=True, exist_ok=True)
        # The run's own log has what is printed; to catch it here, too, would end the bar.
        options.setdefault("settings", Settings(console="off", silent=offline))
        named = {"name": Path(output).name, "save_dir": save_dir, "project": project}
        super().__init__(**named, offline=offline, **options)
        self._wandb_init.pop("anonymous", None)  # which says that it has no effect any more

    @property
    @rank_zero_experiment
    def experiment(self):
        """Raises InputError where nobody is logged in, or nobody answers."""
        with _one_sentence("wandb", "log in by `wandb login`, or add logger.wandb.offline=true"):
            return super().experiment

    @rank_zero_only
    def finalize(self, status: str) -> None:
        super().finalize(status)
        if self._experiment is not None:  # else the next training of this process would go on in it
            self._experiment.finish(exit_code=int(status != "success"))
            self._experiment = None


class RunMLFlowLogger(MLFlowLogger):
    """MLflow, as a run of the run directory's name; each start of a training has one.

    Args:
        output: The run directory.
        save_dir: Folder of the runs of all trainings, unless there is an address.
        tracking_uri: Address of a server or a database; None takes the environment's
            MLFLOW_TRACKING_URI, and without one that folder.
        experiment_name: What the runs belong to.
    """

    def __init__(
        self,
        output: Text,
        save_dir: Text,
        tracking_uri: Text | None = None,
        experiment_name: Text = "tracknet",
    ) -> None:
        # Before it is imported: it would tell its makers that it is used.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        _needs("mlflow")
        address = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")
        if not address:
            # A folder needs no database, which the small package does not bring along.
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
            address = Path(save_dir).resolve().as_uri()
        super().__init__(experiment_name, Path(output).name, address)

    @property
    @rank_zero_experiment
    def experiment(self):
        """Raises InputError where it cannot be written to."""
        with _one_sentence("mlflow", "see to logger.mlflow.tracking_uri"):
            return super().experiment

    @rank_zero_only
    def log_image(self, key: str, images: list[np.ndarray], step: int | None = None) -> None:
        """Keeps (H,W,3) uint8 RGB as artifacts."""
        for i, picture in enumerate(images):
            name = f"{key}/step_{step or 0:06d}{f'_{i}' if i else ''}.png"
            self.experiment.log_image(self.run_id, picture, artifact_file=name)


def _needs(package: str) -> None:
    """Refuses a logger whose package is not there."""
    try:
        import_module(package)
    except ImportError as error:
        raise InputError(
            f"logger={package}: the package is not installed; add it by "
            f"`pip install 'tracknet[{package}]'` (in a checkout: `pip install '.[{package}]'`), "
            "or choose logger=[csv,tensorboard]"
        ) from error


@contextmanager
def _one_sentence(package: str, remedy: str) -> Iterator[None]:
    """Inside, what the package refuses is one line."""
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith(package):
            raise
        said = str(error).strip().split("\n")[0]
        raise InputError(f"logger={package}: {said}; {remedy}, or leave it out") from error


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
