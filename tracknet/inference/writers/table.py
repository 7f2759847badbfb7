"""A video's table of predictions, row by row."""

import csv
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self, TextIO

from tracknet.data.predictions import VIDEO_COLUMNS, cells
from tracknet.inference.predictor import Prediction
from tracknet.owned import refuse_foreign, remember
from tracknet.video import Frame, VideoInfo


class CsvWriter(AbstractContextManager):
    """Writes ``<name>.csv`` by whole rows, each as soon as it is known; see `Writer`.

    Whatever ends the process, the file holds whole rows. An empty ``<name>.csv.unfinished`` beside
    it says that rows are still to come, or that they never came. The first row replaces an older
    file, but for one of somebody's.

    Raises:
        InputError: There is one, see `refuse_foreign`.
    """

    needs_frames = False

    def __init__(self, folder: Path, name: str, info: VideoInfo) -> None:
        path = folder / f"{name}.csv"
        self.files = [path]
        self._mark = path.with_name(path.name + ".unfinished")
        if not self._mark.exists():  # else a command was interrupted that had asked
            refuse_foreign(path)

    def __enter__(self) -> Self:
        self._mark.touch()
        self._file: TextIO | None = None
        return self

    def _begin(self) -> TextIO:
        # Line buffering hands every row to the system as a whole.
        file = self.files[0].open("w", newline="", buffering=1, encoding="utf-8")
        self._rows = csv.writer(file, lineterminator="\n")
        self._rows.writerow(VIDEO_COLUMNS)
        return file

    def write(self, prediction: Prediction, frame: Frame | None) -> None:
        self._file = self._file or self._begin()
        row = prediction
        self._rows.writerow(cells(row.frame, row.x, row.y, row.score, row.source))

    def __exit__(self, kind: type | None, *_: object) -> None:
        if kind is None:  # of a video without frames, too
            self._file = self._file or self._begin()
        if self._file:
            self._file.close()
        if kind is None:
            remember(*self.files)
            self._mark.unlink()
