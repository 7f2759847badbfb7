"""What `source=` names."""

from pathlib import Path

import pytest

from tracknet.video import VideoError, about, find_sources


def test_a_pattern_names_what_it_finds_in_order(tmp_path):
    for name in ("b.mp4", "a.mp4", "c.txt"):
        (tmp_path / name).touch()
    assert find_sources(tmp_path / "*.mp4") == [tmp_path / "a.mp4", tmp_path / "b.mp4"]


def test_pictures_are_named_by_their_folder(tmp_path):
    (tmp_path / "f").mkdir()
    for name in ("f/1.png", "f/2.png", "f/a.mp4"):
        (tmp_path / name).touch()
    for pattern, count in (("f/*.png", 2), ("f/1.png", 1)):
        with pytest.raises(VideoError) as refused:
            find_sources(tmp_path / pattern)
        assert f"names single pictures, {count} of them" in str(refused.value)
        assert str(refused.value).endswith(f"its folder: {tmp_path / 'f'}")
    assert len(find_sources(tmp_path / "f/*")) == 3  # each of which has a sentence of its own


def test_a_path_is_no_pattern_where_it_is_there(tmp_path):
    for name in ("rally[1].mp4", "rally1.mp4"):
        (tmp_path / name).touch()
    assert find_sources(tmp_path / "rally[1].mp4") == [tmp_path / "rally[1].mp4"]


def test_a_folder_may_be_called_by_a_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "12").mkdir()
    assert [str(source) for source in find_sources(12)] == ["12"]


def test_a_stream_names_itself():
    url = "https://localhost/rally?*"
    assert find_sources(url) == [url]


@pytest.mark.parametrize(("name", "hint"), [("none.mp4", ""), ("*.mp4", "; quote a pattern")])
def test_what_is_not_there_is_named(tmp_path, name, hint):
    with pytest.raises(VideoError) as refused:
        find_sources(tmp_path / name)
    assert str(refused.value).startswith(f"{tmp_path / name}: no such video or folder{hint}")
    assert ("quote" in str(refused.value)) == bool(hint)


def test_several_are_no_path():
    with pytest.raises(VideoError, match=r"source=\['a.mp4', 'b.mp4'\]; name one path, or a patt"):
        find_sources(["a.mp4", "b.mp4"])


@pytest.mark.parametrize("said", ["a.mp4: no video", "no video"])
def test_what_is_wrong_is_said_with_the_sources_name(said):
    assert about(Path("a.mp4"), VideoError(said)) == "a.mp4: no video"
