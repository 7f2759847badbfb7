"""A pretrained backbone rests while what stands on it learns."""

from typing import Any

from lightning.pytorch import Callback, Trainer
from torch import nn

from tracknet.training.module import HeatmapModule
from tracknet.values import Natural


class FreezeBackbone(Callback):
    """Keeps the backbone frozen and in eval mode for the first epochs.

    A pure function of the epoch, so that a resumed run needs no state. Afterwards the parameters
    learn that the network was built with as trainable.

    Args:
        epochs: How many; 0 freezes nothing.
    """

    def __init__(self, epochs: Natural) -> None:
        self.epochs = epochs
        self._parameters: list[nn.Parameter] = []

    def on_fit_start(self, trainer: Trainer, pl_module: HeatmapModule) -> None:
        # The optimizer exists by now and holds them all; it passes over those without a gradient.
        self._parameters = [p for p in pl_module.model.backbone.parameters() if p.requires_grad]

    def on_train_batch_start(self, trainer: Trainer, pl_module: HeatmapModule, *_: Any) -> None:
        # Not per epoch: Lightning skips `on_train_epoch_start` when it resumes within one.
        learns = trainer.current_epoch >= self.epochs
        pl_module.model.backbone.train(learns)
        for parameter in self._parameters:
            parameter.requires_grad_(learns)
