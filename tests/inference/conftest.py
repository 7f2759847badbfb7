"""An honest little detector, and videos of a bright dot whose path is known."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tracknet.codecs.gaussian import GaussianCodec
from tracknet.inference.predictor import Predictor
from tracknet.video import VideoWriter


class Brightness(nn.Module):
    """Takes what is brighter than the background for the ball."""

    def __init__(self, frames: int, background: bool, heatmap_stride: int) -> None:
        super().__init__()
        self.frames, self.background, self.heatmap_stride = frames, background, heatmap_stride

    def forward(self, frames: torch.Tensor, background: torch.Tensor | None = None) -> torch.Tensor:
        assert frames.shape[1:3] == (self.frames, 3)
        if self.background:
            frames = frames - background[:, None]
        small = functional.avg_pool2d(frames.mean(2), self.heatmap_stride)
        blurred = functional.avg_pool2d(small, 5, 1, 2)
        return blurred.clamp(1e-4, 1 - 1e-4).logit()


@pytest.fixture
def predictor():
    """Makes a predictor with the little detector, at 96x160."""

    def make(frames=3, background=False, heatmap_stride=1, threshold=0.15, **options) -> Predictor:
        model = Brightness(frames, background, heatmap_stride)
        codec = GaussianCodec(candidates=3, radius=6)
        return Predictor(model, codec, (96, 160), threshold, precision="float32", **options)

    return make


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
