"""What comes back from CVAT, through a literal account of what CVAT does with a file."""

import zipfile
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from tracknet.data.formats.base import LabelError
from tracknet.data.formats.cvat import read_cvat
from tracknet.data.formats.tables import read_table, to_labels, write_labels
from tracknet.data.to_cvat import write_cvat
from tracknet.types import Labels, Track

SIZE = (90, 160)


def random_labels(rng, n):
    """Runs of balls of three classes, of none and of frames that nobody looked at."""
    kinds = np.repeat(rng.integers(-1, 4, n), rng.integers(1, 5, n))[:n].astype(np.int8)
    xy = (rng.integers(0, 9000, (n, 2)) / 100).astype(np.float32)
    xy[kinds <= 0] = np.nan
    return Labels(xy, kinds, SIZE)


def through_cvat(file, edit=lambda tracks: None):
    """Uploads a file to a task of all frames with the right labels, edits it, exports it again.

    As cvat/apps/dataset_manager does: only keyframes are taken, those outside at the beginning of a
    track are dropped, and so is a track without others; a track that does not end outside goes on
    to the task's last frame; single points are interpolated; every frame that shows one is listed.
    """
    root = ElementTree.parse(file).getroot()
    size = int(root.findtext("meta/task/size"))
    tracks = []
    for track in root.findall("track"):
        shapes = [dict(s.attrib) for s in track if s.get("keyframe") == "1"]
        for shape, element in zip(shapes, track, strict=True):
            shape |= {
                "frame": int(shape["frame"]),
                "points": [float(number) for number in shape["points"].split(",")],
                "attributes": {a.get("name"): a.text for a in element},
            }
        while shapes and shapes[0]["outside"] == "1":
            del shapes[0]
        if shapes:
            tracks.append({"label": track.get("label"), "shapes": shapes})
    edit(tracks)
    for track in root.findall("track"):
        root.remove(track)
    for number, track in enumerate(tracks):
        element = ElementTree.SubElement(root, "track", id=str(number), label=track["label"])
        shapes = sorted(track["shapes"], key=lambda shape: shape["frame"])
        last = {**shapes[-1], "frame": size}
        listed = []
        for before, after in pairwise([*shapes, last]):
            if listed:
                before["attributes"] = {**listed[-1]["attributes"], **before["attributes"]}
            listed.append(before)
            frames = range(before["frame"] + 1, after["frame"]) if before["outside"] == "0" else ()
            for frame in frames:
                share = (frame - before["frame"]) / (after["frame"] - before["frame"])
                pairs = zip(before["points"], after["points"], strict=True)
                points = [one + (other - one) * share for one, other in pairs]
                listed.append({**before, "frame": frame, "points": points, "keyframe": "0"})
        for shape in listed:
            text = ",".join(f"{number:.2f}" for number in shape["points"])
            values = {k: str(v) for k, v in shape.items() if k != "attributes"}
            point = ElementTree.SubElement(element, "points", {**values, "points": text})
            for name, value in shape["attributes"].items():
                ElementTree.SubElement(point, "attribute", name=name).text = value
    ElementTree.ElementTree(root).write(file)
    return file


def same(got, expected):
    assert got.visibility.tolist() == expected.visibility.tolist()
    assert np.array_equal(got.xy, expected.xy, equal_nan=True)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "annotations.xml"


@pytest.mark.parametrize("seed", range(20))
def test_round_trip_without_and_with_cvat_between(file, seed):
    rng = np.random.default_rng(seed)
    labels = random_labels(rng, int(rng.integers(1, 40)))
    write_cvat(file, "match.day/rally 1.mp4", labels)
    name, got, _ = read_cvat(file)
    assert name == "rally 1"
    same(got, labels)
    same(read_cvat(through_cvat(file))[1], labels)


@pytest.mark.parametrize("kind", [-1, 0, 1])
def test_round_trip_of_one_kind_alone(file, kind):
    xy = np.full((3, 2), 7.25 if kind > 0 else np.nan, np.float32)
    labels = Labels(xy, np.full(3, kind, np.int8), SIZE)
    write_cvat(file, "a.mp4", labels)
    same(read_cvat(through_cvat(file))[1], labels)


def test_round_trip_of_a_prediction(file):
    rng = np.random.default_rng(1)
    labels = random_labels(rng, 30)
    visible = labels.visibility > 0
    labels = Labels(labels.xy, visible.astype(np.int8), SIZE)
    source = np.where(visible, rng.choice(["detected", "interpolated"], 30), "")
    write_cvat(file, "a.mp4", labels, Track(labels.xy, rng.random(30), source))
    same(read_cvat(through_cvat(file))[1], labels)


def test_what_people_do_to_it(file):
    """Frames: ball, ball, none, none, unlabelled, unlabelled, ball."""
    kinds = np.array([1, 1, 0, 0, -1, -1, 1], np.int8)
    xy = np.where(kinds[:, None] > 0, [10, 20], np.nan).astype(np.float32)
    write_cvat(file, "a.mp4", Labels(xy, kinds, SIZE))

    def edit(tracks):
        ball, unknown = tracks
        ball["shapes"][0]["points"] = [12.5, 21]  # moved
        ball["shapes"][1]["outside"] = "1"  # switched off
        new = {**ball["shapes"][0], "frame": 3, "points": [30, 40], "attributes": {}}
        ball["shapes"] += [new, {**new, "frame": 4, "outside": "1"}]  # switched on
        unknown["shapes"] = [s for s in unknown["shapes"] if s["frame"] != 5]
        unknown["shapes"].append({**unknown["shapes"][0], "frame": 5, "outside": "1"})  # looked at

    _, labels, _ = read_cvat(through_cvat(file, edit))
    assert labels.visibility.tolist() == [1, 0, 0, 1, -1, 0, 1]
    assert labels.xy[0].tolist() == [12.5, 21]
    assert labels.xy[3].tolist() == [30, 40]


