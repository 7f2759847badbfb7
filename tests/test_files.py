"""Files appear whole or not at all."""

import sys

import pytest

from tracknet.files import whole_file, write_json


def test_a_file_that_is_not_finished_leaves_the_one_before(tmp_path):
    file = tmp_path / "a.json"
    write_json(file, {"first": 1})

    def fails():
        with whole_file(file) as unfinished:
            unfinished.write_text("half")
            assert unfinished.parent == file.parent  # a rename is a single step there alone
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert file.read_text() == '{\n "first": 1\n}\n'
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(sys.platform == "win32", reason="limits are of Unix")
def test_a_disk_without_room_says_for_what(tmp_path):
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OSError, match=r"File too large: '.*/a\.json'"):
            write_json(tmp_path / "a.json", ["x" * 1000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list(tmp_path.iterdir())
