"""A picture is as large as its header says, or is not decoded."""

import struct
import sys

import cv2
import numpy as np
import pytest

from tests.bombs import NO_FILES, bmp, bounded, jpeg, make_no_file, png, video
from tracknet.video import VideoError, read_frames
from tracknet.video.picture import claimed_size, read_picture

SIDES = (1, 7), (8, 8), (35, 64), (300, 2)


@pytest.mark.parametrize("size", SIDES)
@pytest.mark.parametrize("kind", [".png", ".jpg", ".jpeg progressive", ".bmp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_header_says_the_size(size, kind, channels):
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1] if "progressive" in kind else []
    picture = np.zeros((*size, channels), np.uint8)
    content = cv2.imencode(kind.split()[0], picture, options)[1].tobytes()
    assert claimed_size(content) == size


def test_what_lies_before_a_jpegs_size_is_stepped_over():
    content = jpeg(640, 360)
    thumbnail = jpeg(16, 9)
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    assert claimed_size(content[:2] + segment + b"\xff\xff" + content[3:]) == (360, 640)


@pytest.mark.parametrize("content", [png(64, 32), jpeg(64, 32), bmp(64, -32)])
def test_a_header_that_is_cut_off_is_none(content):
    assert claimed_size(content) == (32, 64)
    for length in range(len(content)):
        assert claimed_size(content[:length]) in (None, (32, 64))


def test_other_kinds_are_not_decoded(tmp_path):
    for kind in (".webp", ".tiff"):
        content = cv2.imencode(kind, np.zeros((8, 8, 3), np.uint8))[1].tobytes()
        (tmp_path / "0.png").write_bytes(content)
        with pytest.raises(VideoError, match=r"0\.png: cannot be read as a picture \(PNG, JPEG or"):
            read_picture(tmp_path / "0.png")


BOMBS = {
    "100000.png": png(100_000, 100_000),
    "20000.png": png(20_000, 20_000),
    "sides.png": png(2**31 - 1, 2**31 - 1),
    "line.png": png(2**27, 1),
    "20000.jpg": jpeg(20_000, 20_000),
    "100000.bmp": bmp(100_000, -100_000),
    "20000.bmp": bmp(20_000, 20_000),
}
READS = """
from pathlib import Path
from tracknet.video import VideoError, read_frames
limit()
for source in sorted(Path(sys.argv[1]).iterdir()):
    try:
        print(sum(1 for _ in read_frames(source)), "frames")
    except VideoError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_bombs_are_one_sentence_and_take_no_memory(tmp_path):
    small = png(64, 32, (b"\0" + bytes(192)) * 32)
    large = png(14_000, 14_000, (b"\0" + bytes(42_000)) * 100)  # FFmpeg itself allows it
    for name, content in BOMBS.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_bytes(content)
    (tmp_path / "sparse").mkdir()
    with open(tmp_path / "sparse" / "0.png", "wb") as file:
        file.write(png(64, 32))
        file.truncate(10**11)
    video(tmp_path / "lies.avi", [large] * 3)
    video(tmp_path / "lies.mov", [large] * 3)
    video(tmp_path / "middle.mov", [small, large, small])
    names = sorted(path.name for path in tmp_path.iterdir())
    said = dict(zip(names, bounded(READS, tmp_path), strict=True))
    for name in BOMBS.keys() - {"line.png"}:
        assert "claims to be" in said[name]
        assert "frames of more than 134,217,728 pixels are not read" in said[name]
    for name in ("line.png", "sparse"):
        assert "cannot be read as a picture" in said[name]
    for name in ("lies.avi", "lies.mov"):
        assert said[name].endswith("no frame larger than 134,217,728 pixels?")
    assert said["middle.mov"] == "2 frames"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices of Unix")
@pytest.mark.parametrize("name", NO_FILES)
def test_what_is_no_file_is_not_waited_for(tmp_path, name):
    frames = tmp_path / "frames"
    frames.mkdir()

    picture = make_no_file(name, frames / "0.png")
    for source in (frames, make_no_file(name, tmp_path / "a.mp4")):
        with pytest.raises(VideoError) as raised:
            list(read_frames(source))
        shown = picture if source == frames else source
        assert str(raised.value).startswith(f"{shown}: ")
