"""What every dataset layout offers, whatever it looks like on disk."""

from pathlib import Path
from typing import Protocol

from tracknet.types import Clip


class LabelError(ValueError):
    """Labels that cannot be used; the message names the file, the value and the remedy."""


class Dataset(Protocol):
    """A layout's reader.

    Attributes:
        name: The layout's name in group ``data``.
        root: The dataset's folder.
    """

    name: str
    root: Path

    def clips(self, split: str) -> list[Clip]:
        """The clips of ``train``, ``val`` or ``test``, sorted by name.

        Raises:
            LabelError: The split is unknown or empty, or a label file is malformed.
        """
        ...
