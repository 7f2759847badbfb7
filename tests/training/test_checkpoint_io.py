"""A good checkpoint is there at every moment, whatever ends the process or fills the disk."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import torch

from tracknet.errors import InputError, InputWarning
from tracknet.record import CheckpointError
from tracknet.resume import find_state
from tracknet.training.checkpoint_io import WholeCheckpoints

KILLS = """
import os, random, signal, sys, time, torch
from tracknet.training.checkpoint_io import WholeCheckpoints
weights, moments = torch.zeros(1_000_000), random.Random(0)
for kill in range(10):
    reads, writes = os.pipe()
    if not (child := os.fork()):
        for number in range(10_000):
            WholeCheckpoints().save_checkpoint({"number": number, "weights": weights}, sys.argv[1])
            os.write(writes, b".")
    os.close(writes)
    os.read(reads, 1)
    time.sleep(moments.uniform(0, 0.3))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    left = 0
    while more := os.read(reads, 1 << 16):
        left += len(more)
    print(left, torch.load(sys.argv[1], weights_only=True)["number"])
"""
"""Kills a process that writes one checkpoint after the other; prints how many were done after the
first, and the number of the one that is there."""


@pytest.fixture
def last(tmp_path) -> Path:
    return tmp_path / "run" / "checkpoints" / "last.ckpt"


@pytest.fixture
def other_disk():
    """A folder on another file system than the tests', where there is one."""
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder:
        yield folder


def save(last: Path, number: int, size: int = 1000) -> None:
    WholeCheckpoints().save_checkpoint({"number": number, "weights": torch.zeros(size)}, last)


def number(file: Path) -> int:
    return torch.load(file, weights_only=True)["number"]


def test_the_one_before_stays_beside_it(last):
    for count in range(3):
        save(last, count)
    assert (number(last), number(last.with_name("previous.ckpt"))) == (2, 1)
    assert len(list(last.parent.iterdir())) == 2


def test_a_folder_that_was_deleted_is_made_anew(last):
    save(last, 0)
    shutil.rmtree(last.parents[1])
    save(last, 1)
    assert number(last) == 1


def test_a_full_disk_takes_nothing_and_is_named(last):
    save(last, 0)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        with pytest.raises(InputError) as full:
            save(last, 1, size=1 << 20)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    said = str(full.value)
    assert f"{last} cannot be written (File too large): 4.2 MB needed, " in said
    assert f"free on the disk of {last.parent}; make room" in said
    assert number(last) == 0
    assert [file.name for file in last.parent.iterdir()] == ["last.ckpt"]


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_a_good_one(last, other_disk):
    """The temporary folder is on another disk: a move from there would be a copy."""
    command = [sys.executable, "-c", KILLS, last]
    environment = {**os.environ, "TMPDIR": other_disk}
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    kills = [list(map(int, line.split())) for line in printed.stdout.splitlines()]
    assert len(kills) == 10
    assert all(there in (done, done + 1) for done, there in kills)


@pytest.mark.slow
def test_a_small_disk_that_fills_up_leaves_a_good_one(tmp_path):
    if os.geteuid() or shutil.which("mount") is None:
        pytest.skip("only the superuser mounts a disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk may be mounted here")
    try:
        last = disk / "run" / "checkpoints" / "last.ckpt"
        save(last, 0, size=900_000)
        with pytest.raises(InputError, match=r"No space left on device.*3\.6 MB needed, 2\.\d MB"):
            save(last, 1, size=900_000)
        assert number(last) == 0
        save(last, 2, size=300_000)
        assert number(last) == 2
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_run_goes_on_from_the_newest_good_checkpoint(tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    folder = run / "checkpoints"
    assert find_state(run)[0] == folder / "last.ckpt"
    (folder / "last.ckpt").write_bytes((folder / "last.ckpt").read_bytes()[:1000])
    message = r"last\.ckpt is damaged; the training goes on from previous\.ckpt, after step 2"
    with pytest.warns(InputWarning, match=message):
        assert find_state(run)[1]["global_step"] == 2
    (folder / "last.ckpt").unlink()
    with pytest.warns(InputWarning, match=r"last\.ckpt is missing"):
        find_state(run)
    (folder / "previous.ckpt").unlink()
    with pytest.raises(CheckpointError, match=r"a training can go on from.*; .* init_from="):
        find_state(run)
