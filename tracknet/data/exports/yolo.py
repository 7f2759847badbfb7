"""YOLO's text files: one a picture, a line a box, in shares of the picture."""

import json
from collections.abc import Iterator
from pathlib import PurePosixPath

import yaml

from tracknet.data.exports.files import Files
from tracknet.data.exports.marks import Ball, Picture
from tracknet.data.formats.base import LabelError, readable
from tracknet.video import IMAGE_SUFFIXES

EXPECTED = "expected YOLO: a text file a picture, with lines of class x y width height, 0 to 1"
NOT_LABELS = {"classes.txt", "train.txt", "val.txt", "valid.txt", "test.txt", "requirements.txt"}
HOMES = {"labels", "images"}
"""Folders of which one has the pictures and the other the labels."""
LARGEST = 1 << 20
"""Bytes of a file of names."""


def label_files(files: Files) -> list[str]:
    """The text files of an export that may be labels."""
    texts = files.ending(".txt")
    homes = [name for name in texts if _homes(name)]
    plain = (name for name in texts if not homes and not _is_other(name))
    return homes or list(plain)


def read(files: Files) -> Iterator[Picture]:
    """The pictures of an export; in those without a text file is nothing.

    Raises:
        LabelError: A line is no box.
    """
    names = _names(files)
    texts = {_key(name): name for name in label_files(files)}
    pictures = {_key(name): name for name in files.ending(*IMAGE_SUFFIXES)}
    for key in sorted({*texts, *pictures}):
        text = texts.get(key)
        balls = list(_balls(files, text, names)) if text else []
        yield Picture(key, balls)


def _balls(files: Files, name: str, names: dict[int, str]) -> Iterator[Ball]:
    with readable(files.path, EXPECTED):
        lines = files.read(name, EXPECTED).decode("utf-8-sig").splitlines()
        for number, line in enumerate(lines, 1):
            values = line.split()
            if not values:
                continue
            if len(values) not in (5, 6):  # class, box, and how sure a network was
                raise LabelError(
                    f"{files.path}: {name}, line {number} has {len(values)} values, as an outline "
                    "or a pose has; export boxes: class x y width height"
                )
            kind, (x, y) = int(values[0]), map(float, values[1:3])
            if not (0 <= x <= 1 and 0 <= y <= 1):
                raise LabelError(
                    f"{files.path}: {name}, line {number}: x={x:g}, y={y:g}; expected shares of "
                    "the picture, 0 to 1"
                )
            yield Ball(names.get(kind, str(kind)), x, y)


def _names(files: Files) -> dict[int, str]:
    """What the classes are called, where a file of the export says so."""
    for name in files.names:
        kind = PurePosixPath(name).name.lower()
        if kind not in ("data.yaml", "data.yml", "classes.txt", "obj.names", "notes.json"):
            continue
        with readable(files.path, f"{name} with the names of classes"):
            text = files.read(name, "names of classes").decode("utf-8-sig")
            if len(text) > LARGEST:
                raise ValueError("more names than there are")
            if kind.endswith((".yaml", ".yml")):
                try:
                    listed = (yaml.safe_load(text) or {}).get("names")
                except yaml.YAMLError as error:
                    raise ValueError(f"no YAML ({type(error).__name__})") from error
            elif kind == "notes.json":
                listed = {own["id"]: own["name"] for own in json.loads(text)["categories"]}
            else:
                listed = text.split("\n")
            if listed:
                pairs = dict(listed if isinstance(listed, dict) else enumerate(listed))
                if any(isinstance(value, list | dict) for value in pairs.values()):
                    raise ValueError("a name is no text")
                return {int(key): str(value).strip() for key, value in pairs.items()}
    return {}


def _homes(name: str) -> bool:
    folders = PurePosixPath(name).parts[:-1]
    return "labels" in folders or any(own.startswith("obj_") for own in folders)


def _is_other(name: str) -> bool:
    own = PurePosixPath(name).name.lower()
    return own in NOT_LABELS or own.startswith("readme")


def _key(name: str) -> str:
    """What a picture and its text have in common."""
    path = PurePosixPath(name)
    return "/".join([*(part for part in path.parts[:-1] if part not in HOMES), path.stem])
