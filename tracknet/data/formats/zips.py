"""ZIPs of somebody else: one that cannot be unpacked is said, and none takes more than it says."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracknet.data.formats.base import MALFORMED, LabelError, check_length


@contextmanager
def unpacking(path: Path) -> Iterator[None]:
    """Inside, a ZIP is read: encrypted, truncated, or of a compression that there is not.

    Raises:
        LabelError: It cannot be unpacked.
    """
    try:
        yield
    except LabelError:
        raise
    except (*MALFORMED, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise LabelError(
            f"{path}: cannot be unpacked ({error}); unpack it yourself and name what was in it, or "
            "export it again"
        ) from error


def read_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The content of a file in a ZIP.

    Raises:
        LabelError: It is larger than labels may be, or cannot be unpacked.
    """
    with unpacking(path):
        check_length(path, member.file_size)
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError("a compression that cannot be bounded")
        return archive.read(member)  # no more than its header says
