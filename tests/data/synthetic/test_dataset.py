import os

import cv2
import numpy as np
import pytest

from tracknet.data.formats.base import LabelError
from tracknet.data.synthetic.dataset import Synthetic
from tracknet.types import ABSENT, Clip
from tracknet.video import probe, read_frames

COUNTS = {"train": 2, "val": 2, "test": 2}
NEAR = 4.0  # pixels: a predicted ball this near to the labelled one is found


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return Synthetic(tmp_path_factory.mktemp("synthetic"), COUNTS, frames=60)


@pytest.fixture(scope="module")
def test_clips(dataset):
    return dataset.clips("test")[0]


def difference_tracker(clip: Clip, frames: np.ndarray, background: bool) -> np.ndarray:
    """(N, 2) centroids of the largest thing that moves in each frame, NaN where nothing does."""
    grey = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])
    still = np.median(grey, 0).astype(np.uint8) if background else None
    found = np.full((len(grey), 2), np.nan)
    for i in range(len(grey)):
        before = grey[max(i - 1, 0)] if still is None else still
        moved = (cv2.absdiff(grey[i], before) > 25).astype(np.uint8)
        count, _, stats, centres = cv2.connectedComponentsWithStats(moved)
        if count > 1:
            found[i] = centres[1 + stats[1:, cv2.CC_STAT_AREA].argmax()]
    return found


def test_all_clips_are_those_of_every_split_rendered_or_not(tmp_path):
    dataset = Synthetic(tmp_path, {"train": 1, "val": 1, "test": 2}, frames=2, size=(36, 64))
    assert len(dataset.places()["test"]) == 2
    clips, problems = dataset.clips("all")
    assert [clip.name.split("/")[0] for clip in clips] == ["test", "test", "train", "val"]
    assert not problems


def strict_f1(clips: list[Clip], found: list[np.ndarray]) -> float:
    """F1 where a ball in a wrong place is both a false alarm and a miss."""
    hits = alarms = balls = 0
    for clip, xy in zip(clips, found, strict=True):
        there = clip.labels.visibility > ABSENT
        near = there & (np.linalg.norm(xy - clip.labels.xy, axis=1) < NEAR)
        hits += near.sum()
        alarms += (~np.isnan(xy[:, 0])).sum()
        balls += there.sum()
    return 2 * hits / (alarms + balls)


def test_clips_are_named_and_read_like_shuttlecock(dataset, test_clips):
    assert [clip.name for clip in test_clips] == ["test/match1/r00001", "test/match1/r00002"]
    assert all(clip.source.is_relative_to(dataset.root) for clip in test_clips)


def test_where_a_process_is_not_told_its_cores(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)  # macOS, Windows
    (clip,), _ = Synthetic(tmp_path, {"train": 1}, frames=3, size=(36, 64)).clips("train")
    assert len(clip.labels) == 3


def test_every_frame_decodes_and_has_a_row(test_clips):
    for clip in test_clips:
        frames = list(read_frames(clip.source))
        assert len(frames) == len(clip.labels) == 60
        assert frames[0].shape == (360, 640, 3)
        assert probe(clip.source).fps == 30


@pytest.mark.parametrize("split", COUNTS)
def test_every_split_has_frames_with_and_without_a_ball(dataset, split):
    clips, _ = dataset.clips(split)
    seen = np.concatenate([clip.labels.visibility > ABSENT for clip in clips])
    assert 0.15 <= 1 - seen.mean() <= 0.6
    xy = np.concatenate([clip.labels.xy for clip in clips])[seen]
    assert (xy >= -0.5).all()
    assert (xy < [639.5, 359.5]).all()


def test_a_labelled_ball_stands_out_in_the_decoded_video(test_clips):
    contrasts = []
    for clip in test_clips:
        for frame, xy, there in zip(
            read_frames(clip.source), clip.labels.xy, clip.labels.visibility, strict=True
        ):
            if there > ABSENT:
                x, y = np.round(xy).astype(int)
                patch = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
                patch = patch[max(y - 8, 0) : y + 9, max(x - 8, 0) : x + 9].astype(int)
                middle = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)[
                    max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2
                ]
                contrasts.append(middle.mean() - np.median(patch))
    assert np.median(contrasts) > 60
    assert np.mean(np.array(contrasts) > 15) > 0.95


@pytest.mark.parametrize("background", [True, False])
def test_differencing_frames_does_not_find_the_ball(test_clips, background):
    frames = [np.stack(list(read_frames(clip.source))) for clip in test_clips]
    found = [
        difference_tracker(clip, pictures, background)
        for clip, pictures in zip(test_clips, frames, strict=True)
    ]
    assert strict_f1(test_clips, found) < 0.6
    # The measure itself is sound: the truth scores 1.
    assert strict_f1(test_clips, [clip.labels.xy for clip in test_clips]) == 1


def test_rendered_clips_are_reused_and_only_the_split_asked_for_is_rendered(tmp_path):
    arguments = (tmp_path, {"train": 1, "val": 1}, 8, (90, 160))
    dataset = Synthetic(*arguments)
    dataset.clips("val")
    files = sorted(path for path in dataset.root.rglob("*") if path.is_file())
    assert [path.name for path in files] == ["r00001_ball.csv", "r00001.mp4"]
    assert not (dataset.root / "train").exists()
    written = [path.stat().st_mtime_ns for path in files]
    Synthetic(*arguments).clips("val")
    assert [path.stat().st_mtime_ns for path in files] == written


def test_other_parameters_have_another_folder(tmp_path):
    roots = {
        Synthetic(tmp_path, {"val": count}, frames, size, seed).root
        for count, frames, size, seed in [
            (1, 8, (90, 160), 0),
            (2, 8, (90, 160), 0),
            (1, 9, (90, 160), 0),
            (1, 8, (90, 162), 0),
            (1, 8, (90, 160), 1),
        ]
    }
    assert len(roots) == 5


def test_a_killed_run_is_repaired_by_the_next(tmp_path, monkeypatch):
    dataset = Synthetic(tmp_path, {"val": 2}, 8, (90, 160))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tracknet.video.VideoWriter.write", killed)
        with pytest.raises(KeyboardInterrupt):
            dataset.clips("val")
    assert not list(dataset.root.rglob("r*"))

    whole = [clip.labels.xy for clip in dataset.clips("val")[0]]
    csv = dataset.root / "val/match1/csv/r00002_ball.csv"
    text = csv.read_text()
    csv.unlink()  # killed between the video and its labels
    again, _ = dataset.clips("val")
    assert csv.read_text() == text
    np.testing.assert_array_equal([clip.labels.xy for clip in again], whole)
    assert len(list(read_frames(again[1].source))) == 8


def test_an_unknown_split_is_refused(tmp_path):
    with pytest.raises(LabelError, match="split=extra"):
        Synthetic(tmp_path, {"val": 1}, 8).clips("extra")


def test_workers_render_what_one_process_renders(tmp_path, monkeypatch):
    monkeypatch.setattr("tracknet.data.synthetic.dataset.os.sched_getaffinity", lambda _: {0, 1})
    alone = Synthetic(tmp_path / "a", {"val": 2}, 8, (90, 160))
    shared = Synthetic(tmp_path / "b", {"val": 2}, 8, (90, 160))
    alone.clips("val")
    monkeypatch.setattr("tracknet.data.synthetic.dataset.FRAMES_A_WORKER", 8)
    shared.clips("val")
    csvs = [sorted(d.root.rglob("*.csv")) for d in (alone, shared)]
    assert [a.read_text() for a in csvs[0]] == [b.read_text() for b in csvs[1]]
