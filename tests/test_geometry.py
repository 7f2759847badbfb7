"""What a fit does to a dot is what geometry says, and the half-pixel rule."""

import av
import cv2
import numpy as np
import pytest
import torch

from tracknet.geometry import Affine, Bicubic, Letterbox, Stretch, inside, scale_points, to_original
from tracknet.video import Resizer

TARGET = (288, 512)
SOURCES = [(1080, 1920), (480, 640), (721, 1281), (640, 360), (144, 256), (144, 192), (700, 300)]
GREY = 60

every_fit = pytest.mark.parametrize("fit", [Letterbox, Stretch, Affine, Bicubic])
every_source = pytest.mark.parametrize("source", SOURCES, ids="{0[0]}x{0[1]}".format)


def dot(size: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    frame = np.full((*size, 3), GREY, np.uint8)
    centre, radius = (round(x * 256), round(y * 256)), round(radius * 256)
    return cv2.circle(frame, centre, radius, (255,) * 3, cv2.FILLED, cv2.LINE_AA, 8)


def centroid(frame: np.ndarray) -> np.ndarray:
    weight = np.clip(frame[..., 1].astype(np.float32) - GREY - 3, 0, None)
    along = weight.sum(0, dtype=float), weight.sum(1, dtype=float)  # x, y
    return np.array([(own * np.arange(len(own))).sum() / own.sum() for own in along])


def test_scaling_keeps_pixel_edges():
    # The first pixel's left edge, -0.5, stays where it is at every scale.
    assert scale_points(np.array([-0.5]), 3.75) == -0.5
    assert scale_points(torch.tensor([0.0, 1.0]), 2).tolist() == [0.5, 2.5]


@every_fit
@every_source
def test_points_come_back(fit, source):
    box = fit(source, TARGET)
    xy = np.random.default_rng(0).uniform(0, 1, (5, 10, 2)) * (source[1], source[0])
    assert np.isnan(box.to_network(np.array([np.nan, np.nan]))).all()
    np.testing.assert_allclose(box.to_original(box.to_network(xy)), xy, atol=1e-9)


@every_fit
@every_source
@pytest.mark.parametrize("decoded", [False, True], ids=["rgb", "yuv420p"])
def test_a_dot_moves_as_geometry_says(fit, source, decoded):
    box, rng = fit(source, TARGET), np.random.default_rng(1)
    # Pixels of the network per pixel of the frame, along x and y.
    scale = box.to_network(np.ones(2)) - box.to_network(np.zeros(2))
    border = (box.resize(np.full((*source, 3), GREY, np.uint8)) != GREY).any(-1)
    places = rng.uniform(0.1, 0.9, (40, 2)) * source[::-1]
    shown = (np.abs(box.to_network(places) - (255.5, 143.5)) < (245, 133)).all(-1)
    for xy in places[shown][:2]:
        frame = dot(source, *xy, radius=2.5 / min(1, scale.min()))
        expected = box.to_network(centroid(frame))
        if fit is Bicubic:  # its labels are scaled without the half pixel, its pictures with it
            expected = scale_points(centroid(frame), scale)
        if decoded:
            frame = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p")
        resized = Resizer(box)(frame)
        assert resized.shape == (*TARGET, 3)
        resized[border] = GREY
        # Affine reads single pixels of a frame that shrinks.
        atol = 0.2 if fit is Affine else 0.05
        np.testing.assert_allclose(centroid(resized), expected, atol=atol)


def test_letterbox_keeps_the_aspect_ratio_and_fills_one_side():
    box = Letterbox((480, 640), TARGET)
    assert box.inner == (288, 384)
    assert box.offset == (64, 0)
    assert box.scale.tolist() == [0.6, 0.6]
    out = box.resize(np.full((480, 640, 3), 200, np.uint8))
    assert not out[:, :64].any()
    assert not out[:, -64:].any()
    assert (out[:, 64:-64] == 200).all()


def test_stretch_has_no_borders():
    box = Stretch((480, 640), TARGET)
    assert box.scale.tolist() == [0.8, 0.6]
    assert (box.resize(np.full((480, 640, 3), 200, np.uint8)) == 200).all()
    corners = np.array([[-0.5, -0.5], [639.5, 479.5]])
    np.testing.assert_allclose(box.to_network(corners), [[-0.5, -0.5], [511.5, 287.5]])


def test_affine_puts_middle_on_middle_and_cuts_off_what_is_left():
    box = Affine((480, 640), TARGET)
    points = np.array([[320.0, 240], [0, 60], [640, 420]])
    np.testing.assert_allclose(box.to_network(points), [[256, 144], [0, 0], [512, 288]])
    assert (box.resize(np.full((480, 640, 3), 200, np.uint8))[:, :-1] == 200).all()
    # Of a frame that is high its height is as wide as the input.
    np.testing.assert_allclose(
        Affine((640, 480), TARGET).to_network(points[0] + (0, 80)), [320, 144]
    )


@every_fit
def test_candidates_come_back_within_the_frame(fit):
    box = fit((480, 640), TARGET)
    xy = np.array([[[-1, -1], [256, 144]], [[512, 288], [3, 500]]], np.float32)
    candidates = np.concatenate([xy, np.full((2, 2, 1), 0.25, np.float32)], -1)
    found = to_original(box, candidates)
    expected = box.to_original(xy.astype(np.float64)).clip(0, (639, 479))
    np.testing.assert_allclose(found[..., :2], expected)
    assert (found[..., 2] == 0.25).all()
    assert found[1, 1, 1] == 479


def test_points_outside_a_picture_are_moved_to_its_nearest_pixel():
    xy = np.array([[-0.4, 3.2], [9.7, -5], [4.5, 11]])
    assert inside(xy, (8, 10)).tolist() == [[0, 3.2], [9, 0], [4.5, 7]]
