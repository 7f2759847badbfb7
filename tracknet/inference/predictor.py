"""A trained network -> where the ball is in every frame of a video."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from tracknet.codecs.gaussian import GaussianCodec
from tracknet.data.batch import to_unit
from tracknet.devices import lacks_memory, supports_bfloat16
from tracknet.errors import InputError, InputWarning
from tracknet.geometry import Letterbox, Size, scale_points
from tracknet.inference.overlap import OVERLAPS
from tracknet.inference.windows import (
    FrameWindow,
    Shot,
    windows,
    with_background,
    with_running_background,
)
from tracknet.models.heatmap_model import HeatmapModel
from tracknet.types import Track
from tracknet.video import (
    Frame,
    Resizer,
    frame_size,
    is_stream,
    open_video,
    prefetch,
)

LOOKAHEAD = 64
"""Frames at network size that may wait for the network, beside a chunk that waits for its
background."""

DECODED = 8
"""Decoded frames that may wait to be resized."""

WINDOWS = {"cpu": 4, "cuda": 32, "mps": 8}
"""A forward pass of ``batch_size="auto"``: more are hardly faster."""

Overlap = Literal["none", "mean", "weighted", "pool"]
Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class Prediction:
    """What is known of one frame.

    Attributes:
        frame: Its index in the video.
        x: Pixels of the original frame, NaN where no ball is predicted.
        y: Likewise.
        score: Of the best candidate, 0..1, also where it is rejected.
        source: ``detected``, or empty where no ball is predicted.
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
        model: The network.
        codec: Decodes its heatmaps.
        image_size: (H, W) of the network's input.
        threshold: Score from which a ball is reported.
        overlap: What becomes of the windows that hold a frame: ``none`` takes the first of
            windows that follow each other; ``mean`` averages their heatmaps, ``weighted`` counts
            those more in whose middle it is; ``pool`` joins their candidates.
        device: Where the network runs.
        batch_size: Windows per forward pass; ``auto`` suits the device. It is halved whenever its
            memory does not hold them.
        precision: ``auto`` is bfloat16 where that is faster, else float32.
    """

    def __init__(
        self,
        model: HeatmapModel,
        codec: GaussianCodec,
        image_size: Size,
        threshold: float,
        overlap: Overlap = "none",
        device: str | torch.device = "cpu",
        batch_size: int | Literal["auto"] = "auto",
        precision: Precision = "auto",
    ) -> None:
        if overlap not in OVERLAPS:
            raise InputError(f"overlap={overlap!r}; expected {', '.join(OVERLAPS)}")
        if precision not in ("auto", "float32", "bfloat16"):
            raise InputError(f"precision={precision!r}; expected auto, float32 or bfloat16")
        if batch_size != "auto" and not (isinstance(batch_size, int) and batch_size >= 1):
            raise InputError(f"batch_size={batch_size!r}; expected auto, or 1 window or more")
        self.device = torch.device(device)
        self.model = model.eval().to(self.device, memory_format=torch.channels_last)
        self.codec = codec
        self.image_size = tuple(image_size)
        self.threshold = threshold
        self.overlap = overlap
        self.batch_size = WINDOWS[self.device.type] if batch_size == "auto" else batch_size
        self.bfloat16 = precision == "bfloat16" or (
            precision == "auto" and supports_bfloat16(self.device)
        )

    def predict(self, source: Path | str | Iterable[np.ndarray]) -> Track:
        """The ball in every frame, in order; what is wrong with a video is an `InputWarning`.

        Args:
            source: A video, a folder of frames, the URL of a stream, or RGB frames (H, W, 3) uint8
                of one size.

        Raises:
            VideoError: The source cannot be read, or its frames differ in size.
        """
        live, frames, problems = is_stream(source), source, []
        if isinstance(source, Path | str):
            info, frames = open_video(source if live else Path(source))
            problems = info.problems
        rows = list(self.stream(frames, live=live))
        for problem in problems:
            warnings.warn(problem.message, InputWarning, stacklevel=2)
        return Track(
            np.array([(row.x, row.y) for row in rows]).reshape(-1, 2),
            np.array([row.score for row in rows]),
            np.array([row.source for row in rows], dtype="<U12"),
        )

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
            if not live:  # one that is told to stop while it is silent did not break off
                read = threads.enter_context(closing(prefetch(read, DECODED)))
            first = next(read, None)
            if first is None:
                return
            letterbox = Letterbox(frame_size(first), self.image_size)
            resized = map(Resizer(letterbox), chain([first], read))
            shots = prefetch(self._shots(resized, background, live), LOOKAHEAD)
            threads.enter_context(closing(shots))
            for index, candidates in enumerate(self._candidates(shots, live)):
                yield self._prediction(index, candidates, letterbox)

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
        overlaps = {name: make(self.codec, self.model.frames) for name, make in OVERLAPS.items()}
        found: dict[str, list[np.ndarray]] = {name: [] for name in overlaps}
        for batch, logits in self._outputs(self._shots(frames, background), step=1):
            for name, overlap in overlaps.items():
                found[name] += [*self._network_pixels(overlap.add(batch, logits))]
        for name, overlap in overlaps.items():
            found[name] += [*self._network_pixels(overlap.finish())]
        return {name: np.stack(rows) for name, rows in found.items()}

    def _shots(
        self, frames: Iterable[np.ndarray], background: np.ndarray | None, live: bool = False
    ) -> Iterator[Shot]:
        """Frames of network size with their backgrounds; see `stream`."""
        if self.model.background and background is None:
            return with_running_background(frames) if live else with_background(frames)
        return (Shot(frame, background) for frame in frames)

    def _candidates(self, shots: Iterable[Shot], live: bool = False) -> Iterator[np.ndarray]:
        """(K, 3) for every frame, in order: x, y in network pixels and score, best first."""
        overlap = OVERLAPS[self.overlap](self.codec, self.model.frames)
        for batch, logits in self._outputs(shots, overlap.step, live):
            yield from self._network_pixels(overlap.add(batch, logits))
        yield from self._network_pixels(overlap.finish())

    def _outputs(
        self, shots: Iterable[Shot], step: int, live: bool = False
    ) -> Iterator[tuple[list[FrameWindow], torch.Tensor]]:
        """Batches of windows, and their logits (B,T,h,w)."""
        each = windows(shots, self.model.frames, step)
        for batch in iter(lambda: list(islice(each, 1 if live else self.batch_size)), []):
            yield batch, self._logits(batch)

    def _logits(self, batch: list[FrameWindow]) -> torch.Tensor:
        """(B,T,h,w) float32; of a batch that is too large for the device in two halves."""
        try:
            return self._forward(batch)
        except RuntimeError as error:
            if len(batch) == 1 or not lacks_memory(error):
                raise
        half = self.batch_size = len(batch) // 2
        return torch.cat([self._logits(batch[:half]), self._logits(batch[half:])])

    @torch.inference_mode()
    def _forward(self, batch: list[FrameWindow]) -> torch.Tensor:
        frames = np.stack([[shot.frame for shot in window.shots] for window in batch])
        frames = to_unit(torch.from_numpy(frames).to(self.device))
        background = None
        if self.model.background:
            background = np.stack([window.shots[0].background for window in batch])
            background = to_unit(torch.from_numpy(background).to(self.device))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            return self.model(frames, background).float()

    def _network_pixels(self, candidates: torch.Tensor) -> np.ndarray:
        """Candidates (...,K,3) in heatmap pixels, moved to network pixels and to the CPU."""
        xy = scale_points(candidates[..., :2], self.model.heatmap_stride)
        return torch.cat([xy, candidates[..., 2:]], -1).cpu().numpy()

    def _prediction(self, frame: int, candidates: np.ndarray, letterbox: Letterbox) -> Prediction:
        height, width = letterbox.source
        xy = letterbox.to_original(candidates[:, :2].astype(np.float64))
        xy = xy.clip(0, (width - 1, height - 1))  # half a heatmap pixel can lie outside
        candidates = np.concatenate([xy, candidates[:, 2:]], 1)
        x, y, score = candidates[0].tolist()
        if score < self.threshold:
            return Prediction(frame, np.nan, np.nan, score, "", candidates)
        return Prediction(frame, x, y, score, "detected", candidates)
