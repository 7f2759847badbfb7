"""What the bar of a run shows, and where."""

import sys

from lightning.pytorch.loggers import CSVLogger

from tracknet.console import quietly
from tracknet.training.callbacks import ProgressBar


def test_the_bar_shows_figures_and_no_version(fit, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    fit(ProgressBar(), logger=CSVLogger(tmp_path))
    shown = "".join(capsys.readouterr())
    assert "loss=" in shown
    assert "v_num" not in shown


def test_in_a_file_and_quietly_there_is_no_bar(fit, capsys, monkeypatch):
    fit(ProgressBar())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with quietly():
        fit(ProgressBar())
    assert "".join(capsys.readouterr()) == ""
