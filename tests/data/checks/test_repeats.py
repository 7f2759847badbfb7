"""Frames that were put in to reach another frame rate are found; rest is not mistaken for them."""

from fractions import Fraction

import numpy as np
import pytest

from tracknet.data.checks.duplicates import signature
from tracknet.data.checks.repeats import repeat_problems, repeated_frames
from tracknet.video import VideoWriter, read_frames


def test_a_video_of_25_made_one_of_30(rally, tmp_path):
    frames, _ = rally(count=100)
    with VideoWriter(tmp_path / "a.mp4", frames[0].shape[:2], Fraction(30), crf=26) as writer:
        for i, frame in enumerate(frames):
            writer.write(frame)
            if i % 5 == 4:
                writer.write(frame)
    changes = signature(read_frames(tmp_path / "a.mp4")).changes
    found = repeated_frames(changes)
    assert set(found) <= set(range(5, 120, 6))
    assert len(found) >= 17
    (problem,) = repeat_problems("a", changes)
    assert (problem.kind, problem.frame) == ("repeated_frame", found[0])
    assert problem.message.startswith(f"{len(found)} of 120 frames repeat the one before")


@pytest.mark.parametrize("seed", range(3))
def test_a_video_as_it_was_filmed(rally, seed):
    changes = signature(rally(seed)[0]).changes
    assert not len(repeated_frames(changes))
    assert not list(repeat_problems("a", changes))


def test_rest_is_no_repetition():
    rng = np.random.default_rng(0)
    assert not len(repeated_frames(rng.uniform(0.01, 0.02, 200)))
    halting = np.where(np.arange(200) % 40 < 20, 1.0, 0.01)
    assert not len(repeated_frames(halting))
    assert not len(repeated_frames(np.zeros(3)))
