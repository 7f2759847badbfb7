import numpy as np
import pytest

from tracknet.data.formats.base import LabelError
from tracknet.data.formats.cvat import read_labels

USED = '<attribute name="used_in_game">{}</attribute>'


def points(frame, xy="12.5,7.25", outside=0, occluded=0, used=None):
    attribute = "" if used is None else USED.format(used)
    return (
        f'<points frame="{frame}" outside="{outside}" occluded="{occluded}" keyframe="1" '
        f'points="{xy}" z_order="0">{attribute}</points>'
    )


@pytest.fixture
def read(tmp_path):
    """Labels of a file of tracks, each a list of points."""

    def labels(*tracks, meta=""):
        body = "".join(
            f'<track id="{i}" label="ball">{"".join(track)}</track>'
            for i, track in enumerate(tracks)
        )
        return file(f"<annotations><version>1.1</version>{meta}{body}</annotations>")

    def file(text):
        xml = tmp_path / "a.xml"
        if text is not None:
            xml.write_text(text)
        found, labels.problems = read_labels(xml)
        return found

    labels.file = file
    return labels


def test_states(read):
    labels = read(
        [
            points(0, used=1),
            points(1, occluded=1, used=1),
            points(2, used=0),
            points(3, outside=1, used=1),
        ],
        [points(4, "20,9", used=1)],
    ).resized(6)
    assert labels.visibility.tolist() == [1, 0, 0, 0, 1, 0]  # nothing in frame 5
    assert labels.xy[[0, 4]].tolist() == [[12.5, 7.25], [20, 9]]
    assert np.isnan(labels.xy[[1, 2, 3, 5]]).all()


@pytest.mark.parametrize(("used", "visible"), [("1", 1), ("true", 1), ("false", 0), (" 0 ", 0)])
def test_balls_that_are_not_played_with(read, used, visible):
    assert read([points(0, used=used)]).resized(1).visibility == [visible]


def test_of_a_video_without_a_ball_every_frame_is_labelled(read):
    assert read([points(0, outside=1)]).resized(3).visibility.tolist() == [0, 0, 0]


def test_frames_behind_the_annotators_task_are_unlabelled(read):
    labels = read([points(1)], meta="<meta><task><size>3</size></task></meta>")
    assert labels.resized(6).visibility.tolist() == [0, 1, 0, -1, -1, -1]


def test_frames_are_those_of_the_video_where_the_task_has_only_some(read):
    """Start 1, every 2nd frame: CVAT numbers them 1, 3 and 5."""
    meta = "<size>3</size><start_frame>1</start_frame><frame_filter>step=2</frame_filter>"
    labels = read([points(3)], meta=f"<meta><task>{meta}</task></meta>")
    assert labels.visibility.tolist() == [-1, 0, -1, 1, -1, 0]


def test_frames_of_a_job_without_a_size(read):
    frames = "<start_frame>2</start_frame><stop_frame>4</stop_frame>"
    labels = read([points(3)], meta=f"<meta><job>{frames}</job></meta>")
    assert labels.visibility.tolist() == [-1, -1, 0, 1, 0]


def test_a_track_that_ended_hides_no_other(read):
    labels = read([points(0), points(1, "1,1", outside=1)], [points(1, "20,9")])
    assert labels.visibility[:2].tolist() == [1, 1]
    assert labels.xy[1].tolist() == [20, 9]


def test_two_balls_in_play_are_refused(read):
    with pytest.raises(LabelError, match=r"a.xml: two balls are in play in frame 2; mark one"):
        read([points(2, used=1)], [points(2, "20,9", used=1)])


def test_of_several_points_the_first_is_used_and_it_is_reported(read):
    labels = read([points(3, "12,7;30,40")])
    (problem,) = read.problems
    assert "a.xml: 1 balls have several points, the first in frame 3" in problem.message
    assert labels.xy[3].tolist() == [12, 7]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no such label file; expected CVAT for video"),
        ("<annotations><track>", "expected CVAT for video 1.1"),
        ("<frames/>", "holds no tracks of a video"),
        ('<annotations><image id="0"/></annotations>', "holds no tracks of a video"),
        (f"<annotations><track>{points(0, 'left')}</track></annotations>", "'points': 'left'"),
        (f"<annotations><track>{points(0, '1,nan')}</track></annotations>", "'points': '1,nan'"),
        (f"<annotations><track>{points(-1)}</track></annotations>", "'frame': '-1'"),
        ('<annotations><track><points points="1,1"/></track></annotations>', "'frame'"),
        ("<annotations><meta><project/></meta></annotations>", "exported from a project"),
        ('<annotations><track><box frame="0"/></track></annotations>', "its tracks are of box"),
    ],
)
def test_malformed_files_are_refused(read, text, message):
    with pytest.raises(LabelError, match=f"a.xml.*{message}"):
        read.file(text)
