"""Tables of predictions, original pixels: their columns, how a row is written, reading.

Those of a split have the columns `COLUMNS`, that of one video lacks the first of them.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tracknet.data.sheets import SheetError, find_header, with_points
from tracknet.errors import InputError
from tracknet.files import whole_file
from tracknet.problems import Problem
from tracknet.types import Track

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("Clip", "Frame", "Visibility", "X", "Y", "Score", "Source")
VIDEO_COLUMNS = COLUMNS[1:]
LABEL_COLUMNS = VIDEO_COLUMNS[:4]
CANDIDATE_COLUMNS = ("Clip", "Frame", "Rank", "X", "Y", "Score")
SOURCES = ("detected", "tracked", "interpolated")


class PredictionError(InputError):
    """Predictions that cannot be used; the message states value, expectation and remedy."""


def place(x: float, y: float) -> tuple[str, str]:
    """A position's cells."""
    return f"{x:.2f}", f"{y:.2f}"


def cells(frame: int, x: float, y: float, score: float, source: str) -> tuple[int | str, ...]:
    """A frame's row in `VIDEO_COLUMNS`; one without a source has no ball, and X = Y = 0."""
    found = source != ""
    return frame, int(found), *place(*(x, y) if found else (0, 0)), f"{score:.4f}", source


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a csv file; it appears whole or not at all, in the place of an older one."""
    with (
        whole_file(path) as unfinished,
        open(unfinished, "w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        table.writerows(rows)


def write_predictions(path: Path, tracks: Mapping[str, Track]) -> None:
    """Writes one row for every frame of every clip.

    Args:
        path: The csv file; it appears whole or not at all.
        tracks: Clip name -> prediction, original pixels.

    Raises:
        PredictionError: A score, or the position of a predicted ball, is not a number.
    """
    rows = ((clip, *row) for clip, track in tracks.items() for row in _rows(clip, track))
    write_table(path, COLUMNS, rows)


def _rows(clip: str, track: Track) -> Iterator[tuple[int | str, ...]]:
    bad = ~np.isfinite(np.where(track.visible, track.xy.sum(1), 0) + track.score)
    if bad.any():
        frame = bad.argmax()
        raise PredictionError(
            f"clip {clip}, frame {frame}: position {track.xy[frame]} and score "
            f"{track.score[frame]} must be finite; a frame without a ball has an empty source"
        )
    return map(
        cells, range(len(track)), *track.xy.T.tolist(), track.score.tolist(), track.source.tolist()
    )


def candidates_beside(path: Path) -> Path:
    """The file of the k best candidates that belongs to a file of predictions."""
    return path.with_name("candidates.csv")


def write_candidates(path: Path, clips: Mapping[str, np.ndarray]) -> None:
    """Writes ``Clip,Frame,Rank,X,Y,Score``, whole or not at all, as `read_candidates` reads it."""
    rows = (
        (clip, frame, rank, *place(x, y), f"{score:.4f}")
        for clip, candidates in clips.items()
        for frame, ranked in enumerate(candidates.tolist())
        for rank, (x, y, score) in enumerate(ranked)
    )
    write_table(path, CANDIDATE_COLUMNS, rows)


def read_candidates(path: Path, lengths: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Reads the k best candidates of every frame, best first.

    Args:
        path: The csv file.
        lengths: Clip name -> number of frames of every clip that is wanted.

    Returns:
        Clip name -> candidates (N,K,3), original pixels and score.

    Raises:
        PredictionError: The file is missing or not of these clips, columns are missing, a value is
            no number, or a frame does not have every rank once.
    """
    if not path.is_file():
        raise PredictionError(
            f"{path}: no such file; tracking chooses among the candidates that evaluate.py writes "
            "beside predictions.csv"
        )
    table, number = _read_table(path, CANDIDATE_COLUMNS)
    wanted = table["Clip"].isin(lengths)
    table, number = table[wanted], number[wanted]
    refuse, best = partial(_refuse, path, table), number[["X", "Y", "Score"]]
    refuse(~_whole(number["Rank"]), "Rank", "expected a whole number from 0")
    ranks = 1 + int(number["Rank"].max()) if len(table) else 1
    at = _places(path, table, number, lengths, ranks)
    for column in best:
        refuse(~np.isfinite(best[column]), column, "expected a number")
    rows = table["Clip"].value_counts()
    for clip, length in lengths.items():
        if rows.get(clip, 0) != length * ranks:
            raise PredictionError(
                f"{path}: clip {clip} has {rows.get(clip, 0)} rows, expected {ranks} for each of "
                f"its {length} frames; it is of another split, or of another video"
            )
    found = best.iloc[at.argsort()].to_numpy().reshape(sum(lengths.values()), ranks, 3)
    return dict(zip(lengths, _split(found, lengths), strict=True))


