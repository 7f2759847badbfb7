"""What is read of a damaged video, and that the damage is reported."""

from itertools import product

import av
import cv2
import numpy as np
import pytest

from tracknet.errors import InputWarning
from tracknet.video import DamageWarning, read_raw

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


@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts", "avi"])
def test_nothing_is_said_of_a_whole_video(whole, recwarn, kind):
    assert sum(1 for _ in read_raw(whole(kind))) == FRAMES
    assert not recwarn


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
    with pytest.warns(DamageWarning, match=path.name):
        assert 15 < sum(1 for _ in read_raw(path)) < FRAMES


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
    with pytest.warns(DamageWarning, match="1 damaged packets"):
        assert sum(1 for _ in read_raw(path)) == 7


def test_no_frame_before_the_damage_is_lost(tmp_path):
    path = write(tmp_path / "a.mp4")
    with av.open(str(path)) as container:
        sizes = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    before = 40
    position, _ = sizes[before]
    path.write_bytes(path.read_bytes()[:position])
    with pytest.warns(InputWarning):
        assert sum(1 for _ in read_raw(path)) == before
