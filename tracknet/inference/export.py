"""One video in, its csv and its overlay out."""

import csv
import math
import time
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tracknet.errors import InputError
from tracknet.geometry import Size
from tracknet.inference.overlay import WAITING, Overlay
from tracknet.inference.predictor import DECODED, LOOKAHEAD, Prediction, Predictor
from tracknet.inference.tracking import Follower, Tracker, source_of
from tracknet.inference.windows import CHUNK
from tracknet.problems import Problem
from tracknet.video import (
    Frame,
    Source,
    VideoInfo,
    is_stream,
    open_video,
    output_names,
    prefetch,
    read_raw,
)

COLUMNS = ("Frame", "Visibility", "X", "Y", "Score", "Source")
HELD_BYTES = 1 << 30
"""A video whose frames may take more while they wait for their prediction is read twice."""
PATIENCE = 2.0
"""Seconds before a progress bar appears."""


@dataclass(frozen=True)
class Summary:
    """What came of one video.

    Attributes:
        csv: The file of predictions.
        overlay: The video with the ball drawn on it, or None.
        frames: How many frames could be decoded.
        balls: In how many of them a ball is predicted.
        seconds: How long it took.
        delays: Of a stream, (N,) seconds from a frame's arrival to its row in the csv, else None.
        problems: What was found wrong while it was read.
    """

    csv: Path
    overlay: Path | None
    frames: int
    balls: int
    seconds: float
    delays: np.ndarray | None = None
    problems: list[Problem] = field(default_factory=list)


class CsvWriter(AbstractContextManager):
    """Writes ``Frame,Visibility,X,Y,Score,Source``, original pixels, row by whole row.

    Whatever ends the process, the file holds whole rows. An empty ``<name>.csv.unfinished`` beside
    it says that rows are still to come, or that they never came.

    Args:
        path: The csv file; an older one is replaced.
    """

    def __init__(self, path: Path) -> None:
        self._mark = path.with_name(path.name + ".unfinished")
        self._mark.touch()
        # Line buffering hands every row to the system as a whole.
        self._file = path.open("w", newline="", buffering=1)
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def write(self, row: Prediction) -> None:
        """Appends a frame; where no ball is predicted X = Y = 0 and the source is empty."""
        x, y = (row.x, row.y) if row.visible else (0, 0)
        self._rows.writerow(
            (row.frame, int(row.visible), f"{x:.2f}", f"{y:.2f}", f"{row.score:.4f}", row.source)
        )

    def __exit__(self, kind: type | None, *_: object) -> None:
        self._file.close()
        if kind is None:
            self._mark.unlink()


