"""What cannot be trained is said before anything is read, and what can ends with a best.ckpt."""

import pytest

from tracknet import cli
from tracknet.errors import InputError
from tracknet.pipelines.benchmark import benchmark
from tracknet.pipelines.compare import compare
from tracknet.pipelines.evaluate import evaluate
from tracknet.pipelines.labelling import to_cvat
from tracknet.pipelines.prepare import prepare
from tracknet.pipelines.settings import read_settings
from tracknet.pipelines.train import train


def test_nothing_is_written_for_what_is_refused(compose, tiny_network, tmp_path):
    run = tmp_path / "run"
    with pytest.raises(InputError, match=r"loss\.alpha=-1: expected a number from 0 to 20"):
        train(compose("train", [*tiny_network, "loss.alpha=-1", f"paths.output={run}"]))
    assert not run.exists()


@pytest.mark.parametrize(
    ("run", "name"),
    [
        (benchmark, "benchmark"),
        (evaluate, "evaluate"),
        (prepare, "prepare"),
        (compare, "compare"),
        (to_cvat, "to_cvat"),
    ],
)
def test_every_command_looks_at_its_settings(compose, tmp_path, run, name):
    absent = ["data=generic", "data.root=absent", f"paths.output={tmp_path / 'run'}"]
    absent += ["runs=[a,b]"] if name == "compare" else []
    with pytest.raises(InputError, match="max_clips=0: expected a whole number"):
        run(compose(name, [*absent, "max_clips=0"]))


def test_what_is_wrong_is_said_at_once(compose):
    settings = ["paths.output=.", "frames=0", "seed=a", "trainer.max_epochs=0"]
    with pytest.raises(InputError, match=r"^trainer\.max_epochs=0: .*; frames=0: .*; seed=a: "):
        read_settings(compose("train", settings), "train")


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("predict", ["ckpt=a", "source=b", "batch_size=-1"], "batch_size=-1: expected a whole"),
        ("predict", ["ckpt=a", "source=b", "writers.overlay=maybe"], "overlay=maybe: expected a"),
        ("predict", ["ckpt=a", "source=b", "threshold=2"], "threshold=2: expected a score from 0"),
        ("predict", [], "ckpt, source: missing; add <run> <video or folder>; a <run> is a run dir"),
        ("predict", ["ckpt=a"], "source: missing; add <video or folder> behind a, which is taken"),
        ("train", ["data=generic"], "data.root: missing; add <data folder>"),
        ("import_checkpoint", ["kind=wasb"], "source: missing; add <checkpoint file>"),
        ("compare", [], "runs: missing; add <evaluation> <evaluation>"),
        ("from_labels", [], "annotations: missing; add <export>"),
        ("evaluate", ["ckpt=a", "threshold=abc"], "threshold=abc: expected a score from 0 to 1"),
        (
            "evaluate",
            ["predictions=a", "threshold=-1"],
            "threshold=-1: expected a score, 0 or more",
        ),
    ],
)
def test_a_command_ends_with_the_remedy(monkeypatch, capsys, tmp_path, name, settings, message):
    run = f"hydra.run.dir={tmp_path}"
    monkeypatch.setattr("sys.argv", [f"{name}.py", *settings, run])
    with pytest.raises(SystemExit) as stop:
        getattr(cli, name)()
    assert message in str(stop.value.code)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("trainer.devices=[7]", r"^trainer\.devices: "),
        (
            "+optimizer.nesterov=true optimizer._target_=torch.optim.SGD",
            "optimizer, scheduler: Nesterov",
        ),
    ],
)
def test_what_torch_and_lightning_refuse_is_the_users_input(
    compose, tiny_data, tiny_network, tmp_path, setting, message
):
    settings = [*tiny_data, *tiny_network, f"paths.output={tmp_path}", *setting.split(" ")]
    with pytest.raises(InputError, match=message):
        train(compose("train", settings))


@pytest.mark.parametrize(
    ("limit", "every"),
    [
        pytest.param("+trainer.max_steps=1", 1, marks=pytest.mark.slow),
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
