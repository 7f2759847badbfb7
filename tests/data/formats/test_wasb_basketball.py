import pytest

from tracknet.data.formats.wasb import Basketball

SPLITS = {"train": [21800909, 21800919], "val": [21800966], "test": [21800974]}
TRACK = """<annotations><track id="0" label="ball">
<points frame="1" outside="0" occluded="0" points="12.5,7.25"/>
<points frame="2" outside="0" occluded="1" points="13,7"/>
<points frame="3" outside="1" occluded="0" points="13,7"/>
</track></annotations>"""


@pytest.fixture
def clip(tmp_path, write_pictures):
    home = tmp_path / "basketball"

    def make(game, clip, annotated=True):
        write_pictures(home / "videos" / game / clip, [f"{i:06d}.jpg" for i in range(5)])
        if annotated:
            (home / "ball-annos" / game).mkdir(parents=True, exist_ok=True)
            (home / "ball-annos" / game / f"task_{game}_{clip}.xml").write_text(TRACK)

    return make


@pytest.mark.parametrize("root", ["", "basketball"])
def test_clips_of_a_split(tmp_path, clip, root):
    clip("21800909", "5")
    clip("21800909", "15")
    clip("21800919", "5", annotated=False)  # its whole game is not
    clip("21800974", "0")
    dataset = Basketball(tmp_path / root, SPLITS)
    clips, problems = dataset.clips("train")
    assert not problems
    assert [c.name for c in clips] == ["21800909/15", "21800909/5"]
    assert {c.match for c in clips} == {"21800909"}
    assert clips[1].source == tmp_path / "basketball" / "videos" / "21800909" / "5"
    assert clips[1].labels.resized(5).visibility.tolist() == [0, 1, 0, 0, 0]
    assert clips[1].labels.xy[1].tolist() == [12.5, 7.25]
    assert [c.name for c in dataset.clips("test")[0]] == ["21800974/0"]


def test_one_half_without_the_other_is_reported(tmp_path, clip):
    clip("21800909", "1")
    clip("21800909", "2", annotated=False)
    annotations = tmp_path / "basketball" / "ball-annos" / "21800909"
    (annotations / "task_3.xml").write_text(TRACK)
    (read,), problems = Basketball(tmp_path, SPLITS).clips("train")
    assert read.name == "21800909/1"
    no_labels, no_frames = (problem.message for problem in problems)
    assert "21800909/*_2.xml: 0 label files for clip" in no_labels
    assert "21800909/3: labelled, but there is no such video or folder of frames" in no_frames
