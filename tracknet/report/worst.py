"""The frames that a model got most wrong, as magnified crops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from tracknet.geometry import Size, scale_points
from tracknet.metrics import STRICT, Outcome, distances
from tracknet.types import Clip, Labels, Track
from tracknet.video import read_frames

MAGNIFICATION = 3
CROP = (64, 96)
GAP = 2
TOLERANCE = 4
SHIFT = 4
GREEN, RED, GREY, BLACK = (40, 220, 90), (255, 60, 60), (128, 128, 128), (0, 0, 0)


@dataclass(frozen=True)
class Mistake:
    """One wrongly predicted frame.

    Attributes:
        clip: Index of the clip.
        frame: Index of the frame in its clip.
        outcome: `Outcome.FP1`, `FP2` or `FN`, of protocol ``strict``.
        score: The score of the prediction, also of a rejected one.
        distance: Of prediction and label, original pixels; NaN where either is absent.
    """

    clip: int
    frame: int
    outcome: Outcome
    score: float
    distance: float


def worst_mistakes(
    labels: Sequence[Labels], tracks: Sequence[Track], count: int = 24
) -> list[Mistake]:
    """The most confident false positives, farthest misplacements and misses of lowest score.

    The three kinds take turns. Within a kind, one frame of every run of consecutive mistakes comes
    before the second of any run, and one of every clip before the second of any clip.

    Args:
        labels: One per clip, original pixels.
        tracks: The predictions of the same clips, original pixels.
        count: How many are returned at most.
    """
    queues: dict[Outcome, list[tuple[tuple[int, int, float], Mistake]]] = {
        kind: [] for kind in (Outcome.FP2, Outcome.FP1, Outcome.FN)
    }
    for clip, (label, track) in enumerate(zip(labels, tracks, strict=True)):
        outcomes, distance = STRICT.outcomes(label, track), distances(label, track)
        run = np.cumsum(np.diff(outcomes, prepend=Outcome.UNSCORED) != 0)
        severities = {Outcome.FP2: track.score, Outcome.FP1: distance, Outcome.FN: -track.score}
        for kind, severity in severities.items():
            frames = np.flatnonzero(outcomes == kind)
            in_run: dict[int, int] = {}
            in_clip: dict[int, int] = {}
            for frame in frames[np.argsort(-severity[frames], kind="stable")]:
                turn = in_run[run[frame]] = in_run.get(run[frame], -1) + 1
                place = in_clip[turn] = in_clip.get(turn, -1) + 1
                mistake = Mistake(
                    clip, int(frame), kind, float(track.score[frame]), float(distance[frame])
                )
                queues[kind].append(((turn, place, -float(severity[frame])), mistake))
    ranked = [
        (rank, kind, mistake)
        for kind, queue in enumerate(queues.values())
        for rank, (_, mistake) in enumerate(sorted(queue, key=lambda item: item[0]))
    ]
    return [mistake for *_, mistake in sorted(ranked, key=lambda item: item[:2])[:count]]


def fetch_frames(
    mistakes: Sequence[Mistake], clips: Sequence[Clip]
) -> dict[tuple[int, int], np.ndarray]:
    """The frames of mistakes: (clip, frame) -> (H, W, 3) RGB uint8.

    Every clip that is needed is read once, as far as its last mistake; a frame that its video
    does not hold is left out.

    Raises:
        VideoError: A video cannot be read.
    """
    wanted: dict[int, set[int]] = {}
    for mistake in mistakes:
        wanted.setdefault(mistake.clip, set()).add(mistake.frame)
    return {
        (clip, frame): picture
        for clip, frames in wanted.items()
        for frame, picture in _pick(clips[clip].source, frames).items()
    }


def _pick(source: Path, frames: set[int]) -> Mapping[int, np.ndarray]:
    pictures = enumerate(islice(read_frames(source), max(frames) + 1))
    return {frame: picture for frame, picture in pictures if frame in frames}


def draw(frame: np.ndarray, label: np.ndarray | None, prediction: np.ndarray | None) -> np.ndarray:
    """A magnified crop with the label as a green ring and the prediction as a red cross.

    The ring's radius is the 4 px within which a prediction counts. Where both do not fit into one
    crop, two halves stand side by side, label left.

    Args:
        frame: (H, W, 3) RGB uint8.
        label: (2,) original pixels, or None.
        prediction: (2,) original pixels, or None.

    Returns:
        RGB uint8, `CROP` times `MAGNIFICATION` large.
    """
    points = [point for point in (label, prediction) if point is not None]
    margin = 2 * TOLERANCE
    if np.all(np.ptp(points, axis=0) <= np.array(CROP[::-1]) - 2 * margin):
        return _pane(frame, np.mean(points, axis=0), CROP, label, prediction)
    half = (CROP[0], (CROP[1] - GAP) // 2)
    panes = [_pane(frame, point, half, label, prediction) for point in points]
    gap = np.full((panes[0].shape[0], GAP * MAGNIFICATION, 3), GREY, np.uint8)
    return np.hstack([panes[0], gap, panes[1]])


def _pane(
    frame: np.ndarray,
    centre: np.ndarray,
    size: Size,
    label: np.ndarray | None,
    prediction: np.ndarray | None,
) -> np.ndarray:
    (h, w), extent = size, np.array(frame.shape[1::-1])
    corner = np.clip(np.round(centre - np.array([w, h]) / 2), 0, np.maximum(extent - [w, h], 0))
    left, top = corner.astype(int)
    crop = np.zeros((h, w, 3), np.uint8)
    cut = frame[top : top + h, left : left + w]
    crop[: cut.shape[0], : cut.shape[1]] = cut
    larger = (w * MAGNIFICATION, h * MAGNIFICATION)
    pane = cv2.resize(crop, larger, interpolation=cv2.INTER_NEAREST)
    if label is not None:
        _ring(pane, scale_points(label - corner, MAGNIFICATION), TOLERANCE * MAGNIFICATION)
    if prediction is not None:
        _cross(pane, scale_points(prediction - corner, MAGNIFICATION), 2 * MAGNIFICATION)
    return pane


def _ring(pane: np.ndarray, centre: np.ndarray, radius: int) -> None:
    for colour, thickness in ((BLACK, 4), (GREEN, 2)):
        cv2.circle(pane, _fixed(centre), radius << SHIFT, colour, thickness, cv2.LINE_AA, SHIFT)


def _cross(pane: np.ndarray, centre: np.ndarray, arm: int) -> None:
    for colour, thickness in ((BLACK, 4), (RED, 2)):
        for direction in ((1, 1), (1, -1)):
            end = arm * np.array(direction)
            ends = _fixed(centre - end), _fixed(centre + end)
            cv2.line(pane, *ends, colour, thickness, cv2.LINE_AA, SHIFT)


def _fixed(point: np.ndarray) -> tuple[int, int]:
    """Pixels as OpenCV's fixed-point numbers with `SHIFT` fractional bits."""
    x, y = np.round(point * (1 << SHIFT)).astype(int).tolist()
    return x, y
