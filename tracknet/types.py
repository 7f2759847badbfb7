"""The few frozen dataclasses that cross packages."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from tracknet.names import readable

UNLABELLED = -1
ABSENT = 0


@dataclass(frozen=True)
class FeatureInfo:
    """What a backbone hands to a decoder.

    Attributes:
        layout: ``tokens`` is one grid (B,Hp,Wp,C); ``pyramid`` a list of (B,C,H,W), finest first.
        channels: Channels of each level.
        strides: Input pixels per feature cell of each level.
    """

    layout: Literal["tokens", "pyramid"]
    channels: tuple[int, ...]
    strides: tuple[int, ...]

    def finer_than(self, stride: int) -> int:
        """How many of the levels are finer than that, the coarsest not counted."""
        return sum(own < stride for own in self.strides[:-1])


@dataclass(frozen=True)
class Labels:
    """Ball labels of one clip; row i belongs to frame i.

    Attributes:
        xy: (N, 2) float32, pixels of the original frame, NaN where there is no position.
        visibility: (N,) int8: -1 unlabelled, 0 no ball, above 0 the layout's class of visible ball.
        size: (H, W) of the original frame; None while nobody has opened the video.
        rest: The visibility of frames behind the last row: unlabelled, or without a ball.
    """

    xy: np.ndarray
    visibility: np.ndarray
    size: tuple[int, int] | None = None
    rest: int = UNLABELLED

    def __len__(self) -> int:
        return len(self.visibility)

    @classmethod
    def empty(
        cls, length: int, rest: int = UNLABELLED, size: tuple[int, int] | None = None
    ) -> "Labels":
        """Labels of which no row says anything: all frames are as `rest` says."""
        xy = np.full((length, 2), np.nan, np.float32)
        return cls(xy, np.full(length, rest, np.int8), size, rest)

    def resized(self, length: int) -> "Labels":
        """The same labels for `length` frames; those that no row describes are as `rest` says."""
        labels, n = Labels.empty(length, self.rest, self.size), min(length, len(self))
        labels.xy[:n], labels.visibility[:n] = self.xy[:n], self.visibility[:n]
        return labels


def count_labels(labels: Iterable[Labels]) -> tuple[int, int, int]:
    """How many frames of all clips have a ball, have none, and are unlabelled."""
    states = np.concatenate([np.empty(0, np.int8), *(clip.visibility for clip in labels)])
    labelled, balls = int((states != UNLABELLED).sum()), int((states > ABSENT).sum())
    return balls, labelled - balls, len(states) - labelled


@dataclass(frozen=True)
class Clip:
    """One uninterrupted piece of video with its labels.

    Attributes:
        name: Path relative to the dataset's root, without the layout's own folders and without
            extension, such as ``test/match1/a00001``; in `readable` form, as tables have it.
        match: The match (venue) that it belongs to. One name in train and val is one match; a test
            split may count its matches anew.
        source: A video file or a folder of frames.
        labels: Labels in the order of the frames.
    """

    name: str
    match: str
    source: Path
    labels: Labels

    def __post_init__(self) -> None:
        for key in ("name", "match"):
            object.__setattr__(self, key, readable(getattr(self, key)))


@dataclass(frozen=True)
class Track:
    """At most one predicted ball per frame of one clip; row i belongs to frame i.

    Attributes:
        xy: (N, 2) float, pixels of the original frame, NaN where no ball is predicted.
        score: (N,) float in 0..1, also where the ball is rejected for its low score.
        source: (N,) strings: ``detected``, ``tracked``, ``interpolated`` or empty (no ball).
    """

    xy: np.ndarray
    score: np.ndarray
    source: np.ndarray

    def __len__(self) -> int:
        return len(self.score)

    @classmethod
    def of_best(cls, best: np.ndarray) -> "Track":
        """Each frame's best candidate (N,3), original x, y and score, none rejected."""
        return cls(best[:, :2], best[:, 2], np.full(len(best), "detected"))

    @property
    def visible(self) -> np.ndarray:
        """(N,) bool: frames in which a ball is predicted."""
        return self.source != ""
