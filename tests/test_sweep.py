"""A sweep whose first job fails still runs the second, and says so in its table and exit code."""

import contextlib
import csv
import json
import shutil
from pathlib import Path

import pytest
from hydra import compose as hydra_compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from tracknet.sweep import SweepTable, check_one_device, run_job

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
    _, table = done.stdout.split("\nsweep\n")  # which stands there once
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


def summary(folder, *jobs):
    """The rows of the table of jobs: overrides, and F1 or None where it failed."""
    table = SweepTable()
    for number, (overrides, f1) in enumerate(jobs):
        ended = {"status": "ok", "figures": f1} if f1 else {"status": "failed", "error": "no"}
        table.jobs.append({"job": number, "overrides": overrides.split(), **ended})
    with contextlib.suppress(SystemExit):
        table.on_multirun_end(DictConfig({"hydra": {"sweep": {"dir": str(folder)}}}))
    with open(folder / "summary.csv", newline="") as file:
        return [*csv.DictReader(file)][len(jobs) :]


def test_folds_end_in_their_mean(tmp_path, capsys):
    """For each choice of the other overrides, of the folds that were done."""
    figures = [{"val_f1": f1, "epoch": 1} for f1 in (0.5, 0.7, 0.6, 0.9)]
    fpn, unet = summary(
        tmp_path,
        *(("seed=0 decoder=fpn fold=a", figures[0]), ("seed=0 decoder=unet fold=a", figures[2])),
        *(("seed=0 decoder=fpn fold=b", figures[1]), ("seed=0 decoder=unet fold=b", figures[3])),
        ("seed=0 decoder=unet fold=c", None),
    )
    assert (fpn["decoder"], fpn["fold"], fpn["status"], fpn["job"]) == ("fpn", "mean", "2 of 2", "")
    assert float(fpn["val_f1"]) == pytest.approx(0.6)
    assert (unet["decoder"], unet["status"]) == ("unet", "2 of 3")
    assert float(unet["val_f1"]) == pytest.approx(0.75)
    printed = capsys.readouterr().out
    assert "mean" in printed
    assert "0.600" in printed
    assert "seed" not in printed


def test_runs_of_folds_that_are_evaluated_have_a_mean(tmp_path):
    both = [{"fold": "a", "strict_f1": 0.5}, {"fold": "b", "strict_f1": 0.6}]
    (mean,) = summary(tmp_path, ("ckpt=0 split=val", both[0]), ("ckpt=1 split=val", both[1]))
    assert (mean["fold"], mean["split"], mean["ckpt"]) == ("mean", "val", "")
    assert float(mean["strict_f1"]) == pytest.approx(0.55)
    assert not summary(tmp_path, ("ckpt=0", both[0]), ("ckpt=1", both[0]))


def test_a_sweep_without_folds_has_no_mean(tmp_path):
    assert not summary(tmp_path, ("seed=0", {"val_f1": 0.5}), ("seed=1", {"val_f1": 0.6}))
    assert not summary(tmp_path, ("seed=0 fold=a", {"val_f1": 0.5}))


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
