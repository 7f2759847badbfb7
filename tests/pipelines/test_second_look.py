"""A second look, trained at what another run finds, and used."""

import json
from typing import Any

import numpy as np
import pytest
import torch

import tracknet
from tracknet.errors import InputError
from tracknet.pipelines.adapt import adapt
from tracknet.pipelines.evaluate import evaluate
from tracknet.pipelines.export import export
from tracknet.pipelines.initialise import initialise
from tracknet.pipelines.train import train
from tracknet.record import CheckpointError, Record, find_checkpoint, read_checkpoint, rewrite

BIAS = "model.head.logits.bias"
CERTAIN = [
    *("selection.score=0", "selection.frames=2", "selection.travel=0", "selection.turn=1"),
    *("selection.reach=1", "tolerance=1", "trainer.max_epochs=1", "trainer.limit_train_batches=2"),
]
"""Settings of an adaptation that takes and keeps anything."""


@pytest.fixture(scope="module")
def settings(tiny_data):
    """All but the first network, the folder and the length of the training."""
    data = [setting for setting in tiny_data if not setting.startswith(("image_size", "batch"))]
    return ["experiment=second_look", *data, "backbone.widths=[8,16]", "batch_size=8"]


@pytest.fixture(scope="module")
def first(tiny_run, tmp_path_factory):
    """A network that takes much for a ball."""
    checkpoint = read_checkpoint(tiny_run)
    checkpoint["state_dict"][BIAS] += 4
    file = tmp_path_factory.mktemp("first") / "first.ckpt"
    rewrite(file, checkpoint)
    return file


@pytest.fixture(scope="module")
def looking(compose, settings, first, tmp_path_factory):
    """A finished run whose second look saw three batches."""
    output = tmp_path_factory.mktemp("look") / "run"
    few = ["trainer.max_epochs=1", "trainer.limit_train_batches=3"]
    own = [f"task.first={first}", f"paths.output={output}"]
    train(compose("train", [*settings, *few, *own]))
    return output


def test_where_the_first_one_finds_nothing_there_is_nothing_to_look_at(
    compose, settings, tiny_run, tmp_path
):
    own = [f"task.first={tiny_run}", f"paths.output={tmp_path}"]
    with pytest.raises(InputError, match=r"finds nothing in split val.*train it longer"):
        train(compose("train", [*settings, *own]))


def test_the_run_is_a_tracker_of_two_networks(looking, first):
    whole = read_checkpoint(looking)
    assert find_checkpoint(looking).name == "tracker.ckpt"
    assert not (looking / "reels").exists()
    record, one = Record.of(whole), Record.of(read_checkpoint(first))
    assert record.config == one.config
    assert Record.of(whole["look"]).config["image_size"] == [64, 64]
    figures = json.loads((looking / "summary.json").read_text())
    assert record.thresholds == one.thresholds | {"look": figures["threshold"]}
    assert record.val_f1 == figures["val_f1"]
    for name, value in read_checkpoint(first)["state_dict"].items():
        torch.testing.assert_close(whole["state_dict"][name], value)


def test_each_network_begins_with_its_own_weights(looking):
    finder: Any = tracknet.load(looking, device="cpu")
    networks = finder.network.model, finder.look.network.model
    for network, second in zip(networks, (False, True), strict=True):
        count = len(network.state_dict())
        with torch.no_grad():
            network.head.logits.bias += 1
        said = initialise(network, looking, second)
        assert said[0].startswith(f"weights     {count} of {count} tensors")
        whole = read_checkpoint(looking)
        own = whole["look"] if second else whole
        torch.testing.assert_close(network.head.logits.bias.data, own["state_dict"][BIAS])


def test_best_looks_twice_and_fast_once(looking):
    finder = tracknet.load(looking)
    assert finder.look
    assert finder.look.image_size == (128, 256)
    assert finder.overlap == "none"
    assert finder.live
    assert finder.live.look is None
    assert tracknet.load(looking, quality="fast").look is None


def test_each_has_the_threshold_that_was_chosen_for_it(looking, tmp_path):
    whole = read_checkpoint(looking)
    whole["tracknet"]["thresholds"] = {"none": 0.3, "mean": 0.4, "look": 0.7}
    rewrite(tmp_path / "a.ckpt", whole)
    finder = tracknet.load(tmp_path / "a.ckpt")
    assert (finder.threshold, finder.live.threshold) == (0.7, 0.3)
    assert tracknet.load(tmp_path / "a.ckpt", quality="fast", overlap="mean").threshold == 0.4


