"""Videos of a bright dot whose path is known."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tracknet.video import VideoWriter


def path(count: int, size: tuple[int, int]) -> np.ndarray:
    """(N, 2) x, y of a dot that crosses the frame and leaves it out of every fifth one."""
    t = np.linspace(0.15, 0.85, count)
    xy = np.stack([t * size[1], (0.5 + 0.3 * np.sin(7 * t)) * size[0]], 1)
    xy[4::5] = np.nan
    return xy


@pytest.fixture
def dots():
    """Makes frames (N, H, W, 3) with a bright dot on black, and where it is, (N, 2)."""

    def make(count: int, size: tuple[int, int] = (192, 320), radius: float = 5):
        frames, xy = np.zeros((count, *size, 3), np.uint8), path(count, size)
        for frame, (x, y) in zip(frames, xy, strict=True):
            if np.isfinite(x):
                centre = round(x * 256), round(y * 256)
                cv2.circle(frame, centre, round(radius * 256), (255,) * 3, -1, cv2.LINE_AA, 8)
        return frames, xy

    return make


@pytest.fixture
def video(tmp_path, dots):
    """Writes such frames as a video: (path, where the dot is)."""

    def make(count: int, size=(192, 320), fps=Fraction(25), name="rally", **options):
        frames, xy = dots(count, size, **options)
        file: Path = tmp_path / f"{name}.mp4"
        with VideoWriter(file, size, fps, crf=12) as writer:
            for frame in frames:
                writer.write(frame)
        return file, xy

    return make


@pytest.fixture(scope="session")
def small():
    """The configuration of a small network."""
    return {
        "image_size": [64, 96],
        "frames": 3,
        "heatmap_stride": 2,
        "inputs": {"_target_": "tracknet.models.WindowInput", "background": True},
        "temporal": {"_target_": "tracknet.models.temporal.StackTime"},
        "backbone": {
            "_target_": "tracknet.models.ConvBackbone",
            "widths": [8, 16],
            "norm": "batch",
        },
        "decoder": {"_target_": "tracknet.models.UNetDecoder.from_features"},
        "detail": {},
        "head": {"_target_": "tracknet.models.HeatmapHead"},
        "codec": {"_target_": "tracknet.codecs.GaussianCodec"},
    }
