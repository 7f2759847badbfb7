"""Label Studio's JSON, as labelstud.io documents it for tasks of pictures and of videos."""

import json

import pytest

from tracknet.data.exports.export import read_export
from tracknet.data.formats.base import LabelError


def region(kind, value, label="Ball", size=(64, 128)):
    height, width = size
    own = {"type": kind, "value": {**value, kind: [label]}, "from_name": "label"}
    return {"id": "Zy3", "original_height": height, "original_width": width, **own}


def task(name, *regions, key="image", **more):
    done = [{"id": 1, "was_cancelled": False, "ground_truth": False, "result": [*regions], **more}]
    return {"id": 1, "data": {key: name}, "annotations": done, "predictions": []}


BOX = {"x": 10, "y": 20, "width": 5, "height": 10, "rotation": 0}


def track(*keys, frames=10, label="Ball"):
    sequence = [
        {"frame": frame, "enabled": on, "x": x, "y": 50, "width": 0, "height": 0, "rotation": 0}
        for frame, on, x in keys
    ]
    value = {"framesCount": frames, "duration": frames / 25, "sequence": sequence}
    return {"id": "t", "type": "videorectangle", "value": {**value, "labels": [label]}}


@pytest.fixture
def put(tmp_path):
    def file(*tasks):
        path = tmp_path / "project-1-at-2026-01-31-12-00-00.json"
        path.write_text(json.dumps(tasks))
        return path

    return file


@pytest.mark.parametrize(
    ("kind", "value", "xy"),
    [
        ("rectanglelabels", BOX, (15.5, 15.5)),
        ("keypointlabels", {"x": 12.5, "y": 25, "width": 0.5}, (15.5, 15.5)),
        ("ellipselabels", {"x": 12.5, "y": 25, "radiusX": 1, "radiusY": 2}, (15.5, 15.5)),
        ("rectanglelabels", {**BOX, "rotation": 90}, (9.1, 15.5)),  # round its upper left corner
    ],
)
def test_marks_of_pictures(put, read, videos, kind, value, xy):
    videos("rally1.mp4")
    labels, problems, broken = read(
        put(
            task("/data/upload/1/ab12cd34-rally1_000000.jpg", region(kind, value)),
            task("/data/local-files/?d=frames/rally1_000002.jpg"),
        )
    )
    assert labels["rally1"].visibility.tolist() == [1, -1, 0]
    assert labels["rally1"].xy[0].tolist() == pytest.approx(xy, abs=1e-4)
    assert problems == broken == []


def test_what_nobody_looked_at_is_unlabelled(put, read, videos):
    videos("a.mp4")
    skipped = task("a_1.jpg", region("rectanglelabels", BOX), was_cancelled=True)
    waiting = {"id": 3, "data": {"image": "a_2.jpg"}, "annotations": [], "predictions": [{}]}
    unsure = task("a_3.jpg", region("rectanglelabels", BOX, "unlabelled"))
    labels, *_ = read(
        put(task("a_0.jpg"), skipped, waiting, unsure, task("a_4.jpg", region("choices", {})))
    )
    assert labels["a"].visibility.tolist() == [0, -1, -1, -1, 0]


def test_of_several_annotations_the_ground_truth_or_the_last_one_counts(put, read, videos):
    videos("a.mp4")
    several = task("a_0.jpg")
    several["annotations"] += task("a_0.jpg", region("rectanglelabels", BOX))["annotations"]
    labels, (said,), _ = read(put(several))
    assert "1 tasks have several annotations" in said
    assert labels["a"].visibility.tolist() == [1]
    several["annotations"][0]["ground_truth"] = True
    assert read(put(several))[0]["a"].visibility.tolist() == [0]


