"""What every dataset layout offers, whatever it looks like on disk."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from tracknet.types import ABSENT, UNLABELLED, Clip, Labels
from tracknet.video import IMAGE_SUFFIXES, VIDEO_SUFFIXES


class LabelError(ValueError):
    """Labels that cannot be used; the message names the file, the value and the remedy."""


class DataWarning(UserWarning):
    """Something is wrong with the data, and the job goes on without it."""


@contextmanager
def strict_data(strict: bool) -> Iterator[None]:
    """Inside, a `DataWarning` is an error if `strict` is set.

    Raises:
        LabelError: With the message of the first warning.
    """
    if not strict:
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        try:
            yield
        except DataWarning as problem:
            raise LabelError(f"{problem} (an error because of strict=true)") from problem


def fit_labels(clip: Clip, frames: int, size: tuple[int, int]) -> Labels:
    """A clip's labels, once it is known how long and how large its video really is.

    Rows beyond the last frame are dropped and balls outside the picture count as unlabelled, both
    with a `DataWarning`.

    Args:
        clip: With labels in original pixels.
        frames: How many could be decoded.
        size: (H, W) of the original frames.
    """
    beyond = np.flatnonzero(clip.labels.visibility[frames:] != UNLABELLED)
    if len(beyond):
        warnings.warn(
            f"clip {clip.name}: {len(beyond)} label rows, from frame {frames + beyond[0]} on, lie "
            f"beyond the {frames} frames that can be decoded; is the video complete, and counted "
            "from 0? These rows are not used",
            DataWarning,
            stacklevel=2,
        )
    labels = replace(clip.labels.resized(frames), size=size)
    height, width = size
    low, high = np.array([-0.5, -0.5]), np.array([width - 0.5, height - 0.5])
    outside = (labels.visibility > ABSENT) & ((labels.xy < low) | (labels.xy > high)).any(1)
    if outside.any():
        frame = outside.argmax()
        x, y = labels.xy[frame]
        warnings.warn(
            f"clip {clip.name}: {outside.sum()} balls lie outside the {width}x{height} picture, "
            f"the first in frame {frame} at x={x:g}, y={y:g}; are the labels in pixels of this "
            "video? These frames count as unlabelled",
            DataWarning,
            stacklevel=2,
        )
        labels.visibility[outside], labels.xy[outside] = UNLABELLED, np.nan
    return labels


class Dataset(Protocol):
    """A layout's reader.

    Attributes:
        name: The layout's name in group ``data``.
        root: The dataset's folder.
    """

    name: str
    root: Path

    def clips(self, split: str) -> list[Clip]:
        """The clips of ``train``, ``val`` or ``test``, sorted by name.

        Clips that cannot be used are left out with a `DataWarning`.

        Raises:
            LabelError: The split is unknown, or holds no clip that can be used.
        """
        ...


class Layout(ABC):
    """A dataset whose splits are folders.

    Args:
        root: Folder that holds them.
        splits: Which folders below the root make up each split.
    """

    name: str
    expected: str
    """What a split's folder must hold, for the message that it holds nothing."""

    def __init__(self, root: str | Path, splits: Mapping[str, Sequence[str]]) -> None:
        self.root = Path(root)
        self.splits = splits

    @abstractmethod
    def find(self, folder: Path) -> Iterable[Path]:
        """A path for each clip of a split's folder: whatever `read` takes."""

    @abstractmethod
    def read(self, found: Path) -> Clip:
        """The clip that `find` found.

        Raises:
            LabelError: It cannot be used.
        """

    def clips(self, split: str) -> list[Clip]:
        """See `Dataset.clips`."""
        if split not in self.splits:
            raise LabelError(f"split={split} is unknown; choose one of {', '.join(self.splits)}")
        folders = [self.root / folder for folder in self.splits[split]]
        clips, broken = [], []
        for found in sorted({path for folder in folders for path in self.find(folder)}):
            try:
                clip = self.read(found)
                if (clip.labels.visibility == UNLABELLED).all():
                    raise LabelError(f"{found}: no frame is labelled; label some or remove it")
            except LabelError as error:
                warnings.warn(f"{error}; the clip is left out", DataWarning, stacklevel=2)
                broken.append(error)
            else:
                clips.append(clip)
        if not clips:
            if broken:
                raise LabelError(
                    f"split {split}: none of its {len(broken)} clips can be used; {broken[0]}"
                ) from broken[0]
            looked = ", ".join(str(folder) for folder in folders)
            raise LabelError(
                f"split {split} is empty: no {self.expected} below {looked}; set data.root to the "
                "folder that holds the splits"
            )
        return sorted(clips, key=lambda clip: clip.name)


def is_video(path: Path) -> bool:
    """Whether it is named like a video; hidden files are unfinished or a system's own."""
    return path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".")


def holds_pictures(path: Path) -> bool:
    """Whether it is a folder of frames."""
    return path.is_dir() and any(p.suffix.lower() in IMAGE_SUFFIXES for p in path.glob("[!.]*"))
