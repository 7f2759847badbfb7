"""Files that appear whole or not at all, whatever ends the process, and never over somebody's."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tracknet.errors import InputError

RECORD = ".written.json"
"""In a folder of results: the digest of each file, as it was when it was written."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path to write to inside; the file itself then appears whole, or not at all.

    What was written is on the disk before the file takes the place of an older one, which stays
    until then; both lie in one folder, so that the change is a single step.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield unfinished
        flush(unfinished)
        os.replace(unfinished, path)
    except OSError as error:  # a full disk does not say what it has no room for
        if error.errno and not error.filename:
            error.filename = str(path)
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Has a file's content written to its disk; a crash of the machine would else leave zeros."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Writes a text, whole or not at all."""
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    """Writes plain data as JSON, whole or not at all."""
    write_text(path, json.dumps(content, indent=1) + "\n")


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
