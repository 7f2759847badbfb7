"""What is kept is the average of the weights, not where the last step left them."""

import pytest
import torch
from lightning.pytorch import Callback

from tracknet.pipelines.train import train
from tracknet.record import read_checkpoint
from tracknet.training.callbacks.average import warmed_up

DECAY, EVERY = 0.8, 2
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
    settings += [f"callbacks.average.every={EVERY}"]
    train(compose("train", [*settings, f"+callbacks.record={{_target_: {__name__}.Record}}"]))
    average = Record.steps[0]
    for count in range(EVERY, len(Record.steps), EVERY):
        stays = 1 - max(1 - DECAY, 9 / (10 + count))
        average = average.lerp(Record.steps[count], 1 - stays**EVERY)
    saved = read_checkpoint(tmp_path / "checkpoints" / "last.ckpt")
    assert len(Record.steps) == 8
    torch.testing.assert_close(saved["state_dict"][NAME], average)
    torch.testing.assert_close(Record.validated[-1], average)
    assert torch.equal(saved["current_model_state"][NAME], Record.steps[-1])
    assert not torch.equal(average, Record.steps[-1])


@pytest.mark.parametrize(
    ("updates", "every", "expected"),
    [(1, 1, 1 + 9 / 11), (30, 1, 1 + 9 / 40), (15, 2, 2 - 0.775**2), (100_000, 3, 2 - 0.9**3)],
    ids=["first", "warming up", "every other step", "long run"],
)
def test_the_average_reaches_back_further_as_training_goes_on(updates, every, expected):
    averages = [torch.tensor([1.0, 1.0])]
    warmed_up(0.9, every)(averages, [torch.tensor([2.0, 2.0])], torch.tensor(updates))
    torch.testing.assert_close(averages[0], torch.full((2,), expected))


def test_counters_are_not_averaged():
    averages = [torch.tensor(3)]
    warmed_up(0.9, 1)(averages, [torch.tensor(4)], torch.tensor(7))
    assert averages[0] == 4
