"""How a ball goes on: a Kalman filter of constant acceleration."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tracknet.values import Reach, Share

STEP = np.array([[1, 1, 0.5], [0, 1, 1], [0, 0, 1]])
"""Position, velocity and acceleration a frame later."""
JERK = np.array([0.5, 1, 1])
"""What a change of the acceleration adds to them."""


class State(NamedTuple):
    """A ball in one frame, as far as it is known.

    Attributes:
        mean: (3,2) position, velocity and acceleration; x and y.
        covariance: (3,3) of x, and of y.
    """

    mean: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class Motion:
    """The discrete Wiener process acceleration model.

    The acceleration changes by a random amount from frame to frame (Bar-Shalom, Li, Kirubarajan:
    Estimation with Applications to Tracking and Navigation, 2001, section 6.3.3).

    Attributes:
        jerk: Standard deviation of the acceleration's change in a frame, and of a new motion's
            acceleration.
        speed: Standard deviation of a new motion's velocity.
        noise: Standard deviation of a place that was seen, above 0.
    """

    jerk: Share = 0.001
    speed: Share = 0.02
    noise: Reach = 0.001

    def begin(self, place: np.ndarray) -> State:
        """A ball of which nothing is known but one place (2,)."""
        mean = np.array([place, (0, 0), (0, 0)])
        return State(mean, np.diag([self.noise**2, self.speed**2, self.jerk**2]))

    def ahead(self, state: State) -> State:
        """The ball a frame later."""
        change = self.jerk**2 * np.outer(JERK, JERK)
        return State(STEP @ state.mean, STEP @ state.covariance @ STEP.T + change)

    def away(self, state: State, places: np.ndarray) -> np.ndarray:
        """How far places (...,2) lie from the expected one, in standard deviations of it."""
        deviation = np.sqrt(state.covariance[0, 0] + self.noise**2)
        return np.linalg.norm(places - state.mean[0], axis=-1) / deviation

    def correct(self, state: State, place: np.ndarray) -> State:
        """The ball once it was seen at a place (2,)."""
        seen = state.covariance[0]
        gain = seen / (seen[0] + self.noise**2)
        mean = state.mean + np.outer(gain, place - state.mean[0])
        return State(mean, state.covariance - np.outer(gain, seen))
