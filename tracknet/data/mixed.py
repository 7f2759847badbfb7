"""Several datasets as one."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tracknet.data.formats.base import ALL, Dataset, LabelError
from tracknet.data.splits import Places, refuse_leaks
from tracknet.problems import Problem
from tracknet.types import Clip


class Mixed:
    """Joins the same split of several datasets, of one sport or of many.

    Args:
        parts: Name -> dataset; a clip's name and match begin with the name of its part.
    """

    name = "mixed"

    def __init__(self, parts: Mapping[str, Dataset]) -> None:
        self.parts = dict(parts)

    @property
    def root(self) -> Path:
        """The folder that all parts lie in."""
        return Path(os.path.commonpath([part.root.absolute() for part in self.parts.values()]))

    def clips(self, split: str) -> tuple[list[Clip], list[Problem]]:
        """See `Dataset.clips`; parts may lack a split. A `LabelError` too where there are none."""
        if not self.parts:
            raise LabelError(
                "data=mixed has no parts; give each one a name, as in "
                "+data@data.parts.tennis=tennis data.parts.tennis.root=<folder>"
            )
        refuse_leaks(self.places(), "data.parts.<name>.splits")
        clips: list[Clip] = []
        problems: list[Problem] = []
        having = {part: d for part, d in self.parts.items() if split in (*d.places(), ALL)}
        for part, dataset in (having or self.parts).items():
            own, wrong = dataset.clips(split)
            clips += [
                replace(clip, name=f"{part}/{clip.name}", match=f"{part}/{clip.match}")
                for clip in own
            ]
            problems += [replace(problem, clip=f"{part}/{problem.clip}") for problem in wrong]
        return clips, problems

    def places(self) -> Places:
        """See `Dataset.places`."""
        places: dict[str, dict[Path, tuple[str, str]]] = {}
        for part, dataset in self.parts.items():
            for split, own in dataset.places().items():
                named = {path: (f"{part}/{name}", f"{part}/{m}") for path, (name, m) in own.items()}
                places.setdefault(split, {}).update(named)
        return places
