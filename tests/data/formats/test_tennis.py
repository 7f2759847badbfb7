import cv2
import numpy as np
import pytest

from tracknet.data.formats.base import LabelError
from tracknet.data.formats.tennis import Tennis
from tracknet.data.splits import LeakError

SPLITS = {"train": ["game1"], "val": ["game2"], "test": ["game10"]}
HEADER = "file name,visibility,x-coordinate,y-coordinate,status\n"
ROWS = "0000.jpg,1,12,7,0\n0001.jpg,0,,,\n0002.jpg,3,3.5,4,2\n"


@pytest.fixture
def rally(tmp_path):
    """Writes a clip of three pictures, named from `first` on, and its labels."""

    def make(name, labels=HEADER + ROWS, first=0):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for i in range(first, first + 3):
            cv2.imwrite(str(folder / f"{i:04d}.jpg"), np.zeros((16, 32, 3), np.uint8))
        if labels is not None:
            (folder / "Label.csv").write_text(labels)
        return folder

    return make


def test_clips_of_a_split(tmp_path, rally):
    for name in ("game1/Clip2", "game1/Clip10", "game10/Clip1", "game2/Clip1"):
        rally(name)
    (tmp_path / "game1" / "notes").mkdir()
    dataset = Tennis(str(tmp_path), SPLITS)
    clips, _ = dataset.clips("train")
    assert [clip.name for clip in clips] == ["game1/Clip10", "game1/Clip2"]
    assert {clip.match for clip in clips} == {"game1"}
    assert clips[1].source == tmp_path / "game1" / "Clip2"
    assert [clip.name for clip in dataset.clips("test")[0]] == ["game10/Clip1"]


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ROWS,
        "File Name,Visibility Class,X,Y,Trajectory Pattern\n" + ROWS,
        "status,y-coordinate,VISIBILITY,x-coordinate, file name\n"
        "2,4,3,3.5,0002.jpg\n,,0,,0001.jpg\n0,7,1,12,0000.jpg\n",
    ],
)
def test_both_headers_in_any_order(tmp_path, rally, text):
    rally("game1/Clip1", text)
    (clip,), _ = Tennis(tmp_path, SPLITS).clips("train")
    assert clip.labels.visibility.tolist() == [1, 0, 3]
    assert clip.labels.xy[[0, 2]].tolist() == [[12, 7], [3.5, 4]]


def test_rows_belong_to_the_pictures_that_they_name(tmp_path, rally):
    rally("game1/Clip1", HEADER + "0012.jpg,1,5,6,0\n0010.jpg,0,,,\n", first=10)
    (clip,), _ = Tennis(tmp_path, SPLITS).clips("train")
    assert clip.labels.visibility.tolist() == [0, -1, 1]
    assert clip.labels.xy[2].tolist() == [5, 6]


def test_pictures_may_be_named_in_another_case_or_without_a_suffix(tmp_path, rally):
    rally("game1/Clip1", HEADER + "0000,1,12,7,0\n0001.JPG,0,,,\n0002.jpg,3,3.5,4,2\n")
    (clip,), _ = Tennis(tmp_path, SPLITS).clips("train")
    assert clip.labels.visibility.tolist() == [1, 0, 3]


def test_a_hidden_folder_is_no_clip(tmp_path, rally):
    rally("game1/Clip1")
    rally("game1/.Trash")
    assert len(Tennis(tmp_path, SPLITS).clips("train")[0]) == 1


def test_rows_without_a_picture_are_reported(tmp_path, rally):
    rally("game1/Clip1", HEADER + ROWS + "0003.jpg,1,1,1,0\n")
    (clip,), (problem,) = Tennis(tmp_path, SPLITS).clips("train")
    assert problem.clip == "game1/Clip1"
    assert "1 rows name pictures that are not there, the first is 0003" in problem.message
    assert clip.labels.visibility.tolist() == [1, 0, 3]


def test_a_clip_without_labels_or_pictures_is_reported_and_left_out(tmp_path, rally):
    rally("game1/Clip1")
    rally("game1/Clip2", None)
    rally("game1/Clip3", HEADER)
    for picture in rally("game1/Clip4").glob("*.jpg"):
        picture.unlink()
    clips, problems = Tennis(tmp_path, SPLITS).clips("train")
    assert [clip.name for clip in clips] == ["game1/Clip1"]
    no_file, no_row, no_picture = (problem.message for problem in problems)
    assert "Clip2/Label.csv: there is no such label file" in no_file
    assert "Clip3: no frame is labelled" in no_row
    assert "Clip4: labelled, but there is no such video or folder of frames" in no_picture


def test_an_empty_split_is_refused(tmp_path):
    with pytest.raises(LabelError, match=r"split val is empty: no <match>/\*/Label.csv below"):
        Tennis(tmp_path, SPLITS).clips("val")


def test_a_game_in_two_splits_is_refused_whichever_is_read(tmp_path, rally):
    for name in ("game1/Clip1", "game2/Clip1", "game3/Clip1"):
        rally(name)
    splits = {"train": ["game1", "game2"], "val": ["game2"], "test": ["game3"]}
    for split in splits:
        with pytest.raises(LeakError, match="game2/Clip1 of match game2 is in both train and val"):
            Tennis(tmp_path, splits).clips(split)


def test_names_without_padding_from_1_on(tmp_path, rally):
    folder = rally("game1/Clip1", HEADER + "10.jpg,1,5,6,0\n9.jpg,2,3,4,0\n", first=8)
    for file in folder.glob("*.jpg"):
        file.rename(folder / f"{int(file.stem)}.jpg")
    (clip,), _ = Tennis(tmp_path, SPLITS).clips("train")
    assert clip.labels.visibility.tolist() == [-1, 2, 1]
