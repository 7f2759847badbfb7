"""Magnified crops of frames, and the second round them, with label and predictions drawn in."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from tracknet.geometry import Size, scale_points
from tracknet.report.worst import Case
from tracknet.types import ABSENT, Clip, Labels, Track
from tracknet.video import VideoInfo, VideoWriter, open_video, to_rgb

MAGNIFICATION = 3
CROP = (64, 96)
GAP = 2
TOLERANCE = 4
GREEN, RED, BLUE = (40, 220, 90), (255, 60, 60), (80, 170, 255)
GREY, BLACK, WHITE = (128, 128, 128), (0, 0, 0), (255, 255, 255)
MOVING = (256, 384)
"""Pixels of a moving picture; what it shows has twice the crop's height and width, or 3/8 of the
frame's height, in which a fast ball stays for longer."""
FASTEST = 32
"""Frames a second of a moving picture, at most; of faster videos it leaves frames out."""


@dataclass(frozen=True)
class Picture:
    """A frame worth a look.

    Attributes:
        still: Its crop, RGB uint8.
        moving: The second round it, as an MP4 file that browsers play; the frame itself has a
            white edge.
    """

    still: np.ndarray
    moving: bytes


@dataclass(frozen=True)
class _View:
    """A part of the frame, as one or several panes side by side.

    Attributes:
        size: (H, W) of the original frame that all panes and the gaps take.
        scale: Pixels of the picture per original pixel.
        panes: Size and upper left corner (x, y) of each, original pixels.
    """

    size: Size
    scale: float
    panes: Sequence[tuple[Size, np.ndarray]]


def pictures(
    cases: Sequence[Case], clips: Sequence[Clip], labels: Sequence[Labels], *runs: Sequence[Track]
) -> list[Picture | None]:
    """Each case's frame, its label and the predictions of the runs, still and moving.

    Every clip that is needed is read once, as far as the last wanted second. A frame that its
    video does not hold is None.

    Raises:
        VideoError: A video cannot be read.
    """
    made: dict[Case, Picture] = {}
    for clip in {case.clip for case in cases}:
        own = [case for case in cases if case.clip == clip]
        made |= _of_clip(own, clips[clip].source, labels[clip], [run[clip] for run in runs])
    return [made.get(case) for case in cases]


def _of_clip(
    cases: Sequence[Case], source: Path, labels: Labels, tracks: Sequence[Track]
) -> dict[Case, Picture]:
    def points(i: int) -> list[np.ndarray | None]:
        label = labels.xy[i] if labels.visibility[i] > ABSENT else None
        return [label, *(track.xy[i] if track.visible[i] else None for track in tracks)]

    info, frames = open_video(source)
    waiting = {case: _second(case.frame, len(labels), info) for case in cases}
    views = {case: _view(points(case.frame), info.size, moving=True) for case in cases}
    drawn: dict[Case, list[np.ndarray]] = {case: [] for case in cases}
    stills, made = {}, {}
    for i, raw in enumerate(islice(frames, 1 + max(own[-1] for own in waiting.values()))):
        wanted = [case for case in cases if i in waiting[case]]
        if not wanted:
            continue
        frame = to_rgb(raw)
        for case in wanted:
            moving = _paint(frame, views[case], points(i))
            if i == case.frame:
                stills[case] = draw(frame, *points(i))
                cv2.rectangle(moving, (0, 0), (MOVING[1] - 1, MOVING[0] - 1), WHITE, 7)
            drawn[case].append(moving)
            if i == waiting[case][-1]:
                made[case] = Picture(stills[case], _mp4(drawn.pop(case), waiting[case], info))
    for case, still in stills.items():  # the video ends before its second does
        if case not in made:
            made[case] = Picture(still, _mp4(drawn[case], waiting[case], info))
    return made


