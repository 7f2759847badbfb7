"""A run that was interrupted and resumed is the run that was not, bit for bit."""

import json
import os
import shutil
import signal

import pytest
import torch
from lightning.pytorch import Callback

from tracknet.errors import InputError, InputWarning
from tracknet.locks import take
from tracknet.pipelines.train import train
from tracknet.record import CheckpointError, find_checkpoint
from tracknet.training.callbacks import Interrupted
from tracknet.training.loggers import forget_after

EPOCHS, BATCHES = 3, 3


class InterruptAt(Callback):
    """Sends the signal of Ctrl-C while a certain batch of the run is trained."""

    def __init__(self, batch: int) -> None:
        self.batch = batch

    def on_train_batch_start(self, trainer, module, batch, batch_idx) -> None:
        if trainer.current_epoch * BATCHES + batch_idx == self.batch:
            os.kill(os.getpid(), signal.SIGINT)


class TimeIsOverAt(Callback):
    """Ends the training at a certain batch, as a limit of time does."""

    def __init__(self, batch: int) -> None:
        self.batch = batch

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx) -> None:
        if trainer.current_epoch * BATCHES + batch_idx == self.batch:
            trainer.should_stop = True


class KillWorkerAt(Callback):
    """Kills a process that reads training windows while a certain batch is trained."""

    def __init__(self, batch: int) -> None:
        self.batch = batch

    def on_train_batch_start(self, trainer, module, batch, batch_idx) -> None:
        if trainer.current_epoch * BATCHES + batch_idx == self.batch:
            os.kill(trainer.train_dataloader._iterator._workers[0].pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def settings(tiny_data):
    return [
        *tiny_data,
        "backbone=conv",
        "backbone.widths=[8,16,16]",
        "decoder=unet",
        "transform=strong",
        "transform.warp.crop=[32,64]",
        "num_workers=2",
        f"trainer.max_epochs={EPOCHS}",
        f"trainer.limit_train_batches={BATCHES}",
        "trainer.log_every_n_steps=1",
        "callbacks.estimate.steps=1",
        "callbacks.early_stopping=null",
        "callbacks.pictures=null",
    ]


@pytest.fixture(scope="module")
def undisturbed(compose, settings, tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed")
    train(compose("train", [*settings, f"paths.output={output}"]))
    return output


def last(output):
    return torch.load(output / "checkpoints" / "last.ckpt", weights_only=True)


def check_equal(expected_run, resumed_run):
    """Weights, averages, optimizer, learning rate and figures are those of the other run."""
    expected, resumed = last(expected_run), last(resumed_run)
    assert resumed["global_step"] == expected["global_step"]
    assert resumed["lr_schedulers"][0]["_last_lr"] == expected["lr_schedulers"][0]["_last_lr"]
    for weights in ("state_dict", "current_model_state"):
        for name, value in expected[weights].items():
            assert torch.equal(resumed[weights][name], value), name
    for mine, theirs in zip(
        resumed["optimizer_states"][0]["state"].values(),
        expected["optimizer_states"][0]["state"].values(),
        strict=True,
    ):
        assert torch.equal(mine["exp_avg_sq"], theirs["exp_avg_sq"])
    assert (resumed_run / "metrics.csv").read_text() == (expected_run / "metrics.csv").read_text()


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(2 * BATCHES - 1, id="epoch end", marks=pytest.mark.slow),
        pytest.param(2 * BATCHES + 1, id="middle"),
    ],
)
def test_resumed_run_is_bit_equal(compose, settings, undisturbed, tmp_path, step):
    settings = [*settings, f"paths.output={tmp_path}"]
    stop = f"+callbacks.stop={{_target_: {__name__}.InterruptAt, batch: {step}}}"
    with pytest.raises(Interrupted, match="resume="):
        train(compose("train", [*settings, stop]))
    assert last(tmp_path)["global_step"] == step + 1
    train(compose("train", [*settings, f"resume={tmp_path}"]))
    assert last(tmp_path)["global_step"] == EPOCHS * BATCHES
    check_equal(undisturbed, tmp_path)


def test_a_run_that_time_ended_within_an_epoch_goes_on_there(
    compose, settings, undisturbed, tmp_path
):
    settings = [*settings, "num_workers=0", f"paths.output={tmp_path}"]
    stop = f"+callbacks.stop={{_target_: {__name__}.TimeIsOverAt, batch: {BATCHES + 1}}}"
    figures = train(compose("train", [*settings, stop]))
    assert last(tmp_path)["global_step"] == BATCHES + 2
    assert find_checkpoint(tmp_path).is_file()
    assert "val_f1" in figures
    train(compose("train", [*settings, f"resume={tmp_path}"]))
    check_equal(undisturbed, tmp_path)


@pytest.mark.slow
def test_a_killed_worker_costs_no_step(compose, settings, undisturbed, tmp_path):
    settings = [*settings, "num_workers=1", f"paths.output={tmp_path}"]
    stop = f"+callbacks.stop={{_target_: {__name__}.KillWorkerAt, batch: {BATCHES}}}"
    with pytest.raises(InputError, match="a process that reads windows has ended"):
        train(compose("train", [*settings, stop]))
    assert last(tmp_path)["global_step"] == BATCHES + 1
    train(compose("train", [*settings, f"resume={tmp_path}"]))
    check_equal(undisturbed, tmp_path)


