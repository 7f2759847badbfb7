"""Every setting that a checkpoint's state restores over is used when a run goes on, or refused."""

import shutil

import pytest
import torch

from tracknet.errors import InputError
from tracknet.pipelines.train import train

STEPS = 4
"""Of the run that is gone on with, in two epochs."""


def last(run):
    return torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)


@pytest.fixture(scope="module")
def go_on(compose, tiny_data, tiny_network, tiny_run, tmp_path_factory):
    """Trains one more epoch, with more overrides, and returns the last checkpoint of it."""

    def resumed(*overrides):
        run = shutil.copytree(tiny_run, tmp_path_factory.mktemp("on") / "run")
        settings = [*tiny_data, *tiny_network, "callbacks.pictures=null", "trainer.max_epochs=3"]
        settings += [f"paths.output={run}", f"resume={run}", *overrides]
        train(compose("train", settings))
        return last(run)

    return resumed


@pytest.fixture(scope="module")
def unchanged(go_on):
    return go_on()


def differ(one, other):
    return any(not torch.equal(value, other[name]) for name, value in one.items())


SLOW = [
    *("optimizer.weight_decay=50", "+optimizer.eps=0.1", "scheduler.final=0.9"),
    *("scheduler.warmup=0.9", "trainer.max_epochs=4", "trainer.gradient_clip_val=1e-9"),
    *("trainer.limit_train_batches=3", "batch_size=2", "transform=none"),
    "callbacks.average.every=1",
]
"""Each has a neighbour of its kind that is not."""


@pytest.mark.parametrize(
    "overrides",
    [
        ["optimizer.lr=1e-9"],
        ["+optimizer.betas=[0.5,0.6]"],
        ["scheduler=one_cycle"],
        ["trainer.accumulate_grad_batches=2"],
        ["trainer.precision=bf16-mixed"],
        ["loss=bce"],
        ["seed=5"],
        ["callbacks.average.decay=0"],
        *(pytest.param([override], marks=pytest.mark.slow) for override in SLOW),
    ],
    ids=lambda overrides: overrides[0].split("=")[0].lstrip("+"),
)
def test_a_new_setting_changes_what_is_learned(go_on, unchanged, overrides):
    now = go_on(*overrides)
    assert now["global_step"] > STEPS
    assert differ(now["state_dict"], unchanged["state_dict"])


@pytest.mark.parametrize("patience", [pytest.param(2, marks=pytest.mark.slow), 3])
def test_new_patience_is_used(go_on, patience):
    """The two validations of the run found nothing, and neither does a third."""
    early = f"callbacks.early_stopping.patience={patience}"
    trained = go_on("optimizer.lr=1e-12", early, "trainer.max_epochs=6")["global_step"]
    assert trained == {2: STEPS + 2, 3: STEPS + 4}[patience]


def test_without_averages_it_goes_on_with_the_weights_of_the_last_step(go_on, tiny_run):
    now = go_on("callbacks.average=null", "optimizer.lr=1e-12", "optimizer.weight_decay=0")
    before = last(tiny_run)
    assert "current_model_state" not in now
    name = "model.head.logits.weight"
    assert torch.allclose(now["state_dict"][name], before["current_model_state"][name], atol=1e-9)
    assert differ(before["current_model_state"], before["state_dict"])


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["optimizer._target_=torch.optim.SGD"], "optimizer: resume= .* keep those of group opt"),
        (["+optimizer.amsgrad=true"], "optimizer: resume= .* init_from="),
        (["parameters._target_=torch.nn.Module.parameters"], "parameters: resume= .* of group par"),
        (["init_from=elsewhere"], r"init_from=elsewhere: resume= .*; leave one of the two out"),
        (["ckpt_path=last"], r"ckpt_path=last: resume= .*; leave one of the two out"),
    ],
)
def test_what_the_state_does_not_fit_is_refused(go_on, overrides, said):
    with pytest.raises(InputError, match=said):
        go_on(*overrides)


def test_fewer_batches_than_the_epoch_has_used_are_refused(
    compose, tiny_data, tiny_network, tmp_path
):
    settings = [*tiny_data, *tiny_network, "callbacks.pictures=null", f"paths.output={tmp_path}"]
    train(compose("train", [*settings, "trainer.limit_train_batches=4", "+trainer.max_steps=3"]))
    with pytest.raises(InputError, match=r"has 2 batches by .* after 3; finish .*max_epochs=1"):
        train(compose("train", [*settings, f"resume={tmp_path}"]))
