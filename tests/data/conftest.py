"""Small real clips: flat frames that grow lighter, so that each frame is known by its level."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tracknet.data.store import FrameStore, StoredClip
from tracknet.types import ABSENT, Clip, Labels
from tracknet.video import VideoWriter

SIZE = (32, 64)


def level(frame: int) -> int:
    return 40 + 12 * frame


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[..., Clip]:
    """Writes a video; frame i has gray level 40 + 12 i and its ball at (3 i + 2, i + 4)."""

    def make(name: str, length: int, labelled: int | None = None, size=SIZE, first=0) -> Clip:
        source = tmp_path / "source" / f"{name}.mp4"
        source.parent.mkdir(parents=True, exist_ok=True)
        with VideoWriter(source, size, Fraction(25), crf=1) as writer:
            for i in range(first, first + length):
                writer.write(np.full((*size, 3), level(i), np.uint8))
        rows = np.arange(length if labelled is None else labelled)
        xy = np.stack([3 * rows + 2, rows + 4], 1).astype(np.float32)
        visibility = np.ones(len(rows), np.int8)
        visibility[1::4], xy[1::4] = ABSENT, np.nan
        return Clip(name, "match1", source, Labels(xy, visibility))

    return make


@pytest.fixture
def convert() -> Callable[[Path, Path], Path]:
    """Copies a video's packets into a container of another kind, and returns its path."""

    def converted(video: Path, copy: Path) -> Path:
        with av.open(str(video)) as source, av.open(str(copy), "w") as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    target.mux(packet)
        return copy

    return converted


@pytest.fixture
def store(tmp_path: Path) -> FrameStore:
    return FrameStore(tmp_path / "store", SIZE)


@pytest.fixture
def stored(make_clip: Callable[..., Clip], store: FrameStore) -> Callable[..., StoredClip]:
    """As `make_clip`, decoded at the size that it has."""
    return lambda *args, **kwargs: store.open([make_clip(*args, **kwargs)])[0][0]
