"""The layout of TrackNet's tennis set: ``game<g>/Clip<c>/{0000.jpg, ..., Label.csv}``."""

import warnings
from collections.abc import Iterator
from pathlib import Path

from tracknet.data.formats.base import DataWarning, Layout, holds_pictures
from tracknet.data.formats.tables import read_table, to_labels
from tracknet.types import Clip
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
    expected = "Clip*/0000.jpg"

    def find(self, folder: Path) -> Iterator[Path]:
        yield from (clip for clip in folder.glob("[!.]*") if holds_pictures(clip))

    def read(self, found: Path) -> Clip:
        csv = found / "Label.csv"
        table = read_table(csv, COLUMNS)
        pictures = {file.stem.lower(): i for i, file in enumerate(image_files(found))}
        named = table.pop("file name").str.strip()
        table["frame"] = named.map(lambda name: pictures.get(Path(str(name)).stem.lower()))
        lost = table["frame"].isna()
        if lost.any():
            warnings.warn(
                f"{csv}: {lost.sum()} rows name pictures that are not there, the first is "
                f"{named[lost].iloc[0]}; they are not used",
                DataWarning,
                stacklevel=2,
            )
        name = found.relative_to(self.root).as_posix()
        match = found.parent.relative_to(self.root).as_posix()
        return Clip(name, match, found, to_labels(csv, table[~lost]))
