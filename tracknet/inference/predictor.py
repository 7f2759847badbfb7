"""A trained network -> where the ball is in every frame of a video."""

import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from tracknet.codecs import Codec
from tracknet.devices import lacks_memory
from tracknet.errors import InputError, InputWarning
from tracknet.geometry import Fit, Size, to_original
from tracknet.inference.backgrounds import Shot, with_background
from tracknet.inference.network import Network
from tracknet.inference.overlap import OVERLAPS, Overlap, OverlapName
from tracknet.inference.tracking import as_track, picked
from tracknet.types import Track
from tracknet.video import (
    Frame,
    Resizer,
    frame_bytes,
    frame_size,
    is_stream,
    open_video,
    prefetch,
    room,
)
from tracknet.windows import Window, windows

LOOKAHEAD = 64
"""Frames at network size that may wait for the network, beside a chunk that waits for its
background."""

DECODED = 8
"""Decoded frames that may wait to be resized."""


@dataclass(frozen=True)
class Prediction:
    """What is known of one frame.

    Attributes:
        frame: Its index in the video.
        x: Original pixels from the left, NaN where no ball is predicted.
        y: Original pixels from the top, NaN where no ball is predicted.
        score: Of the best candidate, 0..1, also where it is rejected.
        source: As in `Track`.
        candidates: (K, 3) x, y in original pixels and score, best first.
    """

    frame: int
    x: float
    y: float
    score: float
    source: str
    candidates: np.ndarray

    @property
    def visible(self) -> bool:
        """Whether a ball is predicted."""
        return self.source != ""


