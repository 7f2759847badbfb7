"""The layout of BlurBall's table tennis: ``matches/<mm>/{frames/<clip>/,csv/<clip>.csv}``."""

from pathlib import Path

import pandas as pd

from tracknet.data.formats.base import Layout, picture_numbers
from tracknet.data.formats.tables import read_table, to_labels
from tracknet.problems import Problem
from tracknet.types import Labels


class BlurBall(Layout):
    """Folders of frames with one table each; a split is a list of matches.

    ``Frame`` is the number in a picture's name. A table with a frame 0 beside pictures that are
    numbered from 1 counts them from 0. The blur's ``l`` and ``theta`` are not read.
    """

    name = "blurball"
    home = "matches"
    sources = ("{match}/frames/{clip}",)
    tables = ("{match}/csv/{clip}.csv",)

    def read(self, source: Path, table: Path) -> tuple[Labels, list[Problem]]:
        rows, pictures = read_table(table), None
        rows["frame"] = pd.to_numeric(rows["frame"], errors="coerce")
        if source.is_dir() and not (rows["frame"] == 0).any():
            pictures = {number: i for i, number in enumerate(picture_numbers(source))}
        return to_labels(table, rows, pictures)
