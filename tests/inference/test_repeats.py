"""Frames that are shown again are looked at once, and have what was found the first time."""

import gc
from fractions import Fraction

import numpy as np
import pytest

from tracknet.inference.backgrounds import Shot
from tracknet.inference.repeats import as_shown, once
from tracknet.video import VideoWriter


def again(frames: np.ndarray, every: int = 5, times: int = 1) -> np.ndarray:
    """The last frame of every so many is shown again."""
    shown = [1 + times * (i % every == every - 1) for i in range(len(frames))]
    return np.repeat(frames, shown, 0)


def moving(count: int) -> np.ndarray:
    """Noise of another strength in every frame, on a picture that moves."""
    rng = np.random.default_rng(0)
    ground = rng.integers(0, 255, (40, 100, 3), np.uint8)
    frames = [ground[:, i : i + 40] for i in range(count)]
    return np.stack([f - rng.integers(0, 3, f.shape, np.uint8) for f in frames])


def test_each_frame_is_passed_on_with_how_often_it_is_shown():
    shots = list(once(map(Shot, again(moving(50)))))
    assert len(shots) == 50 + 1  # the last frame has none behind it that could tell
    assert [shot.shown for shot in shots] == [1, 1, 1, 1, 2] * 9 + [1] * 6
    np.testing.assert_array_equal([shot.frame for shot in shots[:50]], moving(50))


def test_a_video_that_is_doubled():
    shots = list(once(map(Shot, np.repeat(moving(30), 2, 0))))
    # The first three and the last two frames have too few beside them.
    assert sum(shot.shown == 2 for shot in shots) >= 27
    assert sum(shot.shown for shot in shots) == 60


@pytest.mark.parametrize("frames", [moving(40), moving(3), moving(40)[[5] * 20], moving(1)])
def test_what_moves_always_or_never_is_passed_on_whole(frames):
    shots = list(once(map(Shot, frames)))
    assert [shot.shown for shot in shots] == [1] * len(frames)


def test_a_flash_is_no_repetition():
    frames = moving(40)
    frames[20] = 255
    assert len(list(once(map(Shot, frames)))) == 40


def test_findings_are_given_as_often():
    shots = [Shot(np.empty(0), shown=n) for n in (1, 3, 2)]
    assert list(as_shown("abc", shots)) == list("abbbcc")


@pytest.mark.parametrize("overlap", ["none", "mean"])
def test_a_predictor_finds_the_same_in_both(predictor, dots, overlap):
    frames, _ = dots(40)
    finder = predictor(overlap=overlap)
    plain = [row.candidates for row in finder.stream(frames)]
    rows = list(finder.stream(again(frames)))
    assert [row.frame for row in rows] == list(range(48))
    # The dot is absent in every fifth frame, which is the one that is shown again.
    expected = again(np.stack(plain))
    found = np.stack([row.candidates for row in rows])
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_array_equal(found[4], found[5])


@pytest.mark.parametrize("overlap", ["none", "mean"])
def test_stored_frames_are_looked_at_once_too(predictor, dots, overlap):
    frames, _ = dots(40)
    finder = predictor(overlap=overlap)
    expected = again(finder.network_frames(frames))
    np.testing.assert_allclose(finder.network_frames(again(frames)), expected, atol=1e-4)
    np.testing.assert_allclose(finder.every_overlap(again(frames))[overlap], expected, atol=1e-4)


def test_frames_that_are_done_are_let_go(predictor, dots):
    frames, _ = dots(8)
    rows = predictor().stream(frames[i % 8] for i in range(400))
    for _ in range(300):
        next(rows)
    gc.collect()
    assert sum(type(each) is Shot for each in gc.get_objects()) < 200
    rows.close()


def test_a_file_of_25_made_one_of_30_has_the_track_of_the_first(predictor, dots, tmp_path):
    frames, _ = dots(60)
    found = []
    for name, shown in (("25", frames), ("30", again(frames))):
        with VideoWriter(tmp_path / f"{name}.mp4", (192, 320), Fraction(25), crf=12) as writer:
            for frame in shown:
                writer.write(frame)
        found.append(predictor().predict(tmp_path / f"{name}.mp4"))
    np.testing.assert_allclose(found[1].xy, again(found[0].xy), atol=1)
