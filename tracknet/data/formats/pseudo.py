"""Videos with what a network was certain of in them, as ``adapt`` writes it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracknet.data.formats.base import ALL, LabelError, readable
from tracknet.data.formats.tables import read_table, to_labels
from tracknet.data.splits import Places
from tracknet.problems import Problem
from tracknet.types import UNLABELLED, Clip
from tracknet.values import Text

INDEX = "videos.json"
"""In the folder of the tables: what each one's video is, and why its frames were taken."""


@dataclass
class Pseudo:
    """Tables of pseudo-labels in a folder of their own; the videos stay where they are.

    Args:
        root: The folder of the tables and of `INDEX`.
        splits: Those that the clips are in. They may be several: what a network labelled itself
            measures nothing, so that there is nothing to keep apart.
    """

    root: Path
    splits: Sequence[Text] = ("train",)

    name = "pseudo"

    def __post_init__(self) -> None:
        self.root = Path(self.root)

    def clips(self, split: str) -> tuple[list[Clip], list[Problem]]:
        """See `Dataset.clips`; videos without any label are passed over."""
        if split not in (*self.splits, ALL):
            raise LabelError(f"split={split}: pseudo-labels are in {', '.join(self.splits)} alone")
        clips: list[Clip] = []
        problems: list[Problem] = []
        for name, video in sorted(read_index(self.root)["videos"].items()):
            table = Path(self.root, f"{name}.csv")
            labels, own = to_labels(table, read_table(table))
            problems += own
            if (labels.visibility != UNLABELLED).any():
                match = Path(name).parent.as_posix()
                clips.append(Clip(name, match, Path(video["source"]), labels))
        if not clips:
            raise LabelError(f"{self.root}: of no video anything was labelled")
        return clips, problems

    def places(self) -> Places:
        """Nowhere: none is kept apart from the clips that people have labelled."""
        return {split: {} for split in self.splits}


def read_index(folder: Path) -> dict[str, Any]:
    """What is known of the videos of a folder of tables.

    Raises:
        LabelError: It does not say, or cannot be read.
    """
    file = folder / INDEX
    with readable(file, "expected what adapt.py writes"):
        content = json.loads(file.read_text(encoding="utf-8"))
        for video in content["videos"].values():
            Path(video["source"])
        return content
