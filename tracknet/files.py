"""Files that appear whole or not at all, whatever ends the process."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


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
