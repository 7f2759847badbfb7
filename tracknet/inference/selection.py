"""What of a network's own predictions is certain enough to be a label for the next network."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

from tracknet.geometry import Size
from tracknet.types import ABSENT, Labels, Track
from tracknet.values import Count, Natural, NonNegative, Reach, Share

Kind = Literal["ball", "no ball", "left out"]


class Segment(NamedTuple):
    """Consecutive frames of a video that were taken as labels, or left, together.

    Attributes:
        first: Its first frame.
        last: Its last one.
        kind: What they are labelled as; ``left out`` is unlabelled.
        score: The median of the path's scores; without a path, the highest of any candidate.
        why: Why they were taken or left, for people; as often as may be in the same words.
    """

    first: int
    last: int
    kind: Kind
    score: float
    why: str

    @property
    def frames(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Confident:
    """Takes paths that are long, smooth and scored high, and long silences; leaves the rest.

    A path takes frames along in which the network by itself was not sure, and goes on over gaps in
    which a faint candidate lies where the ball must be: these are what the next one learns from.
    Scores are shares of the network's own threshold; lengths are shares of the frame's diagonal. A
    frame in which nothing moves on is a repeated one, of which videos whose rate was changed are
    full, and breaks no path.

    Attributes:
        score: A path's median score, at least.
        frames: Frames of a path, at least.
        turn: How far a ball may be from where its last step led, a frame; farther ends the path, as
            a hit does, and another one begins.
        reach: How far it may move, a frame.
        travel: How far apart a path's two farthest sides must be: a lamp is bright as well.
        gap: Longest gap in a path that candidates may fill, in frames.
        near: How far they may lie from a smooth curve through it.
        silence: Frames without a ball, one after the other, of which it is believed.
        low: Score that no candidate of a silence reaches.
    """

    score: NonNegative = 1.2
    frames: Count = 8
    turn: Reach = 0.02
    reach: Reach = 0.08
    travel: Share = 0.03
    gap: Natural = 10
    near: Reach = 0.006
    silence: Count = 15
    low: Share = 0.5

    def select(
        self, track: Track, candidates: np.ndarray, threshold: float, size: Size
    ) -> tuple[Labels, list[Segment]]:
        """The labels of a video, and all of it in segments, in order.

        Args:
            track: The network's path, N frames.
            candidates: (N,K,3) x, y and score of each frame's candidates, best first.
            threshold: Score from which the network reports a ball.
            size: (H, W) of the frame.
        """
        track = self._joined(track, candidates, size)
        highest = candidates[..., 2].max(1, initial=0)
        labels, found = Labels.empty(len(track), size=size), []
        for start, end in pairwise([*self._breaks(track, size).tolist(), len(track)]):
            part = slice(start, end)
            if track.visible[start]:
                own = self._path(track.xy[part], track.score[part], threshold, size)
            else:
                own = self._silence(highest[part], threshold)
            for a, b, kind, score, why in own:
                frames = slice(start + a, start + b)
                found.append(Segment(frames.start, frames.stop - 1, kind, score, why))
                if kind == "ball":
                    labels.xy[frames], labels.visibility[frames] = track.xy[frames], 1
                elif kind == "no ball":
                    labels.visibility[frames] = ABSENT
        return labels, found

    def _joined(self, track: Track, candidates: np.ndarray, size: Size) -> Track:
        """The path with gaps filled by candidates that lie where it leads through."""
        xy, score, source = track.xy.copy(), track.score.copy(), track.source.copy()
        seen = np.flatnonzero(track.visible)
        for before, after in pairwise(seen.tolist()):
            ends = np.r_[before - ENDS : before + 1, after : after + ENDS + 1]
            if not 1 < after - before <= self.gap + 1 or not np.isin(ends, seen).all():
                continue
            between = np.arange(before + 1, after)
            off = candidates[between, :, :2] - _curve(track.xy, before, after)[:, None]
            away = np.linalg.norm(off, axis=-1) / np.hypot(*size)
            nearest = away.argmin(1)
            near = away.min(1) <= self.near
            filled = between[near]
            x_y_score = candidates[filled, nearest[near]]
            xy[filled], score[filled] = x_y_score[:, :2], x_y_score[:, 2]
            source[filled] = "tracked"
        return Track(xy, score, source)

    def _breaks(self, track: Track, size: Size) -> np.ndarray:
        """The first frames of paths and of what lies between them."""
        seen, diagonal = track.visible, float(np.hypot(*size))
        broken = np.diff(seen, prepend=~seen[:1])
        for path in np.split(np.arange(len(seen)), np.flatnonzero(broken)):
            if len(path) and seen[path[0]]:
                broken[path] |= self._turns(track.xy[path] / diagonal)
        return np.flatnonzero(broken)

    def _turns(self, places: np.ndarray) -> np.ndarray:
        """(N,) whether the ball cannot have come to places (N,2) from the ones before."""
        broken = np.zeros(len(places), bool)
        steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
        moved = np.flatnonzero(np.append(True, steps > STILL))
        way = np.diff(places[moved], axis=0)
        off = np.linalg.norm(np.diff(way, axis=0), axis=1) > self.turn
        broken[moved[1:]] = np.linalg.norm(way, axis=1) > self.reach
        broken[moved[2:]] |= off
        return broken

    def _path(
        self, xy: np.ndarray, score: np.ndarray, threshold: float, size: Size
    ) -> Iterator[tuple[int, int, Kind, float, str]]:
        median = float(np.median(score))
        extent = float(np.linalg.norm(np.ptp(xy, axis=0)) / np.hypot(*size))
        kind: Kind = "left out"
        if len(xy) < self.frames:
            why = f"a path of fewer than {self.frames} frames"
        elif median < self.score * threshold:
            why = f"a path whose median score is below {self.score * threshold:.2f}"
        elif extent < self.travel:
            why = f"a path that stays within {self.travel:.0%} of the frame's diagonal"
        else:
            kind, why = "ball", "a long, smooth path"
        yield 0, len(xy), kind, median, why

    def _silence(
        self, highest: np.ndarray, threshold: float
    ) -> Iterator[tuple[int, int, Kind, float, str]]:
        """Frames between paths, cut where a candidate is too good for a silence."""
        low = self.low * threshold
        loud = highest >= low
        starts = np.flatnonzero(np.diff(loud, prepend=~loud[:1]))
        for first, end in pairwise([*starts.tolist(), len(loud)]):
            kind: Kind = "left out"
            if loud[first]:
                why = f"no path, but a candidate of {low:.2f} or more"
            elif end - first < self.silence:
                why = f"a silence of fewer than {self.silence} frames"
            else:
                kind, why = "no ball", f"a long silence: no candidate of {low:.2f} or more"
            yield first, end, kind, float(highest[first:end].max()), why


def _curve(xy: np.ndarray, before: int, after: int) -> np.ndarray:
    """(n,2) where a ball is between two frames, by its places and velocities on both sides."""
    steps = after - before
    u = (np.arange(1, steps) / steps)[:, None]
    leaves = (xy[before] - xy[before - ENDS]) / ENDS * steps
    arrives = (xy[after + ENDS] - xy[after]) / ENDS * steps
    blend = u**2 * (3 - 2 * u)  # cubic Hermite
    straight = (1 - blend) * xy[before] + blend * xy[after]
    return straight + u * (1 - u) * ((1 - u) * leaves - u * arrives)


ENDS = 3
"""Steps on each side of a gap that say how the ball moves there."""
STILL = 0.001
"""Of the diagonal: a shorter step is that of a repeated frame, or nearly none."""
