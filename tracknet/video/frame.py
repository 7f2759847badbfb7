"""One frame: its size, time and pixels."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias, cast

import av
import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter

from tracknet.geometry import Fit, Letterbox, Size
from tracknet.video.source import Source, VideoError

Frame: TypeAlias = np.ndarray | av.VideoFrame
"""One picture: (H, W, 3) RGB uint8, or a decoded frame of a video in its own pixel format."""

PIXELS = 1 << 27
"""Of a frame, at most: 16,384 x 8,192. What claims more is made to take memory."""


def check_size(source: Source, size: Size) -> None:
    """Refuses frames of a size (H, W) that memory is not to be taken for.

    Raises:
        VideoError: They have more than `PIXELS`.
    """
    height, width = size
    if height * width > PIXELS:
        raise VideoError(
            f"{source}: claims to be {width}x{height}, and frames of more than {PIXELS:,} pixels "
            "are not read; shrink or replace it"
        )


def frame_time(frame: Frame) -> Fraction | None:
    """When a video's frame is shown, in seconds; None where nothing says so."""
    if isinstance(frame, np.ndarray) or frame.pts is None or frame.time_base is None:
        return None
    return frame.pts * frame.time_base


def frame_size(frame: Frame) -> Size:
    """(H, W) of a frame."""
    return frame.shape[:2] if isinstance(frame, np.ndarray) else (frame.height, frame.width)


def frame_bytes(frame: Frame) -> int:
    """The memory that its pixels take."""
    if isinstance(frame, np.ndarray):
        return frame.nbytes
    return sum(plane.buffer_size for plane in frame.planes)


def to_rgb(frame: Frame) -> np.ndarray:
    """A frame as (H, W, 3) RGB uint8."""
    return frame if isinstance(frame, np.ndarray) else frame.to_ndarray(format="rgb24")


class Resizer:
    """Frames of one size as the network's input; for one thread.

    A video's planes are scaled first and turned into RGB after, at the small size. Both ways keep
    the half-pixel rule and average over the area when they shrink; they differ by rounding, and
    where RGB would have been clipped before it was averaged.

    Args:
        fit: From the frames' size to the network's.
    """

    def __init__(self, fit: Fit) -> None:
        self.fit = fit
        # Each keeps its tables from frame to frame; made anew they take longer than the pixels.
        self._scale, self._colour = VideoReformatter(), VideoReformatter()

    def __call__(self, frame: Frame) -> np.ndarray:
        """A frame as (H, W, 3) RGB uint8 of the network's size.

        Raises:
            VideoError: The frame has another size than those that are fitted, or pixels that
                nothing converts.
        """
        scaled = self.scaled(frame)
        if isinstance(scaled, np.ndarray):
            return scaled
        return cast(Letterbox, self.fit).framed(self._rgb(scaled))

    def scaled(self, frame: Frame) -> Frame:
        """A frame of the network's size for `part`: as RGB, or as planes without their borders.

        Raises:
            VideoError: As in a call.
        """
        fit = self.fit
        if frame_size(frame) != tuple(fit.source):
            raise VideoError(f"a frame of {frame_size(frame)} among frames of {fit.source}")
        if isinstance(frame, np.ndarray):
            return fit.resize(frame)
        try:
            if not isinstance(fit, Letterbox):
                return fit.resize(to_rgb(frame))
            h, w = fit.inner
            kind = "AREA" if h * w < frame.height * frame.width else "BILINEAR"
            return self._scale.reformat(frame, w, h, "yuv444p", interpolation=kind, threads=1)
        except av.FFmpegError as error:
            said = f"its pixels are {frame.format.name}, which cannot be converted"
            raise VideoError(f"{said}; convert the video to H.264") from error

    def part(self, frames: Sequence[Frame], corner: Sequence[int], size: Size) -> np.ndarray:
        """The same part (T,h,w,3) RGB of T frames that `scaled` gave; only that becomes RGB.

        Args:
            frames: All from one video.
            corner: x, y of its first pixel, network pixels.
            size: (h, w); it lies within the network's input.
        """
        (x, y), (h, w) = corner, size
        first = frames[0]
        if isinstance(first, np.ndarray):
            return np.stack([cast(np.ndarray, frame)[y : y + h, x : x + w] for frame in frames])
        part = np.zeros((len(frames), h, w, 3), np.uint8)
        left, top = cast(Letterbox, self.fit).offset
        x, y = x - left, y - top
        rows = slice(max(y, 0), max(min(y + h, first.height), 0))
        columns = slice(max(x, 0), max(min(x + w, first.width), 0))
        cuts = [[plane[rows, columns] for plane in planes(cast(av.VideoFrame, f))] for f in frames]
        inner = np.concatenate(cuts, 1)  # one below the other: one conversion for all
        if inner.size:
            below = av.VideoFrame.from_ndarray(inner, "yuv444p")
            below.colorspace, below.color_range = first.colorspace, first.color_range
            rgb = self._rgb(below).reshape(len(frames), -1, inner.shape[2], 3)
            part[:, rows.start - y :, columns.start - x :][:, : rgb.shape[1], : rgb.shape[2]] = rgb
        return part

    def _rgb(self, frame: av.VideoFrame) -> np.ndarray:
        return self._colour.reformat(frame, format="rgb24", threads=1).to_ndarray()


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
        np.frombuffer(p, np.uint8).reshape(p.height, p.line_size)[:, : p.width]  # pyright: ignore[reportCallIssue, reportArgumentType], a plane is a buffer
        for p in frame.planes
    ]
