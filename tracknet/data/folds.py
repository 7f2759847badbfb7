"""Folds by venue: a match that the training has never seen says how good it is on others."""

from pathlib import Path

from tracknet.data.formats.base import Dataset
from tracknet.data.splits import Places
from tracknet.errors import InputError
from tracknet.names import readable
from tracknet.problems import Problem
from tracknet.types import Clip

FOLDED = ("train", "val")
"""The splits whose clips are divided anew; every other one stays as it is."""


class Fold:
    """A dataset of which one match is split ``val``, and what else is in `FOLDED` is ``train``.

    Args:
        dataset: The one whose clips they are.
        match: The match that is left out of the training, in whichever of the two it is.
    """

    def __init__(self, dataset: Dataset, match: str) -> None:
        self.dataset, self.match = dataset, match

    @property
    def name(self) -> str | None:
        return self.dataset.name

    @property
    def root(self) -> Path:
        return self.dataset.root

    def clips(self, split: str) -> tuple[list[Clip], list[Problem]]:
        """See `Dataset.clips`.

        Raises:
            InputError: There is no such match, or no other one; the message names those that are.
        """
        if split not in FOLDED:
            return self.dataset.clips(split)
        places, wanted = self.dataset.places(), split == "val"
        left = self._left(places)
        splits = [own for own in FOLDED if places.get(own)] or FOLDED[:1]
        found = [self.dataset.clips(own) for own in splits]
        clips = [clip for own, _ in found for clip in own if (clip.name in left) is wanted]
        problems = [one for _, own in found for one in own if (one.clip in left) is wanted]
        return sorted(clips, key=lambda clip: clip.name), problems

    def places(self) -> Places:
        """See `Dataset.places`."""
        places = self.dataset.places()
        left = self._left(places)
        every = {path: at for own in FOLDED for path, at in places.get(own, {}).items()}
        train = {path: at for path, at in every.items() if at[0] not in left}
        val = {path: at for path, at in every.items() if at[0] in left}
        return {**places, "train": train, "val": val}

    def _left(self, places: Places) -> set[str]:
        """The names of the match's clips, as they are and as they are shown."""
        at = {name: readable(m) for own in FOLDED for name, m in places.get(own, {}).values()}
        matches = sorted({*at.values()})
        if matches and self.match not in matches:
            raise InputError(
                f"fold={self.match}: no match of train and val; there are {', '.join(matches)}. "
                f"Name one, or several with -m, as in -m fold={','.join(matches[:2])}"
            )
        if len(matches) == 1:
            raise InputError(
                f"fold={self.match}: is the only match of train and val, and nothing else is left "
                "to train on; put the clips of each venue into a folder of its own, or leave fold= "
                "out"
            )
        left = [name for name, match in at.items() if match == self.match]
        return {*left, *map(readable, left)}
