"""The LightningModule: how a heatmap model learns and how it is validated."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule
from torch import nn

from tracknet.codecs import GaussianCodec
from tracknet.data.batch import Batch, prepare_batch
from tracknet.data.store import StoredClip
from tracknet.errors import InputError
from tracknet.geometry import scale_points
from tracknet.metrics import best_threshold
from tracknet.models import HeatmapModel
from tracknet.types import Labels, Track


class HeatmapModule(LightningModule):
    """Trains on augmented windows and validates by strict F1 at its best threshold.

    Args:
        model: The network.
        codec: Renders targets and decodes heatmaps.
        loss: (logits, target, weight) -> scalar.
        optimizer: Parameters -> optimizer.
        scheduler: (optimizer, total steps) -> scheduler that is stepped per batch.
        config: The resolved configuration as a plain dict; it goes into every checkpoint.
        seed: Of dropout and the like.
    """

    def __init__(
        self,
        model: HeatmapModel,
        codec: GaussianCodec,
        loss: nn.Module,
        optimizer: Callable[..., torch.optim.Optimizer],
        scheduler: Callable[..., Any],
        config: dict[str, Any],
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.model = model.to(memory_format=torch.channels_last)
        self.codec = codec
        self.loss = loss
        self.config = config
        self.seed = seed
        self.threshold = 0.5
        self.val_f1 = 0.0
        self._optimizer = optimizer
        self._scheduler = scheduler
        self._candidates: dict[tuple[int, int], np.ndarray] = {}

    def configure_optimizers(self) -> dict[str, Any]:
        trainable = [p for p in self.model.parameters() if p.requires_grad]
        try:
            optimizer = self._optimizer(trainable)
        except (ValueError, TypeError, RuntimeError) as error:  # settings that do not agree
            raise InputError(f"optimizer: {error}") from error
        scheduler = self._scheduler(optimizer, self.trainer.datamodule.total_steps)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }

    def on_train_batch_start(self, *_: Any) -> None:
        # Dropout and drop-path then repeat after a resume, and differ from device to device. Not
        # `torch.manual_seed`, which turns to every kind of device, and takes a millisecond for it
        # where there is none.
        seed = self.seed * 1_000_003 + self.global_step + (self.global_rank << 32)
        torch.default_generator.manual_seed(seed)
        if self.device.type != "cpu":
            torch.get_device_module(self.device).manual_seed(seed)

    def on_train_batch_end(self, *_: Any) -> None:
        trainer = self.trainer
        if 0 < trainer.max_steps <= trainer.global_step:
            trainer.should_stop = True
        if trainer.should_stop:
            # A run that is cut short ends with a validation, too: without one it has no best.ckpt.
            trainer.check_val_every_n_epoch = 1

    def training_step(self, raw: dict[str, torch.Tensor], _: int) -> torch.Tensor:
        augmentation = self.trainer.datamodule.augmentation
        with torch.autocast(self.device.type, enabled=False):
            batch = prepare_batch(raw, augmentation)
        loss = self.loss_of(self.model(batch.frames, batch.background), batch)
        self.log("train/loss", loss, on_step=True, on_epoch=True, prog_bar=True, sync_dist=True)
        return loss

    def loss_of(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        target, weight = self._encode(batch.xy, batch.visibility, logits.shape[-2:])
        if batch.second is not None:
            other, known = self._encode(*batch.second, logits.shape[-2:])
            target, weight = torch.maximum(target, other), weight * known
        return self.loss(logits, target, weight)

    def _encode(
        self, xy: torch.Tensor, visibility: torch.Tensor, size: tuple[int, int]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return self.codec.encode(scale_points(xy, 1 / self.model.heatmap_stride), visibility, size)

    def on_validation_epoch_start(self) -> None:
        self._candidates = {}

    def validation_step(self, raw: dict[str, torch.Tensor], _: int) -> None:
        batch = prepare_batch(raw)
        logits = self.model(batch.frames, batch.background)
        loss = self.loss_of(logits, batch)
        self.log("val/loss", loss, batch_size=len(logits), sync_dist=True)
        best = self.codec.decode(logits)[:, :, 0].float()
        best[..., :2] = scale_points(best[..., :2], self.model.heatmap_stride)
        windows = map(tuple, batch.window.tolist())
        self._candidates.update(zip(windows, best.cpu().numpy(), strict=True))

    def on_validation_epoch_end(self) -> None:
        clips = self.trainer.datamodule.val_windows.clips
        labels, tracks = _seen(clips, self._candidates_of_all_devices())
        self.threshold, self.val_f1 = best_threshold(labels, tracks)
        highest = max(float(track.score.max(initial=0)) for track in tracks)
        figures = {"val/f1": self.val_f1, "val/threshold": self.threshold}
        self.log_dict(figures, prog_bar=True, sync_dist=True)
        self.log("val/highest_score", highest, sync_dist=True)

    def _candidates_of_all_devices(self) -> dict[tuple[int, int], np.ndarray]:
        if self.trainer.world_size == 1:
            return self._candidates
        shares: list[dict[tuple[int, int], np.ndarray]] = [{}] * self.trainer.world_size
        torch.distributed.all_gather_object(shares, self._candidates)
        return {window: found for share in shares for window, found in share.items()}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["tracknet"] = {
            "config": self.config,
            "weights": self.model.backbone.weights,
            "thresholds": {"none": self.threshold},
            "val_f1": self.val_f1,
        }


def _seen(
    clips: Sequence[StoredClip], candidates: Mapping[tuple[int, int], np.ndarray]
) -> tuple[list[Labels], list[Track]]:
    """Labels and best candidates, per clip, of the frames that were validated.

    Args:
        clips: All clips.
        candidates: Clip and first frame of a window -> (T,3) in network pixels.
    """
    rows = [np.full((len(clip), 3), np.nan) for clip in clips]
    for (number, start), window in sorted(candidates.items()):
        part = rows[number][start : start + len(window)]
        # A clip's last window overlaps the one before; prediction keeps the earlier one too.
        fresh = np.isnan(part[:, 2])
        part[fresh] = window[: len(part)][fresh]
    labels, tracks = [], []
    for clip, row in zip(clips, rows, strict=True):
        seen = ~np.isnan(row[:, 2])
        labels.append(Labels(clip.labels.xy[seen], clip.labels.visibility[seen]))
        tracks.append(clip.track(row[seen]))
    return labels, tracks
