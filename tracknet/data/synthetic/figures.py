"""What moves besides the ball: players with limbs and rackets, birds, lights. All are strokes."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from tracknet.data.synthetic.physics import Hit

Colour = tuple[int, int, int]
_BITS = 4  # sub-pixel bits of cv2's drawing


def shaded(colour: Colour, light: float) -> Colour:
    """The colour of what a share of the light reaches."""
    red, green, blue = colour
    return int(light * red), int(light * green), int(light * blue)


class Stroke(NamedTuple):
    """A line with round ends; a dot where both ends agree. Pixels of the frame."""

    start: np.ndarray
    end: np.ndarray
    width: float
    colour: Colour


def draw(image: np.ndarray, strokes: Iterable[Stroke], origin: tuple[int, int] = (0, 0)) -> None:
    """Draws on an RGB image, or as white on a mask, whose first pixel is at `origin` (x, y)."""
    mask = image.ndim == 2
    for start, end, width, colour in strokes:
        ends = np.rint((np.array([start, end]) - origin) * 2**_BITS).astype(int)
        first, last = ends.tolist()
        thick = max(1, round(width))
        cv2.line(image, first, last, (255,) if mask else colour, thick, cv2.LINE_AA, _BITS)


class Player:
    """Somebody who runs about a home, is where the ball is hit, and swings there.

    Args:
        home: (x, y) on the court, metres.
        hits: The hits that are theirs.
        times: (N,) seconds of the frames.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        home: np.ndarray,
        hits: Sequence[Hit],
        times: np.ndarray,
        shirt: Colour,
        racket: bool,
    ) -> None:
        self.shirt, self.racket = shirt, racket
        self.skin: Colour = [(224, 172, 140), (176, 120, 88), (104, 70, 52)][rng.integers(3)]
        self.shorts: Colour = tuple(rng.integers(20, 110, 3).tolist())
        # White shoes are small, bright and fast: what a finder of balls must learn to pass over.
        self.shoes: Colour = (235, 235, 235) if rng.random() < 0.6 else (40, 40, 44)
        self.tall = rng.uniform(1.65, 1.95)
        knots = {t: home + rng.normal(0, 0.9, 2) for t in np.arange(-1.0, times[-1] + 2, 0.9)}
        for hit in hits:
            knots = {t: place for t, place in knots.items() if abs(t - hit.time) > 0.5}
            aside = np.array([rng.choice([-1, 1]) * rng.uniform(0.45, 0.8), 0.2 * hit.side])
            knots[hit.time] = hit.place[:2] + aside
        order = sorted(knots)
        places = np.array([knots[t] for t in order])
        # Averaged over a third of a second: people do not turn on the spot.
        spread = times[:, None] + np.linspace(-0.17, 0.17, 9)
        self.path = np.stack([np.interp(spread, order, xy).mean(1) for xy in places.T], -1)
        steps = np.linalg.norm(np.diff(self.path, axis=0, prepend=self.path[:1]), axis=1)
        self.stride = rng.uniform(0, 6) + np.cumsum(steps * 4.5 + 0.12)
        self.pace = np.clip(steps * 12, 0.25, 1.2)
        swings = (np.exp(-(((times - hit.time) / 0.14) ** 2)) for hit in hits)
        self.swing = sum(swings, np.zeros_like(times))
        self.lead = int(rng.choice([-1, 1]))

    def strokes(self, frame: int, feet: np.ndarray, scale: float) -> list[Stroke]:
        """The player in one frame, feet at `feet` (pixels), `scale` pixels per metre."""
        unit = self.tall * scale
        step, pace, swing = self.stride[frame], self.pace[frame], self.swing[frame]

        def at(x: float, y: float) -> np.ndarray:
            return feet + np.array([x, -y]) * unit

        out: list[Stroke] = []
        hip, neck = at(0.02 * np.sin(step), 0.5), at(0.03 * np.sin(step / 2), 0.8)
        for leg in (-1, 1):
            reach = 0.17 * pace * np.sin(step) * leg
            lift = max(0.0, 0.12 * pace * np.cos(step) * leg)
            foot, knee = at(0.05 * leg + reach, 0.03 + lift), at(0.05 * leg + 0.7 * reach, 0.27)
            toes = np.array([0.05 * unit * self.lead, 0])
            out.append(Stroke(hip, knee, 0.11 * unit, self.shorts))
            out.append(Stroke(knee, foot, 0.07 * unit, self.skin))
            out.append(Stroke(foot, foot + toes, 0.06 * unit, self.shoes))
        out.append(Stroke(hip, neck, 0.2 * unit, self.shirt))
        for arm in (-1, 1):
            angle = 0.5 + 0.5 * pace * np.sin(step) * arm
            if arm == self.lead:
                angle += 2.2 * swing
            shoulder = neck + np.array([0.09 * arm, 0.03]) * unit
            way = np.array([np.sin(angle) * arm, np.cos(angle)]) * unit
            hand = shoulder + 0.3 * way
            out.append(Stroke(shoulder, shoulder + 0.15 * way, 0.07 * unit, self.shirt))
            out.append(Stroke(shoulder + 0.15 * way, hand, 0.05 * unit, self.skin))
            if self.racket and arm == self.lead:
                out.append(Stroke(hand, hand + 0.13 * way, 0.02 * unit, (150, 150, 160)))
                out.append(Stroke(hand + 0.2 * way, hand + 0.27 * way, 0.1 * unit, (120, 124, 130)))
        head = at(0.03 * np.sin(step / 2), 0.93)
        out.append(Stroke(head, head, 0.13 * unit, self.skin))
        return out

    def shadow(self, feet: np.ndarray, scale: float, ground: Colour) -> Stroke:
        """A dark patch on the floor."""
        half = np.array([0.28 * scale, 0.0])
        return Stroke(feet - half, feet + half, 0.14 * scale, shaded(ground, 0.6))


