"""A signal ends a training where it can be resumed; training/test_resume.py resumes it."""

import signal
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback

from tracknet.training.callbacks import InterruptCheckpoint, Interrupted

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class SignalIn(Callback):
    """Sends signals while a batch is trained, and notes how far the training came."""

    def __init__(self, batch: int, *numbers: int) -> None:
        self.batch, self.numbers, self.done, self.line = batch, numbers, 0, None

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        self.line = pl_module
        if self.done == self.batch:
            for number in self.numbers:
                signal.raise_signal(number)

    def on_train_batch_end(self, *_) -> None:
        self.done += 1


@pytest.fixture(autouse=True)
def handlers():
    """Whatever happens, the signals mean afterwards what they meant before."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
    before = [signal.getsignal(number) for number in NUMBERS]
    yield
    assert [signal.getsignal(number) for number in NUMBERS] == before


@pytest.fixture
def checkpoints(tmp_path) -> Path:
    return tmp_path / "run" / "checkpoints"


def steps(checkpoints: Path) -> int:
    return torch.load(checkpoints / "last.ckpt", weights_only=True)["global_step"]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_step_is_finished_and_kept(fit, checkpoints, number):
    sender = SignalIn(1, number)
    with pytest.raises(Interrupted, match=rf"continue with: .* resume={checkpoints.parent}$"):
        fit(sender, InterruptCheckpoint(str(checkpoints)))
    assert sender.done == steps(checkpoints) == 2


def test_a_gradient_that_waits_for_more_batches_is_used_first(fit, checkpoints):
    sender = SignalIn(0, signal.SIGINT)
    with pytest.raises(Interrupted):
        fit(sender, InterruptCheckpoint(str(checkpoints)), accumulate_grad_batches=2)
    assert sender.done == 2
    assert steps(checkpoints) == 1


def test_the_last_batch_of_an_epoch_is_validated_first(fit, checkpoints):
    """The epoch's own checkpoint, another callback's, comes then."""
    sender = SignalIn(3, signal.SIGINT)
    with pytest.raises(Interrupted):
        fit(sender, InterruptCheckpoint(str(checkpoints)), num_sanity_val_steps=0)
    assert (sender.done, sender.line.validated) == (4, 1)
    assert not checkpoints.exists()


def test_a_signal_that_is_repeated_is_the_first(fit, checkpoints):
    sender = SignalIn(1, *NUMBERS, *NUMBERS)
    with pytest.raises(Interrupted) as stopped:
        fit(sender, InterruptCheckpoint(str(checkpoints)))
    assert sender.done == steps(checkpoints) == 2
    assert stopped.value.code == 130


def test_a_signal_while_the_last_epoch_is_validated_is_not_lost(fit, checkpoints):
    sender = SignalIn(7, signal.SIGTERM)
    with pytest.raises(Interrupted) as stopped:
        fit(sender, InterruptCheckpoint(str(checkpoints)))
    assert sender.done == 8
    assert stopped.value.code == 143


def test_without_a_signal_nothing_happens(fit, checkpoints):
    fit(InterruptCheckpoint(str(checkpoints)))
    assert not checkpoints.exists()