def test_a_run_that_was_killed_logs_nothing_twice(compose, settings, undisturbed, tmp_path):
    """The rows of the steps after its last checkpoint are there, and the last of them is cut."""
    run = shutil.copytree(undisturbed, tmp_path / "run")
    (run / "checkpoints" / "previous.ckpt").replace(run / "checkpoints" / "last.ckpt")
    file = run / "metrics.csv"
    file.write_text(file.read_text()[:-9])
    train(compose("train", [*settings, "num_workers=0", f"paths.output={run}", f"resume={run}"]))
    check_equal(undisturbed, run)


def test_a_finished_run_prints_its_figures_again(compose, settings, undisturbed, tmp_path):
    run = shutil.copytree(undisturbed, tmp_path / "run")
    before = last(run)["global_step"], (run / "metrics.csv").read_text()
    summary = json.loads((run / "summary.json").read_text())
    settings = [*settings, f"paths.output={run}", f"resume={run}"]
    for fewer in ([], ["trainer.max_epochs=1"]):
        with pytest.warns(InputWarning, match=f"all {EPOCHS} epochs are trained already"):
            assert train(compose("train", [*settings, *fewer])) == summary
    assert (last(run)["global_step"], (run / "metrics.csv").read_text()) == before


@pytest.mark.slow
def test_a_run_that_stopped_early_stays_so_unless_it_gets_more_patience(
    compose, tiny_data, tiny_network, tmp_path
):
    settings = [*tiny_data, *tiny_network, "trainer.max_epochs=3", f"paths.output={tmp_path}"]
    settings += ["optimizer.lr=1e-12", "callbacks.pictures=null", "callbacks.average=null"]
    patience = "callbacks.early_stopping.patience="
    train(compose("train", [*settings, f"{patience}1"]))
    assert last(tmp_path)["global_step"] == 4
    settings.append(f"resume={tmp_path}")
    with pytest.warns(InputWarning, match=r"not become better in 1 validations, .*patience=<more>"):
        train(compose("train", [*settings, f"{patience}1"]))
    assert last(tmp_path)["global_step"] == 4
    train(compose("train", [*settings, f"{patience}3"]))
    assert last(tmp_path)["global_step"] == 6


def test_a_run_directory_belongs_to_one_training(compose, settings, undisturbed):
    lock = take(undisturbed / ".lock")
    assert lock is not None
    before = (undisturbed / "config.yaml").read_text()
    again = [*settings, f"paths.output={undisturbed}", f"resume={undisturbed}"]
    try:
        with pytest.raises(InputError, match="another training is at work there; wait for its end"):
            train(compose("train", [*again, "optimizer.lr=1"]))
    finally:
        lock.release()
    assert (undisturbed / "config.yaml").read_text() == before


@pytest.mark.slow  # of a network of one weight: callbacks/test_interrupt.py
def test_an_interrupt_waits_for_the_gradient_to_be_used(compose, settings, tmp_path):
    settings = [*settings, "num_workers=0", "trainer.max_epochs=2"]
    settings += ["trainer.accumulate_grad_batches=2"]
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


@pytest.mark.slow  # that it is refused within an epoch: ../test_resume.py
def test_the_batch_size_may_change_between_epochs_only(compose, settings, tmp_path):
    settings = [*settings, "num_workers=0", f"paths.output={tmp_path}"]
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


@pytest.mark.slow
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


TAMPERED = {
    "config": lambda c: c["tracknet"]["config"].update(trainer=5),
    "step": lambda c: c.pop("global_step"),
    "loops": lambda c: c.update(loops={"fit_loop": 5}),
    "callbacks": lambda c: c.update(callbacks=5),
    "optimizer": lambda c: c.update(optimizer_states=[5]),
    "average": lambda c: c.update(averaging_state={"x": 5}),
    "version": lambda c: c.pop("pytorch-lightning_version"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", TAMPERED)
def test_a_state_that_was_tampered_with_is_one_sentence(
    compose, settings, undisturbed, tmp_path, what
):
    run = shutil.copytree(undisturbed, tmp_path / "run")
    (run / "checkpoints" / "previous.ckpt").unlink()
    checkpoint = last(run)
    TAMPERED[what](checkpoint)
    torch.save(checkpoint, run / "checkpoints" / "last.ckpt")
    more = [f"paths.output={run}", f"resume={run}", "trainer.max_epochs=9", "num_workers=0"]
    with pytest.raises(InputError, match=r"checkpoints") as refused:
        train(compose("train", [*settings, *more]))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", ["", "epoch\n1\n", "step,a\nx,1\n", "\xff\0"])
def test_figures_that_are_no_table_are_put_aside(tmp_path, content):
    file = tmp_path / "metrics.csv"
    file.write_text(content, encoding="latin-1")
    forget_after(file, 3, False, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.csv.damaged"]
