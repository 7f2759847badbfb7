"""Says so when a network has collapsed to black heatmaps."""

import warnings

from lightning.pytorch import Callback, LightningModule, Trainer

from tracknet.errors import InputWarning


class CollapseWarning(Callback):
    """Warns after a validation epoch without one heatmap above the threshold.

    Args:
        threshold: Peak that at least one heatmap is expected to exceed.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        self.threshold = threshold

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        highest = float(trainer.callback_metrics["val/highest_score"])
        if trainer.is_global_zero and not highest > self.threshold:  # NaN as well
            warnings.warn(
                f"epoch {trainer.current_epoch}: no heatmap exceeds {self.threshold} (highest "
                f"{highest:.3f}): the network says 'no ball' everywhere. In the first epochs this "
                "is normal; if it stays, try loss=focal, a smaller optimizer.lr, "
                "codec.sigma=1.5, or see whether it can learn at all with debug=overfit",
                InputWarning,
                stacklevel=2,
            )
