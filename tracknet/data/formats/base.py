"""What every dataset layout offers, whatever it looks like on disk."""

import glob
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from rich.filesize import decimal

from tracknet.data.splits import Places, refuse_leaks
from tracknet.errors import InputError
from tracknet.names import at_home, composed, located
from tracknet.problems import Problem
from tracknet.types import ABSENT, UNLABELLED, Clip, Labels
from tracknet.values import Folder
from tracknet.video import (
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    VideoError,
    image_files,
    name_parts,
    stray_pictures,
)

MALFORMED = (
    OSError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    SyntaxError,
)
"""What Python raises at a file that is not what it should be."""


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


LONGEST = 64 << 20
"""Bytes of a file of labels, at most: hours of video, and no more than a gigabyte in memory."""
TABLES = (".csv", ".tsv")
"""Endings of tables."""
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

    @property
    def name(self) -> str | None: ...

    @property
    def root(self) -> Path: ...

    def clips(self, split: str) -> tuple[list[Clip], list[Problem]]:
        """The clips of ``train``, ``val`` or ``test``, sorted by name, and what is wrong.

        Clips that cannot be used are left out, and are among the problems.

        Raises:
            LabelError: The split is unknown, or there are no clips for it.
            LeakError: A clip is in two splits.
        """
        ...

    def places(self) -> Places:
        """Where the clips of every split are, also of those that cannot be used."""
        ...


ALL = "all"
"""The split of every clip: of all splits, or of a folder that has none."""