def task(body="", frames="<size>6</size>", meta="task"):
    head = f"<version>1.1</version><meta><{meta}><name>t</name>{frames}</{meta}></meta>"
    return f"<annotations>{head}{body}</annotations>"


def track(*points, label="ball"):
    """Points (frame, outside) or (frame, outside, xy)."""
    shapes = "".join(
        f'<points frame="{frame}" outside="{outside}" occluded="0" keyframe="1" '
        f'points="{xy[0] if xy else "3.00,4.00"}"/>'
        for frame, outside, *xy in points
    )
    return f'<track id="0" label="{label}">{shapes}</track>'


@pytest.fixture
def read(file):
    def read(text):
        file.write_text(text)
        _, labels, read.problems = read_cvat(file)
        return labels.visibility.tolist()

    return read


def test_frames_are_those_of_the_video_not_of_the_task(read):
    """Start 2, every 3rd frame: CVAT numbers them 2, 5, 8; the others are unlabelled."""
    frames = "<size>3</size><start_frame>2</start_frame><frame_filter>step=3</frame_filter>"
    body = track((5, 0), (8, 1))
    assert read(task(body, frames)) == [-1, -1, 0, -1, -1, 1, -1, -1, 0]
    with pytest.raises(LabelError, match=r"a point in frame 4, but the task has the frames 2, 5"):
        read(task(track((4, 0)), frames))


def test_a_job_counts_like_its_task(read):
    frames = "<size>2</size><start_frame>4</start_frame><stop_frame>5</stop_frame><frame_filter/>"
    assert read(task(track((5, 0)), frames, "job")) == [-1, -1, -1, -1, 0, 1]


def test_deleted_frames_are_unlabelled(read):
    """A track that is in the picture is listed in every frame, unless that was deleted."""
    assert read(task(track((0, 0), (3, 0), (4, 1)))) == [1, -1, -1, 1, 0, 0]
    assert read(task(track((0, 0), (1, 0)))) == [1, 1, -1, -1, -1, -1]


def test_single_shapes_and_other_labels(read):
    """CVAT writes a shape as a track that ends in the next frame."""
    body = track((1, 0), (2, 1)) + track((2, 0), (3, 1)) + track((4, 0), label="player")
    assert read(task(body)) == [0, 1, 1, 0, 0, 0]


def test_a_ball_is_stronger_than_a_frame_that_nobody_looked_at(read):
    body = track((1, 0), (2, 1)) + track((0, 0), (4, 1), label="unlabelled")
    assert read(task(body)) == [-1, 1, -1, -1, 0, 0]


def test_jobs_that_overlap_hold_a_point_twice(read):
    body = track((1, 0), (2, 1))
    assert read(task(body + body)) == [0, 1, 0, 0, 0, 0]
    with pytest.raises(LabelError, match=r"two balls are in play in frame 1; mark one"):
        read(task(body + track((1, 0, "9.00,9.00"), (2, 1))))


def test_of_several_points_the_first_is_used(read):
    read(task(track((1, 0, "3.00,4.00;5.00,6.00"), (2, 1))))
    (problem,) = read.problems
    assert "1 balls have several points, the first in frame 1" in problem.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (task(frames=""), "does not say how many frames"),
        ("<annotations/>", "does not say how many frames"),
        (task(meta="project"), "exported from a project.*export each task by itself"),
        (task(frames="<size>4</size><frame_filter>odd</frame_filter>"), "frame_filter is odd"),
        (task(track((0, 0), label="Ball")), "no track is labelled ball, only Ball; rename"),
        (task('<track label="ball"><box frame="0"/></track>'), "a ball is a box; mark its middle"),
        ("<annotations><image/></annotations>", "holds no tracks of a video"),
        ("no xml", "expected CVAT for video"),
    ],
)
def test_what_cannot_be_known_is_refused(read, text, message):
    with pytest.raises(LabelError, match=f"annotations.xml: .*{message}"):
        read(text)


def test_a_zip_is_read_by_what_it_holds(tmp_path):
    path = tmp_path / "task_7.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("annotations.xml", task(track((1, 0), (2, 1))))
        archive.writestr("images/frame_000000.png", "")
    name, labels, _ = read_cvat(path)
    assert (name, labels.visibility.tolist()) == ("t", [0, 1, 0, 0, 0, 0])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "")
    with pytest.raises(LabelError, match=r"task_7.zip: holds 0 XML files, expected 1"):
        read_cvat(path)


def test_labels_are_written_as_they_are_read(tmp_path):
    labels = random_labels(np.random.default_rng(4), 30)
    table = tmp_path / "a.csv"
    write_labels(table, labels)
    assert table.read_text().startswith("Frame,Visibility,X,Y\n")
    got, _ = to_labels(table, read_table(table, ("frame", "visibility", "x", "y")))
    same(got.resized(30), labels)
