"""Frames as people have them: arrays, tensors and pictures of several kinds."""

from collections.abc import Iterable, Iterator
from itertools import chain
from numbers import Real
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import torch

from tracknet.errors import InputError
from tracknet.video import Frame

Channels = Literal["rgb", "bgr"]


def as_frame(frame: Any, channels: Channels = "rgb") -> Frame:
    """One frame as it is predicted.

    Args:
        frame: An array or a tensor, (H, W, 3), (3, H, W) or grey as (H, W), (H, W, 1) or (1, H, W);
            uint8, or floating from 0 to 1. A picture of Pillow, or a decoded frame of a video.
        channels: Their order in an array.

    Returns:
        (H, W, 3) RGB uint8; a decoded frame as it is.

    Raises:
        InputError: It is none of these, or could be two of them.
    """
    if isinstance(frame, av.VideoFrame):
        return frame
    if type(frame).__module__.startswith("PIL."):
        return np.asarray(frame.convert("RGB"))
    pixels = _as_uint8(_as_array(frame))
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    elif pixels.ndim != 3:
        raise InputError(f"{_shown(pixels)}: expected a frame, (H, W, 3), (3, H, W) or (H, W)")
    first, last = pixels.shape[0] in (1, 3), pixels.shape[2] in (1, 3)
    if first == last:
        raise InputError(
            f"{_shown(pixels)}: expected a frame, (H, W, 3) or (3, H, W), of which one end has the "
            "3 channels, or 1 if it is grey; leave a fourth one out, as in frame[..., :3]"
        )
    pixels = pixels.transpose(1, 2, 0) if first else pixels
    if 0 in pixels.shape:
        raise InputError(f"{_shown(pixels)}: the frame has no pixels")
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, 2)
    elif channels == "bgr":
        pixels = pixels[..., ::-1]
    return np.ascontiguousarray(pixels)


def split_frames(source: Any) -> Iterable[Any]:
    """The frames of one array or tensor, or of anything that gives them one by one.

    Raises:
        InputError: It is neither, or an array that could be one frame or several.
    """
    if type(source).__module__.startswith("PIL.") or isinstance(source, av.VideoFrame):
        return [source]
    shape = getattr(source, "shape", None)
    if shape is None:
        if isinstance(source, Iterable) and not isinstance(source, bytes | dict):
            return source
        raise InputError(
            f"a {type(source).__name__}: expected a path, several paths, frames (N, H, W, 3), or "
            "what gives them one by one"
        )
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3) and shape[0] not in (1, 3)):
        return [source]
    if len(shape) == 3 and shape[0] == 3:
        raise InputError(
            f"{_shown(source)}: this could be three grey frames, or one with its channels first; "
            "say it by frames[:, None] or frame[None]"
        )
    if len(shape) in (3, 4):
        return source
    raise InputError(f"{_shown(source)}: expected frames, (N, H, W, 3), (N, 3, H, W) or (N, H, W)")


def paths_in(source: Iterable[Any]) -> tuple[list[Path | str], Iterable[Any]]:
    """Sorts what comes one by one by its first: all of it as paths, or all of it as frames."""
    items = iter(source)
    first = next(items, None)
    if first is None:
        return [], []
    if not isinstance(first, Path | str):
        return [], chain([first], items)
    paths = [first, *items]
    for path in paths:
        if not isinstance(path, Path | str):
            raise InputError(f"{_shown(path)}: expected a path, as the first one is")
    return paths, []


def as_frames(source: Iterable[Any], channels: Channels) -> Iterator[Frame]:
    """`as_frame` of each."""
    if channels not in ("rgb", "bgr"):
        raise InputError(f"channels={channels!r}; expected rgb or bgr")
    return (as_frame(frame, channels) for frame in source)


def check_fps(fps: float | None) -> None:
    """Refuses what is no rate of frames.

    Raises:
        InputError: It is neither None nor a finite number above 0.
    """
    if fps is not None and not (isinstance(fps, Real) and 0 < fps < float("inf")):
        raise InputError(f"fps={fps!r}; expected frames per second, a number above 0, or None")


def _as_array(frame: Any) -> np.ndarray:
    if isinstance(frame, torch.Tensor):
        frame = frame.detach().cpu()
        return (frame.float() if frame.dtype == torch.bfloat16 else frame).numpy()
    if hasattr(frame, "__array__"):
        return np.asarray(frame)
    raise InputError(
        f"a {type(frame).__name__}: expected a frame, an array (H, W, 3) of uint8 or from 0 to 1"
    )


def _as_uint8(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind != "f":
        remedy = "frame.astype(np.uint8)"
        if pixels.dtype.kind in "ui" and pixels.dtype.itemsize == 2:
            remedy = "(frame >> 8).astype(np.uint8), if white is 65,535"
        raise InputError(
            f"{_shown(pixels)}: expected uint8 from 0 to 255, or floating from 0 to 1; "
            f"convert it, as by {remedy}"
        )
    low, high = (float(end) for end in (pixels.min(initial=0), pixels.max(initial=0)))
    if not (low >= 0 and high <= 1):  # nor where one is no number
        remedy = "undo the normalisation" if low < 0 else "divide by 255"
        raise InputError(
            f"{_shown(pixels)} from {low:g} to {high:g}: expected floating frames from 0 to 1, or "
            f"uint8 from 0 to 255; {remedy}"
        )
    return (pixels * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def _shown(value: Any) -> str:
    """What it is, for messages."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", "")
    if shape is None:
        return f"a {type(value).__name__}"
    return f"{tuple(shape)} {str(dtype).removeprefix('torch.')}"
