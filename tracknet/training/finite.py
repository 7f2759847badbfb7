"""A loss that is not finite ends the training before anything is stored of it."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from tracknet.console import quoted
from tracknet.data.batch import Batch
from tracknet.errors import InputError
from tracknet.training.checkpoint_io import LAST

EVERY = 50
"""Steps after which a GPU is asked, where nothing is logged."""
NAMED = 8
"""Windows of a batch that are named."""


class FiniteLoss(Callback):
    """Raises where a loss is not finite, and says in which windows.

    On a CPU that is before the weights are touched. To ask a GPU at each step would have it wait:
    there it is when figures are logged, and before each validation and checkpoint. Several devices
    stop at the same step.
    """

    def __init__(self) -> None:
        self._window = torch.empty(0)
        self._waiting: list[tuple[int, torch.Tensor, torch.Tensor]] = []

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        self._window = batch.window

    def on_before_backward(
        self, trainer: Trainer, pl_module: LightningModule, loss: torch.Tensor
    ) -> None:
        if _at_once(trainer) and not math.isfinite(value := float(loss.detach())):
            raise diverged(trainer, "training", value, trainer.global_step, self._window)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if _at_once(trainer):
            return
        self._waiting.append((trainer.global_step - 1, outputs["loss"], self._window))
        every = trainer.log_every_n_steps  # pyright: ignore[reportAttributeAccessIssue], Lightning sets it from afar
        if (batch_idx + 1) % (every or EVERY) == 0:
            self._ask(trainer)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._ask(trainer)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self._ask(trainer)

    def _ask(self, trainer: Trainer) -> None:
        if _at_once(trainer):
            return
        waiting, self._waiting = self._waiting, []
        losses = torch.stack([loss for _, loss, _ in waiting]).tolist() if waiting else []
        bad = [i for i, loss in enumerate(losses) if not math.isfinite(loss)]
        if trainer.strategy.reduce_boolean_decision(bool(bad), all=False):
            at = bad[0] if bad else -1  # another device's
            step, _, window = waiting[at]
            raise diverged(trainer, "training", losses[at], step, window if bad else window[:0])


def diverged(
    trainer: Trainer, where: str, loss: float, step: int, windows: torch.Tensor
) -> InputError:
    """The error of a loss that is not finite.

    Args:
        trainer: Who trained.
        where: ``training`` or ``validation``.
        loss: That one.
        step: Steps that were done before it.
        windows: (B,2) clip and first frame of the batch's windows.
    """
    module: Any = trainer.lightning_module
    own = module.windows[where]
    named = []
    for number, start in windows.tolist():
        clip = own.clips[number]
        last = min(start + own.frames, len(clip)) - 1
        named.append(f"{clip.clip.name} frames {clip.number(start)} to {clip.number(last)}")
    more = [f"{len(named) - NAMED} more"] if len(named) > NAMED else []
    of = f" (windows: {', '.join([*named[:NAMED], *more])})" if named else " (on another device)"
    shown = "not finite" if math.isfinite(loss) else f"{loss}"
    return InputError(
        f"the {where} loss is {shown} in epoch {trainer.current_epoch}, step {step}{of}; "
        f"try {' or '.join(_remedies(trainer))}, and {_state(module.config)}"
    )


def check_weights(module: LightningModule, checkpoint: Mapping[str, Any]) -> None:
    """Refuses to store weights that are not finite.

    Raises:
        InputError: Some are not.
    """
    states = (checkpoint.get(name) or {} for name in ("state_dict", "current_model_state"))
    values = [value for state in states for value in state.values() if value.is_floating_point()]
    if values and not torch.stack([value.isfinite().all() for value in values]).all():
        config: Any = module.config
        raise InputError(
            f"the weights are not finite after step {module.global_step} and are not stored; "
            f"try {' or '.join(_remedies(module.trainer))}, and {_state(config)}"
        )


def _remedies(trainer: Trainer) -> Iterator[str]:
    """What helps, the strongest first."""
    module: Any = trainer.lightning_module
    config = module.config
    if rate := config["optimizer"].get("lr"):
        yield f"optimizer.lr={rate / 3:.1g}"
    if not config["trainer"].get("gradient_clip_val"):
        yield "trainer.gradient_clip_val=1.0"
    if trainer.precision != "32-true":
        yield "trainer.precision=32-true"


def _state(config: Mapping[str, Any]) -> str:
    """What there is to begin with again; to resume would come to the same step."""
    last = Path(config["paths"]["output"], "checkpoints", LAST)
    if not last.is_file():
        return "begin anew, since there is no checkpoint yet"
    return f"begin a new run with the weights that are kept, {quoted(f'init_from={last}')}"


def _at_once(trainer: Trainer) -> bool:
    return trainer.world_size == 1 and trainer.strategy.root_device.type == "cpu"
