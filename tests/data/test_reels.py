"""What a second look learns from: patches of a clip, and where in them the ball is."""

from fractions import Fraction

import numpy as np
import pytest

from tracknet.data.reels import FAR, Reels
from tracknet.geometry import Letterbox
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
        for frame, place, state in zip(frames, xy, visibility, strict=True):
            if state > 0:
                assert frame[tuple(place[::-1].round().astype(int))].min() > 150
                seen += 1
            assert np.isfinite(place).all() == (state > 0)
    assert seen > 12


def test_training_shows_the_ball_what_was_taken_for_it_and_what_moves(clip, reels):
    reel = reels.train(clip, Letterbox(FINE, FINE), candidates(clip))
    # Of each frame: the ball, if it has one, two candidates that are not it, and what moves. The
    # one beside the ball is nearer than `FAR`, and is no other thing.
    assert FAR > 3
    balls = int((clip.labels.visibility > 0).sum())
    frames = balls * (1 + 2 + 1) + (len(clip) - balls) * (2 + 1)
    assert len(reel) == 3 * frames
    middles = reel.labels.visibility[1::3]
    assert (middles > 0).sum() >= balls


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


def test_unlabelled_frames_are_left_out_and_stay_so_beside_others(clip, reels):
    clip.labels.visibility[:6] = -1
    clip.labels.xy[:6] = np.nan
    reel = reels.val(clip, Letterbox(FINE, FINE), candidates(clip), 0.05)
    assert len(reel) == 3 * 2 * 6
    before = reel.labels.visibility[::3]  # the first frame of each window
    assert (before[:2] == -1).all()
    assert (before[2:] >= 0).all()


def test_frames_of_the_reel_are_those_of_the_video(clip, reels):
    reel = reels.val(clip, Letterbox(FINE, FINE), candidates(clip), 0.05)
    video = np.stack(list(read_frames(clip.clip.source)))
    np.testing.assert_allclose(reel.frames[6 + 3 + 1], video[2][42:58, 92:108], atol=3)
