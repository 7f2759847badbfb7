from fractions import Fraction

import cv2
import numpy as np
import pytest

from tracknet.data.formats.base import LabelError
from tracknet.data.formats.shuttlecock import Shuttlecock, read_labels
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
    clips = dataset.clips("train")
    assert [clip.name for clip in clips] == [
        "Amateur/match2/b",
        "Professional/match2/a",
        "Professional/match2/a_b",
    ]
    # Two leagues number their matches alike.
    assert [clip.match for clip in clips] == ["Amateur/match2"] + ["Professional/match2"] * 2
    assert clips[2].source == tmp_path / "Professional" / "match2" / "video" / "a_b.AVI"
    assert [clip.name for clip in dataset.clips("test")] == ["Test/match1/1_01_00"]


def test_a_rally_whose_name_begins_anothers_has_its_own_video(tmp_path, rally):
    rally("Test/match1/a.1")
    rally("Test/match1/a")
    sources = [clip.source.name for clip in Shuttlecock(tmp_path, SPLITS).clips("test")]
    assert sources == ["a.mp4", "a.1.mp4"]


def test_a_folder_of_frames_comes_before_the_video(tmp_path, rally):
    rally("Test/match1/a")
    folder = tmp_path / "Test" / "match1" / "frame" / "a"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "0.png"), np.zeros((32, 64, 3), np.uint8))
    (clip,) = Shuttlecock(tmp_path, SPLITS).clips("test")
    assert clip.source == folder
    assert len(clip.labels) == 3


def test_labels(rally):
    labels = read_labels(rally("Test/match1/a"))
    assert labels.visibility.tolist() == [1, 0, 2]
    assert (labels.visibility.dtype, labels.xy.dtype) == (np.int8, np.float32)
    assert labels.xy[[0, 2]].tolist() == [[12.5, 7.25], [3, 4]]
    assert np.isnan(labels.xy[1]).all()


@pytest.mark.parametrize(
    "text",
    [
        "frame, VISIBILITY ,x,Y\n" + ROWS,
        "\ufeff" + HEADER + ROWS,
        "Y,Extra,X,Frame,Visibility\n7.25,?,12.5,0,1\n,,,1,0\n4,,3,2,2\n",
        HEADER + ROWS.replace("\n", ",\n"),  # a comma too many in every row
        HEADER + ROWS.replace("0,0,0\n", "0,,\n"),
        HEADER + ROWS.replace("2,2,3,4", "2.0,2.0,3.0,4.0"),
        HEADER.replace("\n", "\r\n") + ROWS.replace("\n", "\r\n"),
    ],
)
def test_other_ways_to_write_the_same(rally, text):
    labels = read_labels(rally("Test/match1/a", text))
    assert labels.visibility.tolist() == [1, 0, 2]
    assert labels.xy[[0, 2]].tolist() == [[12.5, 7.25], [3, 4]]


def test_frames_without_a_row_are_unlabelled(rally):
    labels = read_labels(rally("Test/match1/a", HEADER + "4,1,5,6\n1,0,0,0\n"))
    assert labels.visibility.tolist() == [-1, 0, -1, -1, 1]
    assert np.isnan(labels.xy[:4]).all()
    assert len(read_labels(rally("Test/match1/b", HEADER))) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a table Frame,Visibility,X,Y"),
        ("Frame,X,y\n0,1,1\n", "column visibility is missing"),
        ("0,1,5,5\n", "column frame, visibility, x, y is missing"),
        (HEADER + "0,1,5,5\n0,0,0,0\n", "frame 0 has two rows; keep one"),
        (HEADER + "0,1,5,5\n-1,1,5,5\n", "row 2: frame is -1; expected a whole number"),
        (HEADER + "0.5,1,5,5\n", "row 1: frame is 0.5; expected a whole number"),
        (HEADER + ",1,5,5\n", "row 1: frame is nan; expected a whole number"),
        (HEADER + "0,,5,5\n", r"row 1: visibility is nan; expected 0 \(no ball\)"),
        (HEADER + "0,yes,5,5\n", "row 1: visibility is yes"),
        (HEADER + "0,0.5,5,5\n", "row 1: visibility is 0.5"),
        (HEADER + "0,300,5,5\n", "row 1: visibility is 300"),
        (HEADER + "0,1,,5\n", "row 1: x is nan; expected a number where the ball is visible"),
        (HEADER + "0,1,5,left\n", "row 1: y is left; expected a number"),
        (HEADER + "0,1,5,inf\n", "row 1: y is inf; expected a number"),
    ],
)
def test_malformed_labels_are_refused(tmp_path, rally, text, message):
    csv = rally("Test/match1/a", text)
    with pytest.raises(LabelError, match=message) as error:
        Shuttlecock(tmp_path, SPLITS).clips("test")
    assert str(csv) in str(error.value)


def test_unknown_and_empty_splits_are_refused(tmp_path, rally):
    rally("Test/match1/a")
    dataset = Shuttlecock(tmp_path, SPLITS)
    with pytest.raises(LabelError, match=r"split=val is unknown; choose one of train, test"):
        dataset.clips("val")
    with pytest.raises(LabelError, match=r"split train is empty.*Professional.*set data.root"):
        dataset.clips("train")


def test_labels_without_a_video_are_refused(tmp_path, rally):
    rally("Test/match1/a", suffix=".txt")
    with pytest.raises(LabelError, match=r"match1/video/a.mp4: labelled, but there is no such"):
        Shuttlecock(tmp_path, SPLITS).clips("test")
