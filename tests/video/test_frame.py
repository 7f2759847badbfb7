"""Frames resized and copied, in their own planes."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import Colorspace

from tracknet.geometry import Affine, Letterbox
from tracknet.video import (
    Resizer,
    VideoError,
    VideoWriter,
    frame_size,
    planes,
    read_raw,
    to_rgb,
    to_yuv420,
)


def read_back(path, frame):
    """A frame after a way through a video."""
    with VideoWriter(path, frame.shape[:2], Fraction(25)) as writer:
        writer.write(frame)
    return next(read_raw(path))


@pytest.mark.parametrize("size", [(288, 512), (96, 160), (96, 96)], ids=["up", "down", "letterbox"])
def test_planes_resize_as_rgb_does(tmp_path, size):
    rng = np.random.default_rng(0)
    blotches = cv2.resize(rng.integers(80, 160, (7, 12, 3), dtype=np.uint8), (256, 144))
    raw = read_back(tmp_path / "a.mp4", blotches)
    box = Letterbox(frame_size(raw), size)
    ours, training = Resizer(box)(raw).astype(int), box.resize(to_rgb(raw)).astype(int)
    assert np.abs(ours - training).mean() < 2.5  # swscale rounds RGB down
    assert np.abs(ours - training).max() < 12


@pytest.mark.parametrize("corner", [(0, 0), (13, 21), (96, 72), (30, 0)])
@pytest.mark.parametrize("fit", [Letterbox, Affine])
@pytest.mark.parametrize("kind", ["yuv420p", "yuvj422p", "array"])
@pytest.mark.parametrize("colours", [Colorspace.ITU601, Colorspace.ITU709])
def test_a_part_is_that_part_of_every_frame(corner, fit, kind, colours):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 71, 95, 3), dtype=np.uint8)
    frames = list(pixels)
    if kind != "array":
        frames = [av.VideoFrame.from_ndarray(each).reformat(format=kind) for each in pixels]
        for frame in frames:
            frame.colorspace = colours
    resizer = Resizer(fit((71, 95), (120, 125)))  # borders above and below
    part = resizer.part([resizer.scaled(frame) for frame in frames], corner, (48, 29))
    x, y = corner
    whole = np.stack([resizer(frame) for frame in frames])
    np.testing.assert_array_equal(part, whole[:, y : y + 48, x : x + 29])


def test_a_part_of_borders_alone_is_black():
    frame = av.VideoFrame.from_ndarray(np.full((20, 80, 3), 200, np.uint8)).reformat(
        format="yuv420p"
    )
    resizer = Resizer(Letterbox((20, 80), (80, 80)))
    assert not resizer.part([resizer.scaled(frame)], (8, 4), (16, 16)).any()


def test_resize_refuses_another_size():
    with pytest.raises(VideoError, match="among frames of"):
        Resizer(Letterbox((20, 20), (8, 8)))(np.zeros((10, 10, 3), np.uint8))


def test_a_canvas_is_a_copy(tmp_path):
    raw = read_back(tmp_path / "a.mp4", np.full((64, 96, 3), 90, np.uint8))
    before = to_rgb(raw).copy()
    for plane in planes(to_yuv420(raw)):
        plane[:] = 0
    np.testing.assert_array_equal(to_rgb(raw), before)


@pytest.mark.parametrize("fit", [Letterbox, Affine])
def test_pixels_that_nothing_converts_are_named(fit):
    frame = av.VideoFrame(64, 32, "gray32le")
    with pytest.raises(VideoError, match="its pixels are gray32le, which cannot be converted"):
        Resizer(fit((32, 64), (16, 32)))(frame)


@pytest.mark.parametrize(("size", "fits"), [((16, 16384), True), ((16, 16386), False)])
def test_frames_too_large_for_h264_are_refused(tmp_path, size, fits):
    frame = np.zeros((*size, 3), np.uint8)
    with VideoWriter(tmp_path / "a.mp4", size, Fraction(25)) as writer:
        if fits:
            writer.write(frame)
        else:
            with pytest.raises(VideoError, match="frames of 16386x16 do not fit"):
                writer.write(frame)
