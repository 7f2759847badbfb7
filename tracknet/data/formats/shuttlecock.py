"""The layout of TrackNetV2 and V3: ``<split>/match<k>/{video,csv}/<rally>``."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from tracknet.data.formats.base import LabelError, Layout, holds_pictures, is_video
from tracknet.data.formats.tables import read_table, to_labels
from tracknet.problems import Problem
from tracknet.types import UNLABELLED, Labels
from tracknet.values import Folder

COLUMNS = ("frame", "visibility", "x", "y")


class Shuttlecock(Layout):
    """Videos, or folders of frames, with one ``_ball.csv`` (``Frame,Visibility,X,Y``) each.

    Args:
        root: Folder that holds the splits' folders.
        splits: Which folders of matches, or single matches, make up each split.
        corrected: Whether TrackNetV3's corrections are used where they are there: the labels of
            ``corrected_csv`` instead of ``csv``, and in the test split only the frames that
            ``drop_frame.json`` names; the others count as unlabelled.
        name: Of a variant with other splits.
    """

    name = "shuttlecock"
    expected = "match*/csv/*_ball.csv"

    def __init__(
        self,
        root: Folder,
        splits: Mapping[str, Sequence[str | int]],
        corrected: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(root, splits, name)
        self.corrected = corrected

    def find(self, part: str) -> Iterator[Path]:
        """``<match>/<rally>`` of every rally."""
        folder = self.root / part
        for match in [folder, *folder.glob("*")]:
            for csv in match.glob("*csv/[!.]*_ball.csv"):
                yield match / csv.stem.removesuffix("_ball")
            for source in [*match.glob("video/*"), *match.glob("frame/*")]:
                if is_video(source) or holds_pictures(source):
                    yield match / (source.stem if is_video(source) else source.name)

    def read(self, found: Path) -> tuple[Path, Labels, list[Problem]]:
        csv = found.parent / "csv" / f"{found.name}_ball.csv"
        correction = found.parent / "corrected_csv" / csv.name
        if self.corrected and correction.exists():
            csv = correction
        labels, problems = to_labels(csv, read_table(csv, COLUMNS))
        if self.corrected and self._is_test(found):
            start, end = _scored(found, self.root)
            frame = np.arange(len(labels))
            dropped = (frame < start) | (frame >= end)
            labels.visibility[dropped], labels.xy[dropped] = UNLABELLED, np.nan
        return _source(found.parent, found.name), labels, problems

    def _is_test(self, found: Path) -> bool:
        """TrackNetV3 numbers the test matches like the training ones, and so does its file."""
        parts = self.splits.get("test", ())
        return any(found.is_relative_to(self.root / part) for part in parts)


def _scored(found: Path, root: Path) -> tuple[float, float]:
    """First frame of a rally that is scored, and the first one behind."""
    match, rally = found.parent, found.name
    key = f"{match.name.rpartition('match')[2]}_{rally}"
    for file in (match.parent / "drop_frame.json", root / "drop_frame.json"):
        if not file.exists():
            continue
        try:
            ranges = json.loads(file.read_text())
            start, end = ranges["start"].get(key, 0), ranges["end"].get(key, np.inf)
            if not 0 <= start < end:
                raise ValueError(f"{key} is scored from frame {start} to {end}")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LabelError(
                f"{file}: {error!r}; expected "
                f'{{"start": {{"{key}": 28, ...}}, "end": {{"{key}": 506, ...}}}}'
            ) from error
        return start, end
    return 0, np.inf


def _source(match: Path, rally: str) -> Path:
    frames = match / "frame" / rally
    if frames.is_dir():
        return frames
    for video in sorted((match / "video").glob("*")):
        if video.stem == rally and is_video(video):
            return video
    raise LabelError(f"{match / 'video' / rally}.mp4: labelled, but there is no such video")