def test_the_threshold_is_that_of_the_path(looking, compose, tmp_path):
    figures = json.loads((looking / "summary.json").read_text())
    own = [f"ckpt={looking}", "split=val"]
    f1 = {
        value: evaluate(
            compose(
                "evaluate", [*own, f"threshold={value}", f"paths.output={tmp_path / str(value)}"]
            )
        )["protocols"]["strict"]["f1"]
        for value in (0.3, 0.5, 0.7, figures["threshold"])
    }
    assert max(f1.values()) == f1[figures["threshold"]] == pytest.approx(figures["val_f1"])


def test_by_itself_it_is_no_tracker(looking):
    with pytest.raises(CheckpointError, match=r"best\.ckpt: looks at what another.*resume="):
        tracknet.load(looking / "checkpoints" / "best.ckpt")


def test_it_is_scored_as_it_predicts(looking, compose, tmp_path):
    scored = evaluate(
        compose("evaluate", [f"ckpt={looking}", "split=val", f"paths.output={tmp_path / 'val'}"])
    )
    assert scored["facts"]["second look"] == "64x64 of 128x256"
    track = tracknet.load(looking).predict(scored["median_clip"])
    rows = np.genfromtxt(
        tmp_path / "val" / "predictions.csv", delimiter=",", skip_header=1, usecols=(2, 3, 4)
    )
    # The store's background is of the whole clip, as that of a short video is.
    np.testing.assert_array_equal(track.visible, rows[:, 0] == 1)
    np.testing.assert_allclose(track.xy[track.visible], rows[track.visible, 1:], atol=0.1)


def test_it_is_exported_as_a_model_of_two_networks(looking, compose, tmp_path):
    named = [f"ckpt={looking}", "name=two", f"paths.output={tmp_path}"]
    folder = export(compose("export", named))
    one, other = tracknet.load(looking), tracknet.load(folder)
    assert other.look
    frames = np.random.default_rng(0).integers(0, 255, (6, 90, 160, 3), np.uint8)
    np.testing.assert_allclose(
        [row.candidates for row in other.stream(iter(frames))],
        [row.candidates for row in one.stream(iter(frames))],
        atol=1e-4,
    )
    card = (folder / "README.md").read_text()
    assert "9 frames of 64x64 out of 128x256" in card
    assert "for each candidate looked at" in card


@pytest.mark.slow
def test_adapting_trains_the_first_network_on(looking, compose, tiny_data, tmp_path):
    paths = [o for o in tiny_data if o.startswith("paths.")]
    [synthetic] = [o.partition("=")[2] for o in paths if o.startswith("paths.synthetic")]
    whole = read_checkpoint(looking)
    for state in (whole["state_dict"], whole["look"]["state_dict"]):
        state[BIAS] += 6
    rewrite(tmp_path / "eager.ckpt", whole)
    export(compose("export", [f"ckpt={tmp_path / 'eager.ckpt'}", f"paths.output={tmp_path}"]))
    own = [f"source={synthetic}/*/val", *CERTAIN, f"paths.output={tmp_path / 'adapted'}"]
    # A model does not say where the data is that it was trained on.
    data = [o for o in tiny_data if o.startswith("data")]
    result = adapt(compose("adapt", [*paths, *data, f"ckpt={tmp_path / 'eager'}", *own]))
    assert result["kept"]
    adapted = read_checkpoint(tmp_path / "adapted")
    assert not torch.equal(adapted["state_dict"][BIAS], whole["state_dict"][BIAS])
    for name, value in whole["look"]["state_dict"].items():
        torch.testing.assert_close(adapted["look"]["state_dict"][name], value)


def test_a_damaged_second_look_is_refused(looking, tmp_path):
    whole = torch.load(find_checkpoint(looking), weights_only=True)
    for name, change in {
        "zoom": {"zoom": 10**6},
        "state_dict": {"state_dict": None},
        "tracknet": {"tracknet": {"config": {}}},
    }.items():
        file = tmp_path / f"{name}.ckpt"
        torch.save({**whole, "look": {**whole["look"], **change}}, file)
        with pytest.raises(CheckpointError, match=str(file)):
            tracknet.load(file)


@pytest.mark.parametrize("part", ["backbone", "codec", "head"])
def test_a_second_look_runs_nothing(looking, tmp_path, part):
    whole = torch.load(find_checkpoint(looking), weights_only=True)
    harm = {"_target_": "os.system", "_args_": [f"touch {tmp_path}/mark"]}
    whole["look"]["tracknet"]["config"][part] = harm
    torch.save(whole, tmp_path / "hostile.ckpt")
    with pytest.raises(InputError, match=r"hostile\.ckpt: .*os\.system"):
        tracknet.load(tmp_path / "hostile.ckpt")
    assert not (tmp_path / "mark").exists()
