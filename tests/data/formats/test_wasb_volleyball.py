import pytest

from tracknet.data.formats.wasb import Volleyball

SPLITS = {"train": [1], "val": [0], "test": [4]}
LINES = "12.5 7.25\n0 0\n\n20 9\n\n"


@pytest.fixture
def clip(tmp_path, write_pictures):
    home = tmp_path / "volleyball"

    def make(match, clip, lines=LINES, first=8):
        names = [f"{i}.jpg" for i in range(first, first + 5)]
        write_pictures(home / "videos" / match / clip, names)
        if lines is not None:
            folder = home / "volleyball_ball_annotation" / match
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{clip}.txt").write_text(lines)

    return make


@pytest.mark.parametrize("root", ["", "volleyball"])
@pytest.mark.parametrize("first", [0, 1, 8])  # 8, 9, 10: not by the alphabet
def test_lines_belong_to_the_pictures_in_their_order(tmp_path, clip, root, first):
    clip("1", "3596", first=first)
    clip("1", "120")
    clip("4", "17")
    (tmp_path / "volleyball" / "videos" / "1" / "annotations.txt").write_text("3596.jpg set\n")
    dataset = Volleyball(tmp_path / root, SPLITS)
    clips, _ = dataset.clips("train")
    assert [(c.name, c.match) for c in clips] == [("1/120", "1"), ("1/3596", "1")]
    assert clips[1].source == tmp_path / "volleyball" / "videos" / "1" / "3596"
    # A blank line keeps its frame; the fifth picture has none.
    assert clips[1].labels.resized(5).visibility.tolist() == [1, 0, -1, 1, -1]
    assert clips[1].labels.xy[[0, 3]].tolist() == [[12.5, 7.25], [20, 9]]
    assert [c.name for c in dataset.clips("test")[0]] == ["4/17"]


def test_what_is_broken_is_reported(tmp_path, clip):
    clip("1", "1", "1 2\n5\n0 0\nx y\n")
    clip("1", "2", None)
    clip("1", "4", "\n\n")
    (tmp_path / "volleyball" / "volleyball_ball_annotation" / "1" / "3.txt").write_text(LINES)
    (read,), problems = Volleyball(tmp_path, SPLITS).clips("train")
    assert read.labels.visibility.tolist() == [1, -1, 0, -1]
    nowhere, no_labels, no_frames, empty = (problem.message for problem in problems)
    assert "1.txt: 2 rows with a visible ball have no position, the first in line 2" in nowhere
    assert "2.txt: there is no such label file; expected one line x y" in no_labels
    assert "videos/1/3: labelled, but there is no such video or folder of frames" in no_frames
    assert "1/4: no frame is labelled" in empty
