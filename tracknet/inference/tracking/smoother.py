"""Places without the network's jitter, once a whole clip is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tracknet.inference.tracking.motion import STEP, Motion, State
from tracknet.values import Deviations


@dataclass(frozen=True)
class Smoother(Motion):
    """Smooths each motion by itself, from one hit to the next (Rauch, Tung, Striebel 1965).

    Lengths are shares of the frame's diagonal, per frame.

    Attributes:
        gate: How far from the expected place a ball is taken to be hit, in standard deviations.
    """

    gate: Deviations = 3.0

    def __call__(self, places: np.ndarray) -> np.ndarray:
        """Smoothed places.

        Args:
            places: (N,2) in diagonals, NaN where there is no ball.

        Returns:
            (N,2), NaN where there was none.
        """
        smoothed = places.copy()
        for end, states in self._motions(places):
            smoothed[end - len(states) : end] = _looking_back(states)
        return smoothed

    def _motions(self, places: np.ndarray) -> Iterator[tuple[int, list[tuple[State, State]]]]:
        """The frame after each motion, and the ball in its frames, before and after each place."""
        states: list[tuple[State, State]] = []
        for frame, place in enumerate(places):
            expected = self.ahead(states[-1][1]) if states else None
            if expected and self.away(expected, place) <= self.gate:
                states.append((expected, self.correct(expected, place)))
                continue
            if states:
                yield frame, states
            begun = self.begin(place)
            states = [(begun, begun)] if np.isfinite(place).all() else []
        if states:
            yield len(places), states


def _looking_back(states: list[tuple[State, State]]) -> np.ndarray:
    """(N,2): where the ball was, each place in the light of all later ones."""
    mean = states[-1][1].mean
    places = [mean[0]]
    for (expected, _), (_, before) in pairwise(reversed(states)):
        gain = np.linalg.solve(expected.covariance, STEP @ before.covariance).T
        mean = before.mean + gain @ (mean - expected.mean)
        places.append(mean[0])
    return np.array(places[::-1])
