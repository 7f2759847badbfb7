"""Files that take the place of those alone that were written here before, never of somebody's."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracknet.errors import InputError
from tracknet.files import write_json

RECORD = ".written.json"
"""In a folder of results: the digest of each file, as it was when it was written."""


@contextmanager
def own_file(path: Path) -> Iterator[Path]:
    """A file that is written inside, and may be replaced by a later command if nobody changes it.

    Raises:
        InputError: See `refuse_foreign`.
    """
    refuse_foreign(path)
    yield path
    remember(path)


def refuse_foreign(path: Path) -> None:
    """Refuses to write where somebody's file is: labels of a video are called as predictions are.

    Predictions that somebody corrected are theirs, too. So no name or header tells whose a file is,
    but its content, which `remember` noted.

    Raises:
        InputError: There is a file that nobody remembered, or that was changed since.
    """
    if os.path.lexists(path) and _written(path.parent).get(path.name) != _digest(path):
        raise InputError(
            f"{path}: is there already, and was not written here or was changed since, so it is "
            "not replaced; choose another folder (hydra.run.dir=<folder>), or move it away"
        )


def remember(path: Path) -> None:
    """Notes what a file that has just been written holds: it may be replaced."""
    write_json(path.parent / RECORD, {**_written(path.parent), path.name: _digest(path)})


def _written(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _digest(path: Path) -> str:
    """Nothing's, where it is no file or cannot be read."""
    if not path.is_file():
        return ""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
