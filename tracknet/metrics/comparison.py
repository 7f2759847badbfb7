"""Whether one model is better than another, on the same clips."""

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np

from tracknet.metrics.bootstrap import interval
from tracknet.metrics.protocols import Protocol, check_clips
from tracknet.types import Labels, Track


def f1_difference(
    protocol: Protocol,
    labels: Sequence[Labels],
    first: Sequence[Track],
    other: Sequence[Track],
) -> tuple[float, tuple[float, float] | None]:
    """How much higher the other one's F1 is, and its 95 % interval, a paired bootstrap over clips.

    Every set of clips that is drawn is scored with both. What makes a clip hard for both cancels
    out, so that the interval is narrower than those of the two figures suggest. It is None for
    fewer than two clips.

    Args:
        protocol: What they are scored by.
        labels: One per clip, original pixels.
        first: Predictions of the same clips, original pixels.
        other: Those of another model.

    Raises:
        ValueError: Numbers of clips or of frames differ, or a position is missing.
    """
    check_clips(labels, first)
    check_clips(labels, other)
    clips = [
        astuple(protocol.count(label, one)) + astuple(protocol.count(label, two))
        for label, one, two in zip(labels, first, other, strict=True)
    ]

    def difference(sums: np.ndarray) -> np.ndarray:
        one, two = (protocol.counts(*half.T).f1 for half in np.split(sums, 2, axis=-1))
        return two - one

    whole = np.sum(np.array(clips, int).reshape(len(clips), 10), axis=0)
    return float(difference(whole)), interval(difference, clips)
