"""experiment=finetune_vit: the backbone rests first and learns later, also over resumes."""

import json
import shutil
import subprocess
import sys
from typing import ClassVar

import pytest
import torch
from lightning.pytorch import Callback

from tracknet.errors import InputError
from tracknet.models import ViTBackbone, ViTBackboneConfig
from tracknet.models.inputs import GAIN
from tracknet.pipelines.train import train

BATCHES = 2
FRESH_PROCESS = """
import sys, numpy, tracknet
predictor = tracknet.load(sys.argv[1])
track = predictor.predict(numpy.zeros((5, 90, 160, 3), numpy.uint8))
print(predictor.network.model.backbone.weights["kind"], len(track))
"""


class Stopped(Exception):
    pass


class Watch(Callback):
    """Notes the backbone's mode at every step; ends the run at one, as a kill would.

    Args:
        stop: The step after which a checkpoint is left and the run ends.
        dirpath: Folder of the checkpoint.
    """

    modes: ClassVar[list[tuple[int, bool]]] = []

    def __init__(self, stop: int, dirpath: str) -> None:
        self.stop, self.dirpath = stop, dirpath

    def on_train_batch_end(self, trainer, pl_module, *_) -> None:
        modules = list(pl_module.model.backbone.modules())
        assert len({module.training for module in modules}) == 1
        self.modes.append((trainer.current_epoch, modules[0].training))
        if trainer.global_step == self.stop:
            trainer.save_checkpoint(f"{self.dirpath}/last.ckpt")
            raise Stopped


@pytest.fixture(scope="module")
def weights(checkpoints, tmp_path_factory):
    """A checkpoint folder of its own, which a test may delete."""
    return shutil.copytree(checkpoints / "dinov3", tmp_path_factory.mktemp("weights") / "dinov3")


@pytest.fixture(scope="module")
def loaded(weights):
    """The backbone's state as it comes from the folder, for five pictures."""
    backbone = ViTBackbone(ViTBackboneConfig(str(weights), strict=True), 15)
    backbone.take_differences(GAIN, 2)
    return backbone.state_dict()


@pytest.fixture(scope="module")
def settings(tiny_data, weights):
    return [
        "experiment=finetune_vit",
        f"backbone.cfg.pretrained_model_name={weights}",
        *tiny_data,
        "decoder.widths=[16,16]",
        f"trainer.limit_train_batches={BATCHES}",
        "callbacks.average.every=1",
    ]


def backbone_of(run):
    state = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    prefix = "model.backbone."
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def changed(run, loaded):
    now = backbone_of(run)
    assert now.keys() == loaded.keys()
    return {name for name in now if not torch.equal(now[name], loaded[name])}


@pytest.mark.slow
def test_frozen_first_then_unfrozen(compose, settings, weights, loaded, tmp_path):
    run = tmp_path / "run"
    settings = [*settings, f"paths.output={run}"]

    def go_on(epochs, stop, *overrides):
        watch = f"{{_target_: {__name__}.Watch, stop: {stop}, dirpath: {run}/checkpoints}}"
        own = [f"trainer.max_epochs={epochs}", f"+callbacks.watch={watch}"]
        train(compose("train", [*settings, *own, *overrides]))

    with pytest.raises(Stopped):
        go_on(2, 3)
    go_on(2, 0, f"resume={run}")  # what is left of the last frozen epoch
    assert changed(run, loaded) == set()
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["weights"]["kind"] == "pretrained"
    assert manifest["weights"]["name"] == str(weights)
    assert manifest["weights"]["mean"] == [0.1, 0.2, 0.3]
    assert manifest["weights"]["config"]["num_register_tokens"] == 4

    shutil.rmtree(weights)  # the checkpoint holds all that is needed to go on
    go_on(3, 0, f"resume={run}")
    assert Watch.modes == [(0, False), (0, False), (1, False), (1, False), (2, True), (2, True)]
    still = loaded.keys() - changed(run, loaded)
    assert all("mask_token" in name for name in still)

    fresh = subprocess.run(
        [sys.executable, "-c", FRESH_PROCESS, run], capture_output=True, text=True
    )
    assert fresh.returncode == 0, fresh.stderr
    assert fresh.stdout == "pretrained 5\n"


def test_without_the_weights_nothing_is_trained(compose, settings, tmp_path):
    missing = "backbone.cfg.pretrained_model_name=nobody/absent"
    with pytest.raises(InputError, match=r"backbone: .*hf download nobody/absent"):
        train(compose("train", [*settings, missing, f"paths.output={tmp_path}"]))
