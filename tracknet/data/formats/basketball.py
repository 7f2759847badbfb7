"""WASB's basketball: ``basketball/{videos/<game>/<clip>/,ball-annos/<game>/*_<clip>.xml}``."""

from collections.abc import Iterator
from pathlib import Path

from tracknet.data.formats.base import LabelError, Layout, holds_pictures
from tracknet.data.formats.cvat import read_labels
from tracknet.problems import Problem
from tracknet.types import Labels


class Basketball(Layout):
    """Folders of frames with CVAT tracks; a split is a list of games.

    Games that have no folder of annotations are none of the dataset's: there are many of them.
    """

    name = "basketball"
    expected = "ball-annos/<game>/*_<clip>.xml"
    home = "basketball"

    def find(self, part: str) -> Iterator[Path]:
        """``videos/<game>/<clip>`` of every clip."""
        videos, annotations = self.inside("videos") / part, self.inside("ball-annos") / part
        if annotations.is_dir():
            yield from (
                videos / xml.stem.rpartition("_")[2] for xml in annotations.glob("[!.]*.xml")
            )
            yield from (clip for clip in videos.glob("*") if holds_pictures(clip))

    def place(self, found: Path) -> tuple[str, str]:
        return f"{found.parent.name}/{found.name}", found.parent.name

    def read(self, found: Path) -> tuple[Path, Labels, list[Problem]]:
        if not holds_pictures(found):
            raise LabelError(f"{found}: labelled, but there is no such folder of frames")
        folder = self.inside("ball-annos") / found.parent.name
        files = sorted(
            x for x in folder.glob("[!.]*.xml") if x.stem.rpartition("_")[2] == found.name
        )
        if len(files) != 1:
            raise LabelError(
                f"{folder}/*_{found.name}.xml: {len(files)} label files for clip {found}; "
                "expected one"
            )
        return found, *read_labels(files[0])
