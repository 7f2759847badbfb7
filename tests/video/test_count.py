"""The number of frames, whether or not the container says it."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tracknet.video import VideoError, count_frames, probe


def write(path: Path, frames: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 25)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        noise = np.random.default_rng(0)
        for _ in range(frames):
            picture = noise.integers(0, 255, (32, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(("suffix", "claimed"), [(".mp4", 7), (".mkv", 0), (".ts", 0)])
def test_frames_of_a_video(tmp_path, suffix, claimed):
    video = write(tmp_path / f"a{suffix}", 7)
    assert probe(video).frames == claimed
    assert count_frames(video) == 7


def test_a_video_that_breaks_off_is_counted_as_far_as_it_goes(tmp_path):
    video = write(tmp_path / "a.mkv", 20)
    content = video.read_bytes()
    video.write_bytes(content[: len(content) // 2])
    assert 5 <= count_frames(video) <= 15


def test_frames_of_a_folder(tmp_path):
    for i in range(3):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.zeros((8, 8, 3), np.uint8))
    assert count_frames(tmp_path) == 3


def test_what_is_no_video(tmp_path):
    with pytest.raises(VideoError, match="no such file"):
        count_frames(tmp_path / "a.mkv")
