"""A sweep whose first job fails still runs the second, and says so in its table and exit code."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from hydra import compose as hydra_compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from tracknet.sweep import check_one_device, run_job

CONFIGS = Path(__file__).parents[1] / "configs"
SIZES = "image_size=[60,100],[64,128]"


@pytest.fixture(scope="module")
def launch(run_script):
    """Starts a sweep in a folder."""
    return lambda folder, *settings: run_script(
        "train", "-m", *settings, f"hydra.sweep.dir={folder}"
    )


@pytest.fixture(scope="module")
def sweep(launch, tiny_data, tiny_network, tmp_path_factory):
    """A finished sweep over two image sizes, of which one does not fit, and its folder."""
    folder = tmp_path_factory.mktemp("sweep")
    settings = [*tiny_data, *tiny_network, "~logger.tensorboard"]
    return launch(folder, *settings, SIZES), folder


def test_the_other_job_finishes(sweep):
    _, folder = sweep
    assert not (folder / "0" / "checkpoints").exists()
    assert (folder / "1" / "checkpoints" / "best.ckpt").is_file()


def test_the_table_names_both(sweep):
    done, folder = sweep
    with open(folder / "summary.csv", newline="") as file:
        failed, trained = csv.DictReader(file)
    assert (failed["job"], failed["image_size"], failed["status"]) == ("0", "[60,100]", "failed")
    assert "use 64x96" in failed["error"]
    assert (trained["job"], trained["image_size"], trained["status"]) == ("1", "[64,128]", "ok")
    assert 0 <= float(trained["val_f1"]) <= 1
    table = done.stdout.split("\nsweep")[-1]
    for cell in ("[60,100]", "failed", "[64,128]", "ok", "val_f1", "summary.csv"):
        assert cell in table
    assert "paths.store" not in table, "alike for both jobs"


def test_the_exit_code_says_that_one_failed(sweep):
    done, _ = sweep
    assert done.returncode == 1
    assert "1 of 2 jobs failed\n  job 0: image_size 60x100" in done.stderr


def test_the_same_command_goes_on_with_a_sweep(launch, sweep, tiny_data, tiny_network):
    first, folder = sweep
    summary, trained = folder / "summary.csv", folder / "1" / "checkpoints" / "best.ckpt"
    before = summary.read_text(), trained.stat().st_mtime_ns
    stale = folder / "7" / "job.json"  # of a larger sweep
    stale.parent.mkdir()
    shutil.copy(folder / "1" / "job.json", stale)
    again = launch(folder, *tiny_data, *tiny_network, "~logger.tensorboard", SIZES)
    assert "job 1 was done before" in again.stdout
    assert again.stderr.splitlines()[-2:] == first.stderr.splitlines()[-2:]
    assert (summary.read_text(), trained.stat().st_mtime_ns) == before


def test_another_sweep_leaves_the_records_alone(launch, sweep, tiny_data, tiny_network):
    _, folder = sweep
    records = [folder / "summary.csv", folder / "0" / "job.json", folder / "1" / "job.json"]
    before = [file.read_text() for file in records]
    other = launch(folder, *tiny_data, *tiny_network, "loss=focal,bce")
    assert other.returncode == 1
    assert "0 holds a job of another sweep" in other.stderr
    assert "choose another hydra.sweep.dir" in other.stderr
    assert [file.read_text() for file in records] == before


def test_a_defect_fails_its_job_alone_and_shows_where_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(HydraConfig.instance(), "cfg", None)  # as it was, afterwards
    where = ["hydra.job.num=3", f"hydra.runtime.output_dir={tmp_path}"]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        cfg = hydra_compose("evaluate", where, return_hydra_config=True)
    HydraConfig.instance().set_config(cfg)
    record = run_job(lambda cfg: cfg.no / 0, DictConfig({"no": 1}))
    assert (record["job"], record["status"]) == (3, "failed")
    assert record["error"] == "ZeroDivisionError: division by zero"
    assert json.loads((tmp_path / "job.json").read_text()) == record
    assert "cfg.no / 0" in capsys.readouterr().err


def test_several_devices_are_refused():
    for one in (1, "1", [0], [1]):
        check_one_device(one)
    with pytest.raises(ValueError, match=r"trainer\.devices=2 does not go with a sweep"):
        check_one_device(2)


def test_evaluations_stand_in_one_table(run_script, tiny_run, tiny_data, tmp_path):
    settings = [
        *tiny_data,
        f"ckpt={tiny_run}",
        "threshold=0",
        "tracking=none",
        "overlap=none,median",
    ]
    done = run_script("evaluate", "-m", *settings, f"hydra.sweep.dir={tmp_path}")
    with open(tmp_path / "summary.csv", newline="") as file:
        scored, failed = csv.DictReader(file)
    metrics = json.loads((tmp_path / "0" / "metrics.json").read_text())
    assert (scored["overlap"], scored["status"]) == ("none", "ok")
    assert float(scored["strict_f1"]) == metrics["protocols"]["strict"]["f1"]
    assert float(scored["wasb_rmse"]) == metrics["protocols"]["wasb"]["rmse"] > 0
    assert float(scored["frames_per_second"]) == metrics["frames_per_second"] > 0
    assert "overlap='median'; expected none, mean, weighted, pool" in failed["error"]
    assert done.returncode == 1
