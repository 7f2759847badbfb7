import warnings

import pytest
from lightning.pytorch import Trainer
from omegaconf import OmegaConf

from tracknet.errors import InputWarning
from tracknet.pipelines.heatmaps import HeatmapTask


def test_pretrained_weights_want_a_gentle_rate(compose, tiny_data, checkpoints, tmp_path):
    weights = f"backbone.cfg.pretrained_model_name={checkpoints / 'dinov3'}"
    settings = [*tiny_data, "backbone=vit", weights, "decoder.widths=[8,8]"]

    def assembled(*own):
        cfg = compose("train", [*settings, *own, f"paths.output={tmp_path}"])
        return HeatmapTask().assemble(
            OmegaConf.to_container(cfg, resolve=True), Trainer(max_epochs=1, logger=False)
        )

    with pytest.warns(InputWarning, match=r"lr=0\.002 suits networks from nothing.*lr=1e-4"):
        assembled()
    with warnings.catch_warnings():
        warnings.simplefilter("error", InputWarning)
        assembled("optimizer.lr=1e-4")
        assembled("backbone.cfg.freeze=true")
        assembled("backbone.cfg.use_pretrained=false")
