"""Frames as people have them are predicted as what they are, or refused."""

import av
import numpy as np
import pytest
import torch
from PIL import Image

from tracknet.errors import InputError
from tracknet.inference.frames import as_frame

RED = np.zeros((20, 30, 3), np.uint8)
RED[4:9, 11:14] = 250, 30, 10
GREY = RED.mean(2).astype(np.uint8)


def tensor(array) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


KINDS = {
    "as it is": lambda rgb: rgb,
    "channels first": lambda rgb: rgb.transpose(2, 0, 1),
    "tensor": tensor,
    "tensor, channels first": lambda rgb: tensor(rgb).permute(2, 0, 1),
    "float": lambda rgb: rgb / 255,
    "float32 tensor": lambda rgb: tensor(rgb).permute(2, 0, 1).float() / 255,
    "half": lambda rgb: (rgb / 255).astype(np.float16),
    "bfloat16": lambda rgb: tensor(rgb).double().div(255).bfloat16(),
    "with gradient": lambda rgb: (tensor(rgb) / 255).requires_grad_(),
    "picture": Image.fromarray,
    "with palette": lambda rgb: Image.fromarray(rgb).convert("P", palette=Image.Palette.ADAPTIVE),
    "with alpha": lambda rgb: Image.fromarray(rgb).convert("RGBA"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_the_same_frame(kind):
    frame = as_frame(KINDS[kind](RED))
    assert (frame.dtype, frame.shape) == (np.uint8, RED.shape)
    assert frame.flags.c_contiguous
    within = {"half": 1, "bfloat16": 1}.get(kind, 0)
    assert np.abs(frame.astype(int) - RED).max() <= within


@pytest.mark.parametrize(
    "grey", [GREY, GREY[..., None], GREY[None], GREY / 255, tensor(GREY), Image.fromarray(GREY)]
)
def test_grey_frames_are_three_channels_alike(grey):
    np.testing.assert_array_equal(as_frame(grey), np.repeat(GREY[..., None], 3, 2))


def test_other_orders_of_channels():
    np.testing.assert_array_equal(as_frame(RED[..., ::-1], "bgr"), RED)
    np.testing.assert_array_equal(as_frame(RED[..., ::-1].transpose(2, 0, 1), "bgr"), RED)
    np.testing.assert_array_equal(as_frame(GREY, "bgr")[..., 0], GREY)


def test_a_decoded_frame_stays_as_it_is():
    frame = av.VideoFrame.from_ndarray(RED, format="rgb24")
    assert as_frame(frame) is frame


BAD = {
    "floating from 0 to 250: expected floating frames from 0 to 1.*divide by 255": RED * 1.0,
    "floating from -1 to 0.96.*undo the normalisation": RED / 127.5 - 1,
    "from nan to nan": np.full((20, 30, 3), np.nan),
    r"uint16: expected uint8.*frame >> 8": RED.astype(np.uint16),
    r"int64: expected uint8 .*astype": RED.astype(int),
    "bool: expected uint8": GREY > 9,
    r"\(20, 30, 4\) uint8: .*frame\[..., :3\]": np.zeros((20, 30, 4), np.uint8),
    r"\(3, 20, 3\) uint8: expected a frame": np.zeros((3, 20, 3), np.uint8),
    r"\(20, 30, 2\)": np.zeros((20, 30, 2), np.uint8),
    r"\(2, 20, 30, 3\) uint8: expected a frame": np.zeros((2, 20, 30, 3), np.uint8),
    r"\(20,\)": np.zeros(20, np.uint8),
    "no pixels": np.zeros((0, 30, 3), np.uint8),
    "a list: expected a frame": [[1, 2], [3, 4]],
    "a NoneType: expected a frame": None,
}


@pytest.mark.parametrize("said", BAD)
def test_what_cannot_be_told_apart_is_refused(said):
    with pytest.raises(InputError, match=said.removeprefix("floating ")) as refused:
        as_frame(BAD[said])
    assert "\n" not in str(refused.value)


SEVERAL = {
    "array": lambda frames: frames,
    "list": list,
    "generator": lambda frames: (frame for frame in frames),
    "channels first": lambda frames: frames.transpose(0, 3, 1, 2),
    "tensor": tensor,
    "tensors": lambda frames: [tensor(frame).permute(2, 0, 1) for frame in frames],
    "float": lambda frames: frames / 255,
    "grey": lambda frames: frames[..., 0],
    "grey, channels first": lambda frames: frames[:, None, ..., 0],
    "pictures": lambda frames: map(Image.fromarray, frames),
    "decoded": lambda frames: (av.VideoFrame.from_ndarray(f, format="rgb24") for f in frames),
}


@pytest.mark.parametrize("kind", SEVERAL)
def test_several_frames(predictor, dots, kind):
    frames, _ = dots(7)
    expected = predictor().predict(iter(frames))
    assert expected.visible.sum() == 6
    found = predictor().predict(SEVERAL[kind](frames))
    np.testing.assert_allclose(found.xy, expected.xy, atol=0.01)


@pytest.mark.parametrize(
    "kind", ["as it is", "tensor", "float", "picture", "with alpha", "grey", "decoded"]
)
def test_one_frame_is_a_video_of_one(predictor, dots, kind):
    frame = dots(1)[0][0]
    more = {
        "grey": lambda rgb: rgb[..., 0],
        "decoded": lambda rgb: av.VideoFrame.from_ndarray(rgb, format="rgb24"),
    }
    track = predictor().predict((KINDS | more)[kind](frame))
    assert (len(track), track.visible.tolist()) == (1, [True])


def test_one_frame_or_three_grey_ones(predictor, dots):
    frames = dots(3)[0][..., 0]
    with pytest.raises(InputError, match=r"frames\[:, None\] or frame\[None\]"):
        predictor().predict(frames)
    assert len(predictor().predict(frames[:, None])) == 3
    assert len(predictor().predict(frames[None])) == 1
    assert len(predictor().predict([*frames])) == 3


def test_blue_first(predictor, dots):
    """A detector of red finds what is red, whatever the order."""
    frames, _ = dots(4)
    frames[..., 1:] = 0
    finder = predictor(threshold=0.04)
    red = finder.predict(frames).score
    bgr = np.ascontiguousarray(frames[..., ::-1])
    assert finder.predict(bgr, channels="bgr").score == pytest.approx(red)
    assert [p.score for p in finder.stream(bgr, channels="bgr")] == pytest.approx(red)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (7, "a int: expected a path"),
        (None, "a NoneType: expected a path"),
        (b"a.mp4", "a bytes: expected a path"),
        ({"a": 1}, "a dict: expected a path"),
        (np.zeros((1, 2, 20, 30, 3), np.uint8), r"\(1, 2, 20, 30, 3\) uint8: expected frames"),
        (np.zeros((2, 20, 30, 3)) + 7, "from 0 to 7: expected floating frames from 0 to 1"),
        ([RED, "a.mp4"], "a str: expected a frame"),
    ],
    ids=repr,
)
def test_what_is_no_source(predictor, source, said):
    with pytest.raises(InputError, match=said):
        predictor().predict(source)


def test_a_frame_that_is_wrong_is_refused_in_the_middle_too(predictor, dots):
    frames = [frame / 255 for frame in dots(6)[0]]
    frames[3] = frames[3] * 255
    with pytest.raises(InputError, match="divide by 255"):
        predictor().predict(iter(frames))


def test_several_videos(predictor, video, tmp_path):
    first, second = (video(n, name=f"clip{n}")[0] for n in (5, 9))
    for sources in ([first, str(second)], iter([first, second])):
        tracks = predictor().predict(sources)
        assert [len(track) for track in tracks] == [5, 9]
    with pytest.raises(InputError, match=r"none.mp4: no such file"):
        predictor().predict([first, tmp_path / "none.mp4"])
    with pytest.raises(InputError, match=r"uint8: expected a path"):
        predictor().predict([first, RED])
    with pytest.raises(InputError, match="channels='bgr' is for arrays"):
        predictor().predict(first, channels="bgr")
    with pytest.raises(InputError, match="channels='gbr'; expected rgb or bgr"):
        predictor().predict(RED, channels="gbr")
