"""The best network stays the best when a run's folder moves."""

import shutil

import pytest
import torch
from lightning.pytorch import Callback

from tracknet.pipelines.train import train
from tracknet.record import read_checkpoint


class SetF1(Callback):
    """Decides how good every validation is."""

    def __init__(self, value: float) -> None:
        self.value = value

    def on_validation_end(self, trainer, module) -> None:
        trainer.callback_metrics["val/f1"] = torch.tensor(self.value)


def run(compose, settings, output, f1, *own):
    stop = f"+callbacks.f1={{_target_: {__name__}.SetF1, value: {f1}}}"
    train(compose("train", [*settings, f"paths.output={output}", stop, *own]))
    return read_checkpoint(output / "checkpoints" / "best.ckpt")["epoch"]


@pytest.mark.slow
def test_a_run_that_was_moved_keeps_its_best(compose, tiny_data, tiny_network, tmp_path):
    settings = [*tiny_data, *tiny_network, "callbacks.pictures=null"]
    first, moved, other = (tmp_path / name for name in ("first", "moved", "other"))
    assert run(compose, settings, first, 0.5, "trainer.max_epochs=1") == 0
    shutil.move(first, moved)
    assert run(compose, settings, moved, 0.4, "trainer.max_epochs=2", f"resume={moved}") == 0
    assert run(compose, settings, moved, 0.6, "trainer.max_epochs=3", f"resume={moved}") == 2
    # A new run that begins with this one's weights has a best of its own.
    begun = f"ckpt_path={moved / 'checkpoints' / 'last.ckpt'}"
    assert run(compose, settings, other, 0.3, "trainer.max_epochs=4", begun) == 3
