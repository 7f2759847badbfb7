"""Ctrl-C and SIGTERM as a terminal and a scheduler send them: to the whole process group."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parents[2] / "scripts" / "train.py"
STEPS = 3 * 8


@pytest.fixture(scope="module")
def settings(tiny_data, tiny_network):
    return [
        *tiny_data,
        *tiny_network,
        "trainer.max_epochs=3",
        "trainer.limit_train_batches=8",
        "trainer.log_every_n_steps=1",
        "callbacks.pictures=null",
        "~logger.tensorboard",
    ]


def launch(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    paths = {"PYTHONPATH": str(SCRIPT.parents[1])}
    return subprocess.Popen(
        command,
        env=os.environ | paths,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def last(run: Path) -> dict:
    return torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)


@pytest.fixture(scope="module")
def undisturbed(settings, tmp_path_factory):
    run = tmp_path_factory.mktemp("undisturbed") / "run"
    with launch(*settings, f"hydra.run.dir={run}") as training:
        assert training.wait() == 0
    return run


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    "numbers",
    [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT] * 2],
    ids=["Ctrl-C", "SIGTERM", "Ctrl-C twice"],
)
def test_a_signal_leaves_a_run_that_goes_on_as_if_nothing_had_been(
    settings, undisturbed, tmp_path, numbers, workers
):
    moments = random.Random(f"{numbers} {workers}")
    run = tmp_path / "run"
    with launch(*settings, f"num_workers={workers}", f"hydra.run.dir={run}") as training:
        while not (run / "metrics.csv").exists() and training.poll() is None:
            time.sleep(0.02)
        time.sleep(moments.uniform(0, 1.5))
        for number in numbers:
            os.killpg(training.pid, number)
            time.sleep(0.1)
        assert training.stderr is not None
        said = training.stderr.read()
        assert training.wait() == 128 + numbers[0], said
    assert "Traceback" not in said
    assert last(run)["global_step"] <= STEPS

    with launch(f"resume={run}") as training:
        assert training.wait() == 0
    expected, resumed = last(undisturbed), last(run)
    for weights in ("state_dict", "current_model_state"):
        for name, value in expected[weights].items():
            assert torch.equal(resumed[weights][name], value), name
    assert (run / "metrics.csv").read_text() == (undisturbed / "metrics.csv").read_text()
