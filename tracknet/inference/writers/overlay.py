"""The video with the predicted ball drawn on it."""

import math
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

import av
import cv2
import numpy as np

from tracknet.inference.predictor import Prediction
from tracknet.owned import refuse_foreign, remember
from tracknet.problems import Problem
from tracknet.values import Count
from tracknet.video import Frame, VideoInfo, VideoWriter, frame_time, planes, room, to_yuv420

BALL = (210, 16, 146)
"""Yellow, as Y, U, V."""
TEXT = (235, 128, 128)
OUTLINE = (16, 128, 128)
RADIUS = 7
"""Of the ring round the ball, in pixels of a frame 540 pixels high."""
LONGEST_STEP = 0.25
"""Of the frame's width, from one frame to the next."""
WAITING = 16
"""Frames that may wait to be drawn, where memory has `room`."""


class Overlay(AbstractContextManager):
    """Draws predictions on their frames, in a thread, as ``<name>_overlay.mp4``; see `Writer`.

    The file appears when it is whole, in the place of an older one, but not of somebody's.

    Args:
        folder: Where to write.
        name: What the video is called.
        info: What it says of itself.
        trail: How many of the last positions stay visible.

    Raises:
        InputError: There is a file that is somebody's, see `refuse_foreign`.
    """

    needs_frames = True

    def __init__(self, folder: Path, name: str, info: VideoInfo, trail: Count = 12) -> None:
        path = folder / f"{name}_overlay.mp4"
        refuse_foreign(path)
        self.files = [path]
        self._name, self._info = name, info
        self._part = path.with_name(path.name + ".part")
        self._trail: deque[Prediction] = deque(maxlen=trail)
        self._thread = ThreadPoolExecutor(1, "overlay")
        self._drawn: deque[Future] = deque()
        self._room = room(WAITING, info.frame_bytes)

    def __enter__(self) -> Self:
        shape = self._info.size, self._info.fps, self._info.pixel_aspect
        self._writer = VideoWriter(self._part, *shape, preset="ultrafast")
        return self

    def write(self, prediction: Prediction, frame: Frame | None) -> None:
        assert frame is not None, "this writer needs_frames"
        self._drawn.append(self._thread.submit(self._draw, prediction, frame))
        if len(self._drawn) > self._room:
            self._drawn.popleft().result()

    def __exit__(self, kind: type | None, *_: object) -> None:
        try:
            self._thread.shutdown(cancel_futures=kind is not None)
            self._writer.__exit__(None, None, None)
            if kind is None:
                for drawn in self._drawn:
                    drawn.result()
                # A stream may be left before its first prediction.
                self.files = [self._part.replace(*self.files)] if self._trail else []
                for file in self.files:
                    remember(file)
                self._tell_jumps()
        finally:
            self._part.unlink(missing_ok=True)

    def _tell_jumps(self) -> None:
        if jumps := self._writer.jumps:
            said = f"{self._name}: its clock jumps {jumps} times, where the overlay simply goes on"
            self._info.problems.append(Problem("clock", self._name, None, said))

    def _draw(self, prediction: Prediction, frame: Frame) -> None:
        self._trail.append(prediction)
        canvas = to_yuv420(frame)
        draw(canvas, list(self._trail))
        self._writer.encode(canvas, frame_time(frame))


def draw(canvas: av.VideoFrame, trail: list[Prediction]) -> None:
    """Draws the last prediction's ball and score, and the fading trail that led to it.

    Args:
        canvas: A yuv420p frame of even size that is changed in place.
        trail: Consecutive predictions, oldest first, the last one being that of the frame.
    """
    unit = max(1, round(canvas.height / 540))
    points = [np.array([round(p.x), round(p.y)]) if p.visible else None for p in trail]
    for age, (a, b) in enumerate(zip(points[-2::-1], points[:0:-1], strict=True)):
        if a is None:
            continue
        # A jump over much of the picture is no flight: a dot, not a line.
        if b is None or abs(b - a).max() > canvas.width * LONGEST_STEP:
            b = a
        elif age == 0:
            b = b + (a - b) * min(1, RADIUS * unit / max(1, math.dist(a, b)))  # not on the ball
        box = _Box(canvas, np.array([a, b]).round().astype(int), 2 * unit)
        strength = round(220 * (1 - age / len(points)))
        cv2.line(box.mask, box.local[0], box.local[1], strength, 2 * unit, cv2.LINE_AA)
        box.blend(BALL)
    ball = points[-1]
    if ball is None:
        return
    box = _Box(canvas, ball[None], 10 * unit)
    # A dashed ring: not seen, filled in between.
    step = 360 if trail[-1].source != "interpolated" else 45
    for angle in range(0, 360, step):
        arc = (angle, angle + (step if step == 360 else step // 2))
        sides = (RADIUS * unit, RADIUS * unit)
        cv2.ellipse(box.mask, box.local[0], sides, 0, *arc, 255, 2 * unit, cv2.LINE_AA)
    box.blend(BALL)

    text, font, scale = f"{trail[-1].score:.2f}", cv2.FONT_HERSHEY_SIMPLEX, 0.45 * unit
    (w, h), _ = cv2.getTextSize(text, font, scale, unit)
    x = max(0, min(ball[0] + 11 * unit, canvas.width - w - 2 * unit))
    y = max(ball[1] - 9 * unit, h + 2 * unit)
    box = _Box(canvas, np.array([[x, y], [x + w, y - h]]), 3 * unit)
    cv2.putText(box.mask, text, box.local[0], font, scale, 255, unit, cv2.LINE_AA)
    letters = box.mask
    box.mask = cv2.dilate(letters, np.ones((2 * unit + 1, 2 * unit + 1)))
    box.blend(OUTLINE)
    box.mask = letters
    box.blend(TEXT)


class _Box:
    """The part of a frame round points (N, 2).

    Its mask (h, w) uint8 is to be drawn on, at the points `local`: how strongly a colour covers.
    """

    def __init__(self, canvas: av.VideoFrame, points: np.ndarray, margin: int) -> None:
        size = canvas.width, canvas.height
        # Whole pixels of the chroma planes.
        low = (points.min(0) - margin).clip(0, np.subtract(size, 2)) // 2 * 2
        high = (points.max(0) + margin + 2).clip(low + 2, size) // 2 * 2
        self._canvas, (self._x, self._y) = canvas, low
        self.mask: np.ndarray = np.zeros((high - low)[::-1], np.uint8)
        self.local = [tuple(p) for p in (points - low).tolist()]

    def blend(self, colour: tuple[int, int, int]) -> None:
        """Mixes a colour (Y, U, V) into the frame."""
        h, w = self.mask.shape
        half = cv2.resize(self.mask, (w // 2, h // 2), interpolation=cv2.INTER_AREA)
        luma, *chroma = planes(self._canvas)
        parts = [(luma, self.mask, 1), *((plane, half, 2) for plane in chroma)]
        for (plane, weight, step), value in zip(parts, colour, strict=True):
            y, x, (h, w) = self._y // step, self._x // step, weight.shape
            part = plane[y : y + h, x : x + w]
            old = part.astype(np.int32)
            part[:] = old + (value - old) * weight // 255
