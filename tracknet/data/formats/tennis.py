"""The layout of TrackNet's tennis set: ``game<g>/Clip<c>/{0000.jpg, ..., Label.csv}``."""

from collections.abc import Iterator
from pathlib import Path

from tracknet.data.formats.base import LabelError, Layout, holds_pictures
from tracknet.data.formats.tables import read_table, rows_of_pictures, to_labels
from tracknet.problems import Problem
from tracknet.types import Labels
from tracknet.video import image_files

COLUMNS = (
    ("file name", "file"),
    ("visibility", "visibility class"),
    ("x", "x-coordinate"),
    ("y", "y-coordinate"),
)


LABELS = "Label.csv"


class Tennis(Layout):
    """Folders of frames with one ``Label.csv`` each; a split is a list of games.

    Rows belong to the pictures that they name. Visibility is 0 absent, 1 visible, 2 partly hidden,
    3 hidden with a guessed position.
    """

    name = "tennis"
    expected = "Clip*/0000.jpg"

    def find(self, part: str) -> Iterator[Path]:
        """The folder of every clip, if its labels or its pictures are there."""
        for clip in (self.root / part).glob("[!.]*"):
            if (clip / LABELS).exists() or holds_pictures(clip):
                yield clip

    def read(self, found: Path) -> tuple[Path, Labels, list[Problem]]:
        csv = found / LABELS
        if not holds_pictures(found):
            raise LabelError(f"{csv}: labelled, but there is no picture beside it")
        table = read_table(csv, COLUMNS)
        named = table.pop("file name").str.strip()
        table["frame"] = named.map(lambda name: Path(name).stem.lower(), na_action="ignore")
        pictures = {file.stem.lower(): i for i, file in enumerate(image_files(found))}
        table, lost = rows_of_pictures(csv, table, pictures)
        labels, problems = to_labels(csv, table)
        return found, labels, lost + problems
