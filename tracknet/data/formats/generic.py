"""Anybody's own clips: videos or folders of frames, each with a CSV file beside it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracknet.data.formats.base import (
    TABLES,
    LabelError,
    Layout,
    holds_pictures,
    is_video,
    only,
    picture_numbers,
    sources_at,
)
from tracknet.data.formats.tables import read_table, to_labels
from tracknet.names import composed
from tracknet.problems import Problem
from tracknet.types import UNLABELLED, Labels
from tracknet.video import image_files, probe


@dataclass
class Generic(Layout):
    """``rally.mp4`` (or a folder ``rally`` of frames) with ``rally.csv`` or ``rally_ball.csv``.

    They may lie in folders of any depth below those that make up a split; the clips of one folder
    count as one match. ``frame`` counts from 0; in a folder of frames it is the position in the
    order of the numbers in their names. Where there are both, the frames are taken and the video is
    not. A table ``rally_ball.csv`` beside a clip ``rally_ball`` is that one's.

    Args:
        normalised: Whether x and y are shares of the frame's width and height, 0 to 1, instead of
            pixels.
    """

    normalised: bool = False

    name = "generic"
    sources = ("{match}/{clip}",)
    tables = ("{match}/{clip}.csv",)

    @property
    def has_splits(self) -> bool:
        parts = [str(part) for parts in self.splits.values() for part in parts]
        return any((self.base / part).is_dir() for part in parts) or not self.base.is_dir()

    def find(self, part: str) -> Iterator[tuple[str, str]]:
        folder, clips, tables = self.base / part, set(), set()
        entered = {os.path.realpath(above) for above in folder.parents}
        for where, folders, names in os.walk(folder, followlinks=True):
            if os.path.realpath(where) in entered:  # a link in a circle
                folders.clear()
                continue
            entered.add(os.path.realpath(where))
            folders[:] = [name for name in folders if not name.startswith(".")]
            files = [Path(where, name) for name in names if not name.startswith(".")]
            tables.update(file for file in files if _is_table(file))
            videos = [_named(file, file.stem) for file in files if is_video(file)]
            clips.update(videos)
            # Pictures beside videos are posters and the like.
            if not videos and Path(where) != folder and holds_pictures(Path(where)):
                clips.add(_named(Path(where), Path(where).name))
        alone = [table for table in tables if clips.isdisjoint(_clips_of(table))]
        for clip in clips | {_clips_of(table)[-1] for table in alone}:
            yield clip.parent.relative_to(self.base).as_posix(), clip.name

    def table(self, match: str, clip: str) -> Path:
        found = self.base / match / clip
        beside = found.parent.iterdir()
        tables = sorted(file for file in beside if _is_table(file) and found in _clips_of(file))
        # Of a clip that is called rally_ball a table has the name as well.
        tables = [file for file in tables if _of(file) == found or not sources_at(_of(file))]
        if not tables:
            names = f"{clip}.csv or {clip}_ball.csv"
            others = sorted(file.name for file in found.parent.glob("*") if _is_other(file, found))
            found_there = f", found {' and '.join(others)}; save it as CSV" if others else ""
            raise LabelError(f"{found}: no labels; expected {names} beside it{found_there}")
        return only(tables)

    def read(self, source: Path, table: Path) -> tuple[Labels, list[Problem]]:
        labels, problems = to_labels(table, read_table(table))
        problems += _late(table, labels, source)
        return self._in_pixels(labels, table, source), problems

    def _in_pixels(self, labels: Labels, csv: Path, source: Path) -> Labels:
        positions = labels.xy[np.isfinite(labels.xy).all(1)]
        if len(positions):
            # The one in the middle: a few may be wrong, or lie in the picture's corner.
            x, y = positions[np.argsort(positions.max(1))[len(positions) // 2]]
            if (max(x, y) <= 1) != self.normalised:
                raise LabelError(
                    f"{csv}: positions such as x={x:g}, y={y:g} are no "
                    f"{'shares of the frame, 0 to 1' if self.normalised else 'pixels'}; "
                    f"set data.normalised={str(not self.normalised).lower()}",
                    "normalised",
                )
        if not self.normalised:
            return labels
        height, width = probe(source).size
        return Labels(labels.xy * np.array([width, height], np.float32), labels.visibility)


def _late(csv: Path, labels: Labels, source: Path) -> Iterator[Problem]:
    """Where both pictures and labels begin with 1, each label would be one picture late."""
    numbers = picture_numbers(source) if source.is_dir() else []
    labelled = np.flatnonzero(labels.visibility != UNLABELLED)
    if numbers[:1] == [1] and labelled[:1] == 1:
        first = image_files(source)[0].stem
        message = (
            f"{csv}: the labels begin with frame 1, and so do the names of the pictures, but frame "
            f"0 is {first}; subtract 1 from each frame, or begin the names with 0"
        )
        yield Problem("unreadable", str(csv), None, message)


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in TABLES


def _is_other(path: Path, clip: Path) -> bool:
    """Whether it is a clip's table as a program keeps it for itself."""
    other = path.suffix.lower() in (".xlsx", ".xls", ".ods", ".numbers", ".txt")
    return other and clip in _clips_of(path)


def _clips_of(table: Path) -> list[Path]:
    """The clips, without a suffix, whose labels a table may hold by its name."""
    return [_of(table), _named(table, table.stem.removesuffix("_ball"))]


def _of(table: Path) -> Path:
    return _named(table, table.stem)


def _named(file: Path, name: str) -> Path:
    return file.with_name(composed(name))
