"""What a training refuses."""

import pytest

from tracknet.errors import InputError
from tracknet.pipelines.train import train


def test_what_lightning_refuses_is_said_in_a_line(compose, tiny_data, tmp_path):
    few = [*tiny_data, "backbone=conv", "decoder=unet", "trainer.limit_train_batches=0.001"]
    with pytest.raises(InputError, match=r"trainer: .*limit_train_batches"):
        train(compose("train", [*few, f"paths.output={tmp_path}"]))
