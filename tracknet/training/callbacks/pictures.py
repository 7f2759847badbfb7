"""A grid of predictions every epoch: frame, target, heatmap."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from tracknet.data.batch import Batch
from tracknet.types import ABSENT
from tracknet.values import Count, Text

LABEL, PREDICTION = (0, 255, 0), (255, 40, 40)


@runtime_checkable
class ImageLogger(Protocol):
    """A logger of Lightning's that shows pictures, as its own `WandbLogger` does."""

    def log_image(self, key: str, images: list[np.ndarray], step: int | None = None) -> None:
        """Shows (H,W,3) uint8 RGB."""
        ...


class PredictionGrid(Callback):
    """Writes `epoch_<n>.png` of fixed validation windows: label green, prediction red.

    Args:
        dirpath: Folder of the pictures.
        samples: Number of windows, spread evenly over the validation set.
    """

    def __init__(self, dirpath: Text, samples: Count = 6) -> None:
        self.dirpath = Path(dirpath)
        self.samples = samples
        self._rows: list[np.ndarray] = []
        self._chosen = np.empty(0, int)

    def on_validation_batch_end(
        self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Batch, batch_idx: int, *_: Any
    ) -> None:
        if not trainer.is_global_zero:
            return
        if batch_idx == 0:
            last = int(trainer.num_val_batches[0]) * len(batch) - 1
            self._rows, self._size = [], len(batch)
            self._chosen = np.linspace(0, last, min(self.samples, last + 1)).astype(int)
        for i in self._chosen[self._chosen // self._size == batch_idx] % self._size:
            if i < len(batch):  # the last one may be smaller
                self._rows.append(_row(pl_module, outputs, batch, int(i)))

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self._rows:
            return
        grid = np.concatenate(self._rows)
        self.dirpath.mkdir(parents=True, exist_ok=True)
        file = self.dirpath / f"epoch_{trainer.current_epoch:03d}.png"
        cv2.imwrite(str(file), cv2.cvtColor(grid, cv2.COLOR_RGB2BGR))
        for logger in trainer.loggers:
            if isinstance(logger, ImageLogger):
                logger.log_image("val/predictions", [grid], step=trainer.global_step)


def _row(module: Any, outputs: Mapping[str, torch.Tensor], batch: Batch, i: int) -> np.ndarray:
    """The middle frame of a window, its target and its heatmap side by side, (H,3W,3)."""
    middle = batch.xy.shape[1] // 2
    xy, visibility = batch.xy[i, middle], batch.visibility[i, middle]
    heatmap, (x, y, score) = outputs["heatmaps"][i, middle], outputs["best"][i, middle].tolist()
    stride = module.model.heatmap_stride
    target, _ = module.codec.encode(xy, visibility, tuple(heatmap.shape), stride)
    frame = (batch.frames[i, middle].permute(1, 2, 0) * 255).round().byte().cpu().numpy()
    picture = np.ascontiguousarray(frame)
    for ball in xy[visibility > ABSENT].round().int().tolist():
        cv2.circle(picture, ball, 7, LABEL, 1, cv2.LINE_AA)
    cv2.drawMarker(picture, (round(x), round(y)), PREDICTION, cv2.MARKER_CROSS, 9, 1)
    text, font = f"{score:.2f}", cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(picture, text, (4, 14), font, 0.45, PREDICTION, 1, cv2.LINE_AA)
    maps = [
        cv2.applyColorMap((m.cpu().numpy() * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
        for m in (target, heatmap)
    ]
    size = frame.shape[1], frame.shape[0]
    maps = [cv2.resize(m, size, interpolation=cv2.INTER_NEAREST)[..., ::-1] for m in maps]
    return np.concatenate([picture, *maps], 1)
