import re
import unicodedata
from fractions import Fraction

import cv2
import numpy as np
import pytest

from tracknet.data.formats.base import LabelError
from tracknet.data.formats.generic import Generic
from tracknet.data.splits import LeakError
from tracknet.video import VideoWriter, image_files

SPLITS = {"train": ["train"], "val": ["val"]}
TABLE = "Frame,Visibility,X,Y\n0,1,12.5,7.25\n1,0,0,0\n2,2,3,4\n"
SIZE = (32, 64)


@pytest.fixture
def video(tmp_path):
    """Writes a video of three frames and a file of labels beside it."""

    def make(name, labels=TABLE, csv="{}.csv", suffix=".mp4"):
        stem = tmp_path / name
        stem.parent.mkdir(parents=True, exist_ok=True)
        with VideoWriter(stem.with_name(stem.name + suffix), SIZE, Fraction(30)) as writer:
            for _ in range(3):
                writer.write(np.zeros((*SIZE, 3), np.uint8))
        if labels is not None:
            stem.with_name(csv.format(stem.name)).write_text(labels)

    return make


def test_videos_in_folders_of_any_depth(tmp_path, video):
    video("train/sunday.1", suffix=".MOV")
    video("train/club/a/rally1", csv="{}_ball.CSV")
    video("val/rally1")
    clips, _ = Generic(str(tmp_path), SPLITS).clips("train")
    assert [clip.name for clip in clips] == ["train/club/a/rally1", "train/sunday.1"]
    assert [clip.match for clip in clips] == ["club/a", "train"]
    assert clips[1].source == tmp_path / "train" / "sunday.1.MOV"
    assert clips[0].labels.visibility.tolist() == [1, 0, 2]
    assert clips[0].labels.xy[[0, 2]].tolist() == [[12.5, 7.25], [3, 4]]


def test_a_folder_of_frames_counts_from_its_first_picture(tmp_path, video):
    video("train/a")
    folder = tmp_path / "train" / "a"
    folder.mkdir()
    for number in (9, 10, 11):
        cv2.imwrite(str(folder / f"frame{number}.png"), np.zeros((*SIZE, 3), np.uint8))
    (clip,), _ = Generic(tmp_path, SPLITS).clips("train")
    assert (clip.name, clip.match, clip.source) == ("train/a", "train", folder)
    assert clip.labels.visibility.tolist() == [1, 0, 2]


def test_columns_in_any_case_and_order_with_others_between(tmp_path, video):
    video("train/a", "note,y,X,FRAME,visibility\nhit,7,12,1,1\n,,,0,0\n")
    (clip,), _ = Generic(tmp_path, SPLITS).clips("train")
    assert clip.labels.visibility.tolist() == [0, 1]
    assert clip.labels.xy[1].tolist() == [12, 7]


def test_normalised_coordinates_when_the_config_says_so(tmp_path, video):
    video("train/a", "frame,visibility,x,y\n0,1,0.5,0.25\n1,0,,\n")
    (clip,), _ = Generic(tmp_path, SPLITS, normalised=True).clips("train")
    assert clip.labels.xy[0].tolist() == [32, 8]


@pytest.mark.parametrize("normalised", [True, False])
def test_coordinates_that_are_not_what_the_config_says_are_refused(tmp_path, video, normalised):
    # One ball in the picture's corner says nothing about the others.
    rows = "0,1,.5,.5\n1,1,12,7\n2,1,30,20\n" if normalised else "0,1,.5,.25\n2,1,.75,.5\n"
    video("train/a", "frame,visibility,x,y\n" + rows)
    found = "x=12, y=7 are no shares" if normalised else "x=0.75, y=0.5 are no pixels"
    message = (
        f"a.csv: positions such as {found}.* set data.normalised={str(not normalised).lower()}"
    )
    clips, (problem,) = Generic(tmp_path, SPLITS, normalised=normalised).clips("train")
    assert (clips, problem.kind, problem.clip) == ([], "normalised", "train/a")
    assert re.search(message, problem.message)


def test_hidden_files_are_no_clips(tmp_path, video):
    video("train/a")
    for hidden in ("._a.mp4", "._a.csv", ".cache/b.mp4"):
        (tmp_path / "train" / hidden).parent.mkdir(exist_ok=True)
        (tmp_path / "train" / hidden).write_bytes(b"")
    assert len(Generic(tmp_path, SPLITS).clips("train")[0]) == 1


def test_a_poster_beside_videos_is_no_clip(tmp_path, video):
    video("train/club/a")
    cv2.imwrite(str(tmp_path / "train" / "club" / "poster.png"), np.zeros((*SIZE, 3), np.uint8))
    assert len(Generic(tmp_path, SPLITS).clips("train")[0]) == 1


