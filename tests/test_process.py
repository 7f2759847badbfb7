"""What a command asks of its process."""

import gc
import os
import platform
import subprocess
import sys

import pytest

from tracknet.process import importing, share_cores

FRESH_PAGES = """
import resource
from threading import Thread
import torch
from tracknet.process import keep_memory

def work():
    for _ in range(20):
        torch.ones(16 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(16 << 20)  # 64 MiB
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

{call}
work()
thread = Thread(target=work)
thread.start()
thread.join()
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_the_memory_of_an_array_is_used_for_the_next():
    faults = {}
    for call in ("keep_memory()", ""):
        command = [sys.executable, "-c", FRESH_PAGES.format(call=call)]
        printed = subprocess.run(command, capture_output=True, check=True).stdout
        faults[call] = [int(number) for number in printed.split()]
    assert max(faults["keep_memory()"]) < 100 < min(faults[""])


def test_garbage_is_collected_again_after_imports_that_failed():
    with pytest.raises(ImportError), importing():
        import tracknet.nothing  # noqa: F401
    assert gc.isenabled()


def test_garbage_is_not_collected_during_imports():
    with importing():
        assert not gc.isenabled()


def test_how_long_threads_wait_is_the_users_choice_first(monkeypatch):
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    share_cores()
    assert os.environ["GOMP_SPINCOUNT"] == "7"
    monkeypatch.delenv("GOMP_SPINCOUNT")
    share_cores()
    assert int(os.environ["GOMP_SPINCOUNT"]) > 7
