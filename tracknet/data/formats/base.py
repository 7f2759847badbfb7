"""What every dataset layout offers, whatever it looks like on disk."""

import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from tracknet.data.splits import Places, refuse_leaks
from tracknet.errors import InputError, InputWarning
from tracknet.types import ABSENT, UNLABELLED, Clip, Labels
from tracknet.values import Folder
from tracknet.video import IMAGE_SUFFIXES, VIDEO_SUFFIXES, VideoError, image_files


class LabelError(InputError):
    """Labels that cannot be used; the message names the file, the value and the remedy.

    Args:
        message: As said.
        kind: Of the problem, one word for tables.
        frame: The frame that is concerned, from 0; None where there is no single one.
        clip: The clip's name, where it is known.
    """

    def __init__(
        self, message: str, kind: str = "unreadable", frame: int | None = None, clip: str = ""
    ) -> None:
        super().__init__(message)
        self.kind, self.frame, self.clip = kind, frame, clip


LEFT_OUT = "; the clip is left out"


class DataWarning(InputWarning):
    """Something is wrong with the data, and the job goes on without it.

    Args:
        message: What is wrong, and the remedy.
        kind: Of the problem, one word for tables.
        clip: The clip's name, or its label file where only that is known.
        frame: The first frame that is concerned, from 0; None where there is no single one.
    """

    def __init__(
        self, message: str, kind: str = "unreadable", clip: str = "", frame: int | None = None
    ) -> None:
        super().__init__(message)
        self.kind, self.clip, self.frame = kind, clip, frame


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
            said = str(problem).removesuffix(LEFT_OUT)
            raise LabelError(f"{said} (an error because of strict=true)") from problem


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
            DataWarning(
                f"clip {clip.name}: {len(beyond)} label rows, from frame {frames + beyond[0]} on, "
                f"lie beyond the {frames} frames that can be decoded, and are not used. Is the "
                "video complete? If you count frames from 1, every label is one late: subtract 1",
                "row_beyond_video",
                clip.name,
                frames + int(beyond[0]),
            ),
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
            DataWarning(
                f"clip {clip.name}: {outside.sum()} balls lie outside the {width}x{height} "
                f"picture, the first in frame {frame} at x={x:g}, y={y:g}; are the labels in "
                "pixels of this video? These frames count as unlabelled",
                "out_of_frame",
                clip.name,
                int(frame),
            ),
            stacklevel=2,
        )
        labels.visibility[outside], labels.xy[outside] = UNLABELLED, np.nan
    return labels


@runtime_checkable
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

    def places(self) -> Places:
        """Where the clips of every split are, also of those that cannot be used."""
        ...


class Layout(ABC):
    """A dataset whose splits are lists of its parts: folders, matches or videos.

    Args:
        root: The dataset's folder.
        splits: Which parts make up each split.
        name: Of a variant with other splits; the layout's own unless given.
    """

    name: str
    expected: str
    """What a part must hold, for the message that it holds nothing."""
    home: str = ""
    """A folder that the archive unpacks to; the root may be that folder or hold it."""

    def __init__(
        self,
        root: Folder,
        splits: Mapping[str, Sequence[str | int]],
        name: str | None = None,
    ) -> None:
        self.root = Path(root).expanduser()
        self.splits = {split: [str(part) for part in parts] for split, parts in splits.items()}
        self.name = name or self.name

    @abstractmethod
    def find(self, part: str) -> Iterable[Path]:
        """A path for each clip of a part, also of those whose labels or frames are missing."""

    def place(self, found: Path) -> tuple[str, str]:
        """A found clip's name and match, see `Clip`: its path below the root, and its folder's."""
        name = found.relative_to(self.root)
        return name.as_posix(), name.parent.as_posix()

    @abstractmethod
    def read(self, found: Path) -> tuple[Path, Labels]:
        """A found clip's source and labels.

        Raises:
            LabelError: It cannot be used.
            VideoError: Likewise, because of its video.
        """

    def clips(self, split: str) -> list[Clip]:
        """See `Dataset.clips`.

        Raises:
            LabelError: As there.
            LeakError: A clip is in two splits.
        """
        if split not in self.splits:
            raise LabelError(f"split={split} is unknown; choose one of {', '.join(self.splits)}")
        places = self.places()
        refuse_leaks(places)
        clips: list[Clip] = []
        broken: list[tuple[str, LabelError | VideoError]] = []
        for found, place in sorted(places[split].items()):
            try:
                with _warnings_of(place[0]):
                    clip = Clip(*place, *self.read(found))
                if clip.source.is_dir():
                    _check_numbers(clip.source)
                labels = clip.labels
                if labels.rest == UNLABELLED and (labels.visibility == UNLABELLED).all():
                    raise LabelError(f"{found}: no frame is labelled; label some or remove it")
            except (LabelError, VideoError) as error:
                broken.append((place[0], error))
            else:
                clips.append(clip)
        # Where none can be used, the first one is what the error names.
        for name, error in broken if clips else broken[1:]:
            kind, frame = _kind_and_frame(error)
            warnings.warn(DataWarning(f"{error}{LEFT_OUT}", kind, name, frame), stacklevel=2)
        if broken and not clips:
            name, error = broken[0]
            raise LabelError(
                f"split {split}: none of its {len(broken)} clips can be used; {error}",
                *_kind_and_frame(error),
                name,
            ) from error
        if not clips:
            raise LabelError(
                f"split {split} is empty: no {self.expected} below {self.root} for "
                f"{', '.join(self.splits[split])}; set data.root to the dataset's folder, or "
                f"data.splits.{split} to what it holds"
            )
        return sorted(clips, key=lambda clip: clip.name)

    def places(self) -> Places:
        """See `Dataset.places`."""
        return {
            split: {found: self.place(found) for part in parts for found in self.find(part)}
            for split, parts in self.splits.items()
        }

    def inside(self, *path: str) -> Path:
        """A path below `home` if there is such a one, else below the root."""
        nested = self.root.joinpath(self.home, *path)
        return nested if nested.exists() else self.root.joinpath(*path)


def _kind_and_frame(error: LabelError | VideoError) -> tuple[str, int | None]:
    known = isinstance(error, LabelError)
    return (error.kind, error.frame) if known else ("unreadable", None)


@contextmanager
def _warnings_of(clip: str) -> Iterator[None]:
    """Names the clip in each `DataWarning` that its reading gives rise to."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield
    for warning in said:
        if isinstance(warning.message, DataWarning):
            warning.message.clip = warning.message.clip or clip
        warnings.warn(warning.message, stacklevel=4)


def _check_numbers(folder: Path) -> None:
    """Refuses a folder of frames in which some are missing: a window would span the gap.

    Raises:
        LabelError: The numbers in the names do not go up in equal steps.
    """
    files = image_files(folder)
    found = [re.findall(r"\d+", file.stem) for file in files]
    if not all(found):
        return
    steps = np.diff([int(digits[-1]) for digits in found])
    uneven = np.flatnonzero(steps != steps[:1])
    if len(uneven):
        before, after = files[uneven[0]].name, files[uneven[0] + 1].name
        raise LabelError(
            f"{folder}: frames are missing between {before} and {after}; put them back, or make "
            "what follows a clip of its own"
        )


def is_video(path: Path) -> bool:
    """Whether it is named like a video; hidden files are unfinished or a system's own."""
    return path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".")


def holds_pictures(path: Path) -> bool:
    """Whether it is a folder of frames, and not hidden."""
    if path.name.startswith(".") or not path.is_dir():
        return False
    return any(p.suffix.lower() in IMAGE_SUFFIXES for p in path.glob("[!.]*"))
