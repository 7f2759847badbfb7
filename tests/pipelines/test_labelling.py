"""To CVAT and back, as the commands do it."""

import json
import unicodedata
import zipfile
from fractions import Fraction
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from tracknet.build import build
from tracknet.data.formats.generic import Generic
from tracknet.data.predictions import write_predictions
from tracknet.errors import InputError
from tracknet.pipelines.labelling import from_labels, to_cvat
from tracknet.types import Track
from tracknet.video import VideoWriter, base_name

TABLE = "Frame,Visibility,X,Y,Score,Source\n0,1,3.25,4.50,0.9000,detected\n1,0,0.00,0.00,0.1000,\n"


@pytest.fixture
def commands(compose, tmp_path):
    """Both ways, each into a folder of its own."""

    def to(*overrides):
        return to_cvat(compose("to_cvat", [*overrides, f"paths.output={tmp_path / 'out'}"]))

    def back(annotations, *overrides):
        settings = [f"annotations={annotations}", f"paths.output={tmp_path / 'back'}", *overrides]
        return from_labels(compose("from_labels", settings))

    return to, back


@pytest.fixture
def videos(tmp_path):
    """A folder of two videos of 4 frames, and the table of one with 2 rows."""
    folder = tmp_path / "train" / "club"
    folder.mkdir(parents=True)
    for name in ("a", "b"):
        with VideoWriter(folder / f"{name}.mp4", (32, 64), Fraction(30)) as writer:
            for _ in range(4):
                writer.write(np.zeros((32, 64, 3), np.uint8))
    (folder / "a.csv").write_text(TABLE)
    return folder


def test_a_corrected_video_is_labels_of_generic(commands, videos, tmp_path):
    to, back = commands
    (xml,) = to(f"source={videos / 'a.mp4'}", f"labels={videos / 'a.csv'}")
    assert xml == tmp_path / "out" / "a.xml"
    ball, unlabelled = json.loads((tmp_path / "out" / "labels.json").read_text())
    assert (ball["name"], unlabelled["name"]) == ("ball", "unlabelled")
    (table,) = back(xml)
    assert table.read_text() == "Frame,Visibility,X,Y\n0,1,3.25,4.50\n1,0,,\n"
    table.rename(videos / "a.csv")
    (videos / "b.mp4").unlink()
    (clip,), _ = Generic(tmp_path, {"train": ["train"]}).clips("train")
    assert clip.labels.visibility.tolist() == [1, 0]


def test_frames_behind_the_labels_are_there_and_unlabelled(commands, videos, capsys):
    commands[0](f"source={videos / 'a.mp4'}", f"labels={videos / 'a.csv'}")
    assert "1 frames with a ball, 1 without one, 2 unlabelled" in capsys.readouterr().out


def test_rows_behind_the_video_are_not_written(commands, videos, capsys):
    long = "".join(f"{frame},1,3.25,4.50,0.9,detected\n" for frame in range(2, 7))
    (videos / "a.csv").write_text(TABLE + long)
    marked = f"source={videos / 'a.mp4'}", f"labels={videos / 'a.csv'}"
    (xml,) = commands[0](*marked)
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("warning: clip ")
    assert "a.csv: 3 label rows, from frame 4 on, lie beyond the 4 frames" in said
    root = ElementTree.parse(xml).getroot()
    assert root.findtext("meta/task/size") == "4"
    assert root.findtext("meta/task/stop_frame") == "3"
    assert max(int(point.get("frame")) for point in root.iter("points")) == 3
    with pytest.raises(SystemExit, match=r"3 label rows.*an error because of strict=true"):
        commands[0](*marked, "strict=true")


def test_a_table_of_a_mac_is_found(commands, videos, tmp_path):
    (videos / "a.mp4").rename(videos / unicodedata.normalize("NFC", "Schläger.mp4"))
    (videos / "a.csv").rename(videos / unicodedata.normalize("NFD", "Schläger.csv"))
    assert len(commands[0](f"source='{videos}/S*.mp4'", f"labels={videos}")) == 1


def test_one_broken_video_does_not_stop_the_others(commands, videos, tmp_path):
    with pytest.raises(SystemExit, match=r"b.csv: there is no such label file"):
        commands[0](f"source={videos}/*.mp4", f"labels={videos}")
    assert (tmp_path / "out" / "a.xml").exists()


