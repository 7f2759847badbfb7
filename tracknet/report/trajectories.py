"""Where the ball was and where it was seen, frame by frame, as charts that a browser scales."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from tracknet.metrics import STRICT, Outcome, distances
from tracknet.types import UNLABELLED, Labels, Track

KINDS = {"hit": (Outcome.TP,), "false": (Outcome.FP1, Outcome.FP2), "missed": (Outcome.FN,)}
STROKE = 0.035
"""Half the length of a missed ball's stroke, as a share of the axis."""
Runs = list[list[int]]
"""First and one past the last frame of each."""
Ticks = list[tuple[int, float]]
"""Number and place of each: a share of the axis, from the left or from the top."""


@dataclass(frozen=True)
class Panel:
    """One coordinate over the frames.

    Attributes:
        axis: ``x`` or ``y``.
        extent: The frame's, in original pixels.
        ticks: Of the coordinate.
        line: The labels, as a path of SVG.
        marks: By kind, the predictions and the missed balls, as paths of SVG.
    """

    axis: str
    extent: int
    ticks: Ticks
    line: str
    marks: dict[str, str]


@dataclass(frozen=True)
class Chart:
    """A clip's trajectory.

    Attributes:
        frames: How many there are.
        ticks: Of the frames.
        unlabelled: Which of them nobody labelled.
        panels: x, of which right is up, and y, of which up is up.
        values: What a pointer on a frame is told, a list over the frames each: ``outcome``, the
            names of `Outcome`; ``label`` and ``ball``, positions in original pixels or None;
            ``error``, their distance or None; ``score``; ``source`` of the prediction.
    """

    frames: int
    ticks: Ticks
    unlabelled: Runs
    panels: list[Panel]
    values: dict[str, list[Any]]


def chart(labels: Labels, track: Track) -> Chart:
    """The trajectory of a clip.

    Args:
        labels: Original pixels, with the size of their frame.
        track: Its predictions, original pixels.
    """
    assert labels.size, "labels of frames that were read have their size"
    height, width = labels.size
    ways = _panel("x", width, labels, track), _panel("y", height, labels, track)
    frames = len(labels)
    ticks = [(n, (n + 0.5) / frames) for n in _round_numbers(frames - 1, 6)]
    unlabelled = _runs(labels.visibility == UNLABELLED)
    return Chart(frames, ticks, unlabelled, list(ways), _values(labels, track))


def _panel(axis: str, extent: int, labels: Labels, track: Track) -> Panel:
    i = "xy".index(axis)
    label, prediction = labels.xy[:, i], track.xy[:, i]
    numbers = _round_numbers(extent, 4)
    ticks = [(n, n / extent) for n in numbers]
    if axis == "x":
        label, prediction = extent - 1 - label, extent - 1 - prediction
        ticks = [(n, 1 - n / extent) for n in numbers]
    line = "".join(
        "M" + " ".join(f"{n} {label[n]:.1f}" for n in range(*run)) + "h0"
        for run in _runs(STRICT.ball(labels))
    )
    outcomes = STRICT.outcomes(labels, track)
    # A stroke through the label stands for a missed ball, so that colour alone says nothing.
    strokes = label - STROKE * extent, f"v{2 * STROKE * extent:.1f}"
    drawn = {"hit": (prediction, "h0"), "false": (prediction, "h0"), "missed": strokes}
    marks = {
        kind: "".join(
            f"M{n} {at[n]:.1f}{way}" for n in np.flatnonzero(np.isin(outcomes, KINDS[kind]))
        )
        for kind, (at, way) in drawn.items()
    }
    return Panel(axis, extent, ticks, line, marks)


def _values(labels: Labels, track: Track) -> dict[str, list[Any]]:
    def points(xy: np.ndarray, there: np.ndarray) -> list[Any]:
        rounded = np.round(xy.astype(float), 1).tolist()
        return [point if shown else None for point, shown in zip(rounded, there, strict=True)]

    apart = np.where(track.visible, distances(labels, track), np.nan).astype(float)
    return {
        "outcome": [Outcome(code).name for code in STRICT.outcomes(labels, track)],
        "label": points(labels.xy, STRICT.ball(labels)),
        "ball": points(track.xy, track.visible),
        "error": [round(d, 1) if np.isfinite(d) else None for d in apart.tolist()],
        "score": [round(s, 2) if np.isfinite(s) else None for s in track.score.tolist()],
        "source": list(map(str, track.source)),
    }


def _round_numbers(end: int, count: int) -> list[int]:
    """About as many whole, round numbers from 0 to `end`."""
    ticks = MaxNLocator(count, steps=[1, 2, 5, 10], integer=True).tick_values(0, max(end, 1))
    return [int(n) for n in ticks if 0 <= n <= end]


def _runs(mask: np.ndarray) -> Runs:
    edges = np.flatnonzero(np.diff(mask.astype(int), prepend=0, append=0))
    return edges.reshape(-1, 2).tolist()
