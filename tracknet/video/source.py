"""What a path, a pattern, a URL or a number names: videos, folders of frames, streams, cameras."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from glob import escape, glob
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias, TypeGuard

from tracknet.errors import InputError
from tracknet.names import located
from tracknet.problems import Problem

VIDEO_SUFFIXES = {
    *(".mp4", ".mov", ".avi", ".mkv", ".m4v", ".webm", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts"),
    *(".wmv", ".asf", ".flv", ".f4v", ".3gp", ".3g2", ".ogv", ".vob", ".mxf", ".divx"),
}
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp"}

Source: TypeAlias = Path | str
"""A video, a folder of frames, or the URL of a stream."""

CAMERA = "camera://"
"""How the URL of a camera of this machine begins; its number follows."""


class VideoError(InputError):
    """A source that holds no frames that can be used."""


def about(source: Source, error: Exception) -> str:
    """What is wrong with a source, which is named by it."""
    said = str(error)
    return said if str(source) in said else f"{source}: {said}"


class DamageError(VideoError):
    """A video is damaged from here on."""


def is_stream(source: object) -> TypeGuard[str]:
    """Whether it is a URL: ``http://``, ``rtsp://``, ``udp://`` and what else FFmpeg opens."""
    return isinstance(source, str) and "://" in source


def is_camera(source: object) -> TypeGuard[str]:
    """Whether it is the URL of a camera of this machine, a stream as others are."""
    return isinstance(source, str) and source.startswith(CAMERA)


def for_ffmpeg(path: Path) -> str:
    """A path as FFmpeg takes it: what stands before a colon would be a protocol to it."""
    return str(path) if path.is_absolute() else os.path.join(os.curdir, path)


def check_file(path: Path) -> int:
    """The bytes of a file that can be read to its end.

    Raises:
        VideoError: There is none, or it is a pipe or a device, which may never end.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise VideoError(f"{path}: no such file or folder ({error.strerror})") from error
    if not stat.S_ISREG(found.st_mode):
        raise VideoError(f"{path}: neither a file nor a folder; name a file that it was copied to")
    return found.st_size


def find_sources(named: str | int | Path | Sequence[str | int | Path]) -> Sequence[Source]:
    """The videos, folders of frames and streams that are named, in the order of their names.

    A name of something that is there is that, whatever it holds. Otherwise a number is a camera, a
    URL names itself, and the rest are patterns. In a folder without frames of its own, videos and
    folders of frames are looked for, at any depth.

    Args:
        named: A name, or several, of which one that finds nothing is a file that cannot be read.

    Raises:
        VideoError: There is nothing of a single name, or only pictures.
    """
    if isinstance(named, Sequence) and not isinstance(named, str):
        return [source for one in named for source in _found(one)]
    name = str(named)
    there = located(name)
    if os.path.lexists(there):
        found = _in(Path(there))
    elif name.isascii() and name.isdecimal():
        return [f"{CAMERA}{int(name)}"]
    elif is_stream(name):
        return [name]
    else:
        found = [film for path in sorted(glob(_pattern(name))) for film in _in(Path(path))]
    if not found:
        quotes = "; quote a pattern, so that the shell leaves it alone" if "*" in name else ""
        raise VideoError(f"{name}: no such video or folder{quotes}")
    if all(path.suffix.lower() in IMAGE_SUFFIXES for path in found):
        folders = " or ".join(dict.fromkeys(str(path.parent) for path in found))
        raise VideoError(
            f"{name}: names single pictures, {len(found)} of them; a film of pictures is named "
            f"by its folder: {folders}"
        )
    return found


def _found(name: str | int | Path) -> Sequence[Source]:
    """As `find_sources`; what is not there is said when its turn comes."""
    try:
        return find_sources(name)
    except VideoError:
        return [Path(name if isinstance(name, Path) else str(name))]


def _pattern(name: str) -> str:
    """A pattern in which the folders that are there stand for themselves."""
    path = Path(name)
    there = next((folder for folder in path.parents if os.path.lexists(folder)), Path())
    return os.path.join(escape(str(there)), path.relative_to(there))


def _in(path: Path) -> list[Path]:
    """A file itself, of a folder its films; a folder without any is named when it is read."""
    return [*(_films(path) if path.is_dir() else ())] or [path]


def _films(folder: Path) -> Iterator[Path]:
    """A folder of frames itself, or the videos and such folders in it.

    Pictures beside videos are posters and the like.
    """
    inner = sorted(folder.glob("[!.]*"))
    videos = [p for p in inner if p.suffix.lower() in VIDEO_SUFFIXES and p.is_file()]
    if not videos and any(_pictures(folder)):
        yield folder
        return
    yield from videos
    for path in inner:
        if path.is_dir() and not path.is_symlink():
            yield from _films(path)


def image_files(folder: Path) -> list[Path]:
    """The frames of a folder: its pictures in the order of the numbers in their names.

    A picture without a number beside others that have one is no frame, see `stray_pictures`.

    Raises:
        VideoError: Two pictures are one frame, such as ``0001.png`` beside ``0001.jpg``.
    """
    files = {file: name_parts(file) for file in _pictures(folder)}
    numbered = any(len(parts) > 1 for parts in files.values())
    frames = [file for file, parts in files.items() if len(parts) > 1 or not numbered]
    frames.sort(key=lambda file: (files[file], file.name))
    for one, other in pairwise(frames):
        if files[one] == files[other]:
            raise VideoError(
                f"{folder}: {one.name} and {other.name} have the same number, but are two frames; "
                "keep one of them"
            )
    return frames


def stray_pictures(folder: Path) -> Iterator[Problem]:
    """The pictures of a folder that are no frames: a background, a cover."""
    frames = set(image_files(folder))
    strays = sorted(file.name for file in _pictures(folder) if file not in frames)
    if strays:
        more = f" and {len(strays) - 1} more" if len(strays) > 1 else ""
        message = (
            f"{folder}: {strays[0]}{more} beside numbered frames has no number, and is not used; "
            "number it if it is a frame"
        )
        yield Problem("stray_picture", str(folder), None, message)


def name_parts(file: Path) -> list[str | int]:
    """A name without its ending: texts, which may be empty, and the numbers between them."""
    parts = re.split(r"(\d+)", file.stem.casefold())
    return [int(part) if i % 2 else part for i, part in enumerate(parts)]


def _pictures(folder: Path) -> Iterator[Path]:
    return (file for file in folder.glob("[!.]*") if file.suffix.lower() in IMAGE_SUFFIXES)
