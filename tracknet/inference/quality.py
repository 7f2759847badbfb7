"""How much is made of what a network sees: overlap and tracking in one word."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from tracknet.inference.overlap import OverlapName
from tracknet.inference.tracking import OfflineTracker, OnlineTracker, Smoother, Tracker

QualityName = Literal["best", "fast"]
TrackingName = Literal["none", "online", "offline", "smooth"]
TRACKINGS: tuple[TrackingName, ...] = get_args(TrackingName)


class Quality(NamedTuple):
    """What one word stands for, where nothing else is said.

    Attributes:
        overlap: What becomes of the windows that hold a frame, see `Overlap`.
        tracking: What picks among a frame's candidates.
    """

    overlap: OverlapName
    tracking: TrackingName


QUALITIES: Mapping[QualityName, Quality] = {
    "best": Quality("mean", "offline"),
    "fast": Quality("none", "online"),
}
"""``best`` is what files are predicted and scored with, ``fast`` what a stream is followed with."""


def make_tracker(name: TrackingName) -> Tracker | None:
    """A tracker with the settings of `configs/tracking`; None for ``none``."""
    if name == "online":
        return OnlineTracker()
    if name == "offline":
        return OfflineTracker()
    return OfflineTracker(smoother=Smoother()) if name == "smooth" else None
