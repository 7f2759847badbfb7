"""Labels that all sit beside their balls, by a part of a pixel or by a few.

Near a label the ball is the blob in which a frame differs from those before and after it. Where it
lies from its label is a constant, the offset, and what grows with the ball's velocity, since
streaks are often labelled at their leading end. Both come from one robust fit over many labels,
which blobs of players and rackets do not sway.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tracknet.geometry import Fit
from tracknet.problems import Problem
from tracknet.types import ABSENT

NEIGHBOURS = 2
"""Frames before and after a frame that it is compared with: with one, a frame that repeats the one
before would show no motion."""
RADIUS, RING, WINDOW = 0.027, 0.0137, 0.005
"""Shares of the frame's width: half the side of the square round a label, the distance from which
on it shows what else moves, and the standard deviation of the window that is moved to the blob."""
ROUNDS = 16
"""How often it is moved: in a ball larger than the window it has a long way."""
NOISE, CONTRAST = 2.0, 2.0
"""Gray levels: what is taken off all motion, and what a window must have left on average."""
BLOCK = 256
"""Labels that are looked at at once: those of a long clip would fill a memory."""
TURN = 25
"""Successive labels that count as one in the errors: they see the same things move."""
FEWEST = 100
"""Blobs from which an offset is taken."""
CUT = 4.5
"""Standard deviations from the fit, beyond which a blob is something else."""
LARGE = 1.0
"""Original pixels from which an offset is a problem: a quarter of the distance at which the strict
protocol and others count a ball as missed."""
CERTAIN = 3.0
"""Standard errors by which it must exceed that."""


@dataclass(frozen=True)
class Blobs:
    """Where the balls of some labels are.

    Attributes:
        away: (N, 2) x and y of the blob from its label, original pixels.
        velocity: (N, 2) of the ball, original pixels a frame.
        turn: (N,) numbers of the stretches of a clip that they are from.
    """

    away: np.ndarray
    velocity: np.ndarray
    turn: np.ndarray

    def __len__(self) -> int:
        return len(self.away)

    @classmethod
    def joined(cls, parts: Sequence["Blobs"]) -> "Blobs":
        """Those of several clips."""
        firsts = np.cumsum([0, *(part.turn.max(initial=-1) + 1 for part in parts)])
        turns = [part.turn + first for part, first in zip(parts, firsts, strict=False)]
        return cls(
            np.concatenate([np.empty((0, 2)), *(part.away for part in parts)]),
            np.concatenate([np.empty((0, 2)), *(part.velocity for part in parts)]),
            np.concatenate([np.empty(0, int), *turns]),
        )


@dataclass(frozen=True)
class Offset:
    """Where labels sit from their balls.

    Attributes:
        xy: (2,) original pixels, to the right and down.
        error: (2,) their standard errors.
        lead: How far labels of moving balls sit ahead of the middle of their streak, in frames of
            the ball's motion.
        lead_error: Its standard error.
        count: Labels that it was taken from.
    """

    xy: np.ndarray
    error: np.ndarray
    lead: float
    lead_error: float
    count: int

    @property
    def cells(self) -> tuple[str, str, str]:
        """x, y and lead with their errors, for tables."""
        (x, y), (x_error, y_error) = self.xy, self.error
        return (
            f"{x:+z.2f} ± {x_error:.2f}",
            f"{y:+z.2f} ± {y_error:.2f}",
            f"{self.lead:+z.3f} ± {self.lead_error:.3f}",
        )


def find_blobs(frames: np.ndarray, fit: Fit, xy: np.ndarray, visibility: np.ndarray) -> Blobs:
    """The blobs near a clip's labels, found from frames of network size.

    Args:
        frames: (N,H,W,3) uint8; only what is near labels is read.
        fit: From original to network pixels.
        xy: (N,2) labels, original pixels.
        visibility: (N,).
    """
    height, width = fit.target
    radius = round(RADIUS * width) + 2
    velocity = np.full(xy.shape, np.nan)
    velocity[1:-1] = (xy[2:] - xy[:-2]) / 2
    labels = fit.to_network(xy.astype(np.float64))
    known = (visibility > ABSENT) & np.isfinite(velocity).all(1) & np.isfinite(labels).all(1)
    # Its neighbours may have a position without a ball.
    known[1:-1] &= (visibility[2:] > ABSENT) & (visibility[:-2] > ABSENT)
    low, high = np.array([radius, radius]), np.array([width, height]) - radius
    with np.errstate(invalid="ignore"):
        known &= ((np.rint(labels) >= low) & (np.rint(labels) < high)).all(1)
    rows = np.flatnonzero(known)
    corners = np.rint(labels[rows]).astype(int) - radius
    places = np.full((len(rows), 2), np.nan)
    for start in range(0, len(rows), BLOCK):
        block = slice(start, start + BLOCK)
        patches = _motion(frames, rows[block], corners[block], 2 * radius + 1)
        places[block] = _centres(patches, labels[rows[block]] - corners[block], width)
    found = np.isfinite(places).all(1)
    rows, places = rows[found], places[found] + corners[found]
    turn = np.arange(len(rows)) // TURN
    return Blobs(fit.to_original(places) - xy[rows], velocity[rows], turn)


def _motion(frames: np.ndarray, rows: np.ndarray, corners: np.ndarray, side: int) -> np.ndarray:
    """(N, side, side) what is in frames alone, neither before nor after, from (x, y) corners on."""
    patches = np.empty((len(rows), side, side), np.float32)
    for row, (x, y), patch in zip(rows, corners, patches, strict=True):
        near = frames[max(0, row - NEIGHBOURS) : row + NEIGHBOURS + 1, y : y + side, x : x + side]
        gray = [cv2.cvtColor(np.ascontiguousarray(one), cv2.COLOR_RGB2GRAY) for one in near]
        here = min(row, NEIGHBOURS)
        changes = [cv2.absdiff(one, gray[here]) for one in gray]
        patch[:] = np.minimum(np.max(changes[:here], 0), np.max(changes[here + 1 :], 0))
    return patches


def _centres(patches: np.ndarray, starts: np.ndarray, width: int) -> np.ndarray:
    """(N, 2) centre of the blob next to each start in its patch, NaN where there is none."""
    axis = np.arange(patches.shape[1], dtype=np.float32)
    middle = patches.shape[1] // 2
    ring = np.hypot(axis - middle, axis[:, None] - middle) > RING * width
    clutter = np.median(patches[:, ring], 1)
    motion = (patches - clutter[:, None, None] - NOISE).clip(0)
    spread, places, mass = WINDOW * width, starts, np.zeros(len(starts))
    for _ in range(ROUNDS):
        # A window of two dimensions is the product of two of one.
        x, y = (np.exp(-((axis - place[:, None]) ** 2) / (2 * spread**2)) for place in places.T)
        columns = np.einsum("nyx,ny->nx", motion, y) * x
        rows = np.einsum("nyx,nx->ny", motion, x) * y
        mass = columns.sum(1)
        moved = np.stack([columns @ axis, rows @ axis], 1) / np.maximum(mass, 1e-9)[:, None]
        places = np.where(mass[:, None] > 0, moved, places)
    clear = mass > CONTRAST * 2 * np.pi * spread**2
    return np.where(clear[:, None], places, np.nan)


def label_offset(blobs: Blobs) -> Offset | None:
    """The offset of labels from their balls; None where too few of these were found."""
    count = len(blobs)
    if count < FEWEST:
        return None
    # (N, 2, 3): x and y of the offset, and what is the same share of each velocity.
    terms = np.concatenate([np.tile(np.eye(2), (count, 1, 1)), blobs.velocity[:, :, None]], 2)
    weights, values = np.ones(count), np.zeros(3)
    inverse, rest = np.eye(3), blobs.away
    for _ in range(30):
        inverse = np.linalg.pinv(np.einsum("n,nij,nik->jk", weights, terms, terms))
        values = inverse @ np.einsum("n,nij,ni->j", weights, terms, blobs.away)
        rest = blobs.away - terms @ values
        far = np.linalg.norm(rest, axis=1)
        spread = CUT * max(float(np.median(far)) / 1.177, 1e-6)  # of a round normal distribution
        weights = np.where(far < spread, (1 - (far / spread) ** 2) ** 2, 0)
    # Labels of a turn are wrong together: their pulls are summed up before they are squared.
    pulls = np.zeros((blobs.turn.max() + 1, 3))
    np.add.at(pulls, blobs.turn, np.einsum("n,nij,ni->nj", weights, terms, rest))
    errors = np.sqrt(np.diag(inverse @ (pulls.T @ pulls) @ inverse))
    return Offset(-values[:2], errors[:2], float(-values[2]), float(errors[2]), count)


def label_offsets(clips: Iterable[Mapping[str, Blobs]]) -> dict[str, Offset]:
    """The offsets of groups of clips, by name; of those that have enough blobs.

    Args:
        clips: The blobs of each, under the names of the groups that it belongs to.
    """
    groups: dict[str, list[Blobs]] = {}
    for own in clips:
        for name, blobs in own.items():
            groups.setdefault(name, []).append(blobs)
    offsets = {name: label_offset(Blobs.joined(parts)) for name, parts in groups.items()}
    return {name: offset for name, offset in offsets.items() if offset}


def offset_problems(whole: Offset | None, matches: Mapping[str, Offset]) -> Iterator[Problem]:
    """The problem of labels that all sit beside their balls, and of matches that differ in it."""
    if whole is None:
        return
    if _is_large(whole.xy, whole.error):
        x, y = -whole.xy
        message = f"{_said('all labels', whole)}; add {x:.1f} to x and {y:.1f} to y"
        yield Problem("label_offset", "", None, message)
    for name, own in matches.items():
        if _is_large(own.xy - whole.xy, np.hypot(own.error, whole.error)):
            message = f"{_said(f'labels of match {name}', own)}, unlike those of other matches"
            yield Problem("label_offset", "", None, message)


def _is_large(xy: np.ndarray, error: np.ndarray) -> bool:
    return bool(np.hypot(*xy) - CERTAIN * np.hypot(*error) > LARGE)


def _said(labels: str, offset: Offset) -> str:
    (x, y), (x_error, y_error) = offset.xy, offset.error
    across = f"{abs(x):.1f} px {'right' if x > 0 else 'left'} of (error {x_error:.1f})"
    down = f"{abs(y):.1f} px {'below' if y > 0 else 'above'} (error {y_error:.1f})"
    return f"{labels} sit {across} and {down} what moves"
