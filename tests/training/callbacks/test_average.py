"""What is kept is the average of the weights, not where the last step left them."""

import pytest
import torch
from lightning.pytorch import Callback

from tracknet.pipelines.train import train
from tracknet.record import read_checkpoint
from tracknet.training.callbacks.average import renew, share

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
    before = 0
    for count in (2, 3, 4, 6, 7):  # every other step, and the last one of an epoch
        stays = 1 - max(1 - DECAY, 9 / (10 + count))
        average = average.lerp(Record.steps[count], 1 - stays ** (count - before))
        before = count
    saved = read_checkpoint(tmp_path / "checkpoints" / "last.ckpt")
    assert len(Record.steps) == 8
    torch.testing.assert_close(saved["state_dict"][NAME], average)
    torch.testing.assert_close(Record.validated[-1], average)
    assert torch.equal(saved["current_model_state"][NAME], Record.steps[-1])
    assert not torch.equal(average, Record.steps[-1])


@pytest.mark.parametrize(
    ("done", "steps", "expected"),
    [(1, 1, 9 / 11), (30, 1, 9 / 40), (30, 2, 1 - 0.775**2), (300_000, 3, 1 - 0.9**3)],
    ids=["first", "warming up", "every other step", "long run"],
)
def test_the_average_reaches_back_further_as_training_goes_on(done, steps, expected):
    assert share(0.9, done, steps) == pytest.approx(expected)


def test_an_average_moves_towards_the_values_and_counters_are_not_averaged():
    averages, counters = [torch.tensor([1.0, 1.0])], [torch.tensor(3)]
    renew(averages, [torch.tensor([2.0, 2.0])], 0.25)
    renew(counters, [torch.tensor(4)], 0.25)
    assert torch.equal(averages[0], torch.tensor([1.25, 1.25]))
    assert counters[0] == 4
