"""Anybody's own clips: videos or folders of frames, each with a CSV file beside it."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracknet.data.formats.base import LabelError, Layout, holds_pictures, is_video, only
from tracknet.data.formats.tables import read_table, to_labels
from tracknet.problems import Problem
from tracknet.types import UNLABELLED, Labels
from tracknet.video import image_files, probe


@dataclass
class Generic(Layout):
    """``rally.mp4`` (or a folder ``rally`` of frames) with ``rally.csv`` or ``rally_ball.csv``.

    They may lie in folders of any depth below those that make up a split; the clips of one folder
    count as one match. ``frame`` counts from 0; in a folder of frames it is the position in the
    order of the numbers in their names. Where there are both, the frames are taken and the video is
    not.

    Args:
        normalised: Whether x and y are shares of the frame's width and height, 0 to 1, instead of
            pixels.
    """

    normalised: bool = False

    name = "generic"
    sources = ("{match}/{clip}",)
    tables = ("{match}/{clip}.csv",)

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
            videos = [file.with_suffix("") for file in files if is_video(file)]
            clips.update(videos)
            # Pictures beside videos are posters and the like.
            if not videos and Path(where) != folder and holds_pictures(Path(where)):
                clips.add(Path(where))
        alone = [table for table in tables if clips.isdisjoint(_clips_of(table))]
        for clip in clips | {_clips_of(table)[-1] for table in alone}:
            yield clip.parent.relative_to(self.base).as_posix(), clip.name

    def table(self, match: str, clip: str) -> Path:
        found = self.base / match / clip
        beside = found.parent.iterdir()
        tables = sorted(file for file in beside if _is_table(file) and found in _clips_of(file))
        if not tables:
            names = f"{clip}.csv or {clip}_ball.csv"
            raise LabelError(f"{found}: no labels; expected {names} beside it")
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
    first = next((file.stem for file in image_files(source)), "")
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
