"""WASB's copies of basketball, soccer (ISSIA-CNR) and volleyball; see each layout's places."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from tracknet.data.formats.base import LabelError, Layout, read_content, readable
from tracknet.data.formats.cvat import read_labels
from tracknet.data.formats.tables import to_labels
from tracknet.problems import Problem
from tracknet.types import Labels


class Basketball(Layout):
    """Folders of frames with CVAT tracks; a split is a list of games.

    Games that have no folder of annotations are none of the dataset's: there are many of them.
    """

    name = home = "basketball"
    sources = ("videos/{match}/{clip}",)
    tables = ("ball-annos/{match}/{clip}.xml",)  # named <task>_<clip>

    def find(self, part: str) -> Iterator[tuple[str, str]]:
        if (self.base / "ball-annos" / part).is_dir():
            yield from ((game, clip.rpartition("_")[2]) for game, clip in super().find(part))

    def table(self, match: str, clip: str) -> Path:
        folder = self.base / "ball-annos" / match
        files = [x for x in folder.glob("[!.]*.xml") if x.stem.rpartition("_")[2] == clip]
        if len(files) != 1:
            raise LabelError(
                f"{folder}/*_{clip}.xml: {len(files)} label files for clip {match}/{clip}; "
                "expected one"
            )
        return files[0]

    def read(self, source: Path, table: Path) -> tuple[Labels, list[Problem]]:
        return read_labels(table)


class Soccer(Layout):
    """Videos, or folders of frames, with CVAT tracks; a split is a list of videos.

    All six show one match, each from its own fixed camera, so that each counts as a match.
    """

    name = home = "soccer"
    sources = ("frames/{match}", "videos/{match}")
    tables = ("annos/{match}.xml",)

    def read(self, source: Path, table: Path) -> tuple[Labels, list[Problem]]:
        return read_labels(table)


class Volleyball(Layout):
    """Folders of frames with a line of text for each; a split is a list of matches.

    Line i belongs to the i-th picture in the order of the numbers in their names. A blank line, or
    none, leaves its frame unlabelled.
    """

    name = home = "volleyball"
    sources = ("videos/{match}/{clip}",)
    tables = ("volleyball_ball_annotation/{match}/{clip}.txt",)

    def read(self, source: Path, table: Path) -> tuple[Labels, list[Problem]]:
        expected = "expected one line x y for each frame, 0 0 where there is no ball"
        with readable(table, expected):
            lines = read_content(table, expected).decode().splitlines()
        rows = {i: [*line.split(), None][:2] for i, line in enumerate(lines, 1) if line.strip()}
        xy = pd.DataFrame.from_dict(rows, orient="index", columns=["x", "y"])
        nowhere = (xy.apply(pd.to_numeric, errors="coerce") == 0).all(axis=1)
        return to_labels(table, xy.assign(frame=xy.index - 1, visibility=(~nowhere).astype(int)))
