"""The layout of BlurBall's table tennis: ``matches/<mm>/{frames/<clip>/,csv/<clip>.csv}``."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from tracknet.data.formats.base import LabelError, Layout, holds_pictures
from tracknet.data.formats.tables import read_table, rows_of_pictures, to_labels
from tracknet.problems import Problem
from tracknet.types import Labels
from tracknet.video import image_files

COLUMNS = ("frame", "visibility", "x", "y")


class BlurBall(Layout):
    """Folders of frames with one table each; a split is a list of matches.

    ``Frame`` is the number in a picture's name. A table with a frame 0 beside pictures that are
    numbered from 1 counts them from 0. The blur's ``l`` and ``theta`` are not read.
    """

    name = "blurball"
    expected = "<match>/csv/*.csv"
    home = "matches"

    def find(self, part: str) -> Iterator[Path]:
        """``<match>/<clip>`` of every clip."""
        match = self.inside(part)
        yield from (match / csv.stem for csv in match.glob("csv/[!.]*.csv"))
        yield from (match / clip.name for clip in match.glob("frames/*") if holds_pictures(clip))

    def place(self, found: Path) -> tuple[str, str]:
        return f"{found.parent.name}/{found.name}", found.parent.name

    def read(self, found: Path) -> tuple[Path, Labels, list[Problem]]:
        frames = found.parent / "frames" / found.name
        if not holds_pictures(frames):
            raise LabelError(f"{frames}: labelled, but there is no such folder of frames")
        csv = found.parent / "csv" / f"{found.name}.csv"
        table = read_table(csv, COLUMNS)
        table["frame"] = pd.to_numeric(table["frame"], errors="coerce")
        lost: list[Problem] = []
        if not (table["frame"] == 0).any():
            table, lost = rows_of_pictures(csv, table, _numbers(frames))
        labels, problems = to_labels(csv, table)
        return frames, labels, lost + problems


def _numbers(folder: Path) -> dict[int, int]:
    """Position of each picture by the number in its name."""
    numbers = (re.findall(r"\d+", file.stem) for file in image_files(folder))
    return {int(found[-1]): i for i, found in enumerate(numbers) if found}
