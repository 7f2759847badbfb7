"""Cameras of this machine, through OpenCV, which finds them on every system."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
import cv2
import numpy as np

from tracknet.video.source import CAMERA, VideoError

RATE = Fraction(30)
"""Frames per second of a camera that does not say."""
TICK = Fraction(1, 90_000)
"""Of the frames' times, seconds."""


def open_camera(url: str) -> tuple[Fraction, Iterator[av.VideoFrame]]:
    """Its frames per second, and its frames, RGB, as they come, each with the time when it came.

    Args:
        url: `CAMERA` and the camera's number.

    Raises:
        VideoError: There is none of that number, or it gives no picture.
    """
    number = url.removeprefix(CAMERA)
    if not (number.isascii() and number.isdecimal()):
        raise VideoError(f"{url}: expected the number of a camera, such as {CAMERA}0")
    with _silent():
        camera = cv2.VideoCapture(min(int(number), 2**31 - 1))
        begun, first = camera.read() if camera.isOpened() else (False, None)
    if not begun or first is None:
        camera.release()
        raise VideoError(
            f"camera {number} gives no picture; is it there, switched on, and in no other "
            "program's use? A file of that name would be taken first"
        )
    fps = camera.get(cv2.CAP_PROP_FPS)
    return Fraction(fps).limit_denominator(1001) if fps > 0 else RATE, _frames(camera, first)


def _frames(camera: cv2.VideoCapture, picture: cv2.typing.MatLike) -> Iterator[av.VideoFrame]:
    start, there = time.monotonic(), True
    try:
        while there:
            rgb = np.ascontiguousarray(picture[..., ::-1], np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24")
            frame.pts, frame.time_base = round((time.monotonic() - start) / TICK), TICK
            yield frame
            there, picture = camera.read()
    finally:
        camera.release()


@contextmanager
def _silent() -> Iterator[None]:
    """Inside, OpenCV does not say for itself that there is no camera."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)
