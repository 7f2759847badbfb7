"""Decoded frames that stay on the training device, where they fit."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch

from tracknet.data.store import StoredClip

SHARE = 0.5
"""Of a GPU's free memory that frames may take: the network and its batches need the rest."""


def size_of(clips: Sequence[StoredClip]) -> int:
    """Bytes of the clips' frames."""
    h, w = clips[0].fit.target
    return sum(len(clip) for clip in clips) * h * w * 3


def stays_resident(
    wanted: Literal["auto"] | bool, clips: Sequence[StoredClip], device: torch.device
) -> bool:
    """Whether the clips are kept on the device.

    Args:
        wanted: ``auto`` keeps them on a GPU where they take no more than half of its free memory;
            a CPU reads them from the memory-mapped store, which its page cache keeps anyway.
        clips: All of one network size.
        device: Where the network is trained.
    """
    if wanted == "auto":
        if device.type != "cuda":
            return False
        return size_of(clips) <= SHARE * torch.cuda.mem_get_info(device)[0]
    return wanted


class ResidentFrames:
    """All frames of some clips on a device; batches then travel without pixels.

    Args:
        clips: All of one network size.
        background: Whether their median frames are kept as well.
        device: Where.
    """

    def __init__(self, clips: Sequence[StoredClip], background: bool, device: torch.device) -> None:
        lengths = torch.tensor([len(clip) for clip in clips])
        self.first = (lengths.cumsum(0) - lengths).to(device)
        size = *clips[0].fit.target, 3
        self.frames = torch.empty(int(lengths.sum()), *size, dtype=torch.uint8, device=device)
        for clip, start in zip(clips, self.first.tolist(), strict=True):
            self.frames[start : start + len(clip)] = torch.from_numpy(np.array(clip.frames))
        self.background = None
        if background:
            stills = [torch.from_numpy(clip.background) for clip in clips]
            self.background = torch.stack(stills).to(device)

    def add_to(self, batch: dict[str, Any]) -> None:
        """Gives a batch of `WindowDataset` without pixels its pictures."""
        clip = batch["window"][:, 0]
        pictures = self.frames[self.first[clip][:, None] + batch["rows"]]
        if self.background is not None:
            pictures = torch.cat([self.background[clip][:, None], pictures], 1)
        batch["pictures"] = pictures