class Bird:
    """A small thing that flaps across the picture behind the players, N frames long."""

    def __init__(self, rng: np.random.Generator, size: tuple[int, int], frames: int) -> None:
        h, w = size
        start = np.array([rng.uniform(0, w), rng.uniform(0.03, 0.6) * h])
        speed = np.array([rng.choice([-1, 1]) * rng.uniform(1, 5), rng.uniform(-0.5, 0.5)])
        t = np.arange(frames)
        self.path = start + speed * t[:, None]
        self.path[:, 0] %= w
        self.path[:, 1] += 5 * np.sin(t * rng.uniform(0.05, 0.2))
        self.flap = t * rng.uniform(0.8, 1.6)
        self.span = rng.uniform(2.5, 4.5)
        grey = int(rng.choice([25, 60, 120]))
        self.colour: Colour = (grey, grey, grey)

    def strokes(self, frame: int) -> list[Stroke]:
        """The two wings in one frame, in the resting camera's picture."""
        body = self.path[frame]
        lift = -self.span * np.sin(self.flap[frame])
        tips = (body + np.array([side * self.span, lift]) for side in (-1, 1))
        return [Stroke(body, tip, 2, self.colour) for tip in tips]


class Lights:
    """Bulbs and flashes in the stands that flicker, N frames long."""

    def __init__(self, rng: np.random.Generator, size: tuple[int, int], frames: int) -> None:
        count = int(rng.integers(2, 5))
        self.places = rng.uniform((0, 0), (size[1], 0.13 * size[0]), (count, 2))
        self.widths = rng.uniform(2, 5, count)
        levels = rng.uniform(60, 170, (frames, count))
        self.levels = np.where(rng.random((frames, count)) < 0.5, levels, 60).astype(int)

    def strokes(self, frame: int) -> list[Stroke]:
        """The bulbs in one frame, in the resting camera's picture."""
        bulbs = zip(self.places, self.widths, self.levels[frame].tolist(), strict=True)
        return [
            Stroke(place, place, width, (level, level, int(0.9 * level)))
            for place, width, level in bulbs
        ]
