"""Where the ball was and where it was seen, frame by frame, as drawings that a browser scales."""

from collections.abc import Iterator

import numpy as np

from tracknet.metrics import STRICT, Outcome
from tracknet.types import UNLABELLED, Labels, Track

KINDS = {"hit": (Outcome.TP,), "false": (Outcome.FP1, Outcome.FP2), "missed": (Outcome.FN,)}
Runs = list[list[int]]
"""First and one past the last frame of each."""


def panels(labels: Labels, track: Track) -> Iterator[tuple[str, int, Runs, str, dict[str, str]]]:
    """x and y over the frames of a clip: right is up in the first panel, up is up in the second.

    Args:
        labels: Original pixels, with the size of their frame.
        track: Its predictions, original pixels.

    Yields:
        The axis, its extent in original pixels, the unlabelled frames, and as paths of SVG the
        labels and, by kind, the predictions and the missed balls.
    """
    assert labels.size, "labels of frames that were read have their size"
    height, width = labels.size
    up = [xy * [-1, 1] + [width - 1, 0] for xy in (labels.xy, track.xy)]
    outcomes, ball = STRICT.outcomes(labels, track), _runs(STRICT.ball(labels))
    for i, (axis, extent) in enumerate((("x", width), ("y", height))):
        label, prediction = (xy[:, i] for xy in up)
        line = (" ".join(f"{n} {label[n]:.1f}" for n in range(*run)) for run in ball)
        dots = {
            kind: "".join(
                f"M{n} {(label if kind == 'missed' else prediction)[n]:.1f}h0"
                for n in np.flatnonzero(np.isin(outcomes, codes))
            )
            for kind, codes in KINDS.items()
        }
        unlabelled = _runs(labels.visibility == UNLABELLED)
        yield axis, extent, unlabelled, "".join(f"M{run}h0" for run in line), dots


def _runs(mask: np.ndarray) -> Runs:
    edges = np.flatnonzero(np.diff(mask.astype(int), prepend=0, append=0))
    return edges.reshape(-1, 2).tolist()
