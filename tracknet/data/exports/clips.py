"""What was marked, by the names of pictures and videos -> labels of clips."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from tracknet.data.exports.marks import Ball, Film, Mark, Picture
from tracknet.data.formats.base import (
    LabelError,
    holds_pictures,
    is_video,
    picture_numbers,
)
from tracknet.data.to_cvat import SEEN, UNKNOWN
from tracknet.errors import InputError
from tracknet.geometry import Size
from tracknet.names import composed
from tracknet.problems import Problem
from tracknet.trust import short
from tracknet.types import ABSENT, UNLABELLED, Labels
from tracknet.video import (
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    base_name,
    count_frames,
    image_files,
    probe,
)

UPLOADED = re.compile(r"^[0-9a-f]{8}-")
"""What Label Studio puts before a name."""
AUGMENTED = re.compile(r"[._](?:jpe?g|png|bmp)\.rf\.\w+$", re.IGNORECASE)
"""What Roboflow puts behind one."""
FORMER = "|".join(sorted(suffix[1:] for suffix in VIDEO_SUFFIXES))
STRETCHED = 0.02
"""By how much width to height may differ between a picture and its video."""
SAME = 0.05
"""Pixels between two marks of one ball."""


@dataclass
class Source:
    """A video or a folder of frames that was labelled.

    Attributes:
        path: Of it.
        place: Below the folder of all, without an ending.
    """

    path: Path
    place: Path

    @property
    def name(self) -> str:
        return composed(self.place.name)

    @cached_property
    def count(self) -> int:
        """How many frames it says that it has."""
        return count_frames(self.path)

    @cached_property
    def size(self) -> Size:
        return probe(self.path).size

    @cached_property
    def pictures(self) -> dict[str, int]:
        """The position of each picture of a folder, by its name without an ending."""
        files = image_files(self.path) if self.path.is_dir() else []
        return {composed(file.stem).casefold(): i for i, file in enumerate(files)}

    @cached_property
    def numbers(self) -> dict[int | None, int]:
        """The same by its number."""
        return {number: i for i, number in enumerate(picture_numbers(self.path))}


@dataclass
class _Seen:
    """What is marked in a clip."""

    films: list[Film] = field(default_factory=list)
    numbered: list[tuple[int, Picture]] = field(default_factory=list)
    placed: list[tuple[int, Picture]] = field(default_factory=list)


def find_sources_below(place: Path) -> list[Source]:
    """The videos and folders of frames below a folder, or the one that is named.

    Raises:
        LabelError: There is none.
    """
    if is_video(place) and place.is_file():
        return [Source(place, Path(base_name(place.name)))]
    found = []
    for where, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(where)
        videos = [here / name for name in sorted(names) if is_video(here / name)]
        found += [Source(file, file.relative_to(place).with_suffix("")) for file in videos]
        if not videos and here != place and holds_pictures(here):
            found.append(Source(here, here.relative_to(place)))
    if not found and holds_pictures(place):
        found = [Source(place, Path(place.name))]
    if not found:
        raise LabelError(f"videos={place}: no video and no folder of frames there")
    return found


def source_named(sources: Sequence[Source], name: str) -> Source:
    """The source that a video's name in an export means.

    Raises:
        LabelError: There is none, or there are several.
    """
    try:
        return sources[_Names(sources).of_film(name)]
    except LabelError as error:
        raise LabelError(f"{short(name)}: {error}") from error


def labels_of(
    marks: Sequence[Mark], sources: Sequence[Source], kind: str | None, first: int | None
) -> tuple[list[tuple[Source, Labels, list[Problem]]], list[str]]:
    """Labels of each clip of which something was looked at, and why others have none.

    A frame that was looked at and has no mark is without a ball, one with two marks is unlabelled
    and a problem; so are frames with a mark `UNKNOWN`. All others are unlabelled.

    Args:
        marks: Of all exports.
        sources: What may have been labelled.
        kind: The class of the ball; None where there is one.
        first: What the pictures of a video count their first frame as; None where that is certain.

    Raises:
        LabelError: There are several classes, or none of that name.
    """
    kind = _chosen(marks, kind)
    seen: dict[int, _Seen] = defaultdict(_Seen)
    lost: dict[str, list[str]] = defaultdict(list)
    by_name = _Names(sources)
    for mark in marks:
        try:
            if isinstance(mark, Film):
                seen[by_name.of_film(mark.name)].films.append(mark)
            else:
                clip, number, is_position = by_name.of_picture(mark.name)
                own = seen[clip]
                (own.placed if is_position else own.numbered).append((number, mark))
        except LabelError as error:
            lost[str(error)].append(short(mark.name))
    broken = [
        f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {why}"
        for why, names in lost.items()
    ]
    found = []
    for clip, own in sorted(seen.items()):
        source = sources[clip]
        try:
            found.append((source, *_labels(source, own, kind, first)))
        except InputError as error:
            broken.append(str(error))
    return found, broken


def _chosen(marks: Iterable[Mark], kind: str | None) -> str:
    balls = (
        ball
        for mark in marks
        for ball in (mark.balls if isinstance(mark, Picture) else (own for _, own in mark.balls))
    )
    times = Counter(ball.kind for ball in balls if ball.kind != UNKNOWN)
    said = ", ".join(f"{name} ({count:,})" for name, count in times.most_common(10))
    if kind is not None:
        same = [name for name in times if name.casefold() == kind.casefold()]
        if len(same) != 1 and kind not in same:
            raise LabelError(f"class={kind}: there is no such class, only {said or 'none'}")
        return kind if kind in same else same[0]
    if len(times) > 1:
        raise LabelError(f"several classes are marked: {said}; choose the ball's with class=<name>")
    return next(iter(times), "")


def _labels(
    source: Source, seen: _Seen, kind: str, first: int | None
) -> tuple[Labels, list[Problem]]:
    for mark in [*seen.films, *(own for _, own in [*seen.numbered, *seen.placed])]:
        _check_size(source, mark)
    looked: set[int] = set()
    marked: dict[int, list[Ball]] = defaultdict(list)
    for film in seen.films:
        _check_length(source, film)
        looked.update(range(source.count))
        for frame, ball in film.balls:
            marked[frame].append(ball)
    offset = _offset(source, [number for number, _ in seen.numbered], first)
    pictures = [(number - offset, own) for number, own in seen.numbered] + seen.placed
    for frame, picture in pictures:
        looked.add(frame)
        marked[frame] += picture.balls
    labels = Labels.empty(max(looked, default=-1) + 1)
    labels.visibility[sorted(looked)] = ABSENT
    scale = np.array(source.size[::-1])
    doubled = []
    for frame, balls in sorted(marked.items()):
        if frame >= len(labels):
            continue
        if any(ball.kind == UNKNOWN for ball in balls):
            labels.visibility[frame] = UNLABELLED
            continue
        # Shares are from edge to edge, the middle of the first pixel is 0.
        xy = np.array([(ball.x, ball.y) for ball in balls if ball.kind == kind]).reshape(-1, 2)
        xy = xy * scale - 0.5
        if len(xy) and np.abs(xy - xy[0]).max() > SAME:
            doubled.append(frame)
            labels.visibility[frame] = UNLABELLED
        elif len(xy):
            labels.visibility[frame], labels.xy[frame] = SEEN, xy[0]
    if not doubled:
        return labels, []
    message = (
        f"{source.path}: {len(doubled)} frames have two balls, the first is frame {doubled[0]}; "
        "delete one of them in the tool. These frames count as unlabelled"
    )
    return labels, [Problem("two_balls", str(source.path), doubled[0], message)]


def _offset(source: Source, numbers: Sequence[int], first: int | None) -> int:
    """What is to be taken from the numbers in pictures' names to have frames of a video, from 0."""
    if not numbers:
        return 0
    lowest, highest, count = min(numbers), max(numbers), source.count
    ways = [way for way in (0, 1) if lowest >= way and highest - way < count]
    ways = [0] if lowest == 0 and 0 in ways else ways  # what counts from 1 has no 0
    if first is not None:
        ways = [way for way in ways if way == first]
    if not ways:
        raise LabelError(
            f"{source.path}: pictures are numbered from {lowest} to {highest}, but it has {count} "
            "frames; number them by the frames of the video"
        )
    if len(ways) > 1:
        raise LabelError(
            f"{source.path}: pictures are numbered from {lowest} to {highest}, which does not say "
            "whether the video's first frame is number 0, or 1 as ffmpeg writes it; say "
            "first_frame=0 or first_frame=1"
        )
    return ways[0]


