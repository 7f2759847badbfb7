import re

import pytest

from tracknet.data.formats.openttgames import OpenTTGames

SPLITS = {"train": ["game_1", "game_2"], "val": ["game_5"], "test": ["test_1"]}
MARKUP = '{"4": {"x": 20, "y": 9}, "1": {"x": 12.5, "y": 7.25}, "2": {"x": -1, "y": -1}}'


@pytest.fixture
def game(tmp_path, write_video):
    def make(name, markup=MARKUP, suffix=".mp4"):
        write_video(tmp_path / (name + suffix), 6)
        (tmp_path / name).mkdir()
        (tmp_path / name / "events_markup.json").write_text('{"3": "bounce"}')
        if markup is not None:
            (tmp_path / name / "ball_markup.json").write_text(markup)

    return make


def test_sparse_labels(tmp_path, game):
    game("game_1")
    game("game_2", suffix=".MP4")
    game("test_1")
    dataset = OpenTTGames(tmp_path, SPLITS)
    clips, _ = dataset.clips("train")
    assert [(c.name, c.match) for c in clips] == [("game_1", "game_1"), ("game_2", "game_2")]
    assert clips[0].source == tmp_path / "game_1.mp4"
    assert clips[0].labels.visibility.tolist() == [-1, 1, 0, -1, 1]
    assert clips[0].labels.xy[[1, 4]].tolist() == [[12.5, 7.25], [20, 9]]
    assert [c.name for c in dataset.clips("test")[0]] == ["test_1"]


def test_one_half_without_the_other_is_reported(tmp_path, game):
    game("game_1", None)
    game("game_2")
    (tmp_path / "game_2.mp4").unlink()
    game("test_1")
    _, problems = OpenTTGames(tmp_path, {"train": ["game_1", "game_2", "test_1"]}).clips("train")
    no_labels, no_video = (problem.message for problem in problems)
    assert "game_1/ball_markup.json: there is no such label file" in no_labels
    assert "game_2: labelled, but there is no such video or folder of frames" in no_video


@pytest.mark.parametrize(
    "markup", ["{", "[]", '{"a": {"x": 1, "y": 1}}', '{"1": {"x": 1}}', '{"-1": {"x": 1, "y": 1}}']
)
def test_malformed_labels_are_refused(tmp_path, game, markup):
    game("test_1", markup)
    clips, (problem,) = OpenTTGames(tmp_path, SPLITS).clips("test")
    assert clips == []
    assert re.search(r"ball_markup.json.*expected.*left out", problem.message)
