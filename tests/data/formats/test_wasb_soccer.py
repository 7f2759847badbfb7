import pytest

from tracknet.data.formats.wasb import Soccer
from tracknet.data.store import FrameStore

SPLITS = {"train": ["ID-1", "ID-2", "ID-3"], "val": ["ID-4"], "test": ["ID-5"]}
TRACK = """<annotations><track id="0" label="ball">
<points frame="0" outside="0" occluded="0" points="12.5,7.25">
  <attribute name="used_in_game">1</attribute></points>
<points frame="1" outside="0" occluded="1" points="13,7">
  <attribute name="used_in_game">1</attribute></points>
<points frame="3" outside="0" occluded="0" points="20,9">
  <attribute name="used_in_game">1</attribute></points>
</track><track id="1" label="ball">
<points frame="0" outside="0" occluded="0" points="40,3">
  <attribute name="used_in_game">0</attribute></points>
<points frame="3" outside="1" occluded="0" points="40,3">
  <attribute name="used_in_game">1</attribute></points>
</track></annotations>"""


@pytest.fixture
def soccer(tmp_path):
    home = tmp_path / "soccer"
    (home / "annos").mkdir(parents=True)
    for name in ("ID-1", "ID-2", "ID-5"):
        (home / "annos" / f"{name}.xml").write_text(TRACK)
    return home


@pytest.mark.parametrize("root", ["", "soccer"])
def test_videos_and_folders_of_frames(tmp_path, soccer, write_video, write_pictures, root):
    write_video(soccer / "videos" / "ID-1.avi", 5)
    write_video(soccer / "videos" / "ID-2.avi", 5)
    write_pictures(soccer / "frames" / "ID-2", [f"{i:05d}.png" for i in range(1, 6)])
    write_video(soccer / "videos" / "ID-5.avi", 5)
    dataset = Soccer(tmp_path / root, SPLITS)
    clips, _ = dataset.clips("train")
    assert [(clip.name, clip.match) for clip in clips] == [("ID-1", "ID-1"), ("ID-2", "ID-2")]
    assert clips[0].source == soccer / "videos" / "ID-1.avi"
    assert clips[1].source == soccer / "frames" / "ID-2"
    for clip in clips:
        assert clip.labels.resized(5).visibility.tolist() == [1, 0, 0, 1, 0]
        assert clip.labels.xy[[0, 3]].tolist() == [[12.5, 7.25], [20, 9]]
    assert [clip.name for clip in dataset.clips("test")[0]] == ["ID-5"]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_no_point_is_no_ball_whatever_the_container_knows_of_its_length(
    tmp_path, soccer, write_video, convert, suffix
):
    write_video(tmp_path / "whole.mp4", 8)
    (soccer / "videos").mkdir()
    convert(tmp_path / "whole.mp4", soccer / "videos" / f"ID-5{suffix}")
    clips, problems = Soccer(tmp_path, SPLITS).clips("test")
    (clip,), unfit = FrameStore(tmp_path / "store", (32, 64)).open(clips)
    assert not problems + unfit
    assert clip.labels.visibility.tolist() == [1, 0, 0, 1, 0, 0, 0, 0]


def test_one_half_without_the_other_is_reported(tmp_path, soccer, write_video):
    write_video(soccer / "videos" / "ID-1.avi", 5)
    write_video(soccer / "videos" / "ID-3.avi", 5)
    (clip,), problems = Soccer(tmp_path, SPLITS).clips("train")
    assert clip.name == "ID-1"
    no_video, no_labels = (problem.message for problem in problems)
    assert "ID-2: labelled, but there is no such video or folder of frames" in no_video
    assert "ID-3.xml: there is no such label file" in no_labels
