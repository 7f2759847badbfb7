"""``resume=`` takes the run's own overrides along; training/test_resume.py trains on."""

import shutil
import sys

import pytest

from tracknet.arguments import override
from tracknet.errors import InputError
from tracknet.resume import (
    check_same_batches,
    resumed_arguments,
    without_failed_overrides,
)


@pytest.fixture
def run(tmp_path):
    """A run directory that a training left."""
    folder = tmp_path / "a run"
    folder.mkdir()
    overrides = ["backbone=conv", "data.clips={train: 2, val: 1}", "+seed=1", "~logger.tensorboard"]
    (folder / "overrides.yaml").write_text("".join(f"- '{o}'\n" for o in overrides))
    return folder


def test_old_overrides_come_first_and_new_ones_win(run):
    given = ["train.py", f"resume={run}", "backbone=vit", "seed=2"]
    assert resumed_arguments(given) == [
        "train.py",
        "data.clips={train: 2, val: 1}",
        "~logger.tensorboard",
        *given[1:],
        f"hydra.run.dir={run}",
    ]


def test_flags_do_not_part_the_overrides(run):
    arguments = resumed_arguments(["train.py", "--config-dir", "my", f"resume={run}", "~b"])
    assert arguments[:3] == ["train.py", "--config-dir", "my"]
    assert arguments[-3:] == [f"resume={run}", "~b", f"hydra.run.dir={run}"]
    assert len(arguments) == 3 + 4 + 3


@pytest.mark.parametrize("name", ["a run", "it's", "a\\b", '"5"'])
def test_the_run_itself_may_be_named_as_its_folder(run, name):
    run = run.rename(run.with_name(name))
    places = [override(key, str(run)) for key in ("resume", "hydra.run.dir")]
    assert places[1] in resumed_arguments(["train.py", *places])
    with pytest.raises(InputError, match=r"leave hydra\.run\.dir= out"):
        resumed_arguments(["train.py", places[0], override("hydra.run.dir", f"{run}2")])


@pytest.mark.parametrize("argument", ["resume=null", "resume=", "seed=1", "--help"])
def test_without_a_run_nothing_changes(argument):
    assert resumed_arguments(["train.py", argument]) == ["train.py", argument]


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"holds no overrides\.yaml; name a run directory"):
        resumed_arguments(["train.py", f"resume={tmp_path}"])


def test_a_sweep_is_refused(run):
    with pytest.raises(ValueError, match=r"leave -m out"):
        resumed_arguments(["train.py", "-m", f"resume={run}", "seed=1,2"])


@pytest.mark.parametrize(("code", "stays"), [(1, False), (130, True), (143, True)])
def test_what_made_a_resumed_run_fail_is_not_taken_along(run, code, stays):
    saved = run / "overrides.yaml"
    before, new = saved.read_text(), "- seed=2\n"

    def fails() -> None:
        with without_failed_overrides(["train.py", f"resume={run}"]):
            saved.write_text(new)
            sys.exit(code)

    with pytest.raises(SystemExit):
        fails()
    assert saved.read_text() == (new if stays else before)


def test_what_a_checkpoint_was_written_under_is_taken_along(run):
    saved, last = run / "overrides.yaml", run / "checkpoints" / "last.ckpt"

    def trains_and_fails() -> None:
        with without_failed_overrides(["train.py", f"resume={run}"]):
            saved.write_text("- seed=2\n")
            last.parent.mkdir()
            last.touch()
            sys.exit(1)

    with pytest.raises(SystemExit):
        trains_and_fails()
    assert saved.read_text() == "- seed=2\n"


def test_a_refused_override_leaves_the_run_as_it_was(
    run_script, tiny_run, tiny_data, tiny_network, tmp_path
):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    saved = run / "overrides.yaml"
    saved.write_text("".join(f"- '{o}'\n" for o in [*tiny_data, *tiny_network]))
    before = saved.read_text(), (run / "config.yaml").read_text()
    paths = [setting for setting in tiny_data if setting.startswith("paths")]
    refused = run_script("train", f"resume={run}", "heatmap_stride=2", *paths)
    assert refused.returncode == 1
    (said,) = refused.stderr.splitlines()  # one sentence, no traceback
    assert said.startswith("error: resume= continues the same network, but these differ: ")
    assert "heatmap_stride: 4 -> 2" in said
    assert (saved.read_text(), (run / "config.yaml").read_text()) == before


def test_a_refused_command_does_not_change_what_resume_takes_along(
    run_script, tiny_data, tiny_network, tmp_path
):
    run = tmp_path / "run"
    command = ["train", *tiny_data, *tiny_network, f"hydra.run.dir={run}"]
    run_script(*command, "trainer.max_epochs=1", "loss=wbce").check_returncode()
    config = (run / "config.yaml").read_text()
    refused = run_script(*command, "loss=bce")
    assert "holds a training run already; go on with it by resume=" in refused.stderr
    arguments = resumed_arguments(["train.py", f"resume={run}"])
    assert "loss=wbce" in arguments
    assert "loss=bce" not in arguments
    assert (run / "config.yaml").read_text() == config


def test_other_devices_and_batches_within_an_epoch_are_refused():
    progress = {
        "epoch_progress": {"current": {"ready": 3, "processed": 2}},
        "epoch_loop.batch_progress": {"current": {"ready": 5}, "is_last_batch": False},
    }
    config = {"batch_size": 4, "trainer": {"devices": 2}}
    checkpoint = {"loops": {"fit_loop": progress}}
    check_same_batches(config, checkpoint, config)
    other = config | {"trainer": {"devices": 1}}
    with pytest.raises(InputError, match=r"trainer\.devices=2 -> 1: .* epoch 2, after 5 batches"):
        check_same_batches(config, checkpoint, other)
    message = r"batch_size=4 -> 2: .*resume= .* epoch 2, .* 5 batches of 4; keep .*max_epochs="
    with pytest.raises(InputError, match=message):
        check_same_batches(config, checkpoint, config | {"batch_size": 2})
    progress["epoch_progress"]["current"]["processed"] = 3
    check_same_batches(config, checkpoint, other)
