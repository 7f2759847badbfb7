"""A new run begins with another one's weights, and says which of them."""

import pytest
import torch
from torch import nn

from tracknet.errors import InputError
from tracknet.network import build_model
from tracknet.pipelines.initialise import initialise
from tracknet.pipelines.train import train
from tracknet.record import read_checkpoint


@pytest.fixture(scope="module")
def before(compose, tiny_data, tiny_network, tmp_path_factory):
    """A run, and how to begin one after it."""
    root = tmp_path_factory.mktemp("runs")
    settings = [*tiny_data, *tiny_network, "trainer.max_epochs=1", "callbacks.pictures=null"]

    def run(name, *own):
        train(compose("train", [*settings, f"paths.output={root / name}", *own]))
        return root / name

    return run("before"), run


def test_the_best_network_is_there_once_and_alone(before):
    best, last = (
        read_checkpoint(before[0] / "checkpoints" / f"{n}.ckpt") for n in ("best", "last")
    )
    gone = {"loops", "callbacks", "optimizer_states", "lr_schedulers", "current_model_state"}
    assert gone < last.keys()
    assert not gone & best.keys()
    assert all(best["state_dict"][n].equal(v) for n, v in last["state_dict"].items())


def test_all_weights_of_the_same_network_are_taken(before, capsys):
    first, run = before
    # So slow that nothing moves.
    second = run("second", f"init_from={first}", "optimizer.lr=1e-12", "callbacks.average=null")
    said = capsys.readouterr().out
    count = len(read_checkpoint(first)["state_dict"])
    assert f"{count} of {count} tensors from {first}" in said
    old, new = (
        read_checkpoint(r / "checkpoints" / "best.ckpt")["state_dict"] for r in (first, second)
    )
    for name, value in old.items():
        if "running" not in name and "num_batches" not in name:
            torch.testing.assert_close(new[name], value, atol=1e-6, rtol=0)


def test_what_does_not_fit_is_named_key_by_key(before, resolved, tiny_data, tiny_network):
    def begin(change):
        config = resolved("train", [*tiny_data, *tiny_network, change])
        return "\n".join([*initialise(build_model(config), before[0]), ""])

    said = begin("frames=3")
    assert "head.logits.weight: 5x16x1x1 there, 3x16x1x1 here" in said
    assert "backbone.stages.0.0.0.weight" in said
    said = begin("detail=none")
    assert ": not of this network\n" in said
    assert said.count("detail.levels.stages.0.0.0.weight: not of this network") == 1


def test_what_does_not_fit_at_all_is_refused(before):
    with pytest.raises(InputError, match=r"init_from=.*: none of its \d+ tensors fits"):
        initialise(nn.Linear(3, 7), before[0])


def test_a_network_alone_is_nothing_to_go_on_from(before):
    first, run = before
    best = first / "checkpoints" / "best.ckpt"
    with pytest.raises(InputError, match=r"ckpt_path= .*last\.ckpt.*init_from="):
        run("after", f"ckpt_path={best}", "trainer.max_epochs=2")
