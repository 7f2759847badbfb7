"""Batches of windows -> what a network says of them; no frame is seen twice without need."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch

from tracknet.inference.backgrounds import Shot
from tracknet.inference.network import FrameNetwork, Network
from tracknet.windows import Window


class Passes(Protocol):
    """Takes the windows of one stream, batch by batch and in order."""

    def __call__(self, batch: Sequence[Window[Shot]]) -> torch.Tensor:
        """Logits (B,T*M,h,w) float32 of B windows.

        Raises:
            RuntimeError: Memory does not hold so many windows, see `lacks_memory`; a smaller batch
                that begins with the same window may come next.
        """
        ...


def passes_of(network: Network) -> Passes:
    """How the windows of a stream go through a network."""
    return CachedFrames(network) if isinstance(network, FrameNetwork) else WholeWindows(network)


class WholeWindows:
    """Each window by itself."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def __call__(self, batch: Sequence[Window[Shot]]) -> torch.Tensor:
        frames = np.stack([[shot.frame for shot in window.items] for window in batch])
        background = None
        if self._network.background:
            background = np.array([window.items[0].background for window in batch])
        return self._network(frames, background)


class CachedFrames:
    """Each frame once, whatever windows hold it.

    What was seen of a frame is kept until no later window can hold it: of T - 1 frames, as part of
    the batch in which they were seen. A window looks at all its frames before the background of the
    first one, as `WholeWindows` does, so that with another background a frame is another one.
    """

    def __init__(self, network: FrameNetwork) -> None:
        self._network = network
        # By frame and background, which is held so that no other one gets its identity.
        self._seen: dict[tuple[int, int], tuple[np.ndarray | None, Any]] = {}

    def __call__(self, batch: Sequence[Window[Shot]]) -> torch.Tensor:
        seen, keys = dict(self._seen), []
        new: dict[int, tuple[np.ndarray | None, dict[int, np.ndarray]]] = {}
        for window in batch:
            background = window.items[0].background if self._network.background else None
            for place, shot in enumerate(window.items):
                frame = window.start + min(place, window.length - 1)
                key = frame, id(background)
                keys.append(key)
                if key not in seen:
                    new.setdefault(id(background), (background, {}))[1][frame] = shot.frame
        for identity, (background, frames) in new.items():
            found = self._network.encode(np.stack([*frames.values()]), background)
            for frame, own in zip(frames, found, strict=True):
                seen[frame, identity] = background, own
        size = batch[0].items[0].frame.shape[:2]
        logits = self._network.join([seen[key][1] for key in keys], size)
        self._seen = {key: own for key, own in seen.items() if key[0] > batch[-1].start}
        return logits