@dataclass
class Layout(ABC):
    """A dataset whose splits are lists of its parts, and whose files lie alike in each of them.

    A place is a path below the root with ``{match}`` and ``{clip}`` for their names. Where it names
    no clip, a match is one.

    Args:
        root: The dataset's folder.
        splits: Which parts, matches unless said otherwise, make up each split.
        name: Of a variant with other splits; the layout's own unless given.
    """

    root: Folder
    splits: Mapping[str, Sequence[str | int]]
    name: str | None = None

    sources: ClassVar[Sequence[str]]
    """Places of a folder of frames, or of a video without its suffix, the best first."""
    tables: ClassVar[Sequence[str]]
    """Places of the file with a clip's labels, the best first."""
    home: ClassVar[str] = ""
    """A folder that the archive unpacks to; the root may be that folder or hold it."""

    def __post_init__(self) -> None:
        self.root, self.name = Path(at_home(str(self.root))), self.name or type(self).name

    @abstractmethod
    def read(self, source: Path, table: Path) -> tuple[Labels, list[Problem]]:
        """A clip's labels, and what is wrong with these; `clips` names the clip.

        Raises:
            LabelError: It cannot be used.
            VideoError: It cannot be used because of its video.
        """

    def matches(self, part: str) -> Iterable[str]:
        """The matches of a part, paths below `base`."""
        return [part]

    def find(self, part: str) -> Iterator[tuple[str, str]]:
        """The match and the name of each clip of a part, also of those that lack labels or frames.

        The name is empty where the match is the clip.
        """
        for match in self.matches(part):
            for place in self.sources:
                where = self.base / place.format(match=match, clip="")
                if "{clip}" in place:
                    yield from ((match, composed(clip)) for clip in _clips_in(where))
                elif sources_at(where):
                    yield match, ""
            for place in self.tables:
                head, several, tail = place.replace("{match}", match).partition("{clip}")
                for file in self.base.glob(glob.escape(head) + "[!.]*" * bool(several) + tail):
                    clip = file.as_posix().removesuffix(tail).rpartition("/")[2]
                    yield match, composed(clip) if several else ""

    def source(self, match: str, clip: str) -> Path:
        """The folder of frames, or else the video, of a clip.

        Raises:
            LabelError: There is none, or there are several videos.
        """
        places = self._places(self.sources, match, clip)
        for place in places:
            if found := sources_at(place):
                return only(found)
        beside = "".join(f"; {other}" for place in places for other in _others_at(place))
        raise LabelError(
            f"{places[-1]}: labelled, but there is no such video or folder of frames{beside}"
        )

    def table(self, match: str, clip: str) -> Path:
        """The file with a clip's labels, whether it is there or not."""
        return self._places(self.tables, match, clip)[-1]

    def _places(self, places: Sequence[str], match: str, clip: str) -> list[Path]:
        return [_there(self.base / place.format(match=match, clip=clip)) for place in places]

    @property
    def has_splits(self) -> bool:
        """Whether there is anything of what makes up the splits."""
        return True

    def clips(self, split: str) -> tuple[list[Clip], list[Problem]]:
        if split == ALL and ALL not in self.splits:
            parts = [*chain.from_iterable(self.splits.values())] if self.has_splits else [""]
            found = self._found(parts)
        elif split in self.splits:
            parts = self.splits[split]
            splits = {own: self._found(listed) for own, listed in self.splits.items()}
            refuse_leaks(splits)
            found = splits[split]
        else:
            choices = ", ".join([*self.splits, ALL])
            raise LabelError(f"split={split} is unknown; choose one of {choices}")
        clips: list[Clip] = []
        problems: list[Problem] = []
        for name, match in sorted(found.values()):
            at = match, "" if name == match else Path(name).name
            try:
                source, table = self.source(*at), self.table(*at)
                labels, own = self.read(source, table)
                problems += [replace(problem, clip=name) for problem in own]
                if source.is_dir():
                    _check_numbers(source)
                    strays = stray_pictures(source)
                    problems += [replace(problem, clip=name) for problem in strays]
                if labels.rest == UNLABELLED and (labels.visibility == UNLABELLED).all():
                    raise LabelError(f"clip {name}: no frame is labelled; label some or remove it")
            except (LabelError, VideoError, OSError) as error:
                kind, frame = getattr(error, "kind", "unreadable"), getattr(error, "frame", None)
                problems.append(Problem(kind, name, frame, f"{error}{LEFT_OUT}"))
            else:
                clips.append(Clip(name, self._venue(match), source, labels))
        if not found:
            table = self.tables[-1].format(match="<match>", clip="*")
            lacks = f"no {table} below {self.base} for {', '.join(map(str, parts))}"
            if not self.base.is_dir():
                lacks = f"there is no folder {self.base}"
            raise LabelError(
                f"split {split} is empty: {lacks}; set data.root to the dataset's folder, or "
                f"data.splits.{split} to what it holds"
            )
        return clips, problems

    def _venue(self, match: str) -> str:
        """A match without the folder that is its split: what two of them hold may be one match."""
        for folder in (
            Path(str(own[0])).as_posix() for own in self.splits.values() if len(own) == 1
        ):
            if match.startswith(f"{folder}/"):
                return match.removeprefix(f"{folder}/")
        return match

    def places(self) -> Places:
        return {
            split: {path: (name, self._venue(m)) for path, (name, m) in self._found(parts).items()}
            for split, parts in self.splits.items()
        }

    def _found(self, parts: Iterable[object]) -> dict[Path, tuple[str, str]]:
        """Where the clips of parts are, with the name and the match of each."""
        return {
            self._places(self.sources, *at)[0]: (Path(*at).as_posix(), at[0])
            for part in parts
            for at in self.find(str(part))
        }

    @cached_property
    def base(self) -> Path:
        """The folder that places are in."""
        nested = Path(self.root, self.home)
        return nested if nested.is_dir() else Path(self.root)


def picture_numbers(folder: Path) -> list[int | None]:
    """The number of each picture of a folder, in the order of the pictures.

    Of several in a name it is the one that counts the pictures: 5 in ``frame_0005_cam2``.

    Raises:
        VideoError: Two pictures are one frame.
    """
    names = [name_parts(file)[1::2] for file in image_files(folder)]
    if len({len(numbers) for numbers in names}) != 1 or not names[0]:
        return [int(numbers[-1]) if numbers else None for numbers in names]
    columns = [[int(number) for number in column] for column in zip(*names, strict=True)]
    counting = [column for column in columns if all(a < b for a, b in pairwise(column))]
    even = [column for column in counting if _uneven(column) is None]
    return list((even or counting or columns)[-1])


def _uneven(numbers: Sequence[int]) -> int | None:
    """Behind which number the steps are not as the first one."""
    steps = [after - before for before, after in pairwise(numbers)]  # of any length
    return next((i for i, step in enumerate(steps) if step != steps[0]), None)


