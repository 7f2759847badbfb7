"""Reads videos, folders of pictures and streams, frame by frame, in order."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO
from urllib.request import urlopen

import av
import numpy as np

from tracknet.geometry import Size
from tracknet.problems import Problem
from tracknet.video.camera import open_camera
from tracknet.video.container import SILENCE, main_video, open_container, packets
from tracknet.video.decode import decode
from tracknet.video.frame import PIXELS, Frame, frame_bytes, frame_size, to_rgb
from tracknet.video.picture import read_picture
from tracknet.video.source import (
    IMAGE_SUFFIXES,
    DamageError,
    Source,
    VideoError,
    image_files,
    is_camera,
    is_stream,
    stray_pictures,
)

NO_FRAME = (
    f"no frame can be decoded; is the file complete, and no frame larger than {PIXELS:,} pixels?"
)


@dataclass(frozen=True)
class VideoInfo:
    """What a source says of itself.

    Attributes:
        size: (H, W) of its upright frames.
        fps: Frames per second.
        frames: How many; a claim, containers lie.
        frame_bytes: Memory of a decoded frame.
        pixel_aspect: Width over height of a pixel of the upright frame.
        problems: What is found wrong while its frames are read, known when these have ended; of
            the kind ``damaged`` if not all could be had.
    """

    size: Size
    fps: Fraction
    frames: int
    frame_bytes: int
    pixel_aspect: Fraction = Fraction(1)
    problems: list[Problem] = field(default_factory=list, compare=False)


def probe(source: Path, fps: Fraction = Fraction(30)) -> VideoInfo:
    """Upright size, frame rate and claimed length.

    Args:
        source: A video or a folder of pictures.
        fps: As in `open_video`.

    Raises:
        VideoError: As in `open_video`.
    """
    return open_video(source, fps=fps)[0]


def count_frames(source: Path) -> int:
    """The frames that a source claims to have; of a video that claims none, its packets.

    Matroska, WebM and MPEG-TS do not say how many frames they hold. Their packets are read for it,
    since a length in seconds may be missing as well. A codec may hide a few of them.

    Args:
        source: A video or a folder of pictures.

    Raises:
        VideoError: As in `open_video`.
    """
    if claimed := probe(source).frames:
        return claimed
    count = 0
    # Damage is reported where the video is decoded.
    with open_container(source) as container, suppress(av.FFmpegError):
        video = main_video(container).index
        for packet in packets(container):
            count += packet.stream_index == video and packet.size > 0
    return count


def open_video(
    source: Source, skip_damage: bool = True, fps: Fraction = Fraction(30)
) -> tuple[VideoInfo, Iterator[Frame]]:
    """What a source says of itself, and its frames as in `read_raw`; it is opened once.

    A stream's frames come as they arrive. One that breaks off, or is silent for `SILENCE` seconds,
    ends there, which is one of the problems.

    Args:
        source: A video, a folder of pictures, the URL of a stream or of a camera.
        skip_damage: As in `read_raw`.
        fps: What a folder of pictures, or a video that does not say, is taken to have.

    Raises:
        VideoError: The source is missing, cannot be opened, holds no picture or is larger than
            `check_size` allows.
    """
    if isinstance(source, Path) and os.path.isdir(source):  # which a circle of links is not
        files = _pictures(source)
        first, others = read_picture(files[0]), map(read_picture, files[1:])
        info = VideoInfo(frame_size(first), fps, len(files), frame_bytes(first))
        info.problems.extend(stray_pictures(source))
        return info, _of_one_size(chain([first], others), source)
    if is_camera(source):
        return _of_camera(source)
    container = open_container(source)
    decoded = decode(container, skip_damage)
    try:
        first = next(decoded, None)
    except av.FFmpegError as error:
        if not is_stream(source):
            raise VideoError(f"{source}: {NO_FRAME}") from error
        # A file whose index is at its end, from a server that cannot send it from the middle.
        file = _fetched(source, error)
        container = open_container(file)
        decoded = _closing(file, decode(container, skip_damage))
        first = next(decoded, None)
    if first is None:
        raise VideoError(f"{source}: {NO_FRAME}")
    stream = main_video(container)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    if frame_size(first) != (stream.height, stream.width):  # turned
        aspect = 1 / aspect
    info = VideoInfo(
        frame_size(first),
        stream.average_rate or stream.guessed_rate or fps,
        0 if is_stream(source) else stream.frames,
        frame_bytes(first),
        aspect,
    )
    frames = _to_the_end(first, decoded, source, info.problems, skip_damage)
    return info, _of_one_size(frames, source)


def _of_camera(url: str) -> tuple[VideoInfo, Iterator[Frame]]:
    fps, frames = open_camera(url)
    first = next(frames)
    return VideoInfo(frame_size(first), fps, 0, frame_bytes(first)), chain([first], frames)


def _fetched(url: str, problem: Exception) -> BinaryIO:
    """A file that can only be read as a whole, in a temporary one that goes when it is closed.

    Raises:
        VideoError: The URL is not that of a file.
    """
    broken = VideoError(f"{url}: the stream broke off ({problem})")
    if not url.startswith(("http://", "https://")):
        raise broken from problem
    with urlopen(url, timeout=SILENCE) as response:
        if response.headers["Content-Length"] is None:
            raise broken from problem
        file = TemporaryFile()  # noqa: SIM115, the container reads it
        shutil.copyfileobj(response, file)
    file.seek(0)
    return file


def _closing(file: BinaryIO, frames: Iterator[Frame]) -> Iterator[Frame]:
    with file:
        return (yield from frames)


def read_frames(source: Path) -> Iterator[np.ndarray]:
    """Every frame that can be decoded, (H, W, 3) RGB uint8, upright, read once, first to last.

    Raises:
        VideoError: Nothing could be read, or frames differ in size; the message says why.
    """
    return map(to_rgb, read_raw(source))


def read_raw(source: Source, skip_damage: bool = True) -> Iterator[Frame]:
    """The frames of `read_frames` before any conversion; treat them as read-only.

    A video that its container asks to turn (a phone's) comes turned, as RGB.

    Args:
        source: A video, a folder of pictures or the URL of a stream.
        skip_damage: Whether to go on after a damaged packet, which only the problems of
            `open_video` tell. The frames that follow then stand at other numbers than in the whole
            video.

    Raises:
        DamageError: Not `skip_damage`, and a packet is damaged; the frames before it have come.
        VideoError: As in `read_frames`.
    """
    _, frames = open_video(source, skip_damage)
    yield from frames


def _to_the_end(
    first: Frame, others: Iterator[Frame], source: Source, problems: list[Problem], skip: bool
) -> Iterator[Frame]:
    """The frames of an open video, as far as it can be read; see `open_video`."""
    try:
        yield first
        problems += yield from others
    except av.FFmpegError as error:
        reason = f"cannot be read to its end ({error.strerror}); copy or convert it again"
        if is_stream(source):
            reason = f"the stream broke off ({error.strerror})"
        if not skip:
            raise DamageError(f"{source}: {reason}") from error
        problems.append(Problem("damaged", str(source), None, f"{source}: {reason}"))


def _of_one_size(frames: Iterable[Frame], source: Source) -> Iterator[Frame]:
    size = None
    for index, frame in enumerate(frames):
        size = size or frame_size(frame)
        if frame_size(frame) != size:
            (h, w), (first_h, first_w) = frame_size(frame), size
            raise VideoError(
                f"{source}: frame {index} is {w}x{h} but the first is {first_w}x{first_h}; "
                "all frames of a source must have one size, so split or convert it"
            )
        yield frame


def _pictures(folder: Path) -> list[Path]:
    files = image_files(folder)
    if not files:
        kinds = ", ".join(sorted(IMAGE_SUFFIXES))
        raise VideoError(f"{folder}: holds no picture ({kinds}); name a folder of frames")
    return files
