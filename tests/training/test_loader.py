"""Batches that are read while the network is busy are the same batches."""

import gc
import os
import re
import signal
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback
from torch.utils.data import DataLoader, Dataset

from tracknet.errors import InputError
from tracknet.pipelines.train import train
from tracknet.process import STEPS_BACK
from tracknet.training.loader import AheadLoader
from tracknet.video import VideoWriter, read_raw


class Squares(Dataset):
    """Remembers what was read, and by which thread."""

    def __init__(self) -> None:
        self.read: list[int] = []
        self.threads: set[str] = set()
        self.niceness: list[int] = []

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> int:
        if index == 13:
            raise ValueError("13")
        self.read.append(index)
        self.threads.add(threading.current_thread().name)
        if sys.platform == "linux":
            self.niceness.append(os.getpriority(os.PRIO_PROCESS, 0))
        return index**2


@pytest.mark.parametrize("workers", [0, 2])
def test_gives_what_a_loader_gives(workers):
    kwargs = {"batch_size": 3, "num_workers": workers}
    ahead = AheadLoader(Squares(), **kwargs)
    for _ in range(2):
        batches = zip(ahead, DataLoader(Squares(), **kwargs), strict=True)
        assert all(torch.equal(a, b) for a, b in batches)
    assert list(AheadLoader(Squares(), sampler=[])) == []


def test_reads_the_next_batch_in_a_thread():
    squares = Squares()
    batches = iter(AheadLoader(squares, batch_size=2))
    next(batches)
    deadline = time.monotonic() + 5
    while len(squares.read) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert squares.read[:4] == [0, 1, 2, 3]
    assert "prefetch" in squares.threads
    assert len(squares.read) < 10  # not the whole epoch


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own")
def test_reads_where_the_network_leaves_a_core_idle():
    squares, own = Squares(), os.getpriority(os.PRIO_PROCESS, 0)
    list(AheadLoader(squares, batch_size=2))
    assert squares.niceness == [own] * 2 + [own + STEPS_BACK] * 8
    assert os.getpriority(os.PRIO_PROCESS, 0) == own


def test_asks_for_the_order_when_the_iterator_is_made():
    asked = []

    class Order(list):
        def __iter__(self):
            asked.append(threading.current_thread() is threading.main_thread())
            return super().__iter__()

    batches = iter(AheadLoader(Squares(), sampler=Order(range(10))))
    assert asked == [True]
    batches.close()


@pytest.mark.parametrize("order", [[1, 2, 13], [13]], ids=["later", "first"])
def test_passes_errors_on(order):
    batches = iter(AheadLoader(Squares(), sampler=order))
    with pytest.raises(ValueError, match="13"):
        list(batches)


class Careless(Dataset):
    """Fails in ways of its own, in the process that reads."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        if index == 1:
            raise InputError("clip a: its frames are gone: make them anew")
        if index == 2:
            Path("absent").read_text()
        if index == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return index


@pytest.mark.parametrize(
    ("index", "kind", "said"),
    [
        (1, InputError, "clip a: its frames are gone: make them anew"),
        (2, OSError, "[Errno 2] No such file or directory: 'absent'"),
        # PyTorch looks every five seconds.
        pytest.param(
            *(3, InputError, "a process that reads windows has ended (exit code -9), as a rule"),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["input", "system", "killed"],
)
def test_what_is_wrong_in_a_worker_is_said_in_one_sentence(index, kind, said):
    loader = AheadLoader(Careless(), batch_size=1, num_workers=2, sampler=[0, 0, index, 0])
    with pytest.raises(kind, match=f"^{re.escape(said)}"):
        list(loader)


def test_signals_to_the_whole_group_do_not_reach_workers():
    """Not at their very start either; they end with this process, by SIGKILL."""
    loader = AheadLoader(Squares(), batch_size=1, num_workers=2, persistent_workers=True)
    batches = iter(loader)
    workers = loader._iterator._workers
    for worker in workers:
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(worker.pid, number)
    assert len(list(batches)) == 10
    assert all(worker.is_alive() for worker in workers)
    assert all(worker._popen.terminate == worker._popen.kill for worker in workers)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


class Collecting(Squares):
    """Looks for garbage in the process that reads."""

    def __getitem__(self, index: int) -> int:
        gc.collect()
        return index


def test_a_worker_leaves_the_garbage_of_its_parent_alone(tmp_path):
    """A decoder waits for its threads, which are not there after a fork."""

    class Ring: ...

    file = tmp_path / "clip.mp4"
    with VideoWriter(file, (64, 64), Fraction(25)) as writer:
        for _ in range(8):
            writer.write(np.zeros((64, 64, 3), np.uint8))
    ring, decoder = Ring(), read_raw(file)
    next(decoder)
    ring.itself, ring.decoder = ring, decoder
    del ring, decoder
    loader = AheadLoader(Collecting(), batch_size=1, num_workers=2, timeout=20)
    assert [int(batch) for batch in loader] == list(range(10))


class CutStore(Callback):
    """Another program shortens the stored frames once they are open."""

    def on_fit_start(self, trainer, module) -> None:
        for clip in trainer.datamodule.train_windows.clips:
            os.truncate(clip.folder / "frames.u8", 10)


def test_what_is_wrong_with_the_first_batch_ends_the_training(
    compose, tiny_data, tiny_network, tmp_path
):
    cut = f"+callbacks.cut={{_target_: {__name__}.CutStore}}"
    own = [f"paths.store={tmp_path / 'store'}", f"paths.output={tmp_path / 'run'}", cut]
    with pytest.raises(InputError, match="was removed or cut while it was in use"):
        train(compose("train", [*tiny_data, *tiny_network, *own]))


STOPPED = """
import os, signal
from tracknet.signals import SIGNALS
from tracknet.training import loader
from torch.utils.data import DataLoader

begin = DataLoader.__iter__
def stopped(self):  # a signal that comes while the workers are started
    batches = begin(self)
    os.kill(os.getpid(), signal.SIGTERM)
    return batches
DataLoader.__iter__ = stopped
with SIGNALS.end_process():
    iter(loader.AheadLoader([1, 2, 3], num_workers=2, persistent_workers=True))
"""


def test_a_signal_while_workers_are_started_does_not_wait_for_them(run_script, tmp_path):
    (tmp_path / "stopped.py").write_text(STOPPED)
    done = run_script(tmp_path / "stopped.py")
    assert (done.returncode, done.stderr) == (143, "interrupted\n")
