"""Where the ball was and where it was seen, frame by frame, as drawings that a browser scales."""

from collections.abc import Mapping, Sequence

import numpy as np

from tracknet.metrics import STRICT, Outcome
from tracknet.report.page import breakable
from tracknet.types import UNLABELLED, Labels, Track

MOST = 12
PIXELS_A_FRAME = 2
KINDS = {"hit": (Outcome.TP,), "false": (Outcome.FP1, Outcome.FP2), "missed": (Outcome.FN,)}


def trajectories(
    names: Sequence[str], labels: Sequence[Labels], tracks: Sequence[Track], f1: Mapping[str, float]
) -> str:
    """x and y over the frames of the clips with the lowest F1, `MOST` of them, the lowest first.

    Args:
        names: One per clip.
        labels: Of the same clips, original pixels, with the size of their frame.
        tracks: Their predictions, original pixels.
        f1: Name -> strict F1.
    """
    order = sorted(range(len(names)), key=lambda i: f1[names[i]])[:MOST]
    return "".join(
        f'<figure class="run"><figcaption><b>{breakable(names[i])}</b> F1 {f1[names[i]]:.1%}'
        f"</figcaption>{_panels(labels[i], tracks[i])}</figure>"
        for i in order
        if len(labels[i])
    )


def _panels(labels: Labels, track: Track) -> str:
    """Right is up in the upper one, up is up in the lower one."""
    assert labels.size, "labels of frames that were read have their size"
    height, width = labels.size
    label, prediction = (xy * [-1, 1] + [width - 1, 0] for xy in (labels.xy, track.xy))
    outcomes, n = STRICT.outcomes(labels, track), len(labels)
    panels = (
        _panel(name, label[:, axis], prediction[:, axis], labels, outcomes, extent)
        for axis, (name, extent) in enumerate((("x", width), ("y", height)))
    )
    return (
        f'<div class="scroll"><div style="min-width:{PIXELS_A_FRAME * n}px">{"".join(panels)}'
        f'<p class="ends"><span>frame 0</span><span>{n - 1}</span></p></div></div>'
    )


def _panel(
    name: str,
    label: np.ndarray,
    prediction: np.ndarray,
    labels: Labels,
    outcomes: np.ndarray,
    extent: int,
) -> str:
    unlabelled = "".join(
        f'<rect x="{first - 0.5}" width="{end - first}" height="{extent}"/>'
        for first, end in _runs(labels.visibility == UNLABELLED)
    )
    line = "".join(
        "M" + " ".join(f"{frame} {label[frame]:.1f}" for frame in range(first, end)) + "h0"
        for first, end in _runs(STRICT.ball(labels))
    )
    dots = "".join(
        f'<path class="{kind}" d="{_dots(label if kind == "missed" else prediction, chosen)}"/>'
        for kind, codes in KINDS.items()
        if (chosen := np.flatnonzero(np.isin(outcomes, codes))).size
    )
    return (
        f'<div class="axis"><span>{name}</span><svg viewBox="-0.5 0 {len(label)} {extent}" '
        f'preserveAspectRatio="none" role="img" aria-label="{name} over the frames">'
        f'{unlabelled}<path d="{line}"/>{dots}</svg></div>'
    )


def _dots(values: np.ndarray, frames: np.ndarray) -> str:
    return "".join(f"M{frame} {values[frame]:.1f}h0" for frame in frames)


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """First and one past the last index of each run of True."""
    edges = np.flatnonzero(np.diff(mask.astype(int), prepend=0, append=0))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]
