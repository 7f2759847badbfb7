"""What results are called."""

from pathlib import Path

import pytest

from tracknet.video import base_name, output_names


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("r1.mp4", "r1"),
        ("r1.MKV", "r1"),
        ("2024.05.01", "2024.05.01"),
        ("2024.05.01.mp4", "2024.05.01"),
        ("r1.mp4.mp4", "r1.mp4"),
        (".mp4", ".mp4"),
        ("", ""),
    ],
)
def test_only_a_video_ending_is_no_part_of_the_name(name, base):
    assert base_name(name) == base


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        ([], []),
        (["in/club_a/rally1.mp4"], ["rally1"]),
        (["in/a/rally1.mp4", "in/b/rally2.mkv"], ["rally1", "rally2"]),
        (["in/club_a/rally1.mp4", "in/club_b/rally1.mkv"], ["club_a/rally1", "club_b/rally1"]),
        (["in/a/r1.mp4", "in/b/r1.mp4", "in/b/r2.mp4"], ["a/r1", "b/r1", "r2"]),
        (["in/r1.mp4", "in/b/r1.mp4"], ["r1", "b/r1"]),
        (["in/a.mp4", "in/a.mov"], ["a.mp4", "a.mov"]),
        (["in/x/a.mp4", "in/x/a", "in/y/a.mp4"], ["x/a.mp4", "x/a", "y/a"]),
        (["a.mp4", "a.mov", "a.mp4.mp4"], ["a.mp4", "a.mov", "a.mp4.mp4"]),
        (["in/2024.05.01", "in/2024.05.02"], ["2024.05.01", "2024.05.02"]),
        (["a/../b/r1.mp4", "./c/r1.mp4"], ["b/r1", "c/r1"]),
        (["r1.mp4", Path("r1.mp4").absolute(), "r1_2.mp4"], ["r1.mp4", "r1.mp4_2", "r1_2"]),
        (["a/R1.mp4", "b/r1.mov"], ["a/R1", "b/r1"]),
        (["\u00e9.mp4", "e\u0301.mp4"], ["\u00e9.mp4", "e\u0301.mp4_2"]),
        (["~x.mp4", "12:30.mp4", "\udce9.mp4"], ["~x", "12:30", "\udce9"]),
    ],
)
def test_names_are_unique_and_short(sources, names):
    assert output_names([Path(source) for source in sources]) == names


def test_long_names_leave_room_for_endings_and_stay_apart():
    long = ["\u00fc" * 120 + f"{i}.mp4" for i in range(2)]
    names = output_names([Path(name) for name in long])
    assert len(set(names)) == 2
    assert all(150 < len(name.encode()) <= 200 for name in names)
    assert names == output_names([Path("in", name) for name in long])


@pytest.mark.parametrize(
    ("urls", "names"),
    [
        (["http://host/court/live.ts?key=1"], ["live"]),
        (["rtsp://host:554/court/1.2"], ["1.2"]),
        (["https://host/court/live.m3u8"], ["live"]),
        (["rtsp://host:554"], ["host"]),
        (["rtsp://host/"], ["host"]),
        (["udp://@:1234"], ["stream"]),
        (["camera://0", "camera://1"], ["camera_0", "camera_1"]),
        (["http://a/live.ts", "http://b/live.ts"], ["a/live", "b/live"]),
        (["http://a/live.ts?key=1", "http://a/live.ts?key=2"], ["a/live.ts", "a/live.ts_2"]),
        (["http://a/../../live", "http://b/.."], ["live", "b"]),
        (["http://a/../../live", "http://b/live"], ["a/live", "b/live"]),
    ],
)
def test_a_stream_is_called_after_its_url(urls, names):
    assert output_names(urls) == names
