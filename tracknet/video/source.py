"""What a path, a pattern or a URL names: videos, folders of frames, streams."""

import re
import stat
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import TypeAlias, TypeGuard

from tracknet.errors import InputError

VIDEO_SUFFIXES = {".mp4", ".mov", ".avi", ".mkv", ".m4v", ".webm", ".mpg", ".mpeg", ".ts"}
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp"}

Source: TypeAlias = Path | str
"""A video, a folder of frames, or the URL of a stream."""


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
        VideoError: There is none, there are only pictures, or it is not one path.
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
    if all(path.suffix.lower() in IMAGE_SUFFIXES for path in found):
        folders = " or ".join(dict.fromkeys(str(path.parent) for path in found))
        raise VideoError(
            f"{pattern}: names single pictures, {len(found)} of them; a film of pictures is named "
            f"by its folder: {folders}"
        )
    return found


def image_files(folder: Path) -> list[Path]:
    """The pictures of a folder in the order of the numbers in their names."""
    files = [p for p in folder.glob("[!.]*") if p.suffix.lower() in IMAGE_SUFFIXES]
    return sorted(
        files, key=lambda p: [int(t) if t.isdecimal() else t for t in re.split(r"(\d+)", p.stem)]
    )
