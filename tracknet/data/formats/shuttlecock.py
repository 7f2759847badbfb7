"""The layout of TrackNetV2 and V3: ``<split>/match<k>/{video,csv}/<rally>``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tracknet.data.formats.base import LabelError
from tracknet.types import ABSENT, UNLABELLED, Clip, Labels
from tracknet.video import VIDEO_SUFFIXES


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
        csvs = sorted(csv for folder in folders for csv in folder.glob("*/csv/*_ball.csv"))
        if not csvs:
            looked = ", ".join(str(folder) for folder in folders)
            raise LabelError(
                f"split {split} is empty: no match*/csv/*_ball.csv below {looked}; set data.root "
                "to the folder that holds the splits"
            )
        return [self._clip(csv) for csv in csvs]

    def _clip(self, csv: Path) -> Clip:
        match = csv.parent.parent
        rally = csv.stem.removesuffix("_ball")
        name = (match / rally).relative_to(self.root).as_posix()
        return Clip(name, match.name, self._source(match, rally), read_labels(csv))

    def _source(self, match: Path, rally: str) -> Path:
        frames = match / "frame" / rally
        if frames.is_dir():
            return frames
        for video in sorted((match / "video").glob(f"{rally}.*")):
            if video.suffix.lower() in VIDEO_SUFFIXES:
                return video
        raise LabelError(f"{match / 'video' / rally}.mp4: labelled, but there is no such video")


def read_labels(csv: Path) -> Labels:
    """Labels of a ``Frame,Visibility,X,Y`` file; frames without a row are unlabelled.

    Raises:
        LabelError: Columns are missing, or a frame has two rows.
    """
    table = pd.read_csv(csv)
    table.columns = [str(column).strip().lower() for column in table.columns]
    missing = [c for c in ("frame", "visibility", "x", "y") if c not in table.columns]
    if missing:
        raise LabelError(
            f"{csv}: column {', '.join(missing)} is missing; expected Frame,Visibility,X,Y"
        )
    twice = table["frame"][table["frame"].duplicated()]
    if len(twice):
        raise LabelError(f"{csv}: frame {twice.iloc[0]} has two rows; keep one of them")
    length = int(table["frame"].max()) + 1 if len(table) else 0
    xy = np.full((length, 2), np.nan, np.float32)
    visibility = np.full(length, UNLABELLED, np.int8)
    frames = table["frame"].to_numpy(int)
    visibility[frames] = table["visibility"].to_numpy(np.int8)
    xy[frames] = table[["x", "y"]].to_numpy(np.float32)
    xy[visibility <= ABSENT] = np.nan
    return Labels(xy, visibility)
