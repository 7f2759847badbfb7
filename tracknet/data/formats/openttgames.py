"""The layout of OpenTTGames: ``<game>.mp4`` and ``<game>/ball_markup.json``."""

import json
from pathlib import Path

import pandas as pd

from tracknet.data.formats.base import Layout, read_content, readable
from tracknet.data.formats.tables import to_labels
from tracknet.problems import Problem
from tracknet.types import Labels


class OpenTTGames(Layout):
    """Long videos with sparse labels; a split is a list of games.

    Frames that the file does not name are unlabelled.
    """

    name = "openttgames"
    sources = ("{match}",)
    tables = ("{match}/ball_markup.json",)

    def read(self, source: Path, table: Path) -> tuple[Labels, list[Problem]]:
        expected = 'expected {"<frame>": {"x": ..., "y": ...}}, x and y -1 where there is no ball'
        with readable(table, expected):
            markup = json.loads(read_content(table, expected))
            rows = [(int(frame), float(at["x"]), float(at["y"])) for frame, at in markup.items()]
        xy = pd.DataFrame(rows, columns=["frame", "x", "y"])
        nowhere = (xy[["x", "y"]] == -1).all(axis=1)
        return to_labels(table, xy.assign(visibility=(~nowhere).astype(int)))
