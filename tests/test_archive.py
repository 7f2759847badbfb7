"""A file that would take more than its size is refused before it does."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from tracknet.archive import check_archive
from tracknet.errors import InputError
from tracknet.record import CheckpointError, read_checkpoint

PROTO, STOP = b"\x80\x02", b"."
NESTED = PROTO + b"]" * 100_000 + b"a" * 99_999 + STOP
# Each list holds the one before it twice.
DOUBLED = PROTO + b"](]q\x00" + b"](h\x00h\x00eq\x00" * 60 + b"e" + STOP


def write(path: Path, pickle: bytes, tensors: dict[str, bytes] | None = None, packed: bool = False):
    kind = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("archive/data.pkl", pickle)
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
        for name, content in (tensors or {}).items():
            archive.writestr(f"archive/data/{name}", content)
    return path


def call(module: str, name: str, argument: bytes) -> bytes:
    return PROTO + f"c{module}\n{name}\n".encode() + argument + b"R" + STOP


@pytest.mark.parametrize(
    ("pickle", "said"),
    [
        (call("builtins", "bytearray", b"(J\x00\x00\x00\x7ft"), "names 'builtins bytearray'"),
        (call("torch", "FloatTensor", b"(J\x00\x00\x00\x7ft"), "names 'torch FloatTensor'"),
        (call("torch._utils", "_rebuild_wrapper_subclass", b")"), "which is no tensor"),
        (call("os", "system", b"(X\x04\x00\x00\x00truet"), "names 'os system'"),
        (PROTO + b"\x8c\x02os\x8c\x06system\x93" + STOP, "uses SHORT_BINUNICODE"),
        (PROTO + b"(lp0\n0g0\n" + STOP, "uses LIST"),
        (PROTO + b"]" * (4 << 20) + STOP, r"data.pkl has 4,194,307 bytes"),
        (b"\xff\xff", "pickle is damaged"),
        (PROTO + b"X\xff\xff\xff\x7fabc", "pickle is damaged"),
    ],
)
def test_what_a_pickle_may_not_hold(tmp_path, pickle, said):
    with pytest.raises(InputError, match=said):
        check_archive(write(tmp_path / "a.ckpt", pickle))


def test_what_pytorch_saves_is_taken(tmp_path):
    content = {"a": torch.ones(3), "b": [1, 2.5, "c", None, True, 2**40, (), {}], "c": {1: (2, 3)}}
    kinds = (torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.uint8, torch.bool)
    torch.save({**content, "kinds": [torch.ones(1, dtype=kind) for kind in kinds]}, tmp_path / "a")
    check_archive(tmp_path / "a")


def test_an_archive_that_is_packed_or_overlaps_is_refused(tmp_path):
    packed = write(tmp_path / "a.ckpt", NESTED, {"0": bytes(1 << 24)}, packed=True)
    assert packed.stat().st_size < 1 << 16
    with pytest.raises(InputError, match="unpacks to more than its size"):
        check_archive(packed)
    with zipfile.ZipFile(tmp_path / "b.ckpt", "w") as archive:
        archive.writestr("archive/data/0", bytes(1 << 16))
        for _ in range(9):  # the directory names the same bytes again and again
            archive.filelist.append(archive.filelist[0])
    with pytest.raises(InputError, match="unpacks to more than its size"):
        check_archive(tmp_path / "b.ckpt")


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"no archive", bytes(1000)])
def test_what_is_no_archive(tmp_path, content):
    (tmp_path / "a.ckpt").write_bytes(content)
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        read_checkpoint(tmp_path / "a.ckpt")


CONFIGS = {
    "wide": {"backbone": {"widths": [40_000, 40_000, 40_000]}},
    "wide within limits": {"backbone": {"widths": [8192] * 3}},
    "long": {"decoder": {"norm": [[[[[[]]]]]] * 9000}},
    "large": {"image_size": [16384, 16384]},
    "many candidates": {"codec": {"candidates": 10**9}},
    "many values": {"x": [list(range(100))] * 300},
}
# Not `ru_maxrss`, in which the memory of whoever started the process counts.
OPENS = """
import re, sys, tracknet
for file in sys.argv[1:]:
    try: tracknet.load(file)
    except Exception as error: print(type(error).__name__, error)
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux says it")
def test_bombs_stay_small(tiny_run, tmp_path):
    files = []
    for name, config in CONFIGS.items():
        checkpoint = torch.load(tiny_run / "checkpoints" / "best.ckpt", weights_only=True)
        for group, settings in config.items():
            own = checkpoint["tracknet"]["config"].get(group)
            settings = {**own, **settings} if isinstance(own, dict) else settings
            checkpoint["tracknet"]["config"][group] = settings
        files.append(tmp_path / f"{name}.ckpt")
        torch.save(checkpoint, files[-1])
    for name, pickle in {"nested": NESTED, "doubled": DOUBLED}.items():
        # By themselves, and as a part of what is otherwise a record.
        record = PROTO + b"}X\x08\x00\x00\x00tracknet" + pickle[2:-1] + b"s" + STOP
        files.append(write(tmp_path / f"{name}.ckpt", pickle))
        files.append(write(tmp_path / f"{name} record.ckpt", record))
    done = subprocess.run(
        [sys.executable, "-c", OPENS, *files], capture_output=True, text=True, timeout=60
    )
    *said, peak = done.stdout.splitlines()
    assert len(said) == len(files), done.stdout + done.stderr
    for file, sentence in zip(files, said, strict=True):
        assert sentence.startswith(f"CheckpointError {file}: ")
    assert ["nested deeper than 32" in line for line in said[-3:]] == [True, False, True]
    assert int(peak) << 10 < 2 << 30
