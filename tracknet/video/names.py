"""What the results of a source are called."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import urlsplit

from tracknet.names import composed, shortened
from tracknet.video.source import CAMERA, VIDEO_SUFFIXES, Source, is_camera, is_stream


def base_name(name: str) -> str:
    """A file's or folder's name without its video ending; anything else behind a dot stays."""
    stem, ending = os.path.splitext(name)
    return stem if ending.lower() in VIDEO_SUFFIXES else name


def output_names(sources: Sequence[Source]) -> list[str]:
    """What the results of several sources are called: unique, and as short as that allows.

    A source has its base name, a stream that of the last part of its URL's path, else its host.
    A name that is too long for a file system is cut, see `shortened`. Where two would be the same,
    also on a system that knows no capitals or composes accents, they have their paths below the
    folder that all sources lie in, such as ``club_a/rally1``; where those are the same, with the
    ending. What is the same even then, such as a source that is named twice, gets a number.

    Args:
        sources: Videos, folders of frames and URLs of streams.

    Returns:
        One name a source, in their order, with ``/`` between folders.
    """
    ways = [
        tuple(
            "/".join(map(shortened, way.split("/")))
            for way in (base_name(place.name), base_name(place.as_posix()), place.as_posix())
        )
        for place in _places(sources)
    ]
    chosen = [0] * len(ways)
    while True:
        names = [own[way] for own, way in zip(ways, chosen, strict=True)]
        times = Counter(map(_as_any_disk, names))
        short = [
            i for i, name in enumerate(names) if times[_as_any_disk(name)] > 1 and chosen[i] < 2
        ]
        if not short:
            return _numbered(names)
        for i in short:
            chosen[i] += 1


def _places(sources: Sequence[Source]) -> list[PurePath]:
    """Where sources lie below their common folder; a stream, below its host."""
    paths = [None if is_stream(source) else Path(os.path.abspath(source)) for source in sources]
    folders = [path.parent for path in paths if path]
    common = os.path.commonpath(folders) if folders else ""
    return [
        path.relative_to(common) if path else _place_of_stream(str(source))
        for source, path in zip(sources, paths, strict=True)
    ]


def _place_of_stream(url: str) -> PurePath:
    if is_camera(url):
        return PurePosixPath(url.replace(CAMERA, "camera_", 1))
    parts = urlsplit(url)
    # Results stay in their folder whatever the URL is.
    path = os.path.normpath(f"/{parts.path}").lstrip("/")
    path = re.sub(r"\.(m3u8|mpd)$", "", path)  # a playlist
    return PurePosixPath(parts.hostname or ("" if path else "stream"), path)


def _numbered(names: Sequence[str]) -> list[str]:
    unique: dict[str, str] = {}
    for name in names:
        numbered = chain([name], (f"{name}_{number}" for number in count(2)))
        other = next(other for other in numbered if _as_any_disk(other) not in unique)
        unique[_as_any_disk(other)] = other
    return list(unique.values())


def _as_any_disk(name: str) -> str:
    """What two names have in common that are one file on some system."""
    return composed(name).casefold()
