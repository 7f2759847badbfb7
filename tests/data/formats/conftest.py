"""Frames as the layouts keep them: folders of tiny pictures and tiny videos."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tracknet.video import VideoWriter

PICTURE = np.zeros((32, 64, 3), np.uint8)


@pytest.fixture
def write_pictures() -> Callable[[Path, Iterable[str]], None]:
    def write(folder: Path, names: Iterable[str]) -> None:
        folder.mkdir(parents=True)
        for name in names:
            cv2.imwrite(str(folder / name), PICTURE)

    return write


@pytest.fixture
def write_video() -> Callable[[Path, int], None]:
    def write(path: Path, frames: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with VideoWriter(path, PICTURE.shape[:2], Fraction(30)) as writer:
            for _ in range(frames):
                writer.write(PICTURE)

    return write