def _check_numbers(folder: Path) -> None:
    """Refuses a folder of frames in which some are missing: a window would span the gap.

    So is one of several series of pictures, of which each would be in the other's labels.
    """
    numbers = [number for number in picture_numbers(folder) if number is not None]
    files = image_files(folder)
    if not files or len(numbers) < len(files):  # nothing to compare, or not numbered
        return
    series = [tuple(name_parts(file)[::2]) for file in files]
    most = max(series, key=series.count)
    if other := next((file for file, own in zip(files, series, strict=True) if own != most), None):
        raise LabelError(
            f"{folder}: {other.name} is not named as {files[series.index(most)].name} is; leave "
            "the pictures of one series there, with one number a frame"
        )
    uneven = _uneven(numbers)
    if uneven is not None:
        before, after = (file.name for file in files[uneven:][:2])
        raise LabelError(
            f"{folder}: frames are missing between {before} and {after}; put them back, or make "
            "what follows a clip of its own"
        )


@contextmanager
def readable(file: Path, expected: str) -> Iterator[None]:
    """Reads a file of labels inside; says what was expected of one that is missing or malformed.

    Raises:
        LabelError: It is.
    """
    try:
        yield
    except LabelError:
        raise
    except FileNotFoundError as error:
        raise LabelError(f"{file}: there is no such label file; {expected}") from error
    except RecursionError as error:
        raise LabelError(f"{file}: is nested too deep; {expected}") from error
    except MALFORMED as error:
        raise LabelError(f"{file}: {type(error).__name__}: {error}; {expected}") from error


def read_content(file: Path, expected: str) -> bytes:
    """The bytes of a file of labels.

    Raises:
        LabelError: It is missing, may not be read, is no file, or is larger than `LONGEST`.
    """
    with readable(file, expected):
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise LabelError(f"{file}: is no file; {expected}")
        check_length(file, found.st_size)
        return file.read_bytes()


def check_length(file: Path, length: int) -> None:
    """Refuses labels of more bytes than `LONGEST`, before they are read or unpacked.

    Raises:
        LabelError: There are more.
    """
    if length > LONGEST:
        raise LabelError(
            f"{file}: its labels are {decimal(length)} long, more than any video's; expected "
            f"{decimal(LONGEST)} at most, so look what is in it, or split it"
        )


def only(files: Sequence[Path]) -> Path:
    """The one file of a clip.

    Raises:
        LabelError: There are several.
    """
    if len(files) > 1:
        raise LabelError(f"{' and '.join(map(str, files))} are for one clip; keep one of them")
    return files[0]


def _there(path: Path) -> Path:
    return Path(located(str(path)))


def sources_at(place: Path) -> list[Path]:
    """The folder of frames at a path, or else the videos, which have suffixes."""
    if holds_pictures(_there(place)):
        return [_there(place)]
    name = composed(place.name)
    return sorted(p for p in place.parent.glob("*") if composed(p.stem) == name and is_video(p))


def _others_at(place: Path) -> Iterator[str]:
    """What is there instead of a video or a folder of frames, and is not read."""
    endings = {file.suffix.lower() for file in place.glob("[!.]*") if file.suffix}
    if endings:
        read = " ".join(sorted(IMAGE_SUFFIXES))
        yield f"the folder holds {' '.join(sorted(endings))}, not {read}; convert the pictures"
    for file in sorted(place.parent.glob("[!.]*")):
        other = file.suffix.lower() not in (*TABLES, ".json", ".xml", ".txt") and file.is_file()
        if other and composed(file.stem) == composed(place.name):
            yield f"{file.name} is not named as a video is: {' '.join(sorted(VIDEO_SUFFIXES))}"


def _clips_in(folder: Path) -> Iterator[str]:
    for path in folder.glob("*"):
        if is_video(path) or holds_pictures(path):
            yield path.stem if is_video(path) else path.name


def is_video(path: Path) -> bool:
    """Whether it is named like a video; hidden files are unfinished or a system's own."""
    return path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".")


def holds_pictures(path: Path) -> bool:
    """Whether it is a folder of frames, and not hidden."""
    if path.name.startswith(".") or not path.is_dir():
        return False
    return any(p.suffix.lower() in IMAGE_SUFFIXES for p in path.glob("[!.]*"))
