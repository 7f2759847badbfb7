"""COCO's detection JSON, as cocodataset.org documents it and as tools write it."""

import json
import zipfile

import pytest

from tracknet.data.exports.export import read_export
from tracknet.data.formats.base import LabelError

CATEGORIES = [{"id": 1, "name": "ball", "supercategory": "none"}]


def image(number, name, width=128, height=64):
    return {"id": number, "file_name": name, "width": width, "height": height, "license": 0}


def box(image_id, bbox, category=1, **more):
    area = bbox[2] * bbox[3]
    own = {"image_id": image_id, "category_id": category, "bbox": bbox, "area": area, "iscrowd": 0}
    return {"id": image_id, "segmentation": [], **own, **more}


@pytest.fixture
def put(tmp_path):
    def file(images, annotations, categories=CATEGORIES, name="instances_default.json"):
        path = tmp_path / name
        path.write_text(
            json.dumps(
                {"info": {}, "images": images, "annotations": annotations, "categories": categories}
            )
        )
        return path

    return file


def test_boxes_of_pictures_of_a_video(put, read, videos):
    """The middle of a box that covers the pixels 10 to 14 is pixel 12."""
    videos("club/rally1.mp4")
    names = ["frame_000000.PNG", "frame_000001.PNG", "frame_000004.PNG"]
    images = [image(i + 7, name) for i, name in enumerate(names)]
    labels, problems, broken = read(put(images, [box(7, [10, 20, 5, 3]), box(9, [0, 0, 2, 2])]))
    own = labels["club/rally1"]
    assert own.visibility.tolist() == [1, 0, -1, -1, 1]
    assert own.xy[[0, 4]].tolist() == [[12, 21], [0.5, 0.5]]
    assert problems == broken == []


def test_a_single_keypoint_is_where_the_ball_is(put, read, videos):
    videos("a.mp4")
    points = {"keypoints": [0, 0, 0, 30, 40, 2], "num_keypoints": 1}
    labels, *_ = read(put([image(1, "a_0.jpg")], [box(1, [10, 20, 5, 3], **points)]))
    assert labels["a"].xy[0].tolist() == pytest.approx([30, 40], abs=1e-5)


def test_pictures_that_were_made_smaller(put, read, videos):
    videos("a.mp4")
    labels, *_ = read(put([image(1, "a_0.jpg", 64, 32)], [box(1, [10, 20, 4, 2])]))
    assert labels["a"].xy[0].tolist() == [23.5, 41.5]
    _, _, (said,) = read(put([image(1, "a_0.jpg", 640, 640)], [box(1, [10, 20, 4, 2])]))
    assert "it is 128x64, but a_0.jpg was 640x640 when it was labelled; export pictures" in said


def test_a_zip_of_several_files_and_a_folder(put, read, videos, tmp_path):
    videos("a.mp4", "b.mp4")
    train = put([image(1, "a_0.jpg")], [box(1, [10, 20, 5, 3])], name="_annotations.coco.json")
    test = put([image(1, "b_mp4-0_jpg.rf.3fa9c02.jpg")], [], name="other.json")
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for folder, file in (("train", train), ("valid", test)):
            archive.write(file, f"{folder}/_annotations.coco.json")
            archive.writestr(f"{folder}/a.jpg", b"")
        archive.writestr("__MACOSX/train/._annotations.coco.json", b"\0\5\x16\7")
        archive.writestr("README.roboflow.txt", "what Roboflow says")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "unpacked")
    for export in (path, tmp_path / "unpacked"):
        labels, *_ = read(export)
        assert {name: own.visibility.tolist() for name, own in labels.items()} == {
            "a": [1],
            "b": [0],
        }


def test_the_ball_is_chosen_among_classes(put, read, videos):
    videos("a.mp4")
    categories = [*CATEGORIES, {"id": 2, "name": "player"}, {"id": 3, "name": "net"}]
    boxes = [box(1, [10, 20, 5, 3]), box(1, [50, 20, 9, 30], 2), box(2, [50, 20, 9, 30], 2)]
    file = put([image(1, "a_0.jpg"), image(2, "a_1.jpg")], boxes, categories)
    said = r"several classes are marked: player \(2\), ball \(1\); choose the ball's with class="
    with pytest.raises(LabelError, match=said):
        read(file)
    with pytest.raises(LabelError, match=r"class=net: there is no such class, only player"):
        read(file, "net")
    labels, problems, _ = read(file, "Ball")
    assert labels["a"].visibility.tolist() == [1, 0]
    assert labels["a"].xy[0].tolist() == [12, 21]
    assert problems == []


def test_two_balls_in_a_frame_are_a_problem_and_the_frame_is_unlabelled(put, read, videos):
    videos("a.mp4")
    boxes = [box(1, [10, 20, 5, 3]), box(1, [50, 20, 5, 3])]
    boxes += [box(2, [10, 20, 5, 3]), box(2, [10, 20, 5, 3])]
    labels, (said,), _ = read(put([image(1, "a_0.jpg"), image(2, "a_1.jpg")], boxes))
    assert "a.mp4: 1 frames have two balls, the first is frame 0; delete one" in said
    assert labels["a"].visibility.tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "is neither COCO nor Label Studio"),
        ("[]", "nothing in it was annotated"),
        ("[" * 100_000, "nested too deep"),
        ("[" * 4_000_000, "more than 3,000,000 lists and mappings"),
        ('{"images": [], "annotations": [{"image_id": 3}]}', "of image 3, which is not listed"),
        ('{"images": [{"id": 1, "file_name": "a"}], "annotations": []}', "KeyError: 'height'"),
        ('{"images": [{"id": 1, "height": 0, "width": 1}], "annotations": []}', "picture of 1x0"),
        ('{"images": 7, "annotations": []}', "TypeError"),
        (
            '{"images": [{"id": 1, "height": 1, "width": 1}], "annotations": '
            '[{"image_id": 1, "bbox": [1, NaN, 3, 4]}]}',
            "a position is x=2.5, y=nan",
        ),
        (
            '{"images": [{"id": 1, "height": 1, "width": 1}], "annotations": [{"image_id": 1}]}',
            "neither a box nor one keypoint",
        ),
    ],
)
def test_what_is_not_as_documented_is_one_sentence(tmp_path, content, message):
    file = tmp_path / "a.json"
    file.write_text(content)
    with pytest.raises(LabelError, match=message) as raised:
        read_export(file)
    assert str(raised.value).startswith(str(file))
    assert "\n" not in str(raised.value)
