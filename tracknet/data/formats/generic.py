"""Anybody's own clips: videos or folders of frames, each with a CSV file beside it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from tracknet.data.formats.base import LabelError, Layout, holds_pictures, is_video
from tracknet.data.formats.tables import read_table, to_labels
from tracknet.types import Clip, Labels
from tracknet.video import VideoError, probe

COLUMNS = ("frame", "visibility", "x", "y")


class Generic(Layout):
    """``rally.mp4`` (or a folder ``rally`` of frames) with ``rally.csv`` or ``rally_ball.csv``.

    They may lie in folders of any depth; the clips of one folder count as one match. ``frame``
    counts from 0; in a folder of frames it is the position in the order of the numbers in their
    names. Where there are both, the frames are taken and the video is not.

    Args:
        root: Folder that holds the splits' folders.
        splits: Which folders below the root make up each split.
        normalised: Whether x and y are shares of the frame's width and height, 0 to 1, instead of
            pixels.
    """

    name = "generic"
    expected = "video, or folder of frames,"

    def __init__(
        self, root: str | Path, splits: Mapping[str, Sequence[str]], normalised: bool = False
    ) -> None:
        super().__init__(root, splits)
        self.normalised = normalised

    def find(self, folder: Path) -> Iterator[Path]:
        for path in folder.rglob("*"):
            if holds_pictures(path) or (is_video(path) and not path.with_suffix("").is_dir()):
                yield path

    def read(self, found: Path) -> Clip:
        clip = found.with_suffix("") if is_video(found) else found
        files = [clip.with_name(f"{clip.name}{end}.csv") for end in ("", "_ball")]
        csv = next((file for file in files if file.exists()), None)
        if csv is None:
            raise LabelError(
                f"{found}: no labels; expected {files[0].name} or {files[1].name} beside it"
            )
        labels = to_labels(csv, read_table(csv, COLUMNS))
        if self.normalised:
            labels = _in_pixels(found, labels)
        name = clip.relative_to(self.root).as_posix()
        match = clip.parent.relative_to(self.root).as_posix()
        return Clip(name, match, found, labels)


def _in_pixels(source: Path, labels: Labels) -> Labels:
    try:
        height, width = probe(source).size
    except VideoError as error:
        raise LabelError(str(error)) from error
    return Labels(labels.xy * np.array([width, height], np.float32), labels.visibility)
