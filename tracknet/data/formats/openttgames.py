"""The layout of OpenTTGames: ``<game>.mp4`` and ``<game>/ball_markup.json``."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from tracknet.data.formats.base import LabelError, Layout, is_video
from tracknet.data.formats.tables import to_labels
from tracknet.problems import Problem
from tracknet.types import Labels

EXPECTED = 'expected {"<frame>": {"x": ..., "y": ...}}, x and y -1 where there is no ball'


class OpenTTGames(Layout):
    """Long videos with sparse labels; a split is a list of games.

    Frames that the file does not name are unlabelled.
    """

    name = "openttgames"
    expected = "<game>/ball_markup.json"

    def find(self, part: str) -> Iterator[Path]:
        """``<game>``, if its labels or its video are there."""
        game = self.root / part
        if (game / "ball_markup.json").exists() or _videos(game):
            yield game

    def place(self, found: Path) -> tuple[str, str]:
        name = found.relative_to(self.root).as_posix()
        return name, name

    def read(self, found: Path) -> tuple[Path, Labels, list[Problem]]:
        videos = _videos(found)
        if not videos:
            raise LabelError(f"{found}.mp4: labelled, but there is no such video")
        return videos[0], *_read_markup(found / "ball_markup.json")


def _videos(game: Path) -> list[Path]:
    return sorted(p for p in game.parent.glob("*") if p.stem == game.name and is_video(p))


def _read_markup(file: Path) -> tuple[Labels, list[Problem]]:
    try:
        markup = json.loads(file.read_text())
        rows = [(int(frame), float(at["x"]), float(at["y"])) for frame, at in markup.items()]
    except FileNotFoundError as error:
        raise LabelError(f"{file}: there is no such label file; {EXPECTED}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabelError(f"{file}: {error!r}; {EXPECTED}") from error
    table = pd.DataFrame(rows, columns=["frame", "x", "y"])
    nowhere = (table[["x", "y"]] == -1).all(axis=1)
    return to_labels(file, table.assign(visibility=(~nowhere).astype(int)))
