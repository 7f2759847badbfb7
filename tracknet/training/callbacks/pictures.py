"""A grid of predictions every epoch: frame, target, heatmap."""

from pathlib import Path

import cv2
import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger

from tracknet.data.batch import prepare_batch
from tracknet.geometry import scale_points
from tracknet.types import ABSENT
from tracknet.values import Count, Text

LABEL, PREDICTION = (0, 255, 0), (255, 40, 40)


class PredictionGrid(Callback):
    """Writes `epoch_<n>.png` of fixed validation windows: label green, prediction red.

    Args:
        dirpath: Folder of the pictures.
        samples: Number of windows, spread evenly over the validation set.
    """

    def __init__(self, dirpath: Text, samples: Count = 6) -> None:
        self.dirpath = Path(dirpath)
        self.samples = samples

    @torch.no_grad()
    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        windows = trainer.datamodule.val_windows
        chosen = np.linspace(0, len(windows) - 1, min(self.samples, len(windows))).astype(int)
        raw = windows.batch(chosen.tolist())
        raw = {key: value.to(pl_module.device) for key, value in raw.items()}
        batch, model, codec = prepare_batch(raw), pl_module.model, pl_module.codec
        logits = model(batch.frames, batch.background).float()
        stride, middle = model.heatmap_stride, model.frames // 2
        target, _ = codec.encode(
            scale_points(batch.xy, 1 / stride), batch.visibility, logits.shape[-2:]
        )
        best = codec.decode(logits)[:, middle, 0].cpu().numpy()
        rows = [
            _row(
                raw["frames"][i, middle].cpu().numpy(),
                target[i, middle].cpu().numpy(),
                logits[i, middle].sigmoid().cpu().numpy(),
                batch.xy[i, middle].cpu().numpy() if batch.visibility[i, middle] > ABSENT else None,
                scale_points(best[i, :2], stride),
                best[i, 2],
            )
            for i in range(len(chosen))
        ]
        grid = np.concatenate(rows)
        self.dirpath.mkdir(parents=True, exist_ok=True)
        file = self.dirpath / f"epoch_{trainer.current_epoch:03d}.png"
        cv2.imwrite(str(file), cv2.cvtColor(grid, cv2.COLOR_RGB2BGR))
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image(
                    "val/predictions", grid, trainer.global_step, dataformats="HWC"
                )


def _row(
    frame: np.ndarray,
    target: np.ndarray,
    heatmap: np.ndarray,
    label: np.ndarray | None,
    point: np.ndarray,
    score: float,
) -> np.ndarray:
    """One window's middle frame (H,W,3), its target and its heatmap side by side."""
    picture = np.ascontiguousarray(frame)
    if label is not None:
        cv2.circle(picture, tuple(np.rint(label).astype(int).tolist()), 7, LABEL, 1, cv2.LINE_AA)
    cv2.drawMarker(
        picture, tuple(np.rint(point).astype(int).tolist()), PREDICTION, cv2.MARKER_CROSS, 9, 1
    )
    text = f"{score:.2f}"
    cv2.putText(picture, text, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, PREDICTION, 1, cv2.LINE_AA)
    size = frame.shape[1], frame.shape[0]
    maps = [
        cv2.applyColorMap((m * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
        for m in (target, heatmap)
    ]
    maps = [cv2.resize(m, size, interpolation=cv2.INTER_NEAREST) for m in maps]
    return np.concatenate([picture, *maps], 1)