def read_predictions(
    path: Path, lengths: Mapping[str, int]
) -> tuple[dict[str, Track], int, list[Problem]]:
    """Reads predictions of known clips.

    Args:
        path: A csv file with the columns of `COLUMNS`, in any order and case, as `find_header`
            reads them. The score of a frame without a ball may be blank.
        lengths: Clip name -> number of frames of every clip that is to be scored.

    Returns:
        A track for every clip of `lengths` (original pixels); the number of frames that have no
        row, which count as frames without a ball, with score 0; and these as a problem, if any.

    Raises:
        PredictionError: There is no such file, columns are missing, a clip is unknown, a frame
            lies beyond its clip or has two rows, or a value is not one that the column may hold.
    """
    table, number = _read_table(path, COLUMNS)
    source, visible = table["Source"], number["Visibility"] == 1
    refuse = partial(_refuse, path, table)
    some = ", ".join(list(lengths)[:3]) + (", ..." if len(lengths) > 3 else "")
    expected = f"expected a clip of this split ({some}); choose the split it is of"
    refuse(~table["Clip"].isin(lengths), "Clip", expected)
    at = _places(path, table, number.assign(Rank=0), lengths)
    expected = "expected 0 (no ball) or 1 (ball)"
    refuse(~number["Visibility"].isin((0, 1)), "Visibility", expected)
    for column in ("X", "Y"):
        bad = visible & ~np.isfinite(number[column])
        refuse(bad, column, "expected a number of original pixels")
    unscored = (number["Visibility"] == 0) & (table["Score"].str.strip() == "")
    number["Score"] = number["Score"].mask(unscored, 0)
    refuse(~np.isfinite(number["Score"]), "Score", "expected a number; write 0 where there is none")
    expected = f"expected {', '.join(SOURCES)} where Visibility is 1, else nothing"
    refuse(~source.isin(SOURCES).where(visible, source == ""), "Source", expected)

    total = sum(lengths.values())
    xy, score, sources = np.full((total, 2), np.nan), np.zeros(total), np.full(total, "", "<U12")
    xy[at[visible]] = number.loc[visible, ["X", "Y"]]
    score[at], sources[at] = number["Score"], source
    problems = []
    if missing := total - len(at):
        known = np.isin(np.arange(total), at)
        clips = zip(lengths, _split(known, lengths), strict=True)
        bare = [name for name, own in clips if not own.all()]
        message = (
            f"{path}: {missing} of {total} frames have no row, in {len(bare)} of "
            f"{len(lengths)} clips, the first is {bare[0]}; they count as frames without a ball"
        )
        problems.append(Problem("missing_row", bare[0], None, message))
    columns = (_split(column, lengths) for column in (xy, score, sources))
    tracks = {name: Track(*own) for name, *own in zip(lengths, *columns, strict=True)}
    return tracks, missing, problems


def _read_table(path: Path, columns: Sequence[str]) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """The columns as text and as numbers, NaN where they are none; the index is a row's line."""
    import pandas as pd  # predict.py writes tables and reads none

    wanted = ",".join(columns)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            header = find_header(file, columns)
            places = header.columns([name] for name in columns)
            file.seek(0)
            below = islice(file, header.line, None)
            reader = csv.reader(below, delimiter=header.separator, skipinitialspace=True)
            rows = [
                (header.line + reader.line_num, row)
                for row in reader
                if any(row) and not row[0].startswith("#")
            ]
        for line, row in rows:
            if len(row) < len(header.names) or any(row[len(header.names) :]):
                count = f"{len(row)} cells, expected {len(header.names)} as in the header"
                raise SheetError(count, line)
        lines = [line for line, _ in rows]
        cells = [[row[place] for place in places.values()] for _, row in rows]
        table = pd.DataFrame(cells, lines, list(places), object)
        for column in set(columns) - {"Clip", "Source"}:
            table[column] = with_points(table[column])
    except (FileNotFoundError, IsADirectoryError) as error:
        raise PredictionError(
            f"{path}: no such file; expected a table {wanted}, as `evaluate` writes it"
        ) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise PredictionError(f"{path}: not a table ({error}); expected {wanted}") from error
    except SheetError as error:
        where = f", line {error.line}" if error.line else ""
        raise PredictionError(
            f"{path}{where}: {error}; expected {wanted}, as `evaluate` writes them"
        ) from error
    return table, table.apply(pd.to_numeric, errors="coerce").astype(float)


def _refuse(
    path: Path, table: "pd.DataFrame", bad: "pd.Series", column: str, expected: str
) -> None:
    """Names the first row that is bad."""
    if bad.any():
        line = bad.idxmax()
        raise PredictionError(
            f"{path}, line {line} (clip {table['Clip'][line]}): {column} is "
            f"{table[column][line]!r}; {expected}"
        )


def _places(
    path: Path,
    table: "pd.DataFrame",
    number: "pd.DataFrame",
    lengths: Mapping[str, int],
    ranks: int = 1,
) -> "pd.Series":
    """Where each row is among those of all frames of all clips, one behind the other."""
    frame = number["Frame"]
    expected = "expected a whole number from 0; number frames from the clip's first"
    _refuse(path, table, ~_whole(frame), "Frame", expected)
    length = table["Clip"].map(lengths)
    past = frame >= length
    limit = length[past].iloc[0] if past.any() else 0
    expected = f"expected less than {limit}, the clip's frames; remove the row"
    _refuse(path, table, past, "Frame", expected)
    starts = dict(zip(lengths, accumulate(lengths.values(), initial=0), strict=False))
    at = ((table["Clip"].map(starts) + frame) * ranks + number["Rank"]).astype(int)
    what = "frame" if ranks == 1 else "frame and rank"
    expected = f"expected one row a {what}, this is its second; keep one of them"
    _refuse(path, table, at.duplicated(), "Frame", expected)
    return at


def _split(rows: np.ndarray, lengths: Mapping[str, int]) -> list[np.ndarray]:
    """Each clip's part of what is known of all frames, one clip behind the other."""
    return np.split(rows, list(accumulate(lengths.values()))[:-1])


def _whole(numbers: "pd.Series") -> "pd.Series":
    return (numbers % 1 == 0) & (numbers >= 0)
