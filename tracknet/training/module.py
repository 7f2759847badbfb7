"""The LightningModule: how a heatmap model learns and how it is validated."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule
from lightning.pytorch.callbacks import WeightAveraging
from torch import nn

from tracknet.codecs import Codec
from tracknet.data.batch import Batch
from tracknet.data.window_dataset import WindowDataset
from tracknet.devices import channels_last
from tracknet.errors import InputError
from tracknet.models import HeatmapModel
from tracknet.record import Record, position_of
from tracknet.training.anew import STEPS, use_settings
from tracknet.training.finite import FiniteLoss, check_weights, diverged
from tracknet.training.parameters import RATE
from tracknet.training.validation import Validation


class HeatmapModule(LightningModule):
    """Trains on the batches that it is given and validates by strict F1 at its best threshold.

    Args:
        model: The network.
        codec: Renders targets and decodes heatmaps.
        loss: (logits, target, weight) -> scalar.
        parameters: Model -> groups of parameters.
        optimizer: Groups -> optimizer.
        scheduler: (optimizer, total_steps=...) -> scheduler that is stepped per batch; one that
            has no such argument is not told.
        validation: What validation windows are collected in.
        config: The resolved configuration as a plain dict; it goes into every checkpoint.
        seed: Of dropout and the like.

    Attributes:
        total_steps: Optimizer steps of the whole run; whoever fits the module says so before.
        windows: Those of ``training`` and ``validation``, to name them; said before, too.
    """

    total_steps: int
    windows: Mapping[str, WindowDataset]

    def __init__(
        self,
        model: HeatmapModel,
        codec: Codec,
        loss: nn.Module,
        parameters: Callable[[nn.Module], list[dict[str, Any]]],
        optimizer: Callable[..., torch.optim.Optimizer],
        scheduler: Callable[..., Any],
        validation: Validation,
        config: dict[str, Any],
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.model = channels_last(model)
        self.codec = codec
        self.loss = loss
        self.validation = validation
        self.config = config
        self.seed = seed
        self._parameters_of = parameters
        self._optimizer = optimizer
        self._scheduler = scheduler
        self._epoch_losses: list[torch.Tensor | int] = [0, 0]  # their sum, their number
        self._resumed: dict[str, Any] | None = None  # until its state is restored

    def configure_callbacks(self) -> list[Callback]:
        return [FiniteLoss()]

    def groups(self) -> list[dict[str, Any]]:
        """What learns, in groups that the optimizer treats alike."""
        found = list(self._parameters_of(self.model))
        return found if isinstance(found[0], dict) else [{"params": found}]

    def configure_optimizers(self) -> dict[str, Any]:
        try:
            optimizer = self._optimizer(self.groups())
            for group in optimizer.param_groups:
                group["lr"] *= group.get(RATE, 1)
            told = "total_steps" in inspect.signature(self._scheduler).parameters
            steps = {"total_steps": self.total_steps} if told else {}
            scheduler = self._scheduler(optimizer, **steps)
        except (ValueError, TypeError, RuntimeError) as error:  # settings that do not agree
            raise InputError(f"optimizer, scheduler: {error}") from error
        rates = {f"{group['lr'] / group.get(RATE, 1):.6g}" for group in optimizer.param_groups}
        if len(rates) > 1:
            raise InputError(
                "scheduler: gives all parameters one rate, and parameters=layer_decay each layer "
                "its own; take scheduler=warmup_cosine, or parameters=no_decay"
            )
        if self._resumed:
            own = optimizer, scheduler, self.total_steps
            use_settings(self._resumed, self.config, self._optimizer, *own)
            self._resumed = None
        stepped = {"scheduler": scheduler, "interval": "step"}
        return {"optimizer": optimizer, "lr_scheduler": stepped}

    def on_train_batch_start(self, *_: Any) -> None:
        # Dropout and drop-path then repeat after a resume, and differ from device to device. Not
        # `torch.manual_seed`, which turns to every kind of device, and takes a millisecond for it
        # where there is none.
        seed = self.seed * 1_000_003 + self.global_step + (self.global_rank << 32)
        torch.default_generator.manual_seed(seed)
        if self.device.type != "cpu":
            torch.get_device_module(self.device).manual_seed(seed)

    def training_step(self, batch: Batch, _: int) -> torch.Tensor:
        loss = self.loss_of(self.model(batch.frames, batch.background), batch)
        self.log("train/loss_step", loss, prog_bar=True, sync_dist=True, batch_size=len(batch))
        total, count = self._epoch_losses
        self._epoch_losses = [total + loss.detach(), count + 1]
        return loss

    def on_train_epoch_start(self) -> None:
        self._epoch_losses = [0, 0]

    def on_train_epoch_end(self) -> None:
        # Not by Lightning's own mean, which forgets what came before a resume, and is written after
        # the epoch's checkpoint.
        mean = self.mean_loss()
        if mean is None:
            return
        figures = {"train/loss_epoch": mean, "epoch": self.current_epoch}
        for logger in self.loggers:
            logger.log_metrics(figures, self.global_step - 1)
            logger.save()

    def mean_loss(self) -> float | None:
        """The training loss of the epoch so far, over all devices; None before its first step."""
        total, count = self._epoch_losses
        if not count:
            return None
        mean = self.trainer.strategy.reduce(torch.as_tensor(total / count), reduce_op="mean")
        return float(mean)

    def loss_of(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The loss of a batch's logits (B,T*M,h,w)."""
        h, w, stride = *logits.shape[-2:], self.model.heatmap_stride
        target, weight = self.codec.encode(batch.xy, batch.visibility, (h, w), stride)
        return self.loss(logits, target, weight)

    def on_validation_epoch_start(self) -> None:
        self.validation.start()

    def validation_step(self, batch: Batch, _: int) -> None:
        logits = self.model(batch.frames, batch.background)
        loss = self.loss_of(logits, batch)
        if not loss.isfinite():
            raise diverged(self.trainer, "validation", float(loss), self.global_step, batch.window)
        self.log("val/loss", loss, batch_size=len(batch), sync_dist=True)
        maps = self.codec.probability(logits)
        best = self.codec.decode(maps, self.model.heatmap_stride)[:, :, 0]
        self.validation.add(batch.window, best)

    def on_validation_epoch_end(self) -> None:
        figures = self.validation.figures(self.trainer.world_size)
        for name, figure in figures.items():
            self.log(name, figure, prog_bar=name == "val/f1", sync_dist=True)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self._epoch_losses = checkpoint.get("epoch_losses", [0, 0])
        callbacks = self.trainer.callbacks  # pyright: ignore[reportAttributeAccessIssue], set from afar
        averages = any(isinstance(one, WeightAveraging) for one in callbacks)
        if not averages and "current_model_state" in checkpoint:  # without them from now on
            checkpoint["state_dict"] = checkpoint["current_model_state"]
        self._resumed, trainer = checkpoint, self.trainer
        done, within = position_of(checkpoint)
        if trainer.max_epochs and trainer.max_steps < 0 and not within:
            # Epochs may have had another number of steps so far.
            left = (trainer.max_epochs - done) * (self.total_steps // trainer.max_epochs)
            self.total_steps = checkpoint["global_step"] + left

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        check_weights(self, checkpoint)
        checkpoint["epoch_losses"] = self._epoch_losses
        checkpoint[STEPS] = self.total_steps
        record = Record(
            config=self.config,
            weights=self.model.backbone.weights,
            thresholds={"none": self.validation.threshold},
            val_f1=self.validation.f1,
        )
        record.put_into(checkpoint)