def test_clips_of_a_dataset_with_labels_or_predictions(commands, resolved, tiny_data, tmp_path):
    to, back = commands
    data = [s for s in tiny_data if s.startswith(("paths", "data", "image"))]
    (clip,), _ = build(resolved("to_cvat", data), "data").clips("test")
    (xml,) = to(*data)
    assert xml == tmp_path / "out" / f"{clip.name}.xml"
    (table,) = back(xml)
    assert table.name == f"{clip.source.stem}.csv"
    rows = table.read_text().splitlines()[1:]
    assert [int(row.split(",")[1]) for row in rows] == clip.labels.visibility.tolist()

    lone = np.arange(len(clip.labels)) == 5
    xy = np.where(lone[:, None], [12.5, 12.5], np.nan)
    track = Track(xy, np.full(len(lone), 0.5), np.where(lone, "tracked", ""))
    write_predictions(tmp_path / "p.csv", {clip.name: track})
    (xml,) = to(*data, f"predictions={tmp_path / 'p.csv'}")
    rows = back(xml)[0].read_text().splitlines()[1:]
    assert rows[5] == "5,1,12.50,12.50"
    assert {row.split(",")[1] for row in rows[:5] + rows[6:]} == {"0"}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([], "name what to show: source="),
        (["source=a.mp4"], "name what to show: source="),
        (["data=synthetic", "source=a.mp4"], "name either data=, or source="),
        (["source=http://host/a.ts", "labels=a.csv"], "is a stream; label a file of it"),
    ],
)
def test_what_to_write_must_be_said(commands, overrides, message):
    with pytest.raises(InputError, match=message):
        commands[0](*overrides)


def test_many_videos_need_a_folder_of_tables(commands, videos):
    with pytest.raises(InputError, match="the folder of the tables of 2 videos"):
        commands[0](f"source={videos}/*.mp4", f"labels={videos / 'a.csv'}")


def test_two_files_of_one_video_are_refused_and_the_first_is_kept(commands, videos, tmp_path):
    to, back = commands
    (xml,) = to(f"source={videos / 'a.mp4'}", f"labels={videos / 'a.csv'}")
    (xml.parent / "c.xml").write_text(xml.read_text())
    with pytest.raises(SystemExit, match=r"c.xml: of a, as .*a.xml is"):
        back(xml.parent)
    assert (tmp_path / "back" / "a.csv").exists()
    back(xml)  # the same again
    table = tmp_path / "back" / "a.csv"
    table.write_text("labels of mine")
    with pytest.raises(SystemExit, match=r"a\.csv: is there already, and was not written here"):
        back(xml)
    assert table.read_text() == "labels of mine"
    with pytest.raises(InputError, match="there is no such file or folder"):
        back(tmp_path / "nowhere")


def test_what_a_mac_adds_to_archives_and_folders_is_passed_over(commands, videos, tmp_path):
    to, back = commands
    (xml,) = to(f"source={videos / 'a.mp4'}", f"labels={videos / 'a.csv'}")
    folder = tmp_path / "exported"
    folder.mkdir()
    hidden = b"\0\5\x16\7\0\2\0\0Mac OS X"
    with zipfile.ZipFile(folder / "task.zip", "w") as archive:
        archive.write(xml, "task/annotations.xml")
        archive.writestr("task/.DS_Store", hidden)
        archive.writestr("__MACOSX/task/._annotations.xml", hidden)
    (folder / "._task.zip").write_bytes(hidden)
    (table,) = back(folder)
    assert table.name == "a.csv"


def test_an_export_of_label_studio_lies_beside_its_videos(commands, videos, tmp_path):
    """Into the videos' own folder, from which `generic` reads it; what is labelled there stays."""
    track = {"frame": 2, "enabled": False, "x": 10, "y": 10, "width": 10, "height": 20}
    value = {"framesCount": 4, "sequence": [track], "labels": ["Ball"]}
    tasks = [
        {
            "data": {"video": f"/data/upload/1/0a1b2c3d-{name}.mp4"},
            "annotations": [{"result": [{"type": "videorectangle", "value": value}]}],
        }
        for name in ("a", "b", "c")
    ]
    export = tmp_path / "export.json"
    export.write_text(json.dumps(tasks))
    there = f"videos={tmp_path / 'train'}", f"paths.output={tmp_path / 'train'}"
    with pytest.raises(SystemExit) as raised:
        commands[1](export, *there)
    lost, kept = str(raised.value.code).splitlines()
    assert lost.startswith("/data/upload/1/0a1b2c3d-c.mp4: a video of none of the 2 videos")
    assert "a.csv: is there already, and was not written here" in kept
    assert (videos / "a.csv").read_text() == TABLE
    (_, clip), problems = Generic(tmp_path, {"train": ["train"]}).clips("train")
    assert (clip.name, problems) == ("train/club/b", [])
    assert clip.labels.visibility.tolist() == [0, 1, 0, 0]
    assert clip.labels.xy[1].tolist() == pytest.approx([0.15 * 64 - 0.5, 0.2 * 32 - 0.5])


