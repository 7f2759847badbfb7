"""Numbers of numpy in a pickle: TrackNetV3's training keeps its best accuracy as one."""

import struct
from collections.abc import Callable, Mapping
from typing import Any

from tracknet.errors import InputError
from tracknet.trust import short


class Float64:
    """Stands for numpy's dtype, of which no other kind is taken."""

    def __init__(self, *made_with: Any) -> None:
        if made_with != ("f8", False, True):
            raise InputError(f"its pickle has a number of kind {short(made_with)}")

    def __setstate__(self, state: Any) -> None:
        if state[:2] != (3, "<"):
            raise InputError(f"its pickle has a number of kind {short(state)}")


def number(kind: Float64, content: bytes) -> float:
    """Stands for numpy's scalar."""
    return struct.unpack("<d", content)[0]


STAND_INS: Mapping[str, Callable[..., Any]] = {
    "numpy._core.multiarray.scalar": number,
    "numpy.core.multiarray.scalar": number,
    "numpy.dtype": Float64,
}
"""What PyTorch is to call in place of what a pickle names."""
NAMED = {*(" ".join(name.rsplit(".", 1)) for name in STAND_INS), "_codecs encode"}
"""The same as the pickle has it, and how that writes bytes."""
