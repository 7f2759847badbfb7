"""Where the game is played: venues of several sports, painted once a clip with lines and logos."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from tracknet.data.synthetic.camera import Camera
from tracknet.data.synthetic.figures import Colour, shaded

MARGIN = 48  # pixels painted beyond the frame, for a camera that moves
FINE = 2  # the picture is painted this much larger and then shrunk, which smooths its edges


@dataclass(frozen=True)
class Venue:
    """A court and who plays on it; colours are RGB, lengths metres.

    Floors are darker and balls brighter than the middle, so that the ball can be found by eye.

    Attributes:
        lines: Polylines in shares of (width, length), from -0.5 to 0.5.
        circle: Radius of the centre circle, 0 for none.
        net: Height of the net, 0 for none.
        from_side: The camera looks across the court instead of along it.
        bounces: Share of shots that bounce before they are hit back.
        team: Players on a side.
    """

    floor: Colour
    surround: Colour
    wall: Colour
    ball: Colour
    court: tuple[float, float]
    lines: tuple[tuple[tuple[float, float], ...], ...]
    circle: float
    net: float
    from_side: bool
    bounces: float
    team: int
    rackets: bool
    stripes: int = 0

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """Court coordinates (..., 3) to the camera's world coordinates."""
        return points[..., [1, 0, 2]] if self.from_side else points

    def camera(self, size: tuple[int, int]) -> Camera:
        """The broadcast camera for frames of `size`."""
        across, deep = self.court[::-1] if self.from_side else self.court
        return Camera.framing(across, deep, size, 0.42 if self.from_side else 0.3)


def _rectangle(x: float = 0.5, y: float = 0.5) -> tuple[tuple[float, float], ...]:
    return ((-x, -y), (x, -y), (x, y), (-x, y), (-x, -y))


_HALVES = (_rectangle(), ((-0.5, 0.0), (0.5, 0.0)))
_TENNIS = (_rectangle(), _rectangle(0.375, 0.5), _rectangle(0.375, 0.27), ((0, -0.27), (0, 0.27)))
_BADMINTON = (*_HALVES, _rectangle(0.43, 0.5), _rectangle(0.5, 0.15), _rectangle(0.5, 0.44))
_VOLLEYBALL = (*_HALVES, _rectangle(0.5, 1 / 6))
_BOXES = tuple(
    ((-w, s * 0.5), (-w, s * d), (w, s * d), (w, s * 0.5))
    for s in (-1, 1)
    for w, d in ((0.3, 0.34), (0.14, 0.44))
)
_COURT = (11.0, 23.8)

VENUES = (
    Venue(  # tennis on a hard court
        (38, 82, 140), (44, 98, 76), (30, 44, 70), (226, 255, 70),
        _COURT, _TENNIS, 0, 0.95, False, 0.8, 1, True,
    ),
    Venue(  # football on grass
        (48, 110, 44), (42, 96, 40), (52, 52, 60), (250, 250, 250),
        (17.0, 26.0), (*_HALVES, *_BOXES), 2.6, 0, True, 0.6, 4, False, 10,
    ),
    Venue(  # badminton
        (26, 104, 74), (60, 70, 66), (38, 38, 44), (250, 250, 246),
        (9.0, 18.0), _BADMINTON, 0, 1.55, False, 0.0, 2, True,
    ),
    Venue(  # volleyball
        (168, 84, 42), (30, 92, 110), (44, 40, 60), (255, 240, 120),
        (10.0, 20.0), _VOLLEYBALL, 0, 2.3, False, 0.15, 4, False,
    ),
    Venue(  # tennis on clay
        (150, 74, 46), (138, 66, 42), (34, 66, 46), (236, 255, 96),
        _COURT, _TENNIS, 0, 0.95, False, 0.85, 2, True,
    ),
    Venue(  # indoor handball, from the side
        (40, 90, 124), (120, 78, 44), (54, 46, 44), (255, 236, 140),
        (14.0, 24.0), (*_HALVES, *_BOXES), 1.8, 0, True, 0.4, 3, False,
    ),
)  # fmt: skip


