"""Windows: T consecutive frames of one clip."""

from collections.abc import Sequence

import numpy as np
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
    """Windows of stored clips as numpy arrays, nothing computed on the pixels.

    A sample's augmentation is a pure function of (seed, epoch, index), so it depends neither on
    the number of workers nor on where a run was resumed.

    Args:
        clips: Where the windows come from.
        frames: T, frames of a window.
        step: Frames from one window's start to the next one's.
        background: Whether samples carry the clip's median frame.
        augmentation: Draws each sample's parameters; None for none.
        seed: Of the augmentation.
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

    def __getitem__(self, key: tuple[int, int] | int) -> dict[str, np.ndarray]:
        """The sample of (epoch, index), or of an index alone.

        Returns:
            frames (T,H,W,3) uint8, xy (T,2) network pixels, visibility (T,), window (2,): clip and
            first frame; background (H,W,3) uint8 and augmentation (P,) where they are wanted.
        """
        epoch, index = key if isinstance(key, tuple) else (0, key)
        number, start = self.windows[index]
        clip = self.clips[number]
        # A short clip repeats its last frame, which is then not a label a second time.
        rows = np.arange(start, start + self.frames)
        inside = rows < len(clip)
        rows = np.minimum(rows, len(clip) - 1)
        whole = inside.all()
        sample = {
            "frames": np.array(clip.frames[start : start + self.frames])
            if whole
            else clip.frames[rows],
            "xy": clip.network_xy[rows],
            "visibility": np.where(inside, clip.labels.visibility[rows], UNLABELLED),
            "window": np.array([number, start]),
        }
        if self.background:
            sample["background"] = clip.background
        if self.augmentation is not None:
            rng = np.random.default_rng([self.seed, epoch, index])
            sample["augmentation"] = self.augmentation.draw(
                rng, clip.letterbox.target, sample["xy"], sample["visibility"]
            )
        return sample
