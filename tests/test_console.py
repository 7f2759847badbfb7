import subprocess
import sys
import warnings
from functools import partial

import pytest

from tracknet.console import fail, plain_errors, plain_warnings
from tracknet.errors import InputError, InputWarning


@pytest.mark.parametrize(
    "error", [InputError("a.csv: empty"), FileNotFoundError(2, "a.csv: empty")], ids=repr
)
def test_an_error_of_the_input_is_one_line(error):
    with pytest.raises(SystemExit) as stop, plain_errors():
        raise error
    assert stop.value.code == "error: a.csv: empty"


def test_what_a_batch_ends_with_is_in_the_log_and_holds_no_codes(caplog):
    with pytest.raises(SystemExit) as stop:
        fail("a.mp4: no film", "b\x1b[31m.mp4: no film", "c\udce9.mp4: no film")
    lines = ["a.mp4: no film", "b?[31m.mp4: no film", "c\\udce9.mp4: no film"]
    assert str(stop.value.code).splitlines() == caplog.messages == lines


def test_an_error_is_printed_once_where_no_log_is_open_yet():
    code = """
from tracknet.console import plain_errors
from tracknet.errors import InputError

with plain_errors():
    raise InputError("a.csv: empty")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == "error: a.csv: empty\n"


def test_other_errors_and_those_asked_for_keep_their_traceback(monkeypatch):
    with pytest.raises(ValueError, match="a bug"), plain_errors():
        raise ValueError("a bug")
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(InputError), plain_errors():
        raise InputError("a.csv: empty")


def test_a_warning_of_the_input_is_one_line(capsys, monkeypatch):
    as_python_does = partial(print, "as Python does", file=sys.stderr)
    monkeypatch.setattr(warnings, "showwarning", lambda *_: as_python_does())
    with warnings.catch_warnings(), plain_warnings():
        warnings.simplefilter("always")
        warnings.warn("rally [1].csv: 3 rows\x20are " + 40 * "long ", InputWarning, stacklevel=1)
        warnings.warn("a library's", UserWarning, stacklevel=1)
    ours, other = capsys.readouterr().err.splitlines()
    assert ours.rstrip() == "warning: rally [1].csv: 3 rows are" + 40 * " long"
    assert other == "as Python does"
