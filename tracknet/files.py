"""Files that appear whole or not at all, whatever ends the process."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tracknet.names import shortened


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path to write to inside; the file itself then appears whole, or not at all.

    What was written is on the disk before the file takes the place of an older one, which stays
    until then; both lie in one folder, so that the change is a single step.
    """
    unfinished = path.with_name(f".{shortened(path.name)}.{os.getpid()}")
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


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to write files to inside; the folder itself then appears with them, or not at all.

    Raises:
        OSError: There is one of that name that is not empty.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{shortened(path.name)}.{os.getpid()}")
    unfinished.mkdir()
    try:
        yield unfinished
        for file in unfinished.iterdir():
            flush(file)
        os.replace(unfinished, path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def flush(path: Path) -> None:
    """Has a file's content written to its disk; a crash of the machine would else leave zeros."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Writes a text, whole or not at all; names in it are in `readable` form."""
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path: Path, content: Any) -> None:
    """Writes plain data as JSON, whole or not at all."""
    write_text(path, json.dumps(content, indent=1) + "\n")
