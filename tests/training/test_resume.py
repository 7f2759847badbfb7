"""A run that was interrupted and resumed is the run that was not, bit for bit."""

import os
import signal

import pytest
import torch
from lightning.pytorch import Callback

from tracknet.errors import InputError
from tracknet.pipelines.train import train
from tracknet.record import CheckpointError
from tracknet.training.callbacks import Interrupted

EPOCHS, BATCHES = 4, 3


class InterruptAt(Callback):
    """Sends the signal of Ctrl-C while a certain batch of the run is trained."""

    def __init__(self, batch: int) -> None:
        self.batch = batch

    def on_train_batch_start(self, trainer, module, batch, batch_idx) -> None:
        if trainer.current_epoch * BATCHES + batch_idx == self.batch:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def settings(tiny_data):
    return [
        *tiny_data,
        "backbone=conv",
        "decoder=unet",
        "transform=strong",
        "transform.warp.crop=[32,64]",
        "num_workers=2",
        f"trainer.max_epochs={EPOCHS}",
        f"trainer.limit_train_batches={BATCHES}",
        "trainer.log_every_n_steps=1",
        "callbacks.estimate.steps=1",
        "callbacks.early_stopping=null",
    ]


@pytest.fixture(scope="module")
def undisturbed(compose, settings, tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed")
    train(compose("train", [*settings, f"paths.output={output}"]))
    return output


def last(output):
    return torch.load(output / "checkpoints" / "last.ckpt", weights_only=True)


@pytest.mark.parametrize("step", [2 * BATCHES - 1, 2 * BATCHES + 1], ids=["epoch end", "middle"])
def test_resumed_run_is_bit_equal(compose, settings, undisturbed, tmp_path, step):
    settings = [*settings, f"paths.output={tmp_path}"]
    stop = f"+callbacks.stop={{_target_: {__name__}.InterruptAt, batch: {step}}}"
    with pytest.raises(Interrupted, match="resume="):
        train(compose("train", [*settings, stop]))
    assert last(tmp_path)["global_step"] == step + 1
    train(compose("train", [*settings, f"resume={tmp_path}"]))

    expected, resumed = last(undisturbed), last(tmp_path)
    assert resumed["global_step"] == expected["global_step"] == EPOCHS * BATCHES
    for weights in ("state_dict", "current_model_state"):
        for name, value in expected[weights].items():
            assert torch.equal(resumed[weights][name], value), name
    for mine, theirs in zip(
        resumed["optimizer_states"][0]["state"].values(),
        expected["optimizer_states"][0]["state"].values(),
        strict=True,
    ):
        assert torch.equal(mine["exp_avg_sq"], theirs["exp_avg_sq"])


def test_an_interrupt_waits_for_the_gradient_to_be_used(compose, settings, tmp_path):
    settings = [*settings, "num_workers=0", "trainer.max_epochs=2"]
    settings += ["trainer.accumulate_grad_batches=2", "callbacks.pictures=null"]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train(compose("train", [*settings, f"paths.output={whole}"]))
    settings.append(f"paths.output={cut}")
    stop = f"+callbacks.stop={{_target_: {__name__}.InterruptAt, batch: {BATCHES}}}"
    with pytest.raises(Interrupted):
        train(compose("train", [*settings, stop]))
    assert last(cut)["global_step"] == 3, "of the two batches of an epoch's first step, the second"
    train(compose("train", [*settings, f"resume={cut}"]))
    expected, resumed = last(whole)["state_dict"], last(cut)["state_dict"]
    assert all(torch.equal(resumed[name], expected[name]) for name in expected)


def test_the_batch_size_may_change_between_epochs_only(compose, settings, tmp_path):
    settings = [*settings, "num_workers=0", f"paths.output={tmp_path}", "callbacks.pictures=null"]
    stop = f"+callbacks.stop={{_target_: {__name__}.InterruptAt, batch: 1}}"
    with pytest.raises(Interrupted):
        train(compose("train", [*settings, stop]))
    settings.append(f"resume={tmp_path}")
    message = r"batch_size=4 -> 2: .*resume= .* epoch 0, .* 2 batches of 4; keep .*max_epochs=1"
    with pytest.raises(InputError, match=message):
        train(compose("train", [*settings, "batch_size=2"]))
    train(compose("train", [*settings, "trainer.max_epochs=1"]))
    whole = ["batch_size=2", "trainer.max_epochs=2", "trainer.limit_train_batches=1.0"]
    train(compose("train", [*settings, *whole]))
    assert last(tmp_path)["global_step"] == BATCHES + 40 // 2


def test_resumed_run_keeps_its_figures(compose, settings, tmp_path):
    settings = [*settings, f"paths.output={tmp_path}"]
    train(compose("train", [*settings, "trainer.max_epochs=1"]))
    first = (tmp_path / "metrics.csv").read_text().splitlines()
    train(compose("train", [*settings, "trainer.max_epochs=2", f"resume={tmp_path}"]))
    second = (tmp_path / "metrics.csv").read_text().splitlines()
    assert len(first) > 1
    assert second[: len(first)] == first
    assert len(second) > len(first)


def test_a_checkpoint_of_another_network_is_refused(compose, settings, undisturbed, tmp_path):
    checkpoint = undisturbed / "checkpoints" / "last.ckpt"
    other = ["backbone.widths=[8,8]", f"ckpt_path={checkpoint}", f"paths.output={tmp_path}"]
    message = r"ckpt_path= .* these differ: backbone.widths: \[.*\] -> \[8, 8\]"
    with pytest.raises(ValueError, match=message):
        train(compose("train", [*settings, *other]))
    assert not (tmp_path / "checkpoints").exists()
    beside = ["backbone.widths=[8,8]", "ckpt_path=last", f"paths.output={undisturbed}"]
    with pytest.raises(ValueError, match=message):
        train(compose("train", [*settings, *beside]))


def test_a_checkpoint_that_is_not_there_is_said_before_the_data_is_read(compose, tmp_path):
    absent = ["data=shuttlecock", "data.root=absent", f"paths.output={tmp_path}"]
    with pytest.raises(CheckpointError, match=r"lost\.ckpt: no such checkpoint"):
        train(compose("train", [*absent, f"ckpt_path={tmp_path / 'lost.ckpt'}"]))


def test_another_network_is_refused(compose, settings, undisturbed):
    changed = [*settings, f"paths.output={undisturbed}", f"resume={undisturbed}"]
    before = (undisturbed / "config.yaml").read_text()
    with pytest.raises(ValueError, match=r"heatmap_stride: 4 -> 2"):
        train(compose("train", [*changed, "heatmap_stride=2"]))
    assert (undisturbed / "config.yaml").read_text() == before
