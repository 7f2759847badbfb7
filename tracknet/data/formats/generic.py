"""Anybody's own clips: videos or folders of frames, each with a CSV file beside it."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from tracknet.data.formats.base import LabelError, Layout, holds_pictures, is_video
from tracknet.data.formats.tables import read_table, to_labels
from tracknet.problems import Problem
from tracknet.types import UNLABELLED, Labels
from tracknet.values import Folder
from tracknet.video import image_files, probe

COLUMNS = ("frame", "visibility", "x", "y")


class Generic(Layout):
    """``rally.mp4`` (or a folder ``rally`` of frames) with ``rally.csv`` or ``rally_ball.csv``.

    They may lie in folders of any depth; the clips of one folder count as one match. ``frame``
    counts from 0; in a folder of frames it is the position in the order of the numbers in their
    names. Where there are both, the frames are taken and the video is not.

    Args:
        root: Folder that holds the splits' folders.
        splits: Which folders below the root make up each split.
        normalised: Whether x and y are shares of the frame's width and height, 0 to 1, instead of
            pixels.
        name: Of a variant with other splits.
    """

    name = "generic"
    expected = "video, or folder of frames,"

    def __init__(
        self,
        root: Folder,
        splits: Mapping[str, Sequence[str | int]],
        normalised: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(root, splits, name)
        self.normalised = normalised

    def find(self, part: str) -> set[Path]:
        """Each clip without a suffix, also where its labels or its video alone are there."""
        folder, clips, tables = self.root / part, set(), set()
        entered = {os.path.realpath(above) for above in folder.parents}
        for where, folders, names in os.walk(folder, followlinks=True):
            if os.path.realpath(where) in entered:  # a link in a circle
                folders.clear()
                continue
            entered.add(os.path.realpath(where))
            folders[:] = [name for name in folders if not name.startswith(".")]
            files = [Path(where, name) for name in names if not name.startswith(".")]
            tables.update(file for file in files if _is_table(file))
            videos = [file.with_suffix("") for file in files if is_video(file)]
            clips.update(videos)
            # Pictures beside videos are posters and the like.
            if not videos and Path(where) != folder and holds_pictures(Path(where)):
                clips.add(Path(where))
        alone = [table for table in tables if clips.isdisjoint(_clips_of(table))]
        return clips | {_clips_of(table)[-1] for table in alone}

    def read(self, found: Path) -> tuple[Path, Labels, list[Problem]]:
        beside = list(found.parent.iterdir())
        if holds_pictures(found):
            source = found
        else:
            videos = [file for file in beside if is_video(file) and file.stem == found.name]
            missing = "its folder holds no picture" if found.is_dir() else "there is no such video"
            source = _only(videos, f"{found}: labelled, but {missing}")
        tables = [file for file in beside if _is_table(file) and found in _clips_of(file)]
        names = f"{found.name}.csv or {found.name}_ball.csv"
        csv = _only(tables, f"{source}: no labels; expected {names} beside it")
        labels, problems = to_labels(csv, read_table(csv, COLUMNS))
        problems += _late(csv, labels, source)
        return source, self._in_pixels(labels, csv, source), problems

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
    first = image_files(source)[0].stem if source.is_dir() else ""
    labelled = np.flatnonzero(labels.visibility != UNLABELLED)
    if re.fullmatch(r"\D*0*1", first) and labelled[:1] == 1:
        message = (
            f"{csv}: the labels begin with frame 1, and so do the names of the pictures, but frame "
            f"0 is {first}; subtract 1 from each frame, or begin the names with 0"
        )
        yield Problem("unreadable", str(csv), None, message)


def _is_table(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _clips_of(table: Path) -> list[Path]:
    """The clips, without a suffix, whose labels a table may hold by its name."""
    return [table.with_name(name) for name in (table.stem, table.stem.removesuffix("_ball"))]


def _only(files: Iterable[Path], if_none: str) -> Path:
    found = sorted(files)
    if not found:
        raise LabelError(if_none)
    if len(found) > 1:
        raise LabelError(f"{' and '.join(map(str, found))} are for one clip; keep one of them")
    return found[0]
