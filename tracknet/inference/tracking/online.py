"""The trajectory while frames come: a Kalman filter says where the ball should be."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tracknet.geometry import Size
from tracknet.inference.tracking.motion import Motion, State
from tracknet.inference.tracking.picks import track_of
from tracknet.types import Track
from tracknet.values import Cost, Deviations, Natural, Reach, Share


@dataclass(frozen=True)
class OnlineTracker:
    """Picks each frame's candidate by its score and by how a ball of constant acceleration goes on.

    Scores are the network's, 0..1; lengths are shares of the frame's diagonal, per frame.

    Attributes:
        weak: Share of the threshold; a candidate is worth its score less that, so that one below it
            costs what it lacks, and one above the threshold alone may not be worth a `start`.
        start: What a candidate costs while no ball is followed.
        turn: What leaving the expected place costs at most: a hit.
        gate: How far from the expected place that cost is reached, in standard deviations of what
            is expected there. A pick beyond begins a new motion.
        jerk: As in `Motion`, like the next two.
        speed: Of a motion that begins.
        noise: Of a candidate's place.
        patience: Frames without a pick that a motion outlasts.
    """

    name: ClassVar[str] = "online"
    waits: ClassVar[bool] = False

    weak: Share = 0.7
    start: Cost = 0.2
    turn: Cost = 0.15
    gate: Deviations = 3.0
    jerk: Share = 0.012
    speed: Share = 0.02
    noise: Reach = 0.0007
    patience: Natural = 2

    def track(self, candidates: np.ndarray, threshold: float, size: Size) -> Track:
        """One clip's trajectory.

        Args:
            candidates: (N,K,3) x, y in original pixels and score, best first.
            threshold: Score from which a candidate needs no path to it.
            size: (H, W) of the original frame.

        Returns:
            ``detected`` where the best candidate reaches the threshold, ``tracked`` where the
            motion chose another or a weaker one.
        """
        follower = self.follow(threshold, size)
        picks = np.array([follower.pick(frame) for frame in candidates], int)
        return track_of(candidates, picks, threshold)

    def follow(self, threshold: float, size: Size) -> "_Following":
        """Begins a video whose frames are still coming, see `LiveTracker`."""
        return _Following(self, threshold, size)


class _Following:
    """One video's ball; see `Follower`."""

    def __init__(self, tracker: OnlineTracker, threshold: float, size: Size) -> None:
        self.tracker = tracker
        self.threshold = threshold
        self.diagonal = np.hypot(*size)
        self._motion = Motion(tracker.jerk, tracker.speed, tracker.noise)
        self._ball: State | None = None
        self._missed = 0

    def pick(self, candidates: np.ndarray) -> int:
        setting, places = self.tracker, candidates[:, :2] / self.diagonal
        if self._ball is None:
            away, cost = np.full(len(places), np.inf), setting.start
        else:
            self._ball = self._motion.ahead(self._ball)
            away = self._motion.away(self._ball, places)
            cost = setting.turn * np.minimum(away / setting.gate, 1)
        worth = candidates[:, 2] - setting.weak * self.threshold - cost
        best = int(worth.argmax())
        if worth[best] <= 0:
            self._missed += 1
            if self._missed > setting.patience:
                self._ball = None
            return len(candidates)
        self._missed = 0
        if away[best] > setting.gate:
            self._ball = self._motion.begin(places[best])
        else:
            self._ball = self._motion.correct(self._ball, places[best])
        return best
