"""Says so when a network has collapsed to black heatmaps."""

import warnings
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from lightning.pytorch import Callback, Trainer

from tracknet.errors import InputWarning
from tracknet.training.module import HeatmapModule
from tracknet.values import Share

SAID = 3
"""Remedies that are named: the strongest."""


class CollapseWarning(Callback):
    """Warns after a validation epoch without one heatmap above the threshold.

    Args:
        threshold: Peak that at least one heatmap is expected to exceed.
    """

    def __init__(self, threshold: Share = 0.5) -> None:
        self.threshold = threshold

    def on_validation_end(self, trainer: Trainer, pl_module: HeatmapModule) -> None:
        highest = float(trainer.callback_metrics.get("val/highest_score", 1.0))
        if trainer.is_global_zero and not highest > self.threshold:  # NaN as well
            warnings.warn(
                f"epoch {trainer.current_epoch}: no heatmap exceeds {self.threshold} (highest "
                f"{highest:.3f}), as in the first few hundred steps; if it stays, try "
                f"{', '.join(islice(remedies(pl_module.config), SAID))}, or debug=overfit: can it "
                "learn at all?",
                InputWarning,
                stacklevel=2,
            )


def remedies(config: Mapping[str, Any]) -> Iterator[str]:
    """What helps and is not chosen yet, the strongest first (docs/recipes.md)."""
    if not config["detail"]:
        yield "detail=conv"
    if config["inputs"].get("differences") is False:
        yield "inputs.differences=true"
    warp = config["transform"].get("warp") or {}
    if not warp.get("crop") and not config["overfit"]:
        yield "transform=crop"
    if rate := config["optimizer"].get("lr"):
        yield f"optimizer.lr={rate / 3:.1g}"
    yield "more steps (trainer.max_epochs)"
