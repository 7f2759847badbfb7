"""``resume=`` takes the run's own overrides along; training/test_resume.py trains on."""

import pytest

from tracknet.resume import resumed_arguments


@pytest.fixture
def run(tmp_path):
    """A run directory as Hydra leaves it."""
    folder = tmp_path / "a run"
    (folder / ".hydra").mkdir(parents=True)
    overrides = ["backbone=conv", "data.clips={train: 2, val: 1}", "+seed=1", "~logger.tensorboard"]
    (folder / ".hydra" / "overrides.yaml").write_text("".join(f"- '{o}'\n" for o in overrides))
    return folder


def test_old_overrides_come_first_and_new_ones_win(run):
    given = ["train.py", f"resume={run}", "backbone=vit", "seed=2"]
    assert resumed_arguments(given) == [
        "train.py",
        "data.clips={train: 2, val: 1}",
        "~logger.tensorboard",
        *given[1:],
        f"hydra.run.dir='{run}'",
    ]


@pytest.mark.parametrize("argument", ["resume=null", "resume=", "seed=1", "--help"])
def test_without_a_run_nothing_changes(argument):
    assert resumed_arguments(["train.py", argument]) == ["train.py", argument]


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"holds no \.hydra/overrides\.yaml; name a run directory"):
        resumed_arguments(["train.py", f"resume={tmp_path}"])


def test_a_sweep_is_refused(run):
    with pytest.raises(ValueError, match=r"leave -m out"):
        resumed_arguments(["train.py", "-m", f"resume={run}", "seed=1,2"])
