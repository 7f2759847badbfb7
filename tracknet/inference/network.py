"""What looks at windows of frames: a torch model, or anything else that gives logits."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import torch

from tracknet.data.batch import to_unit
from tracknet.devices import channels_last, supports_bfloat16
from tracknet.geometry import Size
from tracknet.inference.folded import Folded, folds, with_norms_folded
from tracknet.models import ConvBackbone
from tracknet.models.heatmap_model import HeatmapModel

Precision = Literal["auto", "float32", "bfloat16"]

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


@runtime_checkable
class FrameNetwork(Network, Protocol):
    """A network that sees frames by themselves: what it saw of one holds for every window.

    What it saw is its own matter; it is kept, and handed back.
    """

    def encode(self, frames: np.ndarray, background: np.ndarray | None) -> Sequence[Any]:
        """One pass over N frames.

        Args:
            frames: (N,H,W,3) uint8.
            background: (H,W,3) uint8, behind all of them; None as in `Network`.

        Returns:
            What it saw of each.

        Raises:
            RuntimeError: As `Network`.
        """
        ...

    def join(self, seen: Sequence[Any], size: Size) -> torch.Tensor:
        """One pass over B windows.

        Args:
            seen: What `encode` gave for their BT frames, window after window.
            size: (H, W) of the frames.

        Returns:
            Logits as those of a `Network`.

        Raises:
            RuntimeError: As `Network`.
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
        precision: Precision = "auto",
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
        with self._autocast():
            return self.model(self._unit(frames), still).float()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._bfloat16)

    def _unit(self, pictures: np.ndarray) -> torch.Tensor:
        return to_unit(torch.from_numpy(pictures).to(self.device))


class TorchFrameNetwork(TorchNetwork):
    """Runs a heatmap model that is `framewise`; see `FrameNetwork` and `TorchNetwork`."""

    def __init__(
        self, model: HeatmapModel, device: str | torch.device = "cpu", precision: Precision = "auto"
    ) -> None:
        super().__init__(model, device, precision)
        exact = self.device.type == "cpu" and not self._bfloat16
        folds_norms = exact and type(model.backbone) is ConvBackbone
        self._lean = channels_last(with_norms_folded(model)) if folds_norms else self.model

    @torch.inference_mode()
    def __call__(self, frames: np.ndarray, background: np.ndarray | None) -> torch.Tensor:
        still = None if background is None else self._unit(background)
        with self._autocast():
            return self._decode(self._lean.see(self._unit(frames), still), frames.shape[2:4])

    @torch.inference_mode()
    def encode(self, frames: np.ndarray, background: np.ndarray | None) -> list[Any]:
        still = None
        if background is not None:
            still = self._unit(background[None]).expand(len(frames), -1, -1, -1)
        with self._autocast():
            return _apart(self._lean.see(self._unit(frames[:, None]), still), len(frames))

    @torch.inference_mode()
    def join(self, seen: Sequence[Any], size: Size) -> torch.Tensor:
        with self._autocast():
            return self._decode(_together(seen), size)

    def _decode(self, seen: Any, size: Size) -> torch.Tensor:
        maps = size[0] // self.stride, size[1] // self.stride
        return self._lean.decode(self._lean.fuse(seen), maps).float()


def torch_network(model: HeatmapModel, device: torch.device) -> TorchNetwork:
    """What runs a model there."""
    kind = TorchFrameNetwork if model.framewise else TorchNetwork
    return kind(model, device)


def _apart(batch: Any, count: int) -> list[Any]:
    """Nested tensors of N frames -> the same nest for each of them, in which it is N = 1."""
    if batch is None:
        return [None] * count
    if isinstance(batch, torch.Tensor):
        return list(batch.split(1))
    return list(zip(*(_apart(part, count) for part in batch), strict=True))


def _together(nests: Sequence[Any]) -> Any:
    """The way back from `_apart`."""
    if nests[0] is None:
        return None
    if isinstance(nests[0], torch.Tensor):
        return torch.cat(list(nests))
    return [_together(parts) for parts in zip(*nests, strict=True)]
