"""The files of an export, in a folder, in a ZIP, or a single one; nothing is unpacked to a disk."""

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from tracknet.data.formats.base import LabelError, check_length, read_content, readable
from tracknet.data.formats.zips import read_member, unpacking

MOST = 1_000_000
"""Files of an export."""
NESTED = 3_000_000
"""Lists and mappings of a JSON file; each takes some hundred bytes."""


class Files:
    """What an export holds; what a system hides or adds is not among it.

    Args:
        path: A file, a ZIP or a folder.

    Attributes:
        names: Paths within it, sorted.

    Raises:
        LabelError: It is none of these, or has more than `MOST` files.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive: zipfile.ZipFile | None = None
        self._read = 0
        if path.is_dir():
            names = _walk(path)
        elif path.is_file() and zipfile.is_zipfile(path):
            with unpacking(path):
                self._archive = zipfile.ZipFile(path)
            names = [own.filename for own in self._archive.infolist() if not own.is_dir()]
        elif path.suffix.lower() == ".zip":
            raise LabelError(f"{path}: cannot be unpacked (no ZIP); export it again")
        else:
            names = [path.name]
        self.names = sorted(name for name in names if not _is_hidden(name))
        if len(self.names) > MOST:
            raise LabelError(f"{path}: holds more than {MOST:,} files; split it")

    def __enter__(self) -> "Files":
        return self

    def __exit__(self, *_: object) -> None:
        if self._archive:
            self._archive.close()

    def ending(self, *suffixes: str) -> list[str]:
        """The names that end so, in any case."""
        return [name for name in self.names if name.lower().endswith(suffixes)]

    def read(self, name: str, expected: str) -> bytes:
        """The content of a file.

        Raises:
            LabelError: It cannot be read, or all that was read is larger than labels may be.
        """
        if self._archive:
            content = read_member(self.path, self._archive, self._archive.getinfo(name))
        else:
            file = self.path / name if self.path.is_dir() else self.path
            content = read_content(file, expected)
        self._read += len(content)
        check_length(self.path, self._read)
        return content

    def json(self, name: str, expected: str) -> Any:
        """The content of a JSON file.

        Raises:
            LabelError: As of `read`, or it is none, or holds too much.
        """
        content = self.read(name, expected)
        with readable(self.path, expected):
            if content.count(b"[") + content.count(b"{") > NESTED:
                raise ValueError(f"more than {NESTED:,} lists and mappings")
            return json.loads(content)


def _walk(folder: Path) -> Iterator[str]:
    for where, _, files in os.walk(folder):
        for file in files:
            yield Path(where, file).relative_to(folder).as_posix()


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)
