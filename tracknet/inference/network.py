"""What looks at windows of frames: a torch model, or anything else that gives logits."""

from typing import Literal, Protocol

import numpy as np
import torch

from tracknet.data.batch import to_unit
from tracknet.devices import channels_last, supports_bfloat16
from tracknet.inference.folded import Folded, folds
from tracknet.models.heatmap_model import HeatmapModel

WINDOWS = {"cpu": 4, "cuda": 32, "mps": 8}
"""Windows of a pass by the kind of device: more are hardly faster."""


class Network(Protocol):
    """Windows of frames in, what is seen of every frame out.

    Attributes:
        frames: T, the frames of a window.
        background: Whether it looks at the still background behind them as well.
        stride: Network pixels per pixel of its maps.
        windows_per_pass: How many windows it is given at once unless the user says otherwise.
    """

    frames: int
    background: bool
    stride: int
    windows_per_pass: int

    def __call__(self, frames: np.ndarray, background: np.ndarray | None) -> torch.Tensor:
        """One pass over B windows.

        Args:
            frames: (B,T,H,W,3) uint8.
            background: (B,H,W,3) uint8; None for a network that does not look at it.

        Returns:
            Logits (B,T*M,h,w) float32, M maps a frame, on any device.

        Raises:
            RuntimeError: Memory does not hold so many windows, see `lacks_memory`.
        """
        ...


class TorchNetwork:
    """Runs a heatmap model; see `Network`.

    Args:
        model: Takes (B,T,3,H,W) in 0..1 and (B,3,H,W) or None.
        device: Where it runs.
        precision: ``auto`` is bfloat16 where that is faster, else float32.
    """

    def __init__(
        self,
        model: HeatmapModel,
        device: str | torch.device = "cpu",
        precision: Literal["auto", "float32", "bfloat16"] = "auto",
    ) -> None:
        self.device = torch.device(device)
        model = model.eval().to(self.device)
        self.frames = model.frames
        self.background = model.background
        self.stride = model.heatmap_stride
        self.windows_per_pass = WINDOWS[self.device.type]
        automatic = precision == "auto" and supports_bfloat16(self.device)
        self._bfloat16 = automatic or precision == "bfloat16"
        folded = self.device.type == "cpu" and not self._bfloat16 and folds(model)
        self.model = channels_last(model)
        self._folded = channels_last(Folded(model)) if folded else None

    @torch.inference_mode()
    def __call__(self, frames: np.ndarray, background: np.ndarray | None) -> torch.Tensor:
        if self._folded:
            return self._folded(frames, background)
        still = None if background is None else self._unit(background)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._bfloat16):
            return self.model(self._unit(frames), still).float()

    def _unit(self, pictures: np.ndarray) -> torch.Tensor:
        return to_unit(torch.from_numpy(pictures).to(self.device))