def _check_length(source: Source, film: Film) -> None:
    if film.frames is None or abs(film.frames - source.count) <= 1:
        return
    rate = f", {film.frames / film.duration:.4g} a second" if film.duration else ""
    fps = float(probe(source.path).fps)
    raise LabelError(
        f"{source.path}: it has {source.count} frames, but the labelling tool counted "
        f"{film.frames}{rate}: marks would be of other frames. Before labelling, set "
        f'frameRate="{fps:.6g}" of <Video> in the labelling setup'
    )


def _check_size(source: Source, mark: Mark) -> None:
    if mark.size is None:
        return
    (height, width), (h, w) = source.size, mark.size
    if abs(w * height / (h * width) - 1) > STRETCHED:
        raise LabelError(
            f"{source.path}: it is {width}x{height}, but {mark.name} was {w}x{h} when it was "
            "labelled; export pictures that were not cropped or stretched"
        )


class _Names:
    """Finds what a picture's or a video's name in an export is of."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._by_name: dict[str, list[int]] = defaultdict(list)
        for i, source in enumerate(sources):
            self._by_name[_plain(source.name)].append(i)
        self._longest = sorted(self._by_name, key=len, reverse=True)
        self._by_picture: dict[str, list[int]] = defaultdict(list)
        for i, source in enumerate(sources):
            for name in source.pictures:
                self._by_picture[name].append(i)

    def of_film(self, name: str) -> int:
        """The source that a video is.

        Raises:
            LabelError: There is none, or several.
        """
        path = _path(name)
        own = composed(base_name(path.name))
        ways = [own, UPLOADED.sub("", own)]
        found = next((f for way in ways if (f := self._by_name.get(_plain(way)))), [])
        return self._only(found, path, "a video")

    def of_picture(self, name: str) -> tuple[int, int, bool]:
        """The source of a picture, a number, and whether that is its position there, from 0.

        Else it is the number of a video's frame, from 0 or from 1.

        Raises:
            LabelError: There is none, or several.
        """
        path = _path(name)
        stem = path.stem if path.suffix.lower() in IMAGE_SUFFIXES else path.name
        stem = AUGMENTED.sub("", composed(stem))
        parents = [_plain(part) for part in path.parts[:-1]]
        below = [i for part in parents for i in self._by_name.get(part, ())]
        for way in (stem, UPLOADED.sub("", stem)):
            found = self._by_picture.get(way.casefold(), [])
            if found:
                clip = self._only([i for i in found if i in below] or found, path, "a picture")
                return clip, self._sources[clip].pictures[way.casefold()], True
            for head in self._longest:
                tail = _behind(_plain(way), head)
                if tail is not None:
                    return self._numbered(self._only(self._by_name[head], path, "a frame"), tail)
        numbers = re.findall(r"\d+", UPLOADED.sub("", stem))
        if len(numbers) != 1:
            raise LabelError(
                f"not named by a video and the number of a frame, such as "
                f"{self._sources[0].name}_000123.jpg"
            )
        clip = self._only(below or range(len(self._sources)), path, "a frame")
        return self._numbered(clip, int(numbers[0]))

    def _numbered(self, clip: int, number: int) -> tuple[int, int, bool]:
        source = self._sources[clip]
        if not source.path.is_dir():
            return clip, number, False
        if number not in source.numbers:
            raise LabelError(f"{source.path} has no picture of that number")
        return clip, source.numbers[number], True

    def _only(self, found: Iterable[int], path: PurePosixPath, what: str) -> int:
        """The one source, or the one whose folders are those of a path."""
        found = sorted({*found})
        if len(found) > 1:
            parts = [_plain(part) for part in path.parts[:-1]]
            below = [
                i
                for i in found
                if (own := [_plain(part) for part in self._sources[i].place.parts[:-1]])
                and own == parts[-len(own) :]
            ]
            found = below if len(below) == 1 else found
        if len(found) != 1:
            places = " or ".join(str(self._sources[i].path) for i in found[:3])
            raise LabelError(
                f"may be {what} of {places}; name one with videos=<it>, or its folders in the tool"
                if found
                else f"{what} of none of the {len(self._sources)} videos and folders of frames; "
                "videos=<folder> is to hold what was labelled, by its own name"
            )
        return found[0]


def _path(name: str) -> PurePosixPath:
    """The path of a file by its path or URL; Label Studio's own server has it behind ``?d=``."""
    if "://" in name or name.startswith("/data/"):
        parts = urlsplit(name)
        name = parse_qs(parts.query).get("d", [unquote(parts.path)])[0]
    return PurePosixPath(name.replace("\\", "/"))


def _plain(name: str) -> str:
    """A name as tools leave it when a file is uploaded."""
    return re.sub(r"[^-\w.]", "", re.sub(r"\s", "_", composed(name).casefold()))


def _behind(name: str, head: str) -> int | None:
    """The one number behind a clip's name; None where the name is not of that clip."""
    if not name.startswith(head):
        return None
    tail = re.fullmatch(rf"(?:[._-](?:{FORMER}))?(\D*)(\d{{1,9}})\D*", name[len(head) :])
    if tail is None or (head[-1:].isdigit() and not tail[1]):
        return None
    return int(tail[2])
