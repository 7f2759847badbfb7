"""Magnified crops of frames, with the label and the predictions drawn in."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from tracknet.geometry import Size, scale_points
from tracknet.types import Clip
from tracknet.video import read_frames

MAGNIFICATION = 3
CROP = (64, 96)
GAP = 2
TOLERANCE = 4
SHIFT = 4
GREEN, RED, BLUE = (40, 220, 90), (255, 60, 60), (80, 170, 255)
GREY, BLACK = (128, 128, 128), (0, 0, 0)


def fetch_frames(
    wanted: Sequence[tuple[int, int]], clips: Sequence[Clip]
) -> dict[tuple[int, int], np.ndarray]:
    """Frames by the index of their clip and their own: (clip, frame) -> (H, W, 3) RGB uint8.

    Every clip that is needed is read once, as far as its last wanted frame; a frame that its video
    does not hold is left out.

    Raises:
        VideoError: A video cannot be read.
    """
    frames: dict[int, set[int]] = {}
    for clip, frame in wanted:
        frames.setdefault(clip, set()).add(frame)
    return {
        (clip, frame): picture
        for clip, chosen in frames.items()
        for frame, picture in _pick(clips[clip].source, chosen).items()
    }


def _pick(source: Path, frames: set[int]) -> Mapping[int, np.ndarray]:
    pictures = enumerate(islice(read_frames(source), max(frames) + 1))
    return {frame: picture for frame, picture in pictures if frame in frames}


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
    left, top = corner.astype(int)
    crop = np.zeros((h, w, 3), np.uint8)
    cut = frame[top : top + h, left : left + w]
    crop[: cut.shape[0], : cut.shape[1]] = cut
    larger = (w * MAGNIFICATION, h * MAGNIFICATION)
    pane = cv2.resize(crop, larger, interpolation=cv2.INTER_NEAREST)
    if label is not None:
        _ring(pane, scale_points(label - corner, MAGNIFICATION), TOLERANCE * MAGNIFICATION)
    for prediction, colour in zip(predictions, (RED, BLUE), strict=False):
        if prediction is not None:
            centre = scale_points(prediction - corner, MAGNIFICATION)
            _cross(pane, centre, 2 * MAGNIFICATION, colour)
    return pane


def _ring(pane: np.ndarray, centre: np.ndarray, radius: int) -> None:
    for colour, thickness in ((BLACK, 4), (GREEN, 2)):
        cv2.circle(pane, _fixed(centre), radius << SHIFT, colour, thickness, cv2.LINE_AA, SHIFT)


def _cross(pane: np.ndarray, centre: np.ndarray, arm: int, own: tuple[int, int, int]) -> None:
    for colour, thickness in ((BLACK, 4), (own, 2)):
        for direction in ((1, 1), (1, -1)):
            end = arm * np.array(direction)
            ends = _fixed(centre - end), _fixed(centre + end)
            cv2.line(pane, *ends, colour, thickness, cv2.LINE_AA, SHIFT)


def _fixed(point: np.ndarray) -> tuple[int, int]:
    """Pixels as OpenCV's fixed-point numbers with `SHIFT` fractional bits."""
    x, y = np.round(point * (1 << SHIFT)).astype(int).tolist()
    return x, y
