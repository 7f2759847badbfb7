"""One video in, what its writers make of it out."""

import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from tracknet.console import progress
from tracknet.errors import InputError
from tracknet.inference.backgrounds import CHUNK, FIRST
from tracknet.inference.predictor import DECODED, LOOKAHEAD, Predictor
from tracknet.inference.writers import CsvWriter, Overlay, WriterFactory, Writers
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
    room,
)

Item = TypeVar("Item")

HELD_BYTES = 1 << 30
"""A video whose frames may take more while they wait for their prediction is read twice; a stream
is refused."""
READ_AGAIN = 16
"""Frames that may then wait for theirs."""
PATIENCE = 2.0
"""Seconds before a progress bar appears."""


@dataclass(frozen=True)
class Summary:
    """What came of one video.

    Attributes:
        files: What was written, in the order of the writers.
        frames: How many frames could be decoded.
        balls: In how many of them a ball is predicted.
        seconds: How long it took.
        delays: Of a stream, (N,) seconds from a frame's arrival to its prediction, else None.
        problems: What was found wrong while it was read.
    """

    files: list[Path]
    frames: int
    balls: int
    seconds: float
    delays: np.ndarray | None = None
    problems: list[Problem] = field(default_factory=list)


def predict_video(
    predictor: Predictor,
    source: Source,
    folder: Path,
    writers: Sequence[WriterFactory] = (CsvWriter, Overlay),
    opened: tuple[VideoInfo, Iterable[Frame]] | None = None,
    name: str | None = None,
) -> Summary:
    """Lets writers write what a predictor finds in a video, a folder of frames or a stream.

    They get each frame as soon as its window is complete; a tracker that waits lets them wait for
    the last frame, and those that need frames read them twice. A stream is followed to its end, or
    until Ctrl-C.

    Args:
        predictor: Finds the ball; of a stream, its `live` does.
        source: A video, a folder of frames or the URL of a stream.
        folder: Where the results go.
        writers: Make what writes them.
        opened: What `open_video` gave, if the source is being read already; None opens it here.
        name: What the results are called; None calls them after the source, see `output_names`.

    Raises:
        VideoError: The source cannot be read.
        InputError: A stream is to be tracked by a tracker that waits.
        Exception: What a writer failed of; the others have written all the same.
    """
    started = time.perf_counter()
    live = is_stream(source)
    predictor = predictor.live or predictor if live else predictor
    waits = predictor.tracker is not None and predictor.tracker.waits
    if live and waits:
        raise InputError(f"{source} is a stream, which has no end to wait for; use tracking=online")
    info, reading = opened or open_video(source)
    name = name or output_names([source])[0]
    (folder / name).parent.mkdir(parents=True, exist_ok=True)

    count = balls = 0
    arrivals: deque[float] = deque()
    delays = array("f")
    with ExitStack() as stack:
        out = stack.enter_context(Writers(writers, folder, name, info))
        original: Callable[[], Frame] | None = None
        if out.need_frames:
            most = CHUNK + LOOKAHEAD + DECODED
            if live:
                most = FIRST + room(LOOKAHEAD, info.frame_bytes)
            fits = most * info.frame_bytes <= HELD_BYTES
            if live and not fits:
                h, w = info.size
                raise InputError(
                    f"{source}: {most} of its frames of {w}x{h}, which may have to wait, are more "
                    "than memory is taken for; use writers.overlay=null, or a smaller stream"
                )
            if live or (not waits and fits):
                waiting: deque[Frame] = deque()
                reading, original = _noting(reading, waiting.append), waiting.popleft
            else:
                depth = room(READ_AGAIN, info.frame_bytes)
                again = stack.enter_context(closing(prefetch(read_raw(source), depth)))
                original = again.__next__
        if live:
            reading = _noting(reading, lambda _: arrivals.append(time.perf_counter()))
            stack.enter_context(_until_interrupted(info.problems))
        if waits:  # the first row comes once all frames were looked at
            reading = _progress(reading, info.frames, f"finding the ball in {name}")
        rows = predictor.stream(reading, live=live)
        for row in _progress(rows, info.frames, f"tracking {name}"):
            if live:
                delays.append(time.perf_counter() - arrivals.popleft())
            count, balls = count + 1, balls + row.visible
            out.write(row, original() if original else None)
    seconds = time.perf_counter() - started
    waited = np.array(delays) if live else None
    return Summary(out.files, count, balls, seconds, waited, info.problems)


@contextmanager
def _until_interrupted(problems: list[Problem]) -> Iterator[None]:
    """Ctrl-C is the end of a stream that has no other; it may be silent while it is left."""
    try:
        yield
    except KeyboardInterrupt:
        problems.clear()


def _noting(frames: Iterable[Frame], note: Callable[[Frame], None]) -> Iterator[Frame]:
    """The same frames, each noted before it is passed on."""
    for frame in frames:
        note(frame)
        yield frame


def _progress(items: Iterable[Item], total: int, text: str) -> Iterator[Item]:
    """The same frames or rows, under a progress bar on stderr once they have taken a while."""
    started, shown = time.monotonic(), False
    said = TextColumn("{task.description}", markup=False)  # a video may be called [/x]
    columns = said, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    bar = progress(*columns, stderr=True)
    task = bar.add_task(text, total=total or None)
    try:
        for item in items:
            yield item
            bar.advance(task)
            if not shown and time.monotonic() - started > PATIENCE:
                bar.start()
                shown = True
    finally:
        if shown:
            bar.stop()
