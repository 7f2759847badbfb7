"""Names of files: as they are on the disk, as they are shown, and as long as a disk takes them."""

import hashlib
import os
import re
import unicodedata
from pathlib import Path

LONGEST = 200
"""Bytes of a name that results derive theirs from: most file systems take 255."""


def located(name: str) -> str:
    """A path under the name by which it is there, however letters with accents are composed.

    The name itself, where there is none.
    """
    if name.isascii() or os.path.lexists(name):
        return name
    head, tail = os.path.split(name)
    folder = located(head) if head != name else head
    try:
        there = os.listdir(folder or os.curdir)
    except OSError:
        return name
    same = (one for one in there if composed(one) == composed(tail))
    return next((os.path.join(folder, one) for one in same), name)


def composed(name: str) -> str:
    """A name whose accents are one with their letters: the form that names are compared in."""
    return unicodedata.normalize("NFC", name)


def at_home(name: str) -> str:
    """As `located`, but that ``~/`` is the home folder where there is no such name."""
    found = located(name)
    home = re.match(r"~(/|$)", found) and not os.path.lexists(found)
    return os.path.expanduser(found) if home else found


def readable(name: str | Path) -> str:
    r"""A name as text in UTF-8, which not every name is: other bytes become ``\udce9`` and such.

    What is shown, and what stands in tables, has names in this form; tables are matched by it.
    """
    return os.fspath(name).encode("utf-8", "backslashreplace").decode("utf-8")


def shortened(name: str) -> str:
    """A name, without folders, that leaves room for endings; a long one ends in its own digest."""
    content = os.fsencode(name)
    if len(content) <= LONGEST:
        return name
    digest = hashlib.sha256(content).hexdigest()[:8]
    return f"{os.fsencode(name)[: LONGEST - 9].decode('utf-8', 'ignore')}~{digest}"
