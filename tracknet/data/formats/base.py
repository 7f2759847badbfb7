"""What every dataset layout offers, whatever it looks like on disk."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from tracknet.data.splits import Places, refuse_leaks
from tracknet.errors import InputError
from tracknet.problems import Problem
from tracknet.types import ABSENT, UNLABELLED, Clip, Labels
from tracknet.values import Folder
from tracknet.video import IMAGE_SUFFIXES, VIDEO_SUFFIXES, VideoError, image_files


class LabelError(InputError):
    """Labels that cannot be used; the message names the file, the value and the remedy.

    Args:
        message: As said.
        kind: Of the problem, one word for tables.
        frame: The frame that is concerned, from 0; None where there is no single one.
    """

    def __init__(self, message: str, kind: str = "unreadable", frame: int | None = None) -> None:
        super().__init__(message)
        self.kind, self.frame = kind, frame


LEFT_OUT = "; the clip is left out"


def fit_labels(clip: Clip, frames: int, size: tuple[int, int]) -> tuple[Labels, list[Problem]]:
    """A clip's labels, once it is known how long and how large its video really is.

    Args:
        clip: With labels in original pixels.
        frames: How many could be decoded.
        size: (H, W) of the original frames.

    Returns:
        One row for every frame, and what was wrong: rows beyond the last frame, which are dropped,
        and balls outside the picture, which count as unlabelled.
    """
    problems = []
    beyond = np.flatnonzero(clip.labels.visibility[frames:] != UNLABELLED)
    if len(beyond):
        first = frames + int(beyond[0])
        message = (
            f"clip {clip.name}: {len(beyond)} label rows, from frame {first} on, lie beyond the "
            f"{frames} frames that can be decoded, and are not used. Is the video complete? If you "
            "count frames from 1, every label is one late: subtract 1"
        )
        problems.append(Problem("row_beyond_video", clip.name, first, message))
    labels = replace(clip.labels.resized(frames), size=size)
    height, width = size
    low, high = np.array([-0.5, -0.5]), np.array([width - 0.5, height - 0.5])
    outside = (labels.visibility > ABSENT) & ((labels.xy < low) | (labels.xy > high)).any(1)
    if outside.any():
        first = int(outside.argmax())
        x, y = labels.xy[first]
        message = (
            f"clip {clip.name}: {outside.sum()} balls lie outside the {width}x{height} picture, "
            f"the first in frame {first} at x={x:g}, y={y:g}; are the labels in pixels of this "
            "video? These frames count as unlabelled"
        )
        problems.append(Problem("out_of_frame", clip.name, first, message))
        labels.visibility[outside], labels.xy[outside] = UNLABELLED, np.nan
    return labels, problems


@runtime_checkable
class Dataset(Protocol):
    """A layout's reader.

    Attributes:
        name: The layout's name in group ``data``.
        root: The dataset's folder.
    """

    name: str
    root: Path

    def clips(self, split: str) -> tuple[list[Clip], list[Problem]]:
        """The clips of ``train``, ``val`` or ``test``, sorted by name, and what is wrong.

        Clips that cannot be used are left out, and are among the problems.

        Raises:
            LabelError: The split is unknown, or there are no clips for it.
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
    def read(self, found: Path) -> tuple[Path, Labels, list[Problem]]:
        """A found clip's source and labels, and what is wrong with these; `clips` names the clip.

        Raises:
            LabelError: It cannot be used.
            VideoError: It cannot be used because of its video.
        """

    def clips(self, split: str) -> tuple[list[Clip], list[Problem]]:
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
        problems: list[Problem] = []
        for found, (name, match) in sorted(places[split].items()):
            try:
                source, labels, own = self.read(found)
                problems += [replace(problem, clip=name) for problem in own]
                if source.is_dir():
                    _check_numbers(source)
                if labels.rest == UNLABELLED and (labels.visibility == UNLABELLED).all():
                    raise LabelError(f"{found}: no frame is labelled; label some or remove it")
            except (LabelError, VideoError) as error:
                known = (error.kind, error.frame) if isinstance(error, LabelError) else None
                kind, frame = known or ("unreadable", None)
                problems.append(Problem(kind, name, frame, f"{error}{LEFT_OUT}"))
            else:
                clips.append(Clip(name, match, source, labels))
        if not places[split]:
            raise LabelError(
                f"split {split} is empty: no {self.expected} below {self.root} for "
                f"{', '.join(self.splits[split])}; set data.root to the dataset's folder, or "
                f"data.splits.{split} to what it holds"
            )
        return sorted(clips, key=lambda clip: clip.name), problems

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
