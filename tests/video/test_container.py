"""Which of a file's streams is the video, and what is none."""

from fractions import Fraction
from struct import pack, unpack_from

import av
import cv2
import numpy as np
import pytest

from tracknet.video import VideoError, count_frames, open_video

BIG, SMALL = (64, 96), (32, 48)


def write(path, *tracks, audio=False):
    """A video of tracks, each with the size and number of its frames."""
    with av.open(str(path), "w") as container:
        for (height, width), _ in tracks:
            stream = container.add_stream("libx264", rate=25)
            stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
            stream.time_base = stream.codec_context.time_base = Fraction(1, 25)
        sound = container.add_stream("mp2", rate=16000) if audio else None
        for stream, (size, count) in zip(container.streams.video, tracks, strict=True):
            for i in range(count):
                picture = np.full((*size, 3), 10 + 10 * i, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
            container.mux(stream.encode())
        if sound:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.int16), "s16", "mono")
            silence.sample_rate = 16000
            container.mux(sound.encode(silence))
            container.mux(sound.encode())
    return path


def read(path):
    """The size, and how many frames come; both ways of counting agree."""
    info, frames = open_video(path)
    count = sum(1 for _ in frames)
    assert count_frames(path) == count
    return info.size, count


def atom(kind, body):
    return pack(">I4s", 8 + len(body), kind) + body


def cover(file):
    """Puts a cover before the tracks of an mp4 file whose header is at its end, as shops do."""
    jpeg = cv2.imencode(".jpg", np.full((128, 128, 3), 90, np.uint8))[1].tobytes()
    picture = atom(b"ilst", atom(b"covr", atom(b"data", pack(">II", 13, 0) + jpeg)))
    handler = atom(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    tags = atom(b"udta", atom(b"meta", bytes(4) + handler + picture))
    data = file.read_bytes()
    header = data.index(b"moov") - 4
    track = data.index(b"trak", header) - 4
    (length,) = unpack_from(">I", data, header)
    assert header + length == len(data)
    inner = data[header + 8 : track] + tags + data[track:]
    file.write_bytes(data[:header] + atom(b"moov", inner))
    return file


def test_a_cover_is_not_the_video(tmp_path):
    file = cover(write(tmp_path / "a.mp4", (BIG, 12)))
    with av.open(str(file)) as container:
        assert [s.codec_context.name for s in container.streams.video] == ["mjpeg", "h264"]
    assert read(file) == (BIG, 12)


def test_sound_with_a_cover_is_no_video(tmp_path):
    file = cover(write(tmp_path / "a.mp4", audio=True))
    with pytest.raises(VideoError, match=r"a.mp4: holds no video stream, only a cover picture"):
        open_video(file)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_preview_before_the_video_is_not_it(tmp_path, suffix):
    assert read(write(tmp_path / f"a.{suffix}", (SMALL, 12), (BIG, 9))) == (BIG, 9)


def test_a_large_picture_beside_the_video_is_not_it(tmp_path):
    assert read(write(tmp_path / "a.mp4", (BIG, 1), (SMALL, 12))) == (SMALL, 12)


def test_of_equals_it_is_the_first(tmp_path):
    _, frames = open_video(write(tmp_path / "a.mp4", (BIG, 5), (BIG, 5)))
    assert len(list(frames)) == 5


def test_sound_that_begins_later(tmp_path):
    """A broadcast may announce it in the middle."""
    quiet, loud = (
        write(tmp_path / "q.ts", (BIG, 20)),
        write(tmp_path / "l.ts", (BIG, 9), audio=True),
    )
    file = tmp_path / "a.ts"
    file.write_bytes(quiet.read_bytes() + loud.read_bytes())
    assert read(file) == (BIG, 29)


def test_text_and_pictures_are_no_videos(tmp_path):
    (tmp_path / "notes.txt").write_text("a good rally, long\n" * 60)
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((*BIG, 3), np.uint8))
    with pytest.raises(VideoError, match=r"notes.txt: a text file, not a video"):
        open_video(tmp_path / "notes.txt")
    with pytest.raises(VideoError, match=r"a.png: a single picture, not a video; name the folder"):
        open_video(tmp_path / "a.png")
