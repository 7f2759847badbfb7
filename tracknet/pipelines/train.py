"""Trains a network from a configuration."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf

from tracknet.build import build, build_all
from tracknet.devices import supports_bfloat16
from tracknet.errors import InputError, InputWarning
from tracknet.overrides import FILE as OVERRIDES
from tracknet.pipelines.initialise import initialise
from tracknet.pipelines.settings import read_settings
from tracknet.pipelines.task import Task
from tracknet.record import Record, find_checkpoint, read_checkpoint
from tracknet.resume import check_same_batches, check_same_network
from tracknet.training.callbacks import LastValidation, TimeLimit


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
    output.mkdir(parents=True, exist_ok=True)
    start = _start(config, output)
    if start is None and (output / "checkpoints").is_dir():
        raise InputError(
            f"{output} holds a training run already; go on with it by resume={output}, or choose "
            "another hydra.run.dir"
        )
    weights = None
    if start:
        checkpoint = read_checkpoint(start)
        record = Record.of(checkpoint)
        argument = "resume=" if config["resume"] else "ckpt_path="
        check_same_network(record.config, config, argument)
        check_same_batches(record.config, checkpoint, config, argument)
        # The network that was trained, whatever weights this machine has by now.
        weights = record.weights
        done = checkpoint["loops"]["fit_loop"]["epoch_progress"]["current"]["completed"]
        if done >= config["trainer"]["max_epochs"]:
            warnings.warn(
                f"all {done} epochs are trained already; for more, add trainer.max_epochs=<more>",
                InputWarning,
                stacklevel=2,
            )
    elif config["init_from"]:
        record = Record.of(read_checkpoint(config["init_from"]))
        if record.config["backbone"] == config["backbone"]:
            weights = record.weights
    OmegaConf.save(OmegaConf.create(config), output / "config.yaml")
    if overrides is not None:
        OmegaConf.save(OmegaConf.create(list(overrides)), output / OVERRIDES)

    limit = config["trainer"]["max_time"]
    stops = [*([TimeLimit(limit)] if limit else []), LastValidation()]
    callbacks = [*build_all(config, "callbacks"), *stops]
    trainer = make_trainer(config, callbacks, build_all(config, "logger"))
    task: Task = build(config, "task")
    parts = task.assemble(config, trainer, weights)
    begun = config["init_from"] and not start
    loaded = initialise(parts.module.get_submodule("model"), config["init_from"]) if begun else []
    if trainer.is_global_zero:
        task.describe(config, parts, trainer, output)
        print(*loaded, sep="\n            ", end="\n" if loaded else "")

    try:
        trainer.fit(
            parts.module, datamodule=parts.data, ckpt_path=start and str(start), weights_only=True
        )
    except MisconfigurationException as error:
        raise InputError(f"trainer: {error}") from error
    # Of several devices' processes one has the results.
    return task.finish(output, parts) if trainer.is_global_zero else {}


def _start(config: dict[str, Any], output: Path) -> Path | None:
    """The checkpoint that training goes on from; None for a new run."""
    if config["ckpt_path"] == "last" and not config["resume"]:
        last = output / "checkpoints" / "last.ckpt"
        return last if last.is_file() else None
    named = config["resume"] or config["ckpt_path"]
    return find_checkpoint(named, "last") if named else None


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
    trainer = {**own, "precision": _precision(own)}
    return build({"trainer": trainer}, "trainer", callbacks=list(callbacks), logger=logger)


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
    for untrue_or_idle in (
        ".*LeafSpec.*",
        ".*your dataloader is not resumable.*",
        ".*exists and is not empty.*",
        ".*smaller than the logging interval.*",
    ):
        warnings.filterwarnings("ignore", untrue_or_idle)
