"""The layout of TrackNetV2 and V3: ``<split>/match<k>/{video,csv}/<rally>``."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracknet.data.formats.base import Layout, read_content, readable
from tracknet.data.formats.tables import read_table, to_labels
from tracknet.problems import Problem
from tracknet.types import UNLABELLED, Labels


@dataclass
class Shuttlecock(Layout):
    """Videos, or folders of frames, with one ``_ball.csv`` (``Frame,Visibility,X,Y``) each.

    A split is a list of folders of matches, or of single matches.

    Args:
        corrected: Whether TrackNetV3's corrections are used where they are there: the labels of
            ``corrected_csv`` instead of ``csv``, and in the test split only the frames that
            ``drop_frame.json`` names; the others count as unlabelled.
    """

    corrected: bool = True

    name = "shuttlecock"
    sources = ("{match}/frame/{clip}", "{match}/video/{clip}")
    tables = ("{match}/corrected_csv/{clip}_ball.csv", "{match}/csv/{clip}_ball.csv")

    def matches(self, part: str) -> Iterator[str]:
        folder = self.base / part
        for match in (folder, *folder.glob("*")):
            yield match.relative_to(self.base).as_posix()

    def table(self, match: str, clip: str) -> Path:
        places = self._places(self.tables, match, clip)
        return places[0] if self.corrected and places[0].exists() else places[1]

    def read(self, source: Path, table: Path) -> tuple[Labels, list[Problem]]:
        labels, problems = to_labels(table, read_table(table))
        # TrackNetV3 numbers the test matches like the training ones, and so does its file.
        match, tests = table.parent.parent, self.splits.get("test", ())
        if self.corrected and any(match.is_relative_to(self.base / str(part)) for part in tests):
            start, end = self._scored(match, table.stem.removesuffix("_ball"))
            frame = np.arange(len(labels))
            dropped = (frame < start) | (frame >= end)
            labels.visibility[dropped], labels.xy[dropped] = UNLABELLED, np.nan
        return labels, problems

    def _scored(self, match: Path, rally: str) -> tuple[float, float]:
        """First frame of a rally that is scored, and the first one behind."""
        key = f"{match.name.rpartition('match')[2]}_{rally}"
        expected = f'expected {{"start": {{"{key}": 28, ...}}, "end": {{"{key}": 506, ...}}}}'
        for file in (match.parent / "drop_frame.json", self.base / "drop_frame.json"):
            if file.exists():
                with readable(file, expected):
                    ranges = json.loads(read_content(file, expected))
                    start, end = ranges["start"].get(key, 0), ranges["end"].get(key, np.inf)
                    if not 0 <= start < end:
                        raise ValueError(f"{key} is scored from frame {start} to {end}")
                    return start, end
        return 0, np.inf
