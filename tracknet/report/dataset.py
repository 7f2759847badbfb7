"""What a dataset holds and what is wrong with it, as one HTML file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from tracknet.data.checks.offset import Offset
from tracknet.data.store import StoredClip
from tracknet.problems import Problem
from tracknet.report.crops import draw
from tracknet.report.page import write_page
from tracknet.report.plots import plot
from tracknet.types import ABSENT, count_labels

SAMPLES = 12
FASTEST = 60
"""Pixels a frame of the last bar of speeds."""


def write_dataset(
    path: Path,
    title: str,
    facts: Mapping[str, str],
    splits: Mapping[str, Sequence[StoredClip]],
    problems: Sequence[Problem],
    offsets: Mapping[str, Offset],
) -> None:
    """Writes the page; it loads nothing.

    Args:
        path: The HTML file; an older one is replaced.
        title: Its heading.
        facts: What it is about.
        splits: The stored clips of every split.
        problems: What is wrong with them.
        offsets: Where labels sit from their balls: of all labels, and by split and match.
    """
    clips = [clip for own in splits.values() for clip in own]
    balls = [clip.labels.xy[clip.labels.visibility > ABSENT] for clip in clips]
    content = {}
    if any(map(len, balls)):
        places = [xy / clip.fit.source[::-1] for xy, clip in zip(balls, clips, strict=True)]
        steps = [np.linalg.norm(np.diff(clip.labels.xy, axis=0), axis=1) for clip in clips]
        content["positions"] = plot(_positions, np.concatenate(places))
        content["speeds"] = plot(_speeds, np.concatenate(steps))
    write_page(
        path,
        "dataset",
        title=title,
        facts=facts,
        splits={split: _row(own) for split, own in splits.items()},
        whole=_row(clips),
        matches=len({clip.clip.match for clip in clips}),
        problems=problems,
        offsets=offsets,
        samples=samples(clips),
        **content,
    )


def _row(clips: Sequence[StoredClip]) -> tuple[list[int], list[str], list[str]]:
    """How many clips and frames there are, balls, none, unlabelled; sizes; frames a second."""
    counts = [len(clips), sum(map(len, clips)), *count_labels(clip.labels for clip in clips)]
    sizes = sorted({"{1}x{0}".format(*clip.fit.source) for clip in clips})
    return counts, sizes, sorted({f"{float(clip.fps):.4g}" for clip in clips})


def _positions(axes: Axes, places: np.ndarray) -> None:
    """Where in the frame balls are labelled, (N, 2) shares of its size."""
    axes.scatter(*places.T, s=3, alpha=0.3, linewidths=0)
    axes.set(xlabel="x / width", ylabel="y / height", xlim=(0, 1), ylim=(1, 0))


def _speeds(axes: Axes, steps: np.ndarray) -> None:
    """How far balls move from one frame to the next, (N,) original pixels, NaN where unknown."""
    steps = np.minimum(steps[np.isfinite(steps)], FASTEST)
    axes.hist(steps, range(0, FASTEST + 3, 2), rwidth=0.88)
    axes.set(xlabel="speed (original px a frame)", ylabel="frames")


def samples(clips: Sequence[StoredClip]) -> list[tuple[str, int, np.ndarray]]:
    """Clip, frame and crop of labels, evenly over all clips."""
    labelled = [
        (clip, int(frame))
        for clip in clips
        for frame in np.flatnonzero(clip.labels.visibility > ABSENT)
    ]
    chosen = np.linspace(0, len(labelled) - 1, min(SAMPLES, len(labelled))).astype(int)
    return [
        (clip.clip.name, i, draw(np.array(clip.frames[i]), clip.network_xy[i]))
        for clip, i in (labelled[n] for n in chosen)
    ]
