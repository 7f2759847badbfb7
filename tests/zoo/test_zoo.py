"""Models have names: those in the package, and those in folders of one's own."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hatchling.builders.wheel import WheelBuilder

import tracknet
from tracknet.errors import InputError, InputWarning
from tracknet.pipelines.initialise import initialise
from tracknet.record import CheckpointError, find_checkpoint
from tracknet.resume import check_same_batches, find_state
from tracknet.zoo import FOLDERS, LARGEST, OURS, models, or_models
from tracknet.zoo.folder import CARD, CONFIG, WEIGHTS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def named(tiny_model, tmp_path, monkeypatch) -> Path:
    """The folder of a model that can be named ``club``, seen from an empty working directory."""
    shutil.copytree(tiny_model, tmp_path / "models" / "club")
    monkeypatch.setenv(FOLDERS, f"{tmp_path / 'none'}:{tmp_path / 'models'}")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "models" / "club"


def test_a_model_is_opened_by_its_name_and_by_its_path(named):
    assert models()["club"] == named
    assert find_checkpoint("club") == find_checkpoint(named) == named / WEIGHTS
    frames = np.random.default_rng(0).integers(0, 255, (7, 64, 128, 3), np.uint8)
    by_name, by_path = (
        tracknet.load(which, device="cpu", threshold=0).predict(frames) for which in ("club", named)
    )
    np.testing.assert_array_equal(by_name.xy, by_path.xy)


def test_its_weights_are_a_beginning(named):
    network = tracknet.load("club", device="cpu").network.model
    assert initialise(network, "club")[0].endswith("tensors from club")


def test_what_is_unknown_names_what_there_is(named):
    with pytest.raises(CheckpointError, match=r"^clb: no such .*, or a model by its name: .*club$"):
        tracknet.load("clb")
    for wrong in ("", ".", "..", "club/", "CLUB", "club/..", str(named.parent)):
        with pytest.raises(CheckpointError, match="no such checkpoint"):
            find_checkpoint(wrong)


def test_a_folder_of_something_else_does_not_hide_a_model(named):
    Path("club", "train").mkdir(parents=True)  # a data set of that name
    assert find_checkpoint("club") == named / WEIGHTS


@pytest.mark.parametrize("kind", ["run", "model", "file"])
def test_ones_own_run_or_model_of_that_name_is_taken_and_that_is_said(named, tiny_run, kind):
    if kind == "run":
        shutil.copytree(tiny_run, "club")
    elif kind == "model":
        shutil.copytree(named, "club")
    else:
        shutil.copy(tiny_run / "checkpoints" / "best.ckpt", "club")
    with pytest.warns(InputWarning, match=f"^club: what lies there is taken, and not .* {named}"):
        found = find_checkpoint("club")
    assert not found.is_relative_to(named)
    assert found == find_checkpoint("./club"), "a path says which one is meant"


def test_a_run_without_its_best_checkpoint_is_not_replaced_by_a_model(named):
    Path("club", "checkpoints").mkdir(parents=True)
    with (
        pytest.raises(CheckpointError, match=r"club/checkpoints/best\.ckpt: no such"),
        pytest.warns(InputWarning),
    ):
        find_checkpoint("club")


def test_the_first_folder_that_has_a_name_wins(named, tmp_path, monkeypatch):
    shutil.copytree(named, tmp_path / "others" / "club")
    monkeypatch.setenv(FOLDERS, f"{tmp_path / 'others'}:{named.parent}")
    assert models()["club"] == tmp_path / "others" / "club"


def test_without_models_messages_still_end(monkeypatch):
    monkeypatch.setattr("tracknet.zoo.OURS", Path("nowhere"))
    monkeypatch.delenv(FOLDERS, raising=False)
    assert or_models() == "or a model's folder"


def test_the_models_of_the_package_are_whole_and_small():
    for name, folder in models().items():
        if folder.parent != OURS:
            continue
        assert {file.name for file in folder.iterdir()} == {WEIGHTS, CONFIG, CARD}
        assert (folder / WEIGHTS).stat().st_size <= LARGEST + (1 << 16)
        assert tracknet.load(name, device="cpu").threshold > 0
        card = (folder / CARD).read_text()
        assert "\nlicense: " in card
        assert "| strict | " in card, "export it with its evaluations"
        assert "\n## Notes\n" in card, "export it with notes= of its footage"
        assert '"/' not in (folder / CONFIG).read_text(), "a place on somebody's machine"


def test_the_wheel_takes_the_models_along():
    config = WheelBuilder(str(ROOT)).config
    for file in (WEIGHTS, CONFIG, CARD):
        assert config.include_path(f"tracknet/zoo/badminton/{file}", is_package=True)


def test_a_model_is_nothing_to_go_on_from(named):
    _, checkpoint = find_state("club")
    with pytest.raises(InputError, match=r"this one holds a network alone; .*init_from="):
        check_same_batches({}, checkpoint, {})
