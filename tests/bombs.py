"""Files of a few bytes that claim to be huge, made by hand; a process that cannot take more."""

import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

LIMITED = """
import resource, sys
def limit():
    pages = int(open("/proc/self/statm").read().split()[0])
    most = pages * resource.getpagesize() + (1700 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
"""


def bounded(code: str, *arguments: object) -> list[str]:
    """The lines that code prints; it has 30 seconds, and 1.7 GB more once it has called `limit`."""
    command = [sys.executable, "-c", LIMITED + code, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG that claims a size, with what follows its header."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        length, check = len(content), zlib.crc32(kind + content)
        return struct.pack(">I", length) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*own) for own in chunks)


def bmp(width: int, height: int) -> bytes:
    """A BMP that claims a size, from its bottom to its top where the height is positive."""
    return b"BM" + struct.pack("<IIIIiiHHIIIIII", 54, 0, 54, 40, width, height, 1, 24, *[0] * 6)


def jpeg(width: int, height: int) -> bytes:
    """A JPEG of 8x8 pixels that claims a size."""
    content = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    return content.replace(b"\0\x08\0\x08", struct.pack(">HH", height, width), 1)


def video(path: Path, pictures: Sequence[bytes]) -> Path:
    """A video of PNG pictures whose container says 64x32, whatever they are."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", 25)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "rgb24"
        for time, picture in enumerate(pictures):
            packet = av.Packet(picture)
            packet.stream, packet.time_base = stream, Fraction(1, 25)
            packet.pts = packet.dts = time
            packet.is_keyframe = True
            container.mux(packet)
    return path


NO_FILES = ("pipe", "zero", "folder", "circle")


def make_no_file(kind: str, path: Path) -> Path:
    """Something in a file's place that is none, or never ends."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "zero" else path)
    return path
