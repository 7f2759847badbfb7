"""A rally is known again after it was cut, shrunk and encoded anew; another one is not."""

import tracemalloc
from fractions import Fraction

import cv2
import numpy as np
import pytest

from tracknet.data.checks import duplicates
from tracknet.data.checks.duplicates import ALIKE, likeness, signature
from tracknet.video import VideoWriter, read_frames


def encoded(path, frames, crf):
    with VideoWriter(path, frames[0].shape[:2], Fraction(25), crf=crf) as writer:
        for frame in frames:
            writer.write(frame)
    return signature(read_frames(path))


def test_a_rally_encoded_anew_is_the_same(rally, tmp_path):
    frames, _ = rally()
    small = [cv2.resize(f, (200, 112), interpolation=cv2.INTER_AREA) for f in frames[25:120]]
    one, other = encoded(tmp_path / "a.mp4", frames, 20), encoded(tmp_path / "b.mp4", small, 32)
    assert likeness(one, other) >= ALIKE
    assert likeness(other, one) >= ALIKE


def test_other_rallies_of_the_same_hall_are_not(rally):
    signatures = [signature(rally(seed, count=100)[0]) for seed in range(4)]
    for i, one in enumerate(signatures):
        assert likeness(one, one) > 0.95
        assert not any(likeness(one, other) >= ALIKE for other in signatures[i + 1 :])


@pytest.mark.parametrize("strip", [1, 37, 2000])
def test_a_rally_is_found_inside_a_long_recording(rally, monkeypatch, strip):
    """A long clip is looked through in parts, so that time and memory stay small."""
    monkeypatch.setattr(duplicates, "STRIP", strip)
    monkeypatch.setattr(duplicates, "PART", 40)
    monkeypatch.setattr(duplicates, "PARTS", 3)
    frames, _ = rally(count=400)
    one, other = signature(frames), signature(rally(1, count=200)[0])
    assert likeness(one, signature(frames[60:260])) >= ALIKE
    assert likeness(one, other) < ALIKE


def test_every_way_to_lay_two_clips_over_each_other_is_tried(rally, monkeypatch):
    frames, _ = rally(count=120)
    cuts = [slice(0, 90), slice(30, 120), slice(40, 75)]
    one, *others = (signature(frames[cut]) for cut in cuts)
    monkeypatch.setattr(duplicates, "STRIP", 7)
    for other in others:
        similar = one.motion(0, len(one)) @ other.motion(0, len(other)).T
        offsets = range(30 - len(one), len(other) - 30 + 1)
        expected = max(np.diagonal(similar, offset).mean() for offset in offsets)
        assert likeness(one, other) == pytest.approx(expected, abs=1e-6)


def test_long_clips_take_little_memory():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (36, 64, 3), np.uint8)
    tracemalloc.start()
    try:
        long = signature(np.roll(picture, i, 1) for i in range(5000))
        assert tracemalloc.get_traced_memory()[1] < 5000 * 1000
        likeness(signature(rng.integers(0, 255, (40, 36, 64, 3), np.uint8)), long)
        assert tracemalloc.get_traced_memory()[1] < 5000 * 1000 + 20e6
    finally:
        tracemalloc.stop()


def test_pictures_that_do_not_move_are_like_nothing():
    still = signature(np.full((40, 72, 128, 3), 90, np.uint8))
    assert likeness(still, still) == 0
