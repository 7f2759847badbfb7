"""WASB's copy of ISSIA-CNR: ``soccer/{videos/ID-<k>.avi,frames/ID-<k>/,annos/ID-<k>.xml}``."""

from collections.abc import Iterator
from pathlib import Path

from tracknet.data.formats.base import LabelError, Layout, holds_pictures, is_video
from tracknet.data.formats.cvat import read_labels
from tracknet.problems import Problem
from tracknet.types import Labels


class Soccer(Layout):
    """Videos, or folders of frames, with CVAT tracks; a split is a list of videos.

    All six show one match, each from its own fixed camera, so that each counts as a match.
    """

    name = "soccer"
    expected = "annos/*.xml"
    home = "soccer"

    def find(self, part: str) -> Iterator[Path]:
        """The label file, if it is there or frames are."""
        xml = self.inside("annos") / f"{part}.xml"
        if xml.exists() or self._sources(part):
            yield xml

    def place(self, found: Path) -> tuple[str, str]:
        return found.stem, found.stem

    def read(self, found: Path) -> tuple[Path, Labels, list[Problem]]:
        sources = self._sources(found.stem)
        if not sources:
            video = self.inside("videos") / f"{found.stem}.avi"
            raise LabelError(f"{video}: labelled, but there is no such video or folder of frames")
        return sources[0], *read_labels(found)

    def _sources(self, video: str) -> list[Path]:
        """Frames before videos."""
        frames, videos = self.inside("frames") / video, sorted(self.inside("videos").glob("*"))
        found = [file for file in videos if file.stem == video and is_video(file)]
        return [frames, *found] if holds_pictures(frames) else found
