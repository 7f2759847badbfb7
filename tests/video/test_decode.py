"""What is read of a damaged video, and that the damage is reported."""

from itertools import product

import av
import cv2
import numpy as np
import pytest

from tracknet.video import open_video

FRAMES = 60


def write(path, codec="libx264"):
    """A textured video, so that its packets have some size; an mp4's index comes first."""
    rng = np.random.default_rng(0)
    texture = cv2.resize(rng.integers(0, 256, (20, 36, 3), dtype=np.uint8), (320, 180))
    options = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = 180, 320, "yuv420p"
        for i in range(FRAMES):
            picture = np.roll(texture, 3 * i, 1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    return path


@pytest.fixture
def whole(tmp_path):
    """Makes a video of that suffix."""
    return lambda kind: write(tmp_path / f"a.{kind}", "mpeg4" if kind == "avi" else "libx264")


def read(path):
    """How many frames there are, and what is wrong with them."""
    info, frames = open_video(path)
    return sum(1 for _ in frames), info.problems


@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts", "avi"])
def test_nothing_is_said_of_a_whole_video(whole, kind):
    assert read(whole(kind)) == (FRAMES, [])


# A broadcast (ts) does not say how long it is, so that nothing is missing from one that is cut.
@pytest.mark.parametrize(
    ("kind", "damage"), [*product(["mp4", "mkv", "avi"], ["cut", "zeros"]), ("ts", "zeros")]
)
def test_a_damaged_tail_is_reported_and_what_is_before_it_read(whole, kind, damage):
    path = whole(kind)
    data = path.read_bytes()
    start, end = int(0.7 * len(data)), int(0.95 * len(data))
    rest = bytes(end - start) + data[end:] if damage == "zeros" else b""
    path.write_bytes(data[:start] + rest)
    count, (problem,) = read(path)
    assert 15 < count < FRAMES
    assert problem.kind == "damaged"
    assert problem.message.startswith(f"{path}: ")


def test_a_picture_that_no_decoder_knows_is_skipped(tmp_path):
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuvj420p"
        for i in range(8):
            picture = np.full((64, 96, 3), 20 * i, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    data, at = bytearray(path.read_bytes()), -1
    for _ in range(5):
        at = data.index(b"\xff\xc0", at + 1)
    data[at + 11] = 0x44  # the chroma sampling of the fifth picture
    path.write_bytes(data)
    count, (problem,) = read(path)
    assert (count, problem.kind) == (7, "damaged")
    assert "1 damaged packets were skipped" in problem.message


def test_no_frame_before_the_damage_is_lost(tmp_path):
    path = write(tmp_path / "a.mp4")
    with av.open(str(path)) as container:
        sizes = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    before = 40
    position, _ = sizes[before]
    path.write_bytes(path.read_bytes()[:position])
    count, (problem,) = read(path)
    assert (count, problem.kind) == (before, "damaged")
