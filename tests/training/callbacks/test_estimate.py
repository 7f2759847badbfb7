import re

import pytest

from tracknet.pipelines.train import train
from tracknet.training.callbacks.estimate import spoken

LINE = re.compile(
    r"time +(\d+) s, until \d\d:\d\d: (\d+) batches of ([\d.]+) s, (\d+) validations of \d+ s, "
    r"and thresholds, \d+ s"
)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (99, "99 s"), (100, "2 min"), (5400, "90 min"), (6000, "1 h 40 min")],
)
def test_durations_are_spoken(seconds, said):
    assert spoken(seconds) == said


def test_a_run_says_how_long_it_takes_after_its_first_steps(
    compose, tiny_data, tiny_network, tmp_path, capsys
):
    settings = [*tiny_data, *tiny_network, "batch_size=2", "trainer.limit_train_batches=18"]
    output = f"paths.output={tmp_path / 'run'}"
    train(compose("train", [*settings, "+callbacks.estimate.steps=4", output]))
    out = capsys.readouterr().out
    (found,) = LINE.findall(out)  # once, not in each epoch
    _, batches, step, validations = found
    # Eight steps were done by then: three of warm-up, the one that time is taken from, and four.
    assert (int(batches), int(validations)) == (2 * 18 - 8, 2)
    assert float(step) < 5


def test_a_run_too_short_to_tell_says_nothing(compose, tiny_data, tiny_network, tmp_path, capsys):
    train(compose("train", [*tiny_data, *tiny_network, f"paths.output={tmp_path / 'run'}"]))
    assert not LINE.search(capsys.readouterr().out)
