"""A second look: what a network found is looked at again, at full resolution."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import compress
from typing import NamedTuple

import numpy as np

from tracknet.codecs import Codec
from tracknet.data.patches import centred, corners
from tracknet.data.repeats import shown_again
from tracknet.geometry import Fit, Size, inside
from tracknet.inference.network import Network
from tracknet.video import Frame, Resizer, Source, open_video, prefetch

DECODED = 8
"""Frames of a video that may wait to be looked at."""
PATCHES = 64
"""Of a pass, about."""
WAITING = 32
"""Frames of which a pass may be, whose views are held."""
FAINT = 0.02
"""Score below which a candidate is not worth a look."""
LOOKS = 3
"""Candidates of a frame that are looked at: the fourth and fifth brought nothing."""
SURE = 0.6
"""Score after the second look from which a ball is taken to be where it was found."""
AROUND = 20
"""Frames before and after one without a ball whose sure balls say where else to look."""
FLIGHT = 8
"""Frames between two sure balls beyond which it may as well have stayed where either was."""
LED = 0.4
"""What stands for the first network's score at places that it did not give."""


class Seen(NamedTuple):
    """A frame that was looked at.

    Attributes:
        view: The T frames in whose middle it is, as `Resizer.scaled` gives them.
        candidates: (K,3) pixels of these frames and score, best first.
    """

    view: list[Frame]
    candidates: np.ndarray


