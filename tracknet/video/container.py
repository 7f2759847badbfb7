"""Opens what holds a video, and picks the video in it."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import av.container
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from tracknet.video.frame import PIXELS, check_size
from tracknet.video.source import Source, VideoError, check_file, for_ffmpeg, is_stream

SILENCE = 10.0
"""Seconds without data after which a stream counts as broken."""

LIMIT = {"max_pixels": str(PIXELS)}
"""Of decoders, also of those that look at a file's first frames; these may not be as it says."""

ASIDE = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
"""What lies beside a video: covers, and pictures of its chapters."""

DRAWN_TEXT = {"tty", "bin", "xbin", "adf", "idf"}
"""What FFmpeg takes text for that it can draw."""


def open_container(source: Source | BinaryIO) -> "av.container.InputContainer":
    """Opens a video's file, or a stream.

    Raises:
        VideoError: It is missing, cannot be opened, is text or a picture, holds no video that can
            be decoded, or is larger than `check_size` allows.
    """
    streams = is_stream(source)
    if isinstance(source, Path):
        check_file(source)
    try:
        silence = SILENCE if streams else None
        opened = for_ffmpeg(source) if isinstance(source, Path) else source
        container = av.open(opened, "r", options=LIMIT, metadata_errors="ignore", timeout=silence)
    except av.FFmpegError as error:
        if streams:
            raise VideoError(
                f"{source}: the stream cannot be opened ({error.strerror}); does a player open it?"
            ) from error
        raise VideoError(
            f"{source}: not a video that can be opened ({error.strerror}); is it complete, and "
            "does it play? Copy or convert it again"
        ) from error
    try:
        _check(container, source if isinstance(source, Path | str) else Path(container.name))
    except VideoError:
        container.close()
        raise
    return container


def _check(container: "av.container.InputContainer", source: Source) -> None:
    kind = container.format.name
    if kind in DRAWN_TEXT:
        raise VideoError(f"{source}: a text file, not a video")
    if kind == "image2" or kind.endswith("_pipe"):
        raise VideoError(f"{source}: a single picture, not a video; name the folder of its film")
    try:
        decoder = main_video(container).codec_context
    except ValueError:
        cover = ", only a cover picture" if container.streams.video else ""
        raise VideoError(f"{source}: holds no video stream{cover}") from None
    if decoder is None:
        raise VideoError(f"{source}: there is no decoder for its video; convert it to H.264")
    check_size(source, (decoder.height, decoder.width))
    decoder.options = LIMIT


def packets(container: "av.container.InputContainer") -> Iterator[Packet]:
    """What a container holds, in order, and at the end an empty packet for each of its streams.

    Raises:
        av.FFmpegError: There is no reading on.
    """
    # A stream that begins in the middle, as in a broadcast, is no part of `container.streams`,
    # where it is looked for once the others have ended.
    with suppress(IndexError):
        yield from container.demux()


def main_video(container: "av.container.InputContainer") -> VideoStream:
    """The stream that is the video itself: no cover, and of several the one with most pixels.

    Of equals it is the one that the container prefers, the longest, the first. A preview is small;
    which stream comes first, or is preferred, says nothing of it.

    Raises:
        ValueError: There is none.
    """
    films = (s for s in container.streams.video if not s.disposition & ASIDE)
    return max(films, key=_weight)


def _weight(stream: VideoStream) -> tuple[bool, bool, int, bool, int]:
    decoder = stream.codec_context
    pixels = decoder.height * decoder.width if decoder else 0
    preferred = bool(stream.disposition & Disposition.default)
    return decoder is not None, stream.frames != 1, pixels, preferred, stream.frames
