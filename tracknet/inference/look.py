"""A second look: what a network found is looked at again, at full resolution."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import compress

import numpy as np

from tracknet.codecs import Codec
from tracknet.data.patches import centred, corners, cut
from tracknet.data.repeats import shown_again
from tracknet.geometry import Fit, Size, inside
from tracknet.inference.network import Network
from tracknet.video import Frame, Resizer, Source, open_video, prefetch

DECODED = 8
"""Frames of a video that may wait to be looked at."""
PATCHES = 64
"""Of a pass, about."""
FAINT = 0.02
"""Score below which a candidate is not worth a look."""
LOOKS = 3
"""Candidates of a frame that are looked at: the fourth and fifth brought nothing."""


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
            frames: As they were decoded; a window of them is held.
            found: Each frame's candidates (K,3), original pixels and score.
            size: (H, W) of the frames.

        Yields:
            (K,3) original pixels and score, the geometric mean of both looks'. Of candidates that
            turn out to be the same ball, all but the best have score 0.
        """
        fit = self.fit(size, self.image_size)
        views = centred(map(Resizer(fit), frames), self.network.frames)
        waiting: list[tuple[np.ndarray, np.ndarray]] = []
        patches: list[np.ndarray] = []
        for view, candidates in zip(views, found, strict=True):
            first = corners(fit.to_network(candidates[:, :2]), self.patch, self.image_size)
            waiting.append((candidates, first))
            worth = _worth(candidates)
            patches += [cut(view, corner, self.patch) for corner in first[worth]]
            if len(patches) >= PATCHES:
                yield from self._joined(fit, waiting, patches)
                waiting, patches = [], []
        yield from self._joined(fit, waiting, patches)

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

    def _joined(
        self, fit: Fit, waiting: list[tuple[np.ndarray, np.ndarray]], patches: list[np.ndarray]
    ) -> Iterator[np.ndarray]:
        seen = iter(self.best(np.stack(patches)) if patches else [])
        radius = self.codec.radius * self.network.stride
        for candidates, first in waiting:
            looked = candidates.astype(float)
            looked[~_worth(candidates), 2] = 0
            places = fit.to_network(looked[:, :2])
            for k in np.flatnonzero(_worth(candidates)):
                x, y, score = next(seen)
                places[k] = first[k] + (x, y)
                looked[k, 2] = np.sqrt(looked[k, 2] * score)
            looked[:, :2] = inside(fit.to_original(places), fit.source)
            yield _apart(looked, places, radius)


def _worth(candidates: np.ndarray) -> np.ndarray:
    """(K,) which candidates (K,3), best first, are looked at."""
    return (candidates[:, 2] >= FAINT) & (np.arange(len(candidates)) < LOOKS)


def _apart(candidates: np.ndarray, places: np.ndarray, radius: float) -> np.ndarray:
    """Candidates (K,3), best first, of which those lose their score that are near a better one."""
    order = np.argsort(-candidates[:, 2], kind="stable")
    candidates, places = candidates[order], places[order]
    for k in range(1, len(candidates)):
        nearer = np.linalg.norm(places[:k] - places[k], axis=1) <= radius
        if (nearer & (candidates[:k, 2] > 0)).any():
            candidates[k, 2] = 0
    return candidates[np.argsort(-candidates[:, 2], kind="stable")]