class SecondLook:
    """Scores candidates again, and says where the ball is within a patch round each of them.

    The network that found them sees the whole frame at a fraction of its resolution. This one sees
    a few pixels round them, of the frames before and after as well, in full.

    Args:
        network: Looks at windows of patches.
        codec: Decodes its heatmaps.
        patch: (H, W) of a patch.
        image_size: (H, W) of the frames that patches are cut from.
        fit: (source size, image size) -> how frames become these.
    """

    def __init__(
        self,
        network: Network,
        codec: Codec,
        patch: Size,
        image_size: Size,
        fit: Callable[[Size, Size], Fit],
    ) -> None:
        self.network = network
        self.codec = codec
        self.patch = (patch[0], patch[1])
        self.image_size = (image_size[0], image_size[1])
        self.fit = fit

    @property
    def name(self) -> str:
        """What reports call it."""
        return f"{'x'.join(map(str, self.patch))} of {'x'.join(map(str, self.image_size))}"

    def again(
        self, frames: Iterable[Frame], found: Iterable[np.ndarray], size: Size
    ) -> Iterator[np.ndarray]:
        """The candidates of each frame after the second look, best first.

        Args:
            frames: As they were decoded; some hundred are held, at the size of `image_size`.
            found: Each frame's candidates (K,3), original pixels and score.
            size: (H, W) of the frames.

        Yields:
            (K,3) original pixels and score, the geometric mean of both looks'. Of candidates that
            turn out to be the same ball, all but the best have score 0. Where the first network
            gave nothing, what lies between balls before and after is looked at as well.
        """
        fit = self.fit(size, self.image_size)
        resizer = Resizer(fit)
        views = centred(map(resizer.scaled, frames), self.network.frames)
        for candidates in self._led(self._looked(views, found, resizer), resizer):
            xy = inside(fit.to_original(candidates[:, :2]), fit.source)
            yield np.column_stack([xy, candidates[:, 2]])

    def of_video(self, source: Source, candidates: np.ndarray) -> np.ndarray:
        """The candidates (N,K,3) of a video's first N frames after the second look, see `again`."""
        info, frames = open_video(source)
        new = ~shown_again(candidates)
        with closing(prefetch(compress(frames, new), DECODED)) as read:
            looked = np.stack(list(self.again(read, candidates[new], info.size)))
        return looked[np.cumsum(new) - 1]

    def best(self, patches: np.ndarray) -> np.ndarray:
        """(N,3) x, y in patch pixels and score, of the middle frame of patches (N,T,h,w,3)."""
        maps = self.codec.probability(self.network(patches, None))[:, self.network.frames // 2]
        return self.codec.decode(maps, self.network.stride)[:, 0].cpu().numpy()

    def _looked(
        self, views: Iterable[list[Frame]], found: Iterable[np.ndarray], resizer: Resizer
    ) -> Iterator[Seen]:
        """The frames with their candidates after the look at those that are worth it."""

        def wanted() -> Iterator[tuple[Seen, np.ndarray]]:
            for view, candidates in zip(views, found, strict=True):
                places = resizer.fit.to_network(candidates[:, :2])
                worth = _worth(candidates)
                scores = np.where(worth, candidates[:, 2], 0)
                yield Seen(view, np.column_stack([places, scores])), places[worth]

        for seen, looks in self._each(wanted(), resizer):
            candidates = seen.candidates.copy()
            worth = candidates[:, 2] > 0
            looks[:, 2] = np.sqrt(candidates[worth, 2] * looks[:, 2])
            candidates[worth] = looks
            yield Seen(seen.view, self._apart(candidates))

    def _led(self, frames: Iterable[Seen], resizer: Resizer) -> Iterator[np.ndarray]:
        """Candidates (K,3) of the frames after a look where sure balls before and after lead."""

        def wanted() -> Iterator[tuple[Seen, np.ndarray]]:
            for window in centred(frames, 2 * AROUND + 1):
                best = np.stack([seen.candidates[0] for seen in window])
                yield window[AROUND], led_to(best)

        for seen, looks in self._each(wanted(), resizer):
            looks[:, 2] = np.sqrt(LED * looks[:, 2])
            yield self._apart(np.concatenate([seen.candidates, looks]))[: len(seen.candidates)]

    def _each(
        self, wanted: Iterable[tuple[Seen, np.ndarray]], resizer: Resizer
    ) -> Iterator[tuple[Seen, np.ndarray]]:
        """For places (n,2) in each frame what is seen round them (n,3), many patches at a time."""
        waiting: list[tuple[Seen, np.ndarray]] = []
        patches: list[np.ndarray] = []
        for seen, places in wanted:
            first = corners(places, self.patch, self.image_size)
            waiting.append((seen, first))
            patches += [resizer.part(seen.view, corner.tolist(), self.patch) for corner in first]
            if len(patches) >= PATCHES or len(waiting) >= WAITING:
                yield from self._results(waiting, patches)
                waiting, patches = [], []
        yield from self._results(waiting, patches)

    def _results(
        self, waiting: list[tuple[Seen, np.ndarray]], patches: list[np.ndarray]
    ) -> Iterator[tuple[Seen, np.ndarray]]:
        best = self.best(np.stack(patches)) if patches else np.empty((0, 3))
        ends = np.cumsum([len(first) for _, first in waiting])[:-1]
        for (seen, first), own in zip(waiting, np.split(best, ends), strict=True):
            yield seen, np.column_stack([first + own[:, :2], own[:, 2]])

    def _apart(self, candidates: np.ndarray) -> np.ndarray:
        """Candidates (K,3) best first, of which those have score 0 that are near a better one."""
        radius = self.codec.radius * self.network.stride
        candidates = candidates[np.argsort(-candidates[:, 2], kind="stable")]
        for k in range(1, len(candidates)):
            away = np.linalg.norm(candidates[:k, :2] - candidates[k, :2], axis=1)
            if ((away <= radius) & (candidates[:k, 2] > 0)).any():
                candidates[k, 2] = 0
        return candidates[np.argsort(-candidates[:, 2], kind="stable")]


def led_to(best: np.ndarray) -> np.ndarray:
    """Where to look in a frame without a sure ball: between those before and after it.

    Args:
        best: (N,3) the best candidate of each frame, x, y and score; that frame is in the middle.

    Returns:
        (n,2) x, y: of a short flight a place on the straight way; else also its ends, since a ball
        may have lain there; of a ball before or after alone where it was.
    """
    here, sure = len(best) // 2, best[:, 2] >= SURE
    if sure[here]:
        return np.empty((0, 2))
    before, after = np.flatnonzero(sure[:here]), here + 1 + np.flatnonzero(sure[here + 1 :])
    ends = np.concatenate([before[-1:], after[:1]])
    places = best[ends, :2]
    if len(ends) < 2:
        return places
    share = (here - ends[0]) / (ends[1] - ends[0])
    between = places[:1] + share * (places[1:] - places[:1])
    return between if ends[1] - ends[0] <= FLIGHT else np.concatenate([between, places])


def _worth(candidates: np.ndarray) -> np.ndarray:
    """(K,) which candidates (K,3), best first, are looked at."""
    return (candidates[:, 2] >= FAINT) & (np.arange(len(candidates)) < LOOKS)