@pytest.mark.parametrize(("first", "frame", "late"), [(1, 1, True), (1, 0, False), (0, 1, False)])
def test_pictures_and_labels_that_begin_with_one_are_noticed(tmp_path, first, frame, late):
    folder = tmp_path / "train" / "a"
    folder.mkdir(parents=True)
    for number in range(first, first + 3):
        cv2.imwrite(str(folder / f"img_{number:05d}.png"), np.zeros((*SIZE, 3), np.uint8))
    folder.with_suffix(".csv").write_text(f"frame,visibility,x,y\n{frame},1,9,9\n")
    _, problems = Generic(tmp_path, SPLITS).clips("train")
    assert ["subtract 1 from each frame" in p.message for p in problems] == [True] * late


def test_frames_with_a_gap_are_left_out(tmp_path, video):
    for name, numbers in (("a", (1, 2, 4)), ("b", (0, 2, 4))):
        (tmp_path / "train" / name).mkdir(parents=True)
        for number in numbers:
            picture = tmp_path / "train" / name / f"{number}.png"
            cv2.imwrite(str(picture), np.zeros((*SIZE, 3), np.uint8))
        (tmp_path / "train" / f"{name}.csv").write_text(TABLE)
    (clip,), (problem,) = Generic(tmp_path, SPLITS).clips("train")
    assert "train/a: frames are missing between 2.png and 4.png" in problem.message
    assert clip.name == "train/b"


def test_a_linked_folder_is_entered_once(tmp_path, video):
    video("disk/a")
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "sunday").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "round").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "up").symlink_to(tmp_path)
    assert [clip.name for clip in Generic(tmp_path, SPLITS).clips("train")[0]] == ["train/sunday/a"]


def test_a_broken_clip_is_reported_and_left_out(tmp_path, video):
    video("train/a")
    video("train/b", None)
    video("train/c", "frame,x,y\n0,1,1\n")
    video("train/d", TABLE + "0,1,5,5\n")
    (tmp_path / "train" / "e_ball.csv").write_text(TABLE)
    video("train/f")
    (tmp_path / "train" / "f_ball.csv").write_text(TABLE)
    video("train/g")
    video("train/g", suffix=".mov")
    clips, problems = Generic(tmp_path, SPLITS).clips("train")
    assert [clip.name for clip in clips] == ["train/a"]
    messages = "\n".join(problem.message for problem in problems)
    assert "train/b: no labels; expected b.csv or b_ball.csv beside it; the clip" in messages
    assert "c.csv: column visibility is missing, found frame,x,y; expected a table" in messages
    assert "d.csv: lines 2 and 5 are both for frame 0; keep one of them" in messages
    assert "train/e: labelled, but there is no such video or folder of frames; the" in messages
    assert f"f.csv and {tmp_path}/train/f_ball.csv are for one clip; keep one" in messages
    assert f"g.mov and {tmp_path}/train/g.mp4 are for one clip; keep one" in messages


def test_an_empty_split_is_an_error(tmp_path):
    with pytest.raises(LabelError, match=r"split val is empty: no <match>/\*.csv below .* val;"):
        Generic(tmp_path, SPLITS).clips("val")
    with pytest.raises(LabelError, match=r"split val is empty: there is no folder .*typo; set"):
        Generic(tmp_path / "typo", SPLITS).clips("val")


def test_a_folder_within_another_splits_folder_is_refused(tmp_path, video):
    video("all/a")
    video("all/sunday/b")
    splits = {"train": ["all"], "val": ["all/sunday"]}
    with pytest.raises(LeakError, match="clip all/sunday/b of match all/sunday is in both train"):
        Generic(tmp_path, splits).clips("val")


def picture(path, level=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imencode(path.suffix, np.full((*SIZE, 3), level, np.uint8))[1].tofile(path)


def frames(tmp_path, *names):
    """The clips and problems of a folder of pictures with labels of three frames."""
    for name in names:
        picture(tmp_path / "train" / "a" / name)
    (tmp_path / "train" / "a.csv").write_text(TABLE)
    clips, problems = Generic(tmp_path, SPLITS).clips("train")
    return clips, [problem.message for problem in problems]


SERIES = [f"frame_{i:04d}.png" for i in range(3)]


def test_a_picture_without_a_number_is_no_frame_and_is_said(tmp_path):
    (clip,), (said,) = frames(tmp_path, *SERIES, "background.png", "Cover.jpg")
    assert [file.name for file in image_files(clip.source)] == SERIES
    assert "Cover.jpg and 1 more beside numbered frames has no number, and is not used" in said


def test_pictures_that_all_lack_a_number_are_frames(tmp_path):
    (clip,), said = frames(tmp_path, "a.png", "b.png", "c.png")
    assert (len(image_files(clip.source)), said) == (3, [])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((*SERIES, "frame_0001.jpg"), "frame_0001.jpg and frame_0001.png have the same number"),
        ((*SERIES, "frame_1.png"), "frame_0001.png and frame_1.png have the same number"),
        ((*SERIES, "Frame_0001.PNG"), "have the same number"),
        ((*SERIES, "background2.png"), "background2.png is not named as frame_0000.png is"),
        ((*SERIES, "frame_0001_copy.png"), "frame_0001_copy.png is not named as frame_0000.png"),
        ((*SERIES, "frame_0001 (1).png"), "frame_0001 (1).png is not named as frame_0000.png"),
        (("a_0.png", "a_1.png", "b_0.png"), "b_0.png is not named as a_0.png is"),
        (
            [f"frame_000{i}_cam2.png" for i in (0, 1, 3)],
            "frames are missing between frame_0001_cam2.png and frame_0003_cam2.png",
        ),
        (
            [f"cam_{c}_{i}.png" for c in (1, 2) for i in (1, 2)],
            "frames are missing between cam_1_2.png and cam_2_1.png",
        ),
    ],
)
def test_pictures_that_are_no_single_series_are_left_out(tmp_path, names, message):
    clips, (said,) = frames(tmp_path, *names)
    assert clips == []
    assert message in said


