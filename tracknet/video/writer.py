"""Writes videos that play in a browser."""

from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path

import av

from tracknet.video.clock import Clock
from tracknet.video.frame import Frame, to_yuv420
from tracknet.video.source import VideoError, for_ffmpeg

SIDE = 16_384
"""Pixels of a frame's longer side, at most; x264 takes no more."""
BLOCKS = 139_264
"""Of 16x16 pixels in a frame, at most, by H.264's highest level: 8192x4352, say."""
TICKS = 90_000
"""A second of a written video has so many at most, and half of them at least."""
RATES = 1, 1000
"""Frames per second that the encoder is told at least and at most; times may say otherwise."""


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
        fps = Fraction(fps)
        # A frame of an even rate lasts a whole number of ticks, if there are enough of them.
        rate = fps.numerator
        tick = Fraction(1, rate * (TICKS // rate) or TICKS)
        self._clock = Clock(1 / fps, tick)
        self._begun = False
        self._container = av.open(
            for_ffmpeg(path), "w", format="mp4", options={"movflags": "+faststart"}
        )
        least, most = map(Fraction, RATES)
        told = min(max(fps, least), most).limit_denominator(2**16)
        self._stream = self._container.add_stream("libx264", rate=told)
        self._stream.height, self._stream.width = (n + n % 2 for n in size)
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.sample_aspect_ratio = pixel_aspect
        self._stream.options = {"crf": str(crf), "preset": preset}
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.time_base = tick

    @property
    def jumps(self) -> int:
        """How often the frames' times were not those of one film, see `Clock`."""
        return self._clock.jumps

    def write(self, frame: Frame, time: Fraction | None = None) -> None:
        """Appends a copy of a frame, see `encode`."""
        self.encode(to_yuv420(frame), time)

    def encode(self, picture: av.VideoFrame, time: Fraction | None = None) -> None:
        """Appends a frame that `to_yuv420` made, itself.

        Args:
            picture: The frame.
            time: When its source shows it, in seconds, see `Clock`; None where nothing says so.

        Raises:
            VideoError: H.264 holds no frames of this size, or not these.
        """
        if not self._begun:
            w, h = picture.width, picture.height
            if max(w, h) > SIDE or -(-w // 16) * -(-h // 16) > BLOCKS:
                raise VideoError(
                    f"frames of {w}x{h} do not fit into H.264, which has up to {SIDE:,} pixels a "
                    f"side and {256 * BLOCKS:,} in all; shrink them, or do without the overlay"
                )
            self._stream.codec_context.colorspace = picture.colorspace
            self._stream.codec_context.color_range = picture.color_range
            self._begun = True
        tick = self._stream.codec_context.time_base
        picture.pts, picture.time_base = round(self._clock(time) / tick), tick
        self._encode(picture)

    def __exit__(self, *_: object) -> None:
        try:
            if self._begun:
                self._encode(None)
        finally:
            self._container.close()

    def _encode(self, picture: av.VideoFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(picture))
        except av.FFmpegError as error:
            if isinstance(error, OSError):  # of the disk
                raise
            said = f"{self._container.name}: cannot be written as H.264 ({error.strerror})"
            raise VideoError(said) from error
