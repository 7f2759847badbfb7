"""Codecs and pixel formats that cameras and programs write; frames, times and pixels of each."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tracknet.geometry import Letterbox
from tracknet.video import (
    Resizer,
    VideoError,
    frame_time,
    open_video,
    read_raw,
    to_rgb,
    to_yuv420,
)

FRAMES = 6
SIZE = (144, 176)
FIRST = np.zeros((*SIZE, 3), np.uint8)
FIRST[:72, :88], FIRST[100:, 100:] = (200, 40, 40), 255
GREY = np.repeat(FIRST.max(2, keepdims=True), 3, 2)
INTERLACED = {"flags": "+ildct+ilme", "x264-params": "tff=1"}
KINDS = {
    "10 bits": ("mp4", "libx264", "yuv420p10le", {}),
    "interlaced": ("mp4", "libx264", "yuv420p", INTERLACED),
    "MPEG-2, interlaced": ("mpg", "mpeg2video", "yuv420p", {"flags": "+ildct+ilme"}),
    "full range": ("avi", "mjpeg", "yuvj422p", {}),
    "alpha": ("mov", "prores_ks", "yuva444p10le", {}),
    "alpha, in RGB": ("mov", "png", "rgba", {}),
    "alpha, packed otherwise": ("mov", "qtrle", "argb", {}),
    "grey": ("mkv", "ffv1", "gray", {}),
    "grey, 16 bits": ("mkv", "ffv1", "gray16le", {}),
    "RGB, 16 bits": ("mkv", "ffv1", "gbrp16le", {}),
    "out of order in AVI": ("avi", "libx264", "yuv420p", {"bf": "2"}),
    "without times": ("h264", "libx264", "yuv420p", {"bf": "2"}),
}


def write(path, codec, pixels, options, size=SIZE):
    height, width = size
    first = FIRST if not pixels.startswith("gray") else GREY
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = height, width, pixels
        for i in range(FRAMES):
            picture = np.ascontiguousarray(np.roll(first, i, 1)[:height, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_frames_times_and_pixels(tmp_path, kind):
    suffix, codec, pixels, options = KINDS[kind]
    file = write(tmp_path / f"a.{suffix}", codec, pixels, options)
    info, reading = open_video(file)
    frames = list(reading)
    assert (info.size, len(frames), info.problems) == (SIZE, FRAMES, [])
    assert info.fps == 25
    times = [frame_time(frame) for frame in frames]
    if kind == "without times":
        assert times == [None] * FRAMES
    else:
        assert np.diff(times).tolist() == [Fraction(1, 25)] * (FRAMES - 1)
    expected = (GREY if "grey" in kind else FIRST).astype(int)
    small = Resizer(Letterbox(SIZE, (72, 88)))(frames[0])
    assert np.abs(to_rgb(frames[0]) - expected).mean() < 2
    assert np.abs(small - expected[::2, ::2]).mean() < 2
    assert np.abs(to_rgb(to_yuv420(frames[0])) - expected).mean() < 2


def test_a_size_that_changes_in_the_middle_is_named(tmp_path):
    parts = [
        write(tmp_path / f"{size[0]}.ts", "libx264", "yuv420p", {"bf": "0"}, size)
        for size in (SIZE, (72, 88))
    ]
    file = tmp_path / "a.ts"
    file.write_bytes(b"".join(part.read_bytes() for part in parts))
    with pytest.raises(VideoError, match=r"a.ts: frame 6 is 88x72 but the first is 176x144; all"):
        list(read_raw(file))


def test_a_video_without_a_frame(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = *SIZE, "yuv420p"
        container.start_encoding()
    with pytest.raises(VideoError, match=r"a.mp4: (no frame|holds no video|not a video)"):
        open_video(tmp_path / "a.mp4")
