import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tracknet.pipelines.train import train
from tracknet.training.callbacks import TimeLimit
from tracknet.training.callbacks.estimate import describe, spoken

LINE = re.compile(
    r"time +at most (\d+) s, until \d\d:\d\d: ([\d,]+) batches of ([\d.]+) s, (\d+) validations of "
    r"\d+ s, and thresholds, \d+ s"
)
MODULE = SimpleNamespace(
    model=SimpleNamespace(frames=5), validation=SimpleNamespace(clips=[range(60)] * 2)
)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (99, "99 s"), (100, "2 min"), (5400, "90 min"), (6000, "1 h 40 min")],
)
def test_durations_are_spoken(seconds, said):
    assert spoken(seconds) == said


def trainer(**own):
    """What is asked of a trainer after 10 of an epoch's 100 batches, the second of four epochs."""
    usual = {
        "max_epochs": 4,
        "current_epoch": 1,
        "fit_loop": SimpleNamespace(batch_idx=9),
        "max_steps": -1,
        "global_step": 110,
        "accumulate_grad_batches": 1,
        "callbacks": [],
        "val_check_batch": 100,
        "check_val_every_n_epoch": 1,
        "num_training_batches": 100,
        "num_val_batches": [3],
    }
    return SimpleNamespace(**{**usual, **own})


@pytest.mark.parametrize(
    ("own", "batches", "validations", "seconds"),
    [
        ({}, 290, 3, 29 + (3 * 24 + 120) * 0.25),
        ({"check_val_every_n_epoch": 3}, 290, 1, 29 + (24 + 120) * 0.25),
        ({"val_check_batch": 50}, 290, 6, 29 + (6 * 24 + 120) * 0.25),
        ({"check_val_every_n_epoch": None, "val_check_batch": 145}, 290, 2, 29 + (48 + 120) * 0.25),
        ({"max_steps": 160}, 50, 1, 5 + (24 + 120) * 0.25),
        ({"max_steps": 120, "accumulate_grad_batches": 4}, 40, 1, 4 + (24 + 120) * 0.25),
        ({"num_val_batches": [1]}, 290, 3, 29 + (3 * 8 + 120) * 0.25),
        ({"callbacks": [TimeLimit(timedelta(seconds=5))]}, 50, 1, 5 + (24 + 120) * 0.25),
    ],
    ids=[
        "every epoch",
        "every third",
        "twice an epoch",
        "every 145 batches",
        "max_steps",
        "accumulated",
        "one validation batch",
        "max_time",
    ],
)
def test_what_is_left_is_counted(own, batches, validations, seconds):
    ((said, number, step, checks),) = LINE.findall(describe(trainer(**own), MODULE, 0.1, 0.25, 8))
    assert (int(number), int(checks), float(step)) == (batches, validations, 0.1)
    assert int(said) == pytest.approx(seconds, abs=1)


def test_a_run_says_how_long_it_takes_after_its_first_batches(
    compose, tiny_data, tiny_network, tmp_path, capsys
):
    settings = [*tiny_data, *tiny_network, "batch_size=2", "trainer.limit_train_batches=18"]
    output = f"paths.output={tmp_path / 'run'}"
    train(compose("train", [*settings, "callbacks.estimate.steps=4", output]))
    ((_, batches, _, validations),) = LINE.findall(capsys.readouterr().out)  # once
    assert (int(batches), int(validations)) == (2 * 18 - 3 - 4, 2)
