"""Training and scoring from Python."""

import json
from pathlib import Path

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

import tracknet
from tracknet.api import overrides_of
from tracknet.errors import InputError

TINY = {
    "backbone": "conv",
    "decoder": "unet",
    "transform": "standard",
    "backbone.widths": (8, 16, 16),
    "image_size": [64, 128],
    "data": "synthetic",
    "data.clips": {"train": 2, "val": 1, "test": 1},
    "data.frames": 24,
    "data.size": [90, 160],
    "batch_size": 4,
    "trainer": {"max_epochs": 1, "limit_train_batches": 2},
}


@pytest.fixture
def paths(tiny_data):
    given = (setting.split("=") for setting in tiny_data if setting.startswith("paths"))
    return dict(given)


def test_a_network_is_trained_gone_on_with_and_scored(paths, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run, figures = tracknet.train(**TINY, **paths)
    assert run.parent == Path("outputs/train")
    assert figures == json.loads((run / "summary.json").read_text())
    assert OmegaConf.load(run / "config.yaml").trainer.max_epochs == 1
    again, figures = tracknet.train(resume=run, trainer={"max_epochs": 2}, **paths)
    assert (again, figures["epoch"] in (0, 1)) == (run, True)
    assert OmegaConf.load(run / "config.yaml").backbone.widths == [8, 16, 16]
    metrics = tracknet.evaluate(run, run / "test", threshold=0.5, tracking="none", **paths)
    assert metrics == json.loads((run / "test" / "metrics.json").read_text())
    assert metrics["facts"]["tracking"] == "none"
    assert len(tracknet.load(run).predict(np.zeros((6, 90, 160, 3), np.uint8))) == 6


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"bakbone": "conv"}, "bakbone"),
        ({"backbone": "conw"}, "conw"),
        ({"trainer": {"max_epoch": 3}}, "trainer.max_epoch"),
        ({"frames": 99}, "frames=99"),
        ({"seed": object()}, "seed: a object; expected text"),
        ({"resume": "nowhere"}, "resume=nowhere"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value[:20],
)
def test_what_is_no_setting_is_one_sentence(tmp_path, monkeypatch, settings, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=said) as refused:
        tracknet.train(**settings)
    assert "\n" not in str(refused.value)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "value",
    [
        *("Match (1).mp4", "a=b,c", "[x]", "it's", "back\\slash\\", "", "12", "true", "null"),
        *("ünter wegs", "~home", "a: b", '"quoted"', "a#b", "{x}", "1e3"),
        *(7, -0.5, 1e-9, True, None, [1, "a b", None], {"train": 2, "val": [1]}, []),
    ],
    ids=repr,
)
def test_every_value_arrives_as_it_is(value):
    (override,) = overrides_of({"some.key": value})
    parsed = OverridesParser.create().parse_override(override)
    assert (parsed.key_or_group, parsed.value()) == ("some.key", value)


def test_scalars_and_paths_of_others():
    settings = {"seed": np.int64(7), "ckpt": Path("a b"), "trainer": {"max_epochs": 3}}
    assert overrides_of(settings) == ["seed=7", "ckpt='a b'", "trainer.max_epochs=3"]
