import json
import re
from fractions import Fraction

import cv2
import numpy as np
import pytest

from tracknet.data.formats.base import LabelError
from tracknet.data.formats.shuttlecock import Shuttlecock
from tracknet.video import VideoWriter

HEADER = "Frame,Visibility,X,Y\n"
ROWS = "0,1,12.5,7.25\n1,0,0,0\n2,2,3,4\n"
SPLITS = {"train": ["Professional", "Amateur"], "test": ["Test"]}


@pytest.fixture
def rally(tmp_path):
    """Writes a rally of three frames and its labels."""

    def make(name, labels=HEADER + ROWS, suffix=".mp4"):
        match, _, clip = name.rpartition("/")
        csv = tmp_path / match / "csv" / f"{clip}_ball.csv"
        csv.parent.mkdir(parents=True, exist_ok=True)
        csv.write_text(labels)
        video = tmp_path / match / "video" / (clip + suffix)
        video.parent.mkdir(parents=True, exist_ok=True)
        with VideoWriter(video, (32, 64), Fraction(30)) as writer:
            for _ in range(3):
                writer.write(np.zeros((32, 64, 3), np.uint8))
        return csv

    return make


def test_clips_of_a_split(tmp_path, rally):
    for name in ("Professional/match2/a", "Amateur/match2/b", "Test/match1/1_01_00"):
        rally(name)
    rally("Professional/match2/a_b", suffix=".AVI")
    dataset = Shuttlecock(str(tmp_path), SPLITS)
    assert dataset.name == "shuttlecock"
    clips, _ = dataset.clips("train")
    assert [clip.name for clip in clips] == [
        "Amateur/match2/b",
        "Professional/match2/a",
        "Professional/match2/a_b",
    ]
    # Two leagues number their matches alike.
    assert [clip.match for clip in clips] == ["Amateur/match2"] + ["Professional/match2"] * 2
    assert clips[2].source == tmp_path / "Professional" / "match2" / "video" / "a_b.AVI"
    assert [clip.name for clip in dataset.clips("test")[0]] == ["Test/match1/1_01_00"]


def test_a_rally_whose_name_begins_anothers_has_its_own_video(tmp_path, rally):
    rally("Test/match1/a.1")
    rally("Test/match1/a")
    sources = [clip.source.name for clip in Shuttlecock(tmp_path, SPLITS).clips("test")[0]]
    assert sources == ["a.mp4", "a.1.mp4"]


def test_what_a_mac_leaves_beside_files_is_no_clip(tmp_path, rally):
    csv = rally("Test/match1/a")
    csv.with_name("._a_ball.csv").write_bytes(b"\x00")
    assert len(Shuttlecock(tmp_path, SPLITS).clips("test")[0]) == 1


def test_a_folder_of_frames_comes_before_the_video(tmp_path, rally):
    rally("Test/match1/a")
    folder = tmp_path / "Test" / "match1" / "frame" / "a"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "0.png"), np.zeros((32, 64, 3), np.uint8))
    (clip,), _ = Shuttlecock(tmp_path, SPLITS).clips("test")
    assert clip.source == folder
    assert len(clip.labels) == 3


def test_unknown_and_empty_splits_are_refused(tmp_path, rally):
    rally("Test/match1/a")
    dataset = Shuttlecock(tmp_path, SPLITS)
    with pytest.raises(LabelError, match=r"split=val is unknown; choose one of train, test"):
        dataset.clips("val")
    with pytest.raises(LabelError, match=r"split train is empty.*Professional.*set data.root"):
        dataset.clips("train")


def test_a_rally_without_its_other_half_is_reported_and_left_out(tmp_path, rally):
    rally("Test/match1/a")
    rally("Test/match1/b", suffix=".txt")
    rally("Test/match1/c").unlink()
    clips, problems = Shuttlecock(tmp_path, SPLITS).clips("test")
    assert [clip.name for clip in clips] == ["Test/match1/a"]
    no_video, no_labels = (problem.message for problem in problems)
    assert "match1/video/b: labelled, but there is no such video or folder of frames" in no_video
    assert "match1/csv/c_ball.csv: there is no such label file; expected a table" in no_labels


