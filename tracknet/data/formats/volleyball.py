"""WASB's volleyball: ``volleyball/{videos,volleyball_ball_annotation}/<match>/<clip>``."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from tracknet.data.formats.base import LabelError, Layout, holds_pictures
from tracknet.data.formats.tables import to_labels
from tracknet.problems import Problem
from tracknet.types import Labels

ANNOTATION = "volleyball_ball_annotation"
EXPECTED = "expected one line x y for each frame, 0 0 where there is no ball"


class Volleyball(Layout):
    """Folders of frames with a line of text for each; a split is a list of matches.

    Line i belongs to the i-th picture in the order of the numbers in their names. A blank line, or
    none, leaves its frame unlabelled.
    """

    name = "volleyball"
    expected = f"{ANNOTATION}/<match>/*.txt"
    home = "volleyball"

    def find(self, part: str) -> Iterator[Path]:
        """``videos/<match>/<clip>`` of every clip."""
        match = self.inside("videos") / part
        yield from (match / txt.stem for txt in (self.inside(ANNOTATION) / part).glob("[!.]*.txt"))
        yield from (clip for clip in match.glob("*") if holds_pictures(clip))

    def place(self, found: Path) -> tuple[str, str]:
        return f"{found.parent.name}/{found.name}", found.parent.name

    def read(self, found: Path) -> tuple[Path, Labels, list[Problem]]:
        if not holds_pictures(found):
            raise LabelError(f"{found}: labelled, but there is no such folder of frames")
        txt = self.inside(ANNOTATION) / found.parent.name / f"{found.name}.txt"
        try:
            lines = txt.read_text().splitlines()
        except FileNotFoundError as error:
            raise LabelError(f"{txt}: there is no such label file; {EXPECTED}") from error
        except (OSError, ValueError) as error:
            raise LabelError(f"{txt}: {error}; {EXPECTED}") from error
        return found, *to_labels(txt, _table(lines))


def _table(lines: list[str]) -> pd.DataFrame:
    """A row for every line that is not blank, its number as the index."""
    rows = {i: [*line.split(), None][:2] for i, line in enumerate(lines, 1) if line.strip()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["x", "y"])
    nowhere = (table.apply(pd.to_numeric, errors="coerce") == 0).all(axis=1)
    return table.assign(frame=table.index - 1, visibility=(~nowhere).astype(int))
