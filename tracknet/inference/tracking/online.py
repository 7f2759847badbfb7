"""The trajectory while frames come: a Kalman filter says where the ball should be."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tracknet.geometry import Size
from tracknet.inference.tracking.picks import track_of
from tracknet.types import Track

STEP = np.array([[1, 1, 0.5], [0, 1, 1], [0, 0, 1]])
"""Position, velocity and acceleration a frame later."""
JERK = np.array([0.5, 1, 1])
"""What a change of the acceleration adds to them."""


@dataclass(frozen=True)
class OnlineTracker:
    """Picks each frame's candidate by its score and by how a ball of constant acceleration goes on.

    The acceleration changes by a random amount from frame to frame: the discrete Wiener process
    acceleration model (Bar-Shalom, Li, Kirubarajan: Estimation with Applications to Tracking and
    Navigation, 2001, section 6.3.3). Scores are the network's, 0..1; lengths are shares of the
    frame's diagonal, per frame.

    Attributes:
        weak: Share of the threshold; a candidate is worth its score less that, so that one below it
            costs what it lacks, and one above the threshold alone may not be worth a `start`.
        start: What a candidate costs while no ball is followed.
        turn: What leaving the expected place costs at most: a hit.
        gate: How far from the expected place that cost is reached, in standard deviations of what
            is expected there. A pick beyond begins a new motion.
        jerk: Standard deviation of the acceleration's change in a frame, and of a new motion's
            acceleration.
        speed: Standard deviation of a new motion's velocity.
        noise: Standard deviation of a candidate's place.
        patience: Frames without a pick that a motion outlasts.
    """

    mode: ClassVar[str] = "online"

    weak: float = 0.7
    start: float = 0.2
    turn: float = 0.15
    gate: float = 3.0
    jerk: float = 0.012
    speed: float = 0.02
    noise: float = 0.0007
    patience: int = 2

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
        follower = Follower(self, threshold, size)
        picks = np.array([follower.pick(frame) for frame in candidates], int)
        return track_of(candidates, picks, threshold)


class Follower:
    """Picks frame by frame.

    Args:
        tracker: What motion costs.
        threshold: Score from which a candidate needs no path to it.
        size: (H, W) of the original frame.
    """

    def __init__(self, tracker: OnlineTracker, threshold: float, size: Size) -> None:
        self.tracker = tracker
        self.threshold = threshold
        self.diagonal = np.hypot(*size)
        self._motion: np.ndarray | None = None  # (3,2): rows as in STEP, x and y
        self._covariance = np.zeros((3, 3))  # of x and of y
        self._missed = 0

    def pick(self, candidates: np.ndarray) -> int:
        """The index of the next frame's pick among its candidates (K,3), K for no ball."""
        setting, places = self.tracker, candidates[:, :2] / self.diagonal
        if self._motion is None:
            away, cost = np.full(len(places), np.inf), setting.start
        else:
            self._motion = STEP @ self._motion
            change = setting.jerk**2 * np.outer(JERK, JERK)
            self._covariance = STEP @ self._covariance @ STEP.T + change
            deviation = np.sqrt(self._covariance[0, 0] + setting.noise**2)
            away = np.linalg.norm(places - self._motion[0], axis=1) / deviation
            cost = setting.turn * np.minimum(away / setting.gate, 1)
        worth = candidates[:, 2] - setting.weak * self.threshold - cost
        best = int(worth.argmax())
        if worth[best] <= 0:
            self._missed += 1
            if self._missed > setting.patience:
                self._motion = None
            return len(candidates)
        self._missed = 0
        if away[best] > setting.gate:
            self._begin(places[best])
        else:
            self._correct(places[best])
        return best

    def _begin(self, place: np.ndarray) -> None:
        setting = self.tracker
        self._motion = np.array([place, (0, 0), (0, 0)])
        self._covariance = np.diag([setting.noise**2, setting.speed**2, setting.jerk**2])

    def _correct(self, place: np.ndarray) -> None:
        seen = self._covariance[0]
        gain = seen / (seen[0] + self.tracker.noise**2)
        self._motion = self._motion + np.outer(gain, place - self._motion[0])
        self._covariance = self._covariance - np.outer(gain, seen)
