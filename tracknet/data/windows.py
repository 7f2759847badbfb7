"""Windows: T consecutive frames of one clip."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from tracknet.data.augment import Augmentation
from tracknet.data.store import StoredClip
from tracknet.types import ABSENT, UNLABELLED


def window_starts(length: int, frames: int, step: int) -> list[int]:
    """First frames of the windows that cover a clip; the last window ends with the clip.

    A clip shorter than a window has one window, which starts at 0.
    """
    last = max(length - frames, 0)
    starts = list(range(0, last + 1, step))
    return starts if starts[-1] == last else [*starts, last]


class WindowDataset(Dataset):
    """Windows of stored clips, nothing computed on the pixels.

    A sample's augmentation is a pure function of the seed and the key that it is asked for by,
    (epoch, index) or (epoch, index, position in the epoch), so it depends neither on the number of
    workers nor on where a run was resumed.

    Args:
        clips: Where the windows come from.
        frames: T, frames of a window.
        step: Frames from one window's start to the next one's.
        background: Whether samples carry the clip's median frame.
        augmentation: Draws each sample's parameters; None for none.
        seed: Of the augmentation.

    Attributes:
        pixels: Whether batches hold frames and backgrounds; without them, `ResidentFrames` adds
            them on the device.
    """

    def __init__(
        self,
        clips: Sequence[StoredClip],
        frames: int,
        step: int = 1,
        background: bool = False,
        augmentation: Augmentation | None = None,
        seed: int = 0,
    ) -> None:
        self.clips = clips
        self.frames = frames
        self.background = background
        self.augmentation = augmentation
        self.seed = seed
        self.pixels = True
        self.windows = [
            (i, start)
            for i, clip in enumerate(clips)
            for start in window_starts(len(clip), frames, step)
            if (clip.labels.visibility[start : start + frames] != UNLABELLED).any()
        ]

    def __len__(self) -> int:
        return len(self.windows)

    def with_ball(self) -> list[tuple[int, int]]:
        """The windows (clip, first frame) in which some frame shows a ball."""
        return [
            (i, start)
            for i, start in self.windows
            if (self.clips[i].labels.visibility[start : start + self.frames] > ABSENT).any()
        ]

    def __getitem__(self, key: tuple[int, ...] | int) -> dict[str, Any]:
        """The sample of a key, or of an index alone: as `batch`, without B."""
        return _first(self.batch([key]))

    def batch(self, keys: Sequence[tuple[int, ...] | int]) -> dict[str, Any]:
        """A whole batch, whose frames are read straight into its memory.

        Returns:
            frames (B,T,H,W,3) uint8, xy (B,T,2) network pixels, visibility (B,T), window (B,2):
            clip and first frame; background (B,H,W,3) uint8 and augmentation, a dict of
            parameters (B,...), where they are wanted.
        """
        samples = [self._sample(*(key if isinstance(key, tuple) else (0, key))) for key in keys]
        batch = _stacked(samples)
        if not self.pixels:
            return batch
        clips = [self.clips[sample["window"][0]] for sample in samples]
        size = *clips[0].letterbox.target, 3
        batch["frames"] = torch.empty(len(keys), self.frames, *size, dtype=torch.uint8)
        for clip, sample, out in zip(clips, samples, batch["frames"].numpy(), strict=True):
            start = sample["window"][1]
            inside = min(self.frames, len(clip) - start)
            clip.read(start, out[:inside])
            # A short clip repeats its last frame, which is then not a label a second time.
            out[inside:] = out[inside - 1]
        if self.background:
            batch["background"] = torch.empty(len(keys), *size, dtype=torch.uint8)
            for clip, out in zip(clips, batch["background"].numpy(), strict=True):
                clip.read_background(out)
        return batch

    __getitems__ = batch  # the name that PyTorch's loaders look for

    def _sample(self, epoch: int, index: int, *position: int) -> dict[str, Any]:
        """All of a sample but its pixels."""
        number, start = self.windows[index]
        clip = self.clips[number]
        rows = np.arange(start, start + self.frames)
        inside = rows < len(clip)
        rows = np.minimum(rows, len(clip) - 1)
        sample = {
            "xy": clip.network_xy[rows],
            "visibility": np.where(inside, clip.labels.visibility[rows], UNLABELLED),
            "window": np.array([number, start]),
        }
        if self.augmentation is not None:
            rng = np.random.default_rng([self.seed, epoch, index, *position])
            sample["augmentation"] = self.augmentation.draw(
                rng, clip.letterbox.target, sample["xy"], sample["visibility"]
            )
        return sample


def collated(batch: dict[str, Any]) -> dict[str, Any]:
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


def _first(batch: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _first(value) if isinstance(value, dict) else value[0]
        for name, value in batch.items()
    }
