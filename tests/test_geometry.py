"""The half-pixel rule: what a resize does to a dot is what geometry says."""

import av
import cv2
import numpy as np
import pytest
import torch

from tracknet.geometry import Letterbox, scale_points
from tracknet.video import Resizer

SIZES = [
    pytest.param((1080, 1920), (288, 512), id="down"),
    pytest.param((480, 640), (288, 512), id="down 4:3"),
    pytest.param((721, 1281), (288, 512), id="down odd"),
    pytest.param((144, 256), (288, 512), id="up"),
    pytest.param((144, 192), (288, 512), id="up 4:3"),
]
GREY = 60


def dot(size: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    frame = np.full((*size, 3), GREY, np.uint8)
    centre, radius = (round(x * 256), round(y * 256)), round(radius * 256)
    return cv2.circle(frame, centre, radius, (255,) * 3, cv2.FILLED, cv2.LINE_AA, 8)


def centroid(frame: np.ndarray) -> np.ndarray:
    weight = np.clip(frame.astype(float).mean(-1) - GREY - 3, 0, None)
    rows, columns = np.mgrid[: frame.shape[0], : frame.shape[1]]
    return np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()


@pytest.mark.parametrize(("source", "target"), SIZES)
def test_points_come_back(source, target):
    box = Letterbox(source, target)
    xy = np.random.default_rng(0).uniform(0, 1, (50, 2)) * (source[1], source[0])
    np.testing.assert_allclose(box.to_original(box.to_network(xy)), xy, atol=1e-9)


def test_scaling_keeps_pixel_edges():
    # The first pixel's left edge, -0.5, stays where it is at every scale.
    assert scale_points(np.array([-0.5]), 3.75) == -0.5
    assert scale_points(torch.tensor([0.0, 1.0]), 2).tolist() == [0.5, 2.5]


def test_letterbox_keeps_the_aspect_ratio_and_fills_one_side():
    box = Letterbox((480, 640), (288, 512))
    assert box.inner == (288, 384)
    assert box.offset == (64, 0)
    assert box.scale == (0.6, 0.6)


def test_borders_are_black():
    out = Letterbox((480, 640), (288, 512)).resize(np.full((480, 640, 3), 200, np.uint8))
    assert out.shape == (288, 512, 3)
    assert not out[:, :64].any()
    assert not out[:, -64:].any()
    assert (out[:, 64:-64] == 200).all()


@pytest.mark.parametrize("decoded", [False, True], ids=["rgb", "yuv420p"])
@pytest.mark.parametrize(("source", "target"), SIZES)
def test_a_dot_moves_as_geometry_says(source, target, decoded):
    box, rng = Letterbox(source, target), np.random.default_rng(1)
    for _ in range(4):
        x, y = rng.uniform(0.1, 0.9, 2) * (source[1], source[0])
        frame = dot(source, x, y, radius=2.5 / min(1, box.scale[0]))
        expected = box.to_network(centroid(frame))
        if decoded:
            frame = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p")
        inside = Resizer(box)(frame)
        inside[:, : box.offset[0]] = GREY
        inside[:, box.offset[0] + box.inner[1] :] = GREY
        np.testing.assert_allclose(centroid(inside), expected, atol=0.05)
