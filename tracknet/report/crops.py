"""Magnified crops of frames, with the label and the predictions drawn in."""

from collections.abc import Sequence
from itertools import islice

import cv2
import numpy as np

from tracknet.geometry import Size, scale_points
from tracknet.report.worst import Case
from tracknet.types import ABSENT, Clip, Labels, Track
from tracknet.video import read_frames

MAGNIFICATION = 3
CROP = (64, 96)
GAP = 2
TOLERANCE = 4
GREEN, RED, BLUE = (40, 220, 90), (255, 60, 60), (80, 170, 255)
GREY, BLACK = (128, 128, 128), (0, 0, 0)


def crops(
    cases: Sequence[Case], clips: Sequence[Clip], labels: Sequence[Labels], *runs: Sequence[Track]
) -> list[np.ndarray | None]:
    """What `draw` makes of each case: its frame, its label and the predictions of the runs.

    Every clip that is needed is read once, as far as its last wanted frame. A frame that its video
    does not hold is None.

    Raises:
        VideoError: A video cannot be read.
    """
    frames: dict[tuple[int, int], np.ndarray] = {}
    for clip in {case.clip for case in cases}:
        wanted = {case.frame for case in cases if case.clip == clip}
        for i, frame in enumerate(islice(read_frames(clips[clip].source), max(wanted) + 1)):
            if i in wanted:
                frames[clip, i] = frame

    def drawn(clip: int, i: int) -> np.ndarray | None:
        if (frame := frames.get((clip, i))) is None:
            return None
        label = labels[clip].xy[i] if labels[clip].visibility[i] > ABSENT else None
        tracks = [run[clip] for run in runs]
        return draw(frame, label, *(t.xy[i] if t.visible[i] else None for t in tracks))

    return [drawn(case.clip, case.frame) for case in cases]


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
    points = [point for point in (label, *predictions) if point is not None]
    size, groups = next(
        (size, groups)
        for size in (_pane_size(n) for n in range(1, len(points) + 1))
        if CROP[1] >= len(groups := _groups(points, size)) * (size[1] + GAP) - GAP
    )
    panes = [_pane(frame, group, size, label, predictions) for group in groups]
    edge = np.full((panes[0].shape[0], GAP * MAGNIFICATION, 3), GREY, np.uint8)
    row = np.hstack([part for pane in panes for part in (edge, pane)][1:])
    spare = CROP[1] * MAGNIFICATION - row.shape[1]
    return np.pad(row, [(0, 0), (0, spare), (0, 0)], "edge")


def _pane_size(count: int) -> Size:
    return CROP[0], (CROP[1] - GAP * (count - 1)) // count


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


def _pane(
    frame: np.ndarray,
    shown: Sequence[np.ndarray],
    size: Size,
    label: np.ndarray | None,
    predictions: Sequence[np.ndarray | None],
) -> np.ndarray:
    (h, w), extent = size, np.array(frame.shape[1::-1])
    centre = (np.min(shown, axis=0) + np.max(shown, axis=0)) / 2
    corner = np.clip(np.round(centre - np.array([w, h]) / 2), 0, np.maximum(extent - [w, h], 0))
    shift = scale_points(-corner, MAGNIFICATION)
    larger = np.column_stack([MAGNIFICATION * np.eye(2), shift])
    pane = cv2.warpAffine(
        frame, larger, (w * MAGNIFICATION, h * MAGNIFICATION), flags=cv2.INTER_NEAREST
    )
    for point, own in zip((label, *predictions), (GREEN, RED, BLUE), strict=False):
        if point is None:
            continue
        x, y = np.round(scale_points(point - corner, MAGNIFICATION)).astype(int).tolist()
        for colour, width in ((BLACK, 4), (own, 2)):
            if point is label:
                cv2.circle(pane, (x, y), TOLERANCE * MAGNIFICATION, colour, width, cv2.LINE_AA)
            else:
                cross = cv2.MARKER_TILTED_CROSS, 4 * MAGNIFICATION, width, cv2.LINE_AA
                cv2.drawMarker(pane, (x, y), colour, *cross)
    return pane
