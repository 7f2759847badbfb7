"""Frames in and out of files: videos and folders of pictures, in order, in a stream.

`read_frames` gives RGB. `read_raw` leaves a video's frames in the planes that they were decoded
into, which is several times cheaper when all that follows is `resize` to the network's input and
drawing: an RGB copy of a 1080p frame costs more than decoding it.
"""

import re
import shutil
import warnings
from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from glob import glob
from pathlib import Path
from queue import Full, Queue
from tempfile import TemporaryFile
from threading import Event, Thread
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, TypeVar
from urllib.request import urlopen

import av
import cv2
import numpy as np
from av.video.reformatter import Colorspace

from tracknet.errors import InputError, InputWarning

if TYPE_CHECKING:  # geometry imports torch, which reading a video can do without
    from tracknet.geometry import Letterbox, Size

Frame: TypeAlias = np.ndarray | av.VideoFrame
"""One picture: (H, W, 3) RGB uint8, or a decoded frame of a video in its own pixel format."""

Item = TypeVar("Item")

VIDEO_SUFFIXES = {".mp4", ".mov", ".avi", ".mkv", ".m4v", ".webm", ".mpg", ".mpeg", ".ts"}
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp"}

TICKS = 90_000
"""A second of a written video has about as many; a frame's duration is a whole number of them."""

SILENCE = 10.0
"""Seconds without data after which a stream counts as broken."""

NO_FRAME = "no frame can be decoded; is the file complete?"


class VideoError(InputError):
    """A source that holds no frames that can be used."""


class DamageError(VideoError):
    """A video is damaged from here on."""


class DamageWarning(InputWarning):
    """A video is damaged; what can be decoded of it is used."""


@dataclass(frozen=True)
class VideoInfo:
    """What a source says of itself; `frames` is a claim, containers lie."""

    size: tuple[int, int]
    fps: Fraction
    frames: int


Source: TypeAlias = Path | str
"""A video, a folder of frames, or the URL of a stream."""


def is_stream(source: Source) -> bool:
    """Whether it is a URL: ``http://``, ``rtsp://``, ``udp://`` and what else FFmpeg opens."""
    return isinstance(source, str) and "://" in source


def find_sources(pattern: str) -> list[Source]:
    """The videos and folders of frames that a path or a glob names, in the order of their names.

    A URL names itself.

    Raises:
        VideoError: There is none.
    """
    if is_stream(pattern):
        return [pattern]
    found = [Path(pattern)] if Path(pattern).exists() else [Path(p) for p in sorted(glob(pattern))]
    if not found:
        quotes = "; quote a pattern, so that the shell leaves it alone" if "*" in pattern else ""
        raise VideoError(f"{pattern}: no such video or folder{quotes}")
    return found


def image_files(folder: Path) -> list[Path]:
    """The pictures of a folder in the order of the numbers in their names."""
    files = [p for p in folder.glob("[!.]*") if p.suffix.lower() in IMAGE_SUFFIXES]
    return sorted(
        files, key=lambda p: [int(t) if t.isdigit() else t for t in re.split(r"(\d+)", p.stem)]
    )


def probe(source: Path, fps: Fraction = Fraction(30)) -> VideoInfo:
    """Upright size, frame rate and claimed length.

    Args:
        source: A video or a folder of pictures.
        fps: What a folder of pictures, or a video that does not say, is taken to have.

    Raises:
        VideoError: The source is missing or holds no picture.
    """
    if source.is_dir():
        return VideoInfo(frame_size(next(_pictures(source))), fps, len(image_files(source)))
    with _open(source) as container:
        stream = container.streams.video[0]
        first = next(_decoded(container), None)
        if first is None:
            raise VideoError(f"{source}: {NO_FRAME}")
        rate = stream.average_rate or stream.guessed_rate or fps
        return VideoInfo(frame_size(first), rate, stream.frames)


