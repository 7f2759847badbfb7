"""A trained network -> where the ball is in every frame of a video."""

import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from fractions import Fraction
from itertools import chain, islice, tee
from pathlib import Path
from typing import Any, Literal, cast, overload

import numpy as np
import torch

from tracknet.codecs import Codec
from tracknet.devices import lacks_memory
from tracknet.errors import InputError, InputWarning
from tracknet.geometry import Fit, Size, to_original
from tracknet.inference.backgrounds import Shot, with_background
from tracknet.inference.frames import Channels, as_frames, check_fps, paths_in, split_frames
from tracknet.inference.look import SecondLook
from tracknet.inference.network import Network
from tracknet.inference.overlap import OVERLAPS, Overlap, OverlapName
from tracknet.inference.passes import Passes, passes_of
from tracknet.inference.repeats import as_shown, once
from tracknet.inference.result import Prediction as Prediction, VideoTrack
from tracknet.inference.tracking import LiveTracker, Tracker, as_track, picked
from tracknet.video import (
    Frame,
    Resizer,
    frame_bytes,
    frame_size,
    frame_time,
    is_stream,
    open_video,
    prefetch,
    probe,
    room,
)
from tracknet.windows import Window, windows

LOOKAHEAD = 64
"""Frames at network size that may wait for the network, beside a chunk that waits for its
background."""

DECODED = 8
"""Decoded frames that may wait to be resized."""

