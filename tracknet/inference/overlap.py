"""What the windows that hold a frame say of it becomes that frame's candidates.

docs/tracking.md compares the ways.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import torch

from tracknet.codecs import Codec
from tracknet.windows import Window

OverlapName = Literal["none", "mean", "weighted", "pool"]
OVERLAPS: tuple[OverlapName, ...] = get_args(OverlapName)


class Overlap:
    """Windows' outputs in, frames' candidates out, once and in order.

    A frame comes as soon as no later window is needed for it. The outputs of the last windows that
    hold a common frame are kept.

    Args:
        name: ``none`` takes the first of the windows 0, T, 2T, ... and the last one that holds the
            frame; ``mean`` averages their heatmaps, ``weighted`` counts those more in whose middle
            the frame is; ``pool`` joins their candidates, see `merge`.
        codec: Decodes heatmaps.
        frames: T, the frames of a window.
        stride: Network pixels per heatmap pixel.

    Attributes:
        step: Frames from one window's start to the next one's. Outputs of windows at every start
            may be given as well.
    """

    def __init__(self, name: OverlapName, codec: Codec, frames: int, stride: int) -> None:
        self.step = frames if name == "none" else 1
        self._name, self._codec, self._stride = name, codec, stride
        self._weights = triangle(frames) if name == "weighted" else torch.ones(frames)
        self._done = 0
        # Of each frame from there on: its place in every window that held it, and what that saw.
        self._seen: dict[int, list[tuple[int, torch.Tensor]]] = {}

    def add(self, windows: Sequence[Window], logits: torch.Tensor) -> torch.Tensor:
        """Takes the next windows.

        Args:
            windows: B consecutive windows.
            logits: (B,T*M,h,w) float32, what the network says of them.

        Returns:
            (M,K,3) network x, y and score, best first, of the next M frames that are finished.
        """
        seen = self._codec.probability(logits)
        if self._name == "pool":
            # Many small steps follow, which a CPU does faster than any accelerator.
            seen = self._codec.decode(seen, self._stride).cpu()
        finished = []
        for window, views in zip(windows, seen, strict=True):
            for place, view in enumerate(views[: window.length]):
                if window.start + place >= self._done:
                    self._seen.setdefault(window.start + place, []).append((place, view))
            self._done = window.start // self.step * self.step + self.step
            finished += [self._join(frame) for frame in [*self._seen] if frame < self._done]
        return self._candidates(finished)

    def finish(self) -> torch.Tensor:
        """(M,K,3) of the frames that are left when there is no further window."""
        return self._candidates([self._join(frame) for frame in [*self._seen]])

    def _join(self, frame: int) -> torch.Tensor:
        """A frame's candidates (K,3) if these are pooled, else its maps (h,w) or (M,h,w)."""
        places, views = zip(*self._seen.pop(frame), strict=True)
        if self._name == "none":
            own = frame % self.step
            return views[places.index(own) if own in places else -1]
        views = torch.stack(views)
        if self._name == "pool":
            return merge(views, self._codec.radius * self._stride)
        weights = self._weights[list(places)].to(views)
        return torch.einsum("n...,n->...", views, weights / weights.sum())

    def _candidates(self, joined: list[torch.Tensor]) -> torch.Tensor:
        if not joined:
            return torch.empty(0, 1, 3)
        rows = torch.stack(joined)
        return rows if self._name == "pool" else self._codec.decode(rows, self._stride)


def merge(candidates: torch.Tensor, radius: float) -> torch.Tensor:
    """Candidates (N,K,3) of one frame in N windows -> the K best of their groups, (K,3).

    The best candidate takes those within the radius, at most one from each window. Their mean
    position, weighted by score, and the sum of their scores over the number of windows make one
    candidate: what a single window sees counts little. Then the best of the rest does the same.
    """
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
