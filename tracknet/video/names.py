"""What the results of a source are called."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import urlsplit

from tracknet.video.source import VIDEO_SUFFIXES, Source, is_stream


def base_name(name: str) -> str:
    """A file's or folder's name without its video ending; anything else behind a dot stays."""
    stem, ending = os.path.splitext(name)
    return stem if ending.lower() in VIDEO_SUFFIXES else name


def output_names(sources: Sequence[Source]) -> list[str]:
    """What the results of several sources are called: unique, and as short as that allows.

    A source has its base name, a stream that of the last part of its URL's path, else its host.
    Where two would be the same, they have their paths below the folder that all sources lie in,
    such as ``club_a/rally1``; where those are the same, with the ending. What is the same even
    then, such as a source that is named twice, gets a number.

    Args:
        sources: Videos, folders of frames and URLs of streams.

    Returns:
        One name a source, in their order, with ``/`` between folders.
    """
    ways = [
        (base_name(place.name), base_name(place.as_posix()), place.as_posix())
        for place in _places(sources)
    ]
    chosen = [0] * len(ways)
    while True:
        names = [own[way] for own, way in zip(ways, chosen, strict=True)]
        times = Counter(names)
        short = [i for i, name in enumerate(names) if times[name] > 1 and chosen[i] < 2]
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
    parts = urlsplit(url)
    # Results stay in their folder whatever the URL is.
    path = os.path.normpath(f"/{parts.path}").lstrip("/")
    path = re.sub(r"\.(m3u8|mpd)$", "", path)  # a playlist
    return PurePosixPath(parts.hostname or ("" if path else "stream"), path)


def _numbered(names: Sequence[str]) -> list[str]:
    unique: list[str] = []
    for name in names:
        numbered = (f"{name}_{number}" for number in count(2))
        unique.append(next(other for other in chain([name], numbered) if other not in unique))
    return unique
