"""A training that diverges says so before anything of it is stored."""

import re

import pytest
import torch
from lightning.pytorch import Callback

from tracknet.errors import InputError
from tracknet.pipelines.train import train

REMEDIES = (
    r"try optimizer\.lr=0\.0007 or trainer\.precision=32-true, and begin a new run with the "
    r"weights that are kept, init_from=.*/run/checkpoints/last\.ckpt"
)
NAN = float("nan")


class Poison(Callback):
    """Makes what the network knows not a number, at a moment of a run of epochs of two batches.

    Args:
        hook: Name of the moment.
        step: Steps that were done before.
    """

    def __init__(self, hook: str, step: int) -> None:
        self.step = step
        setattr(self, hook, self._poison)

    def _poison(self, trainer, pl_module, *_) -> None:
        if trainer.global_step == self.step:
            with torch.no_grad():
                pl_module.model.head.logits.bias.fill_(NAN)


@pytest.fixture
def poisoned(compose, tiny_data, tiny_network, tmp_path):
    """Trains with poison, and returns what is said and the steps of the last checkpoint."""

    def run(hook: str, step: int) -> tuple[str, int]:
        poison = f"+callbacks.poison={{_target_: {__name__}.Poison, hook: {hook}, step: {step}}}"
        output = tmp_path / "run"
        settings = [*tiny_data, *tiny_network, "trainer.precision=bf16-mixed", poison]
        with pytest.raises(InputError) as stopped:
            train(compose("train", [*settings, f"paths.output={output}"]))
        last = output / "checkpoints" / "last.ckpt"
        kept = torch.load(last, weights_only=True)["global_step"] if last.exists() else 0
        return str(stopped.value), kept

    return run


def test_it_is_noticed_at_its_step_with_the_windows(poisoned):
    said, kept = poisoned("on_train_batch_start", 3)
    assert said.startswith("the training loss is nan in epoch 1, step 3 (windows: train/match")
    assert said.count(" frames ") == 4
    assert kept == 2, "the epoch before"
    assert re.search(REMEDIES, said)


def test_in_validation_nothing_is_drawn(poisoned):
    said, kept = poisoned("on_validation_epoch_start", 2)
    assert said.startswith("the validation loss is nan in epoch 0, step 2 (windows: val/match")
    assert said.endswith("and begin anew, since there is no checkpoint yet")
    assert kept == 0


@pytest.mark.slow
def test_weights_that_are_not_finite_are_not_stored(poisoned):
    said, kept = poisoned("on_train_epoch_end", 4)
    assert said.startswith("the weights are not finite after step 4 and are not stored; try ")
    assert kept == 2
