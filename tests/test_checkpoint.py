"""Weights that are not those of the recorded network are one sentence."""

import pytest
import torch

from tracknet.checkpoint import load
from tracknet.record import KEY, CheckpointError


@pytest.fixture
def changed(tiny_run, tmp_path):
    """A checkpoint of the tiny run after something was done to it."""

    def change(do) -> None:
        checkpoint = torch.load(tiny_run / "checkpoints" / "best.ckpt", weights_only=True)
        do(checkpoint, checkpoint["state_dict"], checkpoint[KEY])
        torch.save(checkpoint, tmp_path / "a.ckpt")
        return tmp_path / "a.ckpt"

    return change


NAME = "model.head.logits.weight"
FAULTS = {
    r"head\.logits\.weight is not finite": lambda _, state, __: state[NAME].fill_(torch.nan),
    r"1 of its \d+ weights are missing, head\.logits\.weight first": (
        lambda _, state, __: state.pop(NAME)
    ),
    r"1 weights are none of its network's, x first": (
        lambda _, state, __: state.update({"model.x": torch.ones(1)})
    ),
    r"head\.logits\.weight has the shape \(1, 1\), expected \(5, \d+, 1, 1\)": (
        lambda _, state, __: state.update({NAME: torch.ones(1, 1)})
    ),
    "holds no weights": lambda checkpoint, *_: checkpoint.pop("state_dict"),
    "holds no weights;": lambda checkpoint, *_: checkpoint.update(state_dict={NAME: 7}),
    "record is damaged .expected config, weights": lambda *_: _[2].pop("val_f1"),
    "record is damaged .val_f1=NaN: expected": lambda *_: _[2].update(val_f1=float("nan")),
    "record is damaged .weights.mean=null": lambda *_: _[2]["weights"].update(mean=None),
    "record is damaged .thresholds.none=7": lambda *_: _[2]["thresholds"].update(none=7),
    "record is damaged .config.frames=17": lambda *_: _[2]["config"].update(frames=17),
    "record is damaged .a key that is no text": lambda *_: _[2]["config"].update({7: 7}),
    "record is damaged .a Tensor": lambda *_: _[2]["config"].update(x=torch.ones(1)),
    r"no network can be built of it: backbone\.widths=\[\]: expected": (
        lambda *_: _[2]["config"]["backbone"].update(widths=[])
    ),
    "would take more memory than it has bytes": (
        lambda _, state, __: state.update({NAME: torch.zeros(1).expand(10**6, 10**6)})
    ),
    "record is damaged .control codes in a": lambda *_: _[2]["weights"].update(name="a\nb"),
    "a.b is not finite": lambda _, state, __: state.update({"model.a\nb": torch.tensor(torch.nan)}),
    "no network can be built of it: weights.kind=stand-in: the backbone has no such": (
        lambda *_: _[2]["weights"].update(kind="stand-in")
    ),
    "no network can be built of it: codec.candidates=0": (
        lambda *_: _[2]["config"]["codec"].update(candidates=0)
    ),
}


@pytest.mark.parametrize("said", FAULTS)
def test_a_checkpoint_that_is_not_whole(changed, said):
    with pytest.raises(CheckpointError, match=said) as refused:
        load(changed(FAULTS[said]))
    assert "\n" not in str(refused.value)
