"""Videos and folders of frames that were labelled, and what an export says of them."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from tracknet.data.exports.clips import find_sources_below, labels_of
from tracknet.data.exports.export import read_export
from tracknet.video import VideoWriter

SIZE = (64, 128)


@pytest.fixture
def videos(tmp_path):
    """Writes videos of 10 frames, 128x64, and folders of as many pictures, numbered from 1."""

    def make(*names):
        for name in names:
            place = tmp_path / "videos" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            picture = np.zeros((*SIZE, 3), np.uint8)
            if place.suffix:
                with VideoWriter(place, SIZE, Fraction(25)) as writer:
                    for _ in range(10):
                        writer.write(picture)
            else:
                place.mkdir()
                for i in range(1, 11):
                    cv2.imwrite(str(place / f"{i:06d}.png"), picture)
        return tmp_path / "videos"

    return make


@pytest.fixture
def read(tmp_path):
    """Labels by the place of each clip, the messages of problems, and what is broken."""

    def labels(export, kind=None, first=None):
        marks, problems = read_export(export)
        sources = find_sources_below(tmp_path / "videos")
        clips, broken = labels_of(marks, sources, kind, first)
        found = {source.place.as_posix(): own for source, own, _ in clips}
        problems += [problem for *_, own in clips for problem in own]
        return found, [problem.message for problem in problems], broken

    return labels
