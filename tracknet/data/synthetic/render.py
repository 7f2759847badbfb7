"""From a seed to frames and labels: everything random is drawn first, then frames are painted."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from tracknet.data.synthetic import court
from tracknet.data.synthetic.camera import Camera, View, views
from tracknet.data.synthetic.court import MARGIN, Venue
from tracknet.data.synthetic.figures import Bird, Lights, Player, Stroke, draw, shaded
from tracknet.data.synthetic.physics import Flight, flight

FPS = 30
CLIPS_PER_MATCH = 2
SPLITS = ("train", "val", "test")
EXPOSURES = 9  # places of the ball while the shutter is open; odd, so that one is the middle
SEEN = 0.4  # the least share of the ball that shows where it is labelled visible
CONTRAST = 45  # the least difference from its background, in grey levels, where it is so labelled
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class BallLabel(NamedTuple):
    """The truth of one frame: centre at mid exposure in pixels, and whether it can be seen."""

    xy: tuple[float, float]
    visible: bool


NO_BALL = BallLabel((0.0, 0.0), False)


@dataclass(frozen=True)
class Scene:
    """A clip, ready to be painted frame by frame in any order.

    Attributes:
        size: (H, W) of the frames.
        plate: The empty venue with a margin around it.
        shutter: Seconds of exposure.
        diameter: Of the ball at the court's centre, pixels.
        noise: (K, H, W, 3) int16 tiles of sensor noise.
        grain: (N, 2) for each frame its tile and how far that is rolled.
    """

    size: tuple[int, int]
    venue: Venue
    camera: Camera
    plate: np.ndarray
    views: list[View]
    flight: Flight
    players: list[Player]
    birds: list[Bird]
    lights: Lights
    shutter: float
    diameter: float
    noise: np.ndarray
    grain: np.ndarray
    score: tuple[str, str, int]

    def __len__(self) -> int:
        return len(self.views)

    def frame(self, index: int) -> tuple[np.ndarray, BallLabel]:
        """One frame (H, W, 3) RGB uint8 and its label."""
        view, (h, w) = self.views[index], self.size
        image = cv2.warpAffine(
            self.plate, view.matrix(MARGIN), (w, h), borderMode=cv2.BORDER_REFLECT
        )
        for thing in (self.lights, *self.birds):
            draw(image, [_seen(stroke, view) for stroke in thing.strokes(index)])
        behind, before, depth = self._players(index, view)
        draw(image, behind)
        label = NO_BALL if depth is None else self._ball(image, index, view, before)
        draw(image, before)
        self._scoreboard(image, index)
        tile, roll = self.grain[index]
        # Rolling by whole rows is a copy of two slices, and cheaper than new noise.
        noise = self.noise[tile]
        top = cv2.add(image[:roll], noise[h - roll :], dtype=cv2.CV_8U) if roll else image[:0]
        rest = cv2.add(image[roll:], noise[: h - roll], dtype=cv2.CV_8U)
        return np.concatenate([top, rest]), label

    def _players(self, index: int, view: View) -> tuple[list[Stroke], list[Stroke], float | None]:
        """Strokes behind the ball and before it, far ones first, and how deep the ball is."""
        ball = self.flight.at(np.array([index / FPS]))
        depth = None if np.isnan(ball).any() else float(self.venue.to_world(ball)[0, 1])
        court_places = np.array([[*player.path[index], 0.0] for player in self.players])
        world = self.venue.to_world(court_places)
        pixels, scales = self.camera.project(world)
        feet, scales = view.apply(pixels), scales * view.zoom
        floor, before, standing = self.venue.floor, [], zip(self.players, feet, scales, strict=True)
        behind = [player.shadow(spot, scale, floor) for player, spot, scale in standing]
        for i in np.argsort(-world[:, 1]):
            strokes = self.players[i].strokes(index, feet[i], scales[i])
            nearer = depth is not None and world[i, 1] < depth
            (before if nearer else behind).extend(strokes)
        return behind, before, depth

    def _ball(self, image: np.ndarray, index: int, view: View, before: list[Stroke]) -> BallLabel:
        """Draws the ball and its shadow; says where it is and whether it will be seen."""
        times = index / FPS + self.shutter * np.linspace(-0.5, 0.5, EXPOSURES)
        places = self.flight.at(times)
        # At the first and last moment of a rally, part of the exposure has no ball in it.
        middle = places[EXPOSURES // 2]
        places = np.where(np.isnan(places), middle, places)
        pixels, scale = self.camera.project(self.venue.to_world(places))
        path = view.apply(pixels)
        centre = path[EXPOSURES // 2]
        rest = self.camera.project(np.zeros(3))[1]
        zoom = scale[EXPOSURES // 2] / rest * view.zoom
        diameter = float(np.clip(self.diameter * zoom, *ball_limits(self.size)))

        floor, _ = self.camera.project(self.venue.to_world(middle * [1, 1, 0]))
        floor = view.apply(floor)
        draw(image, [Stroke(floor, floor, 0.8 * diameter, shaded(self.venue.floor, 0.65))])

        share, (left, top) = smear(path, diameter)
        full = share.sum()
        h, w = self.size
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + share.shape[1], w), min(top + share.shape[0], h)
        if x0 >= x1 or y0 >= y1:
            return NO_BALL
        share = share[y0 - top : y1 - top, x0 - left : x1 - left]
        patch = image[y0:y1, x0:x1]
        under = patch @ _LUMA
        colour = np.array(self.venue.ball, np.float32)
        patch[:] = np.round(patch + share[..., None] * (colour - patch))

        hidden = np.zeros(share.shape, np.uint8)
        draw(hidden, before, (x0, y0))
        bh, bw = self._board
        hidden[: max(bh - y0, 0), : max(bw - x0, 0)] = 255
        shows = share * (1 - hidden.astype(np.float32) / 255)
        contrast = (shows * np.abs(colour @ _LUMA - under)).max()
        x, y = np.round(centre).astype(int)
        open_middle = x0 <= x < x1 and y0 <= y < y1 and hidden[y - y0, x - x0] < 128
        visible = bool(open_middle and shows.sum() >= SEEN * full and contrast >= CONTRAST)
        return BallLabel((float(centre[0]), float(centre[1])), True) if visible else NO_BALL

    @property
    def _board(self) -> tuple[int, int]:
        """(height, width) of the scoreboard, in the top left corner."""
        return round(0.1 * self.size[0]), round(0.27 * self.size[1])

    def _scoreboard(self, image: np.ndarray, index: int) -> None:
        bh, bw = self._board
        home, away, start = self.score
        image[:bh, :bw] = (24, 26, 40)
        image[: bh // 2, : bw // 20] = self.players[0].shirt
        image[bh // 2 : bh, : bw // 20] = self.players[-1].shirt
        clock = start + index // FPS
        for row, text in enumerate((f"{home}  {clock // 60:02d}:{clock % 60:02d}", away)):
            at = (bw // 12, round(bh * (0.4 + 0.5 * row)))
            font = cv2.FONT_HERSHEY_SIMPLEX, bh / 85
            cv2.putText(image, text, at, *font, (205,) * 3, 1, cv2.LINE_AA)


def smear(path: np.ndarray, diameter: float) -> tuple[np.ndarray, tuple[int, int]]:
    """The share of each pixel that the ball, a moving disc, covers while the shutter is open.

    Args:
        path: (N, 2) places of the disc's centre at even times of the exposure, pixels.
        diameter: Pixels.

    Returns:
        (h, w) float32 shares in 0..1 of a patch that holds the whole disc, and the (x, y) of the
        patch's first pixel.
    """
    low = np.floor(path.min(0) - diameter / 2 - 1).astype(int)
    high = np.ceil(path.max(0) + diameter / 2 + 1).astype(int)
    x = np.arange(low[0], high[0] + 1) - path[:, :1]
    y = np.arange(low[1], high[1] + 1) - path[:, 1:]
    away = np.sqrt(x[:, None, :] ** 2 + y[:, :, None] ** 2)
    share = np.clip(diameter / 2 + 0.5 - away, 0, 1).mean(0)
    return share.astype(np.float32), (int(low[0]), int(low[1]))


def ball_limits(size: tuple[int, int]) -> tuple[float, float]:
    """Least and greatest diameter of the ball in frames of `size`, pixels."""
    scale = max(1.0, size[0] / 360)
    return 3 * scale, 6 * scale


def match_of(clip: int) -> int:
    """The match that clip 1, 2, ... of a split belongs to."""
    return (clip - 1) // CLIPS_PER_MATCH + 1


def scene(seed: int, split: str, clip: int, frames: int, size: tuple[int, int]) -> Scene:
    """Clip 1, 2, ... of a split; a pure function of its arguments."""
    part, match = SPLITS.index(split), match_of(clip)
    place = court.venue(np.random.default_rng([seed, part, match, 1]), match - 1 + 2 * part)
    rng = np.random.default_rng([seed, part, clip])
    camera = place.camera(size)
    duration = frames / FPS
    path = flight(rng, place.court, place.bounces, duration, rng.uniform(0.2, 0.32) * duration)
    noise = rng.normal(0, rng.uniform(2.5, 4.5), (4, *size, 1)) + rng.normal(0, 1.5, (4, *size, 3))
    names = rng.choice(["ALB", "CRU", "DEV", "FOX", "GRY", "HAL", "IVO", "KIT"], 2, replace=False)
    points = rng.integers(0, 30, 2)
    limits = ball_limits(size)
    return Scene(
        size=size,
        venue=place,
        camera=camera,
        plate=court.paint(rng, place, camera, size),
        # Of each match one clip has a camera at rest and one a camera that moves.
        views=views(rng, camera, frames, FPS, moving=clip % CLIPS_PER_MATCH == 0),
        flight=path,
        players=_teams(rng, place, path, np.arange(frames) / FPS),
        birds=[Bird(rng, size, frames) for _ in range(int(rng.integers(1, 3)))],
        lights=Lights(rng, size, frames),
        shutter=rng.uniform(0.15, 0.35) / FPS,
        diameter=rng.uniform(0.7, 0.9) * limits[1],
        noise=np.round(noise).astype(np.int16),
        grain=rng.integers(0, [4, size[0]], (frames, 2)),
        score=(f"{names[0]} {points[0]}", f"{names[1]} {points[1]}", int(rng.integers(0, 3000))),
    )


def _teams(rng: np.random.Generator, place: Venue, path: Flight, times: np.ndarray) -> list[Player]:
    """Both sides' players; every hit is given to one of its side."""
    players = []
    for side in (-1, 1):
        shirt = tuple(rng.integers(20, 170, 3).tolist())
        taker = {hit.time: int(rng.integers(place.team)) for hit in path.hits}
        for i in range(place.team):
            share = ((i + 0.5) / place.team - 0.5, side * rng.uniform(0.15, 0.42))
            mine = [h for h in path.hits if h.side == side and taker[h.time] == i]
            home = np.array(share) * place.court
            players.append(Player(rng, home, mine, times, shirt, place.rackets))
    return players


def _seen(stroke: Stroke, view: View) -> Stroke:
    return stroke._replace(start=view.apply(stroke.start), end=view.apply(stroke.end))
