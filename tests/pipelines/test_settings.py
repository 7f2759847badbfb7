"""What cannot be trained is said before anything is read, and what can ends with a best.ckpt."""

import pytest
from omegaconf import OmegaConf

from tracknet import cli
from tracknet.errors import InputError
from tracknet.pipelines.benchmark import benchmark
from tracknet.pipelines.compare import compare
from tracknet.pipelines.evaluate import evaluate
from tracknet.pipelines.labelling import to_cvat
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
    "background=maybe": "background=maybe; expected true or false",
    "background=2": "expected true or false",
    "background=null": "expected true or false",
    "strict=maybe": "expected true or false",
    "image_size=[-64,128]": r"image_size=\[-64, 128\]; expected height and width in pixels",
    "image_size=[0,128]": "expected height and width in pixels",
    "image_size=[64.5,128]": "expected height and width in pixels",
    "image_size=[64,abc]": "expected height and width in pixels",
    "image_size=[64]": "expected height and width in pixels",
    "image_size=64": "expected height and width in pixels",
    "callbacks.best=null": "callbacks.best=null: a run ends with the best network",
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
        (compare, "compare", "max_clips=0"),
        (to_cvat, "to_cvat", "max_clips=0"),
    ],
)
def test_refused_by_other_commands(compose, tmp_path, run, name, setting):
    absent = ["data=generic", "data.root=absent", f"paths.output={tmp_path / 'run'}"]
    absent += ["runs=[a,b]"] if name == "compare" else []
    with pytest.raises(InputError, match=f"{setting}; expected a whole number"):
        run(compose(name, [*absent, setting]))


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("predict", ["ckpt=a", "source=b", "batch_size=-1"], "batch_size=-1; expected a whole"),
        ("predict", ["ckpt=a", "source=b", "overlay=maybe"], "overlay=maybe; expected true or"),
        ("predict", ["ckpt=a", "source=b", "threshold=2"], "threshold=2; expected a score from 0"),
        ("predict", [], "ckpt, source: missing; add ckpt=<value> source=<value>"),
        ("train", ["data=generic"], "data.root: missing; add data.root=<value>"),
        ("compare", [], "runs: missing; add runs=<value>"),
        ("from_cvat", [], "annotations: missing; add annotations=<value>"),
        ("evaluate", ["ckpt=a", "threshold=abc"], "threshold=abc; expected a score from 0 to 1"),
        ("evaluate", ["predictions=a", "threshold=-1"], "threshold=-1; expected a score 0 or more"),
    ],
)
def test_a_command_ends_with_the_remedy(monkeypatch, capsys, tmp_path, name, settings, message):
    run = f"hydra.run.dir={tmp_path}"
    monkeypatch.setattr("sys.argv", [f"{name}.py", *settings, run])
    with pytest.raises(SystemExit) as stop:
        getattr(cli, name)()
    assert message in str(stop.value.code)


def test_scores_of_other_programs_may_go_beyond_1(compose, tmp_path):
    config = compose("evaluate", ["predictions=a", "threshold=7.5", f"paths.output={tmp_path}"])
    check_settings(OmegaConf.to_container(config, resolve=True))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("trainer.precision=foo", "trainer: Precision 'foo' is invalid"),
        ("optimizer.lr=-1", "optimizer=.*'lr': -1.*: Invalid learning rate: -1"),
    ],
)
def test_what_torch_and_lightning_refuse_is_the_users_input(
    compose, tiny_data, tiny_network, tmp_path, setting, message
):
    with pytest.raises(InputError, match=message):
        train(compose("train", [*tiny_data, *tiny_network, f"paths.output={tmp_path}", setting]))


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
