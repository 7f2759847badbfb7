"""Tables of labels, as they come out of spreadsheets -> `Labels`."""

import re
import warnings
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracknet.data.formats.base import LabelError, read_content
from tracknet.data.predictions import LABEL_COLUMNS, place, write_table
from tracknet.problems import Problem
from tracknet.types import ABSENT, UNLABELLED, Labels

COLUMNS = ("frame", "visibility", "x", "y")
FRAMES = 10_000_000
"""More than any clip has; a larger number is a time."""


def read_table(
    csv: Path, columns: Sequence[str | tuple[str, ...]] = COLUMNS, optional: Sequence[str] = ()
) -> pd.DataFrame:
    """The columns of a CSV file, found by name in any case and order.

    Args:
        csv: The file.
        columns: Each one's name, or the names that it may have.
        optional: Further ones that are taken where they are there.

    Returns:
        These columns, named by the first of their names, without blank rows. The index is the row's
        line in the file: 2 is the first below the header.

    Raises:
        LabelError: There is no such file, it is no table, or columns are missing.
    """
    names = [(column,) if isinstance(column, str) else column for column in columns]
    expected = "expected a table " + ",".join(own[0] for own in names)
    content = BytesIO(read_content(csv, expected))
    try:
        with warnings.catch_warnings():
            # A row with more fields than the header has: a decimal comma, say.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # A comma too many is no index; blank lines count, as in a spreadsheet.
            table = pd.read_csv(content, index_col=False, skip_blank_lines=False, dtype=str)
    except UnicodeDecodeError as error:
        raise LabelError(f"{csv}: not text in UTF-8; save it as CSV UTF-8") from error
    except pd.errors.EmptyDataError as error:
        raise LabelError(f"{csv}: empty; {expected}") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        line = re.search(r"line \d+", str(error))
        raise LabelError(
            f"{csv}{', ' + line[0] if line else ''}: more fields than the header names; separate "
            "columns by commas, and write decimals with a point"
        ) from error
    table.index += 2
    table = table.dropna(how="all")
    table.columns = [str(column).strip().lower() for column in table.columns]
    found = {own[0]: [column for column in table.columns if column in own] for own in names}
    if missing := [own for own, columns in found.items() if not columns]:
        raise LabelError(
            f"{csv}: column {', '.join(missing)} is missing; {expected}, separated by commas, but "
            f"its header is {','.join(table.columns)}"
        )
    if twice := [columns for columns in found.values() if len(columns) > 1]:
        raise LabelError(f"{csv}: columns {' and '.join(twice[0])} mean the same; keep one")
    found |= {own: [own] for own in optional if own in table.columns}
    return pd.DataFrame({own: table[column] for own, (column,) in found.items()})


def to_labels(
    csv: Path, table: pd.DataFrame, pictures: Mapping[Any, int] | None = None
) -> tuple[Labels, list[Problem]]:
    """Labels from the columns frame, visibility, x and y; frames without a row are unlabelled.

    Args:
        csv: Where the table comes from, for the messages.
        table: Its rows in any order, their lines in the file as the index.
        pictures: The position of each picture, from 0, by what the column frame says; without them
            it says the position itself.

    Returns:
        The labels, and the problems of rows that name no picture, or say "visible" without a
        position; these are not used.

    Raises:
        LabelError: A frame or a visibility is no number that can be used, or a frame has two rows.
    """
    problems = []
    if pictures is not None:
        position = table["frame"].map(pictures)
        lost = position.isna()
        if lost.any():
            message = (
                f"{csv}: {lost.sum()} rows name pictures that are not there, the first is "
                f"{table['frame'][lost].iloc[0]}; they are not used"
            )
            problems.append(Problem("unreadable", str(csv), None, message))
        table = table.assign(frame=position)[~lost]
    numbers = table[[*COLUMNS]].apply(pd.to_numeric, errors="coerce").to_numpy(float)
    frame, visibility, x, y = numbers.T
    for column, usable, expected in (
        ("frame", (frame % 1 == 0) & (frame >= 0) & (frame < FRAMES), "a whole number from 0 on"),
        ("visibility", np.isin(visibility, range(-1, 128)), "0 (no ball), 1 (a ball) or a class"),
    ):
        if not usable.all():
            row = usable.argmin()
            raise LabelError(
                f"{csv}, line {table.index[row]}: {column} is {table[column].iloc[row]}; "
                f"expected {expected}",
                f"bad_{column}",
            )
    again = pd.Series(frame).duplicated().to_numpy()
    if again.any():
        number = int(frame[again.argmax()])
        one, other = table.index[frame == number][:2]
        message = f"{csv}: lines {one} and {other} are both for frame {number}; keep one of them"
        raise LabelError(message, "duplicate_row", number)
    visible = visibility > ABSENT
    nowhere = visible & ~(np.isfinite(x) & np.isfinite(y))
    if nowhere.any():
        row = nowhere.argmax()
        message = (
            f"{csv}: {nowhere.sum()} rows with a visible ball have no position, the first in line "
            f"{table.index[row]} with x={table['x'].iloc[row]}, y={table['y'].iloc[row]}; write "
            "numbers, or visibility 0 where there is no ball. These frames count as unlabelled"
        )
        problems.append(Problem("nan", str(csv), int(frame[row]), message))
    rows, visible = frame.astype(int), visible & ~nowhere
    labels = Labels.empty(rows.max(initial=-1) + 1)
    labels.visibility[rows] = np.where(nowhere, UNLABELLED, visibility)
    labels.xy[rows[visible]] = np.stack([x, y], -1)[visible]
    return labels, problems


def write_labels(path: Path, labels: Labels) -> None:
    """Writes ``Frame,Visibility,X,Y``, original pixels with 2 decimals, as `generic` reads it.

    Frames that are unlabelled have no row; the file appears whole or not at all.
    """
    rows = (
        (frame, visibility, *(place(*xy) if visibility > ABSENT else ("", "")))
        for frame, (visibility, xy) in enumerate(zip(labels.visibility, labels.xy, strict=True))
        if visibility != UNLABELLED
    )
    write_table(path, LABEL_COLUMNS, rows)
