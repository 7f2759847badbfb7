"""Reading and writing video, real files throughout."""

import gc
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tracknet.video import (
    DamageError,
    VideoError,
    VideoWriter,
    image_files,
    open_video,
    probe,
    read_frames,
    read_raw,
    to_rgb,
)

VIDEOS = Path(__file__).parents[3] / "shared/data/videos"


def steps(count: int, size: tuple[int, int] = (64, 96)) -> list[np.ndarray]:
    """Grey frames that brighten, so that a frame's mean tells its index."""
    return [np.full((*size, 3), 10 + 10 * i, np.uint8) for i in range(count)]


def write(path: Path, frames: list[np.ndarray], fps: Fraction = Fraction(25)) -> Path:
    with VideoWriter(path, frames[0].shape[:2], fps) as writer:
        for frame in frames:
            writer.write(frame)
    return path


def packets(path: Path) -> list[tuple[int, int]]:
    """(position, size) in the file of every frame's packet."""
    with av.open(str(path)) as container:
        return [(p.pos, p.size) for p in container.demux(video=0) if p.size]


def test_every_frame_comes_back_in_order(tmp_path):
    frames = list(read_frames(write(tmp_path / "a.mp4", steps(20))))
    levels = [frame.mean() for frame in frames]
    np.testing.assert_allclose(levels, 10 + 10 * np.arange(20), atol=2)
    assert frames[0].shape == (64, 96, 3)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="asks Linux which files are open")
def test_a_video_is_closed_as_soon_as_it_is_no_longer_read(tmp_path):
    path = write(tmp_path / "a.mp4", steps(12))

    def is_open() -> bool:
        return any(fd.exists() and fd.samefile(path) for fd in Path("/proc/self/fd").iterdir())

    gc.disable()
    try:
        info, frames = open_video(path)
        assert (info.size, info.frames) == ((64, 96), 12)
        assert is_open()
        del frames
        assert not is_open()
        frames = read_raw(path)
        next(frames)
        assert is_open()
        frames.close()
        assert not is_open()
        probe(path)
        assert not is_open()
    finally:
        gc.enable()


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(30000, 1001), Fraction(26640000, 890501)])
def test_the_frame_rate_is_kept(tmp_path, fps):
    info = probe(write(tmp_path / "a.mp4", steps(12), fps))
    assert float(info.fps) == pytest.approx(float(fps), rel=1e-4)
    assert info.frames == 12


@pytest.mark.parametrize("size", [(63, 95), (64, 95), (63, 96)])
def test_odd_sizes_are_padded_by_the_edge(tmp_path, size):
    frames = list(read_frames(write(tmp_path / "a.mp4", steps(3, size))))
    assert [f.shape for f in frames] == [(64, 96, 3)] * 3
    assert abs(int(frames[2][-1, -1, 0]) - int(frames[2][0, 0, 0])) <= 2


def test_colours_survive(tmp_path):
    frame = np.zeros((64, 96, 3), np.uint8)
    frame[:, :32], frame[:, 32:64], frame[:, 64:] = (200, 30, 30), (30, 200, 30), (30, 30, 200)
    back = next(read_frames(write(tmp_path / "a.mp4", [frame])))
    for column in (16, 48, 80):
        np.testing.assert_allclose(back[32, column].astype(int), frame[32, column], atol=6)


def test_a_container_that_overstates_its_length(tmp_path):
    path = write(
        tmp_path / "a.mp4",
        [
            cv2.resize(
                np.random.default_rng(i).integers(0, 256, (8, 12, 3), dtype=np.uint8), (96, 64)
            )
            for i in range(40)
        ],
    )
    position, _ = packets(path)[25]
    path.write_bytes(path.read_bytes()[:position])
    assert probe(path).frames == 40
    assert len(list(read_frames(path))) == 25


def test_a_real_one():
    path = VIDEOS / "tennis_amateur_1080p.mp4"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    assert probe(path).frames == 296
    assert sum(1 for _ in read_raw(path)) == 164


def test_a_damaged_packet_is_skipped_and_reported(tmp_path):
    path = write(tmp_path / "a.mp4", steps(20))
    data = bytearray(path.read_bytes())
    position, size = packets(path)[7]
    data[position : position + size] = b"\xff" * size
    path.write_bytes(data)
    info, frames = open_video(path)
    assert len(list(frames)) == 19
    assert "a.mp4: 1 damaged packets were skipped" in info.problems[0].message
    before = []
    with pytest.raises(DamageError, match=r"a.mp4: damaged; copy or convert it again"):
        before.extend(map(to_rgb, read_raw(path, skip_damage=False)))
    assert 1 <= len(before) <= 7


