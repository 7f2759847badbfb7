"""What a training says, and what it refuses."""

import re
import sys

import pytest

from tracknet.errors import InputError
from tracknet.pipelines.train import train


def test_what_lightning_refuses_is_said_in_a_line(compose, tiny_data, tmp_path):
    few = [*tiny_data, "backbone=conv", "decoder=unet", "trainer.limit_train_batches=0.001"]
    with pytest.raises(InputError, match=r"trainer: .*limit_train_batches"):
        train(compose("train", [*few, f"paths.output={tmp_path}"]))


def test_debug_shapes_takes_a_step_and_talks_of_no_score(
    compose, tiny_data, tiny_network, tmp_path, capsys
):
    network = [o for o in tiny_network if not o.startswith(("trainer.", "callbacks."))]
    settings = [*tiny_data, *network, f"paths.output={tmp_path / 'run'}", "debug=shapes"]
    assert train(compose("train", settings)) == {}
    said = "".join(capsys.readouterr())
    assert "ConvBackbone" in said
    assert " 1 clip, 24 frames" in said
    assert "4 of 20 windows, once" in said
    assert said.endswith("one step trained and validated: it fits; nothing is scored or kept\n")
    assert "F1" not in said
    assert "f1" not in said
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ("seed=0", True),
        ("callbacks.progress=null", False),
        pytest.param("+trainer.enable_progress_bar=false", False, marks=pytest.mark.slow),
    ],
)
def test_the_bar_can_be_left_out(
    compose, tiny_data, tiny_network, tmp_path, capsys, monkeypatch, setting, shown
):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    few = ["trainer.max_epochs=1", "trainer.limit_train_batches=1", setting]
    train(compose("train", [*tiny_data, *tiny_network, *few, f"paths.output={tmp_path / 'run'}"]))
    assert ("it/s" in "".join(capsys.readouterr())) == shown


LINE = re.compile(
    r"epoch \d \(\d of 2\)  loss \d+\.\d{4}  val F1 \d\.\d{3}  best \d\.\d{3}  \d+ s"
    r"(  until \d\d:\d\d)?"
)


@pytest.mark.parametrize("quiet", [False, True])
def test_a_log_in_a_file_is_short_lines_and_the_run_keeps_it(
    compose, tiny_data, tiny_network, tmp_path, capsys, quiet
):
    settings = [*tiny_data, *tiny_network, f"paths.output={tmp_path}", f"quiet={quiet}"]
    train(compose("train", settings))
    said = capsys.readouterr().out
    assert not {"\r", "\x1b"} & {*said}
    assert len(said.splitlines()) < 60
    short = re.sub(r"/\S*/", "", said)  # folders of tests have long names
    assert max(map(len, short.splitlines())) <= 200
    kept = (tmp_path / "train.log").read_text()
    assert [bool(LINE.fullmatch(line[21:])) for line in kept.splitlines()].count(True) == 2
    assert "parameters  46,837 trainable" in kept
    if quiet:
        assert said.splitlines()[1].startswith("validation strict F1")
    else:
        assert all(line in kept for line in said.splitlines())
