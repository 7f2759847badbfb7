"""Lightning's trainer, as a configuration wants it."""

import logging
import warnings
from collections.abc import Sequence
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from tracknet.build import build
from tracknet.devices import supports_bfloat16
from tracknet.errors import InputError


def make_trainer(
    config: dict[str, Any], callbacks: Sequence[pl.Callback], logger: Any, **settings: Any
) -> pl.Trainer:
    """A quiet trainer with seeds set.

    Args:
        config: Resolved.
        callbacks: In their order.
        logger: Loggers, or False.
        settings: Take the place of those of group ``trainer``.

    Raises:
        InputError: Lightning refuses its settings.
    """
    _quiet_lightning()
    pl.seed_everything(config["seed"], verbose=False)
    own = {**config["trainer"], "max_time": None, **settings}
    trainer = {**own, "precision": _precision(own)}
    try:
        return build({"trainer": trainer}, "trainer", callbacks=list(callbacks), logger=logger)
    except (MisconfigurationException, TypeError) as error:  # what fits no device of this machine
        raise InputError(f"trainer: {error}") from error


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
