"""The layout of TrackNet's tennis set: ``game<g>/Clip<c>/{0000.jpg, ..., Label.csv}``."""

from pathlib import Path

from tracknet.data.formats.base import Layout
from tracknet.data.formats.tables import read_table, to_labels
from tracknet.problems import Problem
from tracknet.types import Labels
from tracknet.video import image_files

COLUMNS = (
    ("file name", "file"),
    ("visibility", "visibility class"),
    ("x", "x-coordinate"),
    ("y", "y-coordinate"),
)


class Tennis(Layout):
    """Folders of frames with one ``Label.csv`` each; a split is a list of games.

    Rows belong to the pictures that they name. Visibility is 0 absent, 1 visible, 2 partly hidden,
    3 hidden with a guessed position.
    """

    name = "tennis"
    sources = ("{match}/{clip}",)
    tables = ("{match}/{clip}/Label.csv",)

    def read(self, source: Path, table: Path) -> tuple[Labels, list[Problem]]:
        rows = read_table(table, COLUMNS)
        named = rows.pop("file name").str.strip()
        rows["frame"] = named.map(lambda name: Path(name).stem.lower(), na_action="ignore")
        pictures = {file.stem.lower(): i for i, file in enumerate(image_files(source))}
        return to_labels(table, rows, pictures)
