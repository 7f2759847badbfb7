import re

import pytest

from tracknet.errors import InputWarning
from tracknet.pipelines.train import train
from tracknet.training.callbacks.collapse import remedies

CHOSEN = {
    "detail": {"_target_": "tracknet.models.ConvDetail"},
    "differences": True,
    "transform": {"crop": [96, 160]},
    "optimizer": {"lr": 3e-3},
}


def test_what_is_chosen_already_is_no_remedy():
    assert list(remedies(CHOSEN)) == ["a smaller optimizer.lr (0.001)"]
    assert list(remedies({**CHOSEN, "detail": {}, "differences": False, "transform": {}})) == [
        "detail=conv",
        "differences=true",
        "transform=crop",
        "a smaller optimizer.lr (0.001)",
    ]
    assert next(remedies({**CHOSEN, "transform": {"crop": None}})) == "transform=crop"


def test_black_maps_are_named_with_what_helps(compose, tiny_data, tiny_network, tmp_path):
    # Two batches are far too few: the head's prior is all that there is.
    settings = [*tiny_data, *tiny_network, "detail=none", "trainer.max_epochs=1"]
    with pytest.warns(InputWarning, match=r"no heatmap exceeds 0\.5 .*try detail=conv, ") as caught:
        train(compose("train", [*settings, f"paths.output={tmp_path / 'run'}"]))
    assert any(re.search("debug=overfit", str(warning.message)) for warning in caught)
