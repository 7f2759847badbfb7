"""What was found in one video, and what people make of it: tables, pictures, videos."""

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from tracknet.data.predictions import VIDEO_COLUMNS, cells, write_table
from tracknet.errors import InputError
from tracknet.geometry import Size
from tracknet.inference.frames import Channels, as_frames, check_fps, split_frames
from tracknet.owned import refuse_foreign, remember
from tracknet.types import Track
from tracknet.video import Frame, Source, VideoInfo, frame_bytes, frame_size, is_stream, open_video

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

NOTHING = np.full((1, 3), np.nan)
"""The candidates of a track, which does not keep them."""


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


class Found(NamedTuple):
    """What is known of one frame; the columns of `VideoTrack.to_pandas`.

    Attributes:
        frame: Its number in the video, from 0.
        time: Seconds after the video's first frame; NaN where nothing says so.
        x: Original pixels from the left, NaN where no ball is predicted.
        y: Original pixels from the top, NaN where no ball is predicted.
        visible: Whether a ball is predicted.
        score: As in `Track`.
        source: As in `Track`.
    """

    frame: int
    time: float
    x: float
    y: float
    visible: bool
    score: float
    source: str


@dataclass(frozen=True, repr=False, eq=False)
class VideoTrack(Track):
    """The ball in one video, frame by frame: a sequence of `Found`, of which slices are tracks.

    Attributes:
        frame: (N,) int, the frames' numbers in the video.
        time: (N,) float, seconds after the video's first frame; NaN where nothing says so.
        size: (H, W) of the video's frames; (0, 0) where there was none.
        video: The video or the folder of frames; None where the frames came from memory.
    """

    frame: np.ndarray
    time: np.ndarray
    size: Size
    video: Source | None = None

    def __iter__(self) -> Iterator[Found]:
        columns = self.frame, self.time, *self.xy.T, self.visible, self.score, self.source
        return map(Found._make, zip(*(column.tolist() for column in columns), strict=True))

    @overload
    def __getitem__(self, index: int) -> Found: ...
    @overload
    def __getitem__(self, index: "slice | np.ndarray") -> "VideoTrack": ...
    def __getitem__(self, index: Any) -> "Found | VideoTrack":
        """One frame by its place in the track, or the track of a slice, a mask or several places.

        Raises:
            IndexError: There is no such place.
        """
        if hasattr(index, "__index__") and not isinstance(index, np.ndarray):
            at = operator.index(index)
            if not -len(self) <= at < len(self):
                raise IndexError(f"frame {at} of a track of {len(self)}")
            return next(iter(self[at:][:1]))
        names = ("xy", "score", "source", "frame", "time")
        return replace(self, **{name: getattr(self, name)[index] for name in names})

    def __repr__(self) -> str:
        count, balls = len(self), int(self.visible.sum())
        name = "frames from memory" if self.video is None else str(self.video)
        lasts = f", {np.ptp(self.time):.2f} s" if count and np.isfinite(self.time).all() else ""
        share = f" ({balls / count:.0%})" if count else ""
        return f"<VideoTrack of {name}: {count:,} frames{lasts}, a ball in {balls:,}{share}>"

    def to_pandas(self) -> "pd.DataFrame":
        """A table with a row a frame and the columns of `Found`, original pixels and seconds."""
        import pandas as pd

        return pd.DataFrame(
            {
                "frame": self.frame,
                "time": self.time,
                "x": self.xy[:, 0],
                "y": self.xy[:, 1],
                "visible": self.visible,
                "score": self.score,
                "source": self.source.astype(object),
            }
        )

    def save_csv(self, path: str | Path, overwrite: bool = False) -> Path:
        """Writes the table that `predict.py` writes, whole or not at all.

        Args:
            path: The csv file.
            overwrite: Whether a file may be replaced that was not written here, or was changed
                since.

        Returns:
            The path.

        Raises:
            InputError: There is a file that may not be replaced.
        """
        path = Path(path)
        _check_free(path, overwrite)
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = self.frame, *self.xy.T, self.score, self.source
        write_table(path, VIDEO_COLUMNS, map(cells, *(column.tolist() for column in columns)))
        remember(path)
        return path

    def save_video(
        self,
        path: str | Path,
        frames: Any = None,
        overwrite: bool = False,
        fps: float | None = None,
        channels: Channels = "rgb",
        trail: int = 12,
    ) -> Path:
        """Writes the frames of the track with the ball drawn on them, whole or not at all.

        Args:
            path: An mp4 file.
            frames: The frames of the track where they came from memory, as `predict` took them.
            overwrite: Whether a file may be replaced that was not written here, or was changed
                since.
            fps: Frames per second of frames that have no times, else 30.
            channels: The order of channels in `frames`.
            trail: How many of the last positions stay visible.

        Returns:
            The path.

        Raises:
            InputError: There is a file that may not be replaced, frames are missing, or `fps` is no
                rate.
            VideoError: The video cannot be read any more.
        """
        from tracknet.inference.writers import Overlay

        check_fps(fps)
        path = Path(path)
        if path.suffix.lower() != ".mp4":
            raise InputError(f"{path}: expected the name of an mp4 file")
        _check_free(path, overwrite)
        if (np.diff(self.frame) <= 0).any() or not len(self):
            raise InputError("a video shows frames in their order; this track has none, or others")
        info, pictures = self._pictures(frames, channels, fps)
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=".") as folder:
            with Overlay(Path(folder), "track", info, trail) as overlay:
                drawn = 0
                for row, frame in zip(self._predictions(), pictures, strict=False):
                    overlay.write(row, frame)
                    drawn += 1
                if drawn < len(self):
                    raise InputError(f"{drawn} frames are left of the {len(self)} of the track")
            overlay.files[0].replace(path)
        remember(path)
        return path

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draws x and y over time, in original pixels; over frames where nothing says the time.

        Args:
            ax: Where to draw; None makes a figure.

        Returns:
            The axes.
        """
        if ax is None:
            from matplotlib import pyplot

            ax = pyplot.subplots(figsize=(9, 3.2), layout="constrained")[1]
        timed = bool(np.isfinite(self.time).all())
        over = self.time if timed else self.frame
        for name, values, colour in zip("xy", self.xy.T, ("tab:blue", "tab:orange"), strict=True):
            ax.plot(over, values, ".-", markersize=3, linewidth=0.8, color=colour, label=name)
        ax.set_xlabel("seconds" if timed else "frame")
        ax.set_ylabel("pixels")
        ax.set_ylim(0, max(*self.size, 1))
        ax.legend(loc="upper right")
        return ax

    def to_supervision(self, side: float | None = None) -> list[Any]:
        """`supervision.Detections` of every frame, empty where there is no ball.

        Args:
            side: Pixels of the square round the ball, for which there is no size; None is a
                fortieth of the frame's height.

        Raises:
            InputError: The package is not installed.
        """
        try:
            import supervision as sv
        except ImportError as error:
            raise InputError(
                "supervision is not installed; install it by pip install 'tracknet[supervision]'"
            ) from error
        half = (self.size[0] / 40 if side is None else side) / 2
        boxes = np.concatenate([self.xy - half, self.xy + half], 1).astype(np.float32)
        return [
            sv.Detections(
                xyxy=boxes[[i]],
                confidence=self.score[[i]].astype(np.float32),
                class_id=np.zeros(1, int),
                data={"class_name": np.array(["ball"]), "source": self.source[[i]]},
            )
            if seen
            else sv.Detections.empty()
            for i, seen in enumerate(self.visible.tolist())
        ]

    def _predictions(self) -> Iterator[Prediction]:
        for row in self:
            yield Prediction(row.frame, row.x, row.y, row.score, row.source, NOTHING)

    def _pictures(
        self, given: Any, channels: Channels, fps: float | None
    ) -> tuple[VideoInfo, Iterator[Frame]]:
        """The frames of the track, and what they are like."""
        if given is not None:
            pictures = as_frames(split_frames(given), channels)
            first = next(pictures, None)
            if first is None or frame_size(first) != tuple(self.size):
                raise InputError(f"frames: expected those of the track, which are {self.size}")
            rate = Fraction(fps or self._rate()).limit_denominator(2**16)
            return VideoInfo(self.size, rate, 0, frame_bytes(first)), chain([first], pictures)
        if self.video is None or is_stream(self.video):
            raise InputError(
                "the frames of this track were not kept; give them, as in "
                "track.save_video(path, frames)"
            )
        info, frames = open_video(self.video)
        return info, _picked(frames, self.frame)

    def _rate(self) -> float:
        """Frames per second, as far as times tell."""
        steps = np.diff(self.time) / np.diff(self.frame)
        return 1 / float(np.median(steps)) if len(steps) and np.isfinite(steps).all() else 30.0


def _picked(frames: Iterable[Frame], numbers: np.ndarray) -> Iterator[Frame]:
    """The frames of ascending numbers."""
    wanted = {*numbers.tolist()}
    for number, frame in enumerate(islice(frames, int(numbers[-1]) + 1)):
        if number in wanted:
            yield frame


def _check_free(path: Path, overwrite: bool) -> None:
    try:
        if not overwrite:
            refuse_foreign(path)
    except InputError as error:
        raise InputError(
            f"{path}: is there already, and was not written here or was changed since; choose "
            "another name, or replace it by overwrite=True"
        ) from error
