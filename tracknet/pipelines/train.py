"""Trains a network from a configuration."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from filelock import Timeout
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import ProgressBar
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig, OmegaConf

from tracknet.build import build, build_all
from tracknet.checkpoint import BUILT, own_packages, read_trusted
from tracknet.console import kept_in, quietly, quoted, say
from tracknet.devices import supports_bfloat16
from tracknet.errors import InputError, InputWarning
from tracknet.files import write_text
from tracknet.locks import take
from tracknet.names import readable
from tracknet.network import is_same_backbone
from tracknet.overrides import FILE as OVERRIDES
from tracknet.pipelines.initialise import initialise
from tracknet.pipelines.settings import read_settings
from tracknet.pipelines.task import Task
from tracknet.record import CheckpointError, Record, position_of
from tracknet.resume import check_same_batches, check_same_network, find_state
from tracknet.training.callbacks import EndWithinEpoch, TimeLimit
from tracknet.training.checkpoint_io import LAST, WholeCheckpoints
from tracknet.training.loggers import RunCSVLogger, forget_after
from tracknet.trust import as_list, check_targets, plain_fault


def train(cfg: DictConfig, overrides: Sequence[str] | None = None) -> dict[str, float]:
    """Trains, keeps the best checkpoint by validation F1, and returns the best figures.

    On several devices, Lightning starts the program once more for each further one.

    Args:
        cfg: As composed.
        overrides: What `cfg` was composed with, for a later ``resume=``; None keeps nothing.

    Raises:
        InputError: Sizes, data, settings or a checkpoint do not fit; nothing was trained.
        Interrupted: A signal came; the state of that batch is in `last.ckpt`.
    """
    config = read_settings(cfg, "train")
    output = Path(config["paths"]["output"])
    if wrong := plain_fault(config):
        raise InputError(f"{wrong}, which a checkpoint would have to keep; rename what holds them")
    if readable(output) != str(output):
        raise InputError(
            f"{output}: loggers write into folders in UTF-8 alone; choose another name"
        )
    quiet, log = quietly(config["quiet"]), kept_in(output / "train.log")
    with _alone_in(output), quiet, log:
        return _train(config, output, overrides)


def _train(
    config: dict[str, Any], output: Path, overrides: Sequence[str] | None
) -> dict[str, float]:
    checkpoints = output / "checkpoints"
    start, checkpoint = _start(config, checkpoints)
    if start is None and checkpoints.is_dir():
        raise InputError(
            f"{output} holds a training run already; go on with it by "
            f"{quoted(f'resume={output}')}, or choose another hydra.run.dir"
        )
    weights, over = None, False
    trust = [*as_list(config["trust"]), *own_packages(config)]
    if start and checkpoint:
        record = Record.of(checkpoint)
        check_targets(record.config, BUILT, trust, start)
        with _going_on(start):
            argument = "resume=" if config["resume"] else "ckpt_path="
            check_same_network(record.config, config, argument)
            check_same_batches(record.config, checkpoint, config, argument)
            # The network that was trained, whatever weights this machine has by now.
            weights = record.weights
            done, within = position_of(checkpoint)
            over = done >= config["trainer"]["max_epochs"]
            if over:
                warnings.warn(
                    f"all {done} epochs are trained already; for more, add "
                    "trainer.max_epochs=<more>",
                    InputWarning,
                    stacklevel=2,
                )
            every = record.config["trainer"]["log_every_n_steps"] or 1
            forget_after(output / "metrics.csv", checkpoint["global_step"], within, every)
    elif config["init_from"]:
        _, record = read_trusted(config["init_from"], trust)
        if is_same_backbone(record.config["backbone"], config["backbone"]):
            weights = record.weights
    write_text(output / "config.yaml", OmegaConf.to_yaml(OmegaConf.create(config)))
    if overrides is not None:
        write_text(output / OVERRIDES, OmegaConf.to_yaml(OmegaConf.create(list(overrides))))

    limit = config["trainer"]["max_time"]
    stops = [*([TimeLimit(limit)] if limit else []), EndWithinEpoch(checkpoints / LAST)]
    begun = _Begun()
    callbacks = [*build_all(config, "callbacks"), *stops, begun]
    trainer = make_trainer(config, callbacks, _loggers(config, output))
    task: Task = build(config, "task")
    parts = task.assemble(config, trainer, weights)
    source = None if start else config["init_from"]
    network, second = parts.module.get_submodule("model"), "first" in config["task"]
    loaded = initialise(network, source, second) if source else []
    if trainer.is_global_zero:
        task.describe(config, parts, trainer, output)
        if loaded:
            say("\n            ".join(loaded))

    if not over:
        for logger in trainer.loggers:
            logger.log_hyperparams(config)
        path = start and str(start)
        try:
            with _going_on(start, begun):
                trainer.fit(parts.module, datamodule=parts.data, ckpt_path=path, weights_only=True)
        except MisconfigurationException as error:
            raise InputError(f"trainer: {error}") from error
    if tried := config["trainer"].get("fast_dev_run"):
        _say_tried(trainer, int(tried))
        return {}
    # Of several devices' processes one has the results.
    return task.finish(output, parts) if trainer.is_global_zero else {}


def _loggers(config: dict[str, Any], output: Path) -> list[Any]:
    """Those that are chosen, and `metrics.csv` with any of them."""
    chosen = build_all(config, "logger")
    if any(isinstance(logger, RunCSVLogger) for logger in chosen):
        return chosen
    return [RunCSVLogger(str(output)), *chosen]


class _Begun(pl.Callback):
    """Knows whether the training has begun, with the state of a checkpoint restored."""

    yet = False

    def on_train_start(self, *_: Any) -> None:
        self.yet = True


@contextmanager
def _going_on(start: Path | None, begun: _Begun | None = None) -> Iterator[None]:
    """Inside, what a damaged checkpoint makes of a restored state is one sentence.

    Raises:
        CheckpointError: Something failed, before the training had begun.
    """
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        if start is None or isinstance(error, InputError) or (begun and begun.yet):
            raise
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        raise CheckpointError(
            f"{start}: the training cannot go on from it ({said}); name another checkpoint, or "
            "begin a new run with its weights by init_from="
        ) from error


@contextmanager
def _alone_in(output: Path) -> Iterator[None]:
    """Inside, no other training writes into the run directory.

    Raises:
        InputError: One does, or nothing can be written there.
    """
    if rank_zero_only.rank:  # a further device's process, which the first one has started
        yield
        return
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = take(output / ".lock")
    except Timeout as error:
        raise InputError(
            f"{output}: another training is at work there; wait for its end, or choose another "
            "hydra.run.dir"
        ) from error
    except OSError as error:
        raise InputError(
            f"{output}: cannot be written to ({error.strerror}); choose another hydra.run.dir"
        ) from error
    try:
        for unfinished in output.glob("checkpoints/.*.ckpt.*"):  # of a training that was killed
            unfinished.unlink()
        yield
    finally:
        if lock:
            lock.release()


def _start(
    config: dict[str, Any], checkpoints: Path
) -> tuple[Path, dict[str, Any]] | tuple[None, None]:
    """The checkpoint that training goes on from, and its content; None for a new run."""
    named = config["resume"] or config["ckpt_path"]
    if named == "last" and not config["resume"]:
        named = checkpoints.parent if checkpoints.is_dir() else None
    return find_state(named) if named else (None, None)


def make_trainer(
    config: dict[str, Any], callbacks: Sequence[pl.Callback], logger: Any, **settings: Any
) -> pl.Trainer:
    """A quiet trainer with seeds set; `settings` take the place of those of group ``trainer``.

    Raises:
        InputError: Lightning refuses its settings.
    """
    _quiet_lightning()
    pl.seed_everything(config["seed"], verbose=False)
    own = {**config["trainer"], "max_time": None, **settings}
    callbacks, bar = _shown_bar(callbacks, own.get("enable_progress_bar"))
    trainer = {**own, "precision": _precision(own), "enable_progress_bar": bar}
    own = {"callbacks": callbacks, "logger": logger, "plugins": [WholeCheckpoints()]}
    return build({"trainer": trainer}, "trainer", **own)


def _shown_bar(
    callbacks: Sequence[pl.Callback], wanted: bool | None
) -> tuple[list[pl.Callback], bool]:
    """The callbacks, without a bar where none is wanted; and whether there is one.

    Where there is none, Lightning would show its own; where none is wanted, refuse one that is.
    """
    bars = [callback for callback in callbacks if isinstance(callback, ProgressBar)]
    shown = bool(bars) and wanted is not False
    return [c for c in callbacks if shown or c not in bars], shown


def _say_tried(trainer: pl.Trainer, batches: int) -> None:
    """The end of a run of a few batches, by which nothing can be judged."""
    if trainer.is_global_zero:
        steps = "one step" if batches == 1 else f"{batches} steps"
        print(f"{steps} trained and validated: it fits; nothing is scored or kept")


def _precision(trainer: dict[str, Any]) -> str:
    """Lightning's name of the precision; ``auto`` is mixed bfloat16 where the device has it."""
    if trainer["precision"] != "auto":
        return trainer["precision"]
    on_gpu = trainer["accelerator"] in ("auto", "gpu", "cuda") and torch.cuda.is_available()
    device = torch.device("cuda" if on_gpu else "cpu")
    return "bf16-mixed" if supports_bfloat16(device) else "32-true"


def _quiet_lightning() -> None:
    """Silences what Lightning announces of itself, which the start-up card says, or untruly."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    logging.getLogger("lightning.pytorch.loggers.mlflow").setLevel(logging.ERROR)
    for untrue_or_idle in (
        ".*LeafSpec.*",
        ".*your dataloader is not resumable.*",
        ".*exists and is not empty.*",
        ".*smaller than the logging interval.*",
        ".*was not created with WeightAveraging.*",
        ".*callbacks used to create the checkpoint need to be provided.*",
    ):
        warnings.filterwarnings("ignore", untrue_or_idle)
