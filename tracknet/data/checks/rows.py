"""What is wrong with a clip's labels by themselves, once its frames are counted."""

from collections.abc import Iterator

import numpy as np

from tracknet.problems import Problem
from tracknet.types import ABSENT, UNLABELLED, Labels

FEW = 0.1
"""Of a clip's frames: where fewer have no label between others, these were forgotten."""


def row_problems(
    clip: str, labels: Labels, frames: int, size: tuple[int, int]
) -> Iterator[Problem]:
    """What is wrong with labels as they were read.

    Args:
        clip: The clip's name.
        labels: Original pixels, before they were fitted to the video.
        frames: How many could be decoded.
        size: (H, W) of the original frames.
    """
    known = labels.visibility != UNLABELLED
    holes = np.flatnonzero(~known[: frames if known.any() else 0])
    if 0 < len(holes) <= FEW * frames:
        message = f"{len(holes)} frames between labels have none"
        yield Problem("missing_row", clip, int(holes[0]), message)
    # Where labels stand here and there on purpose, none need be at the end.
    dense = len(labels) and known.mean() >= 1 - FEW
    if dense and len(labels) < frames and labels.rest == UNLABELLED:
        message = f"labels of {len(labels)} frames, but {frames} can be decoded"
        yield Problem("label_count", clip, len(labels), message)
    height, width = size
    xy = labels.xy[labels.visibility > ABSENT]
    if len(xy) >= 10 and np.nanmax(xy) <= 1.5:
        message = (
            f"positions up to {np.nanmax(xy):g} are shares of the frame, not pixels; multiply x by "
            f"{width} and y by {height}"
        )
        yield Problem("normalised", clip, None, message)
    outside = (xy > (width, height)).any(1).mean() if len(xy) else 0
    turned = (xy > (height, width)).any(1).mean() if len(xy) else 0
    if outside > FEW > turned:
        message = "x and y seem to be swapped: the other way round they fit the frame"
        yield Problem("swapped", clip, None, message)
