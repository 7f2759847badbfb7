"""Which windows hold a frame, and how what they see becomes that frame's candidates.

A class here takes the network's outputs in the order of the windows and gives every frame's
candidates once, in order, as soon as no later window holds the frame. It keeps the outputs of the
last T windows at most. `OVERLAPS` names the choices; docs/tracking.md compares them.
"""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import torch

from tracknet.codecs import Codec
from tracknet.windows import Window, unseen

OverlapName = Literal["none", "mean", "weighted", "pool"]


class Overlap(Protocol):
    """Windows' outputs in, frames' candidates out.

    Attributes:
        step: Frames from one window's start to the next one's. Outputs of windows at every start
            may be given as well.
    """

    step: int

    def add(self, windows: Sequence[Window], logits: torch.Tensor) -> torch.Tensor:
        """Takes the next windows.

        Args:
            windows: B consecutive windows.
            logits: (B,T,h,w) float32, what the network says of them.

        Returns:
            (M,K,3) network x, y and score, best first, of the next M frames that are finished.
        """
        ...

    def finish(self) -> torch.Tensor:
        """(M,K,3) of the frames that are left when there is no further window."""
        ...


class Separate:
    """Each frame from the first of the windows 0, T, 2T, ... and the last one that holds it."""

    def __init__(self, codec: Codec, frames: int, stride: int) -> None:
        self.step = frames
        self._codec = codec
        self._stride = stride
        self._done = 0
        self._last: tuple[Window, torch.Tensor] | None = None

    def add(self, windows: Sequence[Window], logits: torch.Tensor) -> torch.Tensor:
        fresh = [logits[:0, 0]]
        for window, maps in zip(windows, logits, strict=True):
            if window.start >= self._done:
                fresh.append(self._rest(window, maps))
        self._last = windows[-1], logits[-1].clone()
        return self._decode(torch.cat(fresh))

    def finish(self) -> torch.Tensor:
        if self._last is None:
            return _nothing()
        return self._decode(self._rest(*self._last))

    def _rest(self, window: Window, maps: torch.Tensor) -> torch.Tensor:
        """The maps of the frames that no earlier window gave."""
        rest = maps[unseen(self._done, window.start, window.length)]
        self._done = window.start + window.length
        return rest

    def _decode(self, logits: torch.Tensor) -> torch.Tensor:
        return self._codec.decode(self._codec.probability(logits), self._stride)


class AveragedHeatmaps:
    """Each frame from the weighted mean of its heatmaps in all windows that hold it.

    Args:
        codec: Decodes the mean.
        stride: Network pixels per heatmap pixel.
        weights: (T,) of a frame by its place in the window, all above 0.
    """

    step = 1

    def __init__(self, codec: Codec, stride: int, weights: torch.Tensor) -> None:
        self._codec = codec
        self._stride = stride
        self._weights = weights
        # Of the frames from the next window's start on: (T-1,h,w) and (T-1,).
        self._sums = self._mass = None
        self._left = 0

    def add(self, windows: Sequence[Window], logits: torch.Tensor) -> torch.Tensor:
        n, t, h, w = logits.shape
        weights = self._weights.to(logits)
        sums, mass = logits.new_zeros(n + t - 1, h, w), logits.new_zeros(n + t - 1)
        if self._sums is not None:
            sums[: t - 1], mass[: t - 1] = self._sums, self._mass
        for i, probability in enumerate(self._codec.probability(logits) * weights[:, None, None]):
            sums[i : i + t] += probability
            mass[i : i + t] += weights
        self._sums, self._mass, self._left = sums[n:], mass[n:], windows[-1].length - 1
        return self._decode(sums[:n], mass[:n])

    def finish(self) -> torch.Tensor:
        if not self._left:
            return _nothing()
        return self._decode(self._sums[: self._left], self._mass[: self._left])

    def _decode(self, sums: torch.Tensor, mass: torch.Tensor) -> torch.Tensor:
        return self._codec.decode(sums / mass[:, None, None], self._stride)


class PooledCandidates:
    """Each frame from the candidates of all windows that hold it; near ones become one.

    The best candidate takes those within the codec's radius, at most one from each window. Their
    mean position, weighted by score, and the sum of their scores over the number of windows make
    one candidate: what a single window sees counts little. Then the best of the rest does the same.
    """

    step = 1

    def __init__(self, codec: Codec, frames: int, stride: int) -> None:
        self._codec = codec
        self._stride = stride
        self._waiting: list[list[torch.Tensor]] = []
        self._device: torch.device | None = None

    def add(self, windows: Sequence[Window], logits: torch.Tensor) -> torch.Tensor:
        self._device = logits.device
        finished = []
        found = self._codec.decode(self._codec.probability(logits), self._stride)
        # Many small steps follow, which a CPU does faster than any accelerator.
        for window, candidates in zip(windows, found.cpu(), strict=True):
            self._waiting += [[] for _ in range(window.length - len(self._waiting))]
            for pool, own in zip(self._waiting, candidates, strict=False):
                pool.append(own)
            finished.append(self._waiting.pop(0))
        return self._merge(finished)

    def finish(self) -> torch.Tensor:
        return self._merge(self._waiting)

    def _merge(self, pools: Sequence[Sequence[torch.Tensor]]) -> torch.Tensor:
        if not pools:
            return _nothing()
        radius = self._codec.radius * self._stride
        merged = [merge(torch.stack(list(pool)), radius) for pool in pools]
        return torch.stack(merged).to(self._device)


def merge(candidates: torch.Tensor, radius: float) -> torch.Tensor:
    """Candidates (N,K,3) of one frame in N windows -> the K best of their groups, (K,3)."""
    n, k, _ = candidates.shape
    xy, score = candidates[..., :2], candidates[..., 2].clone()
    windows, groups = torch.arange(n), []
    while (score > 0).any():
        best = int(score.argmax())
        distance = (xy - xy.view(-1, 2)[best]).norm(dim=-1)
        near = torch.where(distance <= radius, score, 0)
        own = near.argmax(1)  # of each window, its best one that is near
        share = near[windows, own]
        total = share.sum()
        position = (xy[windows, own] * share[:, None]).sum(0) / total
        groups.append(torch.cat([position, total[None] / n]))
        score[near > 0] = 0
    groups = torch.stack([*groups, *[torch.zeros(3)] * (k - len(groups))])
    return groups[groups[:, 2].argsort(descending=True, stable=True)][:k]


def triangle(frames: int) -> torch.Tensor:
    """(T,) weights that rise from 1 at both ends of a window to its middle: 1, 2, 3, 2, 1."""
    place = torch.arange(1, frames + 1)
    return torch.minimum(place, place.flip(0)).float()


def _nothing() -> torch.Tensor:
    return torch.empty(0, 1, 3)


OVERLAPS: dict[OverlapName, Callable[[Codec, int, int], Overlap]] = {
    "none": Separate,
    "mean": lambda codec, frames, stride: AveragedHeatmaps(codec, stride, torch.ones(frames)),
    "weighted": lambda codec, frames, stride: AveragedHeatmaps(codec, stride, triangle(frames)),
    "pool": PooledCandidates,
}
"""Each is made of a codec, the frames T of a window, and network pixels per heatmap pixel."""
