"""Windows of stored clips, as batches."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from tracknet.data.augment import Augmentation
from tracknet.data.store import StoredClip
from tracknet.types import ABSENT, UNLABELLED
from tracknet.windows import rows_of, window_starts


@dataclass(eq=False)
class WindowDataset(Dataset):
    """Windows of stored clips, nothing computed on the pixels.

    A sample's augmentation is a pure function of the seed and the key that it is asked for by,
    (epoch, index) or (epoch, index, position in the epoch), so it depends neither on the number of
    workers nor on where a run was resumed.

    Attributes:
        clips: Where the windows come from.
        frames: T, frames of a window.
        step: Frames from one window's start to the next one's.
        background: Whether samples carry the clip's median frame.
        augmentation: Draws each sample's parameters; None for none.
        seed: Of the augmentation.
        pixels: Whether batches hold pictures; without them, `ResidentFrames` adds them on the
            device.
        windows: Clip and first frame of each; those without any label are left out.
    """

    clips: Sequence[StoredClip]
    frames: int
    step: int = 1
    background: bool = False
    augmentation: Augmentation | None = None
    seed: int = 0
    pixels: bool = True
    windows: list[tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        self.windows = [
            (i, start)
            for i, clip in enumerate(self.clips)
            for start in window_starts(len(clip), self.frames, self.step)
            if self.highest(i, start) != UNLABELLED
        ]

    def __len__(self) -> int:
        return len(self.windows)

    def highest(self, clip: int, start: int) -> int:
        """The highest visibility of a window's frames: above 0 where some frame shows a ball."""
        return self.clips[clip].labels.visibility[start : start + self.frames].max()

    def batch(self, keys: Sequence[tuple[int, ...] | int]) -> dict[str, Any]:
        """The batch of these keys, or indices alone; frames are read straight into its memory.

        Returns:
            pictures (B,P,H,W,3) uint8, the background first where it is wanted; xy (B,T,1,2)
            network pixels; visibility (B,T,1); window (B,2): clip and first frame; rows (B,T) of
            the clip; and augmentation, where there is one: what its steps drew, by their names.
        """
        samples = [self._sample(*(key if isinstance(key, tuple) else (0, key))) for key in keys]
        batch = _stacked(samples)
        if not self.pixels:
            return batch
        clips = [self.clips[sample["window"][0]] for sample in samples]
        still, size = int(self.background), (*clips[0].fit.target, 3)
        pictures = torch.empty(len(keys), still + self.frames, *size, dtype=torch.uint8)
        for clip, sample, out in zip(clips, samples, pictures.numpy(), strict=True):
            start = sample["window"][1]
            shown = min(self.frames, len(clip) - start)
            clip.read(out[still:][:shown], start)
            out[still:][shown:] = out[still:][shown - 1]
            if still:
                clip.read(out[0], file="background.u8")
        return {**batch, "pictures": pictures}

    __getitems__ = batch  # the name that PyTorch's loaders look for

    def _sample(self, epoch: int, index: int, *position: int) -> dict[str, Any]:
        """All of a sample but its pixels."""
        number, start = self.windows[index]
        clip = self.clips[number]
        rows = rows_of(start, self.frames, len(clip))
        # What a short clip repeats is not a label a second time.
        repeated = np.arange(start, start + self.frames) > rows
        visibility = np.where(repeated, UNLABELLED, clip.labels.visibility[rows])
        sample: dict[str, Any] = {
            "xy": clip.network_xy[rows][:, None],
            "visibility": visibility[:, None],
            "window": np.array([number, start]),
            "rows": rows,
        }
        if self.augmentation is not None:
            rng = np.random.default_rng([self.seed, epoch, index, *position])
            balls = sample["xy"][sample["visibility"] > ABSENT]
            sample["augmentation"] = self.augmentation.draw(rng, clip.fit.target, balls)
        return sample


def collated(batch: Any) -> dict[str, Any]:
    """The loaders' `collate_fn`: `WindowDataset` makes batches itself."""
    return batch


def _stacked(samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Samples of small arrays as one batch of tensors; many times faster than PyTorch's own."""
    return {
        name: _stacked([sample[name] for sample in samples])
        if isinstance(value, dict)
        else torch.from_numpy(np.stack([sample[name] for sample in samples]))
        for name, value in samples[0].items()
    }
