"""The trajectory of a whole clip: its best path (Viterbi), over pairs of frames for velocity."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from tracknet.data.repeats import shown_again
from tracknet.geometry import Size, inside
from tracknet.inference.tracking.base import track_of
from tracknet.inference.tracking.smoother import Smoother
from tracknet.types import Track
from tracknet.values import Cost, Natural, Reach, Share


@dataclass(frozen=True)
class OfflineTracker:
    """Picks among the candidates of each frame, and fills short gaps.

    Scores are the network's, 0..1; lengths are shares of the frame's diagonal, per frame.

    Attributes:
        weak: Share of the threshold; a candidate is worth its score less that, so that one below it
            costs what it lacks, and one above the threshold alone may not be worth a `start`.
        start: What a path costs that begins or goes on after a frame without a ball.
        turn: What leaving the expected place costs at most: a hit.
        gate: How far from the place that the last velocity leads to this cost is reached.
        reach: The same without a velocity, from the last place; a gap that would need a faster ball
            is not filled.
        gap: Longest gap between two picks that is filled, in frames.
        smoother: Takes the jitter from the places of the picks; None leaves them as they are.
    """

    waits: ClassVar[bool] = True

    weak: Share = 0.9
    start: Cost = 0.25
    turn: Cost = 0.15
    gate: Reach = 0.03
    reach: Reach = 0.08
    gap: Natural = 0
    smoother: Smoother | None = None

    @property
    def name(self) -> str:
        """``smooth`` or ``offline``."""
        return "smooth" if self.smoother else "offline"

    def track(self, candidates: np.ndarray, threshold: float, size: Size) -> Track:
        again = shown_again(candidates)
        track = self._track(candidates[~again], threshold, size)
        row = np.cumsum(~again) - 1
        return Track(track.xy[row], track.score[row], track.source[row])

    def _track(self, candidates: np.ndarray, threshold: float, size: Size) -> Track:
        picks = self._best_path(candidates, threshold, size)
        track = track_of(candidates, picks, threshold)
        diagonal = np.hypot(*size)
        if self.smoother:
            track.xy[:] = inside(self.smoother(track.xy / diagonal) * diagonal, size)
        self._fill(track, np.flatnonzero(track.visible), diagonal)
        return track

    def _costs(
        self, here: np.ndarray, last: np.ndarray | None, earlier: np.ndarray | None
    ) -> np.ndarray:
        """What it costs to come here from places (K,2) in diagonals; None before the first frame.

        (K+1,K+1,K+1): from each candidate of the earlier frame, by each of the last one, to each of
        this one. Index K stands for no ball.
        """
        none = len(here)
        cost = np.full((none + 1,) * 3, self.start)
        if last is not None:
            away = np.linalg.norm(here[None] - last[:, None], axis=-1)
            cost[:, :none, :none] = self.turn * np.minimum(away / self.reach, 1)
        if last is not None and earlier is not None:
            expected = 2 * last[None] - earlier[:, None]
            off = np.linalg.norm(here - expected[:, :, None], axis=-1)
            cost[:none, :none, :none] = self.turn * np.minimum(off / self.gate, 1)
        cost[..., none] = 0
        return cost

    def _best_path(self, candidates: np.ndarray, threshold: float, size: Size) -> np.ndarray:
        """(N,) index of each frame's pick, K for no ball."""
        places, none = candidates[..., :2] / np.hypot(*size), candidates.shape[1]
        worth = np.full((none + 1, none + 1), -np.inf)  # of the best path to (last, this) pick
        worth[none, none] = 0
        last = earlier = None
        came_from, picks = [], []
        for here, scores in zip(places, candidates[..., 2], strict=True):
            paths = worth[:, :, None] - self._costs(here, last, earlier)
            came_from.append(paths.argmax(0))
            worth = paths.max(0) + np.append(scores - self.weak * threshold, 0)
            last, earlier = here, last
        before, this = np.unravel_index(worth.argmax(), worth.shape)
        for back in reversed(came_from):
            picks.append(this)
            before, this = back[before, this], before
        return np.array(picks[::-1], int)

    def _fill(self, track: Track, seen: np.ndarray, diagonal: float) -> None:
        """Joins picks over short gaps by a straight line, in place, where a ball can be as fast.

        The score there is 0: the network's is that of another place.
        """
        for before, after in pairwise(seen.tolist()):
            way = track.xy[after] - track.xy[before]
            between = np.arange(before + 1, after)
            near = np.linalg.norm(way) <= self.reach * diagonal * (after - before)
            if 0 < len(between) <= self.gap and near:
                share = (between - before)[:, None] / (after - before)
                track.xy[between] = track.xy[before] + share * way
                track.score[between] = 0
                track.source[between] = "interpolated"
