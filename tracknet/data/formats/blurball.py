"""The layout of BlurBall's table tennis: ``matches/<mm>/{frames/<clip>/,csv/<clip>.csv}``."""

from pathlib import Path

import pandas as pd

from tracknet.data.formats.base import Layout, picture_numbers
from tracknet.data.formats.tables import read_table, rows_of_pictures, to_labels
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
        rows, lost = read_table(table), []
        rows["frame"] = pd.to_numeric(rows["frame"], errors="coerce")
        if source.is_dir() and not (rows["frame"] == 0).any():
            pictures = {number: i for i, number in enumerate(picture_numbers(source))}
            rows, lost = rows_of_pictures(table, rows, pictures)
        labels, problems = to_labels(table, rows)
        return labels, lost + problems
