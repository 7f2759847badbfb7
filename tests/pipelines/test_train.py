"""What a training says, and what it refuses."""

import re

import pytest

from tracknet.errors import InputError
from tracknet.pipelines.train import train


def test_what_lightning_refuses_is_said_in_a_line(compose, tiny_data, tmp_path):
    few = [*tiny_data, "backbone=conv", "decoder=unet", "trainer.limit_train_batches=0.001"]
    with pytest.raises(InputError, match=r"trainer: .*limit_train_batches"):
        train(compose("train", [*few, f"paths.output={tmp_path}"]))


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
    assert max(map(len, said.splitlines())) <= 200
    kept = (tmp_path / "train.log").read_text()
    assert [bool(LINE.fullmatch(line[21:])) for line in kept.splitlines()].count(True) == 2
    assert "parameters  26,531 trainable" in kept
    if quiet:
        assert said.splitlines()[1].startswith("validation strict F1")
    else:
        assert all(line in kept for line in said.splitlines())
