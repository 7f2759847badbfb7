"""Results take the place of results, never of what somebody made or changed."""

import pytest

from tracknet.errors import InputError
from tracknet.owned import RECORD, own_file, refuse_foreign


def test_only_what_was_written_here_and_not_changed_is_replaced(tmp_path):
    file = tmp_path / "a.csv"

    def write(text):
        with own_file(file):
            file.write_text(text)

    write("one")
    write("two")
    assert file.read_text() == "two"
    file.write_text("two, corrected")
    with pytest.raises(InputError, match=r"a\.csv: is there already, .*; choose another folder"):
        write("three")
    assert file.read_text() == "two, corrected"
    file.unlink()
    write("four")
    file.rename(tmp_path / "b.csv")  # moved away
    write("five")
    (tmp_path / RECORD).write_text("nothing that is read")
    with pytest.raises(InputError, match="was not written here"):
        write("six")


@pytest.mark.parametrize("kind", ["folder", "nowhere"])
def test_what_is_no_file_is_not_replaced(tmp_path, kind):
    place = tmp_path / "a.csv"
    if kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(tmp_path / "absent")
    with pytest.raises(InputError, match="is there already"):
        refuse_foreign(place)
