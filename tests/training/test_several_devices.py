"""Several devices, here processes of one CPU, do what one device does."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback

from tracknet.errors import InputError
from tracknet.pipelines.train import train
from tracknet.resume import INTERRUPTED

SCRIPT = Path(__file__).parents[2] / "scripts" / "train.py"
WINDOWS, BATCHES, EPOCHS = 12, 3, 14
PATIENCE = 300
"""Seconds after which processes wait for each other in vain."""


class SignalToOne(Callback):
    """Sends the signal of Ctrl-C to the second process alone, in an epoch's first batch."""

    def on_train_batch_start(self, trainer, module, batch, batch_idx) -> None:
        if (trainer.global_rank, trainer.current_epoch, batch_idx) == (1, 1, 0):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """A few windows by heart; without BatchNorm, whose statistics are each device's own."""
    root = tmp_path_factory.mktemp("data")
    return [
        f"paths.synthetic={root / 'synthetic'}",
        f"paths.store={root / 'store'}",
        "data.clips={train: 2, val: 1, test: 1}",
        "data.frames=60",
        "data.size=[64,128]",
        "image_size=[64,128]",
        "backbone=conv",
        "backbone.widths=[8,16,16]",
        "backbone.norm=group",
        "decoder=unet",
        "decoder.norm=group",
        "transform=none",
        f"overfit={WINDOWS}",
        "detail=none",
        "optimizer.lr=5e-3",
        "trainer.accelerator=cpu",
        "trainer.precision=32-true",
        f"trainer.max_epochs={EPOCHS}",
        f"trainer.check_val_every_n_epoch={EPOCHS // 2}",
        "callbacks.early_stopping=null",
        "~logger.tensorboard",
    ]


def launch(run, *settings):
    command = [sys.executable, SCRIPT, *settings, f"hydra.run.dir={run}"]
    paths = {"PYTHONPATH": os.pathsep.join([str(SCRIPT.parents[1]), str(Path(__file__).parent)])}
    done = subprocess.run(
        command, env=os.environ | paths, capture_output=True, text=True, timeout=PATIENCE
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def two(settings, tmp_path_factory):
    """The run of two devices, and what it printed."""
    run = tmp_path_factory.mktemp("two") / "run"
    code, out, err = launch(run, *settings, "batch_size=2", "trainer.devices=2")
    assert code == 0, err
    return run, out


def last(run):
    return torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)


@pytest.mark.slow
def test_two_devices_do_what_one_does_with_batches_twice_as_large(compose, settings, two, tmp_path):
    train(compose("train", [*settings, "batch_size=4", f"paths.output={tmp_path}"]))
    one, both = last(tmp_path), last(two[0])
    assert one["global_step"] == both["global_step"] == EPOCHS * BATCHES
    assert one["tracknet"]["val_f1"] == both["tracknet"]["val_f1"] == 1
    assert one["lr_schedulers"][0]["_last_lr"] == both["lr_schedulers"][0]["_last_lr"]
    for name, value in one["state_dict"].items():
        torch.testing.assert_close(both["state_dict"][name], value, atol=0.02, rtol=0)


@pytest.mark.slow
def test_one_process_writes_and_prints(two):
    run, out = two
    assert json.loads((run / "manifest.json").read_text())["devices"] == 2
    assert json.loads((run / "summary.json").read_text())["val_f1"] == 1
    assert len(list((run / "images").iterdir())) == 2
    header, *rows = (run / "metrics.csv").read_text().splitlines()
    assert "val/f1" in header
    assert not any("val/f1" in row for row in rows)
    for once in ("device      cpu and 1 more, precision 32-true", "next:"):
        assert out.count(once) == 1


@pytest.mark.slow
def test_a_signal_to_one_stops_all_and_the_resumed_run_is_bit_equal(settings, two, tmp_path):
    devices = ["batch_size=2", "trainer.devices=2"]
    stop = "+callbacks.stop={_target_: test_several_devices.SignalToOne}"
    code, _, err = launch(tmp_path, *settings, *devices, stop)
    # Lightning kills a process that outlives another one for long.
    assert code in (*INTERRUPTED, -signal.SIGKILL), err
    assert last(tmp_path)["global_step"] == BATCHES + 1
    own = [setting for setting in settings if setting.startswith("paths")]
    code, _, err = launch(tmp_path, *own, f"resume={tmp_path}", "trust=test_several_devices")
    assert code == 0, err
    expected, resumed = last(two[0]), last(tmp_path)
    for weights in ("state_dict", "current_model_state"):
        for name, value in expected[weights].items():
            assert torch.equal(resumed[weights][name], value), name


def test_fewer_windows_than_the_devices_need_are_refused(compose, settings, tmp_path):
    settings = [*settings, "batch_size=8", "trainer.devices=2", f"paths.output={tmp_path}"]
    message = "2 devices with batch_size=8 each need 16 training windows, there are 12"
    with pytest.raises(InputError, match=message):
        train(compose("train", settings))
