"""Where the ball is: rallies of ballistic arcs with bounces and hits.

Court coordinates in metres: x across the court, y along it, z up; the net stands at y = 0.
"""

from dataclasses import dataclass, replace

import numpy as np

GRAVITY = np.array([0.0, 0.0, -9.81])
RESTITUTION = 0.75  # share of the vertical speed left after a bounce
GRIP = 0.7  # share of the horizontal speed left after a bounce


@dataclass(frozen=True)
class Arc:
    """Free flight from `start` to `end` (seconds), from `origin` with `velocity`."""

    start: float
    end: float
    origin: np.ndarray
    velocity: np.ndarray

    def at(self, times: np.ndarray) -> np.ndarray:
        """(N, 3) positions at `times` (N,), inside the arc or not."""
        t = (times - self.start)[:, None]
        return self.origin + self.velocity * t + 0.5 * GRAVITY * t**2


@dataclass(frozen=True)
class Hit:
    """Somebody on `side` (-1 or 1, the sign of y) meets the ball at `place` (3,)."""

    time: float
    side: int
    place: np.ndarray


@dataclass(frozen=True)
class Flight:
    """All that the ball does in a clip; between the arcs there is no ball."""

    arcs: tuple[Arc, ...] = ()
    hits: tuple[Hit, ...] = ()

    def at(self, times: np.ndarray) -> np.ndarray:
        """(N, 3) positions at `times` (N,), NaN where there is no ball."""
        out = np.full((len(times), 3), np.nan)
        for arc in self.arcs:
            inside = (times >= arc.start) & (times < arc.end)
            out[inside] = arc.at(times[inside])
        return out


def rally(
    rng: np.random.Generator, court: tuple[float, float], bounces: float, start: float, end: float
) -> Flight:
    """Hits back and forth from `start` on; the last hit is the first one at or after `end`.

    Args:
        court: (width, length) in metres.
        bounces: Share of the shots that touch the ground before they are hit back.
        start: Time of the first hit, seconds.
        end: Seconds.
    """
    width, length = court
    arcs: list[Arc] = []
    side = int(rng.choice([-1, 1]))
    at = np.array([rng.uniform(-0.3, 0.3) * width, side * rng.uniform(0.3, 0.5) * length, 1.6])
    time, hits = start, [Hit(start, side, at)]
    while time < end:
        side = -side
        bouncing = rng.random() < bounces
        reach = (0.1, 0.4) if bouncing else (0.15, 0.5)
        x, y = rng.uniform(-0.45, 0.45) * width, side * rng.uniform(*reach) * length
        target = np.array([x, y, 0.1 if bouncing else rng.uniform(0.6, 2.4)])
        seconds = rng.uniform(0.45, 1.15)
        velocity = (target - at) / seconds - 0.5 * GRAVITY * seconds
        arc = Arc(time, time + seconds, at, velocity)
        arcs.append(arc)
        if bouncing:
            falling = arc.velocity[2] + GRAVITY[2] * (arc.end - arc.start)
            velocity = arc.velocity * [GRIP, GRIP, 0.0] + [0, 0, -RESTITUTION * falling]
            airborne = 2 * velocity[2] / -GRAVITY[2]
            arc = Arc(arc.end, arc.end + rng.uniform(0.4, 0.8) * airborne, target, velocity)
            arcs.append(arc)
        time, at = arc.end, arc.at(np.array([arc.end]))[0]
        hits.append(Hit(time, side, at))
    return Flight(tuple(arcs), tuple(hits))


def flight(
    rng: np.random.Generator,
    court: tuple[float, float],
    bounces: float,
    duration: float,
    pause: float,
) -> Flight:
    """A rally, a pause of `pause` seconds without a ball, another rally; `duration` in all.

    The first rally is shifted so that its last hit begins the pause: the ball vanishes in a hand
    rather than in the air.
    """
    stop = rng.uniform(0, duration - pause)
    before = rally(rng, court, bounces, 0.0, stop)
    late = stop - before.hits[-1].time
    arcs = [replace(arc, start=arc.start + late, end=arc.end + late) for arc in before.arcs]
    hits = [replace(hit, time=hit.time + late) for hit in before.hits]
    after = rally(rng, court, bounces, stop + pause, duration)
    return Flight((*arcs, *after.arcs), (*hits, *after.hits))
