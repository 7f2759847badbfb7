"""Another kind of training than heatmaps: what `Task` says is all that it owes."""

import json

import torch
from lightning.pytorch import LightningDataModule, LightningModule
from torch import nn
from torch.utils.data import DataLoader

from tracknet.pipelines.task import Training
from tracknet.pipelines.train import train


class Doubling(LightningModule):
    """Learns to double a number."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Linear(1, 1)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.3)

    def training_step(self, x, _):
        return (self.model(x) - 2 * x).square().mean()

    def validation_step(self, x, _):
        self.log("val/f1", 1 - (self.model(x) - 2 * x).abs().mean())


class Numbers(LightningDataModule):
    def train_dataloader(self):
        return DataLoader(torch.linspace(-1, 1, 64)[:, None], 16)

    val_dataloader = train_dataloader


class DoublingTask:
    needs = ()

    def assemble(self, config, trainer, weights=None):
        return Training(None, {}, Numbers(), Doubling())

    def describe(self, config, training, trainer, output):
        print("doubling", config["batch_size"])

    def finish(self, output, training):
        best = torch.load(output / "checkpoints" / "best.ckpt", weights_only=True)
        weight = best["state_dict"]["model.weight"].item()
        (output / "summary.json").write_text(json.dumps({"weight": weight}))
        return {"weight": weight}


def test_a_task_of_ones_own_trains(compose, tmp_path, capsys):
    off = [f"callbacks.{name}=null" for name in ("pictures", "average", "estimate")]
    own = [*off, "trainer.max_epochs=9"]
    target = f"task._target_={__name__}.DoublingTask"
    left_out = ["~head", "~loss", "~scheduler", "trainer.log_every_n_steps=1"]
    figures = train(compose("train", [target, *own, *left_out, f"paths.output={tmp_path}"]))
    assert abs(figures["weight"] - 2) < 0.1
    assert "doubling 8" in capsys.readouterr().out
    assert json.loads((tmp_path / "summary.json").read_text()) == figures
