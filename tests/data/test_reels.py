"""What a second look learns from: patches of a clip, and where in them the ball is."""

from fractions import Fraction

import numpy as np
import pytest

from tracknet.data.reels import FAR, Reels
from tracknet.geometry import Letterbox
from tracknet.types import ABSENT, UNLABELLED
from tracknet.video import VideoWriter, read_frames

SIZE, FINE = (32, 64), (64, 128)


@pytest.fixture
def clip(store, make_clip):
    """Twelve frames of 64x128 with a bright dot at (10 + 6 i, 30), and its labels."""
    made = make_clip("a", 12, size=FINE)
    xy = np.stack([10 + 6 * np.arange(12), np.full(12, 30)], 1).astype(np.float32)
    made.labels.xy[made.labels.visibility > 0] = xy[made.labels.visibility > 0]
    with VideoWriter(made.source, FINE, Fraction(25), crf=1) as writer:
        for x, y in xy.astype(int):
            frame = np.full((*FINE, 3), 40, np.uint8)
            frame[y - 1 : y + 2, x - 1 : x + 2] = 250
            writer.write(frame)
    (stored,), problems = store.open([made])
    assert not problems
    return stored


@pytest.fixture
def reels(tmp_path):
    return Reels(tmp_path / "reels", 3, (16, 16), 8, "first")


def candidates(clip) -> np.ndarray:
    """One 3 pixels beside each label, one far away, and a faint one."""
    near = np.add(np.nan_to_num(clip.labels.xy, nan=50.0), (3, 0))
    near[:, 1] += 0.01 * np.arange(len(near))  # no two frames are alike
    rows = [np.column_stack([near, np.full(len(near), 0.9)])]
    rows += [np.tile([100.0, 50, 0.5], (len(near), 1)), np.tile([5.0, 60, 0.001], (len(near), 1))]
    return np.stack(rows, 1)


def windows(reel, frames=3):
    return zip(
        np.split(reel.frames, len(reel) // frames),
        np.split(reel.labels.xy, len(reel) // frames),
        np.split(reel.labels.visibility, len(reel) // frames),
        strict=True,
    )


@pytest.mark.parametrize("kind", ["train", "val"])
def test_labels_are_where_the_dot_is_seen(clip, reels, kind):
    fine = Letterbox(FINE, FINE)
    more = (0.05,) if kind == "val" else ()
    reel = getattr(reels, kind)(clip, fine, candidates(clip), *more)
    size = (16, 16) if kind == "val" else (24, 24)
    assert reel.frames.shape[1:] == (*size, 3)
    seen = 0
    for frames, xy, visibility in windows(reel):
        # What is said of the middle frame is all that is asked for.
        assert visibility[0] == visibility[2] == UNLABELLED
        if visibility[1] > 0:
            assert frames[1][tuple(xy[1, ::-1].round().astype(int))].min() > 150
            seen += 1
        np.testing.assert_array_equal(np.isfinite(xy).all(1), visibility > 0)
    assert seen >= 9


def test_a_ball_just_outside_a_patch_is_neither_there_nor_absent(clip, reels):
    points = candidates(clip)[:, :1]
    ball = np.nan_to_num(clip.labels.xy, nan=50.0)
    for away, state in ((7, 1), (9, UNLABELLED), (12, UNLABELLED), (14, ABSENT)):
        points[..., :2] = ball[:, None] - (0, away)
        reel = reels.val(clip, Letterbox(FINE, FINE), points, 0.05)
        found = reel.labels.visibility[1::3]
        seen = clip.labels.visibility > 0
        # A patch of 16 holds 7 pixels to the right of and below its middle.
        assert (found[seen] == state).all(), away
        assert (found[~seen] == clip.labels.visibility[~seen]).all()


def test_frames_that_are_shown_again_are_left_out(clip, reels):
    found = candidates(clip)
    found[:, 1, 0] += np.arange(12)  # none is that of another frame
    found[5] = found[4]
    reel = reels.val(clip, Letterbox(FINE, FINE), found[:, 1:2], 0.05)
    assert len(reel) == 3 * 11
    video = np.stack(list(read_frames(clip.clip.source)))
    # The window of frame 4 goes on with frame 6.
    x, y = found[4, 1, :2].astype(int) - 8
    expected = video[[3, 4, 6], y : y + 16, x : x + 16]
    np.testing.assert_allclose(reel.frames[4 * 3 : 5 * 3], expected, atol=3)


def test_training_shows_the_ball_what_was_taken_for_it_and_what_moves(clip, reels):
    reel = reels.train(clip, Letterbox(FINE, FINE), candidates(clip))
    # Of each frame: the ball twice, if it has one, two candidates that are not it, and what moves.
    # The one beside the ball is nearer than `FAR`, and is no other thing.
    assert FAR > 3
    balls = int((clip.labels.visibility > 0).sum())
    frames = balls * (2 + 2 + 1) + (len(clip) - balls) * (2 + 1)
    assert len(reel) == 3 * frames
    middles = reel.labels.visibility[1::3]
    assert (middles > 0).sum() >= 2 * balls


def test_validation_shows_every_candidate_that_is_not_faint(clip, reels):
    reel = reels.val(clip, Letterbox(FINE, FINE), candidates(clip), 0.05)
    assert len(reel) == 3 * 2 * len(clip)


def test_what_is_cut_once_is_not_cut_again(clip, reels):
    fine = Letterbox(FINE, FINE)
    before = reels.train(clip, fine, candidates(clip))
    clip.clip.source.unlink()
    after = reels.train(clip, fine, candidates(clip))
    assert after.folder == before.folder
    np.testing.assert_array_equal(after.labels.xy, before.labels.xy)


def test_unlabelled_frames_are_left_out(clip, reels):
    clip.labels.visibility[:6] = -1
    clip.labels.xy[:6] = np.nan
    reel = reels.val(clip, Letterbox(FINE, FINE), candidates(clip), 0.05)
    assert len(reel) == 3 * 2 * 6


def test_frames_of_the_reel_are_those_of_the_video(clip, reels):
    reel = reels.val(clip, Letterbox(FINE, FINE), candidates(clip), 0.05)
    video = np.stack(list(read_frames(clip.clip.source)))
    np.testing.assert_allclose(reel.frames[6 + 3 + 1], video[2][42:58, 92:108], atol=3)