def test_exports_of_several_tools_at_once(commands, videos, tmp_path):
    (xml,) = commands[0](f"source={videos / 'a.mp4'}", f"labels={videos / 'a.csv'}")
    folder = tmp_path / "exported"
    folder.mkdir()
    xml.rename(folder / "a.xml")
    image = {"id": 1, "file_name": "b_000000.png", "width": 64, "height": 32}
    box = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 5]}
    coco = {"images": [image], "annotations": [box], "categories": [{"id": 1, "name": "ball"}]}
    (folder / "b.json").write_text(json.dumps(coco))
    with pytest.raises(SystemExit, match=r"b.json: no file of CVAT .*videos=<folder"):
        commands[1](folder)
    assert (tmp_path / "back" / "a.csv").exists()
    tables = commands[1](folder, f"videos={tmp_path / 'train'}")
    places = [str(table.relative_to(tmp_path / "back")) for table in tables]
    assert places == ["club/a.csv", "club/b.csv"]
    assert tables[1].read_text() == "Frame,Visibility,X,Y\n0,1,2.00,4.00\n"


def test_two_balls_are_said_or_an_error_by_strict(commands, videos, tmp_path, capsys):
    (tmp_path / "yolo" / "labels").mkdir(parents=True)
    text = tmp_path / "yolo" / "labels" / "a_0.txt"
    text.write_text("0 .5 .5 .1 .1\n0 .2 .2 .1 .1\n")
    given = tmp_path / "yolo", f"videos={videos / 'a.mp4'}"
    with pytest.raises(SystemExit, match=r"1 frames have two balls.*because of strict=true"):
        commands[1](*given, "strict=true")
    commands[1](*given)
    assert "1 frames have two balls, the first is frame 0" in capsys.readouterr().err
    text.write_text("0 .5 .5 .1 .1\n1 .2 .2 .1 .1\n")
    with pytest.raises(InputError, match="several classes are marked"):
        commands[1](*given)
    (table,) = commands[1](*given, "class=1")
    assert table.read_text() == "Frame,Visibility,X,Y\n0,1,12.30,5.90\n"


@pytest.fixture
def matches(tmp_path):
    """Clips of one frame: two of one name, and a folder with dots; each ball is elsewhere."""
    balls = {"a/rally1.mp4": "3.25,4.50", "b/rally1.mkv": "9.00,8.00", "c/2024.05.01": "2.00,7.00"}
    picture = np.zeros((32, 64, 3), np.uint8)
    for name, ball in balls.items():
        source = tmp_path / "test" / name
        source.parent.mkdir(parents=True)
        if name == "c/2024.05.01":
            source.mkdir()
            cv2.imwrite(str(source / "0.png"), picture)
        else:
            with VideoWriter(source, (32, 64), Fraction(30)) as writer:
                writer.write(picture)
        table = source.with_name(f"{base_name(source.name)}.csv")
        table.write_text(f"Frame,Visibility,X,Y\n0,1,{ball}\n")
    return tmp_path / "test"


def test_clips_of_one_name_come_back_in_folders_of_their_own(commands, matches, tmp_path):
    to, back = commands
    to("data=generic", f"data.root={tmp_path}", "split=test", f"paths.store={tmp_path / 'store'}")
    tables = back(f"'{tmp_path}/out/test/*/*.xml'")
    names = ["a/rally1.csv", "b/rally1.csv", "c/2024.05.01.csv"]
    assert [str(table.relative_to(tmp_path / "back")) for table in tables] == names
    for name, table in zip(names, tables, strict=True):
        assert table.read_text() == (matches / name).read_text()


def test_videos_of_one_name_have_their_tables_in_folders(commands, matches, tmp_path):
    (matches / "c/2024.05.01.csv").rename(matches / "2024.05.01.csv")  # no other is called so
    files = commands[0](f"source='{matches}/*/*.[m0]*'", f"labels={matches}")
    names = ["a/rally1.xml", "b/rally1.xml", "2024.05.01.xml"]
    assert [str(file.relative_to(tmp_path / "out")) for file in files] == names
