import pytest

from tracknet.errors import InputWarning
from tracknet.pipelines.train import train
from tracknet.training.callbacks.collapse import remedies

CHOSEN = {
    "detail": {"_target_": "tracknet.models.ConvDetail"},
    "inputs": {"differences": True},
    "transform": {"warp": {"crop": [96, 160]}},
    "overfit": None,
    "optimizer": {"lr": 3e-3},
}
ALWAYS = ["optimizer.lr=0.001", "more steps (trainer.max_epochs)"]


def test_what_is_chosen_already_is_no_remedy():
    assert list(remedies(CHOSEN)) == ALWAYS
    bare = {**CHOSEN, "detail": {}, "inputs": {"differences": False}, "transform": {}}
    assert list(remedies(bare)) == [
        "detail=conv",
        "inputs.differences=true",
        "transform=crop",
        *ALWAYS,
    ]
    assert next(remedies({**CHOSEN, "transform": {"warp": {"crop": None}}})) == "transform=crop"
    by_heart = {**CHOSEN, "transform": {}, "overfit": 4, "optimizer": {}}
    assert list(remedies(by_heart)) == ALWAYS[1:]


def test_black_maps_are_named_with_what_helps(compose, tiny_data, tiny_network, tmp_path):
    # Two batches are far too few: the head's prior is all that there is.
    settings = [*tiny_data, *tiny_network, "detail=none", "trainer.max_epochs=1"]
    message = r"no heatmap exceeds 0\.5 .*try detail=conv, .*or debug=overfit: can it learn"
    with pytest.warns(InputWarning, match=message):
        train(compose("train", [*settings, f"paths.output={tmp_path / 'run'}"]))