AHEAD = 32
"""Frames that the network may have looked at before anybody asks."""


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
        tracker: Picks among the candidates of each frame; None takes the best one.
        look: Looks at the candidates a second time; None leaves them as the network gave them.
        batch_size: Windows per pass; ``auto`` suits the network. It is halved whenever memory does
            not hold them.

    Attributes:
        live: What follows a stream in its place; None: it does itself.

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
        tracker: Tracker | None = None,
        look: SecondLook | None = None,
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
        self.tracker = tracker
        self.look = look
        self.live: Predictor | None = None
        self.batch_size = network.windows_per_pass if batch_size == "auto" else batch_size

    @overload
    def predict(
        self,
        source: Path | str | np.ndarray | torch.Tensor,
        *,
        channels: Channels = "rgb",
        fps: float | None = None,
    ) -> VideoTrack: ...
    @overload
    def predict(
        self, source: Iterable[Path], *, channels: Channels = "rgb", fps: float | None = None
    ) -> list[VideoTrack]: ...
    @overload
    def predict(
        self, source: Any, *, channels: Channels = "rgb", fps: float | None = None
    ) -> Any: ...
    def predict(
        self, source: Any, *, channels: Channels = "rgb", fps: float | None = None
    ) -> VideoTrack | list[VideoTrack]:
        """The ball in every frame, in order; what is wrong with a video is an `InputWarning`.

        Args:
            source: A video, a folder of frames or the URL of a stream; several of these; or frames
                of one size, as one array or tensor or one by one: (N, H, W, 3), (N, 3, H, W) or
                grey (N, H, W), uint8 or floating from 0 to 1. One frame (H, W, 3) or (H, W) is a
                video of one.
            channels: The order of channels in arrays, ``rgb`` or ``bgr``.
            fps: Frames per second of frames that have no times of their own.

        Returns:
            A track; of several sources a list of them, in their order.

        Raises:
            VideoError: A source cannot be read, or its frames differ in size.
            InputError: Frames are not as described, or could be so in two ways; or `fps` is no
                rate.
        """
        check_fps(fps)
        if isinstance(source, Path | str):
            if channels != "rgb":
                raise InputError(f"channels={channels!r} is for arrays; a file says it itself")
            return self._of_video(source, fps)
        paths, frames = paths_in(split_frames(source))
        if paths:
            for path in paths:  # those that cannot be opened, before hours of work
                if not is_stream(path):
                    probe(Path(path))
            return [self.predict(path, channels=channels, fps=fps) for path in paths]
        size, known = (0, 0), as_frames(frames, channels)
        first = next(known, None)
        if first is None:
            return self._track([], (0, 0), [], fps)
        size, times = frame_size(first), []
        rows = list(self.stream(_timed(chain([first], known), times)))
        return self._track(rows, size, times, fps)

    def _of_video(self, source: Path | str, fps: float | None) -> VideoTrack:
        live, times = is_stream(source), []
        finder = self.live or self if live else self
        info, frames = open_video(source if live else Path(source))
        rows = list(finder.stream(_timed(frames, times), live=live))
        for problem in info.problems:
            warnings.warn(problem.message, InputWarning, stacklevel=3)
        rate = fps or (None if Path(source).is_dir() else float(info.fps))
        return self._track(rows, info.size, times, rate, source)

    def _track(
        self,
        rows: list[Prediction],
        size: Size,
        times: list[Fraction | None],
        fps: float | None,
        video: Path | str | None = None,
    ) -> VideoTrack:
        """What was found, and when; frames without times of their own come at `fps`."""
        track = as_track((row.x, row.y, row.score, row.source) for row in rows)
        frame = np.arange(len(track))
        own = [np.nan if time is None else float(time) for time in times[: len(track)]]
        time = np.array(own, float)
        if len(time) and not np.isfinite(time).all():
            time = frame / fps if fps else np.full(len(track), np.nan)
        time = time - time[:1]  # counted from the first one
        parts = track.xy, track.score, track.source
        return VideoTrack(*parts, frame, time, size, video)

    def stream(
        self,
        frames: Iterable[Any],
        background: np.ndarray | None = None,
        live: bool = False,
        channels: Channels = "rgb",
    ) -> Iterator[Prediction]:
        """Predictions in the order of the frames, while these arrive.

        Reading happens in a thread, resizing and the background's median in another, and, unless
        `live`, the network runs in a third one beside what is done with what it finds. Frames that
        repeat the one before are not looked at, unless `live`. A network that takes the background
        looks at a chunk of the video before the first prediction of that chunk; the next chunk is
        read meanwhile.

        Args:
            frames: Arrays, tensors or frames of `read_raw`, all of one size, see `as_frame`.
            background: (H, W, 3) uint8 of network size; None takes the median of each chunk.
            live: Whether to wait for no more frames than a window has: the background is then one
                of earlier frames, and windows go through the network one by one.
            channels: The order of channels in arrays, ``rgb`` or ``bgr``.

        Raises:
            VideoError: The frames differ in size.
            InputError: One is no frame, or they are `live` and the tracker waits for the last one,
                or frames would be looked at a second time.
        """
        if live and self.tracker and self.tracker.waits:
            raise InputError("a stream has no end to wait for; use tracking=online")
        if live and self.look:
            raise InputError("a stream is looked at once; use quality=fast")
        with ExitStack() as threads:
            read = as_frames(frames, channels)
            first = next(read, None)
            if first is None:
                return
            if not live:  # one that is told to stop while it is silent did not break off
                depth = room(DECODED, frame_bytes(first))
                read = threads.enter_context(closing(prefetch(read, depth)))
            fit = self.fit(frame_size(first), self.image_size)
            resize, held = Resizer(fit), live or self.look
            resized = (
                Shot(resize(frame), original=frame if self.look else None)
                for frame in chain([first], read)
            )
            # The frame itself may wait as long, see `predict_video`.
            largest = max(3 * math.prod(self.image_size), frame_bytes(first) if held else 0)
            depth = room(LOOKAHEAD, largest)
            seen = resized if live else once(resized)  # a live frame does not wait for later ones
            shots = prefetch(self._shots(seen, background, live), depth)
            threads.enter_context(closing(shots))
            pairs = self._found(shots, live)
            if not live:
                pairs = threads.enter_context(closing(prefetch(pairs, min(AHEAD, depth))))
            pairs, again, shown = tee(pairs, 3)
            found = (to_original(fit, candidates) for _, candidates in pairs)
            if self.look:
                originals = cast(Iterator[Frame], (shot.original for shot, _ in again))
                found = self.look.again(originals, found, fit.source)
            del again  # what nobody reads would keep all frames
            rows = self._best(as_shown(found, (shot for shot, _ in shown)))
            if self.tracker:
                rows = _tracked(rows, self.tracker, self.threshold, fit.source)
            yield from rows

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
        shots, shown = tee(self._shots(once(map(Shot, frames)), background))
        return np.stack(list(as_shown(self._candidates(shots), shown)))

    def every_overlap(
        self, frames: np.ndarray, background: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """As `network_frames`, for every choice of `overlap`, in one pass of the network."""
        overlaps = {name: self._make(name) for name in OVERLAPS}
        found: dict[str, list[np.ndarray]] = {name: [] for name in OVERLAPS}
        shots, again = tee(self._shots(once(map(Shot, frames)), background))
        for batch, logits in self._outputs(shots, step=1):
            for name, overlap in overlaps.items():
                found[name] += [*overlap.add(batch, logits).cpu().numpy()]
        for name, overlap in overlaps.items():
            found[name] += [*overlap.finish().cpu().numpy()]
        shown = [shot.shown for shot in again]
        return {name: np.repeat(np.stack(rows), shown, 0) for name, rows in found.items()}

    def _best(self, found: Iterable[np.ndarray]) -> Iterator[Prediction]:
        """Each frame by itself: its best candidate, if that reaches the threshold."""
        for index, own in enumerate(found):
            pick = 0 if own[0, 2] >= self.threshold else len(own)
            yield Prediction(index, *picked(own, pick, self.threshold), own)

    def _shots(
        self, shots: Iterable[Shot], background: np.ndarray | None, live: bool = False
    ) -> Iterator[Shot]:
        """Frames of network size with their backgrounds; see `stream`."""
        if self.network.background and background is None:
            return with_background(shots, live)
        return (replace(shot, background=background) for shot in shots)

    def _found(self, shots: Iterable[Shot], live: bool) -> Iterator[tuple[Shot, np.ndarray]]:
        """Each frame with its candidates, see `_candidates`."""
        shots, seen = tee(shots)
        return zip(seen, self._candidates(shots, live), strict=True)

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
        passes = passes_of(self.network)
        each = windows(shots, self.network.frames, step)
        for batch in iter(lambda: list(islice(each, 1 if live else self.batch_size)), []):
            yield batch, self._logits(batch, passes)

    def _logits(self, batch: list[Window[Shot]], passes: Passes) -> torch.Tensor:
        """(B,T,h,w) float32; of a batch that memory does not hold in two halves."""
        try:
            return passes(batch)
        except RuntimeError as error:
            if len(batch) == 1 or not lacks_memory(error):
                raise
        half = self.batch_size = len(batch) // 2
        return torch.cat([self._logits(part, passes) for part in (batch[:half], batch[half:])])


def _tracked(
    rows: Iterable[Prediction], tracker: Tracker, threshold: float, size: Size
) -> Iterator[Prediction]:
    """The same frames with the candidates that the tracker picks."""
    rows, again, seen = tee(rows, 3)
    candidates = (row.candidates for row in seen)
    if tracker.waits:
        track = tracker.track(np.stack(list(candidates)), threshold, size)
        found = zip(*track.xy.T.tolist(), track.score.tolist(), track.source.tolist(), strict=True)
    else:
        indices = cast(LiveTracker, tracker).follow(candidates, threshold, size)
        picks = zip(again, indices, strict=True)
        found = (picked(row.candidates, pick, threshold) for row, pick in picks)
    for row, (x, y, score, source) in zip(rows, found, strict=True):
        yield replace(row, x=x, y=y, score=score, source=source)


def _timed(frames: Iterable[Frame], times: list[Fraction | None]) -> Iterator[Frame]:
    """The same frames; when each is shown is noted before it is passed on."""
    for frame in frames:
        times.append(frame_time(frame))
        yield frame
