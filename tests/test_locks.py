"""A lock is one process's, and goes with it; file systems without locks are no obstacle."""

import errno
import subprocess
import sys

import pytest
from filelock import Timeout

from tracknet.locks import take

HOLDS = """
import sys, time
from pathlib import Path
from tracknet.locks import take
lock = take(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_lock_ends_with_the_process_that_holds_it(tmp_path):
    file = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDS, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Timeout):
            take(file)
        other.kill()
    lock = take(file)
    assert lock.is_locked
    lock.release()


@pytest.mark.skipif(sys.platform == "win32", reason="flock is of Unix")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks(tmp_path, monkeypatch, number):
    def refuses(*_):
        raise OSError(number, "no locks")

    monkeypatch.setattr("fcntl.flock", refuses)
    assert take(tmp_path / "lock") is None
    assert [file.name for file in tmp_path.iterdir() if file.name != "lock"] == []


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        take(tmp_path / "file" / "lock")
