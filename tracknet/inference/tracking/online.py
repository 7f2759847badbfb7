"""The trajectory while frames come: a Kalman filter says where the ball should be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tracknet.data.repeats import shown_again
from tracknet.geometry import Size
from tracknet.inference.tracking.base import LiveTracker
from tracknet.inference.tracking.motion import Motion
from tracknet.values import Cost, Deviations, Natural, Reach, Share


@dataclass(frozen=True)
class OnlineTracker(Motion, LiveTracker):
    """Picks each frame's candidate by its score and by how a ball of constant acceleration goes on.

    Scores are the network's, 0..1; lengths are shares of the frame's diagonal, per frame.

    Attributes:
        weak: Share of the threshold; a candidate is worth its score less that, so that one below it
            costs what it lacks, and one above the threshold alone may not be worth a `start`.
        start: What a candidate costs while no ball is followed.
        turn: What leaving the expected place costs at most: a hit.
        gate: How far from the expected place that cost is reached, in standard deviations of what
            is expected there. A pick beyond begins a new motion.
        patience: Frames without a pick that a motion outlasts.
    """

    name: ClassVar[str] = "online"

    weak: Share = 0.7
    start: Cost = 0.2
    turn: Cost = 0.15
    gate: Deviations = 3.0
    jerk: Share = 0.012
    noise: Reach = 0.0007
    patience: Natural = 2

    def follow(
        self, candidates: Iterable[np.ndarray], threshold: float, size: Size
    ) -> Iterator[int]:
        ball, missed, before, pick = None, 0, None, 0
        for found in candidates:
            if before is not None and shown_again(np.stack([before, found]))[1]:
                yield pick
                continue
            before = found
            places = found[:, :2] / np.hypot(*size)
            away, cost = np.full(len(places), np.inf), self.start
            if ball:
                ball = self.ahead(ball)
                away = self.away(ball, places)
                cost = self.turn * np.minimum(away / self.gate, 1)
            worth = found[:, 2] - self.weak * threshold - cost
            best = int(worth.argmax())
            if worth[best] <= 0:
                missed += 1
                if missed > self.patience:
                    ball = None
                pick = len(found)
                yield pick
                continue
            missed, place, near = 0, places[best], away[best] <= self.gate
            ball = self.correct(ball, place) if ball and near else self.begin(place)
            pick = best
            yield pick