def test_labels_are_read(rally, tmp_path):
    rally("Test/match1/a")
    (clip,), _ = Shuttlecock(tmp_path, SPLITS).clips("test")
    assert clip.labels.visibility.tolist() == [1, 0, 2]
    assert clip.labels.xy[[0, 2]].tolist() == [[12.5, 7.25], [3, 4]]


@pytest.fixture
def corrected(tmp_path, rally):
    """TrackNetV3's folders: a training and a test rally of one name, the test one corrected."""
    for name in ("train/match1/1_05_02", "test/match1/1_05_02", "test/match1/1_05_03"):
        rally(name)
    folder = tmp_path / "test" / "match1" / "corrected_csv"
    folder.mkdir()
    rows = "0,1,1,1\n1,1,13,8\n2,0,0,0\n"
    (folder / "1_05_02_ball.csv").write_text(HEADER + rows)

    def clips(split, **options):
        splits = {"train": ["train"], "test": ["test"]}
        found, clips.problems = Shuttlecock(tmp_path, splits, **options).clips(split)
        return [clip.labels for clip in found]

    return clips


@pytest.mark.parametrize("folder", ["", "test"])
def test_tracknetv3s_corrections_of_the_test_split(tmp_path, corrected, folder):
    ranges = {"map": [], "start": {"1_1_05_02": 1}, "end": {"1_1_05_02": 2}}
    (tmp_path / folder / "drop_frame.json").write_text(json.dumps(ranges))
    first, second = corrected("test")
    assert first.visibility.tolist() == [-1, 1, -1]
    assert first.xy[1].tolist() == [13, 8]
    assert np.isnan(first.xy[[0, 2]]).all()
    assert second.visibility.tolist() == [1, 0, 2]  # neither corrected nor trimmed
    (train,) = corrected("train")
    assert train.visibility.tolist() == [1, 0, 2]  # the same match and rally by number
    every = [labels.visibility.tolist() for labels in corrected("all")]
    assert every == [[-1, 1, -1], [1, 0, 2], [1, 0, 2]]


def test_corrections_are_left_alone_when_the_config_says_so(tmp_path, corrected):
    ranges = {"start": {"1_1_05_02": 1}, "end": {"1_1_05_02": 2}}
    (tmp_path / "drop_frame.json").write_text(json.dumps(ranges))
    first, _ = corrected("test", corrected=False)
    assert first.visibility.tolist() == [1, 0, 2]
    assert first.xy[0].tolist() == [12.5, 7.25]


@pytest.mark.parametrize("text", ["{", "[]", '{"start": {}}', '{"start": 1, "end": 2}'])
def test_ranges_that_cannot_be_read_are_refused(tmp_path, corrected, text):
    (tmp_path / "drop_frame.json").write_text(text)
    assert corrected("test") == []
    for problem in corrected.problems:
        assert re.search(r"drop_frame.json: .*; expected .\"start\"", problem.message)


def test_a_range_without_frames_is_reported(tmp_path, corrected):
    ranges = {"start": {"1_1_05_02": 9}, "end": {"1_1_05_02": 4}}
    (tmp_path / "drop_frame.json").write_text(json.dumps(ranges))
    (second,) = corrected("test")
    assert "1_1_05_02 is scored from frame 9 to 4" in corrected.problems[0].message
    assert second.visibility.tolist() == [1, 0, 2]


def test_single_matches_make_up_a_split(tmp_path, rally):
    for name in ("Professional/match1/a", "Professional/match2/a", "Amateur/match1/a"):
        rally(name)
    splits = {"train": ["Professional/match1", "Amateur"], "val": ["Professional/match2"]}
    dataset = Shuttlecock(tmp_path, splits, name="shuttlecock_v2")
    assert dataset.name == "shuttlecock_v2"
    names = [clip.name for clip in dataset.clips("train")[0]]
    assert names == ["Amateur/match1/a", "Professional/match1/a"]
    assert [clip.name for clip in dataset.clips("val")[0]] == ["Professional/match2/a"]
