"""How spreadsheets of all countries write a table as text: where its header is, what separates."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = ",;\t"
HEAD = 100
"""Lines among which the header is looked for."""
STATED = re.compile(r'\s*"?sep=([,;\t])"?\s*', re.IGNORECASE)
"""Excel's first line."""
COMMA = re.compile(r"[+-]?\d*,\d+")
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
"""Might be a thousand and more."""
BOTH = re.compile(r"[+-]?\d[\d.,]*(\.[\d.]*,|,[\d,]*\.)\d*")


class SheetError(ValueError):
    """A table that cannot be understood; the message says why, and what to do.

    Args:
        message: As said.
        line: Of the file, from 1; None where no single one is concerned.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Header:
    """The line with the names of a table's columns.

    Attributes:
        names: As they are written, without spaces around them.
        separator: A comma, a semicolon or a tab.
        line: Of the file, from 1.
    """

    names: list[str]
    separator: str
    line: int

    def columns(
        self, wanted: Iterable[Sequence[str]], optional: Iterable[str] = ()
    ) -> dict[str, int]:
        """Where columns are, from 0, found by name in any case.

        Args:
            wanted: The names that each column may have; it is called by the first of them.
            optional: Further ones that are taken where they are there.

        Raises:
            SheetError: One is missing, or is there twice.
        """
        wanted = list(wanted)
        spelt = [name.lower() for name in self.names]
        found = {
            own[0]: [i for i, name in enumerate(spelt) if name in map(str.lower, own)]
            for own in [*wanted, *([name] for name in optional)]
        }
        if missing := [own[0] for own in wanted if not found[own[0]]]:
            names = self.separator.join(self.names) or "nothing"
            raise SheetError(f"column {', '.join(missing)} is missing, found {names:.200}")
        for places in found.values():
            if len(places) > 1:
                same = " and ".join(self.names[place] for place in places)
                raise SheetError(f"columns {same} mean the same; keep one", self.line)
        return {own: places[0] for own, places in found.items() if places}


def find_header(lines: Iterable[str], names: Iterable[str]) -> Header:
    """The header of a table: what ``sep=`` and comments, which begin with ``#``, leave of its head.

    What separates is what finds most of the names that are looked for. A comment is the header
    where it alone has all of them, as numpy writes it.

    Args:
        lines: The file's, from its first on.
        names: Of columns that are looked for.
    """
    stated, wanted = None, {name.lower() for name in names}
    comments: list[Header] = []
    for number, line in enumerate(islice(lines, HEAD), 1):
        if number == 1 and (separator := STATED.fullmatch(line)):
            stated = separator[1]
            continue
        bare = line.lstrip()
        if not bare.strip(" \r\n" + SEPARATORS):
            continue
        found = _split(bare.lstrip("#"), number, stated, wanted)
        if not bare.startswith("#"):
            whole = [own for own in comments if _known(own, wanted) > _known(found, wanted)]
            return whole[-1] if whole else found
        comments.append(found)
    return comments[-1] if comments else Header([], stated or SEPARATORS[0], 1)


def _split(line: str, number: int, stated: str | None, wanted: set[str]) -> Header:
    ways = []
    for separator in stated or SEPARATORS:
        cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
        ways.append(Header([cell.strip() for cell in cells], separator, number))
    return max(ways, key=lambda way: (_known(way, wanted), len(way.names)))


def _known(header: Header, wanted: set[str]) -> int:
    return len(wanted.intersection(name.lower() for name in header.names))


def with_points(column: "pd.Series") -> "pd.Series":
    """A column of text with a point in each of its decimals, whatever it had.

    Args:
        column: What is no number stays as it is; the index is each cell's line in the file.

    Raises:
        SheetError: It is not certain what a comma in it means.
    """
    text = column.astype(str).str.strip()
    if not text.str.contains(",", regex=False).any():
        return column
    both = text.str.fullmatch(BOTH)
    if both.any():
        line = both.idxmax()
        raise SheetError(f"{column.name} is {text[line]}; write numbers without thousands", line)
    commas = text.str.fullmatch(COMMA)
    if not commas.any():
        return column
    line, others = commas.idxmax(), text[~commas]
    points = others.str.fullmatch(r"[+-]?\d*\.\d+")
    if points.any():
        raise SheetError(
            f"{column.name} is {text[line]} here and {others[points.idxmax()]} in line "
            f"{points.idxmax()}; write decimals with a point, or all of them with a comma",
            line,
        )
    if text[commas].str.fullmatch(GROUPED).all() and others.str.fullmatch(r"[+-]?0*[1-9]\d*").any():
        raise SheetError(
            f"{column.name} is {text[line]}, which may be a thousand or a decimal, since others "
            "have no comma; write decimals with a point, and no thousands",
            line,
        )
    return column.where(~commas, text.str.replace(",", ".", regex=False))
