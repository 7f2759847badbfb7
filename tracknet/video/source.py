"""What a path, a pattern or a URL names: videos, folders of frames, streams."""

import re
import stat
from collections.abc import Iterator, Sequence
from glob import glob
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias, TypeGuard

from tracknet.errors import InputError
from tracknet.problems import Problem

VIDEO_SUFFIXES = {
    *(".mp4", ".mov", ".avi", ".mkv", ".m4v", ".webm", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts"),
    *(".wmv", ".asf", ".flv", ".f4v", ".3gp", ".3g2", ".ogv", ".vob", ".mxf", ".divx"),
}
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp"}

Source: TypeAlias = Path | str
"""A video, a folder of frames, or the URL of a stream."""


class VideoError(InputError):
    """A source that holds no frames that can be used."""


def about(source: Source, error: InputError) -> str:
    """What is wrong with a source, which is named by it."""
    said = str(error)
    return said if str(source) in said else f"{source}: {said}"


class DamageError(VideoError):
    """A video is damaged from here on."""


def is_stream(source: object) -> TypeGuard[str]:
    """Whether it is a URL: ``http://``, ``rtsp://``, ``udp://`` and what else FFmpeg opens."""
    return isinstance(source, str) and "://" in source


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


def find_sources(pattern: str) -> Sequence[Source]:
    """The videos and folders of frames that a path or a glob names, in the order of their names.

    A URL names itself.

    Raises:
        VideoError: There is none, or it is not one path.
    """
    if isinstance(pattern, Sequence) and not isinstance(pattern, str):
        raise VideoError(f"source={list(pattern)}; name one path, or a pattern that finds them all")
    pattern = str(pattern)  # a folder called 12 is a number in YAML
    if is_stream(pattern):
        return [pattern]
    found = [Path(pattern)] if Path(pattern).exists() else [Path(p) for p in sorted(glob(pattern))]
    if not found:
        quotes = "; quote a pattern, so that the shell leaves it alone" if "*" in pattern else ""
        raise VideoError(f"{pattern}: no such video or folder{quotes}")
    return found


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
