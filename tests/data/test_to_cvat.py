"""What is written for CVAT."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from tracknet.data.formats.base import LabelError
from tracknet.data.to_cvat import read_marks, task_labels, write_cvat
from tracknet.types import Labels, Track

SIZE = (90, 160)


def labels_of(*rows):
    """Rows (visibility, x, y) or (visibility,)."""
    xy = [row[1:] or (np.nan, np.nan) for row in rows]
    visibility = np.array([row[0] for row in rows], np.int8)
    return Labels(np.array(xy, np.float32).reshape(-1, 2), visibility, SIZE)


LABELS = labels_of((-1,), (-1,), (0,), (1, 10.126, 20), (2, 11, 21.5), (0,), (0,), (-1,), (3, 5, 6))


@pytest.fixture
def written(tmp_path):
    def written(*args):
        write_cvat(tmp_path / "a.xml", "rally1.mp4", *args)
        assert [file.name for file in tmp_path.iterdir()] == ["a.xml"]
        return ElementTree.parse(tmp_path / "a.xml").getroot()

    return written


def shapes(track):
    names = ("frame", "outside", "points")
    return [(int(s.get("frame")), *map(s.get, names[1:])) for s in track]


def test_a_track_is_what_cvat_documents(written):
    root = written(LABELS)
    assert [child.tag for child in root] == ["version", "meta", "track", "track"]
    assert root.findtext("version") == "1.1"
    for number, track in enumerate(root.findall("track")):
        assert track.attrib.keys() == {"id", "label", "source"}
        assert track.get("id") == str(number)
        assert track.get("source") == "manual"
        for shape in track:
            assert shape.tag == "points"
            keys = ["frame", "keyframe", "outside", "occluded", "points", "z_order"]
            assert list(shape.attrib) == keys
            assert re.fullmatch(r"\d+\.\d\d,\d+\.\d\d", shape.get("points"))
            assert shape.get("keyframe") == "1"
            assert all(a.tag == "attribute" and list(a.attrib) == ["name"] for a in shape)


def test_a_ball_is_a_keyframe_and_so_is_its_end(written):
    ball, unknown = written(LABELS).findall("track")
    assert ball.get("label") == "ball"
    assert shapes(ball) == [
        (3, "0", "10.13,20.00"),
        (4, "0", "11.00,21.50"),
        (5, "1", "11.00,21.50"),
        (8, "0", "5.00,6.00"),
    ]
    assert [s.findtext("attribute[@name='visibility']") for s in ball] == ["1", "2", None, "3"]
    assert ball.find("points/attribute[@name='score']") is None
    assert unknown.get("label") == "unlabelled"
    assert [shape[:2] for shape in shapes(unknown)] == [
        *((0, "0"), (1, "0"), (2, "1"), (7, "0"), (8, "1"))
    ]
    assert {shape[2] for shape in shapes(unknown)} == {"80.00,45.00"}


def test_scores_and_interpolated_balls_of_a_prediction(written):
    labels = labels_of((1, 10, 20), (1, 11, 20), (0,))
    source = np.array(["detected", "interpolated", ""])
    track = Track(labels.xy, np.array([0.987, 0.5, 0.1]), source)
    (ball,) = written(labels, track).findall("track")
    assert ball.get("source") == "auto"
    assert [s.get("occluded") for s in ball] == ["0", "1", "0"]
    assert [s.findtext("attribute[@name='score']") for s in ball] == ["99", "50", None]


def test_the_task_is_said(written):
    task = written(LABELS).find("meta/task")
    said = {name: task.findtext(name) for name in ("name", "size", "mode", "source")}
    assert said == {
        **{"name": "rally1.mp4", "source": "rally1.mp4"},
        **{"size": "9", "mode": "interpolation"},
    }
    assert (task.findtext("start_frame"), task.findtext("stop_frame")) == ("0", "8")
    size = task.find("original_size")
    assert (size.findtext("width"), size.findtext("height")) == ("160", "90")
    label, other = task.findall("labels/label")
    assert (label.findtext("name"), other.findtext("name")) == ("ball", "unlabelled")
    visibility, score = label.findall("attributes/attribute")
    assert [child.tag for child in visibility] == [
        *("name", "mutable", "input_type", "default_value", "values")
    ]
    assert visibility.findtext("values").split("\n") == ["1", "2", "3"]
    assert score.findtext("input_type") == "number"


def test_every_class_can_be_chosen():
    (visibility, _), _ = (
        label["attributes"] for label in task_labels([LABELS, labels_of((7, 1, 1))])
    )
    assert visibility["values"] == ["1", "2", "3", "7"]
    assert visibility["mutable"] is True


def test_nothing_to_show_is_no_track(written):
    assert written(labels_of((0,), (0,))).find("track") is None


def test_a_table_of_predictions_and_one_of_labels(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("Frame,Visibility,X,Y,Score,Source\n1,1,3,4,0.75,tracked\n0,0,0,0,0.2,\n")
    labels, track, _ = read_marks(table)
    assert labels.visibility.tolist() == [0, 1]
    assert labels.xy[1].tolist() == [3, 4]
    assert track.score.tolist() == [0.2, 0.75]
    assert track.source.tolist() == ["", "tracked"]
    table.write_text("frame,visibility,x,y\n2,1,3,4\n")
    labels, track, _ = read_marks(table)
    assert labels.visibility.tolist() == [-1, -1, 1]
    assert track is None
    with pytest.raises(LabelError, match="there is no such label file"):
        read_marks(tmp_path / "b.csv")
