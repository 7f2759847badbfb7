"""The layout of TrackNetV2 and V3: ``<split>/match<k>/{video,csv}/<rally>``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tracknet.data.formats.base import LabelError
from tracknet.types import ABSENT, Clip, Labels
from tracknet.video import VIDEO_SUFFIXES

COLUMNS = ["frame", "visibility", "x", "y"]


class Shuttlecock:
    """Videos with one ``_ball.csv`` (``Frame,Visibility,X,Y``) each.

    Args:
        root: Folder that holds the split folders.
        splits: Which folders below the root make up each split.
    """

    name = "shuttlecock"

    def __init__(self, root: str | Path, splits: Mapping[str, Sequence[str]]) -> None:
        self.root = Path(root)
        self.splits = splits

    def clips(self, split: str) -> list[Clip]:
        if split not in self.splits:
            raise LabelError(f"split={split} is unknown; choose one of {', '.join(self.splits)}")
        folders = [self.root / folder for folder in self.splits[split]]
        csvs = [csv for folder in folders for csv in folder.glob("*/csv/*_ball.csv")]
        if not csvs:
            looked = ", ".join(str(folder) for folder in folders)
            raise LabelError(
                f"split {split} is empty: no match*/csv/*_ball.csv below {looked}; set data.root "
                "to the folder that holds the splits"
            )
        return sorted(map(self._clip, csvs), key=lambda clip: clip.name)

    def _clip(self, csv: Path) -> Clip:
        match = csv.parent.parent
        rally = csv.stem.removesuffix("_ball")
        venue = match.relative_to(self.root).as_posix()
        return Clip(f"{venue}/{rally}", venue, self._source(match, rally), read_labels(csv))

    def _source(self, match: Path, rally: str) -> Path:
        frames = match / "frame" / rally
        if frames.is_dir():
            return frames
        for video in sorted((match / "video").glob("*")):
            if video.stem == rally and video.suffix.lower() in VIDEO_SUFFIXES:
                return video
        raise LabelError(f"{match / 'video' / rally}.mp4: labelled, but there is no such video")


def read_labels(csv: Path) -> Labels:
    """Labels of a ``Frame,Visibility,X,Y`` file; frames without a row are unlabelled.

    Raises:
        LabelError: Not a table, columns are missing, a value is no number that can be used, or a
            frame has two rows.
    """
    try:
        table = pd.read_csv(csv, index_col=False)  # a comma too many is no index
    except ValueError as error:
        raise LabelError(f"{csv}: {error}; expected a table Frame,Visibility,X,Y") from error
    table.columns = [str(column).strip().lower() for column in table.columns]
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise LabelError(
            f"{csv}: column {', '.join(missing)} is missing; expected Frame,Visibility,X,Y"
        )
    numbers = table[COLUMNS].apply(pd.to_numeric, errors="coerce").to_numpy(float)
    frame, visibility, x, y = numbers.T
    visible = visibility > ABSENT
    for column, usable, expected in (
        ("frame", (frame >= 0) & (frame % 1 == 0), "a whole number from 0 on"),
        ("visibility", np.isin(visibility, range(-1, 128)), "0 (no ball), 1 (a ball) or a class"),
        ("x", ~visible | np.isfinite(x), "a number where the ball is visible"),
        ("y", ~visible | np.isfinite(y), "a number where the ball is visible"),
    ):
        if not usable.all():
            row = usable.argmin()
            raise LabelError(
                f"{csv}, row {row + 1}: {column} is {table[column][row]}; expected {expected}"
            )
    twice = table["frame"][table["frame"].duplicated()]
    if len(twice):
        raise LabelError(f"{csv}: frame {twice.iloc[0]} has two rows; keep one of them")
    rows = frame.astype(int)
    unlabelled = Labels(np.empty((0, 2), np.float32), np.empty(0, np.int8))
    labels = unlabelled.resized(rows.max(initial=-1) + 1)
    labels.visibility[rows] = visibility
    labels.xy[rows[visible]] = np.stack([x, y], -1)[visible]
    return labels
