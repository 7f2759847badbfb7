"""What `source=` names."""

from pathlib import Path

import pytest

from tracknet.video import VideoError, about, find_sources, is_stream, open_video


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


def test_several_are_found_one_behind_the_other(tmp_path):
    for name in ("b.mp4", "a.mp4", "c.mp4"):
        (tmp_path / name).touch()
    assert find_sources([str(tmp_path / "b.mp4"), 0, "none", str(tmp_path / "[ac].mp4")]) == [
        *(tmp_path / "b.mp4", "camera://0", Path("none"), tmp_path / "a.mp4", tmp_path / "c.mp4")
    ]


def test_a_folder_names_the_films_in_it(tmp_path):
    for name in ("b.MP4", "a (1).mp4", "cover.jpg", "notes.txt", "more/x.mov", "more/f/1.png"):
        file = tmp_path / "DCIM" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "DCIM" / "empty").mkdir()
    found = ["a (1).mp4", "b.MP4", "more/x.mov", "more/f"]
    assert find_sources(tmp_path / "DCIM") == [tmp_path / "DCIM" / name for name in found]
    assert find_sources(tmp_path / "DCIM" / "empty") == [tmp_path / "DCIM" / "empty"]


def test_folders_of_a_pattern_are_no_pattern(tmp_path):
    (tmp_path / "[a] b").mkdir()
    (tmp_path / "[a] b" / "r1.mp4").touch()
    assert find_sources(tmp_path / "[a] b" / "r?.mp4") == [tmp_path / "[a] b" / "r1.mp4"]


def test_accents_may_be_composed_or_not(tmp_path):
    (tmp_path / "Mu\u0308ller.mp4").touch()
    assert find_sources(tmp_path / "M\u00fcller.mp4") == [tmp_path / "Mu\u0308ller.mp4"]


def test_a_number_is_a_camera_unless_it_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_sources("0") == find_sources(0) == ["camera://0"]
    assert is_stream("camera://0")
    (tmp_path / "0").mkdir()
    assert find_sources(0) == [Path("0")]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("camera://77", "camera 77 gives no picture; is it there"),
        ("camera://99999999999", "camera 99999999999 gives no picture"),
        ("camera://front", "camera://front: expected the number of a camera, such as camera://0"),
    ],
)
def test_a_camera_that_is_not_there_is_named_in_one_sentence(capfd, url, said):
    with pytest.raises(VideoError, match=said):
        open_video(url)
    assert capfd.readouterr().err == ""


def test_a_name_too_long_for_the_system_is_one_that_is_not_there():
    with pytest.raises(VideoError, match="no such video or folder"):
        find_sources("a" * 300)


@pytest.mark.parametrize("said", ["a.mp4: no video", "no video"])
def test_what_is_wrong_is_said_with_the_sources_name(said):
    assert about(Path("a.mp4"), VideoError(said)) == "a.mp4: no video"
