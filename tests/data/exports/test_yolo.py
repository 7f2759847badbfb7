"""YOLO's text files, as Ultralytics documents them and as other tools write them."""

import zipfile

import pytest
import yaml

from tracknet.data.exports.export import read_export
from tracknet.data.formats.base import LabelError


@pytest.fixture
def put(tmp_path):
    """An export: content by name."""

    def folder(files):
        for name, content in files.items():
            file = tmp_path / "export" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        return tmp_path / "export"

    return folder


def test_as_ultralytics(put, read, videos):
    """A picture without a text file has nothing in it; a text without a picture counts as well."""
    videos("rally1.mp4", "rally12.mp4")
    labels, problems, broken = read(
        put(
            {
                "data.yaml": yaml.safe_dump({"train": "images/train", "names": {0: "ball"}}),
                "labels/train/rally1_000000.txt": "0 0.25 0.5 0.01 0.02\n",
                "labels/train/rally1_000002.txt": "",
                "labels/val/rally12_000000.txt": "0 1 1 0.01 0.02 0.87\n",
                "images/train/rally1_000000.jpg": "",
                "images/train/rally1_000003.jpg": "",
                "README.md": "",
            }
        )
    )
    assert labels["rally1"].visibility.tolist() == [1, -1, 0, 0]
    assert labels["rally1"].xy[0].tolist() == [31.5, 31.5]
    assert labels["rally12"].xy[0].tolist() == [127.5, 63.5]
    assert problems == broken == []


@pytest.mark.parametrize(
    "files",
    [
        {  # CVAT, "YOLO 1.1"
            "obj.data": "classes = 1\nnames = data/obj.names",
            "obj.names": "ball\n",
            "train.txt": "data/obj_train_data/frame_000000.PNG\n",
            "obj_train_data/frame_000000.txt": "0 0.5 0.5 0.1 0.1\n",
            "obj_train_data/frame_000001.txt": "",
        },
        {  # Label Studio, "YOLO with images"
            "classes.txt": "Ball\n",
            "notes.json": '{"categories": [{"id": 0, "name": "Ball"}], "info": {"year": 2026}}',
            "labels/ab12cd34-a_000000.txt": "0 0.5 0.5 0.1 0.1",
            "labels/ab12cd34-a_000001.txt": "",
            "images/ab12cd34-a_000000.png": "",
            "images/ab12cd34-a_000001.png": "",
        },
        {  # Roboflow
            "data.yaml": "train: ../train/images\nnc: 1\nnames: ['ball']\n",
            "README.dataset.txt": "# 1 2 3",
            "train/labels/a_mp4-0000_jpg.rf.0af31b.txt": "0 0.5 0.5 0.1 0.1",
            "train/images/a_mp4-0000_jpg.rf.0af31b.jpg": "",
            "train/images/a_mp4-0001_jpg.rf.77ee0a.jpg": "",
        },
        {"classes.txt": "ball", "0.txt": "0 0.5 0.5 0.1 0.1\r\n\r\n", "1.txt": "\ufeff"},
    ],
    ids=["cvat", "label_studio", "roboflow", "plain"],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_as_other_tools(put, read, videos, tmp_path, files, zipped):
    videos("a.mp4")
    export = put(files)
    if zipped:
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            for name in files:
                archive.write(export / name, name)
        export = tmp_path / "export.zip"
    labels, problems, broken = read(export)
    assert labels["a"].visibility.tolist() == [1, 0]
    assert labels["a"].xy[0].tolist() == [63.5, 31.5]
    assert problems == broken == []


def test_classes_are_named_where_the_export_names_them(put, read, videos):
    videos("a.mp4")
    files = {"labels/0.txt": "0 .5 .5 .1 .1\n2 .2 .2 .1 .1\n"}
    with pytest.raises(LabelError, match=r"several classes are marked: 0 \(1\), 2 \(1\)"):
        read(put(files))
    with pytest.raises(LabelError, match=r"several classes are marked: net \(1\), ball \(1\)"):
        read(put(files | {"data.yaml": "names: [net, post, ball]"}))
    labels, *_ = read(put({}), "ball")
    assert labels["a"].xy[0].tolist() == pytest.approx([25.1, 12.3])


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"0.txt": "0 .5 .5 .1\n"}, "0.txt, line 1 has 4 values, as an outline or a pose has"),
        ({"0.txt": "\n0 .1 .1 .2 .2 .3 .3\n"}, "0.txt, line 2 has 7 values"),
        ({"0.txt": "0 320 200 10 10\n"}, "line 1: x=320, y=200; expected shares of the picture"),
        ({"0.txt": "0 nan .5 .1 .1\n"}, "x=nan, y=0.5; expected shares"),
        ({"0.txt": "ball .5 .5 .1 .1\n"}, "ValueError: invalid literal"),
        ({"0.txt": "0 .5 .5 .1 .1", "data.yaml": "names: [[a], b]"}, "a name is no text"),
        ({"0.txt": "0 .5 .5 .1 .1", "data.yaml": "names: ["}, "no YAML"),
        ({"notes.json": "{}", "classes.txt": "ball"}, "nothing in it was annotated"),
    ],
)
def test_what_is_not_as_documented_is_one_sentence(put, files, message):
    export = put(files)
    with pytest.raises(LabelError, match=message) as raised:
        read_export(export)
    assert str(raised.value).startswith(str(export))
