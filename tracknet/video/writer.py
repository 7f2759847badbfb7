"""Writes videos that play in a browser."""

from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path

import av

from tracknet.video.frame import Frame, to_yuv420
from tracknet.video.source import VideoError, for_ffmpeg

SIDE = 16_384
"""Pixels of a frame's longer side, at most; x264 takes no more."""
BLOCKS = 139_264
"""Of 16x16 pixels in a frame, at most, by H.264's highest level: 8192x4352, say."""
TICKS = 90_000
"""A second of a written video has about as many; a frame's duration is a whole number of them."""


class VideoWriter(AbstractContextManager):
    """Writes frames as H.264 in an mp4 file that plays in a browser, whatever the file's name.

    Odd sizes are padded by one pixel, since H.264's usual pixel format needs even ones.

    Args:
        path: Where to write.
        size: (H, W) of the frames.
        fps: Frames per second.
        pixel_aspect: Width over height of a pixel, which players stretch the picture by.
        crf: Quality; lower is better and larger.
        preset: x264's trade of time for size.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        fps: Fraction,
        pixel_aspect: Fraction = Fraction(1),
        crf: int = 23,
        preset: str = "veryfast",
    ) -> None:
        self._fps = Fraction(fps).limit_denominator(2**16)
        self._next = Fraction(0)  # seconds
        self._container = av.open(
            for_ffmpeg(path), "w", format="mp4", options={"movflags": "+faststart"}
        )
        self._stream = self._container.add_stream("libx264", rate=self._fps)
        self._stream.height, self._stream.width = (n + n % 2 for n in size)
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.sample_aspect_ratio = pixel_aspect
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

        Raises:
            VideoError: H.264 holds no frames of this size.
        """
        if not self._next:
            w, h = picture.width, picture.height
            if max(w, h) > SIDE or -(-w // 16) * -(-h // 16) > BLOCKS:
                raise VideoError(
                    f"frames of {w}x{h} do not fit into H.264, which has up to {SIDE:,} pixels a "
                    f"side and {256 * BLOCKS:,} in all; shrink them, or do without the overlay"
                )
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