@pytest.mark.parametrize(
    "names",
    [
        [f"frame_{i:04d}_cam2.png" for i in range(3)],
        [f"2024-05-01_10-00-00_{i}.png" for i in (9, 10, 11)],
        [f"{i}_at_{33 * i + (i == 2)}ms.jpg" for i in range(3)],
        ["0.png", "1.jpg", "2.PNG"],
    ],
)
def test_other_numbers_in_a_name_are_no_gap(tmp_path, names):
    (clip,), said = frames(tmp_path, *names)
    assert [file.name for file in image_files(clip.source)] == names
    assert said == []


def test_pictures_and_labels_that_begin_with_one_are_noticed_before_a_suffix(tmp_path):
    for number in (1, 2, 3):
        picture(tmp_path / "train" / "a" / f"frame_{number:04d}_cam2.png")
    (tmp_path / "train" / "a.csv").write_text("frame,visibility,x,y\n1,1,9,9\n")
    _, (problem,) = Generic(tmp_path, SPLITS).clips("train")
    assert "subtract 1 from each frame" in problem.message


@pytest.mark.parametrize("kind", ["video", "pictures"])
@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_umlauts_of_a_mac_and_of_others_are_the_same(tmp_path, video, kind, forms):
    name, table = (unicodedata.normalize(form, "Schläger") for form in forms)
    if kind == "video":
        video(f"train/{name}", None)
    else:
        picture(tmp_path / "train" / name / "0.png")
    (tmp_path / "train" / f"{table}_ball.csv").write_text(TABLE)
    (clip,), problems = Generic(tmp_path, SPLITS).clips("train")
    assert (clip.name, problems) == (unicodedata.normalize("NFC", "train/Schläger"), [])
    assert clip.source.exists()


@pytest.mark.parametrize(
    "suffix", [".MTS", ".m2ts", ".flv", ".wmv", ".3gp", ".ogv", ".vob", ".mxf", ".F4V"]
)
def test_endings_of_camcorders_and_phones(tmp_path, suffix):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / f"a{suffix}").write_bytes(b"")
    (tmp_path / "train" / "a.csv").write_text(TABLE)
    (clip,), _ = Generic(tmp_path, SPLITS).clips("train")
    assert clip.source.name == f"a{suffix}"


def test_what_is_beside_a_table_and_not_read_is_named(tmp_path, video):
    for name in ("a.tif", "b/0.tif", "b/1.TIF"):
        (tmp_path / "train" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "train" / name).write_bytes(b"")
    for name in "ab":
        (tmp_path / "train" / f"{name}.csv").write_text(TABLE)
    video("train/c", None)
    (tmp_path / "train" / "c.xlsx").write_bytes(b"")
    clips, problems = Generic(tmp_path, SPLITS).clips("train")
    a, b, c = (problem.message for problem in problems)
    assert clips == []
    assert "no such video or folder of frames; a.tif is not named as a video is: .3g2" in a
    assert "the folder holds .tif, not .bmp .jpeg .jpg .png; convert the pictures" in b
    assert "no labels; expected c.csv or c_ball.csv beside it, found c.xlsx; save it as CSV" in c


def test_a_clip_that_is_called_as_anothers_table_has_its_own(tmp_path, video):
    video("train/r1")
    video("train/r1_ball", TABLE + "3,0,,\n")
    video("val/r1", None)
    video("val/r1_ball")
    clips, problems = Generic(tmp_path, SPLITS).clips("train")
    assert [(clip.name, len(clip.labels)) for clip in clips] == [
        ("train/r1", 3),
        ("train/r1_ball", 4),
    ]
    assert problems == []
    (clip,), (problem,) = Generic(tmp_path, SPLITS).clips("val")
    assert clip.name == "val/r1_ball"
    assert "val/r1: no labels" in problem.message


def test_tab_tables_by_their_own_ending(tmp_path, video):
    video("train/a", TABLE.replace(",", "\t"), csv="{}.tsv")
    assert len(Generic(tmp_path, SPLITS).clips("train")[0]) == 1
