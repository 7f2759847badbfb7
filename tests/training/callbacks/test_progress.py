"""What the bar of a run shows."""

from lightning.pytorch.loggers import CSVLogger

from tracknet.training.callbacks import ProgressBar


def test_the_bar_shows_figures_and_no_version(fit, tmp_path, capsys):
    fit(ProgressBar(), logger=CSVLogger(tmp_path))
    shown = "".join(capsys.readouterr())
    assert "loss=" in shown
    assert "v_num" not in shown
