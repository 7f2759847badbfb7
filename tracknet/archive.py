"""A file of weights, looked at before PyTorch unpacks it: it is to take no more than its size."""

import json
import pickletools
import struct
import zipfile
from collections.abc import Collection
from pathlib import Path

from tracknet.errors import InputError

LARGEST = 4 << 20
"""Bytes of what is no tensor; a network of 10,000 tensors, with its optimizer's state, has 2 MB."""
OPCODES = {
    *("PROTO", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "REDUCE", "BUILD", "BINPERSID"),
    *("GLOBAL", "BINGET", "LONG_BINGET", "BINPUT", "LONG_BINPUT", "EMPTY_DICT", "EMPTY_LIST"),
    *("EMPTY_TUPLE", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "TUPLE", "TUPLE1", "TUPLE2"),
    *("TUPLE3", "BINUNICODE", "BINFLOAT", "BININT", "BININT1", "BININT2", "LONG1"),
}
STORAGES = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
GLOBALS = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    *(f"torch {kind}Storage" for kind in STORAGES),
}
"""What the pickle of a training's state names. PyTorch's own list for ``weights_only`` is longer:
it has what takes as much memory as it is told to."""

KINDS = {"F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"}
"""The same, as safetensors calls them."""


def check_archive(file: Path, further: Collection[str] = ()) -> None:
    """Checks that a file is a ZIP of tensors as PyTorch saves them, and nothing else.

    Args:
        file: Which one.
        further: What its pickle may name besides tensors, as ``module name``.

    Raises:
        InputError: It is no such file, would unpack to more than it is, or names other things than
            tensors; the message says which.
        OSError: It cannot be read.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
            # PyTorch packs nothing; a comment could make another reader see another directory.
            if packed or archive.comment or unpacked > file.stat().st_size:
                raise InputError("it unpacks to more than its size")
            for entry in entries:
                if entry.filename.endswith(".pkl"):
                    if entry.file_size > LARGEST:
                        raise InputError(f"{entry.filename} has {entry.file_size:,} bytes")
                    _check_pickle(archive.read(entry), further)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise InputError("no file of weights, or damaged") from error


def _check_pickle(content: bytes, further: Collection[str]) -> None:
    try:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name not in OPCODES:
                raise InputError(f"its pickle uses {opcode.name}")
            if opcode.name == "GLOBAL" and argument not in GLOBALS and argument not in further:
                raise InputError(f"its pickle names {argument!r}, which is no tensor")
    except (ValueError, IndexError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("its pickle is damaged") from error


def check_safetensors(file: Path) -> None:
    """Checks the header of a safetensors file, which says what it holds before that is read.

    Where tensors lie, safetensors itself compares with the file's size.

    Raises:
        InputError: It is no such file, its header is too large, or it names a kind of tensor that
            no network has.
        OSError: It cannot be read.
    """
    with open(file, "rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if length > LARGEST:
            raise InputError(f"its header has {length:,} bytes")
        content = stream.read(length)
    try:
        header = json.loads(content)
        kinds = {own["dtype"] for name, own in header.items() if name != "__metadata__"}
        others = sorted(kinds - KINDS)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InputError("no file of weights, or damaged") from error
    if others:
        raise InputError(f"it holds tensors of kind {others[0][:20]!r}, which no network has")