def open_stream(url: str, fps: Fraction = Fraction(30)) -> tuple[VideoInfo, Iterator[Frame]]:
    """What a stream says of itself, and its frames as they arrive; it is opened once.

    Args:
        url: As `is_stream` knows them.
        fps: What a stream that does not say is taken to have.

    Raises:
        VideoError: It cannot be opened or holds no picture. While the frames are read: it broke
            off, or was silent for `SILENCE` seconds.
    """
    container = _open(url)
    arriving = _decoded(container)
    try:
        first = next(arriving, None)
    except av.FFmpegError as error:
        # A file whose index is at its end, from a server that cannot send it from the middle.
        container.close()
        container = _open(_fetched(url, error))
        arriving = _decoded(container)
        first = next(arriving, None)
    if first is None:
        raise VideoError(f"{url}: {NO_FRAME}")

    def frames() -> Iterator[Frame]:
        with container:
            try:
                yield first
                yield from arriving
            except av.FFmpegError as error:
                raise VideoError(f"{url}: the stream broke off ({error.strerror})") from error

    stream = container.streams.video[0]
    info = VideoInfo(frame_size(first), stream.average_rate or stream.guessed_rate or fps, 0)
    return info, _of_one_size(frames(), url)


def _fetched(url: str, problem: Exception) -> BinaryIO:
    """A file that can only be read as a whole, in a temporary one that goes with its last use.

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


def read_frames(source: Path) -> Iterator[np.ndarray]:
    """Every frame that can be decoded, (H, W, 3) RGB uint8, upright, read once, first to last.

    Raises:
        VideoError: Nothing could be read, or frames differ in size; the message says why.
    """
    return map(to_rgb, read_raw(source))


def read_raw(source: Path, skip_damage: bool = True) -> Iterator[Frame]:
    """The frames of `read_frames` before any conversion; treat them as read-only.

    A video that its container asks to turn (a phone's) comes turned, as RGB.

    Args:
        source: A video or a folder of pictures.
        skip_damage: Whether to go on after a damaged packet, with an `InputWarning`. The frames
            that follow then stand at other numbers than in the whole video.

    Raises:
        DamageError: Not `skip_damage`, and a packet is damaged; the frames before it have come.
        VideoError: As in `read_frames`.
    """
    if source.is_dir():
        yield from _of_one_size(_pictures(source), source)
        return
    with _open(source) as container:
        container.streams.video[0].thread_type = "AUTO"
        yield from _of_one_size(_decoded(container, skip_damage), source)


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
    if size is None:
        raise VideoError(f"{source}: {NO_FRAME}")


def _decoded(container: "av.container.InputContainer", skip_damage: bool = True) -> Iterator[Frame]:
    """What can be decoded of the first video stream."""
    damaged = decoded = 0
    for packet in container.demux(video=0):
        try:
            frames = packet.decode()
        except av.InvalidDataError as error:
            if not skip_damage:
                raise DamageError(f"{container.name}: damaged; copy or convert it again") from error
            damaged += 1
            continue
        decoded += len(frames)
        for frame in frames:
            turns = round(frame.rotation / 90) % 4
            yield _turned(frame, turns) if turns else frame
    if damaged:
        warnings.warn(
            f"{container.name}: {damaged} damaged packets were skipped; frames after the first of "
            "them are counted as if these had not been there. Copy or convert the video again",
            DamageWarning,
            stacklevel=2,
        )
    elif skip_damage and decoded < container.streams.video[0].frames:
        warnings.warn(
            f"{container.name}: ends after {decoded} of the {container.streams.video[0].frames} "
            "frames that its header promises; is it complete?",
            DamageWarning if _is_cut_off(container) else InputWarning,
            stacklevel=2,
        )


def _is_cut_off(container: "av.container.InputContainer") -> bool:
    """Whether its index names places beyond the file's end; else the header merely miscounts."""
    entries = container.streams.video[0].index_entries
    return 0 < container.size < max((entry.pos + entry.size for entry in entries), default=0)


def _turned(frame: av.VideoFrame, turns: int) -> av.VideoFrame:
    """A frame after quarter turns to the left, at the same time."""
    picture = np.ascontiguousarray(np.rot90(to_rgb(frame), turns))
    turned = av.VideoFrame.from_ndarray(picture, format="rgb24")
    turned.pts, turned.time_base = frame.pts, frame.time_base
    return turned


def _pictures(folder: Path) -> Iterator[np.ndarray]:
    files = image_files(folder)
    if not files:
        kinds = ", ".join(sorted(IMAGE_SUFFIXES))
        raise VideoError(f"{folder}: holds no picture ({kinds}); name a folder of frames")
    for file in files:
        # Not imread, which on Windows opens no path with an accent.
        content = np.fromfile(file, np.uint8)
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR_RGB) if len(content) else None
        if picture is None:
            raise VideoError(f"{file}: cannot be read as a picture; replace it")
        yield picture


