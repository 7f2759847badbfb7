"""What cannot be trained is said before anything is read, and what can ends with a best.ckpt."""

import pytest
from omegaconf import OmegaConf

from tracknet.errors import InputError
from tracknet.pipelines.benchmark import benchmark
from tracknet.pipelines.evaluate import evaluate
from tracknet.pipelines.prepare import prepare
from tracknet.pipelines.settings import check_settings
from tracknet.pipelines.train import train

REFUSED = {
    "frames=0": "frames=0; expected a whole number from 1 to 8",
    "frames=9": "from 1 to 8",
    "heatmap_stride=0": "1 or more",
    "batch_size=0": "1 or more",
    "batch_size=2.5": "batch_size=2.5; expected a whole number, 1 or more",
    "num_workers=-1": "0 or more",
    "seed=-1": "0 to 4294967295",
    "overfit=-1": "1 or more, or null",
    "max_clips=0": "1 or more, or null",
    "max_clips=-1": "1 or more, or null",
    "trainer.max_epochs=0": "1 or more",
    "+trainer.max_steps=0": "1 or more",
    "trainer.accumulate_grad_batches=0": "1 or more",
    "trainer.limit_train_batches=0": "a share above 0 and up to 1.0, or a number of batches",
    "trainer.limit_val_batches=0": "a share above 0 and up to 1.0, or a number of batches",
    "trainer.limit_val_batches=0.0": "a share above 0",
    "trainer.check_val_every_n_epoch=3": "no validation.*max_epochs=2; set it to 2 or less",
    "trainer.max_time=5": "trainer.max_time=5; expected days:hours:minutes:seconds",
    "trainer.max_time=00:00:00:00": "expected days:hours:minutes:seconds",
}


@pytest.mark.parametrize("setting", REFUSED)
def test_refused(compose, tiny_network, tmp_path, setting):
    absent = ["data=generic", "data.root=absent", f"paths.output={tmp_path / 'run'}"]
    with pytest.raises(InputError, match=REFUSED[setting]):
        train(compose("train", [*tiny_network, *absent, setting]))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("run", "name", "setting"),
    [
        (benchmark, "benchmark", "pairs=0"),
        (evaluate, "evaluate", "max_clips=0"),
        (prepare, "prepare", "max_clips=-1"),
    ],
)
def test_refused_by_other_commands(compose, tmp_path, run, name, setting):
    absent = ["data=generic", "data.root=absent", f"paths.output={tmp_path / 'run'}"]
    with pytest.raises(InputError, match=f"{setting}; expected a whole number"):
        run(compose(name, [*absent, setting]))


@pytest.mark.parametrize("setting", ["debug=overfit", "debug=fast", "trainer.limit_val_batches=2"])
def test_accepted(compose, tmp_path, setting):
    config = compose("train", [setting, "trainer.max_time=00:01:00:00", f"paths.output={tmp_path}"])
    check_settings(OmegaConf.to_container(config, resolve=True))


@pytest.mark.parametrize(
    ("limit", "every"),
    [
        ("+trainer.max_steps=1", 1),
        ("+trainer.max_steps=1", 90000),
        ("trainer.max_time=00:00:00:01", 90000),
    ],
)
def test_a_run_that_is_cut_short_ends_with_a_validation(
    compose, tiny_data, tiny_network, tmp_path, limit, every
):
    own = [f"paths.output={tmp_path}", "callbacks.pictures=null", limit]
    own += ["trainer.max_epochs=100000", f"trainer.check_val_every_n_epoch={every}"]
    train(compose("train", [*tiny_data, *tiny_network, *own]))
    assert (tmp_path / "checkpoints" / "best.ckpt").is_file()
