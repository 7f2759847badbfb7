"""What is kept is the average of the weights, not where the last step left them."""

import pytest
import torch
from lightning.pytorch import Callback

from tracknet.checkpoint import read_checkpoint
from tracknet.pipelines.train import train
from tracknet.training.callbacks.average import warmed_up

DECAY = 0.8
NAME = "model.head.logits.bias"


class Record(Callback):
    """The head's bias after every step, and while validation looks at the network."""

    steps: list[torch.Tensor]
    validated: list[torch.Tensor]

    def __init__(self) -> None:
        Record.steps, Record.validated = [], []

    def on_train_batch_end(self, trainer, pl_module, *_) -> None:
        self.steps.append(pl_module.state_dict()[NAME].clone())

    def on_validation_batch_start(self, trainer, pl_module, *_) -> None:
        self.validated.append(pl_module.state_dict()[NAME].clone())


def test_validation_and_checkpoint_hold_the_average(compose, tiny_data, tiny_network, tmp_path):
    settings = [*tiny_data, *tiny_network, f"paths.output={tmp_path}", "trainer.max_epochs=2"]
    settings += ["trainer.limit_train_batches=4", f"callbacks.average.decay={DECAY}"]
    train(compose("train", [*settings, f"+callbacks.record={{_target_: {__name__}.Record}}"]))
    average = Record.steps[0]
    for count, value in enumerate(Record.steps[1:], 1):
        average = average.lerp(value, max(1 - DECAY, 9 / (10 + count)))
    saved = read_checkpoint(tmp_path / "checkpoints" / "last.ckpt")
    assert len(Record.steps) == 8
    torch.testing.assert_close(saved["state_dict"][NAME], average)
    torch.testing.assert_close(Record.validated[-1], average)
    assert torch.equal(saved["current_model_state"][NAME], Record.steps[-1])
    assert not torch.equal(average, Record.steps[-1])


@pytest.mark.parametrize(
    ("steps", "expected"),
    [(1, 1 + 9 / 11), (90, 1 + 9 / 100), (100_000, 1.1)],
    ids=["first", "warming up", "long run"],
)
def test_the_average_reaches_back_further_as_training_goes_on(steps, expected):
    averages = [torch.tensor([1.0, 1.0])]
    warmed_up(0.9)(averages, [torch.tensor([2.0, 2.0])], torch.tensor(steps))
    torch.testing.assert_close(averages[0], torch.full((2,), max(expected, 1.1)))


def test_counters_are_not_averaged():
    averages = [torch.tensor(3)]
    warmed_up(0.9)(averages, [torch.tensor(4)], torch.tensor(7))
    assert averages[0] == 4
