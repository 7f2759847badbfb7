"""Which video, and which frame of it, a picture's name means."""

import re

import numpy as np
import pytest

from tracknet.data.exports.clips import find_sources_below, labels_of
from tracknet.data.exports.marks import Ball, Film, Picture
from tracknet.data.formats.base import LabelError

BALL = Ball("ball", 0.5, 0.5)


@pytest.fixture
def name_of(videos, tmp_path):
    """The clip that pictures belong to and the frames that they are, or why not."""

    def found(sources, *names, first=None):
        videos(*sources)
        marks = [Picture(name, [BALL]) for name in names]
        clips, broken = labels_of(marks, find_sources_below(tmp_path / "videos"), None, first)
        own = {
            source.place.as_posix(): np.flatnonzero(labels.visibility == 1).tolist()
            for source, labels, _ in clips
        }
        return own, broken

    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rally1_000000.jpg", {"rally1": [0]}),
        ("RALLY1 0.PNG", {"rally1": [0]}),
        ("x/y/rally1-frame-0000.jpeg", {"rally1": [0]}),
        ("rally1.mp4_000000.jpg", {"rally1": [0]}),
        ("rally12_000000.jpg", {"club/rally12": [0]}),
        ("https://host/a/rally12%20000000.jpg?key=1", {"club/rally12": [0]}),
        ("images\\rally12\\000000.jpg", {"club/rally12": [0]}),
        ("rally1/frame0", {"rally1": [0]}),
        ("stills/000003.png", {"stills": [2]}),
        ("000003.jpg", {"stills": [2]}),
        ("/data/local-files/?d=stills/000010.png", {"stills": [9]}),
        ("stills_10.png", {"stills": [9]}),
    ],
)
def test_pictures_are_found_by_their_names(name_of, name, expected):
    own, broken = name_of(["rally1.mp4", "club/rally12.mov", "stills"], name)
    assert (own, broken) == (expected, [])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("other_000000.jpg", "other_000000.jpg: may be a frame of .*rally1.mp4"),
        ("cover.jpg", "cover.jpg: not named by a video and the number of a frame, such as"),
        ("rally1_2_000000.jpg", "not named by a video and the number"),
        ("stills_11.png", "has no picture of that number"),
    ],
)
def test_pictures_that_may_be_of_any_video_are_named(name_of, name, message):
    own, (said,) = name_of(["rally1.mp4", "club/rally12.mov", "stills"], name)
    assert own == {}
    assert re.search(message, said)


def test_what_pictures_of_a_video_count_from(name_of):
    sources = ["a.mp4"]
    assert name_of(sources, "a_0.jpg", "a_3.jpg")[0] == {"a": [0, 3]}
    assert name_of(sources, "a_3.jpg", "a_10.jpg")[0] == {"a": [2, 9]}  # it has 10 frames
    own, (said,) = name_of(sources, "a_1.jpg", "a_3.jpg")
    assert own == {}
    assert "numbered from 1 to 3, which does not say whether the video's first frame is" in said
    assert name_of(sources, "a_1.jpg", "a_3.jpg", first=1)[0] == {"a": [0, 2]}
    assert name_of(sources, "a_1.jpg", "a_3.jpg", first=0)[0] == {"a": [1, 3]}
    for names, first in ((["a_0.jpg", "a_10.jpg"], None), (["a_0.jpg"], 1), (["a_99.jpg"], None)):
        own, (said,) = name_of(sources, *names, first=first)
        assert own == {}
        assert "but it has 10 frames; number them by the frames of the video" in said


def test_videos_of_one_name_are_told_apart_by_their_folders(videos, tmp_path):
    videos("club_a/r1.mp4", "club_b/r1.mp4", "r2.mp4")
    sources = find_sources_below(tmp_path / "videos")

    def place(name):
        clips, broken = labels_of([Film(name)], sources, None, None)
        return [source.place.as_posix() for source, *_ in clips], broken

    assert place("s3://b/2024/club_b/r1.mp4") == (["club_b/r1"], [])
    assert place("/data/upload/3/0a1b2c3d-r2.mov") == (["r2"], [])
    found, (said,) = place("r1.mp4")
    assert found == []
    assert "r1.mp4: may be a video of" in said
    found, (said,) = place("r3.mp4")
    assert "r3.mp4: a video of none of the 3 videos and folders of frames" in said


def test_a_single_video_or_folder_of_frames_needs_no_name(videos, tmp_path):
    videos("club/a.mp4", "b")
    for place, expected in (("club/a.mp4", "a"), ("b", "b")):
        sources = find_sources_below(tmp_path / "videos" / place)
        ((source, own, _),), _ = labels_of([Picture("frame_000001", [BALL])], sources, None, 1)
        assert (source.place.as_posix(), own.visibility.tolist()) == (expected, [1])
    with pytest.raises(LabelError, match="no video and no folder of frames there"):
        find_sources_below(tmp_path / "nowhere")
