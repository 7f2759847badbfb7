"""A rally is known again after it was cut, shrunk and encoded anew; another one is not."""

from fractions import Fraction

import cv2
import numpy as np

from tracknet.data.checks.duplicates import is_duplicate, likeness, signature
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
    assert is_duplicate(one, other)
    assert is_duplicate(other, one)


def test_other_rallies_of_the_same_hall_are_not(rally):
    signatures = [signature(rally(seed, count=100)[0]) for seed in range(4)]
    for i, one in enumerate(signatures):
        assert likeness(one, one) > 0.95
        assert not any(is_duplicate(one, other) for other in signatures[i + 1 :])


def test_pictures_that_do_not_move_are_like_nothing():
    still = signature(np.full((40, 72, 128, 3), 90, np.uint8))
    assert likeness(still, still) == 0
