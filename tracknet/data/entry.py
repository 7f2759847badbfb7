"""One entry of the frame store: its files, what is said of them, and whether they are still that.

What stands in ``meta.json`` never changes. ``seen.json`` says what the files looked like to the
system when their digests were last found right: as long as they look so, nothing is read.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from tracknet.files import write_json
from tracknet.geometry import Size

FRAMES, BACKGROUND = "frames.u8", "background.u8"
META, SEEN = "meta.json", "seen.json"
LONGEST = 1 << 22
"""Bytes of a JSON file of an entry, at most."""
RATE = re.compile(r"0*[1-9]\d{0,9}(/0*[1-9]\d{0,9})?")


@dataclass(frozen=True)
class Facts:
    """What is known of a clip since it was decoded.

    Attributes:
        source: The video or folder, for people.
        frames: How many could be decoded.
        claimed: How many its container promised.
        size: (H, W) of the original frames.
        fps: Frames per second.
        damaged: Whether it is damaged behind the last frame.
        repeats: Indices of frames that repeat the one before, see `tracknet.data.repeats`.
        digests: SHA-256 of the pictures' files, by name.
    """

    source: str
    frames: int
    claimed: int
    size: Size
    fps: Fraction
    damaged: bool
    repeats: Sequence[int]
    digests: Mapping[str, str]


def write_entry(folder: Path, facts: Facts) -> None:
    """Completes an entry whose pictures are written."""
    write_json(folder / META, {**asdict(facts), "fps": str(facts.fps)})
    write_json(folder / SEEN, _looks(folder))


def read_facts(folder: Path, image_size: Size) -> Facts | None:
    """What an entry says; None where it lacks a file, or a file its length, or where it is odd."""
    try:
        raw = _read(folder / META)
        facts = Facts(**{**raw, "size": tuple(raw["size"]), "fps": _rate(raw["fps"])})
        numbers = facts.frames, facts.claimed, *facts.size
        if not all(type(number) is int for number in numbers) or len(facts.size) != 2:
            return None
        if min(facts.frames, *facts.size) < 1 or type(facts.damaged) is not bool:
            return None
        own = [0, *facts.repeats, facts.frames]
        if not all(type(index) is int for index in own) or any(a >= b for a, b in pairwise(own)):
            return None
        picture = image_size[0] * image_size[1] * 3
        lengths = {FRAMES: facts.frames * picture, BACKGROUND: picture}
        found = {name: (folder / name).stat().st_size for name in lengths}
        return facts if lengths == found and lengths.keys() == facts.digests.keys() else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def is_unchanged(folder: Path, facts: Facts) -> bool:
    """Whether the pictures are those that were decoded; read only if they look otherwise."""
    try:
        looks = _looks(folder)
        with suppress(OSError, ValueError, RecursionError):
            if _read(folder / SEEN) == looks:
                return True
        for name, digest in facts.digests.items():
            with open(folder / name, "rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                    return False
    except OSError:  # it was removed meanwhile
        return False
    with suppress(OSError):  # another user's store
        write_json(folder / SEEN, looks)
    return True


def _looks(folder: Path) -> dict[str, list[int]]:
    """What the system says of the pictures' files; nobody writes to them without a change in it."""
    stats = {name: os.stat(folder / name) for name in (FRAMES, BACKGROUND)}
    return {
        name: [stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
        for name, stat in stats.items()
    }


def _read(path: Path) -> Any:
    with open(path, "rb") as file:
        return json.loads(file.read(LONGEST))


def _rate(text: str) -> Fraction:
    if not RATE.fullmatch(text):
        raise ValueError(text)
    return Fraction(text)