def predict_video(
    predictor: Predictor,
    source: Source,
    out_dir: Path,
    overlay: bool = True,
    opened: tuple[VideoInfo, Iterable[Frame]] | None = None,
    tracker: Tracker | None = None,
    name: str | None = None,
) -> Summary:
    """Writes ``<name>.csv`` and ``<name>_overlay.mp4`` of a video, a folder of frames or a stream.

    Each frame's row is written as soon as its window is complete; the overlay appears under its
    name when it is whole. A stream is followed to its end, or until Ctrl-C.

    Args:
        predictor: Finds the ball.
        source: A video, a folder of frames or the URL of a stream.
        out_dir: Folder of the results.
        overlay: Whether the video is drawn as well.
        opened: What `open_video` gave, if the source is being read already; None opens it here.
        tracker: Picks among the candidates of each frame; None takes the best one. Offline, the
            csv is written when all frames are known, and the video is read twice.
        name: What the results are called; None calls them after the source, see `output_names`.

    Raises:
        VideoError: The source cannot be read.
        InputError: A stream is to be tracked offline.
    """
    started = time.perf_counter()
    live = is_stream(source)
    offline = tracker is not None and tracker.waits
    if live and offline:
        raise InputError(f"{source} is a stream, which has no end to wait for; use tracking=online")
    info, reading = opened or open_video(source)
    name = name or output_names([source])[0]
    target, video = out_dir / f"{name}.csv", out_dir / f"{name}_overlay.mp4"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = video.with_name(video.name + ".part")

    count = balls = 0
    arrivals: deque[float] = deque()
    delays = array("f")
    try:
        with ExitStack() as stack:
            table = stack.enter_context(CsvWriter(target))
            if live:
                reading = _timed(reading, arrivals)
            if overlay:
                drawn = stack.enter_context(Overlay(part, info.size, info.fps, info.pixel_aspect))
                held = (CHUNK + LOOKAHEAD + DECODED) * info.frame_bytes
                if live or (not offline and held <= HELD_BYTES):
                    waiting: deque[Frame] = deque()
                    reading, original = _keep(reading, waiting), waiting.popleft
                else:
                    again = stack.enter_context(closing(prefetch(read_raw(source), WAITING)))
                    original = again.__next__
            rows = predictor.stream(reading, live=live)
            if tracker:
                rows = _tracked(rows, tracker, predictor.threshold, info.size)
            if live:
                rows = _until_interrupted(rows, info.problems)
            for row in _progress(rows, info.frames, f"tracking {name}"):
                table.write(row)
                if live:
                    delays.append(time.perf_counter() - arrivals.popleft())
                count, balls = count + 1, balls + row.visible
                if overlay:
                    drawn.write(original(), row)
        if overlay:
            part.replace(video)
    finally:
        part.unlink(missing_ok=True)
    seconds = time.perf_counter() - started
    return Summary(
        target,
        video if overlay else None,
        count,
        balls,
        seconds,
        np.array(delays) if live else None,
        info.problems,
    )


def _until_interrupted(rows: Iterable[Prediction], problems: list[Problem]) -> Iterator[Prediction]:
    """The same rows; Ctrl-C is the end of a stream that has no other."""
    try:
        yield from rows
    except KeyboardInterrupt:
        problems.clear()  # it may be silent while it is left


def _tracked(
    rows: Iterable[Prediction], tracker: Tracker, threshold: float, size: Size
) -> Iterator[Prediction]:
    """The same frames with the candidates that the tracker picks."""
    if tracker.waits:
        rows = list(rows)
        track = tracker.track(np.stack([row.candidates for row in rows]), threshold, size)
        for row, (x, y), score, source in zip(
            rows, track.xy.tolist(), track.score.tolist(), track.source.tolist(), strict=True
        ):
            yield replace(row, x=x, y=y, score=score, source=source)
        return
    follower = Follower(tracker, threshold, size)
    for row in rows:
        pick = follower.pick(row.candidates)
        if pick == len(row.candidates):
            yield replace(row, x=math.nan, y=math.nan, source="")
            continue
        x, y, score = row.candidates[pick].tolist()
        yield replace(row, x=x, y=y, score=score, source=source_of(pick, score, threshold))


def _timed(frames: Iterable[Frame], arrivals: deque[float]) -> Iterator[Frame]:
    """The same frames; when each one came is left in `arrivals`."""
    for frame in frames:
        arrivals.append(time.perf_counter())
        yield frame


def _keep(frames: Iterable[Frame], waiting: deque[Frame]) -> Iterator[Frame]:
    """The same frames, each left in `waiting` before it is passed on."""
    for frame in frames:
        waiting.append(frame)
        yield frame


def _progress(rows: Iterable[Prediction], total: int, text: str) -> Iterator[Prediction]:
    """The same rows, under a progress bar on stderr once they have taken a while."""
    from rich.console import Console  # most runs never show it
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    started, shown = time.monotonic(), False
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))
    task = bar.add_task(text, total=total or None)
    try:
        for row in rows:
            yield row
            bar.advance(task)
            if not shown and time.monotonic() - started > PATIENCE:
                bar.start()
                shown = True
    finally:
        if shown:
            bar.stop()