class Predictor:
    """Runs a network over videos, frames in a stream, or frames of network size.

    Windows of T frames follow each other; the last one ends at the last frame, and a video
    shorter than T repeats its last frame. With an `overlap` there is a window for every start.

    Args:
        network: Looks at the windows.
        codec: Decodes its heatmaps.
        image_size: (H, W) of the network's input.
        fit: (source size, network size) -> how frames become the network's input.
        threshold: Score from which a ball is reported.
        overlap: What becomes of the windows that hold a frame, see `Overlap`.
        batch_size: Windows per pass; ``auto`` suits the network. It is halved whenever memory does
            not hold them.

    Raises:
        InputError: There is no such overlap, or a pass has no windows.
    """

    def __init__(
        self,
        network: Network,
        codec: Codec,
        image_size: Size,
        fit: Callable[[Size, Size], Fit],
        threshold: float,
        overlap: OverlapName = "none",
        batch_size: int | Literal["auto"] = "auto",
    ) -> None:
        if overlap not in OVERLAPS:
            raise InputError(f"overlap={overlap!r}; expected {', '.join(OVERLAPS)}")
        if batch_size != "auto" and not (isinstance(batch_size, int) and batch_size >= 1):
            raise InputError(f"batch_size={batch_size!r}; expected auto, or 1 window or more")
        self.network = network
        self.codec = codec
        self.image_size = (image_size[0], image_size[1])
        self.fit = fit
        self.threshold = threshold
        self.overlap: OverlapName = overlap
        self.batch_size = network.windows_per_pass if batch_size == "auto" else batch_size

    def predict(self, source: Path | str | Iterable[Frame]) -> Track:
        """The ball in every frame, in order; what is wrong with a video is an `InputWarning`.

        Args:
            source: A video, a folder of frames, the URL of a stream, or RGB frames (H, W, 3) uint8
                of one size.

        Raises:
            VideoError: The source cannot be read, or its frames differ in size.
        """
        live, problems = is_stream(source), []
        if isinstance(source, Path | str):
            info, source = open_video(source if live else Path(source))
            problems = info.problems
        rows = list(self.stream(source, live=live))
        for problem in problems:
            warnings.warn(problem.message, InputWarning, stacklevel=2)
        return as_track((row.x, row.y, row.score, row.source) for row in rows)

    def stream(
        self, frames: Iterable[Frame], background: np.ndarray | None = None, live: bool = False
    ) -> Iterator[Prediction]:
        """Predictions in the order of the frames, while these arrive.

        Reading happens in a thread, resizing and the background's median in another. A network that
        takes the background looks at a chunk of the video before the first prediction of that
        chunk; the next chunk is read meanwhile.

        Args:
            frames: RGB arrays (H, W, 3) uint8 or frames of `read_raw`, all of one size.
            background: (H, W, 3) uint8 of network size; None takes the median of each chunk.
            live: Whether to wait for no more frames than a window has: the background is then one
                of earlier frames, and windows go through the network one by one.

        Raises:
            VideoError: The frames differ in size.
        """
        with ExitStack() as threads:
            read = iter(frames)
            first = next(read, None)
            if first is None:
                return
            if not live:  # one that is told to stop while it is silent did not break off
                depth = room(DECODED, frame_bytes(first))
                read = threads.enter_context(closing(prefetch(read, depth)))
            fit = self.fit(frame_size(first), self.image_size)
            resized = map(Resizer(fit), chain([first], read))
            # The frame itself may wait as long, see `predict_video`.
            largest = max(3 * math.prod(self.image_size), frame_bytes(first) if live else 0)
            depth = room(LOOKAHEAD, largest)
            shots = prefetch(self._shots(resized, background, live), depth)
            threads.enter_context(closing(shots))
            for index, candidates in enumerate(self._candidates(shots, live)):
                own = to_original(fit, candidates)
                pick = 0 if own[0, 2] >= self.threshold else len(own)
                yield Prediction(index, *picked(own, pick, self.threshold), own)

    def network_frames(
        self, frames: np.ndarray, background: np.ndarray | None = None
    ) -> np.ndarray:
        """Candidates of frames that have the network's size already.

        Args:
            frames: (N, H, W, 3) uint8, in memory or memory-mapped; N >= 1.
            background: (H, W, 3) uint8; None takes the median of each chunk if it is needed.

        Returns:
            (N, K, 3) x, y in network pixels and score, best first.
        """
        return np.stack(list(self._candidates(self._shots(frames, background))))

    def every_overlap(
        self, frames: np.ndarray, background: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """As `network_frames`, for every choice of `overlap`, in one pass of the network."""
        overlaps = {name: self._make(name) for name in OVERLAPS}
        found: dict[str, list[np.ndarray]] = {name: [] for name in OVERLAPS}
        for batch, logits in self._outputs(self._shots(frames, background), step=1):
            for name, overlap in overlaps.items():
                found[name] += [*overlap.add(batch, logits).cpu().numpy()]
        for name, overlap in overlaps.items():
            found[name] += [*overlap.finish().cpu().numpy()]
        return {name: np.stack(rows) for name, rows in found.items()}

    def _shots(
        self, frames: Iterable[np.ndarray], background: np.ndarray | None, live: bool = False
    ) -> Iterator[Shot]:
        """Frames of network size with their backgrounds; see `stream`."""
        if self.network.background and background is None:
            return with_background(frames, live)
        return (Shot(frame, background) for frame in frames)

    def _candidates(self, shots: Iterable[Shot], live: bool = False) -> Iterator[np.ndarray]:
        """(K, 3) for every frame, in order: x, y in network pixels and score, best first."""
        overlap = self._make(self.overlap)
        for batch, logits in self._outputs(shots, overlap.step, live):
            yield from overlap.add(batch, logits).cpu().numpy()
        yield from overlap.finish().cpu().numpy()

    def _make(self, name: OverlapName) -> Overlap:
        return Overlap(name, self.codec, self.network.frames, self.network.stride)

    def _outputs(
        self, shots: Iterable[Shot], step: int, live: bool = False
    ) -> Iterator[tuple[list[Window[Shot]], torch.Tensor]]:
        """Batches of windows, and their logits (B,T,h,w)."""
        each = windows(shots, self.network.frames, step)
        for batch in iter(lambda: list(islice(each, 1 if live else self.batch_size)), []):
            yield batch, self._logits(batch)

    def _logits(self, batch: list[Window[Shot]]) -> torch.Tensor:
        """(B,T,h,w) float32; of a batch that memory does not hold in two halves."""
        frames = np.stack([[shot.frame for shot in window.items] for window in batch])
        background = None
        if self.network.background:
            background = np.array([window.items[0].background for window in batch])
        try:
            return self.network(frames, background)
        except RuntimeError as error:
            if len(batch) == 1 or not lacks_memory(error):
                raise
        half = self.batch_size = len(batch) // 2
        return torch.cat([self._logits(batch[:half]), self._logits(batch[half:])])
