"""Tables of predictions, original pixels: their columns, how a row is written, reading.

Those of a split have the columns `COLUMNS`, that of one video lacks the first of them.
"""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import accumulate
from pathlib import Path

import numpy as np

from tracknet.errors import InputError
from tracknet.problems import Problem
from tracknet.types import Track

COLUMNS = ("Clip", "Frame", "Visibility", "X", "Y", "Score", "Source")
VIDEO_COLUMNS = COLUMNS[1:]
LABEL_COLUMNS = VIDEO_COLUMNS[:4]
CANDIDATE_COLUMNS = ("Clip", "Frame", "Rank", "X", "Y", "Score")
SOURCES = ("detected", "tracked", "interpolated")
LINE = "line"
"""Where a table's rows stand in their file, beside its columns."""


class PredictionError(InputError):
    """Predictions that cannot be used; the message states value, expectation and remedy."""


def place(x: float, y: float) -> tuple[str, str]:
    """A position's cells."""
    return f"{x:.2f}", f"{y:.2f}"


def cells(frame: int, x: float, y: float, score: float, source: str) -> tuple[int | str, ...]:
    """A frame's row in `VIDEO_COLUMNS`; one without a source has no ball, and X = Y = 0."""
    found = source != ""
    return frame, int(found), *place(*(x, y) if found else (0, 0)), f"{score:.4f}", source


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path to write to inside; the file itself then appears whole, or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a csv file; it appears whole or not at all, in the place of an older one."""
    with (
        whole_file(path) as unfinished,
        open(unfinished, "w", newline="", encoding="utf-8") as file,
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
    """Writes ``Clip,Frame,Rank,X,Y,Score``: the k best of every frame, best first.

    Args:
        path: The csv file; it appears whole or not at all.
        clips: Clip name -> candidates (N,K,3), original pixels and score.
    """
    rows = (
        (clip, frame, rank, *place(x, y), f"{score:.4f}")
        for clip, candidates in clips.items()
        for frame, ranked in enumerate(candidates.tolist())
        for rank, (x, y, score) in enumerate(ranked)
    )
    write_table(path, CANDIDATE_COLUMNS, rows)


def read_candidates(path: Path, lengths: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Reads what `write_candidates` wrote.

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
    table = _read_table(path, CANDIDATE_COLUMNS)
    frame, rank, *best = (_numbers(table[column]) for column in CANDIDATE_COLUMNS[1:])
    for column, value in (("Frame", frame), ("Rank", rank)):
        _refuse(path, table, ~_whole(value), column, "expected a whole number from 0")
    for column, value in zip(CANDIDATE_COLUMNS[3:], best, strict=True):
        _refuse(path, table, ~np.isfinite(value), column, "expected a number")
    ranks = int(rank.max(initial=-1)) + 1
    rows_of = {name: [] for name in (*lengths, *table["Clip"])}
    for row, name in enumerate(table["Clip"]):
        rows_of[name].append(row)
    found = {}
    for clip, length in lengths.items():
        rows = np.array(rows_of[clip], int)
        if len(rows) != length * ranks:
            raise PredictionError(
                f"{path}: clip {clip} has {len(rows)} rows, expected {ranks} for each of its "
                f"{length} frames; it is of another split, or of another video"
            )
        rows = rows[np.lexsort((rank[rows], frame[rows]))]
        expected = np.indices((length, ranks)).reshape(2, -1)
        wrong = (np.stack([frame[rows], rank[rows]]) != expected).any(0)
        if wrong.any():
            at = wrong.argmax()
            row = rows[at]
            raise PredictionError(
                f"{path}, line {table[LINE][row]} (clip {clip}): Frame {frame[row]:g}, "
                f"Rank {rank[row]:g} where {expected[0, at]}, {expected[1, at]} should follow; "
                f"expected each rank to {ranks - 1} once for each of its {length} frames, as "
                "`evaluate` writes them"
            )
        found[clip] = np.stack([value[rows] for value in best], -1).reshape(length, ranks, 3)
    return found


def read_predictions(
    path: Path, lengths: Mapping[str, int]
) -> tuple[dict[str, Track], int, list[Problem]]:
    """Reads predictions of known clips.

    Args:
        path: A csv file with the columns of `COLUMNS`, in any order.
        lengths: Clip name -> number of frames of every clip that is to be scored.

    Returns:
        A track for every clip of `lengths` (original pixels); the number of frames that have no
        row, which count as frames without a ball, with score 0; and these as a problem, if any.

    Raises:
        PredictionError: There is no such file, columns are missing, a clip is unknown, a frame
            lies beyond its clip or has two rows, or a value is not one that the column may hold.
    """
    table = _read_table(path, COLUMNS)
    source = table["Source"]
    frame, visibility, x, y, score = (_numbers(table[c]) for c in COLUMNS[1:6])
    length = np.array([lengths.get(name, -1) for name in table["Clip"]], int)
    visible = visibility == 1

    refuse = partial(_refuse, path, table)
    some = ", ".join(list(lengths)[:3]) + (", ..." if len(lengths) > 3 else "")
    refuse(length < 0, "Clip", f"expected a clip of this split ({some}); choose the split it is of")
    first = "expected a whole number from 0; number frames from the clip's first"
    refuse(~_whole(frame), "Frame", first)
    past = frame >= length
    limit = length[past.argmax()] if past.any() else 0
    refuse(past, "Frame", f"expected less than {limit}, the clip's frames; remove the row")
    # All clips, one behind the other: where each begins, and where each row belongs.
    starts = dict(zip(lengths, accumulate(lengths.values(), initial=0), strict=False))
    at = np.array([starts[name] for name in table["Clip"]], int) + frame.astype(int)
    twice = np.ones(len(at), bool)
    twice[np.unique(at, return_index=True)[1]] = False
    refuse(twice, "Frame", "expected one row a frame, this is its second; keep one of them")
    refuse(~np.isin(visibility, (0, 1)), "Visibility", "expected 0 (no ball) or 1 (ball)")
    for column, value in (("X", x), ("Y", y)):
        refuse(visible & ~np.isfinite(value), column, "expected a number of original pixels")
    refuse(~np.isfinite(score), "Score", "expected a number; write 0 where there is none")
    allowed = np.where(visible, np.isin(source, SOURCES), source == "")
    names = ", ".join(SOURCES)
    refuse(~allowed, "Source", f"expected {names} where Visibility is 1, else nothing")

    total = sum(lengths.values())
    columns = np.full((total, 2), np.nan), np.zeros(total), np.full(total, "", "<U12")
    columns[0][at[visible]] = np.column_stack([x, y])[visible]
    columns[1][at], columns[2][at] = score, source
    own = {name: slice(starts[name], starts[name] + lengths[name]) for name in lengths}
    problems = []
    if missing := total - len(at):
        known = np.bincount(at, minlength=total)
        bare = [name for name, part in own.items() if not known[part].all()]
        message = (
            f"{path}: {missing} of {total} frames have no row, in {len(bare)} of "
            f"{len(lengths)} clips, the first is {bare[0]}; they count as frames without a ball"
        )
        problems.append(Problem("missing_row", bare[0], None, message))
    tracks = {name: Track(*(column[part] for column in columns)) for name, part in own.items()}
    return tracks, missing, problems


def _read_table(path: Path, columns: Sequence[str]) -> dict[str, np.ndarray]:
    """The file's columns as text, and the line that each row ends in."""
    wanted = ",".join(columns)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            rows = [(*row, reader.line_num) for row in reader if row]
    except (FileNotFoundError, IsADirectoryError) as error:
        raise PredictionError(
            f"{path}: no such file; expected a table {wanted}, as `evaluate` writes it"
        ) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise PredictionError(f"{path}: not a table ({error}); expected {wanted}") from error
    if missing := [column for column in columns if column not in header]:
        raise PredictionError(
            f"{path}: column {', '.join(missing)} is missing, found {','.join(header) or 'nothing'}"
            f"; expected {wanted}, as `evaluate` writes them"
        )
    for *row, line in rows:
        if len(row) != len(header):
            raise PredictionError(
                f"{path}, line {line}: {len(row)} cells, expected {len(header)} as in the header"
            )
    names = [*header, LINE]
    return {name: np.array([row[i] for row in rows], object) for i, name in enumerate(names)}


def _refuse(
    path: Path, table: Mapping[str, np.ndarray], bad: np.ndarray, column: str, expected: str
) -> None:
    """Names the first row that is bad."""
    if bad.any():
        row = int(bad.argmax())
        raise PredictionError(
            f"{path}, line {table[LINE][row]} (clip {table['Clip'][row]}): {column} is "
            f"{table[column][row]!r}; {expected}"
        )


def _whole(numbers: np.ndarray) -> np.ndarray:
    return np.isfinite(numbers) & (numbers == np.floor(numbers)) & (numbers >= 0)


def _numbers(column: np.ndarray) -> np.ndarray:
    """Cells as float64, NaN where a cell is not a number."""

    def number(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            return np.nan

    return np.array([number(text) for text in column], np.float64)