def _open(source: Source | BinaryIO) -> "av.container.InputContainer":
    streams = is_stream(source)
    if isinstance(source, Path) and not source.exists():
        raise VideoError(f"{source}: no such file or folder")
    try:
        silence = SILENCE if streams else None
        opened = str(source) if isinstance(source, Path) else source
        container = av.open(opened, metadata_errors="ignore", timeout=silence)
    except av.FFmpegError as error:
        if streams:
            raise VideoError(
                f"{source}: the stream cannot be opened ({error.strerror}); does a player open it?"
            ) from error
        raise VideoError(
            f"{source}: not a video that can be opened ({error.strerror}); is it complete, and "
            "does it play? Copy or convert it again"
        ) from error
    if not container.streams.video:
        container.close()
        raise VideoError(f"{source}: holds no video stream")
    if container.streams.video[0].codec_context is None:
        container.close()
        raise VideoError(f"{source}: there is no decoder for its video; convert it to H.264")
    return container


def frame_time(frame: Frame) -> Fraction | None:
    """When a video's frame is shown, in seconds; None where nothing says so."""
    if isinstance(frame, np.ndarray) or frame.pts is None or frame.time_base is None:
        return None
    return frame.pts * frame.time_base


def frame_size(frame: Frame) -> "Size":
    """(H, W) of a frame."""
    return frame.shape[:2] if isinstance(frame, np.ndarray) else (frame.height, frame.width)


def to_rgb(frame: Frame) -> np.ndarray:
    """A frame as (H, W, 3) RGB uint8."""
    return frame if isinstance(frame, np.ndarray) else frame.to_ndarray(format="rgb24")


def resize(frame: Frame, letterbox: "Letterbox") -> np.ndarray:
    """A frame of the letterbox's source size as the network's input, (H, W, 3) RGB uint8.

    A video's planes are scaled first and turned into RGB after, at the small size. Both ways keep
    the half-pixel rule and average over the area when they shrink; they differ by rounding, and
    where RGB would have been clipped before it was averaged.

    Raises:
        VideoError: The frame has another size than the letterbox's source.
    """
    if frame_size(frame) != tuple(letterbox.source):
        raise VideoError(f"a frame of {frame_size(frame)} among frames of {letterbox.source}")
    if isinstance(frame, np.ndarray):
        return letterbox.resize(frame)
    (h, w), (left, top) = letterbox.inner, letterbox.offset
    shrinks = h * w < frame.height * frame.width
    small = frame.reformat(w, h, "yuv444p", interpolation="AREA" if shrinks else "BILINEAR")
    picture = small.to_ndarray(format="rgb24")
    if (h, w) == tuple(letterbox.target):
        return picture
    out = np.zeros((*letterbox.target, 3), np.uint8)
    out[top : top + h, left : left + w] = picture
    return out


