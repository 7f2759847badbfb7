"""What the training module does beside the loss."""

from pathlib import Path

import torch
from lightning.pytorch import Trainer
from omegaconf import OmegaConf

import tracknet.training
from tracknet.pipelines.heatmaps import HeatmapTask


def test_what_a_step_draws_depends_on_its_number_alone(compose, tiny_data, tmp_path):
    """So that dropout repeats after a resume."""
    settings = [*tiny_data, "backbone=conv", "decoder=unet", f"paths.output={tmp_path}"]
    config = compose("train", settings)
    module = (
        HeatmapTask()
        .assemble(OmegaConf.to_container(config, resolve=True), Trainer(max_epochs=1, logger=False))
        .module
    )
    module.on_train_batch_start()
    first = torch.rand(4)
    torch.rand(7)
    module.on_train_batch_start()
    assert torch.equal(torch.rand(4), first)


def test_training_knows_nothing_of_the_trainers_data():
    for file in Path(tracknet.training.__file__).parent.rglob("*.py"):
        assert "trainer.datamodule" not in file.read_text(), file.name