def venue(rng: np.random.Generator, kind: int) -> Venue:
    """One of the kinds of venue in colours of its own."""
    base = VENUES[kind % len(VENUES)]

    def dyed(colour: Colour) -> Colour:
        r, g, b = np.clip(np.array(colour) + rng.integers(-14, 15, 3), 0, 175).tolist()
        return r, g, b

    return replace(base, floor=dyed(base.floor), surround=dyed(base.surround), wall=dyed(base.wall))


def paint(
    rng: np.random.Generator, place: Venue, camera: Camera, size: tuple[int, int]
) -> np.ndarray:
    """The empty venue as the resting camera sees it.

    Returns:
        (H + 2 MARGIN, W + 2 MARGIN, 3) RGB uint8.
    """
    h, w = (FINE * (side + 2 * MARGIN) for side in size)
    image = np.full((h, w, 3), place.surround, np.uint8)
    painter = _Painter(image, place, camera)
    painter.ground()
    painter.logos(rng)
    painter.lines()
    painter.stands(rng)
    painter.net()
    # Uneven light and wear: coarse noise, stretched.
    coarse = rng.normal(1.0, 0.05, (h // 80, w // 80, 1)).astype(np.float32)
    fine = rng.normal(0.0, 0.025, (h // 2, w // 2, 1)).astype(np.float32)
    light = cv2.resize(coarse, (w // FINE, h // FINE), interpolation=cv2.INTER_CUBIC)
    light += cv2.resize(fine, (w // FINE, h // FINE))
    image = cv2.resize(image, (w // FINE, h // FINE), interpolation=cv2.INTER_AREA)
    return np.clip(image * light[..., None], 0, 255).astype(np.uint8)


class _Painter:
    """Paints a venue in the enlarged picture."""

    def __init__(self, image: np.ndarray, place: Venue, camera: Camera) -> None:
        self.image, self.place, self.camera = image, place, camera
        self.deep = place.court[0 if place.from_side else 1]

    def pixels(self, world: np.ndarray) -> np.ndarray:
        """World points (..., 3) to pixels of the enlarged picture (..., 2)."""
        return (self.camera.project(world)[0] + MARGIN + 0.5) * FINE - 0.5

    def on_court(self, shares: np.ndarray) -> np.ndarray:
        """Shares of (width, length) (..., 2) to pixels of the enlarged picture (..., 2)."""
        ground = np.concatenate([shares * self.place.court, np.zeros((*shares.shape[:-1], 1))], -1)
        return self.pixels(self.place.to_world(ground))

    def fill(self, corners: np.ndarray, colour: Colour) -> None:
        cv2.fillPoly(self.image, [np.round(corners * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)

    def ground(self) -> None:
        self.fill(self.on_court(np.array(_rectangle()[:4])), self.place.floor)
        mown = shaded(self.place.floor, 0.88)
        edges = np.linspace(-0.5, 0.5, self.place.stripes + 1)
        for low, high in zip(edges[:-1:2], edges[1::2], strict=False):
            corners = [(-0.5, low), (0.5, low), (0.5, high), (-0.5, high)]
            self.fill(self.on_court(np.array(corners)), mown)

    def lines(self) -> None:
        angle = np.linspace(0, 2 * np.pi, 49)
        circle = self.place.circle / np.array(self.place.court)
        ring = np.stack([np.cos(angle), np.sin(angle)], -1) * circle
        for line in (*self.place.lines, *([ring] if self.place.circle else [])):
            points = np.round(self.on_court(np.array(line, float)) * 16).astype(np.int32)
            cv2.polylines(self.image, [points], False, (214, 216, 212), 3, cv2.LINE_AA, 4)

    def logos(self, rng: np.random.Generator) -> None:
        """Sponsors' names that lie on the floor, seen in perspective."""
        for share in rng.uniform(-0.38, 0.38, (3, 2)):
            text = _word(rng)
            canvas = np.zeros((64, 30 * len(text)), np.uint8)
            cv2.putText(canvas, text, (6, 48), cv2.FONT_HERSHEY_DUPLEX, 1.4, 255, 4, cv2.LINE_AA)
            middle = self.place.to_world(np.array([*share * self.place.court, 0.0]))
            half = np.array([0.035 * len(text), 0.09, 0]) * max(self.place.court) / 2
            ends = np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]])
            corners = self.pixels(middle + np.concatenate([ends, np.zeros((4, 1))], 1) * half)
            fh, fw = canvas.shape
            flat = np.array([[0, 0], [fw, 0], [fw, fh], [0, fh]], np.float32)
            warp = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
            alpha = cv2.warpPerspective(canvas, warp, self.image.shape[1::-1])
            _blend(self.image, tuple(rng.integers(60, 190, 3).tolist()), alpha)

    def stands(self, rng: np.random.Generator) -> None:
        """Boards with advertisements at the far end and a crowd above them."""
        far = np.array([[0, self.deep * 0.62, 0.0], [0, self.deep * 0.62, 1.1]])
        foot, top = (int(y) for y in self.pixels(far)[:, 1])
        w = self.image.shape[1]
        self.image[: max(top, 0)] = self.place.wall
        tall = foot - top
        for y in range(top - 4, 0, -14):
            for x in range(int(rng.integers(0, 12)), w, 12):
                colour = tuple(rng.integers(25, 125, 3).tolist())
                at = (x + int(rng.integers(-3, 4)), y + int(rng.integers(-2, 3)))
                cv2.circle(self.image, at, 5, colour, -1, cv2.LINE_AA)
        x = 0
        while x < w:
            wide = int(rng.integers(6, 12)) * tall
            colour = tuple(rng.integers(20, 110, 3).tolist())
            cv2.rectangle(self.image, (x, top), (x + wide, foot), colour, -1)
            ink = tuple(rng.integers(120, 200, 3).tolist())
            at, font = (x + tall // 2, foot - tall // 4), (cv2.FONT_HERSHEY_DUPLEX, tall / 38)
            cv2.putText(self.image, _word(rng), at, *font, ink, 2, cv2.LINE_AA)
            x += wide

    def net(self) -> None:
        """A net across the middle, half transparent, with a light tape along its top."""
        if not self.place.net:
            return
        half = 0.54 * self.place.court[0]
        low = 0.0 if self.place.net < 1.2 else self.place.net - 0.9
        xz = [(-half, low), (half, low), (half, self.place.net), (-half, self.place.net)]
        court = np.array([(x, 0.0, z) for x, z in xz])
        corners = np.round(self.pixels(self.place.to_world(court)) * 16).astype(np.int32)
        alpha = np.zeros(self.image.shape[:2], np.uint8)
        cv2.fillPoly(alpha, [corners], 90, cv2.LINE_AA, 4)
        _blend(self.image, (20, 20, 22), alpha)
        left, right = corners[2:].tolist()
        cv2.line(self.image, left, right, (190, 190, 186), 4, cv2.LINE_AA, 4)


def _blend(image: np.ndarray, colour: Colour, alpha: np.ndarray) -> None:
    """Lays `colour` over the image in place, by the share `alpha` / 255."""
    x, y, w, h = cv2.boundingRect(alpha)
    part = image[y : y + h, x : x + w]
    share = alpha[y : y + h, x : x + w, None].astype(np.float32) / 255
    part[:] = part + share * (np.array(colour, np.float32) - part)


def _word(rng: np.random.Generator) -> str:
    syllables = ["KO", "RA", "VEL", "TI", "MO", "NEX", "SU", "ARC", "LO", "BRI"]
    return "".join(rng.choice(syllables, int(rng.integers(2, 4))))
