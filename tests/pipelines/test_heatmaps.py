import warnings
from functools import partial

import pytest
from lightning.pytorch import Trainer
from omegaconf import OmegaConf

from tracknet.errors import InputError, InputWarning
from tracknet.pipelines.heatmaps import HeatmapTask


@pytest.fixture
def assemble(compose, tiny_data, tmp_path):
    def assembled(*settings):
        cfg = compose("train", [*tiny_data, *settings, f"paths.output={tmp_path}"])
        return HeatmapTask().assemble(
            OmegaConf.to_container(cfg, resolve=True), Trainer(max_epochs=1, logger=False)
        )

    return assembled


def test_pretrained_weights_want_a_gentle_rate(assemble, checkpoints):
    weights = f"backbone.cfg.pretrained_model_name={checkpoints / 'dinov3'}"
    assembled = partial(assemble, "backbone=vit", weights, "decoder.widths=[8,8]")
    with pytest.warns(InputWarning, match=r"lr=0\.002 suits networks from nothing.*lr=1e-4"):
        assembled()
    with warnings.catch_warnings():
        warnings.simplefilter("error", InputWarning)
        assembled("optimizer.lr=1e-4")
        assembled("backbone.cfg.freeze=true")
        assembled("backbone.cfg.use_pretrained=false")


def test_other_venues_need_a_background(assemble):
    settings = ["backbone=conv", "decoder=unet", "transform=venues", "transform.warp.crop=[32,64]"]
    with pytest.raises(InputError, match=r"transform\.backdrop: .*add inputs\.background=true"):
        assemble(*settings)
    assemble(*settings, "inputs.background=true")
