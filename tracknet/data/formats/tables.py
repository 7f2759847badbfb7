"""Tables of labels, as they come out of spreadsheets -> `Labels`."""

import itertools
import re
import warnings
from codecs import getincrementaldecoder
from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracknet.data.formats.base import LabelError, read_content
from tracknet.data.predictions import LABEL_COLUMNS, place, write_table
from tracknet.data.sheets import SheetError, find_header, with_points
from tracknet.problems import Problem
from tracknet.trust import short
from tracknet.types import ABSENT, UNLABELLED, Labels

COLUMNS = ("frame", "visibility", "x", "y")
HEAD_BYTES = 1 << 16
"""Of a file, in which its header is."""
FRAMES = 10_000_000
"""More than any clip has; a larger number is a time."""


def read_table(
    csv: Path, columns: Sequence[str | tuple[str, ...]] = COLUMNS, optional: Sequence[str] = ()
) -> pd.DataFrame:
    """The columns of a CSV file, found by name in any case and order.

    Commas, semicolons or tabs separate them, see `find_header`; decimals may have commas.

    Args:
        csv: The file.
        columns: Each one's name, or the names that it may have.
        optional: Further ones that are taken where they are there.

    Returns:
        These columns, named by the first of their names, without blank rows. The index is the row's
        line in the file: 2 is the first below the header.

    Raises:
        LabelError: There is no such file, it is no table, columns are missing or there twice, or
            it is not certain what a comma in it means.
    """
    names = [(column,) if isinstance(column, str) else column for column in columns]
    expected = "expected a table " + ",".join(own[0] for own in names)
    content = read_content(csv, expected)
    try:
        # It may end in the middle of a letter.
        head = getincrementaldecoder("utf-8-sig")().decode(content[:HEAD_BYTES])
        header = find_header(StringIO(head, newline=None), [*itertools.chain(*names), *optional])
        found = header.columns(names, optional)
        with warnings.catch_warnings():
            # A row with more fields than the header has: a decimal comma, say.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # A comma too many is no index; blank lines count, as in a spreadsheet.
            table = pd.read_csv(
                BytesIO(content),
                sep=header.separator,
                skiprows=header.line - 1,
                index_col=False,
                skip_blank_lines=False,
                skipinitialspace=True,
                dtype=str,
            )
        table.index += header.line + 1
        first = table.iloc[:, 0].astype(str).str
        table = table[~(first.startswith("#") & table.iloc[:, 1:].isna().all(axis=1))]
        table = table.dropna(how="all")
        chosen = {own: table.iloc[:, place] for own, place in found.items()}
        return pd.DataFrame({own: with_points(cell.rename(own)) for own, cell in chosen.items()})
    except SheetError as error:
        where = f", line {error.line}" if error.line else ""
        raise LabelError(f"{csv}{where}: {error}; {expected}") from error
    except UnicodeDecodeError as error:
        raise LabelError(f"{csv}: not text in UTF-8; save it as CSV UTF-8") from error
    except pd.errors.EmptyDataError as error:
        raise LabelError(f"{csv}: empty; {expected}") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        line = re.search(r"line \d+", str(error))
        raise LabelError(
            f"{csv}{', ' + line[0] if line else ''}: more fields than the header names; write "
            "decimals with a point, or separate columns by semicolons"
        ) from error


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
            value = short(str(table[column].iloc[row]))
            raise LabelError(
                f"{csv}, line {table.index[row]}: {column} is {value}; expected {expected}",
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
