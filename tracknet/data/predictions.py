"""The file of predictions: ``Clip,Frame,Visibility,X,Y,Score,Source``, original pixels."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from tracknet.errors import InputError
from tracknet.problems import Problem
from tracknet.types import Track

COLUMNS = ("Clip", "Frame", "Visibility", "X", "Y", "Score", "Source")
CANDIDATE_COLUMNS = ("Clip", "Frame", "Rank", "X", "Y", "Score")
SOURCES = ("detected", "tracked", "interpolated")


class PredictionError(InputError):
    """Predictions that cannot be used; the message states value, expectation and remedy."""


def write_predictions(path: Path, tracks: Mapping[str, Track]) -> None:
    """Writes one row for every frame of every clip; the file appears whole or not at all.

    Args:
        path: The csv file; an older one is replaced.
        tracks: Clip name -> prediction, original pixels. X and Y are written with 2 decimals, the
            score with 4; a frame without a ball has X = Y = 0 and no source.

    Raises:
        PredictionError: A score, or the position of a predicted ball, is not a number.
    """
    parts = [_rows(clip, track) for clip, track in tracks.items()]
    table = pd.concat(parts) if parts else pd.DataFrame(columns=COLUMNS)
    with whole_file(path) as unfinished:
        table.to_csv(unfinished, index=False)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path to write to inside; the file itself then appears whole, or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _rows(clip: str, track: Track) -> pd.DataFrame:
    visible = track.visible
    xy = np.where(visible[:, None], track.xy, 0.0)
    bad = ~np.isfinite(np.column_stack([xy, track.score])).all(1)
    if bad.any():
        frame = bad.argmax()
        raise PredictionError(
            f"clip {clip}, frame {frame}: position {xy[frame]} and score {track.score[frame]} must "
            "be finite; a frame without a ball has an empty source"
        )
    return pd.DataFrame(
        {
            "Clip": clip,
            "Frame": np.arange(len(track)),
            "Visibility": visible.astype(int),
            "X": [f"{x:.2f}" for x in xy[:, 0]],
            "Y": [f"{y:.2f}" for y in xy[:, 1]],
            "Score": [f"{score:.4f}" for score in track.score],
            "Source": track.source,
        }
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
    with (
        whole_file(path) as unfinished,
        open(unfinished, "w", newline="", encoding="utf-8") as file,
    ):
        table = csv.writer(file, lineterminator="\n")
        table.writerow(CANDIDATE_COLUMNS)
        for clip, candidates in clips.items():
            table.writerows(
                (clip, frame, rank, f"{x:.2f}", f"{y:.2f}", f"{score:.4f}")
                for frame, ranked in enumerate(candidates.tolist())
                for rank, (x, y, score) in enumerate(ranked)
            )


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
    found = {}
    for clip, rows in _rows_of(table["Clip"].to_numpy(object), lengths).items():
        length = lengths[clip]
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
                f"{path}, line {row + 2} (clip {clip}): Frame {frame[row]:g}, Rank {rank[row]:g} "
                f"where {expected[0, at]}, {expected[1, at]} should follow; expected each rank "
                f"to {ranks - 1} once for each of its {length} frames, as `evaluate` writes them"
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
    clip, source = (table[c].to_numpy(object) for c in ("Clip", "Source"))
    frame, visibility, x, y, score = (_numbers(table[c]) for c in COLUMNS[1:6])
    length = np.array([lengths.get(name, -1) for name in clip])
    visible = visibility == 1

    refuse = partial(_refuse, path, table)
    known = ", ".join(list(lengths)[:3]) + (", ..." if len(lengths) > 3 else "")
    refuse(
        length < 0, "Clip", f"expected a clip of this split ({known}); choose the split it is of"
    )
    first = "expected a whole number from 0; number frames from the clip's first"
    refuse(~_whole(frame), "Frame", first)
    past = frame >= length
    limit = length[past.argmax()] if past.any() else 0
    refuse(past, "Frame", f"expected less than {limit}, the clip's frames; remove the row")
    twice = pd.DataFrame({"clip": clip, "frame": frame}).duplicated().to_numpy()
    refuse(twice, "Frame", "expected one row a frame, this is its second; keep one of them")
    refuse(~np.isin(visibility, (0, 1)), "Visibility", "expected 0 (no ball) or 1 (ball)")
    for column, value in (("X", x), ("Y", y)):
        refuse(visible & ~np.isfinite(value), column, "expected a number of original pixels")
    refuse(~np.isfinite(score), "Score", "expected a number; write 0 where there is none")
    allowed = np.where(visible, np.isin(source, SOURCES), source == "")
    names = ", ".join(SOURCES)
    refuse(~allowed, "Source", f"expected {names} where Visibility is 1, else nothing")

    tracks, at, bare = {}, frame.astype(int), []
    for name, rows in _rows_of(clip, lengths).items():
        xy = np.full((lengths[name], 2), np.nan)
        scores = np.zeros(lengths[name])
        sources = np.full(lengths[name], "", f"<U{max(map(len, SOURCES))}")
        seen = rows[visible[rows]]
        xy[at[seen]] = np.column_stack([x[seen], y[seen]])
        scores[at[rows]] = score[rows]
        sources[at[rows]] = source[rows].astype(str)
        tracks[name] = Track(xy, scores, sources)
        bare += [name] * (len(rows) < lengths[name])
    missing, problems = sum(lengths.values()) - len(table), []
    if missing:
        message = (
            f"{path}: {missing} of {sum(lengths.values())} frames have no row, in {len(bare)} of "
            f"{len(lengths)} clips, the first is {bare[0]}; they count as frames without a ball"
        )
        problems.append(Problem("missing_row", bare[0], None, message))
    return tracks, missing, problems


def _read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """The file's cells as text, so that a clip named 001 or NA keeps its name."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise PredictionError(
            f"{path}: no such file; expected a table {','.join(columns)}, as `evaluate` writes it"
        ) from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise PredictionError(
            f"{path}: not a table ({error}); expected the columns {','.join(columns)}"
        ) from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise PredictionError(
            f"{path}: column {', '.join(missing)} is missing, found {','.join(table.columns)}; "
            f"expected {','.join(columns)}, as `evaluate` writes them"
        )
    return table


def _refuse(path: Path, table: pd.DataFrame, bad: np.ndarray, column: str, expected: str) -> None:
    """Names the first row that is bad."""
    if bad.any():
        row = int(bad.argmax())
        raise PredictionError(
            f"{path}, line {row + 2} (clip {table['Clip'].iloc[row]}): {column} is "
            f"{table[column].iloc[row]!r}; {expected}"
        )


def _whole(numbers: np.ndarray) -> np.ndarray:
    return np.isfinite(numbers) & (numbers == np.floor(numbers)) & (numbers >= 0)


def _numbers(column: pd.Series) -> np.ndarray:
    """Cells as float64, NaN where a cell is not a number."""

    def number(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            return np.nan

    return np.array([number(text) for text in column], np.float64)


def _rows_of(clip: np.ndarray, lengths: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Clip name -> indices of its rows."""
    groups = pd.Series(clip).groupby(clip).indices
    return {name: groups.get(name, np.empty(0, int)) for name in lengths}