def _second(frame: int, frames: int, info: VideoInfo) -> range:
    """The frames of the second round a frame, and that one among them."""
    step = max(1, round(info.fps / FASTEST))
    half = max(1, round(info.fps / step / 2))
    before, after = min(half, frame // step), min(half, (frames - 1 - frame) // step)
    return range(frame - before * step, frame + after * step + 1, step)


def _mp4(frames: Sequence[np.ndarray], shown: range, info: VideoInfo) -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "moving.mp4"
        with VideoWriter(file, MOVING, info.fps / shown.step, crf=27) as writer:
            for frame in frames:
                writer.write(frame)
        return file.read_bytes()


def draw(
    frame: np.ndarray, label: np.ndarray | None, *predictions: np.ndarray | None
) -> np.ndarray:
    """A magnified crop with the label as a green ring and predictions as crosses, red then blue.

    The ring's radius is the 4 px within which a prediction counts. What does not fit into one crop
    stands side by side in two or three, label left.

    Args:
        frame: (H, W, 3) RGB uint8.
        label: (2,) original pixels, or None.
        predictions: One or two, (2,) original pixels or None. One point at least is given.

    Returns:
        RGB uint8, `CROP` times `MAGNIFICATION` large.
    """
    points = [label, *predictions]
    size = frame.shape[0], frame.shape[1]
    return _paint(frame, _view(points, size), points, cv2.INTER_NEAREST)


def _view(points: Sequence[np.ndarray | None], frame: Size, moving: bool = False) -> _View:
    """Where to look to see all points of a frame of that size; one at least is there."""
    height, scale = CROP[0], float(MAGNIFICATION)
    if moving:
        height = max(2 * CROP[0], round(frame[0] * 3 / 8))
        scale = MOVING[0] / height
    crop = height, round(height * CROP[1] / CROP[0])
    there = [point for point in points if point is not None]
    size, groups = next(
        (size, groups)
        for size in (_pane_size(crop, n) for n in range(1, len(there) + 1))
        if crop[1] >= len(groups := _groups(there, size)) * (size[1] + GAP) - GAP
    )
    extent, own = np.array(frame[::-1]), np.array(size[::-1])
    centres = [(np.min(group, axis=0) + np.max(group, axis=0)) / 2 for group in groups]
    corners = [
        np.clip(np.round(centre - own / 2), 0, np.maximum(extent - own, 0)) for centre in centres
    ]
    return _View(crop, scale, [(size, corner) for corner in corners])


def _pane_size(crop: Size, count: int) -> Size:
    return crop[0], (crop[1] - GAP * (count - 1)) // count


def _groups(points: Sequence[np.ndarray], size: Size) -> list[list[np.ndarray]]:
    """Points in order, each with the first ones that it fits into one pane with."""
    room = np.array(size[::-1]) - 4 * TOLERANCE
    groups: list[list[np.ndarray]] = []
    for point in points:
        fits = (g for g in groups if np.all(np.ptp([*g, point], axis=0) <= room))
        if (group := next(fits, None)) is None:
            groups.append([point])
        else:
            group.append(point)
    return groups


def _paint(
    frame: np.ndarray,
    view: _View,
    points: Sequence[np.ndarray | None],
    filling: int = cv2.INTER_LINEAR,
) -> np.ndarray:
    """The panes of a view, with the label and the predictions that `points` are."""
    h, w = (round(n * view.scale) for n in view.size)
    picture = np.full((h, w, 3), GREY, np.uint8)
    right = 0
    for size, corner in view.panes:
        pane = _pane(frame, size, corner, view.scale, points, filling)
        picture[:, right : right + pane.shape[1]] = pane[:, : w - right]
        right += pane.shape[1] + round(GAP * view.scale)
    if (end := right - round(GAP * view.scale)) < w:
        picture[:, end:] = picture[:, end - 1 : end]
    return picture


def _pane(
    frame: np.ndarray,
    size: Size,
    corner: np.ndarray,
    scale: float,
    points: Sequence[np.ndarray | None],
    filling: int,
) -> np.ndarray:
    h, w = (round(n * scale) for n in size)
    larger = np.column_stack([scale * np.eye(2), scale_points(-corner, scale)])
    pane = cv2.warpAffine(frame, larger, (w, h), flags=filling)
    for point, own in zip(points, (GREEN, RED, BLUE), strict=False):
        if point is None:
            continue
        x, y = np.round(scale_points(point - corner, scale)).astype(int).tolist()
        for colour, width in ((BLACK, 4), (own, 2)):
            if point is points[0]:
                cv2.circle(pane, (x, y), round(TOLERANCE * scale), colour, width, cv2.LINE_AA)
            else:
                cross = cv2.MARKER_TILTED_CROSS, 4 * MAGNIFICATION, width, cv2.LINE_AA
                cv2.drawMarker(pane, (x, y), colour, *cross)
    return pane
