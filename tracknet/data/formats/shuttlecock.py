"""The layout of TrackNetV2 and V3: ``<split>/match<k>/{video,csv}/<rally>``."""

from collections.abc import Iterator
from pathlib import Path

from tracknet.data.formats.base import LabelError, Layout, holds_pictures, is_video
from tracknet.data.formats.tables import read_table, to_labels
from tracknet.types import Clip

COLUMNS = ("frame", "visibility", "x", "y")


class Shuttlecock(Layout):
    """Videos, or folders of frames, with one ``_ball.csv`` (``Frame,Visibility,X,Y``) each."""

    name = "shuttlecock"
    expected = "match*/csv/*_ball.csv"

    def find(self, folder: Path) -> Iterator[Path]:
        """The label file of every rally, also of those that have none."""
        yield from folder.glob("*/csv/[!.]*_ball.csv")
        for source in [*folder.glob("*/video/*"), *folder.glob("*/frame/[!.]*")]:
            if is_video(source) or holds_pictures(source):
                rally = source.stem if is_video(source) else source.name
                yield source.parent.parent / "csv" / f"{rally}_ball.csv"

    def read(self, found: Path) -> Clip:
        match, rally = found.parent.parent, found.stem.removesuffix("_ball")
        venue = match.relative_to(self.root).as_posix()
        labels = to_labels(found, read_table(found, COLUMNS))
        return Clip(f"{venue}/{rally}", venue, _source(match, rally), labels)


def _source(match: Path, rally: str) -> Path:
    frames = match / "frame" / rally
    if frames.is_dir():
        return frames
    for video in sorted((match / "video").glob("*")):
        if video.stem == rally and is_video(video):
            return video
    raise LabelError(f"{match / 'video' / rally}.mp4: labelled, but there is no such video")