def to_yuv420(frame: Frame) -> av.VideoFrame:
    """A copy as yuv420p that may be drawn on; odd sizes are padded by one pixel of the edge."""
    height, width = frame_size(frame)
    pad_y, pad_x = height % 2, width % 2
    if isinstance(frame, np.ndarray):
        if pad_y or pad_x:
            frame = np.pad(frame, [(0, pad_y), (0, pad_x), (0, 0)], "edge")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        picture = picture.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU601)
        picture.colorspace = Colorspace.ITU601
        return picture
    if frame.format.name != "yuv420p":
        frame = frame.reformat(format="yuv420p")
    copy = av.VideoFrame(width + pad_x, height + pad_y, "yuv420p")
    copy.colorspace, copy.color_range = frame.colorspace, frame.color_range
    for source, target in zip(planes(frame), planes(copy), strict=True):
        h, w = source.shape
        target[:h, :w] = source
        target[h:, :w] = source[-1:]
        target[:, w:] = target[:, w - 1 : w]
    return copy


def planes(frame: av.VideoFrame) -> list[np.ndarray]:
    """The planes of a planar 8-bit frame as arrays that share its memory: Y (H, W), U and V."""
    return [
        np.frombuffer(p, np.uint8).reshape(p.height, p.line_size)[:, : p.width]
        for p in frame.planes
    ]


class VideoWriter(AbstractContextManager):
    """Writes frames as H.264 in an mp4 file that plays in a browser, whatever the file's name.

    Odd sizes are padded by one pixel, since H.264's usual pixel format needs even ones.

    Args:
        path: Where to write.
        size: (H, W) of the frames.
        fps: Frames per second.
        crf: Quality; lower is better and larger.
        preset: x264's trade of time for size.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        fps: Fraction,
        crf: int = 23,
        preset: str = "veryfast",
    ) -> None:
        self._fps = Fraction(fps).limit_denominator(2**16)
        self._next = Fraction(0)  # seconds
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=self._fps)
        self._stream.height, self._stream.width = (n + n % 2 for n in size)
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": str(crf), "preset": preset}
        self._stream.thread_type = "AUTO"
        # Fine enough for the frames of any rate, and for those that follow none.
        rate = self._fps.numerator
        self._tick = 1 / (self._fps * max(1, min(round(TICKS / self._fps), (2**31 - 1) // rate)))
        self._stream.codec_context.time_base = self._tick

    def write(self, frame: Frame, time: Fraction | None = None) -> None:
        """Appends a copy of a frame, see `encode`."""
        self.encode(to_yuv420(frame), time)

    def encode(self, picture: av.VideoFrame, time: Fraction | None = None) -> None:
        """Appends a frame that `to_yuv420` made, itself.

        Args:
            picture: The frame.
            time: When it is shown, in seconds after the first; None, and a time that is not later
                than the last one, is a frame's duration after the last one.
        """
        if not self._next:
            self._stream.codec_context.colorspace = picture.colorspace
            self._stream.codec_context.color_range = picture.color_range
        earliest = self._next - 1 / self._fps + self._tick if self._next else self._next
        time = self._next if time is None or time < earliest else time
        self._next = time + 1 / self._fps
        picture.pts, picture.time_base = round(time / self._tick), self._tick
        self._container.mux(self._stream.encode(picture))

    def __exit__(self, *_: object) -> None:
        if self._next:
            self._container.mux(self._stream.encode())
        self._container.close()


def prefetch(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    """The same items, produced ahead by a thread that starts at once.

    Args:
        items: What to iterate over in the thread; what it raises is raised here.
        depth: At most this many items wait.
    """
    waiting: Queue[tuple[str, object]] = Queue(depth)
    stopped = Event()

    def put(kind: str, value: object = None) -> None:
        while not stopped.is_set():
            try:
                waiting.put((kind, value), timeout=0.1)
            except Full:
                continue
            return

    def work() -> None:
        try:
            for item in items:
                put("item", item)
                if stopped.is_set():
                    return
        except BaseException as error:
            put("error", error)
        else:
            put("end")
        finally:
            if isinstance(items, Generator):
                items.close()

    def receive() -> Generator[Item, None, None]:
        try:
            while True:
                kind, value = waiting.get()
                if kind == "end":
                    return
                if kind == "error":
                    raise value
                yield value
        finally:
            stopped.set()
            thread.join()

    thread = Thread(target=work, name="prefetch", daemon=True)
    thread.start()
    return receive()
