"""Frames in and out of files: videos and folders of pictures, RGB uint8, in order, in a stream."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

VIDEO_SUFFIXES = {".mp4", ".mov", ".avi", ".mkv", ".m4v", ".webm", ".mpg", ".mpeg", ".ts"}
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp"}


class VideoError(ValueError):
    """A source that holds no frame that can be read."""


@dataclass(frozen=True)
class VideoInfo:
    """What a source says of itself; `frames` is a claim, containers lie."""

    size: tuple[int, int]
    fps: Fraction
    frames: int


def image_files(folder: Path) -> list[Path]:
    """The pictures of a folder in the order of the numbers in their names."""
    files = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
    return sorted(
        files, key=lambda p: [int(t) if t.isdigit() else t for t in re.split(r"(\d+)", p.stem)]
    )


def probe(source: Path, fps: Fraction = Fraction(30)) -> VideoInfo:
    """Size, frame rate and claimed length; `fps` is what a folder of pictures is taken to have.

    Raises:
        VideoError: The source is missing or holds no picture.
    """
    if source.is_dir():
        files = image_files(source)
        first = next(read_frames(source))
        return VideoInfo(first.shape[:2], fps, len(files))
    with _open(source) as container:
        stream = container.streams.video[0]
        rate = stream.average_rate or stream.guessed_rate or fps
        return VideoInfo((stream.height, stream.width), Fraction(rate), stream.frames)


def read_frames(source: Path) -> Iterator[np.ndarray]:
    """Every frame that can be decoded, (H, W, 3) RGB uint8, read once from first to last.

    Raises:
        VideoError: Nothing could be read; the message says why.
    """
    if source.is_dir():
        yield from _read_pictures(source)
        return
    with _open(source) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        empty = True
        for frame in container.decode(stream):
            empty = False
            yield frame.to_ndarray(format="rgb24")
        if empty:
            raise VideoError(f"{source}: no frame can be decoded; is the file complete?")


def _read_pictures(folder: Path) -> Iterator[np.ndarray]:
    files = image_files(folder)
    if not files:
        kinds = ", ".join(sorted(IMAGE_SUFFIXES))
        raise VideoError(f"{folder}: holds no picture ({kinds}); name a folder of frames")
    for file in files:
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR_RGB)
        if picture is None:
            raise VideoError(f"{file}: cannot be read as a picture; replace or remove it")
        yield picture


def _open(source: Path) -> "av.container.InputContainer":
    if not source.exists():
        raise VideoError(f"{source}: no such file or folder")
    try:
        container = av.open(str(source))
    except av.FFmpegError as error:
        raise VideoError(f"{source}: not a video that can be opened ({error})") from error
    if not container.streams.video:
        container.close()
        raise VideoError(f"{source}: holds no video stream")
    return container


class VideoWriter(AbstractContextManager):
    """Writes RGB frames (H, W, 3) as H.264 that plays in a browser.

    Odd sizes are padded by one pixel, since H.264's usual pixel format needs even ones.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        fps: Fraction,
        crf: int = 23,
        preset: str = "veryfast",
    ) -> None:
        self._padding = (size[0] % 2, size[1] % 2)
        self._container = av.open(str(path), "w", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=fps)
        self._stream.height = size[0] + self._padding[0]
        self._stream.width = size[1] + self._padding[1]
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": str(crf), "preset": preset}
        self._stream.thread_type = "AUTO"

    def write(self, frame: np.ndarray) -> None:
        if any(self._padding):
            frame = np.pad(frame, [(0, self._padding[0]), (0, self._padding[1]), (0, 0)], "edge")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        self._container.mux(self._stream.encode(picture))

    def __exit__(self, *_: object) -> None:
        self._container.mux(self._stream.encode())
        self._container.close()
