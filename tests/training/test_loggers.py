"""Loggers by name; in `metrics.csv` nothing twice, and one sentence where it cannot be written."""

import shutil
import struct
import sys

import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tracknet.build import build_all
from tracknet.errors import InputError
from tracknet.pipelines.train import train
from tracknet.training.loggers import RunCSVLogger, forget_after

FIGURES = {"train/loss_epoch", "val/f1", "val/precision", "val/recall", "val/loss"}
HEADER = "epoch,lr,step,train/loss_epoch,train/loss_step,val/f1\n"
FIRST = ",0.1,0,,,\n0,,0,,3.5,\n,0.1,1,,,\n0,,1,,2.5,\n"
EPOCH = "0,,1,,,0.25\n0,,1,3.0,,\n"
SECOND = ",0.1,2,,,\n1,,2,,2.0,\n"


@pytest.mark.parametrize(
    ("steps", "within_epoch", "every", "left"),
    [
        (2, False, 1, FIRST + EPOCH),
        (2, True, 1, FIRST),
        (2, True, 4, ",0.1,0,,,\n0,,0,,3.5,\n"),
        (3, True, 1, FIRST + EPOCH + SECOND),
        (0, True, 1, ""),
    ],
    ids=["epoch end", "same step, time over", "not due", "all but the cut one", "nothing"],
)
def test_rows_after_a_checkpoint_are_forgotten(tmp_path, steps, within_epoch, every, left):
    file = tmp_path / "metrics.csv"
    file.write_text(HEADER + FIRST + EPOCH + SECOND + "1,,3,")
    forget_after(file, steps, within_epoch, every)
    assert file.read_text() == HEADER + left
    forget_after(tmp_path / "absent.csv", steps, within_epoch, every)


def test_a_folder_that_was_deleted_is_said_in_one_sentence(tmp_path):
    run = tmp_path / "run"
    logger = RunCSVLogger(str(run))
    logger.log_metrics({"a": 1.0}, 0)
    logger.save()
    shutil.rmtree(run)
    logger.log_metrics({"a": 2.0}, 1)
    with pytest.raises(InputError, match=r"run/?: metrics\.csv cannot be written \(No such file"):
        logger.save()


@pytest.fixture
def logged(compose, tiny_data, tiny_network, tmp_path):
    """Trains a little with a choice of loggers, in `run`, and returns the folder around it."""

    def run(choice):
        settings = [*tiny_data, *tiny_network, f"logger={choice}", "seed=3"]
        settings += [f"paths.root={tmp_path}", f"paths.output={tmp_path / 'run'}"]
        settings += ["logger.wandb.offline=true"] if "wandb" in choice else []
        train(compose("train", settings))
        return tmp_path

    return run


def test_tensorboard_has_figures_settings_and_pictures(logged):
    folder = logged("tensorboard")
    events = EventAccumulator(str(folder / "run" / "tensorboard"), {"tensors": 0, "images": 0})
    tags = events.Reload().Tags()
    assert {*tags["scalars"]} >= FIGURES
    assert tags["images"] == ["val/predictions"]
    assert "seed: 3" in (folder / "run" / "tensorboard" / "hparams.yaml").read_text()
    assert {*pd.read_csv(folder / "run" / "metrics.csv")} >= FIGURES, "with any logger"


def test_csv_alone_writes_nothing_else(logged):
    run = logged("csv") / "run"
    assert {*pd.read_csv(run / "metrics.csv")} >= FIGURES
    assert not (run / "tensorboard").exists()
    assert not (run / "hparams.yaml").exists()


@pytest.mark.slow
def test_mlflow_has_figures_settings_and_pictures(logged):
    pytest.importorskip("mlflow")
    from mlflow import MlflowClient

    folder = logged("mlflow")
    client = MlflowClient((folder / "mlruns").as_uri())
    (run,) = client.search_runs([client.get_experiment_by_name("tracknet").experiment_id])
    assert (run.info.run_name, run.info.status) == ("run", "FINISHED")
    assert run.data.metrics.keys() >= FIGURES
    assert run.data.params["seed"] == "3"
    assert len(client.list_artifacts(run.info.run_id, "val/predictions")) == 2


def records(file):
    """The records of a file of wandb's: LevelDB's log format, in blocks of 32 KB."""
    content, at, record = file.read_bytes(), 7, b""
    while at + 7 < len(content):
        if (rest := 32768 - at % 32768) < 7:
            at += rest
        length, kind = struct.unpack("<HB", content[at + 4 : at + 7])
        record += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or its last part
            yield record
            record = b""


@pytest.mark.slow
def test_wandb_offline_has_figures_settings_and_pictures(logged):
    pytest.importorskip("wandb")
    from wandb.proto.wandb_internal_pb2 import Record

    (file,) = (logged("[wandb,csv]") / "wandb").glob("offline-run-*/*.wandb")
    figures, settings = set(), {}
    for record in map(Record.FromString, records(file)):
        figures |= {"/".join(item.nested_key) or item.key for item in record.history.item}
        for config in (record.config, record.run.config):
            settings |= {item.key: item.value_json for item in config.update}
    assert figures >= FIGURES
    assert settings["seed"] == "3"
    assert len([*file.parent.glob("files/media/images/val/*.png")]) == 2


@pytest.mark.parametrize("package", ["wandb", "mlflow"])
def test_a_package_that_is_not_there_is_said_with_the_remedy(resolved, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        InputError, match=rf"logger={package}: .* `pip install 'tracknet\[{package}"
    ):
        build_all(resolved("train", [f"logger={package}"]), "logger")