def test_json_min(put, read, videos):
    videos("a.mp4", "b.mp4")
    own = {"original_width": 128, "original_height": 64, "rectanglelabels": ["Ball"]}
    sequence = track((1, True, 50), (2, False, 60))["value"]
    labels, *_ = read(
        put(
            {"image": "/data/upload/1/ab12cd34-a_0.jpg", "id": 1, "label": [{**BOX, **own}]},
            {"image": "/data/upload/1/ab12cd34-a_1.jpg", "id": 2, "annotator": 1},
            {"video": "s3://bucket/b.mp4", "id": 3, "box": [sequence]},
        )
    )
    assert labels["a"].visibility.tolist() == [1, 0]
    assert labels["b"].visibility.tolist() == [1, 1, *[0] * 8]


def test_a_track_moves_in_a_line_between_keyframes_and_ends_where_it_is_switched_off(
    put, read, videos
):
    videos("Match (1).mp4")
    own = track((2, True, 25), (4, True, 50), (5, False, 75), (9, True, 0))
    name = "/data/upload/1/ab12cd34-Match_1.mp4"
    labels, problems, broken = read(put(task(name, own, key="video")))
    own = labels["Match (1)"]
    assert own.visibility.tolist() == [0, 1, 1, 1, 1, 0, 0, 0, 1, 1]
    assert own.xy[1:5, 0].tolist() == [31.5, 47.5, 63.5, 95.5]
    assert own.xy[8:, 0].tolist() == [-0.5, -0.5]
    assert own.xy[1, 1] == 31.5
    assert problems == broken == []


def test_frames_of_a_video_that_nobody_has_looked_at_yet(put, read, videos):
    videos("a.mp4")
    rest = track((6, True, 0), label="unlabelled")
    labels, *_ = read(put(task("a.mp4", track((1, False, 50)), rest, key="video")))
    assert labels["a"].visibility.tolist() == [1, 0, 0, 0, 0, *[-1] * 5]


def test_a_video_without_a_mark_has_no_ball(put, read, videos):
    videos("a.mp4")
    assert read(put(task("a.mp4", key="video")))[0]["a"].visibility.tolist() == [0] * 10


def test_a_video_that_was_counted_at_another_rate_is_refused(put, read, videos):
    """Label Studio counts at a rate of its own unless it is told the video's."""
    videos("a.mp4", "b.mp4")
    other = task("a.mp4", track((1, True, 50), frames=8), key="video")
    labels, _, (said,) = read(put(other, task("b.mp4", track((1, True, 50)), key="video")))
    assert list(labels) == ["b"]
    assert "a.mp4: it has 10 frames, but the labelling tool counted 8, 25 a second" in said
    assert 'set frameRate="25" of <Video>' in said


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (task("a.jpg", region("polygonlabels", {"points": [[1, 2]]})), "a ball is a polygonlabels"),
        (task("a.jpg", region("brushlabels", {"rle": [1], "format": "rle"})), "a ball is a brush"),
        (task("a.jpg", region("rectanglelabels", {"x": 1, "y": 2, "height": 3})), "'width'"),
        (task("a.jpg", region("rectanglelabels", {"x": float("nan"), "y": 2})), "x=nan"),
        (task("a.mp3", key="audio"), "a task names no picture and no video, only audio"),
        (task("a.mp4", region("rectanglelabels", BOX), key="video"), "no sequence of frames"),
        (task("a.mp4", track((0, True, 1)), key="video"), "a keyframe is 0"),
        (task("a.mp4", track((1, True, 1), (1, True, 2)), key="video"), "two keyframes in one"),
        (task("a.mp4", track((10**9, True, 1)), key="video"), "a keyframe is 1000000000"),
        (task("a.mp4", track((1, True, 1), frames=10**9), key="video"), "framesCount is 10000"),
        (task("a.mp4", track((1, True, 1), frames=10**7), key="video"), "more than 1,000,000"),
        ({"data": 7}, "AttributeError"),
    ],
)
def test_what_is_not_as_documented_is_one_sentence(put, own, message):
    file = put(own)
    with pytest.raises(LabelError, match=message) as raised:
        read_export(file)
    assert str(raised.value).startswith(str(file))