def test_a_title_in_another_encoding_does_not_matter(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Jose"
        stream = container.add_stream("libx264", 25)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 64, 3), np.uint8))
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    path.write_bytes(path.read_bytes().replace(b"Jose", b"Jos\xe9"))
    assert len(list(read_frames(path))) == 1


# A point (x, y) is shown at (ax + cy, bx + dy): a, b, c, d.
ORIENTATIONS = {
    (1, 0, 0, 1): lambda p: p,
    (-1, 0, 0, 1): lambda p: p[:, ::-1],  # a front camera
    (1, 0, 0, -1): lambda p: p[::-1],
    (-1, 0, 0, -1): lambda p: p[::-1, ::-1],
    (0, 1, -1, 0): lambda p: np.rot90(p, -1),  # a phone held upright
    (0, -1, 1, 0): np.rot90,
    (0, 1, 1, 0): lambda p: p.transpose(1, 0, 2),
    (0, -1, -1, 0): lambda p: np.rot90(p, 2).transpose(1, 0, 2),
}


@pytest.mark.parametrize("matrix", ORIENTATIONS)
def test_a_video_is_shown_as_its_container_asks(tmp_path, matrix):
    frame = np.zeros((64, 96, 3), np.uint8)
    frame[:32, :48], frame[:16, :16] = 128, 255  # no two orientations of it look alike
    path = write(tmp_path / "a.mp4", [frame] * 2)
    a, b, c, d = (n << 16 for n in matrix)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4").tobytes()
    path.write_bytes(data)
    expected = ORIENTATIONS[matrix](frame)
    (first, _) = read_frames(path)
    assert probe(path).size == first.shape[:2] == expected.shape[:2]
    assert np.abs(first.astype(int) - expected).mean() < 2
    assert [raw.pts * raw.time_base for raw in read_raw(path)] == [0, Fraction(1, 25)]


def test_a_folder_is_read_by_the_numbers_in_its_names(tmp_path):
    for i, frame in enumerate(steps(12)):
        cv2.imwrite(str(tmp_path / f"{i}.png"), frame)
    (tmp_path / "notes.txt").write_text("not a picture")
    assert [p.name for p in image_files(tmp_path)] == [f"{i}.png" for i in range(12)]
    assert [frame[0, 0, 0] for frame in read_frames(tmp_path)] == list(range(10, 130, 10))
    assert probe(tmp_path).frames == 12
    assert probe(tmp_path).size == (64, 96)


def test_pictures_are_read_as_rgb(tmp_path):
    cv2.imwrite(str(tmp_path / "0.png"), np.full((4, 6, 3), (250, 20, 10), np.uint8))  # B, G, R
    assert next(read_frames(tmp_path))[0, 0].tolist() == [10, 20, 250]


@pytest.mark.parametrize("call", [lambda p: list(read_frames(p)), probe], ids=["read", "probe"])
class TestErrors:
    def test_missing(self, tmp_path, call):
        with pytest.raises(VideoError, match="no such file or folder"):
            call(tmp_path / "none.mp4")

    def test_not_a_video(self, tmp_path, call):
        (tmp_path / "a.mp4").write_text("text")
        with pytest.raises(VideoError, match="not a video"):
            call(tmp_path / "a.mp4")

    def test_no_picture_stream(self, tmp_path, call):
        with av.open(str(tmp_path / "a.wav"), "w") as container:
            stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
            sound.sample_rate = 8000
            container.mux(stream.encode(sound))
        with pytest.raises(VideoError, match="no video stream"):
            call(tmp_path / "a.wav")

    def test_no_decoder(self, tmp_path, call):
        path = write(tmp_path / "a.mp4", steps(3))
        path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
        with pytest.raises(VideoError, match="no decoder for its video; convert it"):
            call(path)

    def test_no_frame(self, tmp_path, call):
        path = write(tmp_path / "a.mp4", steps(3))
        path.write_bytes(path.read_bytes()[: packets(path)[0][0]])
        with pytest.raises(VideoError, match="no frame can be decoded"):
            call(path)

    def test_empty_folder(self, tmp_path, call):
        with pytest.raises(VideoError, match="holds no picture"):
            call(tmp_path)

    def test_broken_picture(self, tmp_path, call):
        (tmp_path / "0.png").write_text("text")
        with pytest.raises(VideoError, match=r"0\.png: cannot be read"):
            call(tmp_path)


def test_frames_of_two_sizes_are_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "0.png"), np.zeros((8, 8, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((8, 10, 3), np.uint8))
    with pytest.raises(VideoError, match="frame 1 is 10x8 but the first is 8x8"):
        list(read_frames(tmp_path))
