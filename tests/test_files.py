"""Files appear whole or not at all."""

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
