"""One picture of a folder of frames; its header is looked at before it is decoded."""

from pathlib import Path
from struct import error as TooShort, unpack_from

import cv2
import numpy as np

from tracknet.geometry import Size
from tracknet.video.frame import PIXELS, check_size
from tracknet.video.source import VideoError, check_file

BYTES = 4 * PIXELS
"""Of a picture's file, at most: those of its pixels, without any compression."""


def read_picture(file: Path) -> np.ndarray:
    """The picture (H, W, 3) RGB uint8 of a PNG, JPEG or BMP file.

    Raises:
        VideoError: There is no such file, it is none of these, or larger than `check_size` allows.
    """
    unusable = f"{file}: cannot be read as a picture (PNG, JPEG or BMP); replace or convert it"
    if check_file(file) > BYTES:
        raise VideoError(unusable)
    try:
        content = file.read_bytes()  # not imread, which on Windows opens no path with an accent
        size = claimed_size(content)
        if size is None:
            raise VideoError(unusable)
        check_size(file, size)
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    except (OSError, cv2.error) as error:
        raise VideoError(unusable) from error
    if picture is None:
        raise VideoError(unusable)
    return picture


def claimed_size(content: bytes) -> Size | None:
    """(H, W) by the header of a PNG, JPEG or BMP; None where it has none, or is another kind."""
    try:
        if content[:16] == b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR":
            width, height = unpack_from(">II", content, 16)
        elif content[:3] == b"\xff\xd8\xff":
            return _of_jpeg(content)
        elif content[:2] == b"BM":
            (header,) = unpack_from("<I", content, 14)
            width, height = unpack_from("<HH" if header == 12 else "<ii", content, 18)
        else:
            return None
        return abs(height), abs(width)
    except TooShort:
        return None


def _of_jpeg(content: bytes) -> Size | None:
    """The size in the first start of a frame; what lies in other segments is stepped over."""
    at = 2
    while (at := content.find(0xFF, at)) >= 0:
        kind, length = unpack_from(">BH", content, at + 1)
        if kind in (0x00, 0xFF):  # no marker, and the filling before one
            at += 1
        elif 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            return unpack_from(">HH", content, at + 5)
        elif kind == 0x01 or 0xD0 <= kind <= 0xD7:  # these have no length
            at += 2
        else:
            at += 2 + length
    return None
